// The shared clock: Redis' time, carried on by a clock that never jumps.
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { createSharedClock } from '../../../src/adapters/redis/clock.ts';

it('follows Redis’ time whatever the machine’s clock, and advances between two readings', async () => {
  let monotonic = 5_000;
  let seconds = '1000';
  const redis = { time: async () => [seconds, '250000'] } as unknown as Redis;
  const clock = createSharedClock(redis, () => monotonic);
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(60_000);
  expect(await clock.sync()).toBe(1_000_250);
  expect(clock.now()).toBe(1_000_250);
  monotonic += 1_500;
  expect(clock.now()).toBe(1_001_750);
  // A failover to a Redis whose clock is behind.
  seconds = '990';
  await clock.sync();
  expect(clock.now()).toBe(990_250);
});
