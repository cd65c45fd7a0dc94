// Whose turn the daily work is: one replica takes it, and no other for a day; work that did not finish is done again within the hour.
import type { Redis } from 'ioredis';
import { prefixOf } from '../../domain/keys.ts';
import { HOUR_MS } from '../../lib/time.ts';

/** Longest time that the work is assumed to last, ms. */
const WORKING_MS = HOUR_MS;
/** A little less than a day: a replica that tries every hour begins at the same hour. */
const RESTING_MS = 23.5 * HOUR_MS;

export type DailyTurn = ReturnType<typeof createDailyTurn>;

export function createDailyTurn(redis: Redis) {
  const key = `${prefixOf(redis)}:daily-work`;
  return {
    /** True: it is ours now. */
    take: async () => (await redis.set(key, 'at work', 'PX', WORKING_MS, 'NX')) === 'OK',
    done: async () => void (await redis.set(key, 'done', 'PX', RESTING_MS)),
  };
}
