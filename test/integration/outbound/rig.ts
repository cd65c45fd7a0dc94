// What the tests of the sending half stand on: a Redis of their own, an SMTP sink that can break at each stage and remembers what it took,
// a blob store in memory, a Sent folder that the sink fills.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { statSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { SMTPServer } from 'smtp-server';
import { openReplyQueues } from '../../../src/adapters/queue/replies.ts';
import { createJournal } from '../../../src/adapters/redis/journal.ts';
import { createPace } from '../../../src/adapters/redis/pace.ts';
import { createPauses } from '../../../src/adapters/redis/pauses.ts';
import { createServerRegister } from '../../../src/adapters/redis/smtp-servers.ts';
import { createSubmitter, submitterDefaults } from '../../../src/adapters/smtp/submitter.ts';
import { type BlobStore, stored } from '../../../src/domain/blob-store.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import type { OutboundDeps, OutboundSettings, SentFolder } from '../../../src/outbound/ports.ts';
import { replyBodies } from '../../../src/parsing/reply-bodies.ts';
import type { EventFields } from '../../../src/telemetry/events.ts';
import { freePort } from '../../support/temp.ts';

export interface TestRedis {
  port: number;
  client: () => Redis;
  kill(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  /** Killed, and started again with what stood in its append-only file this many ms ago: a machine that died between two fsyncs. */
  setBack(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** The part of the append-only file that grows (Redis 7: several parts; Valkey too). */
const aofOf = (folder: string) => join(folder, 'appendonlydir', 'appendonly.aof.1.incr.aof');

export async function startRedis(fsync: 'everysec' | 'always' = 'everysec'): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'mailroom-redis-'));
  const port = await freePort();
  const clients: Redis[] = [];
  let child: ReturnType<typeof spawn>;
  const start = async () => {
    child = spawn(
      process.env.MAILROOM_TEST_REDIS ?? 'redis-server',
      [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--save',
        '',
        '--appendonly',
        'yes',
        '--appendfsync',
        fsync,
        '--maxmemory-policy',
        'noeviction',
        '--auto-aof-rewrite-percentage',
        '0',
      ],
      { stdio: 'ignore' },
    );
    const probe = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null, retryStrategy: () => 30 });
    probe.on('error', () => {});
    // LOADING is answered until the append-only file is read.
    await probe.ping();
    probe.disconnect();
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  };
  await start();
  const sizes: { at: number; size: number }[] = [];
  const sampling = setInterval(() => {
    sizes.push({ at: Date.now(), size: statSync(aofOf(folder)).size });
    if (sizes.length > 200) sizes.shift();
  }, 25);
  sampling.unref();
  return {
    port,
    async setBack(ms) {
      const until = Date.now() - ms;
      const then = sizes.findLast(({ at }) => at <= until)?.size;
      await kill();
      // A command cut in two is left out by Redis itself (aof-load-truncated).
      if (then !== undefined) truncateSync(aofOf(folder), then);
      sizes.length = 0;
      await start();
    },
    client() {
      const client = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null, retryStrategy: () => 50 });
      client.on('error', () => {});
      clients.push(client);
      return client;
    },
    kill,
    start,
    async stop() {
      clearInterval(sampling);
      for (const client of clients) client.disconnect();
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Received {
  replyId: string;
  envelope: { from: string; to: string[] };
  raw: string;
  at: number;
}

/** Where the sink breaks the connection. `accepted-unanswered` and `dropped-after-dot` both cut after the final dot; only the first keeps the mail. */
export type Fault =
  | 'connect'
  | 'mail'
  | 'rcpt'
  | 'in-data'
  | 'dropped-after-dot'
  | 'accepted-unanswered'
  | 'stalled'
  | { reply: string; at: 'auth' | 'mail' | 'rcpt' | 'dot' };

export interface Sink {
  port: number;
  received: Received[];
  /** Faults for the next submissions, in order. */
  faults: Fault[];
  /** Chosen for each mail when `faults` is empty; `connect` strikes the next connection. */
  nextFault: () => Fault | undefined;
  openConnections(): number;
  maxConnections: number;
  logins: string[];
  /** What RCPT is answered for this address; undefined: taken. */
  answerRcpt: (address: string) => string | undefined;
  /** When MAIL FROM came, epoch ms: one an attempt. */
  attempts: number[];
  stop(): Promise<void>;
}

const header = (raw: string, name: string) =>
  new RegExp(`^${name}: *((?:.|\\r\\n[ \\t])*?)\\r\\n(?![ \\t])`, 'im')
    .exec(raw.slice(0, raw.indexOf('\r\n\r\n') + 2))?.[1]
    ?.replace(/\r\n[ \t]/g, ' ');

export { header };

function replyError(reply: string): Error {
  const error = new Error(reply.replace(/^\d{3} /, '')) as Error & { responseCode: number };
  error.responseCode = Number(reply.slice(0, 3));
  return error;
}

export async function startSink(
  options: { passwordOk?: (user: string, secret: string) => boolean; size?: number; authMethods?: string[] } = {},
): Promise<Sink> {
  const open = new Set<unknown>();
  const take = (stage: string): Fault | undefined => {
    const fault = sink.faults[0];
    if (fault === undefined) return undefined;
    const at =
      typeof fault === 'string'
        ? fault === 'in-data' || fault === 'dropped-after-dot' || fault === 'accepted-unanswered' || fault === 'stalled'
          ? 'data'
          : fault
        : fault.at === 'dot'
          ? 'data'
          : fault.at;
    if (at !== stage) return undefined;
    sink.faults.shift();
    return fault;
  };
  // smtp-server hides its sockets; the cut must be abrupt.
  const cut = (session: { id: string }) => {
    const connections = (server as unknown as { connections: Set<{ id: string; _socket: { destroy(): void } }> })
      .connections;
    for (const connection of connections) if (connection.id === session.id) connection._socket.destroy();
  };
  const refusal = (fault: Fault) => (typeof fault === 'string' ? undefined : replyError(fault.reply));
  const server = new SMTPServer({
    authMethods: options.authMethods ?? ['PLAIN', 'LOGIN', 'XOAUTH2'],
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: options.size ?? 50_000_000,
    closeTimeout: 200,
    onConnect(session, done) {
      open.add(session.id);
      sink.maxConnections = Math.max(sink.maxConnections, open.size);
      if (take('connect') !== undefined) return cut(session);
      done();
    },
    onClose: (session) => void open.delete(session.id),
    onAuth(auth, session, done) {
      const fault = take('auth');
      if (fault !== undefined) {
        const error = refusal(fault);
        if (error === undefined) return cut(session);
        return done(error);
      }
      const secret = auth.accessToken ?? auth.password ?? '';
      sink.logins.push(secret);
      if (options.passwordOk !== undefined && !options.passwordOk(auth.username ?? '', secret)) {
        return done(replyError('535 5.7.3 Authentication unsuccessful'));
      }
      done(null, { user: auth.username ?? '' });
    },
    onMailFrom(_address, session, done) {
      sink.attempts.push(Date.now());
      if (sink.faults.length === 0) {
        const chosen = sink.nextFault();
        if (chosen !== undefined) sink.faults.push(chosen);
      }
      const fault = take('mail');
      if (fault === undefined) return done();
      const error = refusal(fault);
      return error === undefined ? cut(session) : done(error);
    },
    onRcptTo(address, session, done) {
      if (address.address.startsWith('unknown')) return done(replyError('550 5.1.1 no such user'));
      const answer = sink.answerRcpt(address.address);
      if (answer !== undefined) return done(replyError(answer));
      const fault = take('rcpt');
      if (fault === undefined) return done();
      const error = refusal(fault);
      return error === undefined ? cut(session) : done(error);
    },
    onData(stream, session, done) {
      const fault = take('data');
      const chunks: Buffer[] = [];
      if (fault === 'in-data') {
        stream.once('data', () => cut(session));
        stream.resume();
        return;
      }
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('latin1');
        const keep = () =>
          sink.received.push({
            replyId: decodeURIComponent(header(raw, 'X-Mailroom-Reply-Id') ?? ''),
            envelope: {
              from: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
              to: session.envelope.rcptTo.map((one) => one.address),
            },
            raw,
            at: Date.now(),
          });
        if (fault === 'dropped-after-dot') return cut(session);
        if (fault === 'stalled') return keep(); // and never a word
        if (fault === 'accepted-unanswered') {
          keep();
          return cut(session);
        }
        if (fault !== undefined) return done(refusal(fault) ?? null);
        keep();
        done(null, `2.0.0 OK <${randomUUID()}@sink.test>` as never);
      });
    },
  });
  server.on('error', () => {});
  const port = await freePort();
  const sink: Sink = {
    port,
    received: [],
    faults: [],
    nextFault: () => undefined,
    openConnections: () => open.size,
    maxConnections: 0,
    logins: [],
    attempts: [],
    answerRcpt: () => undefined,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return sink;
}

/** Blobs in memory. */
export function memoryBlobs(): BlobStore {
  const marks = new Map<string, Date>();
  const blobs = new Map<string, Uint8Array>();
  const put = (bytes: Uint8Array) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    blobs.set(sha256, bytes);
    return { blob: sha256, size: bytes.length, sha256 };
  };
  return {
    putBatch: async (list) => stored(list.map(put)),
    async putStream(source) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of source) chunks.push(chunk);
      return put(Buffer.concat(chunks));
    },
    async *list() {
      for (const key of blobs.keys()) yield { key, at: 0 };
    },
    async *read(key, range) {
      const bytes = blobs.get(key);
      if (bytes === undefined) throw new Error(`no blob ${key}`);
      yield range === undefined ? bytes : bytes.subarray(range.start, range.end);
    },
    has: async (key) => blobs.has(key),
    delete: async (key) => void blobs.delete(key),
    async createMarker(name) {
      const first = !marks.has(name);
      if (first) marks.set(name, new Date());
      return first;
    },
    markedAt: async (name) => marks.get(name),
    sweep: async () => 0,
    check: async () => {},
    close: async () => {},
  };
}

/** Sent as the sink's server would fill it. */
export function sentOf(sink: Sink): SentFolder & { appended: string[]; broken: boolean } {
  const appended: string[] = [];
  const folder = {
    appended,
    broken: false,
    async search(_server: SmtpServer, query: { replyId: string }) {
      if (folder.broken) throw new MailroomError('SENT_SEARCH_FAILED');
      const hits = sink.received.filter((mail) => mail.replyId === query.replyId);
      return hits.length > 0
        ? { found: true as const, by: 'reply-id' as const, folder: 'Sent', messageId: undefined, copies: hits.length }
        : { found: false as const, folder: 'Sent', looked: sink.received.length };
    },
    async append(_server: SmtpServer, query: { replyId: string }) {
      if (appended.includes(query.replyId)) return 'was-there' as const;
      appended.push(query.replyId);
      return 'stored' as const;
    },
  };
  return folder;
}

export function smtpServer(port: number, more: Partial<SmtpServer> = {}): SmtpServer {
  return {
    type: 'SMTP',
    name: 'sink',
    host: '127.0.0.1',
    port,
    tls: 'disabled',
    authentication: { type: 'Password', password: 'secret' },
    user: 'support@contoso.example',
    enabled: true,
    source: 'file',
    additionalFromAddresses: ['info@contoso.example'],
    sendMode: 'sendAs',
    displayNames: {},
    sentCopy: { policy: 'server' },
    pace: { perMinute: 100_000, connections: 3, recipientsPerDay: 1_000_000 },
    fromRoles: {},
    uncertain: 'hold',
    ...more,
  };
}

export interface Rig {
  deps: OutboundDeps;
  events: { name: string; fields: EventFields }[];
  change(servers: SmtpServer[]): void;
  close(): Promise<void>;
}

/** Everything startOutbound needs, over real Redis and real sockets. */
export function rig(
  redis: Redis,
  servers: SmtpServer[],
  sent: SentFolder,
  settings: Partial<OutboundSettings> = {},
  blobs = memoryBlobs(),
): Rig {
  const events: Rig['events'] = [];
  const emit: OutboundDeps['emit'] = (name, fields = {}) => void events.push({ name, fields });
  let current = servers;
  let changed = () => {};
  const queues = openReplyQueues(redis, emit, {
    keepCompletedSeconds: 3600,
    keepFailedSeconds: 3600,
    lockMs: 2_000,
    stalledCheckMs: 500,
  });
  let token = 0;
  const getToken = async (_server: SmtpServer, _protocol: string, options: { renew?: boolean } = {}) => {
    if (options.renew === true) token += 1;
    return { accessToken: `token-${token}`, expiresAt: new Date(Date.now() + 3_600_000) };
  };
  const deps: OutboundDeps = {
    servers: () => current,
    onServersChanged: (callback) => {
      changed = callback;
      return () => {};
    },
    journal: createJournal(redis),
    queues,
    pace: createPace(redis),
    pauses: createPauses(redis),
    register: createServerRegister(redis),
    openSubmitter: (server) =>
      createSubmitter(server, getToken, {
        ...submitterDefaults,
        connectionTimeoutMs: 2_000,
        greetingTimeoutMs: 2_000,
        socketTimeoutMs: 2_000,
        ehloName: 'mailroom.test',
      }),
    blobs,
    sent,
    readMessage: async () => undefined,
    replyBodies: async (input) => replyBodies(input),
    makeMessageId: ({ replyId, domain }) =>
      `<${createHash('sha256').update(replyId).digest('hex').slice(0, 16)}@${domain}>`,
    emit,
    settings: {
      leaseMs: 1_500,
      settleMs: 600,
      firstLookMs: 150,
      pauseProbeMs: 500,
      tickMs: 100,
      seekMs: 1_500,
      stopGraceMs: 2_000,
      ...settings,
    },
  };
  return {
    deps,
    events,
    change(next) {
      current = next;
      changed();
    },
    close: () => queues.close(),
  };
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
