// The clock that all replicas share: Redis' own. What is kept longer than a process lives is dated by it, so that a machine whose clock is wrong, or
// is set, neither shortens nor lengthens a wait. Between two questions it runs on by this process' monotonic clock.
import type { Redis } from 'ioredis';

export interface SharedClock {
  /** Epoch ms. Before the first answer of Redis, this machine's. */
  now(): number;
  /** Asks Redis. */
  sync(): Promise<number>;
}

/** @param monotonic ms that never go back */
export function createSharedClock(redis: Redis, monotonic: () => number = () => performance.now()): SharedClock {
  let ahead = Date.now() - monotonic();
  return {
    now: () => Math.round(ahead + monotonic()),
    async sync() {
      const [seconds = 0, micros = 0] = (await redis.time()).map(Number);
      const now = seconds * 1000 + Math.floor(micros / 1000);
      ahead = now - monotonic();
      return now;
    },
  };
}
