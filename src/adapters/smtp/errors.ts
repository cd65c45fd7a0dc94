// Classifies a submission server's answer: a pure function from phase, codes and text to code, class, action, wait and hint, by the table in
// answers.ts. The server's reply decides on permanence before the library's flags.

import { catalogue, hintFor } from '../../domain/catalogue/index.ts';
import type { ErrorCode, FailureClass } from '../../domain/errors.ts';
import { type MailProvider, providerOfHost } from '../../domain/mail-provider.ts';
import { LONGEST_ASKED_MS } from '../../domain/reply-pace.ts';
import type { SubmissionVerdict } from '../../domain/submission.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/time.ts';
import { type Phase, type Row, rows } from './answers.ts';

export type { Phase } from './answers.ts';

const BETWEEN_WORDS = /[\s<>"'(),:;[\]]/;

export interface SubmissionFailure {
  phase: Phase;
  replyCode?: number | undefined;
  enhancedCode?: string | undefined;
  text?: string | undefined;
  /** errno or nodemailer's code: ECONNECTION, ETIMEDOUT … */
  nodeCode?: string | undefined;
}

/** Real names for the hints. */
export interface Names {
  user: string;
  from: string;
  server: string;
  host: string;
  port: number;
  /** Whose service it is, where more is known than the host name. */
  provider?: MailProvider;
}

/** What to do after a failed submission. @param tries number of submissions of this reply, this one included: waits grow */
export function classifySubmission(failure: SubmissionFailure, names: Names, tries = 1): SubmissionVerdict {
  const row = rowOf(failure, names);
  const entry = catalogue[row.code];
  let action = row.action ?? entry.action;
  if (row.maxTries !== undefined && tries >= row.maxTries) action = 'fail';
  const waits = action === 'retry' || action === 'back-off' || action === 'hold' || action === 'settle';
  const base = row.afterMs ?? 10_000;
  const grows = row.maxTries === undefined && action !== 'hold' && row.steady !== true;
  const growth = grows ? 2 ** Math.min(Math.max(tries, 1) - 1, 6) : 1;
  const longest = action === 'hold' ? LONGEST_ASKED_MS.server : LONGEST_ASKED_MS.reply;
  const announced = waits && action !== 'settle' ? Math.min(announcedMs(failure.text ?? ''), longest) : 0;
  return {
    code: row.code,
    class: row.class ?? entry.class,
    action,
    retryAfterMs: waits ? Math.max(Math.min(base * growth, Math.max(base, HOUR_MS)), announced) : 0,
    hint: hintOf(row.code, names),
  };
}

/**
 * The effect on its server of a refusal that our own mail system reports by a bounce; undefined: it is about the recipient or this mail alone.
 */
export function classifyBounce(
  failure: Omit<SubmissionFailure, 'phase'>,
  names: Names,
): { code: ErrorCode; class: FailureClass; holdMs: number; hint: string } | undefined {
  // A report may have only the enhanced code of a refusal.
  const row = rowOf({ ...failure, replyCode: failure.replyCode ?? 550, phase: 'answer' }, names);
  if (row.asBounceMs === undefined) return undefined;
  const { code } = row;
  return { code, class: row.class ?? catalogue[code].class, holdMs: row.asBounceMs, hint: hintOf(code, names) };
}

function rowOf(failure: SubmissionFailure, names: Names): Row {
  const { phase, replyCode } = failure;
  const text = (failure.text ?? '').slice(0, 1_000);
  // After the dot only 4xx and 5xx refuse the mail (RFC 5321 §4.2.1). 421 closes the channel (§4.2.2), anything else is out of step: neither is an
  // answer.
  const refused = replyCode !== undefined && replyCode >= 400 && replyCode < 600 && replyCode !== 421;
  if (phase === 'body' || (phase === 'answer' && !refused)) return { code: 'DELIVERY_UNCERTAIN' };
  const answer = { phase, replyCode, text, enhancedCode: failure.enhancedCode ?? enhancedCodeIn(text) };
  const row = rows.find((one) => applies(one, answer) && (one.ofRecipient !== true || namesRecipient(text, names)));
  if (row !== undefined) return row;
  if (replyCode !== undefined) return { code: 'SMTP_ANSWER_UNKNOWN', afterMs: MINUTE_MS };
  if (phase === 'tls') return { code: 'SMTP_TLS_FAILED' };
  if (phase === 'auth' && failure.nodeCode === 'EAUTH') return { code: 'SMTP_AUTH_FAILED' };
  return { code: 'SMTP_UNREACHABLE' };
}

/** Whether a row applies to an answer: by phase, codes and text. */
function applies(row: Row, { phase, replyCode, enhancedCode, text }: SubmissionFailure & { text: string }): boolean {
  if (row.phases?.includes(phase) === false || row.text?.test(text) === false) return false;
  if (row.enhanced !== undefined && (enhancedCode === undefined || !row.enhanced.test(enhancedCode))) return false;
  if (replyCode === undefined) return row.codeless === true && row.replyCodes === undefined && row.kind === undefined;
  return (
    row.replyCodes?.includes(replyCode) !== false &&
    (row.kind ?? Math.floor(replyCode / 100)) === Math.floor(replyCode / 100)
  );
}

function namesRecipient(text: string, { user, from }: Names): boolean {
  const own = [user, from].map((address) => address.toLowerCase());
  return text.split(BETWEEN_WORDS).some((word) => word.includes('@') && !own.includes(word.toLowerCase()));
}

/** The wait that an answer announces: `try again in 5 minutes`, `retry after 300 seconds`, `in 1 day`. Milliseconds; 0: none. */
export function announcedMs(text: string): number {
  const found =
    /\b(?:in|after|for|within)\s+(\d{1,5})\s*(s|m|h|d)(?:ec(?:ond)?s?|in(?:ute)?s?|ours?|rs?|ays?)?\b/i.exec(text);
  if (found === null) return 0;
  const unit = { s: 1_000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }[
    (found[2] ?? 's').toLowerCase() as 's' | 'm' | 'h' | 'd'
  ];
  return Number(found[1]) * unit;
}

/** RFC 2034: the enhanced code follows the reply code directly. */
export function enhancedCodeIn(text: string): string | undefined {
  return /^(?:\d{3}[ -])?\s*([245]\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
}

const hintOf = (code: ErrorCode, names: Names): string =>
  fillNames(hintFor(code, names.provider ?? providerOfHost(names.host)).en, names);

export function fillNames(hint: string, names: Names): string {
  return hint.replace(/\{(user|from|server|host|port)\}/g, (_, key: 'user') => String(names[key]));
}
