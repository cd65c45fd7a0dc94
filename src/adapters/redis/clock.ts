// The clock that all replicas share: Redis' own. What is kept longer than a process lives is dated by it, so that a machine whose clock is wrong, or
// is set, neither shortens nor lengthens a wait. Between two answers of Redis it runs on by this process' monotonic clock.
import type { Redis } from 'ioredis';

export type SharedClock = ReturnType<typeof createSharedClock>;

/** Redis' time, epoch ms. */
export async function redisNow(redis: Redis): Promise<number> {
  const [seconds = 0, micros = 0] = (await redis.time()).map(Number);
  return seconds * 1000 + Math.floor(micros / 1000);
}

/** @param monotonic ms that never go back */
export function createSharedClock(redis: Redis, monotonic: () => number = () => performance.now()) {
  let ahead = Date.now() - monotonic();
  return {
    /** Epoch ms. Before the first answer of Redis, this machine's. */
    now: () => Math.round(ahead + monotonic()),
    /** Reads Redis' clock. */
    async sync(): Promise<number> {
      const now = await redisNow(redis);
      ahead = now - monotonic();
      return now;
    },
  };
}
