// Every way in which Exchange's IMAP lies or fails, as the sandbox can play it: in the end each mail is one job, and the event says what
// happened, with class, action and hint.
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLedgers } from '../../../src/adapters/redis/ledgers.ts';
import { mailboxId, PREFIX } from '../../../src/contract/names.ts';
import { catalogue, hintFor } from '../../../src/domain/catalogue/index.ts';
import type { ErrorCode } from '../../../src/domain/errors.ts';
import { parsingKey } from '../../../src/domain/keys.ts';
import { audit } from '../../../src/domain/ledger.ts';
import { unreadable } from '../../../src/parsing/index.ts';
import { type Fault, type Sandbox, startSandbox } from '../../../src/sandbox/index.ts';
import { fixture } from '../../support/fixture.ts';
import { parseNothing, parsingBy, startTestInbound, type TestInboundOptions } from '../../support/inbound.ts';
import { startRedis } from '../../support/redis.ts';
import { imapServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';

let BOX = '';
const CLIENT = 'c0ffee00-0000-4000-8000-000000000001';
let sandbox: Sandbox;
let running: Awaited<ReturnType<typeof startTestInbound>>[] = [];
let n = 0;

const redis = fixture(startRedis);
beforeEach(async () => {
  n++;
  BOX = `support${n}@contoso.example`; // a mailbox, and so a ledger, of its own for each test
  sandbox = await startSandbox({
    users: [{ address: BOX, kind: 'shared' }],
    applications: [{ clientId: CLIENT, secret: 's' }],
  });
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  running = [];
  await sandbox.stop();
});

const server = () =>
  imapServer({
    name: 'Support',
    host: 'localhost',
    port: sandbox.imap.port,
    user: BOX,
    ca: sandbox.caPem,
    emailFlow: `Exchange ${n}`,
  });
const flow = () => `Exchange ${n}`;
async function start(options: Partial<TestInboundOptions> = {}) {
  const one = await startTestInbound({
    redisUrl: redis.url,
    servers: [server()],
    token: () => ({ accessToken: sandbox.oauth.applicationToken(CLIENT), expiresAt: new Date(Date.now() + 3_600_000) }),
    ...options,
  });
  running.push(one);
  return one;
}
const raw = (i: number) =>
  `From: k@x.example\r\nSubject: ${i}\r\nDate: Mon, 23 Nov 2026 10:00:0${i % 10} +0000\r\nMessage-ID: <m${i}@x.example>\r\n\r\nbody ${i}\r\n`;
const put = (count: number, first = 1) => {
  for (let i = first; i < first + count; i++) sandbox.mailboxes.append(BOX, raw(i));
};

/** All mails of the mailbox are on the queue, each once, and the audit balances. */
async function settled(one: Awaited<ReturnType<typeof start>>, count: number) {
  const jobs = await one.jobsAre(count, flow());
  expect(jobs).toHaveLength(count);
  expect(new Set(jobs.map(({ messageKey }) => messageKey)).size).toBe(count);
  const uids = sandbox.mailboxes.list(BOX).map(({ uid }) => uid);
  expect(audit(await one.ledgers.load(mailboxId(server())), uids).unaccounted).toEqual([]);
  return jobs;
}

describe('answers of the server', () => {
  const rows: [fault: Fault, code: ErrorCode, cls: string, action: string][] = [
    [{ name: 'authFailed', times: 1 }, 'IMAP_AUTH_FAILED', 'auth', 'renew-token'],
    [{ name: 'notConnected', times: 2 }, 'IMAP_NOT_CONNECTED', 'permission', 'back-off'],
    [{ name: 'commandError', number: 10, times: 1 }, 'IMAP_TOKEN_REFUSED', 'auth', 'renew-token'],
    [{ name: 'commandError', number: 12, times: 1 }, 'IMAP_TOKEN_REFUSED', 'auth', 'renew-token'],
    [{ name: 'serverUnavailable15', at: 'login', times: 1 }, 'IMAP_SERVER_UNAVAILABLE', 'auth', 'back-off'],
    [{ name: 'serverUnavailable15', at: 'select', times: 1 }, 'IMAP_SERVER_UNAVAILABLE', 'transient', 'back-off'],
    [
      { name: 'throttleImap', milliseconds: 300, command: 'SEARCH', times: 1 },
      'IMAP_THROTTLED',
      'throttle',
      'back-off',
    ],
    [{ name: 'closed13', times: 1 }, 'IMAP_CONNECTION_CLOSED', 'transient', 'retry'],
    [{ name: 'closed14', times: 1 }, 'IMAP_CONNECTION_CLOSED', 'transient', 'retry'],
    [{ name: 'dropAfterLogin', times: 1 }, 'IMAP_CONNECTION_CLOSED', 'transient', 'retry'],
    [{ name: 'refuseConnections', times: 1 }, 'IMAP_CONNECTION_CLOSED', 'transient', 'retry'],
    [
      { name: 'imapReply', command: 'SEARCH', text: 'NO The specified message set is invalid.', times: 1 },
      'IMAP_COMMAND_FAILED',
      'transient',
      'retry',
    ],
  ];
  it.each(rows)('%o', async (fault, code, cls, action) => {
    put(3);
    sandbox.faults.set(fault);
    const one = await start();
    const event = await waitFor(() => one.events('MailboxDisconnected')[0], {
      describe: () => JSON.stringify(one.events()).slice(0, 2_000),
    });
    expect(event).toMatchObject({ server: 'Support', err: { code, class: cls } });
    expect(catalogue[code].action).toBe(action);
    expect(String(event.hint)).toBe(hintFor(code, 'microsoft').en);
    await settled(one, 3);
  });

  it('reconnects at once with a new token when the token expired', async () => {
    const one = await start();
    await waitFor(() => one.inbound.status()[0]?.state === 'idle');
    sandbox.faults.set({ name: 'tokenExpiredNow', refuseOldTokens: true });
    put(1);
    const event = await waitFor(() => one.events('MailboxDisconnected')[0]);
    expect(event).toMatchObject({ err: { code: 'IMAP_TOKEN_EXPIRED' }, delayMs: 0 });
    await settled(one, 1);
  });

  // The bound for an answer is a second here.
  it.each<[string, Fault]>([
    ['longer than the time limit for an answer', { name: 'throttleImap', milliseconds: 2_500, times: 1 }],
    ['from a server that disconnects afterwards', { name: 'throttleImap', milliseconds: 900, bye: true, times: 1 }],
  ])('obeys a throttle hint before it reconnects: %s', async (_name, fault) => {
    put(1);
    sandbox.faults.set(fault);
    const started = performance.now();
    const one = await start({ settings: { deadAfterMs: 3_000 } });
    const event = await waitFor(() => one.events('MailboxDisconnected')[0]);
    expect(event).toMatchObject({ err: { code: 'IMAP_THROTTLED', class: 'throttle' } });
    await settled(one, 1);
    expect(performance.now() - started).toBeGreaterThan((fault.milliseconds ?? 0) - 50);
    expect(one.events('MailboxDisconnected')).toHaveLength(1);
  });
});

describe('faults of messages', () => {
  const rows: [name: string, fault: Fault][] = [
    ['OK FETCH without data, several times', { name: 'emptyFetch', uid: 2, times: 2 }],
    ['a message that becomes readable later', { name: 'lateReadable', uid: 2, forMilliseconds: 450 }],
    [
      'a message that becomes visible late, under UIDs already known',
      { name: 'lateVisible', uid: 2, forMilliseconds: 1_000 },
    ],
    ['a truncated FETCH list', { name: 'shortFetch', after: 2, times: 1 }],
    ['a connection cut inside a literal', { name: 'truncateFetch', uid: 3, times: 1 }],
    ['a new front end that announces IMAP4rev2', { name: 'imap4rev2FrontEnd' }],
    ['a slow line', { name: 'slowBytes', bytesPerSecond: 20_000 }],
  ];
  it.each(rows)('%s', async (_name, fault) => {
    put(5);
    sandbox.faults.set(fault);
    const one = await start({ settings: { reconcileMs: 500, deadAfterMs: 1_000 } });
    const jobs = await settled(one, 5);
    expect(new Set(jobs.map(({ threading }) => threading.messageId)).size).toBe(5);
  });

  it('quarantines what stays unreadable until the time limit, visibly, and continues with the mailbox', async () => {
    put(3);
    sandbox.faults.set({ name: 'emptyFetch', uid: 2 });
    const one = await start();
    const jobs = await settled(one, 3);
    expect(jobs.find(({ uid }) => uid === 2)).toMatchObject({ parse: 'failed', warnings: [{ code: 'no-data' }] });
    expect(one.events('MessagePending').length).toBe(3);
    expect(one.events('MessageQuarantined')).toMatchObject([{ uid: 2, reason: 'no-data' }]);
    put(1, 4);
    await settled(one, 4);
  });

  it('quarantines Exchange’s replacement text with its raw bytes', async () => {
    put(3);
    sandbox.faults.set({ name: 'poisonText', uid: 2 });
    const one = await start();
    const jobs = await settled(one, 3);
    expect(jobs.find(({ uid }) => uid === 2)).toMatchObject({
      parse: 'failed',
      warnings: [{ code: 'replacement-text' }],
    });
    expect(one.events('MessageQuarantined')).toMatchObject([{ uid: 2, reason: 'replacement-text' }]);
  });

  it('records messages as vanished that are expunged while they are fetched', async () => {
    put(4);
    sandbox.faults.set({ name: 'expungeWhileFetch', uid: 3, times: 1 });
    const one = await start();
    await waitFor(async () => {
      const { counts } = audit(
        await one.ledgers.load(mailboxId(server())),
        sandbox.mailboxes.list(BOX).map(({ uid }) => uid),
      );
      return counts.enqueued + counts.vanished === 4;
    });
  });

  it('enqueues a message that the parser cannot handle, with its raw bytes', async () => {
    put(3);
    const one = await start({
      ports: parsingBy((bytes) => (Buffer.from(bytes).includes('<m2@') ? unreadable('parse-timeout') : { ...parsed })),
    });
    const jobs = await settled(one, 3);
    const bad = jobs.find(({ parse }) => parse === 'failed');
    expect(bad?.uid).toBe(2);
    const chunks: Uint8Array[] = [];
    for await (const chunk of one.blobs.read(bad?.raw.blob ?? '')) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe(raw(2));
    expect(one.events('MessageQuarantined')).toMatchObject([{ uid: 2, reason: 'parse-timeout' }]);
  });
});

describe('a message that ends the process', () => {
  /** Starts on four mails of which earlier processes left such notes (UID → processes in a row); resolves with what was parsed and the jobs. */
  async function startAfter(notes: [uid: number, count: number][], ports: TestInboundOptions['ports'] = {}) {
    put(4);
    const client = new Redis(redis.url);
    await createLedgers(client).parsing(mailboxId(server()), new Map(notes));
    client.disconnect();
    const parsedUids: number[] = [];
    const one = await start({
      ports: {
        ...parsingBy((bytes) => {
          parsedUids.push(Number(/Subject: (\d)/.exec(Buffer.from(bytes).toString())?.[1]));
          return parseNothing(bytes);
        }),
        ...ports,
      },
    });
    const jobs = await settled(one, 4);
    return { one, jobs, parsedUids, left: await one.redis.hgetall(parsingKey(PREFIX, mailboxId(server()))) };
  }

  it('is identified by its unfinished attempts and quarantined; its neighbours are enqueued as usual', async () => {
    const { jobs, parsedUids, left } = await startAfter([[2, 4]]);
    expect(jobs.find(({ uid }) => uid === 2)).toMatchObject({
      parse: 'failed',
      warnings: [{ code: 'parser-crashed' }],
    });
    expect(parsedUids).toEqual([1, 3, 4]);
    expect(left).toEqual({});
  });

  it('is parsed alone and after its neighbours while it is only suspected', async () => {
    const { jobs, parsedUids, left } = await startAfter([
      [1, 1],
      [2, 3],
    ]);
    expect(parsedUids).toEqual([3, 4, 1, 2]);
    expect(jobs.filter(({ parse }) => parse === 'failed')).toEqual([]);
    expect(left).toEqual({});
  });

  it('is counted once for each process, however often that process retries because it could not commit', async () => {
    let failures = 6;
    const notes: [uid: number, count: number][] = [];
    const client = new Redis(redis.url);
    const ledgers = createLedgers(client);
    const { one, jobs } = await startAfter([[2, 1]], {
      relate: async () => {
        if (failures-- > 0) throw new Error('Redis is away');
        return { conversation: { id: 'c-test', matchedBy: 'new' as const } };
      },
      ledgers: {
        ...ledgers,
        parsing: async (id, begun) => {
          notes.push(...begun);
          await ledgers.parsing(id, begun);
        },
      },
    });
    await one.stop();
    running = [];
    client.disconnect();
    expect(jobs.filter(({ parse }) => parse === 'failed')).toEqual([]);
    expect(notes.length).toBeGreaterThan(4);
    // Noted when it begins, and taken back when the commit failed.
    for (const [uid, count] of notes) expect([uid === 2 ? 2 : 1, uid === 2 ? 1 : 0]).toContain(count);
  });
});

describe('faults of the folder', () => {
  it('neither replays nor loses messages when UIDVALIDITY changes during a session', async () => {
    put(6);
    const one = await start();
    await settled(one, 6);
    sandbox.mailboxes.setUidValidity(BOX, 777);
    put(2, 7);
    const jobs = await one.jobsAre(8, flow());
    expect(jobs).toHaveLength(8);
    expect(new Set(jobs.map(({ threading }) => threading.messageId)).size).toBe(8);
    expect(one.events('MailboxRescanned')[0]).toMatchObject({ reason: 'uidvalidity-changed', detail: { matched: 6 } });
  });

  it('neither replays nor loses messages when UIDNEXT decreases under the same UIDVALIDITY', async () => {
    put(6);
    const one = await start();
    await settled(one, 6);
    await one.stop();
    running = [];
    sandbox.mailboxes.expunge(BOX, [1, 2, 3, 4, 5, 6]);
    // The restored folder: four of the old mails under new UIDs, and one nobody has seen.
    for (const [at, i] of [1, 2, 4, 6, 9].entries()) sandbox.mailboxes.append(BOX, raw(i), { uid: at + 1 });
    sandbox.faults.set({ name: 'uidNextBack', by: 1 });
    const again = await start();
    const jobs = await waitFor(
      async () => {
        const list = await again.jobs(flow());
        return list.some(({ threading }) => threading.messageId === '<m9@x.example>') ? list : undefined;
      },
      {
        describe: () => JSON.stringify([sandbox.mailboxes.status(BOX), again.events()]).slice(0, 3_000),
      },
    );
    expect(jobs).toHaveLength(7);
  });
});

describe('a mail that IDLE announces', () => {
  it('is fetched without listing the folder first', async () => {
    const one = await start({ settings: { idleRenewMs: 60_000, deadAfterMs: 60_000, reconcileMs: 60_000 } });
    await waitFor(() => one.inbound.status()[0]?.state === 'idle');
    // Anyone who searches now is disconnected, and that would be told.
    sandbox.faults.set({ name: 'imapReply', command: 'SEARCH', text: 'NO The specified message set is invalid.' });
    for (let i = 1; i <= 3; i++) {
      put(1, i);
      await waitFor(async () => (await one.jobs(flow())).length === i && one.inbound.status()[0]?.state === 'idle');
    }
    expect(one.events('MailboxDisconnected')).toEqual([]);
    expect(sandbox.faults.list().map(({ struck }) => struck)).toEqual([0]);
  });
});

describe('faults of the connection', () => {
  it.each<[string, Fault]>([
    ['IDLE without notifications', { name: 'muteIdle' }],
    ['IDLE that is dropped', { name: 'dropIdle', times: 2 }],
    ['a half-open connection', { name: 'halfOpen' }],
  ])('%s does not delay a mail beyond the limit', async (_name, fault) => {
    const one = await start({ settings: { deadAfterMs: 1_500, reconcileMs: 1_000 } });
    await waitFor(() => one.inbound.status()[0]?.state === 'idle');
    sandbox.faults.set(fault);
    put(1);
    const started = performance.now();
    await settled(one, 1);
    // The bound, the reconnect, and a loaded machine; without the bound it would be minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
    if (fault.name !== 'halfOpen') return;
    expect(one.inbound.status()[0]?.blindSeconds).toBeGreaterThan(0.5);
    expect(one.events('MailboxDisconnected')[0]).toMatchObject({ err: { code: 'IMAP_SILENT' } });
  });

  it('reconnects before the token expires, without a measurable gap', async () => {
    const lives = [2_400];
    const one = await start({
      token: () => ({
        accessToken: sandbox.oauth.applicationToken(CLIENT),
        expiresAt: new Date(Date.now() + (lives.shift() ?? 3_600_000)),
      }),
      settings: { provenMs: 500 },
      ports: { random: () => 0 },
    });
    await waitFor(() => one.inbound.status()[0]?.state === 'idle');
    const blind = one.inbound.status()[0]?.blindSeconds ?? 0;
    await waitFor(() => one.events('MailboxRenewed').length === 1);
    await waitFor(() => one.inbound.status()[0]?.state === 'idle');
    expect(one.events('MailboxDisconnected')).toEqual([]);
    expect((one.inbound.status()[0]?.blindSeconds ?? 9) - blind).toBeLessThan(2);
  });

  it('pauses under back-pressure, shows the reason, and resumes automatically', async () => {
    let pressure: 'backlog' | undefined = 'backlog';
    put(2);
    const one = await start({ ports: { pressure: async () => pressure }, settings: { deadAfterMs: 1_000 } });
    await waitFor(() => one.inbound.status()[0]?.state === 'paused');
    expect(one.events('MailboxPaused')).toMatchObject([{ reason: 'backlog' }]);
    expect(await one.jobs(flow())).toEqual([]);
    pressure = undefined;
    await settled(one, 2);
    expect(one.events('MailboxResumed')).toHaveLength(1);
  });
});

describe('reload', () => {
  it('affects only the connection of the changed server', async () => {
    const other = 'billing@contoso.example';
    await sandbox.stop();
    sandbox = await startSandbox({
      users: [
        { address: BOX, kind: 'shared' },
        { address: other, kind: 'shared' },
      ],
      applications: [{ clientId: CLIENT, secret: 's' }],
    });
    const second = () => imapServer({ ...server(), name: 'Billing', user: other });
    const one = await start({ servers: [server(), second()] });
    const idle = () => one.inbound.status().every(({ state }) => state === 'idle') && one.inbound.status().length;
    await waitFor(() => idle() === 2);
    await one.inbound.setServers([server(), { ...second(), maxMessageSize: 1_000_000 }]);
    await waitFor(() => one.events('MailboxConnected').length === 3 && idle() === 2);
    expect(one.events('MailboxStopped')).toMatchObject([{ server: 'Billing', reason: 'definition-changed' }]);
    await one.inbound.setServers([server(), { ...second(), enabled: false }]);
    await waitFor(() => one.inbound.status().length === 1);
    expect(one.events('MailboxConnected').filter((event) => event.server === 'Support')).toHaveLength(1);
  });
});

const parsed = {
  parse: 'complete' as const,
  subject: '',
  from: [],
  replyTo: [],
  to: [],
  cc: [],
  deliveredTo: [],
  attachments: [],
  threading: { inReplyTo: [], references: [] },
  automatic: { kind: 'none' as const, evidence: [], mayAutoRespond: true },
  importance: 'normal' as const,
  authenticationResults: [],
  warnings: [],
};
