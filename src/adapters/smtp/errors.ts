// What a submission server's answer means: one pure function from phase, codes and text to code, class, action, wait and hint. Each row is
// a row of exchange-online.md, section 9. Permanence is judged by the server's reply before the library's flags.

import type { Action } from '../../domain/catalogue/entry.ts';
import { catalogue, type ErrorCode } from '../../domain/catalogue/index.ts';
import type { FailureClass } from '../../domain/errors.ts';

/** How far the submission got when it failed. `body`: at least one byte of the mail left, and no answer to the final dot came. */
export type Phase = 'connect' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'body' | 'answer';

export interface SubmissionFailure {
  phase: Phase;
  replyCode?: number | undefined;
  enhancedCode?: string | undefined;
  text?: string | undefined;
  /** errno or nodemailer's code: ECONNECTION, ETIMEDOUT … */
  nodeCode?: string | undefined;
}

export interface Verdict {
  code: ErrorCode;
  class: FailureClass;
  action: Action;
  /** Milliseconds to wait before the next try; 0 when there is none. */
  retryAfterMs: number;
  /** Tries after which `retry` becomes `fail`; undefined: no bound. */
  maxTries?: number;
  hint: string;
}

/** Real names for the hints. */
export interface Names {
  user: string;
  from: string;
  server: string;
  host: string;
  port: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

interface Row {
  code: ErrorCode;
  replyCodes?: readonly number[];
  enhanced?: RegExp;
  text?: RegExp;
  phases?: readonly Phase[];
  afterMs?: number;
  maxTries?: number;
  /** Where this row's action is not the catalogue's. */
  action?: Action;
  class?: FailureClass;
}

/** First match wins: the particular before the general. */
const rows: readonly Row[] = [
  { code: 'EMAIL_SERVER_HOST_REFUSED', text: /^Mailroom must not connect to/, phases: ['connect'] },
  { code: 'SMTP_AUTH_DISABLED_TENANT', text: /SmtpClientAuthentication is disabled for the Tenant/i },
  { code: 'SMTP_AUTH_DISABLED_MAILBOX', text: /SmtpClientAuthentication is disabled for the Mailbox/i },
  { code: 'SMTP_BASIC_AUTH_DISABLED', text: /basic authentication is disabled/i },
  { code: 'SMTP_BASIC_AUTH_DISABLED', enhanced: /^5\.7\.30$/ },
  { code: 'SMTP_SECURITY_DEFAULTS', text: /security defaults policy/i },
  { code: 'SMTP_ACCESS_POLICY', text: /did not meet the criteria/i },
  { code: 'SMTP_ACCESS_POLICY', replyCodes: [535], enhanced: /^5\.7\.139$/ },
  { code: 'SMTP_NOT_AUTHENTICATED', enhanced: /^5\.7\.57$/ },
  { code: 'SMTP_NOT_AUTHENTICATED', replyCodes: [530], phases: ['mail', 'rcpt', 'data'] },
  { code: 'SMTP_PROXY_TROUBLE', text: /PRX[456]\b/ },
  { code: 'SMTP_TRANSIENT', replyCodes: [454], phases: ['auth'], afterMs: MINUTE },
  { code: 'SMTP_AUTH_FAILED', replyCodes: [535, 534, 538] },
  { code: 'SUBMISSION_QUOTA', text: /SubmissionQuotaExceeded|submission quota/i, afterMs: 2 * HOUR },
  { code: 'SUBMISSION_QUOTA', enhanced: /^5\.1\.90$/, afterMs: 2 * HOUR },
  { code: 'SEND_AS_DENIED', text: /SendAsDenied/i, action: 'retry', maxTries: 2, afterMs: 3 * MINUTE },
  { code: 'SEND_AS_DENIED', enhanced: /^5\.2\.252$/, action: 'retry', maxTries: 2, afterMs: 3 * MINUTE },
  { code: 'SEND_AS_DENIED', enhanced: /^5\.7\.60$/ },
  { code: 'SEND_AS_DENIED', text: /permissions? to send (as|on behalf of)|not owned by user/i },
  { code: 'OUTBOUND_SPAM', text: /OutboundSpam/i },
  { code: 'SENDER_BLOCKED', enhanced: /^5\.1\.8$/ },
  { code: 'SENDER_BLOCKED', text: /bad outbound sender/i },
  { code: 'TENANT_BLOCKED', enhanced: /^5\.7\.(705|708|750|50[1-3])$/ },
  { code: 'TENANT_QUOTA', enhanced: /^5\.7\.23[23]$/, afterMs: 6 * HOUR },
  { code: 'SENDING_MAILBOX_FULL', enhanced: /^5\.2\.2$/, phases: ['mail', 'data', 'answer'] },
  { code: 'SENDING_MAILBOX_FULL', text: /\bQuotaExceeded/i, phases: ['mail', 'data', 'answer'] },
  {
    code: 'SMTP_CONNECTION_LIMIT',
    text: /Concurrent connections limit|sender thread limit exceeded/i,
    afterMs: 45 * SECOND,
  },
  { code: 'SMTP_QUEUE_QUOTA', enhanced: /^4\.7\.3$/, text: /queue quota/i, afterMs: 5 * MINUTE },
  { code: 'SMTP_BUSY', enhanced: /^4\.7\.5\d\d$/, afterMs: 10 * MINUTE },
  { code: 'SMTP_RECIPIENTS_LATER', enhanced: /^4\.5\.3$/, afterMs: 5 * MINUTE },
  { code: 'TOO_MANY_RECIPIENTS', enhanced: /^5\.5\.3$/ },
  { code: 'MESSAGE_TOO_LARGE', enhanced: /^5\.3\.4$/ },
  { code: 'MESSAGE_TOO_LARGE', replyCodes: [552], phases: ['mail', 'data', 'answer'] },
  { code: 'MESSAGE_TOO_LARGE', text: /^Message size larger than allowed/i },
  { code: 'SMTP_BARE_LF', enhanced: /^5\.6\.11$/ },
  { code: 'SMTP_FROM_REFUSED', enhanced: /^5\.(1\.20|7\.512)$/ },
  { code: 'MAIL_LOOP', enhanced: /^5\.(4\.14|4\.6|7\.128)$/ },
  { code: 'RECIPIENT_RATE', enhanced: /^5\.2\.12[12]$/, afterMs: HOUR },
  { code: 'SMTP_EHLO_NAME', replyCodes: [501], enhanced: /^5\.5\.4$/ },
  { code: 'SMTP_EHLO_NAME', text: /Invalid domain name/i },
  { code: 'RECIPIENT_UNKNOWN', enhanced: /^5\.(1\.1|1\.10|4\.1)$/ },
  // 554 4.3.2: the enhanced code says transient where the reply code does not (exchange-online.md, §9).
  { code: 'SMTP_TRANSIENT', enhanced: /^4\./, afterMs: MINUTE },
  { code: 'SMTP_TRANSIENT', replyCodes: [421, 432, 450, 451, 452], afterMs: MINUTE },
];

/** What to do about a failed submission. `tries` is the number of submissions of this reply so far, this one included (for growing waits). */
export function judgeSubmission(failure: SubmissionFailure, names: Names, tries = 1): Verdict {
  const row = rowOf(failure);
  const entry = catalogue[row.code];
  let action = row.action ?? entry.action;
  if (row.maxTries !== undefined && tries >= row.maxTries) action = 'fail';
  const waits = action === 'retry' || action === 'back-off' || action === 'hold' || action === 'settle';
  const base = row.afterMs ?? 10 * SECOND;
  const growth = row.maxTries === undefined && action !== 'hold' ? 2 ** Math.min(Math.max(tries, 1) - 1, 6) : 1;
  return {
    code: row.code,
    class: row.class ?? entry.class,
    action,
    retryAfterMs: waits ? Math.min(base * growth, Math.max(base, HOUR)) : 0,
    ...(row.maxTries === undefined ? {} : { maxTries: row.maxTries }),
    hint: fillNames(entry.hint.en, names),
  };
}

function rowOf(failure: SubmissionFailure): Row {
  const { phase, replyCode, text = '' } = failure;
  // After the dot only 4xx and 5xx refuse the mail (RFC 5321 §4.2.1). 421 is the server closing the channel (§4.2.2), anything else out of
  // step: as good as no answer.
  const refused = replyCode !== undefined && replyCode >= 400 && replyCode < 600 && replyCode !== 421;
  if (phase === 'body' || (phase === 'answer' && !refused)) return { code: 'DELIVERY_UNCERTAIN' };
  const enhanced = failure.enhancedCode ?? enhancedCodeIn(text);
  for (const row of rows) {
    if (row.phases !== undefined && !row.phases.includes(phase)) continue;
    if (row.replyCodes !== undefined && !(replyCode !== undefined && row.replyCodes.includes(replyCode))) continue;
    if (row.enhanced !== undefined && !(enhanced !== undefined && row.enhanced.test(enhanced))) continue;
    if (row.text !== undefined && !row.text.test(text)) continue;
    return row;
  }
  if (replyCode !== undefined) {
    if (phase === 'auth') return { code: replyCode < 500 ? 'SMTP_TRANSIENT' : 'SMTP_AUTH_FAILED', afterMs: MINUTE };
    if (replyCode >= 500) return { code: phase === 'connect' ? 'SMTP_TRANSIENT' : 'SMTP_REJECTED', afterMs: MINUTE };
    return { code: replyCode >= 400 ? 'SMTP_TRANSIENT' : 'SMTP_ANSWER_UNKNOWN', afterMs: MINUTE };
  }
  if (phase === 'tls') return { code: 'SMTP_TLS_FAILED' };
  if (phase === 'auth' && failure.nodeCode === 'EAUTH') return { code: 'SMTP_AUTH_FAILED' };
  return { code: 'SMTP_UNREACHABLE' };
}

/** RFC 2034: the enhanced code stands right after the reply code. */
export function enhancedCodeIn(text: string): string | undefined {
  return /^(?:\d{3}[ -])?\s*([245]\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
}

export function fillNames(hint: string, names: Names): string {
  return hint.replace(/\{(user|from|server|host|port)\}/g, (_, key: keyof Names) => String(names[key]));
}

/**
 * Remote text for logs and results: one line, at most 500 characters; tokens, long base64 and addresses masked.
 * @param own addresses that may be shown: the signed-in user and the From
 */
export function maskRemoteText(text: string, own: readonly string[] = []): string {
  const shown = own.map((address) => address.toLowerCase());
  return text
    .replace(/\s+/g, ' ')
    .replace(/Bearer\s+\S+/gi, 'Bearer ***')
    .replace(/[^\s<>"'(),:;[\]]+@([^\s<>"'(),:;[\]]+)/g, (address, domain: string) =>
      shown.includes(address.toLowerCase()) ? address : `***@${domain}`,
    )
    .replace(/[A-Za-z0-9+/=_-]{60,}/g, '***')
    .trim()
    .slice(0, 500);
}
