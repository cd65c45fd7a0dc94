// A primary that is demoted in place, as FAILOVER and managed services do it: its connections stay, and the name leads new ones to the other.
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openReplyQueues } from '../../../src/adapters/queue/replies.ts';
import { writeFault } from '../../../src/adapters/redis/check.ts';
import { closeRedis, connectRedis } from '../../../src/adapters/redis/client.ts';
import { createWake } from '../../../src/adapters/redis/wake.ts';
import { PREFIX } from '../../../src/contract/names.ts';
import type { EventFields } from '../../../src/telemetry/events.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { fixture } from '../../support/fixture.ts';
import { startRedis } from '../../support/redis.ts';
import { waitFor } from '../../support/temp.ts';

let admins: [Redis, Redis];
/** The name of a managed Redis: it leads new connections to the primary, and keeps old ones. */
let name: FaultProxy;
const target = { port: 0 };
let client: Redis;
let events: { event: string; fields: EventFields }[];

const one = fixture(startRedis);
const two = fixture(startRedis);
beforeAll(async () => {
  admins = [new Redis(one.url), new Redis(two.url)];
  target.port = one.port;
  name = await startFaultProxy({ target });
});
afterAll(async () => {
  for (const admin of admins) admin.disconnect();
  await name.stop();
});
beforeEach(async () => {
  target.port = one.port;
  await admins[0].replicaof('NO', 'ONE');
  await admins[0].flushall();
  await replicate(1, 0);
  events = [];
  client = connectRedis({ url: `redis://127.0.0.1:${name.port}` }, (event, fields = {}) =>
    events.push({ event, fields }),
  );
  await client.ping();
});
afterEach(() => closeRedis(client));

/** The first becomes a replica of the second. */
async function replicate(replica: 0 | 1, primary: 0 | 1): Promise<void> {
  await admins[primary].replicaof('NO', 'ONE');
  await admins[replica].replicaof('127.0.0.1', [one, two][primary]?.port ?? 0);
  await waitFor(async () => /master_link_status:up/.test(await admins[replica].info('replication')), {});
}
const failOver = async () => {
  await replicate(0, 1);
  target.port = two.port;
};
const named = (event: string) => events.filter((line) => line.event === event);

describe('a failover in place', () => {
  test('commands, subscriptions and blocking reads of workers reach the new primary', async () => {
    const told: string[] = [];
    const wake = createWake(client);
    wake.subscribe((server) => told.push(server));
    const queues = openReplyQueues(client, (event, fields = {}) => events.push({ event, fields }));
    const done: string[] = [];
    const worker = await queues.work('out', 1, async ({ jobId }) => {
      done.push(jobId);
      return { end: 'completed', result: {} as never };
    });
    await queues.add('out', 'r-1', {}, { priority: 1, delayMs: 0 });
    await waitFor(() => done.length === 1);

    await failOver();
    await waitFor(async () => (await writeFault(client, 1_000)) === undefined);
    expect(await admins[1].exists('{mailroom}:write-probe')).toBe(1);
    await queues.add('out', 'r-2', {}, { priority: 1, delayMs: 0 });
    await waitFor(() => done.length === 2);
    await waitFor(async () => {
      await wake.publish('Support');
      return told.includes('Support');
    });
    // One state, one event at each end; the connections that we ended ourselves were not lost.
    expect(named('RedisWritesRefused')).toMatchObject([{ fields: { code: 'REDIS_READ_ONLY' } }]);
    await waitFor(() => named('RedisWritesAccepted').length === 1);
    expect(named('RedisDisconnected')).toEqual([]);
    expect(named('ReplyWorkerFailed')).toEqual([]);
    wake.stop();
    await worker.stop(5_000);
    await queues.close();
  });

  test('a primary that is demoted and promoted back is used again once it accepts writes', async () => {
    await admins[0].replicaof('127.0.0.1', two.port);
    await waitFor(async () => (await writeFault(client, 1_000))?.code === 'REDIS_READ_ONLY');
    const before = name.accepted();
    // It looks for a primary at a bounded pace: each look of ours would be a connection else.
    const until = performance.now() + 2_000;
    await waitFor(async () => {
      await client.set('{mailroom}:x', '1').catch(() => {});
      return performance.now() > until;
    });
    expect(name.accepted() - before).toBeLessThan(12);
    await admins[0].replicaof('NO', 'ONE');
    await waitFor(async () => (await writeFault(client, 1_000)) === undefined);
    await waitFor(() => named('RedisWritesAccepted').length === 1);
    expect(named('RedisWritesRefused')).toHaveLength(1);
    expect(named('RedisWritesAccepted')[0]?.fields.count).toBeGreaterThan(1);
  });
});

test.each(['rst', 'fin'] as const)(
  'a connection that ends by %s emits one event, and one when it is back',
  async (how) => {
    name.faults.reject();
    name.faults.cut(how);
    await waitFor(() => named('RedisDisconnected').length === 1);
    const tries = name.accepted();
    await waitFor(() => name.accepted() > tries + 2);
    await name.faults.heal();
    await waitFor(() => named('RedisConnected').length === 1);
    expect(events.map(({ event }) => event)).toEqual(['RedisDisconnected', 'RedisConnected']);
  },
);

test('full memory emits one event when it begins, and one with the count when it ends', async () => {
  await admins[0].config('SET', 'maxmemory', '1');
  const refused = await Promise.allSettled(Array.from({ length: 500 }, (_, i) => client.set(`{mailroom}:${i}`, 'x')));
  expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
  expect(named('RedisWritesRefused')).toMatchObject([{ fields: { code: 'REDIS_OUT_OF_MEMORY' } }]);
  await admins[0].config('SET', 'maxmemory', '0');
  await waitFor(() => named('RedisWritesAccepted').length === 1);
  expect(named('RedisWritesAccepted')[0]?.fields.count).toBeGreaterThanOrEqual(500);
  expect(named('RedisDisconnected')).toEqual([]);
});

test('closing ends the connections that BullMQ made, and rejects what waits for an answer, also between two connections', async () => {
  const worker = new Worker('closing', async () => {}, { connection: client, prefix: PREFIX });
  worker.on('error', () => {});
  await worker.waitUntilReady();
  await name.faults.refuse();
  name.faults.cut('rst');
  await waitFor(() => client.status === 'reconnecting');
  const rejected = (asked: Promise<unknown>) => asked.then(() => undefined, String);
  const waiting = [
    rejected(client.get('a')),
    rejected(
      client
        .pipeline()
        .set('a', 'b')
        .exec()
        .then((all) => Promise.reject(all?.[0]?.[0])),
    ),
  ];
  closeRedis(client);
  expect(await Promise.all(waiting)).toEqual(['Error: Connection is closed.', 'Error: Connection is closed.']);
  await worker.close();
  await name.faults.heal();
  await waitFor(() => name.open() === 0);
});
