// One SMTP server's connections: submits a rendered mail and tells, from the wire, how far it got. nodemailer reports a drop in any phase
// alike, so the stage comes from the stream it pulls: not pulled = after no 354 = certainly not a byte sent.

import { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import type { GuardOf } from '../../domain/connect-guard.ts';
import type { SmtpServer } from '../../domain/email-server.ts';
import { asError } from '../../domain/errors.ts';
import type { Submission, SubmissionOutcome, Submitter } from '../../domain/submission.ts';
import type { ProtocolTrace } from '../../telemetry/protocol-trace.ts';
import { connectionOptions } from './connection-options.ts';
import { classifySubmission } from './errors.ts';
import { extensionsOf } from './extensions.ts';
import { failureOf, namesOf, recipientsOf, remoteOf, type SmtpError, withoutToken } from './failure.ts';
import { traceLogger } from './trace.ts';

export { namesOf, phaseOf, type SmtpError } from './failure.ts';

export type GetToken = (
  server: SmtpServer,
  protocol: 'smtp' | 'imap',
  options?: { renew?: boolean },
) => Promise<{ accessToken: string; expiresAt: Date }>;

interface SubmitterSettings {
  connectionTimeoutMs: number;
  greetingTimeoutMs: number;
  /** Silence after which a connection counts as dead, ms. */
  socketTimeoutMs: number;
  /** A connection that had nothing to send for so long is closed, ms: idle ones count against the mailbox's limit. */
  idleTimeoutMs: number;
  maxMessagesPerConnection: number;
  ehloName: string | undefined;
  guardOf?: GuardOf | undefined;
  /** Takes the lines of the protocol when somebody wants them. */
  trace?: ProtocolTrace;
}

export const submitterDefaults: SubmitterSettings = {
  connectionTimeoutMs: 30_000,
  greetingTimeoutMs: 30_000,
  socketTimeoutMs: 120_000,
  idleTimeoutMs: 30_000, // outbound/connection-pool.ts closes it before
  maxMessagesPerConnection: 100,
  ehloName: undefined,
};

interface Tracker {
  pulled: boolean;
  firstByte: boolean;
  finished: boolean;
  withheld?: { error: unknown };
  /** The outcome is known: a reader that still pulls gets nothing more, so no dot follows an earlier answer. */
  over: boolean;
}

export function createSubmitter(
  server: SmtpServer,
  getToken: GetToken,
  settings: SubmitterSettings = submitterDefaults,
): Submitter {
  let renewNext = false;
  let tokenFault: unknown;
  let closed = false;
  let maxSize: number | undefined;
  let offered: readonly string[] | undefined;
  let transport = openTransport();
  /** The latest submission on this connection was accepted. */
  let served = false;
  /** The server answered 354 to the latest submission, and asked for its bytes. */
  let pulled = false;

  function openTransport() {
    const { authentication } = server;
    const opened = createTransport({
      pool: true,
      ...connectionOptions(server, settings),
      ...(settings.trace === undefined ? {} : { logger: traceLogger(settings.trace), transactionLog: true }),
      maxConnections: 1, // outbound/connection-pool.ts counts connections over all replicas: one submitter is one connection
      maxMessages: settings.maxMessagesPerConnection,
      // nodemailer would send again whatever the phase was. Whether a mail is sent again is the journal's decision alone; a 421 is renewed below.
      maxRequeues: 0,
      idleTimeout: settings.idleTimeoutMs,
      ...(authentication.type === 'None'
        ? {}
        : {
            auth:
              authentication.type === 'OAuth2'
                ? { type: 'OAuth2', user: server.user }
                : { user: server.user, pass: authentication.password },
          }),
    });
    opened.on('error', () => {}); // each submission gets its own error; an idle connection's end is no event
    if (authentication.type === 'OAuth2') {
      // Asked once for each new connection.
      opened.set(
        'oauth2_provision_cb',
        (_user: string, renew: boolean, done: (error: Error | null, token?: string, expires?: number) => void) => {
          const options = renew || renewNext ? { renew: true } : {};
          renewNext = false;
          getToken(server, 'smtp', options).then(
            ({ accessToken, expiresAt }) => done(null, accessToken, expiresAt.getTime()),
            (error: unknown) => {
              tokenFault = error;
              done(asError(error));
            },
          );
        },
      );
    }
    // The stage tracker: nodemailer reads from here only after the server's 354.
    opened.use('stream', (mail, done) => {
      const { submission, tracker } = mail.data as unknown as { submission: Submission; tracker: Tracker };
      // nodemailer notes RCPT's refusals on the envelope that it was given.
      const envelope = mail.message.getEnvelope() as { rejectedErrors?: SmtpError[] };
      const names = namesOf(server, submission.from);
      const begin = () => submission.onDataBegin(recipientsOf(submission, envelope.rejectedErrors ?? [], names));
      mail.message.createReadStream = () =>
        Readable.from(tracked(submission, tracker, begin), { objectMode: false }) as never;
      done();
    });
    return opened;
  }

  async function once(submission: Submission): Promise<SubmissionOutcome> {
    const tracker: Tracker = { pulled: false, firstByte: false, finished: false, over: false };
    tokenFault = undefined;
    try {
      const accepted = await transport.sendMail({
        envelope: { from: submission.envelope.from, to: [...submission.envelope.to], size: submission.size },
        raw: 'in the stream', // so that nodemailer composes no mail of its own; our stream is in its place
        messageId: '<in-the-stream>',
        ...dsnOf(submission),
        submission,
        tracker,
      } as never);
      const ehlo = (accepted as { ehlo?: string[] }).ehlo;
      maxSize = sizeIn(ehlo) ?? maxSize;
      const refused = (accepted as { rejectedErrors?: SmtpError[] }).rejectedErrors ?? [];
      return {
        kind: 'accepted',
        remote: remoteOf(accepted.response, 'DATA', undefined),
        ...(accepted.serverMessageId === undefined ? {} : { serverMessageId: accepted.serverMessageId }),
        recipients: recipientsOf(submission, refused, namesOf(server, submission.from)),
        ...(maxSize === undefined ? {} : { maxSize }),
        ...(submission.envelope.dsn === undefined || offersDsn(ehlo) ? {} : { dsnIgnored: true as const }),
      };
    } catch (thrown) {
      if (tracker.withheld !== undefined) return { kind: 'withheld', error: tracker.withheld.error };
      return failed(submission, tracker, asError(thrown) as SmtpError);
    } finally {
      tracker.over = true;
      pulled = tracker.pulled;
    }
  }

  function failed(submission: Submission, tracker: Tracker, error: SmtpError): SubmissionOutcome {
    const sent = !tracker.firstByte ? 'none' : tracker.finished ? 'whole' : 'unfinished';
    const names = namesOf(server, submission.from);
    const said = failureOf(error, sent, tokenFault !== undefined, names);
    const verdict = classifySubmission(said, names, submission.tries);
    return {
      kind: 'failed',
      verdict: tokenFault === undefined || sent !== 'none' ? verdict : withoutToken(verdict, tokenFault),
      remote: {
        ...remoteOf(error.response ?? error.message, error.command, [server.user, submission.from]),
        ...(error.response === undefined ? { system: 'network' as const, code: error.code ?? 'ERROR' } : {}),
      },
      sent,
      ...(error.rejectedErrors === undefined
        ? {}
        : { recipients: recipientsOf(submission, error.rejectedErrors, names) }),
    };
  }

  return {
    async submit(submission) {
      let outcome = await once(submission);
      // A connection that served its time (421, or closed while it was idle): a new one, at once. Nothing was pulled for the old one.
      if (isEnded(outcome, served) && !pulled && !closed) {
        transport.close();
        transport = openTransport();
        outcome = await once(submission);
      }
      served = outcome.kind === 'accepted';
      const renew =
        outcome.kind === 'failed' &&
        outcome.verdict.action === 'renew-token' &&
        server.authentication.type === 'OAuth2';
      if (renew && !closed) {
        renewNext = true; // a direct 535 is not asked about again by nodemailer: renew and retry once ourselves
        outcome = await once(submission);
      }
      if (outcome.kind === 'failed' && outcome.verdict.action === 'renew-token') {
        return { ...outcome, verdict: { ...outcome.verdict, action: 'pause-server' } };
      }
      return outcome;
    },
    maxSize: () => maxSize,
    async offersSmtpUtf8() {
      offered ??= await extensionsOf(server, settings);
      return offered?.includes('SMTPUTF8');
    },
    async close() {
      closed = true;
      transport.close();
    },
  };
}

/** nodemailer's pool drops the 421 when the server closes at once: then only a connection that had worked counts as one that ended. */
const isEnded = (outcome: SubmissionOutcome, served: boolean): boolean =>
  outcome.kind === 'failed' &&
  outcome.sent === 'none' &&
  (outcome.verdict.code === 'SMTP_CONNECTION_ENDED' ||
    (served && outcome.remote.system === 'network' && outcome.remote.code === 'ECONNECTION'));

async function* tracked(
  submission: Submission,
  tracker: Tracker,
  begin: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  tracker.pulled = true;
  const goOn = () => {
    if (tracker.over) throw new Error('the submission is over');
    if (submission.mayContinue?.() === false) throw new Error('the claim lapsed while the mail was being sent');
  };
  try {
    await begin();
    for await (const chunk of submission.bytes()) {
      goOn();
      tracker.firstByte = true;
      yield chunk;
    }
    goOn();
  } catch (error) {
    if (!tracker.firstByte) tracker.withheld = { error };
    // nodemailer writes a code of its own into the error that it is given.
    throw new Error(`the mail ended early: ${asError(error).message}`);
  }
  // From here on the final dot may go out.
  tracker.finished = true;
}

/** RFC 3461. The header of the mail is enough to find the reply by; nodemailer leaves it out where the server does not offer DSN. */
const dsnOf = ({ envelope: { dsn } }: Submission) =>
  dsn === undefined ? {} : { dsn: { notify: [...dsn], return: 'headers' } };

const offersDsn = (ehlo: readonly string[] | undefined): boolean => ehlo?.some((line) => /^DSN\b/i.test(line)) === true;

function sizeIn(ehlo: readonly string[] | undefined): number | undefined {
  const size = ehlo?.map((line) => /^SIZE\s+(\d+)/i.exec(line)?.[1]).find((found) => found !== undefined);
  return size === undefined || size === '0' ? undefined : Number(size);
}
