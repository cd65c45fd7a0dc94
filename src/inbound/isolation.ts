// Finds the message that makes FETCH fail: a body that the server cannot deliver must not keep its neighbours from being enqueued. Pure but for the
// state it is handed.
//
// A fetch that fails gives some of its rows, or none. Of those that did not come, the first is suspect: servers answer in ascending order. Suspects
// are fetched alone, after all others. Where no row came at all, the next fetch has half the size as well, since that server answers for all messages
// or for none. So each failure narrows the search, whatever the order of the rows; a message that fails alone is the guilty one.

import { type ErrorCode, MailroomError } from '../domain/errors.ts';

type FetchFault = 'no-data' | 'connection-closed' | 'server-silent' | 'fetch-refused';

/** Errors of a FETCH that may be one message's fault. */
const FAULTS: { readonly [C in ErrorCode]?: FetchFault } = {
  IMAP_CONNECTION_CLOSED: 'connection-closed',
  IMAP_SILENT: 'server-silent',
  IMAP_EMPTY_FETCH: 'no-data',
  IMAP_COMMAND_FAILED: 'fetch-refused',
  IMAP_COMMAND_IMPOSSIBLE: 'fetch-refused',
  IMAP_CONTACT_ADMIN: 'fetch-refused',
  IMAP_NO_PERMISSION: 'fetch-refused',
  IMAP_SERVER_BUG: 'fetch-refused',
  IMAP_SERVER_CORRUPTION: 'fetch-refused',
};

/** @returns undefined when the error is not one message's fault: a throttle, a token, a store */
export const faultOf = (error: unknown): FetchFault | undefined =>
  error instanceof MailroomError ? FAULTS[error.code] : undefined;

/** Whether the connection is still good after it. */
export const outlives = (fault: FetchFault): boolean => fault === 'no-data' || fault === 'fetch-refused';

export interface Isolation {
  /** UIDs to be fetched alone, and last. */
  readonly suspects: Set<number>;
  /** UIDs of the next fetch at most. */
  size: number;
  /** UIDs that failed alone since the last message that came: many of them mean that the server is ill, not these messages. */
  readonly failing: Set<number>;
  /** Fetches that failed since the last message that came. */
  failures: number;
  /** UIDs whose headers were asked for before they are quarantined: a server that hangs up at that too is not asked again. */
  readonly headersAsked: Set<number>;
}

/** UIDs of one FETCH: between two of them back-pressure is looked at, and a stop takes effect. */
export const MOST_UIDS = 500;
/** This many messages may fail alone one after another before none of them is held guilty. */
const MOST_FAILING = 3;
/** More failures in a row than finding one message takes (log2 of MOST_UIDS, twice). */
const MOST_FAILURES = 20;

export const isolation = (): Isolation => ({
  suspects: new Set(),
  size: MOST_UIDS,
  failing: new Set(),
  failures: 0,
  headersAsked: new Set(),
});

/** The UIDs of the next fetch: as many as may be together, or else one alone. */
export function nextFetch(state: Isolation, work: readonly number[], isPending: (uid: number) => boolean): number[] {
  const together = work.filter((uid) => !state.suspects.has(uid) && !isPending(uid));
  return together.length > 0 ? together.slice(0, state.size) : work.slice(0, 1);
}

/** A message came: the server answers, and is not what fails. */
export function messageArrived(state: Isolation, uid: number): void {
  state.suspects.delete(uid);
  if (state.failures === 0) return;
  state.failures = 0;
  state.failing.clear();
}

/** A fetch ended without a failure. */
export function fetchSucceeded(state: Isolation): void {
  state.size = Math.min(MOST_UIDS, state.size * 2);
}

/**
 * A fetch failed.
 * @param missing UIDs that were asked for and did not come, ascending
 * @returns the one that is guilty, where that is known
 */
export function fetchFailed(
  state: Isolation,
  asked: readonly number[],
  missing: readonly number[],
): number | undefined {
  state.failures++;
  const [first] = missing;
  if (first === undefined) return undefined;
  if (asked.length === 1) {
    state.suspects.delete(first);
    state.failing.add(first);
    return first;
  }
  state.suspects.add(first);
  if (missing.length === asked.length) state.size = Math.max(1, Math.ceil(asked.length / 2));
  return undefined;
}

/** Whether a message that failed alone is to blame for it. */
export const isToBlame = (state: Isolation): boolean => state.failing.size <= MOST_FAILING;

/** Whether the failures so far are those of a search for one message: it continues at once, without back-off. */
export const isSearching = (state: Isolation): boolean =>
  state.failures > 0 && state.failures <= MOST_FAILURES && isToBlame(state);
