// Chaos over the sending half with whole servers at the other end: the sandbox with its faults, its Sent folder read over IMAP; real Postfix
// behind a proxy that cuts, truncates and stalls encrypted connections. Workers killed with -9, jobs added several times, tokens that have
// expired. Judged by the customers' mailboxes. Longer: MAILROOM_CHAOS_ROUNDS, MAILROOM_CHAOS_REPLIES; again: MAILROOM_CHAOS_SEED.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { afterEach, expect, it } from 'vitest';
import { openReplyQueues } from '../../src/adapters/queue/replies.ts';
import { createJournal } from '../../src/adapters/redis/journal.ts';
import type { ImapServer, SmtpServer } from '../../src/domain/email-server.ts';
import { createReplies } from '../../src/outbound/index.ts';
import { type Fault, startSandbox } from '../../src/sandbox/index.ts';
import { header, smtpServer, startRedis, until } from '../integration/outbound/rig.ts';
import { startDovecot } from '../support/dovecot.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startPostfix } from '../support/postfix.ts';
import { randomOf, startWorkers } from './outbound-storm.ts';
import { fileBlobs, GENEROUS } from './outbound-worker.ts';

const rounds = Number(process.env.MAILROOM_CHAOS_ROUNDS ?? 1);
const count = Number(process.env.MAILROOM_CHAOS_REPLIES ?? 40);
const firstSeed = Number(process.env.MAILROOM_CHAOS_SEED ?? Date.now() % 1_000_000);
const STORM_MS = Math.max(6_000, count * 60);

const SHARED = 'support@contoso.example';
const CUSTOMER = 'customer@customer.example';
const CLIENT = '3b1f4d6e-0a52-4c7b-8e19-6d2c5a7f9b03';
const TOKEN = { type: 'OAuth2' as const, application: 'gateway', signIn: 'appOnly' as const };

const releases: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

interface OtherEnd {
  server: SmtpServer;
  imap?: ImapServer;
  token(expired: boolean): string;
  /** replyId → copies in the customer's mailbox. */
  copies(): Map<string, number>;
  /** One more thing goes wrong. */
  disturb(random: () => number): void;
  calm(): Promise<void> | void;
}

const tallyOf = (raws: Iterable<string>) => {
  const copies = new Map<string, number>();
  for (const raw of raws) {
    const replyId = decodeURIComponent(header(raw, 'X-Mailroom-Reply-Id') ?? '');
    copies.set(replyId, (copies.get(replyId) ?? 0) + 1);
  }
  return copies;
};

async function sandboxEnd(): Promise<OtherEnd> {
  const sandbox = await startSandbox({
    users: [
      { address: SHARED, kind: 'shared' },
      { address: CUSTOMER, kind: 'customer' },
    ],
    applications: [{ clientId: CLIENT, secret: 'secret' }],
  });
  releases.push(() => sandbox.stop());
  const faults: Fault[] = [
    ...['connect', 'auth', 'mail', 'rcpt', 'data'].map((at): Fault => ({ name: 'dropBeforeData', at })),
    { name: 'dropInData', after: 1 },
    { name: 'dropInData', after: 4_000 },
    { name: 'dropAfterDot' },
    { name: 'dropAfterDot' },
    { name: 'dropAfterDotUnaccepted' },
    { name: 'stallSmtp' },
    { name: 'stallSmtp', unaccepted: true },
    { name: 'lateSentCopy', milliseconds: 300 },
    { name: 'rewriteMessageId' },
    { name: 'smtpReply', reply: 'proxyFailure' },
    { name: 'smtpReply', reply: 'concurrentConnections' },
    { name: 'smtpReply', reply: 'authUnsuccessful' },
    { name: 'smtpReply', reply: 'sendAsRefused' },
    { name: 'smtpReply', reply: 'connectionDropped' },
  ];
  const endpoint = { host: 'localhost', tls: 'enabled' as const, ca: sandbox.caPem, user: SHARED };
  return {
    server: smtpServer(sandbox.smtp.port, { ...GENEROUS, ...endpoint, authentication: TOKEN }),
    imap: { type: 'IMAP', name: 'in', port: sandbox.imap.port, ...endpoint } as ImapServer,
    token: (expired) => sandbox.oauth.applicationToken(CLIENT, expired ? -60 : 3_600),
    copies: () => tallyOf(sandbox.mailboxes.list(CUSTOMER).map(({ raw }) => raw.toString('latin1'))),
    disturb(random) {
      const fault = faults[Math.floor(random() * faults.length)];
      if (fault !== undefined && sandbox.faults.list().length < 3) sandbox.faults.set({ ...fault, times: 1 });
    },
    calm: () => sandbox.faults.clear(),
  };
}

async function postfixEnd(): Promise<OtherEnd> {
  const dovecot = await startDovecot({ users: [{ user: SHARED, fullAccess: ['app:gateway'] }] });
  releases.push(() => dovecot.stop());
  const postfix = await startPostfix({ dovecot, sendAs: { [SHARED]: ['app:gateway'] } });
  releases.push(() => postfix.stop());
  const proxy = await startFaultProxy({ target: { port: postfix.port } });
  releases.push(() => proxy.stop());
  let broken = false;
  const folder = join(dovecot.maildir(CUSTOMER), 'new');
  const read = () => {
    try {
      return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1').replace(/\r?\n/g, '\r\n'));
    } catch {
      return []; // no mail yet
    }
  };
  return {
    server: smtpServer(proxy.port, {
      ...GENEROUS,
      host: 'localhost',
      tls: 'enabled',
      ca: postfix.caPem,
      user: SHARED,
      authentication: TOKEN,
    }),
    token: (expired) => dovecot.token({ appId: 'gateway', expiresInSeconds: expired ? -60 : 3_600 }),
    copies: () => tallyOf(read()),
    disturb(random) {
      const { faults } = proxy;
      const dice = random();
      const how = random() < 0.5 ? 'rst' : 'fin';
      // Between two faults everything passes: a connection that never gets as far as DATA tests nothing.
      if (broken) {
        broken = false;
        faults.resume();
        void faults.heal();
        return;
      }
      broken = dice < 0.3;
      if (dice < 0.08) faults.cut(how);
      else if (dice < 0.2) faults.truncateToServerAfter(2_500 + random() * 12_000, how);
      else if (dice < 0.26) faults.truncateAfter(2_500 + random() * 3_000, how);
      else if (dice < 0.3) faults.stall(random() < 0.5 ? 'to-client' : 'both');
    },
    async calm() {
      proxy.faults.resume();
      await proxy.faults.heal();
    },
  };
}

async function oneRound(seed: number, otherEnd: () => Promise<OtherEnd>): Promise<Record<string, number>> {
  const random = randomOf(seed);
  const redis = await startRedis('always');
  releases.push(() => redis.stop());
  const end = await otherEnd();
  const blobFolder = mkdtempSync(join(tmpdir(), 'mailroom-chaos-'));
  releases.push(() => rmSync(blobFolder, { recursive: true, force: true }));
  let stormy = true;
  let expired = 0;
  const side = createServer((request, response) => {
    const path = request.url?.slice(1) ?? '';
    if (!path.startsWith('token')) {
      response.end(JSON.stringify({ copies: end.copies().get(decodeURIComponent(path)) ?? 0 }));
      return;
    }
    const old = stormy && random() < 0.15;
    if (old) expired += 1;
    response.end(end.token(old));
  });
  await new Promise<void>((resolve) => side.listen(0, '127.0.0.1', resolve));
  releases.push(() => side.close());

  const client = redis.client();
  const queues = openReplyQueues(client, () => {}, {
    keepCompletedSeconds: 3_600,
    keepFailedSeconds: 3_600,
    lockMs: 2_000,
    stalledCheckMs: 500,
  });
  releases.push(() => queues.close());
  const queue = new Queue(`replies.${end.server.name}`, { connection: client, prefix: '{mailroom}' });
  queue.on('error', () => {});
  releases.push(() => queue.close());
  const journal = createJournal(client);
  const replies = createReplies({
    journal,
    queues,
    blobs: fileBlobs(blobFolder),
    emit: () => {},
    allServers: () => [end.server],
  });
  const workers = startWorkers({
    redisPort: redis.port,
    server: end.server,
    sentUrl: `http://127.0.0.1:${(side.address() as AddressInfo).port}`,
    blobFolder,
    ...(end.imap === undefined ? {} : { imap: end.imap }),
  });
  releases.push(() => workers.stop());

  const calm = Date.now() + STORM_MS;
  const ids = Array.from({ length: count }, (_, i) => `chaos ${seed}/${i}`);
  const feeding = (async () => {
    for (const [i, replyId] of ids.entries()) {
      const text = `Antwort ${i}\r\n${'Zeile\r\n'.repeat(Math.floor(random() * random() * 3_000))}`;
      const input = {
        schema: 'mailroom.reply/1' as const,
        replyId,
        server: end.server.name,
        from: SHARED,
        to: [CUSTOMER],
        subject: 'Re',
        text,
      };
      const pause = Math.max(0, (calm - Date.now()) / (ids.length - i)) * random() * 1.8;
      await new Promise((resolve) => setTimeout(resolve, pause));
      await replies.submitReply(input);
      for (let copy = 0; random() < 0.3; copy++) await queue.add('reply', input, { jobId: `copy-${i}-${copy}` });
    }
  })();
  let disturbed = 0;
  const longest = calm + 60_000; // a loaded machine needs longer for a storm that is one
  while (Date.now() < calm || (end.copies().size <= count / 4 && Date.now() < longest)) {
    await new Promise((resolve) => setTimeout(resolve, 50 + random() * 250));
    disturbed += 1;
    end.disturb(random);
    if (random() < 0.12) workers.killOne(random);
  }
  await feeding;
  expect({ seed, mailsInTheStorm: end.copies().size > count / 4 }).toEqual({ seed, mailsInTheStorm: true });
  stormy = false;
  await end.calm();

  const statesOf = () => Promise.all(ids.map(async (replyId) => (await journal.read(replyId))?.state ?? 'none'));
  const settled = ['accepted', 'rejected', 'held'];
  await until('every reply ended', async () => (await statesOf()).every((state) => settled.includes(state)), 120_000);
  await workers.stop();
  const states = await statesOf();
  const of = (id: string) => end.copies().get(id) ?? 0;
  // Postfix delivers what it accepted a moment later.
  const missing = () => ids.filter((id, i) => states[i] === 'accepted' && of(id) === 0);
  await until(`seed ${seed}: what was accepted is there`, () => missing().length === 0);
  expect({ seed, twice: [...end.copies()].filter(([, copies]) => copies > 1) }).toEqual({ seed, twice: [] });
  const wrong = ids.filter((id, i) => states[i] === 'rejected' && of(id) > 0);
  expect({ seed, rejectedWithMail: wrong }).toEqual({ seed, rejectedWithMail: [] });
  const tally: Record<string, number> = { seed, replies: count, disturbed, expired, kills: workers.kills() };
  for (const state of states) tally[state] = (tally[state] ?? 0) + 1;
  return { ...tally, mails: end.copies().size };
}

const seeds = Array.from({ length: rounds }, (_, i) => firstSeed + i);
it.each(seeds)('sandbox, seed %i: nobody gets a reply twice, every reply ends', async (seed) => {
  const tally = await oneRound(seed, sandboxEnd);
  process.stdout.write(`chaos outbound sandbox ${JSON.stringify(tally)}\n`);
});
it.each(seeds)('Postfix, seed %i: nobody gets a reply twice, every reply ends', async (seed) => {
  const tally = await oneRound(seed, postfixEnd);
  process.stdout.write(`chaos outbound postfix ${JSON.stringify(tally)}\n`);
});
