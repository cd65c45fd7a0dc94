// When a mailbox is tried again after a failure, and whether with another token. Pure but for the jitter.
import { backoffMs } from '../domain/backoff.ts';
import { MailroomError } from '../domain/errors.ts';
import type { InboundSettings } from './ports.ts';

export interface Retry {
  delayMs: number;
  /** With another token: the one that was used is refused. */
  renew: boolean;
}

export interface Failed {
  error: Error;
  /** Failed tries in a row, this one included; the normal end of a session (isNormalEnd) is none. */
  attempt: number;
  /** How long the connection had lived, ms; 0 when there was none. */
  livedMs: number;
  /** The failure was a step in the search for one message, which continues at once. */
  searching: boolean;
  oauth: boolean;
}

type RetrySettings = Pick<InboundSettings, 'backoff' | 'slowCapMs' | 'passwordCapMs'>;

/** A session that lived this long ended for a reason of its own, not because it was refused, ms. */
const SETTLED_MS = 5_000;

/** Exchange ends sessions when their token expires, however often that is. A session that ends immediately after it opened is not normal. */
export const isNormalEnd = (error: Error, livedMs: number): boolean =>
  error instanceof MailroomError && error.code === 'IMAP_TOKEN_EXPIRED' && livedMs >= SETTLED_MS;

/** Longest wait between two steps of a search, ms. */
const SEARCH_MS = 500;

export function retryOf(failed: Failed, settings: RetrySettings, random: () => number): Retry {
  const retry = retryOfError(failed, settings, random);
  const { error, searching } = failed;
  return searching && error instanceof MailroomError && error.retryAfterMs === undefined
    ? { ...retry, delayMs: Math.min(retry.delayMs, SEARCH_MS) }
    : retry;
}

function retryOfError(
  { error, attempt, livedMs, oauth }: Failed,
  settings: RetrySettings,
  random: () => number,
): Retry {
  const { backoff, slowCapMs, passwordCapMs } = settings;
  const jittered = backoffMs(attempt, backoff, random);
  if (!(error instanceof MailroomError)) return { delayMs: jittered, renew: false };
  if (error.code === 'IMAP_TOKEN_EXPIRED' && (attempt <= 1 || isNormalEnd(error, livedMs)))
    return { delayMs: 0, renew: true };
  if (error.code === 'LEDGER_STALE' || error.code === 'LEDGER_SET_BACK')
    return { delayMs: Math.min(jittered, 1_000), renew: false };
  if (error.code === 'LEASE_LOST') return { delayMs: Math.max(jittered, 1_000), renew: false };
  // Never before the server's hint, plus jitter: mailboxes that were throttled together must not return together.
  if (error.retryAfterMs !== undefined)
    return { delayMs: error.retryAfterMs + Math.round(random() * 1_000), renew: false };
  if (error.class === 'auth') {
    // One retry at once with a new token; then slowly, with a password most slowly: login storms lock accounts.
    if (attempt === 1 && oauth) return { delayMs: 0, renew: true };
    const slow = { baseMs: backoff.baseMs, capMs: Math.max(backoff.capMs, oauth ? slowCapMs : passwordCapMs) };
    return { delayMs: backoffMs(attempt + 2, slow, random), renew: oauth };
  }
  if (error.class === 'permission' || error.class === 'permanent') {
    const slow = { baseMs: backoff.baseMs, capMs: Math.max(backoff.capMs, slowCapMs) };
    return { delayMs: backoffMs(attempt + 1, slow, random), renew: false };
  }
  // A connection that had worked for a while is replaced at once; a short-lived one backs off.
  if (attempt === 1 && livedMs > SETTLED_MS) return { delayMs: Math.round(random() * 250), renew: false };
  return { delayMs: jittered, renew: false };
}
