// The daily work on real stores: of each kind what is too old goes and what is not stays, one of several replicas does it, and its event counts what
// it deleted.
import { randomBytes } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { placeOf } from '../../../src/adapters/blobs/segment-file.ts';
import { createDailyTurn } from '../../../src/adapters/redis/daily-turn.ts';
import { createFindIndex } from '../../../src/adapters/redis/find-index.ts';
import { stateKey } from '../../../src/adapters/redis/journal-entry.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { emailFlowQueue, mailboxEventsQueue, REPLY_OUTCOMES_QUEUE, repliesQueue } from '../../../src/contract/names.ts';
import { retention } from '../../../src/domain/retention.ts';
import { releaseStack } from '../../../src/lib/release-stack.ts';
import { firstOf } from '../../../src/lib/streams.ts';
import { workDaily } from '../../../src/operations/maintenance.ts';
import type { EventFields } from '../../../src/telemetry/events.ts';
import { dailyTasks } from '../../../src/wiring/inbound.ts';
import { openStores } from '../../../src/wiring/stores.ts';
import { storeBlob } from '../../support/blobs.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { type TempDir, tempDir, waitFor } from '../../support/temp.ts';

const DAY = 86_400_000;
const PREFIX = '{mailroom}';
let server: TestRedis;
let redis: Redis;
let dir: TempDir;
const stack = releaseStack();
beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  dir = tempDir('retention');
});
afterEach(async () => {
  await stack.release();
  redis.disconnect();
  await server.stop();
  dir.remove();
});

/** Two jobs that have ended as said: one so many days ago, one now. */
async function ended(name: string, how: 'completed' | 'failed', days: number): Promise<void> {
  const connection = { host: '127.0.0.1', port: server.port };
  const queue = new Queue(name, { connection, prefix: PREFIX });
  const events = queue.toKey('events');
  if ((await redis.exists(events)) === 0)
    await redis.xadd(events, `${Date.now() - days * DAY}-0`, 'event', 'completed', 'returnvalue', '"old"');
  const process = async () => {
    if (how === 'failed') throw new Error('given up');
  };
  const worker = new Worker(name, process, { connection, prefix: PREFIX });
  const ids = [`${how}-old`, `${how}-young`];
  for (const jobId of ids) await queue.add('job', {}, { jobId });
  await waitFor(async () => ((await queue.getJobCounts())[how] ?? 0) === ids.length);
  await worker.close();
  const at = Date.now() - days * DAY;
  await redis.zadd(queue.toKey(how), 'XX', at, ids[0] ?? '');
  await redis.hset(queue.toKey(ids[0] ?? ''), 'finishedOn', at);
  await queue.close();
}

it('deletes of each kind what is too old, by one replica, and counts it', async () => {
  const config = loadConfig({
    configDir: dir.path,
    env: {
      MAILROOM_MODE: 'development',
      MAILROOM_REDIS_URL: server.url,
      MAILROOM_BLOBS_FOLDER: join(dir.path, 'blobs'),
      MAILROOM_OUTBOUND_OUTCOMES: 'true',
    },
  });
  const events: [string, EventFields][] = [];
  const emit = (name: string, fields: EventFields = {}) => void events.push([name, fields]);
  const stores = await openStores(config, stack, emit, () => []);

  await ended(emailFlowQueue('Süd'), 'completed', 9);
  await ended(emailFlowQueue('Süd'), 'failed', 31);
  await ended(mailboxEventsQueue('Süd'), 'completed', 9);
  await ended(repliesQueue('Out'), 'failed', 9);
  await ended(REPLY_OUTCOMES_QUEUE, 'completed', 9);
  const { blob } = await storeBlob(stores.blobs, randomBytes(10));
  const segment = placeOf(join(dir.path, 'blobs'), blob)?.path ?? '';
  await utimes(segment, 0, Date.now() / 1000 - 31 * 86_400);
  for (const [i, days] of [400, 366, 100, 1].entries()) {
    const id = `${Date.now() - days * DAY}-${i}`;
    for (const [stream, action] of [
      ['audit', 'pause'],
      ['sign-ins', 'sign-in'],
    ] as const) {
      const entry = { at: new Date(Date.now() - days * DAY), action, changes: [] };
      await redis.xadd(`${PREFIX}:portal:${stream}`, id, 'entry', JSON.stringify(entry));
    }
  }
  const ago = (days: number) => createFindIndex(redis, () => Date.now() - days * DAY);
  await ago(31).add([{ kind: 'message', id: 'm-1', terms: ['kim@example.org'] }]);
  await ago(29).add([{ kind: 'message', id: 'm-2', terms: ['kim@example.org'] }]);
  await redis.zadd(stateKey(PREFIX, 'accepted'), Date.now() - 9 * DAY, 'old', Date.now(), 'young');

  const work = () => workDaily({ turn: createDailyTurn(redis), tasks: dailyTasks(config, stores, emit), emit });
  await Promise.all([work(), work(), work()]);
  await work();
  expect(events.filter(([name]) => name.startsWith('Expired'))).toEqual([
    [
      'ExpiredDataDeleted',
      {
        count: 13,
        detail: {
          'raw-mails': 1,
          messages: 2,
          'mailbox-events': 1,
          replies: 1,
          'reply-journal': 1,
          'reply-outcomes': 1,
          changes: 2,
          'sign-ins': 3,
          'find-index': 1,
        },
      },
    ],
  ]);
  expect(await stores.blobs.has(blob)).toBe(false);
  const flow = await stores.flows.counts('Süd');
  expect([flow.completed, flow.failed]).toEqual([1, 1]);
  const [oldest] = await redis.xrange(`${PREFIX}:${emailFlowQueue('Süd')}:events`, '-', '+', 'COUNT', 1);
  expect(Number(oldest?.[0].split('-')[0])).toBeGreaterThan(Date.now() - DAY);
  expect((await stores.findIndex.find('kim@example.org')).found.map(({ id }) => id)).toEqual(['m-2']);
  expect(await firstOf(stores.audit.entries({}), 10)).toHaveLength(3);
  expect(await redis.zrange(stateKey(PREFIX, 'accepted'), '0', '-1')).toEqual(['young']);
});

it('one kind that fails stops no other, and all is done again within the hour', async () => {
  const events: [string, EventFields][] = [];
  const emit = (name: string, fields: EventFields = {}) => void events.push([name, fields]);
  const none = async () => 0;
  const tasks = Object.fromEntries(
    Object.entries(retention).flatMap(([kind, { deletedBy }]) => (deletedBy === 'daily' ? [[kind, none]] : [])),
  ) as Parameters<typeof workDaily>[0]['tasks'];
  const failing = { ...tasks, changes: () => Promise.reject(new Error('no')), messages: async () => 7 };
  const turn = createDailyTurn(redis);
  await workDaily({ turn, tasks: failing, emit });
  expect(events.map(([name, { kind, count }]) => [name, kind ?? count])).toEqual([
    ['ExpiredDataDeletionFailed', 'changes'],
    ['ExpiredDataDeleted', 7],
  ]);
  const key = `${PREFIX}:daily-work`;
  expect(await redis.pttl(key)).toBeLessThanOrEqual(3_600_000);
  await redis.del(key);
  await workDaily({ turn, tasks, emit });
  expect(await redis.pttl(key)).toBeGreaterThan(23 * 3_600_000);
  expect(await turn.take()).toBe(false);
});
