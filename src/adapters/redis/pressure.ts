// Back-pressure: why fetching must wait. Redis is near its memory limit, or the backlog of an email flow exceeds its bound. Read at most twice a
// second, however many mailboxes need it (lib/cached-check.ts).
import type { Redis } from 'ioredis';
import { cachedCheck } from '../../lib/cached-check.ts';

type Pressure = (emailFlow: string) => Promise<'redis-memory' | 'backlog' | undefined>;

const FRESH_MS = 500;
/** Share of maxmemory from which fetching waits. */
const MEMORY_SHARE = 0.9;

/**
 * @param backlog waiting jobs of a flow
 */
export function createPressure(
  redis: Redis,
  backlog: (emailFlow: string) => Promise<number>,
  maxBacklogPerFlow: number,
  now: () => number = () => performance.now(),
): Pressure {
  const memoryLeft = belowBound(
    async () => {
      const info = await redis.info('memory');
      const number = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
      const max = number('maxmemory');
      return max > 0 ? number('used_memory') / max : 0;
    },
    MEMORY_SHARE,
    now,
  );
  const flows = new Map<string, () => Promise<boolean>>();
  const roomIn = (emailFlow: string): Promise<boolean> => {
    const ask = flows.get(emailFlow) ?? belowBound(() => backlog(emailFlow), maxBacklogPerFlow, now);
    flows.set(emailFlow, ask);
    return ask();
  };

  return async (emailFlow) => {
    const [memory, flow] = await Promise.all([memoryLeft(), roomIn(emailFlow)]);
    if (!memory) return 'redis-memory';
    return flow ? undefined : 'backlog';
  };
}

/** Once a value has reached its bound, it must fall below nine tenths of it: fetching must not start and stop in turn. */
function belowBound(read: () => Promise<number>, most: number, now: () => number): () => Promise<boolean> {
  let bound = most;
  return cachedCheck(
    async () => {
      const full = (await read()) >= bound;
      bound = full ? most * 0.9 : most;
      return !full;
    },
    FRESH_MS,
    now,
  );
}
