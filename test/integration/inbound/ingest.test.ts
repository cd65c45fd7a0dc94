// Ingest against a real Dovecot (Exchange's capability list, XOAUTH2) and a real Redis: catch-up, IDLE, faults of the line, UIDVALIDITY.
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mailboxId } from '../../../src/contract/names.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import { audit } from '../../../src/domain/ledger.ts';
import { startDovecot } from '../../support/dovecot.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { fixture } from '../../support/fixture.ts';
import { startTestInbound, type TestInboundOptions } from '../../support/inbound.ts';
import { mails, oneMail } from '../../support/mails.ts';
import { startRedis } from '../../support/redis.ts';
import { imapServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';

let user: string;
let counter = 0;
let running: Awaited<ReturnType<typeof startTestInbound>>[] = [];
let proxies: FaultProxy[] = [];

const redis = fixture(startRedis);
const dovecot = fixture(() => startDovecot({ users: [] }));
beforeEach(() => {
  user = `box${++counter}@contoso.example`;
  dovecot.addUser({ user, fullAccess: ['app:mailroom'] });
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  running = [];
  proxies = [];
});

const server = (fields: Partial<Parameters<typeof imapServer>[0]> = {}) =>
  imapServer({
    name: 'Support',
    host: 'localhost',
    port: dovecot.port,
    user,
    ca: dovecot.caPem,
    emailFlow: `Flow ${counter}`,
    ...fields,
  });

async function start(options: Partial<TestInboundOptions> = {}) {
  const one = await startTestInbound({
    redisUrl: redis.url,
    servers: [server()],
    token: () => ({ accessToken: dovecot.token({ appId: 'mailroom' }), expiresAt: new Date(Date.now() + 3_600_000) }),
    ...options,
  });
  running.push(one);
  return one;
}

const fill = (count: number, first = 1) =>
  dovecot.writeMaildir(
    user,
    [...mails({ count, first, kind: 'small' })].map((mail) => mail.raw),
  );
const flow = () => `Flow ${counter}`;
async function jobsAre(one: Awaited<ReturnType<typeof start>>, count: number) {
  const jobs = await one.jobsAre(count, flow());
  expect(jobs.length).toBe(count);
  expect(new Set(jobs.map((job) => job.uid)).size).toBe(count);
  return jobs;
}

describe('catch-up and IDLE', () => {
  it('turns every mail of a mailbox into one job and leaves the mailbox unchanged', async () => {
    fill(130);
    const one = await start();
    const jobs = await jobsAre(one, 130);
    expect(new Set(jobs.map((job) => job.threading.messageId)).size).toBe(130);
    const seen = await dovecot.doveadm('search', '-u', user, 'mailbox', 'INBOX', 'SEEN');
    expect(seen.trim()).toBe('');
    const ledger = await one.ledgers.load(mailboxId(server()));
    expect(
      audit(
        ledger,
        jobs.map((job) => job.uid),
      ),
    ).toMatchObject({ unaccounted: [], pending: [], counts: { enqueued: 130 } });
  });

  it('sees mails that arrive during IDLE', async () => {
    const one = await start();
    await waitFor(() => one.inbound.status()[0]?.state === 'idle', {
      describe: () => JSON.stringify([one.inbound.status(), one.events()]),
    });
    for (let number = 1; number <= 5; number++) {
      await dovecot.deliver(user, oneMail({ number }).raw);
      await jobsAre(one, number);
    }
  });

  it('starts with new mail when `start: now` is set, and accounts for the skipped messages', async () => {
    fill(7);
    const one = await start({ servers: [server({ startFrom: 'now' })] });
    await waitFor(() => one.inbound.status()[0]?.state === 'idle', {
      describe: () => JSON.stringify([one.inbound.status(), one.events()]),
    });
    await dovecot.deliver(user, oneMail({ number: 8 }).raw);
    const [job] = await jobsAre(one, 1);
    const ledger = await one.ledgers.load(mailboxId(server()));
    expect(audit(ledger, [1, 2, 3, 4, 5, 6, 7, 8])).toMatchObject({
      unaccounted: [],
      counts: { 'before-start': 7, enqueued: 1 },
    });
    expect(job?.uid).toBe(8);
  });

  it('does not enqueue again after a restart', async () => {
    fill(25);
    const first = await start();
    await jobsAre(first, 25);
    await first.stop();
    running = [];
    fill(3, 26);
    const second = await start();
    await jobsAre(second, 28);
  });
});

describe('faults of the connection', () => {
  it('recovers after a cut and a stall without losing or repeating a message', async () => {
    const proxy = await startFaultProxy({ target: { port: dovecot.port } });
    proxies.push(proxy);
    fill(60);
    const one = await start({ servers: [server({ port: proxy.port })], settings: { deadAfterMs: 3_000 } });
    await one.jobsAre(20, flow());
    proxy.faults.cut();
    // Else a stall could follow before the cut was noticed, and the two would be one loss.
    await waitFor(() => one.events('MailboxDisconnected').length >= 1);
    await jobsAre(one, 60);
    await waitFor(() => one.inbound.status()[0]?.state === 'idle');
    proxy.faults.stall();
    await dovecot.deliver(user, oneMail({ number: 61 }).raw);
    await waitFor(() => one.events('MailboxDisconnected').length >= 2);
    proxy.faults.resume();
    await jobsAre(one, 61);
    expect(one.inbound.status()[0]?.blindSeconds).toBeGreaterThan(0.5);
    const measured = async (name: string) =>
      Number(new RegExp(`^mailroom_${name}\\{.*\\} (.+)$`, 'm').exec(await one.metrics.text())?.[1]);
    expect(await measured('mailbox_blind_seconds_total')).toBeGreaterThan(0.5);
    expect(await measured('message_ingest_seconds_count')).toBe(61);
  });

  it('does not count mail that existed at the first connection as late; measures later mail from its arrival', async () => {
    fill(1);
    const folder = join(dovecot.maildir(user), 'new');
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), 1, Date.now() / 1000 - 60);
    const one = await start();
    await jobsAre(one, 1);
    await dovecot.deliver(user, oneMail({ number: 2 }).raw);
    await jobsAre(one, 2);
    await waitFor(async () =>
      /^mailroom_message_arrival_seconds_bucket\{le="10",.*\} 1$/m.test(await one.metrics.text()),
    );
  });

  it('neither replays nor loses messages when UIDVALIDITY changes', async () => {
    fill(12);
    const one = await start();
    await jobsAre(one, 12);
    await dovecot.setUidValidity(user, 4242);
    await dovecot.deliver(user, oneMail({ number: 13 }).raw);
    await waitFor(() => one.events('MailboxRescanned').length > 0);
    await jobsAre(one, 13);
    expect(one.events('MailboxRescanned')[0]?.detail).toMatchObject({ matched: 12 });
  });

  it('backs off after a refused sign-in and recovers automatically', async () => {
    fill(2);
    dovecot.setFullAccess(user, []);
    const one = await start();
    const event = await waitFor(() => one.events('MailboxDisconnected')[0]);
    expect(event).toMatchObject({ server: 'Support', err: { code: 'IMAP_AUTH_FAILED', class: 'auth' } });
    dovecot.setFullAccess(user, ['app:mailroom']);
    await jobsAre(one, 2);
  });

  it('survives SCRIPT FLUSH between commits', async () => {
    fill(5);
    const one = await start();
    await jobsAre(one, 5);
    await one.redis.script('FLUSH');
    await dovecot.deliver(user, oneMail({ number: 6 }).raw);
    await jobsAre(one, 6);
  });
});

describe('replicas', () => {
  it('share a mailbox by lease: one watches, and the other takes over', async () => {
    fill(3);
    const a = await start({ replica: 'a' });
    await jobsAre(a, 3);
    const b = await start({ replica: 'b' });
    const watchers = () => [a, b].filter((one) => one.inbound.status().length > 0);
    await waitFor(() => watchers().length === 1);
    const [holder] = watchers();
    const other = holder === a ? b : a;
    await holder?.stop();
    running = running.filter((one) => one !== holder);
    await waitFor(() => other.inbound.status()[0]?.state === 'idle');
    await dovecot.deliver(user, oneMail({ number: 4 }).raw);
    await jobsAre(other, 4);
  });
});

describe('where to start', () => {
  it('unseen: unread messages count, and read ones are before the start point', async () => {
    fill(5);
    await dovecot.doveadm('flags', 'add', '-u', user, '\\Seen', 'mailbox', 'INBOX', 'UID', '1:3');
    const one = await start({ servers: [server({ startFrom: 'unseen' })] });
    const jobs = await jobsAre(one, 2);
    expect(jobs.map(({ uid }) => uid).sort()).toEqual([4, 5]);
    const ledger = await one.ledgers.load(mailboxId(server()));
    expect(audit(ledger, [1, 2, 3, 4, 5])).toMatchObject({
      unaccounted: [],
      counts: { 'before-start': 3, enqueued: 2 },
    });
  });

  it('since a date: compares the time of arrival, to the second', async () => {
    fill(4);
    const list = (await dovecot.doveadm('fetch', '-u', user, 'date.received', 'mailbox', 'INBOX', 'ALL')).trim();
    expect(list).toContain('date.received');
    const future = new Date(Date.now() + 2_000).toISOString();
    const one = await start({ servers: [server({ startFrom: { since: future } })] });
    await waitFor(() => one.inbound.status()[0]?.state === 'idle');
    const ledger = await one.ledgers.load(mailboxId(server()));
    expect(audit(ledger, [1, 2, 3, 4])).toMatchObject({ unaccounted: [], counts: { 'before-start': 4 } });
    await one.stop();
    running = [];
    await one.redis.quit().catch(() => {});
    user = `box${++counter}@contoso.example`;
    dovecot.addUser({ user, fullAccess: ['app:mailroom'] });
    fill(4);
    const all = await start({
      servers: [server({ startFrom: { since: new Date(Date.now() - 60_000).toISOString() } })],
    });
    await jobsAre(all, 4);
  });
});

describe('large messages', () => {
  const big = (number: number, megabytes: number) =>
    Buffer.concat([oneMail({ number }).raw, Buffer.alloc(megabytes * 1_000_000, 'line of a large mail\r\n')]);

  it('are streamed to the blob store; over the maximum size, the job has headers and a reference only', async () => {
    dovecot.writeMaildir(user, [big(1, 4), big(2, 7), oneMail({ number: 3 }).raw]);
    const one = await start({ servers: [server({ maxMessageSize: 6_000_000 })] });
    const jobs = await jobsAre(one, 3);
    const [medium, large] = [jobs.find(({ uid }) => uid === 1), jobs.find(({ uid }) => uid === 2)];
    expect(medium).toMatchObject({ parse: 'complete' });
    expect(medium?.raw.size).toBe(big(1, 4).length);
    expect(large).toMatchObject({ parse: 'headers-only', warnings: [{ code: 'message-too-large' }] });
    expect(large?.raw.size).toBe(big(2, 7).length);
    expect(one.events('MessageTooLarge')).toMatchObject([{ uid: 2 }]);
  });
});

describe('many mailboxes', () => {
  it('are not delayed by a mailbox whose server stalls in the middle of its mails', async () => {
    const proxy = await startFaultProxy({ target: { host: dovecot.host, port: dovecot.port } });
    proxies.push(proxy);
    const slow = `slow${counter}@contoso.example`;
    dovecot.addUser({ user: slow, fullAccess: ['app:mailroom'] });
    const all = [...mails({ count: 60, kind: 'small' })].map(({ raw }) => raw);
    // Full of mails as large as they are held in memory at all: together more than what the process may hold.
    const heavy = Array.from({ length: 30 }, (_, i) =>
      Buffer.concat([all[i] as Buffer, Buffer.alloc(1_800_000, 'a long line\r\n')]),
    );
    dovecot.writeMaildir(slow, heavy);
    const slowServer = server({ name: 'Slow', user: slow, port: proxy.port, emailFlow: `${flow()} slow` });
    const one = await start({
      servers: [slowServer, server()],
      settings: { idleRenewMs: 60_000, deadAfterMs: 20_000 },
    });
    const idle = (name: string) => one.inbound.status().find((status) => status.server === name)?.state === 'idle';
    await waitFor(async () => (await one.jobCount(slowServer.emailFlow)) > 2 && idle('Support'));
    proxy.faults.stall('to-client');
    for (const raw of all) await dovecot.deliver(user, raw);
    await jobsAre(one, all.length);
    expect(idle('Slow')).toBe(false);
    proxy.faults.resume();
    await waitFor(async () => (await one.jobCount(slowServer.emailFlow)) === heavy.length);
  });

  it('share the read budget, and all of them finish', async () => {
    const users = Array.from({ length: 25 }, (_, i) => `storm${counter}.${i}@contoso.example`);
    const raws = [...mails({ count: 12, kind: 'small' })].map(({ raw }) =>
      Buffer.concat([raw, Buffer.alloc(300_000, 'a long line\r\n')]),
    );
    for (const box of users) {
      dovecot.addUser({ user: box, fullAccess: ['app:mailroom'] });
      dovecot.writeMaildir(box, raws);
    }
    const one = await start({
      servers: users.map((box) => server({ name: box, user: box })),
      settings: { idleRenewMs: 60_000, deadAfterMs: 30_000, leaseMs: 60_000 }, // 25 handshakes at once: nothing here is about silence
    });
    await waitFor(async () => (await one.jobCount(flow())) === users.length * raws.length, {
      timeoutMs: 90_000,
      describe: () => JSON.stringify(one.inbound.status().map(({ state }) => state)),
    });
  });
});

describe('back-pressure', () => {
  it('pauses the mailbox while the blob disk is full, and loses nothing', async () => {
    fill(5);
    let full = true;
    const refuse = () => Promise.reject(new MailroomError('BLOB_STORE_FULL'));
    const one = await start({
      blobs: (blobs) => ({
        ...blobs,
        check: () => (full ? refuse() : blobs.check()),
        putBatch: (list) => (full ? refuse() : blobs.putBatch(list)),
      }),
    });
    await waitFor(() => one.inbound.status()[0]?.reason === 'blob-store');
    expect(await one.jobs(flow())).toEqual([]);
    full = false;
    await jobsAre(one, 5);
  });

  it('stops fetching while Redis is away, and resumes when it returns', async () => {
    const own = await startRedis({ aof: 'everysec' });
    const one = await start({ redisUrl: own.url });
    await waitFor(() => one.inbound.status()[0]?.state === 'idle');
    await own.kill9();
    await dovecot.deliver(user, oneMail({ number: 1 }).raw);
    await waitFor(() => one.events('RedisDisconnected').length > 0);
    await own.restart();
    await jobsAre(one, 1);
    await one.stop();
    running = [];
    await own.stop();
  });
});

describe('action after queueing', () => {
  it('flags the queued messages as seen, and no others', async () => {
    fill(3);
    const one = await start({ servers: [server({ startFrom: 'now', afterQueued: { action: 'seen' } })] });
    await waitFor(() => one.inbound.status()[0]?.state === 'idle');
    await dovecot.deliver(user, oneMail({ number: 4 }).raw);
    await jobsAre(one, 1);
    await waitFor(
      async () =>
        (await dovecot.doveadm('search', '-u', user, 'mailbox', 'INBOX', 'SEEN')).trim().split('\n').filter(Boolean)
          .length === 1,
    );
  });

  it('reports a missing target folder', async () => {
    const one = await start({ servers: [server({ afterQueued: { action: 'move', folder: 'Nirgends' } })] });
    const event = await waitFor(() => one.events('MailboxDisconnected')[0]);
    expect(event).toMatchObject({ err: { code: 'IMAP_FOLDER_MISSING', message: expect.stringContaining('Nirgends') } });
  });

  it('moves a message only after its job is on the queue', async () => {
    await dovecot.doveadm('mailbox', 'create', '-u', user, 'Erledigt');
    fill(4);
    const one = await start({ servers: [server({ afterQueued: { action: 'move', folder: 'Erledigt' } })] });
    await jobsAre(one, 4);
    await waitFor(
      async () =>
        (await dovecot.doveadm('search', '-u', user, 'mailbox', 'Erledigt', 'ALL')).trim().split('\n').length === 4,
    );
  });
});
