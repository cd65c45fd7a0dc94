// nodemailer's transport of one connection, with the hooks of a submission: tokens, and the stage of each mail. nodemailer reads a mail only after the
// server's 354, so a stream that was never read proves that no byte was sent.
import { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import type { SmtpServer } from '../../domain/email-server.ts';
import { asError } from '../../domain/errors.ts';
import type { Submission } from '../../domain/submission.ts';
import type { ProtocolTrace } from '../../telemetry/protocol-trace.ts';
import { type ConnectionSettings, connectionOptions } from './connection-options.ts';
import { namesOf, recipientsOf, type SmtpError } from './failure.ts';
import { traceLogger } from './trace.ts';

export interface SubmitterSettings extends ConnectionSettings {
  /** An idle connection is closed after this many ms: it counts against the mailbox's limit. */
  idleTimeoutMs: number;
  maxMessagesPerConnection: number;
  /** Receives the lines of the protocol while a trace is on. */
  trace?: ProtocolTrace;
}

/** How far one submission got. */
export interface Tracker {
  /** The server answered 354. */
  pulled: boolean;
  firstByte: boolean;
  finished: boolean;
  withheld?: { error: unknown };
  /** The outcome is known: a reader that still pulls gets nothing more, so no dot follows an earlier answer. */
  over: boolean;
  /** The submission came forward. */
  progress: () => void;
}

/** @param getToken called once for each new connection of an OAuth2 server */
export function openTransport(
  server: SmtpServer,
  settings: SubmitterSettings,
  getToken: (renew: boolean) => Promise<{ accessToken: string; expiresAt: Date }>,
) {
  const { authentication, user } = server;
  const transport = createTransport({
    pool: true,
    ...connectionOptions(server, settings),
    ...(settings.trace === undefined ? {} : { logger: traceLogger(settings.trace), transactionLog: true }),
    maxConnections: 1, // outbound/connection-pool.ts counts connections over all replicas: one submitter is one connection
    maxMessages: settings.maxMessagesPerConnection,
    // nodemailer would send again in any phase. Whether a mail is sent again is the journal's decision alone; submitter.ts renews after a 421.
    maxRequeues: 0,
    idleTimeout: settings.idleTimeoutMs,
    ...(authentication.type === 'OAuth2' ? { auth: { type: 'OAuth2', user } } : {}),
    ...(authentication.type === 'Password' ? { auth: { user, pass: authentication.password } } : {}),
  });
  transport.on('error', () => {}); // each submission gets its own error; the end of an idle connection is none
  if (authentication.type === 'OAuth2')
    transport.set(
      'oauth2_provision_cb',
      (_user: string, renew: boolean, done: (error: Error | null, token?: string, expires?: number) => void) => {
        getToken(renew).then(
          ({ accessToken, expiresAt }) => done(null, accessToken, expiresAt.getTime()),
          (error: unknown) => done(asError(error)),
        );
      },
    );
  transport.use('stream', (mail, done) => {
    const { submission, tracker } = mail.data as unknown as { submission: Submission; tracker: Tracker };
    // nodemailer adds RCPT's refusals to the envelope that it was given.
    const envelope = mail.message.getEnvelope() as { rejectedErrors?: SmtpError[] };
    const names = namesOf(server, submission.from);
    const begin = () => submission.onDataBegin(recipientsOf(submission, envelope.rejectedErrors ?? [], names));
    mail.message.createReadStream = () =>
      Readable.from(tracked(submission, tracker, begin), { objectMode: false }) as never;
    done();
  });
  return transport;
}

async function* tracked(
  submission: Submission,
  tracker: Tracker,
  begin: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  tracker.pulled = true;
  /** The mail is readable, but no more of it may be sent. */
  let isStopped = false;
  const check = () => {
    isStopped = tracker.over || submission.mayContinue?.() === false;
    if (tracker.over) throw new Error('the submission is over');
    if (isStopped) throw new Error('the claim lapsed while the mail was being sent');
  };
  try {
    await begin();
    for await (const chunk of submission.bytes()) {
      check();
      tracker.firstByte = true;
      tracker.progress();
      yield chunk;
    }
    check();
  } catch (error) {
    if (!tracker.firstByte || !isStopped) tracker.withheld = { error };
    // nodemailer writes a code of its own into the error that it is given.
    throw new Error(`the mail ended early: ${asError(error).message}`);
  }
  // From here on the final dot may be sent.
  tracker.finished = true;
  tracker.progress();
}
