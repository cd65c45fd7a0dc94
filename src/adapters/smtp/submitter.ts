// One SMTP server's connection: submits a rendered mail and reports how far it got. nodemailer reports a drop in any phase alike, so the stage comes
// from the stream that it reads (transport.ts).
import type { SmtpServer } from '../../domain/email-server.ts';
import { asError } from '../../domain/errors.ts';
import type { GetToken } from '../../domain/mailbox-credentials.ts';
import type { Submission, SubmissionOutcome, Submitter } from '../../domain/submission.ts';
import { defined } from '../../lib/defined.ts';
import { classifySubmission } from './errors.ts';
import { failureOf, namesOf, recipientsOf, remoteOf, type SmtpError, withoutToken } from './failure.ts';
import { extensionsOf } from './probe.ts';
import { openTransport, type SubmitterSettings, type Tracker } from './transport.ts';

export const submitterDefaults: SubmitterSettings = {
  connectionTimeoutMs: 30_000,
  greetingTimeoutMs: 30_000,
  socketTimeoutMs: 120_000,
  idleTimeoutMs: 30_000, // outbound/connection-pool.ts closes it before
  maxMessagesPerConnection: 100,
  ehloName: undefined,
};

/**
 * How long a submission may not come forward, in silences: RFC 5321 §4.5.3.2.6 gives the answer to a mail 10 minutes. Everything before the mail gets as
 * much. A server that sends a line of an unfinished answer now and then is never silent.
 */
const SILENCES = 5;

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
  let transport = open();
  /** The latest submission on this connection was accepted. */
  let served = false;
  /** The server answered 354 to the latest submission. */
  let pulled = false;

  function open() {
    return openTransport(server, settings, async (renew) => {
      const options = renew || renewNext ? { renew: true } : {};
      renewNext = false;
      try {
        return await getToken(server, 'smtp', options);
      } catch (error) {
        tokenFault = error;
        throw error;
      }
    });
  }

  function reconnect(): void {
    transport.close({ force: true });
    transport = open();
  }

  async function once(submission: Submission): Promise<SubmissionOutcome> {
    const tracker: Tracker = {
      pulled: false,
      firstByte: false,
      finished: false,
      over: false,
      progress: () => late.refresh(),
    };
    const late = setTimeout(reconnect, SILENCES * settings.socketTimeoutMs);
    tokenFault = undefined;
    try {
      const accepted = await transport.sendMail({
        envelope: { from: submission.envelope.from, to: [...submission.envelope.to], size: submission.size },
        raw: 'in the stream', // so that nodemailer composes no mail of its own; our stream replaces it
        messageId: '<in-the-stream>',
        ...dsnOf(submission),
        submission,
        tracker,
      } as never);
      if (!tracker.finished) throw earlyAnswer(accepted.response);
      const ehlo = (accepted as { ehlo?: string[] }).ehlo;
      maxSize = sizeIn(ehlo) ?? maxSize;
      const refused = (accepted as { rejectedErrors?: SmtpError[] }).rejectedErrors ?? [];
      return {
        kind: 'accepted',
        remote: remoteOf(accepted.response, 'DATA', undefined),
        recipients: recipientsOf(submission, refused, namesOf(server, submission.from)),
        ...defined({ serverMessageId: accepted.serverMessageId, maxSize }),
        ...(submission.envelope.dsn === undefined || offersDsn(ehlo) ? {} : { dsnIgnored: true as const }),
      };
    } catch (thrown) {
      if (tracker.withheld !== undefined)
        return { kind: 'withheld', error: tracker.withheld.error, sent: tracker.firstByte ? 'unfinished' : 'none' };
      return failed(server, submission, tracker, asError(thrown) as SmtpError, tokenFault);
    } finally {
      clearTimeout(late);
      tracker.over = true;
      pulled = tracker.pulled;
      // The mail has no end: on this connection, the next command would become a part of it.
      if (tracker.pulled && !tracker.finished) reconnect();
    }
  }

  return {
    async submit(submission) {
      let outcome = await once(submission);
      // A connection at the end of its time (421, or closed while idle): a new one, at once. Nothing was read for the old one.
      if (isEnded(outcome, served) && !pulled && !closed) {
        reconnect();
        outcome = await once(submission);
      }
      served = outcome.kind === 'accepted';
      const mayRenew = server.authentication.type === 'OAuth2' && !closed;
      if (needsToken(outcome) && outcome.sent === 'none' && mayRenew) {
        renewNext = true; // nodemailer does not renew after a direct 535: retried once here
        outcome = await once(submission);
      }
      if (needsToken(outcome)) return { ...outcome, verdict: { ...outcome.verdict, action: 'pause-server' } };
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

/** @param tokenFault why there was no token for the sign-in */
function failed(
  server: SmtpServer,
  submission: Submission,
  { firstByte, finished }: Tracker,
  error: SmtpError,
  tokenFault: unknown,
): SubmissionOutcome {
  const sent = !firstByte ? 'none' : finished ? 'whole' : 'unfinished';
  const names = namesOf(server, submission.from);
  const failure = failureOf(error, sent, tokenFault !== undefined, names);
  const verdict = classifySubmission(failure, names, submission.tries);
  const { rejectedErrors } = error;
  return {
    kind: 'failed',
    verdict: tokenFault === undefined || sent !== 'none' ? verdict : withoutToken(verdict, tokenFault),
    remote: {
      ...remoteOf(error.response ?? error.message, error.command, [server.user, submission.from]),
      ...(error.response === undefined ? { system: 'network' as const, code: error.code ?? 'ERROR' } : {}),
    },
    sent,
    ...defined({ recipients: rejectedErrors && recipientsOf(submission, rejectedErrors, names) }),
  };
}

const needsToken = (outcome: SubmissionOutcome): outcome is SubmissionOutcome & { kind: 'failed' } =>
  outcome.kind === 'failed' && outcome.verdict.action === 'renew-token';

/** An acceptance that came before the dot accepts no mail. */
const earlyAnswer = (response: string): SmtpError =>
  Object.assign(new Error('The server answered before the end of the mail'), {
    response,
    responseCode: Number(response.slice(0, 3)),
    command: 'DATA',
  });

/** nodemailer's pool drops the 421 when the server closes at once: then only a connection that had worked counts as one that ended. */
const isEnded = (outcome: SubmissionOutcome, served: boolean): boolean =>
  outcome.kind === 'failed' &&
  outcome.sent === 'none' &&
  (outcome.verdict.code === 'SMTP_CONNECTION_ENDED' ||
    (served && outcome.remote.system === 'network' && outcome.remote.code === 'ECONNECTION'));

/** RFC 3461. The headers of the mail suffice to find the reply; nodemailer omits DSN where the server does not offer it. */
const dsnOf = ({ envelope: { dsn } }: Submission) =>
  dsn === undefined ? {} : { dsn: { notify: [...dsn], return: 'headers' } };

const offersDsn = (ehlo: readonly string[] | undefined): boolean => ehlo?.some((line) => /^DSN\b/i.test(line)) === true;

function sizeIn(ehlo: readonly string[] | undefined): number | undefined {
  const size = ehlo?.map((line) => /^SIZE\s+(\d+)/i.exec(line)?.[1]).find((found) => found !== undefined);
  return size === undefined || size === '0' ? undefined : Number(size);
}
