// What a submission server's answer means: one pure function from phase, codes and text to code, class, action, wait and hint, by the table in
// answers.ts. Permanence is judged by the server's reply before the library's flags.

import { catalogue, hintFor } from '../../domain/catalogue/index.ts';
import type { ErrorCode, FailureClass } from '../../domain/errors.ts';
import { type MailProvider, providerOfHost } from '../../domain/mail-provider.ts';
import type { SubmissionVerdict } from '../../domain/submission.ts';
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

export interface Verdict extends SubmissionVerdict {
  /** Tries after which `retry` becomes `fail`; undefined: no bound. */
  maxTries?: number;
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

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Longest wait that is taken from a server's words, ms: of one reply, and of everything on the server. */
const LONGEST = { reply: HOUR, server: 24 * HOUR };

/** What to do about a failed submission. `tries` is the number of submissions of this reply so far, this one included (for growing waits). */
export function classifySubmission(failure: SubmissionFailure, names: Names, tries = 1): Verdict {
  const row = rowOf(failure, names);
  const entry = catalogue[row.code];
  let action = row.action ?? entry.action;
  if (row.maxTries !== undefined && tries >= row.maxTries) action = 'fail';
  const waits = action === 'retry' || action === 'back-off' || action === 'hold' || action === 'settle';
  const base = row.afterMs ?? 10 * SECOND;
  const growth = row.maxTries === undefined && action !== 'hold' ? 2 ** Math.min(Math.max(tries, 1) - 1, 6) : 1;
  const longest = action === 'hold' ? LONGEST.server : LONGEST.reply;
  const said = waits && action !== 'settle' ? Math.min(announcedMs(failure.text ?? ''), longest) : 0;
  return {
    code: row.code,
    class: row.class ?? entry.class,
    action,
    retryAfterMs: waits ? Math.max(Math.min(base * growth, Math.max(base, HOUR)), said) : 0,
    ...(row.maxTries === undefined ? {} : { maxTries: row.maxTries }),
    hint: fillNames(hintFor(row.code, names.provider ?? providerOfHost(names.host)).en, names),
  };
}

/**
 * What a refusal after acceptance, as our own mail system reports it, means for its server: undefined where it is about the recipient or this mail alone.
 */
export function classifyBounce(
  failure: Omit<SubmissionFailure, 'phase'>,
  names: Names,
): { code: ErrorCode; class: FailureClass; holdMs: number; hint: string } | undefined {
  // A report without a reply code has the enhanced one; a refusal it is.
  const row = rowOf({ ...failure, replyCode: failure.replyCode ?? 550, phase: 'answer' }, names);
  if (row.asBounceMs === undefined) return undefined;
  const { code } = row;
  const hint = fillNames(hintFor(code, names.provider ?? providerOfHost(names.host)).en, names);
  return { code, class: row.class ?? catalogue[code].class, holdMs: row.asBounceMs, hint };
}

function rowOf(failure: SubmissionFailure, names: Names): Row {
  const { phase, replyCode } = failure;
  const text = (failure.text ?? '').slice(0, 1_000);
  // After the dot only 4xx and 5xx refuse the mail (RFC 5321 §4.2.1). 421 is the server closing the channel (§4.2.2), anything else out of
  // step: as good as no answer.
  const refused = replyCode !== undefined && replyCode >= 400 && replyCode < 600 && replyCode !== 421;
  if (phase === 'body' || (phase === 'answer' && !refused)) return { code: 'DELIVERY_UNCERTAIN' };
  const said = { phase, replyCode, enhanced: failure.enhancedCode ?? enhancedCodeIn(text), text };
  const row = rows.find((one) => fits(one, said) && (one.ofRecipient !== true || namesRecipient(text, names)));
  if (row !== undefined) return row;
  if (replyCode !== undefined) return { code: 'SMTP_ANSWER_UNKNOWN', afterMs: MINUTE };
  if (phase === 'tls') return { code: 'SMTP_TLS_FAILED' };
  if (phase === 'auth' && failure.nodeCode === 'EAUTH') return { code: 'SMTP_AUTH_FAILED' };
  return { code: 'SMTP_UNREACHABLE' };
}

interface Said {
  phase: SubmissionFailure['phase'];
  replyCode: number | undefined;
  enhanced: string | undefined;
  text: string;
}

/** Whether an answer is one of the row's: in its phases, with its codes and its words. */
function fits(row: Row, { phase, replyCode, enhanced, text }: Said): boolean {
  if (row.phases?.includes(phase) === false || row.text?.test(text) === false) return false;
  if (row.enhanced !== undefined && (enhanced === undefined || !row.enhanced.test(enhanced))) return false;
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

/** A wait that the words themselves announce: `try again in 5 minutes`, `retry after 300 seconds`. Milliseconds; 0: none. */
export function announcedMs(text: string): number {
  const found = /\b(?:in|after|for|within)\s+(\d{1,5})\s*(s|m|h)(?:ec(?:ond)?s?|in(?:ute)?s?|ours?|rs?)?\b/i.exec(text);
  if (found === null) return 0;
  const unit = { s: SECOND, m: MINUTE, h: HOUR }[(found[2] ?? 's').toLowerCase() as 's' | 'm' | 'h'];
  return Number(found[1]) * unit;
}

/** RFC 2034: the enhanced code follows the reply code directly. */
export function enhancedCodeIn(text: string): string | undefined {
  return /^(?:\d{3}[ -])?\s*([245]\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
}

export function fillNames(hint: string, names: Names): string {
  return hint.replace(/\{(user|from|server|host|port)\}/g, (_, key: 'user') => String(names[key]));
}
