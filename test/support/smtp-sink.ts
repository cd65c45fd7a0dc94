// An SMTP server in this process that can break at each stage and remembers what it took, and a Sent folder that it fills.
import { randomUUID } from 'node:crypto';
import { SMTPServer } from 'smtp-server';
import type { SmtpServer } from '../../src/domain/email-server.ts';
import { MailroomError } from '../../src/domain/errors.ts';
import type { SentFinding, SentFolder } from '../../src/outbound/ports.ts';
import { freePort } from './temp.ts';

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

const AT_DATA: ReadonlySet<string> = new Set(['in-data', 'dropped-after-dot', 'accepted-unanswered', 'stalled', 'dot']);

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

/** A header field of a raw mail, unfolded. */
export const header = (raw: string, name: string) =>
  new RegExp(`^${name}: *((?:.|\\r\\n[ \\t])*?)\\r\\n(?![ \\t])`, 'im')
    .exec(raw.slice(0, raw.indexOf('\r\n\r\n') + 2))?.[1]
    ?.replace(/\r\n[ \t]/g, ' ');

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
    const at = typeof fault === 'string' ? fault : fault.at;
    if ((AT_DATA.has(at) ? 'data' : at) !== stage) return undefined;
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

/** What a search in Sent finds when so many of these mails are the reply. */
export const sentFinding = (copies: number, looked = 1): SentFinding =>
  copies > 0
    ? { found: true, by: 'reply-id', folder: 'Sent', messageId: undefined, copies }
    : { found: false, folder: 'Sent', looked };

/** Sent as the sink's server would fill it. */
export function sentOf(sink: Sink): SentFolder & { appended: string[]; broken: boolean } {
  const appended: string[] = [];
  const folder = {
    appended,
    broken: false,
    async search(_server: SmtpServer, query: { replyId: string }) {
      if (folder.broken) throw new MailroomError('SENT_SEARCH_FAILED');
      const hits = sink.received.filter((mail) => mail.replyId === query.replyId);
      return sentFinding(hits.length, sink.received.length);
    },
    async append(_server: SmtpServer, query: { replyId: string }) {
      if (appended.includes(query.replyId)) return 'was-there' as const;
      appended.push(query.replyId);
      return 'stored' as const;
    },
  };
  return folder;
}
