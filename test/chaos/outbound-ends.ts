// The other ends that the chaos tests of the sending half send to, each with the customers' mailboxes to judge by: an SMTP sink that breaks at
// every stage; the sandbox with its faults and its Sent folder over IMAP; real Postfix behind a proxy that cuts, truncates and stalls.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImapServer, SmtpServer } from '../../src/domain/email-server.ts';
import { type Fault, startSandbox } from '../../src/sandbox/index.ts';
import { startDovecot } from '../support/dovecot.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startPostfix } from '../support/postfix.ts';
import { imapServer, smtpServer } from '../support/servers.ts';
import { header, type Fault as SinkFault, startSink } from '../support/smtp-sink.ts';

interface OtherEnd {
  server: SmtpServer;
  customer: string;
  imap?: ImapServer;
  token(expired: boolean): string;
  /** replyId → copies in the customer's mailbox. */
  copies(): Map<string, number>;
  /** One more thing goes wrong, or what went wrong is over. @param mailsCame since the last time: without them nothing new breaks */
  disturb(mailsCame: boolean): void;
  faults(): number;
  calm(): Promise<void> | void;
  /** How each copy got here, for the person who reads a failure. */
  ways?(replyId: string): string[];
}

export type OpenEnd = (random: () => number, release: (stop: () => unknown) => void) => Promise<OtherEnd>;

const SHARED = 'support@contoso.example';
const CUSTOMER = 'customer@customer.example';
const CLIENT = '3b1f4d6e-0a52-4c7b-8e19-6d2c5a7f9b03';
const TOKEN = { type: 'OAuth2' as const, application: 'gateway', signIn: 'appOnly' as const };
const GENEROUS = { pace: { perMinute: 1_000_000, connections: 4, recipientsPerDay: 10_000_000 } };

const tallyOf = (replyIds: Iterable<string>) => {
  const copies = new Map<string, number>();
  for (const replyId of replyIds) copies.set(replyId, (copies.get(replyId) ?? 0) + 1);
  return copies;
};
const replyIdOf = (raw: string) => decodeURIComponent(header(raw, 'X-Mailroom-Reply-Id') ?? '');

const SINK_FAULTS: readonly [number, SinkFault][] = [
  [0.02, 'connect'],
  [0.04, 'mail'],
  [0.04, 'rcpt'],
  [0.06, 'in-data'],
  [0.02, 'dropped-after-dot'],
  [0.06, 'accepted-unanswered'],
  [0.01, 'stalled'],
  [0.03, { at: 'dot', reply: '432 4.3.2 Concurrent connections limit exceeded' }],
  [0.02, { at: 'dot', reply: '550 5.7.60 Client does not have permissions to send as this sender' }],
  [0.03, { at: 'mail', reply: '451 4.7.0 Temporary server error. PRX4' }],
];

export const sinkEnd: OpenEnd = async (random, release) => {
  const sink = await startSink();
  release(() => sink.stop());
  let faults = 0;
  sink.nextFault = () => {
    let dice = random();
    for (const [share, fault] of SINK_FAULTS) {
      dice -= share;
      if (dice >= 0) continue;
      faults += 1;
      return fault;
    }
    return undefined;
  };
  return {
    server: smtpServer(sink.port, GENEROUS),
    customer: CUSTOMER,
    token: () => 'token',
    copies: () => tallyOf(sink.received.map(({ replyId }) => replyId)),
    disturb: () => {},
    faults: () => faults,
    calm() {
      sink.nextFault = () => undefined;
      sink.faults.length = 0;
    },
  };
};

const SANDBOX_FAULTS: readonly Fault[] = [
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

export const sandboxEnd: OpenEnd = async (random, release) => {
  const sandbox = await startSandbox({
    users: [
      { address: SHARED, kind: 'shared' },
      { address: CUSTOMER, kind: 'customer' },
    ],
    applications: [{ clientId: CLIENT, secret: 'secret' }],
  });
  release(() => sandbox.stop());
  let faults = 0;
  const endpoint = { host: 'localhost', tls: 'enabled' as const, ca: sandbox.caPem, user: SHARED };
  return {
    server: smtpServer(sandbox.smtp.port, { ...GENEROUS, ...endpoint, authentication: TOKEN }),
    customer: CUSTOMER,
    imap: imapServer({ name: 'in', port: sandbox.imap.port, ...endpoint }),
    token: (expired) => sandbox.oauth.applicationToken(CLIENT, expired ? -60 : 3_600),
    copies: () => tallyOf(sandbox.mailboxes.list(CUSTOMER).map(({ raw }) => replyIdOf(raw.toString('latin1')))),
    disturb(mailsCame) {
      const fault = SANDBOX_FAULTS[Math.floor(random() * SANDBOX_FAULTS.length)];
      if (!mailsCame || fault === undefined || sandbox.faults.list().length >= 2) return;
      faults += 1;
      sandbox.faults.set({ ...fault, times: 1 });
    },
    faults: () => faults,
    calm: () => sandbox.faults.clear(),
  };
};

export const postfixEnd: OpenEnd = async (random, release) => {
  const dovecot = await startDovecot({ users: [{ user: SHARED, fullAccess: ['app:gateway'] }] });
  release(() => dovecot.stop());
  const postfix = await startPostfix({ dovecot, sendAs: { [SHARED]: ['app:gateway'] } });
  release(() => postfix.stop());
  const proxy = await startFaultProxy({ target: { port: postfix.port } });
  release(() => proxy.stop());
  let broken = false;
  let count = 0;
  const folder = join(dovecot.maildir(CUSTOMER), 'new');
  const known = new Map<string, { replyId: string; submission: string; head: string }>();
  /**
   * One of each submission, by Postfix's queue id in its Received field: LMTP may deliver one mail twice (RFC 1047), which is no doing of ours;
   * two submissions have two ids.
   */
  const submitted = () => {
    let names: string[] = [];
    try {
      names = readdirSync(folder);
    } catch {
      // no mail yet
    }
    for (const name of names) {
      if (known.has(name)) continue;
      const raw = readFileSync(join(folder, name), 'latin1').replace(/\r?\n/g, '\r\n');
      const [head = ''] = raw.split('\r\n\r\n', 1);
      const submission = /\(Postfix\)\s+with ESMTPSA id (\w+)/.exec(head)?.[1] ?? name;
      known.set(name, { replyId: replyIdOf(raw), submission, head });
    }
    return new Map(
      [...known.values()].map(({ replyId, submission }) => [`${submission} ${replyId}`, replyId]),
    ).values();
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
    customer: CUSTOMER,
    token: (expired) => dovecot.token({ appId: 'gateway', expiresInSeconds: expired ? -60 : 3_600 }),
    copies: () => tallyOf(submitted()),
    disturb(mailsCame) {
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
      if (!mailsCame) return;
      broken = dice < 0.3;
      if (broken) count += 1;
      if (dice < 0.08) faults.cut(how);
      else if (dice < 0.2) faults.truncateToServerAfter(2_500 + random() * 12_000, how);
      else if (dice < 0.26) faults.truncateAfter(2_500 + random() * 3_000, how);
      else if (dice < 0.3) faults.stall(random() < 0.5 ? 'to-client' : 'both');
    },
    faults: () => count,
    ways: (replyId) => {
      const copies = [...known.values()].filter((one) => one.replyId === replyId);
      const lines = postfix.maillog().split('\n');
      const said = copies.flatMap(({ submission }) => lines.filter((line) => line.includes(submission)));
      return [...copies.map(({ head }) => head), ...said];
    },
    async calm() {
      proxy.faults.resume();
      await proxy.faults.heal();
    },
  };
};
