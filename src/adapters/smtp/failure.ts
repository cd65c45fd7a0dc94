// Reads nodemailer's errors: how far the submission got, and the server's answers to the whole mail and to each recipient. nodemailer reports a drop in
// any phase alike, so the stage comes from the stream that it reads (transport.ts).
import type { Remote } from '../../contract/result.ts';
import { catalogue } from '../../domain/catalogue/index.ts';
import type { SmtpServer } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { providerOf } from '../../domain/mail-provider.ts';
import { maskRemoteText } from '../../domain/remote-text.ts';
import type { RecipientOutcome, Submission, SubmissionVerdict } from '../../domain/submission.ts';
import { defined } from '../../lib/defined.ts';
import { classifySubmission, enhancedCodeIn, type Names, type Phase, type SubmissionFailure } from './errors.ts';

/** Fields of nodemailer's errors. */
export interface SmtpError extends Error {
  code?: string;
  command?: string;
  response?: string;
  responseCode?: number;
  recipient?: string;
  rejectedErrors?: SmtpError[];
}

export function failureOf(
  error: SmtpError,
  sent: 'none' | 'unfinished' | 'whole',
  tokenFault: boolean,
  names: Names,
): SubmissionFailure {
  const refusals = error.rejectedErrors ?? [];
  // All recipients were refused: a temporary refusal decides, if there is one.
  const mayChange = (one: SmtpError) =>
    classifySubmission({ phase: 'rcpt', replyCode: one.responseCode, text: one.response }, names).action !== 'fail';
  const said = refusals.find(mayChange) ?? refusals[0] ?? error;
  const text = said.response ?? (error.responseCode === undefined && !tokenFault ? error.message : undefined);
  return {
    phase: phaseOf(error, sent),
    replyCode: said.responseCode,
    enhancedCode: said.response === undefined ? undefined : enhancedCodeIn(said.response),
    text,
    nodeCode: error.code,
  };
}

export function phaseOf(error: SmtpError, sent: 'none' | 'unfinished' | 'whole'): Phase {
  if (sent === 'whole') return error.responseCode === undefined ? 'body' : 'answer';
  // The dot never left: RFC 5321 §4.1.1.4, the server has no complete mail and must not deliver it.
  if (sent === 'unfinished') return 'data';
  const command = error.command ?? '';
  if (error.code === 'ETLS' || /certificate|self.signed|altname|SSL|TLS/i.test(error.message)) {
    if (error.responseCode === undefined) return 'tls';
  }
  if (error.code === 'EAUTH' || error.code === 'EOAUTH2' || error.code === 'ENOAUTH' || command.startsWith('AUTH'))
    return 'auth';
  if (command === 'EHLO' || command === 'HELO') return 'ehlo';
  if (command === 'STARTTLS') return 'tls';
  if (command === 'MAIL FROM') return 'mail';
  if (command === 'RCPT TO') return 'rcpt';
  if (command === 'DATA') return 'data';
  return 'connect';
}

/** @param own addresses that may be shown; undefined: an acceptance, whose text has the server's id of the mail and no address */
export function remoteOf(response: string, command: string | undefined, own: readonly string[] | undefined): Remote {
  const code = /^(\d{3})/.exec(response)?.[1];
  const enhancedCode = enhancedCodeIn(response);
  return {
    system: 'smtp',
    ...defined({ code, enhancedCode, command }),
    text: own === undefined ? response.replace(/\s+/g, ' ').trim().slice(0, 500) : maskRemoteText(response, own),
  };
}

/**
 * The state of each recipient. Only a permanent refusal rejects a recipient; others are deferred.
 * @param refused RCPT's refusals; recipients without one were accepted
 */
export function recipientsOf(
  submission: Pick<Submission, 'envelope' | 'from' | 'tries'>,
  refused: readonly SmtpError[],
  names: Names,
): RecipientOutcome[] {
  const byAddress = new Map(refused.map((error) => [error.recipient, error]));
  return submission.envelope.to.map((address) => {
    const error = byAddress.get(address);
    if (error === undefined) return { address, state: 'accepted' };
    const text = error.response ?? error.message;
    const replyCode = error.responseCode;
    const verdict = classifySubmission({ phase: 'rcpt', replyCode, text }, names, submission.tries);
    return {
      address,
      ...(verdict.action === 'fail'
        ? { state: 'rejected' as const }
        : { state: 'deferred' as const, retryAfterMs: verdict.retryAfterMs }),
      code: verdict.code,
      remote: remoteOf(text, 'RCPT TO', [submission.from]),
    };
  });
}

/** The verdict when there was no token to sign in with. An identity provider that cannot be reached refuses nothing. */
export function withoutToken(verdict: SubmissionVerdict, fault: unknown): SubmissionVerdict {
  const known = fault instanceof MailroomError ? fault : undefined;
  if (known?.class === 'transient' || known?.class === 'throttle') {
    const action = known.class === 'throttle' ? 'back-off' : 'retry';
    const retryAfterMs = Math.max(60_000, known.retryAfterMs ?? 0);
    return { ...verdict, code: known.code, class: known.class, action, retryAfterMs, hint: known.hint };
  }
  const { class: kind, action } = catalogue.SMTP_TOKEN_UNAVAILABLE;
  return {
    ...verdict,
    code: 'SMTP_TOKEN_UNAVAILABLE',
    class: kind,
    action,
    retryAfterMs: 60_000,
    hint: known?.hint ?? verdict.hint,
  };
}

/** Real names for the hints about a server. */
export const namesOf = (server: SmtpServer, from: string): Names => ({
  user: server.user,
  from,
  server: server.name,
  host: server.host,
  port: server.port,
  provider: providerOf(server),
});
