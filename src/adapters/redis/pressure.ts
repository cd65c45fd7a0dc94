// Back-pressure: says why fetching must wait. Redis near its memory limit, or an email flow's backlog over its bound. Looked up at most
// twice a second, however many mailboxes ask (domain/remembered.ts).
import type { Redis } from 'ioredis';
import { cachedCheck } from '../../lib/cached-check.ts';

type Pressure = (emailFlow: string) => Promise<'redis-memory' | 'backlog' | undefined>;

const FRESH_MS = 500;

/**
 * @param backlog waiting jobs of a flow
 * @param memoryShare share of maxmemory from which fetching waits; it continues below nine tenths of that
 */
export function createPressure(
  redis: Redis,
  backlog: (emailFlow: string) => Promise<number>,
  maxBacklogPerFlow: number,
  memoryShare = 0.9,
  now: () => number = () => performance.now(),
): Pressure {
  let memoryBound = memoryShare;
  const memoryLeft = cachedCheck(
    async () => {
      const info = await redis.info('memory');
      const number = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
      const [used, max] = [number('used_memory'), number('maxmemory')];
      const full = max > 0 && used > max * memoryBound;
      memoryBound = full ? memoryShare * 0.9 : memoryShare;
      return !full;
    },
    FRESH_MS,
    now,
  );

  const flows = new Map<string, () => Promise<boolean>>();
  const roomIn = (emailFlow: string): Promise<boolean> => {
    let ask = flows.get(emailFlow);
    if (ask === undefined) {
      let bound = maxBacklogPerFlow;
      ask = cachedCheck(
        async () => {
          const full = (await backlog(emailFlow)) >= bound;
          bound = full ? maxBacklogPerFlow * 0.9 : maxBacklogPerFlow;
          return !full;
        },
        FRESH_MS,
        now,
      );
      flows.set(emailFlow, ask);
    }
    return ask();
  };

  return async (emailFlow) => {
    const [memory, flow] = await Promise.all([memoryLeft(), roomIn(emailFlow)]);
    if (!memory) return 'redis-memory';
    return flow ? undefined : 'backlog';
  };
}
