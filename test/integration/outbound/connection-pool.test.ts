// The connection pool over a real Redis: connections are kept, handed over in order, and shared between replicas.
import { expect, it } from 'vitest';
import { createPace } from '../../../src/adapters/redis/pace.ts';
import type { Submitter } from '../../../src/domain/submission.ts';
import { createConnectionPool } from '../../../src/outbound/connection-pool.ts';
import { smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom } from './room.ts';

const room = openRoom({ sink: false });

/** A replica's pool; counts the connections opened and those open. */
function replica(connections: number, slotTtlMs = 8_000) {
  const count = { opened: 0, open: 0 };
  const server = smtpServer(0, { pace: { perMinute: 1_000, connections, recipientsPerDay: 1_000 } });
  const open = (): Submitter => {
    count.opened += 1;
    count.open += 1;
    return {
      submit: () => Promise.reject(new Error('not asked')),
      maxSize: () => undefined,
      offersSmtpUtf8: async () => undefined,
      close: async () => {
        count.open -= 1;
      },
    };
  };
  const pool = createConnectionPool(server, createPace(room.redis.client()), open, slotTtlMs);
  room.onEnd(pool.close);
  return { pool, count };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

it('keeps connections open for many replies, and never exceeds the limit', async () => {
  const { pool, count } = replica(3);
  let busy = 0;
  let most = 0;
  const work = async () => {
    busy += 1;
    most = Math.max(most, busy);
    await tick();
    busy -= 1;
    return 'done';
  };
  const results = await Promise.all(Array.from({ length: 300 }, () => pool.use(work, 15_000, 10)));
  expect(results.filter((result) => result === 'done')).toHaveLength(300);
  expect({ most, opened: count.opened }).toEqual({ most: 3, opened: 3 });
});

it('gives a connection to the most urgent first, then in order; a caller that waited too long gets none', async () => {
  const { pool } = replica(1);
  const order: string[] = [];
  let release = () => {};
  const first = pool.use(() => new Promise<void>((resolve) => (release = resolve)), 15_000, 10);
  await waitFor(() => release.length === 1, { describe: 'the connection is busy' });
  const note = (name: string) => async () => void order.push(name);
  const late = pool.use(note('late'), 20, 1);
  const others = [
    pool.use(note('automatic'), 15_000, 110),
    pool.use(note('first of two'), 15_000, 10),
    pool.use(note('second of two'), 15_000, 10),
    pool.use(note('urgent'), 15_000, 1),
  ];
  expect(await late).toBeUndefined();
  release();
  await Promise.all([first, ...others]);
  expect(order).toEqual(['urgent', 'first of two', 'second of two', 'automatic']);
});

it('a replica without a connection gets one from a replica that is always busy', async () => {
  const one = replica(2, 1_000);
  const other = replica(2, 1_000);
  let stop = false;
  const busy = [0, 1].map(async () => {
    while (!stop) await one.pool.use(() => new Promise((resolve) => setTimeout(resolve, 5)), 15_000, 10);
  });
  try {
    await waitFor(() => one.count.open === 2, { describe: 'both connections are taken' });
    expect(await other.pool.use(async () => one.count.open + other.count.open, 15_000, 10)).toBeLessThanOrEqual(2);
    // It has one now and asks for no more: the first keeps its other one.
    expect(one.count.open).toBe(1);
  } finally {
    stop = true;
    await Promise.all(busy);
  }
});

it('a connection whose work throws is free for the next caller', async () => {
  const { pool, count } = replica(1);
  await expect(pool.use(() => Promise.reject(new Error('broken')), 1_000, 10)).rejects.toThrow('broken');
  expect(await pool.use(async () => 'next', 1_000, 10)).toBe('next');
  expect(count.opened).toBe(1);
});

it('is closed while a connection is being opened: it ends with its work, and its slot is free', async () => {
  const { pool, count } = replica(1);
  const used = pool.use(async () => 'done', 15_000, 10);
  await pool.close();
  expect(await used).toBe('done');
  expect(count.open).toBe(0);
  const next = replica(1);
  expect(await next.pool.use(async () => 'sent', 8_000, 10)).toBe('sent');
});
