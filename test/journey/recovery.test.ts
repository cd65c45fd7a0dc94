// Each failure of §1 and §9 is switched on under a running daemon, named by it, and switched off: then a mail that came meanwhile is one job and
// a reply that was added meanwhile is accepted once, without restart. All rows share one daemon; each has a mailbox and an application of its own.
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../../src/adapters/oauth/http.ts';
import { createTokenProvider } from '../../src/adapters/oauth/index.ts';
import { createTokenCache } from '../../src/adapters/redis/token-cache.ts';
import type { OAuthApplication } from '../../src/domain/email-server.ts';
import { FAULTS, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { imapServer } from '../integration/oauth/servers.ts';
import { fixture } from '../support/fixture.ts';
import { journey, replyJob } from '../support/journey.ts';
import type { LogLine, MailroomProcess } from '../support/mailroom.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';
import { type RecoveryRow, recoveryRows } from './recovery-rows.ts';

/** Rows at once: more would make the machine the failure. */
const AT_ONCE = 24;
/** From the end of the failure until mail and reply are through; a throttled identity provider is left alone for a minute. */
const RECOVERY_MS = 120_000;
const SECRET = 'recovery~client~secret~value';
const REDIRECT = 'http://localhost:8025/signin/callback';

const places = recoveryRows.map((row, n) => ({
  row,
  n,
  box: `box${n}@contoso.example`,
  person: `person${n}@contoso.example`,
  customer: `customer${n}@customer.example`,
  application: `App ${n}`,
  clientId: `0b1c2d3e-4f50-4a6b-8c7d-${String(n).padStart(12, '0')}`,
}));
type Place = (typeof places)[number];

let sandbox: Sandbox;
let j: ReturnType<typeof journey>;
let gateway: MailroomProcess;
const key = randomBytes(32);
const played = new Map<string, Promise<number>>();

const redis = fixture(startRedis);
beforeAll(async () => {
  const delegated = places.filter(({ row }) => row.delegated);
  sandbox = await startSandbox({
    users: places.flatMap(({ box, person, customer }) => [
      { address: box, kind: 'shared' as const },
      { address: person },
      { address: customer, kind: 'customer' as const },
    ]),
    applications: places.map(({ clientId, box }) => ({ clientId, secret: SECRET, mailboxes: [box] })),
    permissions: {
      fullAccess: Object.fromEntries(delegated.map(({ box, person }) => [box, [person]])),
      sendAs: Object.fromEntries(delegated.map(({ box, person }) => [box, [person]])),
    },
  });
  const common = { host: 'localhost', authenticationType: 'OAuth2', tls: true, enabled: true };
  j = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
    emailServers: places.flatMap(({ row, n, box, person, application }) => {
      const signIn = row.delegated ? { signIn: 'delegated' } : { signIn: 'appOnly' };
      return [
        {
          ...common,
          ...signIn,
          ...(row.delegated ? { signInUser: person } : {}),
          serverType: 'IMAP',
          name: `${n} in`,
          port: sandbox.imap.port,
          application,
          user: box,
          emailFlow: `Flow ${n}`,
          startFrom: 'all',
        },
        {
          ...common,
          ...signIn,
          serverType: 'SMTP',
          name: `${n} out`,
          port: sandbox.smtp.port,
          application,
          user: row.delegated ? person : box,
          additionalEmailFromAddresses: [box],
          ...(row.append ? { sentCopy: { append: 'Sent Items' } } : {}),
          pace: { perMinute: 10_000 },
        },
      ];
    }),
    settings: {
      inbound: {
        startStaggerMs: 0,
        leaseSeconds: 20,
        deadAfterSeconds: 10,
        loginsPerSecond: 500,
        backoff: { baseMs: 100, capMs: 2_000 },
      },
      outbound: { pausedRetrySeconds: 1, socketTimeoutMs: 3_000 },
      oauthApplications: places.map(({ application, clientId }) => ({
        name: application,
        tenant: sandbox.tenant,
        clientId,
        authority: sandbox.authority.slice(0, sandbox.authority.lastIndexOf('/')),
        credentials: [{ secretEnv: 'MAILROOM_SECRET_APP' }],
      })),
    },
    env: { MAILROOM_SECRET_APP: SECRET, MAILROOM_SECURITY_CACHE_KEYS: `test:${key.toString('base64')}` },
  });
  await signInAll(delegated);
  gateway = j.start([], [], 'test/journey/recovery-gateway.ts');
  await gateway.waitForEvent('GatewayStarted', () => true, { timeoutMs: 60_000 });
  for (const place of places) await idle(place);

  // Those that strike connections of unknown mailboxes come after all others, one by one.
  const crowd = places.filter(({ row }) => !row.alone);
  const running = Array.from({ length: AT_ONCE }, async () => {
    for (let next = crowd.shift(); next !== undefined; next = crowd.shift()) await noted(next);
  });
  const crowdDone = Promise.all(running);
  void crowdDone.then(async () => {
    for (const place of places.filter(({ row }) => row.alone)) await noted(place);
  });
}, 240_000);
afterAll(async () => {
  expect(gateway.events('GatewayStarted')).toHaveLength(1);
  const ms = [...(await Promise.allSettled(played.values()))].flatMap((one) =>
    one.status === 'fulfilled' ? [one.value] : [],
  );
  ms.sort((a, b) => a - b);
  const seconds = (at: number) => ((ms[Math.floor(at * (ms.length - 1))] ?? 0) / 1_000).toFixed(1);
  process.stdout.write(
    `recovery: ${ms.length} failures, half of them over within ${seconds(0.5)} s, 95 % ${seconds(0.95)} s, all ${seconds(1)} s\n`,
  );
  const audit = await j.run('audit', '--json');
  await j.stop();
  await sandbox.stop();
  expect(JSON.parse(audit.output)).toMatchObject({ unaccounted: 0 });
});

/** Keeps a row's end for its test. */
async function noted(place: Place): Promise<void> {
  const playing = play(place);
  played.set(place.row.name, playing);
  await playing.catch(() => {});
}

const idle = ({ box }: Place) =>
  waitFor(() => sandbox.sessions().some((one) => one.mailbox === box && one.idling), {
    timeoutMs: 60_000,
    describe: () => `${box} to be watched; ${gateway.output().slice(-1_500)}`,
  });

/** As the portal does it: the browser comes back with a code. */
async function signInAll(delegated: readonly Place[]): Promise<void> {
  const client = new Redis(redis.url, { maxRetriesPerRequest: null });
  const applications = delegated.map(
    ({ application, clientId }): OAuthApplication => ({
      name: application,
      tenant: sandbox.tenant,
      clientId,
      cloud: 'world',
      authority: sandbox.authority,
      ca: sandbox.caPem,
      credentials: [{ kind: 'secret', secret: SECRET }],
    }),
  );
  const tokens = createTokenProvider({
    applications: () => applications,
    cache: createTokenCache({ redis: client, keys: [{ id: 'test', key }] }),
    emit: () => {},
    redirectUris: [REDIRECT],
  });
  for (const { application, box, person } of delegated) {
    const server = imapServer({ application, signIn: 'delegated', signInUser: person } as never, { user: box });
    const { url } = await tokens.beginSignIn(server, REDIRECT);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ person }).toString();
    const answer = await send('POST', url, { headers, body }, { ca: sandbox.caPem, timeoutMs: 30_000 });
    const query = Object.fromEntries(new URL(answer.headers.location ?? '').searchParams);
    await tokens.completeSignIn(query as { state: string });
  }
  tokens.stop();
  client.disconnect();
}

/** Switches a row's faults on, within its own mailbox and application. @returns their ids */
const breakIt = ({ row, box, clientId }: Place): string[] =>
  row.faults.map((fault) => {
    const where = FAULTS[fault.name].protocol === 'oauth' ? { client: clientId } : row.alone ? {} : { mailbox: box };
    return sandbox.faults.set({ ...fault, ...where });
  });

/** Plays a row to its end; resolves with the milliseconds from the end of the failure until all was through. */
async function play(place: Place): Promise<number> {
  const { row, n, box, customer } = place;
  const messageIds = Array.from({ length: row.mails ?? 1 }, (_, m) => `<recovery-${n}-${m}@customer.example>`);
  const first = `recovery-${n}`;
  const last = row.reply === 'rejected' ? `${first}-next` : first;
  const reply = (replyId: string) =>
    j.addReply(`${n} out`, { replyId, from: box, to: [customer], subject: `Re: ${replyId}`, text: 'y' });

  const from = gateway.lines.length;
  const ids = breakIt(place);
  try {
    if (row.cut) sandbox.faults.set({ name: 'drop', mailbox: box });
    for (const messageId of messageIds) {
      const head = `From: <${customer}>\r\nTo: <${box}>\r\nSubject: ${n}\r\nMessage-ID: ${messageId}`;
      sandbox.mailboxes.deliver(box, `${head}\r\n\r\nx\r\n`, customer);
    }
    await reply(first);
    await told(place, from, ids);
    if (row.reply === 'rejected') {
      const failed = { state: 'rejected', failure: { code: row.seen } };
      expect(await j.result(`${n} out`, replyJob(first), 60_000)).toMatchObject(failed);
    }
    if (row.reply === 'held')
      await gateway.waitForEvent('ReplyHeld', ({ replyId }) => replyId === first, { timeoutMs: 60_000 });
  } finally {
    for (const id of ids) sandbox.faults.clear(id);
  }

  const over = performance.now();
  if (row.reply === 'held') expect((await j.run('replies', 'release', first)).code).toBe(0);
  if (last !== first) await reply(last);
  expect(await j.result(`${n} out`, replyJob(last), RECOVERY_MS)).toMatchObject({ state: 'accepted' });
  const jobs = await waitFor(
    async () => {
      const all = await j.messages(`Flow ${n}`);
      return all.length >= messageIds.length ? all : undefined;
    },
    { timeoutMs: RECOVERY_MS, describe: () => `the mail of ${row.name}:\n${saidOf(place)}` },
  );
  const ms = performance.now() - over;
  // What Exchange replaced by a text of its own has no header of the customer's any more.
  if (row.seen === 'MessageQuarantined') expect(jobs).toMatchObject([{ parse: 'failed' }]);
  else expect(jobs.map(({ threading }) => threading.messageId).sort()).toEqual(messageIds);
  const arrived = sandbox.mailboxes.list(customer).map(({ raw }) => /^Subject: Re: (.*)\r$/m.exec(raw.toString())?.[1]);
  expect(arrived).toEqual([last]);
  await idle(place);
  return ms;
}

const isOf = ({ n, application }: Place, line: LogLine) =>
  line.server === `${n} in` || line.server === `${n} out` || line.application === application;
/** What the daemon said of a row last. */
const saidOf = (place: Place) =>
  gateway.lines
    .filter((line) => isOf(place, line))
    .slice(-6)
    .map((line) => JSON.stringify(line))
    .join('\n');

/** The daemon tells of the failure, by the event or code of the row. */
async function told(place: Place, from: number, ids: readonly string[]): Promise<void> {
  const { seen, name } = place.row;
  let at = from;
  await waitFor(
    () => {
      if (seen === undefined) return !sandbox.faults.list().some(({ id, struck }) => ids.includes(id) && struck === 0);
      for (; at < gateway.lines.length; at += 1) {
        const line = gateway.lines[at] as LogLine;
        if (isOf(place, line) && (line.event === seen || JSON.stringify(line).includes(`"${seen}"`))) return true;
      }
      return false;
    },
    { timeoutMs: 60_000, describe: () => `${name} to be told as ${seen ?? 'struck'}:\n${saidOf(place)}` },
  );
}

describe('recovery after an outage', () => {
  it('every answer of §1 and §9 that the sandbox plays has a row', () => {
    const names = recoveryRows.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(120);
  });

  it.each(recoveryRows.map((row): [string, RecoveryRow] => [row.name, row]))(
    '%s',
    async (name) => {
      await waitFor(() => played.has(name), { timeoutMs: 900_000, describe: `${name} to be played` });
      expect(await played.get(name)).toBeLessThan(RECOVERY_MS);
    },
    1_200_000,
  );
});
