// Back-pressure: says why fetching must wait. Redis near its memory limit, or an email flow's backlog over its bound. Looked up at most
// twice a second, however many mailboxes ask; the answer in between is the last one.
import type { Redis } from 'ioredis';

export type Pressure = (emailFlow: string) => Promise<'redis-memory' | 'backlog' | undefined>;

/**
 * @param backlog waiting jobs of a flow
 * @param memoryShare share of maxmemory from which fetching waits; it goes on below nine tenths of that
 */
export function createPressure(
  redis: Redis,
  backlog: (emailFlow: string) => Promise<number>,
  maxBacklogPerFlow: number,
  memoryShare = 0.9,
  now: () => number = Date.now,
): Pressure {
  let memory = { at: Number.NEGATIVE_INFINITY, full: false };
  const flows = new Map<string, { at: number; full: boolean }>();

  async function memoryFull(): Promise<boolean> {
    if (now() - memory.at < 500) return memory.full;
    const info = await redis.info('memory');
    const number = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    const [used, max] = [number('used_memory'), number('maxmemory')];
    const bound = memory.full ? memoryShare * 0.9 : memoryShare;
    memory = { at: now(), full: max > 0 && used > max * bound };
    return memory.full;
  }

  async function flowFull(emailFlow: string): Promise<boolean> {
    const known = flows.get(emailFlow);
    if (known !== undefined && now() - known.at < 500) return known.full;
    const bound = known?.full === true ? maxBacklogPerFlow * 0.9 : maxBacklogPerFlow;
    const full = (await backlog(emailFlow)) >= bound;
    flows.set(emailFlow, { at: now(), full });
    return full;
  }

  return async (emailFlow) => {
    if (await memoryFull()) return 'redis-memory';
    return (await flowFull(emailFlow)) ? 'backlog' : undefined;
  };
}
