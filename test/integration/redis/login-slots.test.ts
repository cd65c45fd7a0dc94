// The sign-in slots on a real Redis: one pace over all replicas.
import { Redis } from 'ioredis';
import { afterAll, expect, it } from 'vitest';
import { createLoginSlots } from '../../../src/adapters/redis/login-slots.ts';
import { fixture } from '../../support/fixture.ts';
import { startRedis } from '../../support/redis.ts';

const clients: Redis[] = [];

const server = fixture(startRedis);
afterAll(async () => {
  for (const client of clients) client.disconnect();
});

const replica = (perSecond: number) => {
  const client = new Redis(server.url);
  clients.push(client);
  return createLoginSlots(client, perSecond);
};

it('paces three replicas as one: a burst of one second, then evenly', async () => {
  const replicas = [replica(10), replica(10), replica(10)];
  const began = performance.now();
  const waits = await Promise.all(Array.from({ length: 60 }, (_, i) => replicas[i % 3]?.('tenant') ?? 0));
  const tookMs = performance.now() - began;
  // 10 at once, the other 50 a tenth of a second apart, less the time that the asking took.
  expect(waits.filter((wait) => wait === 0).length).toBeGreaterThanOrEqual(10);
  expect(waits.filter((wait) => wait === 0).length).toBeLessThanOrEqual(11 + tookMs / 100);
  const longest = Math.max(...waits);
  expect(longest).toBeGreaterThan(4_900 - tookMs);
  expect(longest).toBeLessThanOrEqual(5_000);
});

it('paces tenants separately, and always admits the first sign-in', async () => {
  const slots = replica(0.01);
  expect(await slots('a')).toBe(0);
  expect(await slots('b')).toBe(0);
  expect(await slots('a')).toBeGreaterThan(90_000);
});
