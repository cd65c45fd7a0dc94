// Whose turn the daily work is: one replica takes it, and nobody else for a day; one that did not come to its end is done again within the hour.
import type { Redis } from 'ioredis';
import { prefixOf } from '../../domain/keys.ts';

/** Longest time that the work is taken to last, ms. */
const WORKING_MS = 3_600_000;
/** A little less than a day: who asks every hour begins at the same hour. */
const RESTING_MS = 23.5 * 3_600_000;

export interface DailyTurn {
  /** True: it is ours now. */
  take(): Promise<boolean>;
  done(): Promise<void>;
}

export function createDailyTurn(redis: Redis): DailyTurn {
  const key = `${prefixOf(redis)}:daily-work`;
  return {
    take: async () => (await redis.set(key, 'at work', 'PX', WORKING_MS, 'NX')) === 'OK',
    done: async () => void (await redis.set(key, 'done', 'PX', RESTING_MS)),
  };
}
