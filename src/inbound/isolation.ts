// Finds the message that makes FETCH fail: a body that the server cannot deliver must not keep its neighbours from being enqueued. No I/O; the
// state outlives a connection, and only these functions change it.
//
// A fetch that fails returns some of its rows, or none. The first one missing is suspect: servers answer in ascending order. Suspects are fetched
// alone, after all others. If no row came at all, the next fetch also has half the size, since that server answers for all messages or for none. So
// each failure narrows the search, whatever the order of the rows; a message that fails alone is the guilty one.

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

/** UIDs of one FETCH: back-pressure is checked between two of them, and a stop takes effect. */
export const MOST_UIDS = 500;
/** This many messages may fail alone one after another before none of them is held guilty. */
const MOST_FAILING = 3;
/** More failures in a row than finding one message takes (log2 of MOST_UIDS, twice). */
const MOST_FAILURES = 20;

export type Isolation = ReturnType<typeof isolation>;

export function isolation() {
  const suspects = new Set<number>();
  /** UIDs that failed alone since the last message that came: many of them mean that the server is at fault, not these messages. */
  const failing = new Set<number>();
  const headersFetched = new Set<number>();
  /** Most UIDs of the next fetch. */
  let size = MOST_UIDS;
  /** Fetches that failed since the last message that came, and what the latest one failed with. */
  let failures = 0;
  let lastError: unknown;
  /** Whether a message that failed alone is to blame for it. */
  const isToBlame = (): boolean => failing.size <= MOST_FAILING;

  return {
    /** UIDs that are fetched alone, and last. */
    suspects: suspects as ReadonlySet<number>,
    /** The UIDs of the next fetch: as many as may be together, or else one alone. */
    next(work: readonly number[], isPending: (uid: number) => boolean): number[] {
      const together = work.filter((uid) => !suspects.has(uid) && !isPending(uid));
      return together.length > 0 ? together.slice(0, size) : work.slice(0, 1);
    },
    /** A message came: the server answers, and is not what fails. */
    arrived(uid: number): void {
      suspects.delete(uid);
      if (failures === 0) return;
      failures = 0;
      failing.clear();
    },
    /** The message is no longer in the folder. */
    vanished: (uid: number) => void suspects.delete(uid),
    /** A fetch ended without a failure. */
    succeeded(): void {
      size = Math.min(MOST_UIDS, size * 2);
    },
    /**
     * A fetch failed.
     * @param missing UIDs that were asked for and did not come, ascending
     * @returns the guilty one, if that is known
     */
    failed(asked: readonly number[], missing: readonly number[], error: unknown): number | undefined {
      failures++;
      lastError = error;
      const [first] = missing;
      if (first === undefined) return undefined;
      if (asked.length === 1) {
        suspects.delete(first);
        failing.add(first);
        return first;
      }
      suspects.add(first);
      if (missing.length === asked.length) size = Math.max(1, Math.ceil(asked.length / 2));
      return undefined;
    },
    /** Whether to fetch the headers before the message is quarantined: not again where the server hung up at that too. */
    mayFetchHeader(uid: number): boolean {
      const isFirst = !headersFetched.has(uid);
      headersFetched.add(uid);
      return isFirst;
    },
    /** The fetch of that header failed. */
    headerFailed(error: unknown): void {
      lastError = error;
    },
    quarantined: (uid: number) => void headersFetched.delete(uid),
    isToBlame,
    /** Whether the failures so far, the given error last, are those of a search for one message: it continues at once, without back-off. */
    isSearching: (error: unknown): boolean =>
      error === lastError && failures > 0 && failures <= MOST_FAILURES && isToBlame(),
  };
}
