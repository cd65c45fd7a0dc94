// The ledger of one watched folder: the outcome of each UID. Pure data; adapters/redis loads it, the one-script commit writes it.
// Invariant: the ledger advances only in the same transaction that enqueues.
import * as uidSet from './uid-set.ts';

/** Every UID of the folder ends in exactly one of these. */
export const outcomes = ['enqueued', 'before-start', 'matched', 'vanished', 'quarantined'] as const;
export type Outcome = (typeof outcomes)[number];

/** A UID that exists and could not be read yet (Exchange: OK FETCH without data, readable minutes later). */
export interface Pending {
  reason: string;
  attempts: number;
  /** Epoch milliseconds. */
  firstAt: number;
  nextAt: number;
}

export interface LedgerMeta {
  uidValidity: string;
  /** Increases each time that UIDs are reset: '' for the first era, then '.2', '.3' … Part of the messageKey, so that no key is used twice. */
  era: string;
  /** Epoch milliseconds of the last reset of UIDs: earlier messages are compared by fingerprint before they are enqueued. */
  rescannedAt?: number;
  /** Epoch milliseconds of the first connect; earlier messages are before-start after a UIDVALIDITY change as well. */
  startedAt: number;
  /** How the start point was chosen: now, unseen, all, since:<date>. */
  start: string;
  /** Every email flow on which messages of this folder were ever put: where to look for a job by its messageKey. */
  emailFlows: string[];
  user: string;
  host: string;
  folder: string;
}

export interface Ledger {
  /** Increases with each commit; 0 = never written. */
  version: number;
  meta: LedgerMeta | undefined;
  sets: Record<Outcome, uidSet.UidSet>;
  pending: ReadonlyMap<number, Pending>;
}

export const emptyLedger = (): Ledger => ({
  version: 0,
  meta: undefined,
  sets: { enqueued: [], 'before-start': [], matched: [], vanished: [], quarantined: [] },
  pending: new Map(),
});

/**
 * All UIDs with a final outcome. Vanished is not among them: a server that hides a message for a while (Exchange does) shows it again
 * under its UID, and then it is work like any other. A UID that is really gone is never seen again, so the difference loses nothing.
 */
export function settled(ledger: Ledger): uidSet.UidSet {
  return uidSet.union(...outcomes.filter((outcome) => outcome !== 'vanished').map((outcome) => ledger.sets[outcome]));
}

/**
 * Whether a pending UID has to be tried now. A time further ahead than any of our waits was written by a wrong clock, so the UID is due.
 * @param now epoch ms @param longestWaitMs longest delay between two tries, ms
 */
export const isDue = ({ nextAt }: Pending, now: number, longestWaitMs: number): boolean =>
  nextAt <= now || nextAt > now + longestWaitMs;

/** UIDs of the mailbox that still need work now: without an outcome, and not waiting for a later attempt. Ascending. */
export function workOf(
  ledger: Ledger,
  uids: Iterable<number>,
  now: number,
  longestWaitMs = Number.POSITIVE_INFINITY,
): number[] {
  return uidSet
    .missing(settled(ledger), uids)
    .filter((uid) => {
      const pending = ledger.pending.get(uid);
      return pending === undefined || isDue(pending, now, longestWaitMs);
    })
    .sort((a, b) => a - b);
}

/** Delays between the attempts for a pending UID, in ms: 30 s … 1 h in total (emailengine#53: readable about 30 minutes later), then quarantine. */
export const PENDING_DELAYS: readonly number[] = [30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_590_000];

/** The pending entry after another failed attempt, or 'quarantine' after the last one. */
export function nextTry(
  previous: Pending | undefined,
  reason: string,
  now: number,
  delays: readonly number[] = PENDING_DELAYS,
): Pending | 'quarantine' {
  const attempts = (previous?.attempts ?? 0) + 1;
  const delay = delays[attempts - 1];
  if (delay === undefined) return 'quarantine';
  return { reason, attempts, firstAt: previous?.firstAt ?? now, nextAt: now + delay };
}

/** One change to a ledger, as a commit writes it. */
export interface LedgerChange {
  outcomes: readonly { outcome: Outcome; uids: readonly number[] }[];
  pending?: readonly { uid: number; entry: Pending }[];
  /** A new era: everything known before is dropped (its fingerprints stay). */
  reset?: boolean;
  meta?: LedgerMeta;
}

/** The ledger after a change. The same function produces the written texts and the state in memory, so they cannot differ. */
export function applyChange(ledger: Ledger, change: LedgerChange): Ledger {
  const base = change.reset === true ? emptyLedger() : ledger;
  const sets = { ...base.sets };
  const pending = new Map(base.pending);
  for (const { outcome, uids } of change.outcomes) {
    sets[outcome] = uidSet.union(sets[outcome], uidSet.fromUids(uids));
    if (outcome !== 'vanished') sets.vanished = uidSet.subtract(sets.vanished, uidSet.fromUids(uids));
    for (const uid of uids) pending.delete(uid);
  }
  for (const { uid, entry } of change.pending ?? []) pending.set(uid, entry);
  return { version: ledger.version + 1, meta: change.meta ?? ledger.meta, sets, pending };
}

/** Texts of the chunks that a change touches: hash field `<outcome>:<chunk>` → interval text. */
export function changedChunks(before: Ledger, after: Ledger, change: LedgerChange): Record<string, string> {
  const fields: Record<string, string> = {};
  const write = (outcome: Outcome, c: number) => {
    fields[`${outcome}:${c}`] = uidSet.format(uidSet.chunk(after.sets[outcome], c));
  };
  for (const { outcome, uids } of change.outcomes) {
    for (const c of uidSet.chunksOf(uidSet.fromUids(uids))) {
      write(outcome, c);
      // A UID that returned is no longer vanished; nearly always there is none.
      if (before.sets.vanished.length > 0) write('vanished', c);
    }
  }
  return fields;
}

/** Reads the hash fields that {@link changedChunks} wrote. Throws RangeError on a text that is not a UID set. */
export function setsFromChunks(fields: Readonly<Record<string, string>>): Ledger['sets'] {
  const sets = emptyLedger().sets;
  const intervals: Partial<Record<Outcome, uidSet.Interval[]>> = {};
  for (const [field, text] of Object.entries(fields)) {
    const outcome = outcomes.find((name) => field.startsWith(`${name}:`));
    if (outcome === undefined) throw new RangeError(`${field.slice(0, 60)} is no outcome known here`);
    intervals[outcome] ??= [];
    intervals[outcome].push(...uidSet.parse(text));
  }
  for (const outcome of outcomes) sets[outcome] = uidSet.normalise(intervals[outcome] ?? []);
  return sets;
}

/** Why UIDs of the folder cannot be looked up in the ledger now; undefined if they can. @param uidValidity of the folder */
export function unsettledBecause({ meta }: Ledger, uidValidity: string): string | undefined {
  if (meta === undefined) return 'never watched yet';
  return meta.uidValidity === uidValidity ? undefined : 'UIDVALIDITY differs; the watcher has not settled it yet';
}

/** What `mailroom audit` proves: the mailbox's UIDs against the ledger. */
interface Audit {
  inMailbox: number;
  unaccounted: number[];
  pending: number[];
  counts: Record<Outcome, number>;
}

export function audit(ledger: Ledger, uids: readonly number[]): Audit {
  const done = settled(ledger);
  const open = uidSet.missing(done, uids);
  const counts = {} as Record<Outcome, number>;
  for (const outcome of outcomes) counts[outcome] = uidSet.size(ledger.sets[outcome]);
  return {
    inMailbox: uids.length,
    unaccounted: open.filter((uid) => !ledger.pending.has(uid)),
    pending: open.filter((uid) => ledger.pending.has(uid)),
    counts,
  };
}
