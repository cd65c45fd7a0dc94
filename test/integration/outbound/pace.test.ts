// The pace of a sending mailbox over replicas that are processes of their own: 3 replicas × 8 workers, 30 in a "minute" of five seconds.
// Production code but for the length of the minute. Judged at the server.

import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { openReplyQueues } from '../../../src/adapters/queue/replies.ts';
import { createJournal } from '../../../src/adapters/redis/journal.ts';
import { createPace, paceKey } from '../../../src/adapters/redis/pace.ts';
import { createPauses } from '../../../src/adapters/redis/pauses.ts';
import { createServerRegister } from '../../../src/adapters/redis/smtp-servers.ts';
import { PREFIX } from '../../../src/contract/names.ts';
import { sendingMailbox } from '../../../src/domain/reply-pace.ts';
import { createReplies } from '../../../src/outbound/index.ts';
import { stormBlobs, type WorkerSettings } from '../../chaos/outbound-worker.ts';
import { smtpServer, startRedis, startSink, until } from './rig.ts';

const WINDOW = 5_000;
const LIMIT = 30;

const releases: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

it('keeps 30 a minute within ±1 for 3 replicas × 8 workers; agents before automatic replies; a second mailbox does not wait', async () => {
  const redis = await startRedis();
  releases.push(() => redis.stop());
  const sink = await startSink();
  releases.push(() => sink.stop());
  const folder = mkdtempSync(join(tmpdir(), 'mailroom-pace-'));
  releases.push(() => rmSync(folder, { recursive: true, force: true }));
  const pace = { perMinute: LIMIT, connections: 8, recipientsPerDay: 10_000 };
  const server = smtpServer(sink.port, { pace });
  const other = smtpServer(sink.port, { name: 'other', user: 'other@contoso.example', pace });

  const queues = openReplyQueues(redis.client(), () => {});
  releases.push(() => queues.close());
  const api = createReplies({
    journal: createJournal(redis.client()),
    queues,
    blobs: await stormBlobs(join(folder, 'blobs')),
    emit: () => {},
    allServers: () => [server, other],
    pauses: createPauses(redis.client()),
    register: createServerRegister(redis.client()),
    pace: createPace(redis.client()),
  });
  const add = (replyId: string, more: object) =>
    api.submitReply({
      schema: 'mailroom.reply/1',
      replyId,
      to: ['jane@example.net'],
      subject: 'Re',
      text: 'x',
      server: 'sink',
      ...more,
    });
  // Automatic ones are on the queue first, and more than two minutes' worth of agents' replies after them.
  for (let i = 0; i < 25; i++)
    await add(`automatic-${i}`, { automatic: true, to: [`customer${i}@example.net`], conversationId: `c${i}` });
  for (let i = 0; i < 65; i++) await add(`agent-${i}`, {});
  const last = await api.getReply('automatic-24');
  // 89 stand before it: two full minutes, said before any worker has begun.
  expect(Date.parse(last?.expectedAt ?? '') - Date.now()).toBeGreaterThan(119_000);
  expect(Date.parse(last?.expectedAt ?? '') - Date.now()).toBeLessThan(121_000);

  const children = new Set<ChildProcess>();
  releases.push(() => Promise.all([...children].map((child) => child.kill('SIGKILL') && gone(child))));
  const start = (one: typeof server) =>
    new Promise<void>((ready) => {
      const settings: WorkerSettings = {
        redisPort: redis.port,
        server: one,
        sentUrl: 'http://127.0.0.1:9',
        blobFolder: join(folder, 'blobs'),
        deathsFile: join(folder, 'deaths'),
        death: 0,
        seed: 1,
        paceWindowMs: WINDOW,
      };
      const child = fork(
        fileURLToPath(new URL('../../chaos/outbound-worker.ts', import.meta.url)),
        ['work', JSON.stringify(settings)],
        { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
      );
      children.add(child);
      child.once('message', () => ready());
    });
  await Promise.all([start(server), start(server), start(server), start(other)]);

  const ours = () => sink.received.filter(({ replyId }) => !replyId.startsWith('other'));
  // The minute begins with the first grant, not with the arrival of what it was granted for.
  const client = redis.client();
  let began = 0;
  await until('the first grant', async () => {
    const [, at] = await client.zrange(paceKey(PREFIX, 'minute', sendingMailbox(server)), '0', '0', 'WITHSCORES');
    began = Number(at ?? 0);
    return began > 0;
  });
  await until('the first minute’s worth', () => ours().length >= LIMIT, 30_000);
  // The queue waits for its minute: its time is said, and another mailbox sends at once.
  await add('other', { server: 'other' });
  const asked = Date.now();
  await until('the other mailbox', () => sink.received.some(({ replyId }) => replyId === 'other'));
  expect(Date.now() - asked).toBeLessThan(WINDOW);
  await until(
    'an expected time',
    async () => Date.parse((await api.getReply('automatic-24'))?.expectedAt ?? '') > Date.now(),
  );
  await until('all', () => ours().length === 90, 60_000);

  const mails = ours();
  // The server counts: never more than 30 (±1) in so many minutes, and after each of them the next 30 come.
  for (const [i, { at }] of mails.entries()) {
    const minutes = Math.floor((at - began) / WINDOW) + 1;
    expect(i + 1).toBeLessThanOrEqual(minutes * LIMIT + 1);
  }
  for (const minutes of [1, 2]) {
    const next = (mails[minutes * LIMIT + 1]?.at ?? 0) - began;
    expect(next).toBeGreaterThanOrEqual(minutes * WINDOW); // its grant was a full minute after the first one's
    expect(next).toBeLessThan((minutes + 1) * WINDOW + 5_000); // and it did not wait for another one
  }
  expect(sink.maxConnections).toBeLessThanOrEqual(2 * 8);
  // A replica takes a job for each of its eight connections, and two ahead, before others come: the order holds but for those.
  const place = mails.findIndex(({ replyId }) => replyId.startsWith('automatic'));
  expect(place).toBeGreaterThanOrEqual(65 - 3 * (8 + 2));
});

const gone = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve));
