// Chaos over the sending half, judged at the receiving end: workers killed with -9 at random instants, connections cut or stalled before DATA,
// inside DATA, after the final dot (mail taken or not), refusals, Redis killed, every job added several times.
// No recipient ever holds two mails with one replyId; every reply ends accepted, rejected or held; none vanishes.
// Long form: MAILROOM_CHAOS_ROUNDS and MAILROOM_CHAOS_REPLIES; repeat a run with MAILROOM_CHAOS_SEED.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { afterEach, expect, it } from 'vitest';
import { openReplyQueues } from '../../src/adapters/queue/replies.ts';
import { createJournal } from '../../src/adapters/redis/journal.ts';
import { createReplies } from '../../src/outbound/index.ts';
import {
  type Fault,
  type Sink,
  smtpServer,
  startRedis,
  startSink,
  type TestRedis,
  until,
} from '../integration/outbound/rig.ts';
import { randomOf, startWorkers } from './outbound-storm.ts';
import { fileBlobs, GENEROUS } from './outbound-worker.ts';

const rounds = Number(process.env.MAILROOM_CHAOS_ROUNDS ?? 1);
const count = Number(process.env.MAILROOM_CHAOS_REPLIES ?? 250);
const firstSeed = Number(process.env.MAILROOM_CHAOS_SEED ?? Date.now() % 1_000_000);

const FAULTS: readonly [number, Fault][] = [
  [0.02, 'connect'],
  [0.05, 'mail'],
  [0.05, 'rcpt'],
  [0.08, 'in-data'],
  [0.04, 'dropped-after-dot'],
  [0.08, 'accepted-unanswered'],
  [0.02, 'stalled'],
  [0.03, { at: 'dot', reply: '432 4.3.2 Concurrent connections limit exceeded' }],
  [0.03, { at: 'dot', reply: '550 5.7.60 Client does not have permissions to send as this sender' }],
  [0.04, { at: 'mail', reply: '451 4.7.0 Temporary server error. PRX4' }],
];

const releases: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

/** The recipient's mailboxes, for the look-up in Sent. */
async function startSentServer(sink: Sink): Promise<Server> {
  const server = createServer((request, response) => {
    const replyId = decodeURIComponent(request.url?.slice(1) ?? '');
    response.end(JSON.stringify({ copies: sink.received.filter((mail) => mail.replyId === replyId).length }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function oneRound(seed: number): Promise<Record<string, number>> {
  const random = randomOf(seed);
  const redis: TestRedis = await startRedis('always');
  releases.push(() => redis.stop());
  const sink = await startSink();
  releases.push(() => sink.stop());
  const sentServer = await startSentServer(sink);
  releases.push(() => void sentServer.close());
  const blobFolder = await mkdtemp(join(tmpdir(), 'mailroom-chaos-'));
  releases.push(() => rm(blobFolder, { recursive: true, force: true }));
  let faults = 0;
  let killSoon = () => {};
  sink.nextFault = () => {
    killSoon(); // a mail has just begun: a kill within milliseconds falls between its stages
    let dice = random();
    for (const [share, fault] of FAULTS) {
      dice -= share;
      if (dice >= 0) continue;
      faults += 1;
      return fault;
    }
    return undefined;
  };

  const client = redis.client();
  const queues = openReplyQueues(client, () => {}, {
    keepCompletedSeconds: 3_600,
    keepFailedSeconds: 3_600,
    lockMs: 2_000,
    stalledCheckMs: 500,
  });
  releases.push(() => queues.close());
  const queue = new Queue('replies.sink', { connection: client, prefix: '{mailroom}' });
  queue.on('error', () => {});
  releases.push(() => queue.close());
  const journal = createJournal(client);
  const replies = createReplies({
    journal,
    queues,
    blobs: fileBlobs(blobFolder),
    emit: () => {},
    allServers: () => [smtpServer(sink.port)],
  });

  const sentUrl = `http://127.0.0.1:${(sentServer.address() as AddressInfo).port}`;
  const workers = startWorkers({
    redisPort: redis.port,
    server: smtpServer(sink.port, GENEROUS),
    sentUrl,
    blobFolder,
  });
  releases.push(() => workers.stop());
  killSoon = () => {
    if (random() < 0.05) setTimeout(() => workers.killOne(random), random() * 12);
  };

  const calm = Date.now() + Math.max(25_000, count * 60);
  const ids = Array.from({ length: count }, (_, i) => `chaos ${seed}/${i}`);
  let doubled = 0;
  const feeding = (async () => {
    for (const [i, replyId] of ids.entries()) {
      const input = {
        schema: 'mailroom.reply/1' as const,
        replyId,
        server: 'sink',
        to: [`customer-${i}@example.net`],
        subject: 'Re',
        text: `Antwort ${i}\r\n${'Zeile\r\n'.repeat(Math.floor(random() * random() * 6_000))}`,
      };
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, (calm - Date.now()) / (ids.length - i)) * random() * 1.8),
      );
      await replies.submitReply(input);
      for (let copy = 0; random() < 0.3; copy++) {
        doubled += 1;
        await queue.add('reply', input, { jobId: `copy-${i}-${copy}` });
      }
      if (random() < 0.2) await replies.submitReply(input);
    }
  })();

  const ended = async () => {
    const states = await Promise.all(ids.map(async (replyId) => (await journal.read(replyId))?.state ?? 'none'));
    return states;
  };
  const open = (states: string[]) => states.filter((state) => !['accepted', 'rejected', 'held'].includes(state)).length;
  let redisKills = 0;
  // A loaded machine needs longer for a storm that is one.
  const stormy = () => Date.now() < calm || (sink.received.length <= count / 4 && Date.now() < calm + 60_000);
  while (stormy()) {
    await new Promise((resolve) => setTimeout(resolve, 500 + random() * 1_200));
    workers.killOne(random);
    if (random() < 0.08) {
      redisKills += 1;
      await redis.kill();
      await redis.start();
    }
  }
  await feeding;
  // Otherwise this would be a test of the calm after the storm.
  expect({ seed, mailsInTheStorm: sink.received.length > count / 4 }).toEqual({ seed, mailsInTheStorm: true });
  sink.nextFault = () => undefined;
  sink.faults.length = 0;
  await until('every reply ended', async () => open(await ended()) === 0, 120_000).catch(async (error: unknown) => {
    const states = await ended();
    const stuck = await Promise.all(
      ids
        .filter((_, i) => !['accepted', 'rejected', 'held'].includes(states[i] ?? ''))
        .slice(0, 5)
        .map((id) => journal.read(id)),
    );
    throw new Error(
      `seed ${seed}: ${String(error)} ${JSON.stringify(stuck)} ${JSON.stringify(await queues.counts('sink'))}`,
    );
  });
  await workers.stop();

  const states = await ended();
  const copies = new Map<string, number>();
  for (const { replyId } of sink.received) copies.set(replyId, (copies.get(replyId) ?? 0) + 1);
  const tally: Record<string, number> = {
    seed,
    replies: count,
    doubled,
    faults,
    kills: workers.kills(),
    redisKills,
    mails: sink.received.length,
  };
  for (const state of states) tally[state] = (tally[state] ?? 0) + 1;
  const of = (id: string) => copies.get(id) ?? 0;
  expect({ seed, twice: ids.filter((id) => of(id) > 1) }).toEqual({ seed, twice: [] });
  expect({ seed, acceptedWithoutMail: ids.filter((id, i) => states[i] === 'accepted' && of(id) !== 1) }).toEqual({
    seed,
    acceptedWithoutMail: [],
  });
  expect({ seed, rejectedWithMail: ids.filter((id, i) => states[i] === 'rejected' && of(id) > 0) }).toEqual({
    seed,
    rejectedWithMail: [],
  });
  expect(sink.received.filter(({ raw }) => !raw.includes('Antwort'))).toEqual([]);
  return tally;
}

it.each(Array.from({ length: rounds }, (_, i) => firstSeed + i))(
  'seed %i: nobody gets a reply twice, every reply ends',
  async (seed) => {
    const tally = await oneRound(seed);
    process.stdout.write(`chaos outbound ${JSON.stringify(tally)}\n`);
  },
);
