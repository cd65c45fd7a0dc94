// The pace of a sending mailbox over replicas that are processes of their own: 3 replicas × 8 workers, 30 in a "minute" of five seconds.
// Production code but for the length of the minute. Judged at the server.

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { paceKey } from '../../../src/adapters/redis/pace.ts';
import { PREFIX } from '../../../src/contract/names.ts';
import { sendingMailbox } from '../../../src/domain/reply-pace.ts';
import type { WorkerSettings } from '../../chaos/outbound-worker.ts';
import { smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom } from './room.ts';

const WINDOW = 5_000;
const LIMIT = 30;

const room = openRoom();

it('keeps 30 a minute within ±1 for 3 replicas × 8 workers; agents before automatic replies; a second mailbox does not wait', async () => {
  const { redis, sink, blobFolder } = room;
  const pace = { perMinute: LIMIT, connections: 8, recipientsPerDay: 10_000 };
  const server = smtpServer(sink.port, { pace });
  const other = smtpServer(sink.port, { name: 'other', user: 'other@contoso.example', pace });

  const { replies: api } = await room.waiting({ servers: [server, other] });
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
  const before = Date.now();
  const last = await api.getReply('automatic-24');
  // 89 stand before it: two full minutes, said before any worker has begun.
  expect(Date.parse(last?.expectedAt ?? '')).toBeGreaterThan(before + 119_000);
  expect(Date.parse(last?.expectedAt ?? '')).toBeLessThan(Date.now() + 121_000);

  const children = new Set<ChildProcess>();
  room.onEnd(() => Promise.all([...children].map((child) => child.kill('SIGKILL') && gone(child))));
  const start = (one: typeof server) =>
    new Promise<void>((ready) => {
      const settings: WorkerSettings = {
        redisUrl: redis.url,
        server: one,
        sentUrl: 'http://127.0.0.1:9',
        blobFolder,
        deathsFile: join(blobFolder, 'deaths'),
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
  let began = 0;
  await waitFor(
    async () => {
      const [, at] = await redis.redis.zrange(
        paceKey(PREFIX, 'minute', sendingMailbox(server)),
        '0',
        '0',
        'WITHSCORES',
      );
      began = Number(at ?? 0);
      return began > 0;
    },
    { describe: 'the first grant' },
  );
  await waitFor(() => ours().length >= LIMIT, { describe: 'the first minute’s worth' });
  // The queue waits for its minute: its time is said, and another mailbox sends at once.
  await add('other', { server: 'other' });
  const asked = Date.now();
  await waitFor(() => sink.received.some(({ replyId }) => replyId === 'other'), { describe: 'the other mailbox' });
  expect(Date.now() - asked).toBeLessThan(WINDOW);
  await waitFor(async () => Date.parse((await api.getReply('automatic-24'))?.expectedAt ?? '') > Date.now(), {
    describe: 'an expected time',
  });
  await waitFor(() => ours().length === 90, { describe: 'all', timeoutMs: 60_000 });

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
