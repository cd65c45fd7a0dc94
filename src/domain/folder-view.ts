// What people do in a watched folder, found by comparing two polls of its newest messages. Pure; inbound/notice-changes.ts polls, and the one-script
// commit records the view together with the resulting events, so that neither exists without the other.
//
// A view contains only messages that are on a queue, because backends know no others. A message that arrived after the last poll is compared with
// an untouched one. A message that is absent in one poll may be hidden for a moment (Exchange): it is gone when the next poll does not show it either.
import type { MailboxEventKind } from '../contract/mailbox-event.ts';
import type { UidSet } from './uid-set.ts';
import * as uidSet from './uid-set.ts';

/** Newest UIDs of a folder that are compared. */
export const VIEW_WINDOW = 1_000;

/** If one poll finds more changes than this, they are counted instead of reported one by one. */
export const MOST_CHANGES = 200;

export interface FolderView {
  /** UIDVALIDITY and era of the ledger: the UIDs below are meaningless in another one. */
  era: string;
  present: UidSet;
  seen: UidSet;
  answered: UidSet;
  /** Absent in the last poll. */
  absent: UidSet;
  /** Reported as gone; a server may show them again. */
  gone: UidSet;
  /** Newest UID that was on a queue at the last poll: a later message that is no longer in the folder was never seen. */
  upTo: number;
  /** Increases with each event and is part of its id. */
  seq: number;
  /** Epoch ms of the poll after which it was written. */
  at: number;
  /** HIGHESTMODSEQ (RFC 7162) up to which flags are known; undefined: the server has none. */
  modseq?: string | undefined;
  /** Up to which UID Sent was read. */
  sent?: { uidValidity: string; uid: number } | undefined;
  /** Changes that were not reported because the queue is full, by kind. */
  unreported?: Partial<Record<MailboxEventKind, number>> | undefined;
}

/** Mailroom's own changes, recorded before they are made: they are never reported. */
export interface OwnActs {
  seen: ReadonlySet<number>;
  answered: ReadonlySet<number>;
  moved: ReadonlySet<number>;
}

export type OwnAct = `${keyof OwnActs}:${number}`;

export interface Poll {
  era: string;
  /** Lowest UID of this poll. */
  low: number;
  /** UIDs of the folder from `low` on. */
  uids: readonly number[];
  /** Flags where they were requested and returned; the others are unchanged. */
  flags: ReadonlyMap<number, { seen: boolean; answered: boolean }>;
  own: OwnActs;
  /** UIDs whose messages are on a queue. */
  enqueued: UidSet;
  /** Epoch ms. */
  at: number;
  modseq?: string | undefined;
}

type ChangeKind = Exclude<MailboxEventKind, 'overflow'>;

export interface Change {
  uid: number;
  kind: ChangeKind;
}

interface Compared {
  changes: Change[];
  /** The view after this poll; the creator of the events increases `seq`. */
  view: FolderView;
  /** Own changes whose effect was seen, or can no longer be seen. */
  settled: OwnAct[];
  /** The view differs from the previous one and has to be written. */
  differs: boolean;
}

export const emptyView = (era: string, at: number): FolderView => ({
  era,
  ...setsBy(() => uidSet.EMPTY),
  upTo: 0,
  seq: 0,
  at,
});

interface Found {
  changes: Change[];
  settled: OwnAct[];
  seen: number[];
  answered: number[];
  absent: number[];
  gone: number[];
}

/** @param before undefined: the first poll, which has nothing to compare with and reports nothing */
export function compareViews(before: FolderView | undefined, poll: Poll): Compared {
  const { low, enqueued } = poll;
  const known = before ?? emptyView(poll.era, poll.at);
  const inFolder = new Set(poll.uids.filter((uid) => uid >= low && uidSet.has(enqueued, uid)));
  const found: Found = { changes: [], settled: [], seen: [], answered: [], absent: [], gone: [] };
  const upTo = uidSet.highest(enqueued);
  const unseen = before === undefined ? [] : uidsIn(enqueued, Math.max(low, before.upTo + 1));
  for (const uid of inFolder) comparePresent(found, known, poll, uid);
  for (const uid of new Set([...uidsIn(known.present, low), ...unseen]))
    if (!inFolder.has(uid)) compareAbsent(found, known, poll, uid);
  const settled = [...new Set([...found.settled, ...outOfSight(known, poll, inFolder)])];
  const stillGone = uidsIn(known.gone, low).filter((uid) => !inFolder.has(uid));
  const view: FolderView = {
    ...known,
    present: uidSet.fromUids([...inFolder, ...found.absent]),
    seen: uidSet.fromUids(found.seen),
    answered: uidSet.fromUids(found.answered),
    absent: uidSet.fromUids(found.absent),
    gone: uidSet.fromUids([...stillGone, ...found.gone]),
    upTo,
    at: poll.at,
    modseq: poll.modseq,
  };
  const isOther = before === undefined || before.upTo !== upTo || SETS.some((set) => !same(before[set], view[set]));
  return { changes: before === undefined ? [] : found.changes, view, settled, differs: isOther || settled.length > 0 };
}

function comparePresent(found: Found, known: FolderView, { flags, own }: Poll, uid: number): void {
  if (uidSet.has(known.gone, uid)) found.changes.push({ uid, kind: 'returned' });
  const was = { seen: uidSet.has(known.seen, uid), answered: uidSet.has(known.answered, uid) };
  const is = flags.get(uid) ?? was;
  if (is.seen) found.seen.push(uid);
  if (is.answered) found.answered.push(uid);
  if (is.seen && own.seen.has(uid)) found.settled.push(`seen:${uid}`);
  else if (was.seen !== is.seen) found.changes.push({ uid, kind: is.seen ? 'seen' : 'unseen' });
  if (is.answered && own.answered.has(uid)) found.settled.push(`answered:${uid}`);
  else if (is.answered && !was.answered) found.changes.push({ uid, kind: 'answered' });
}

function compareAbsent(found: Found, known: FolderView, { own }: Poll, uid: number): void {
  if (own.moved.has(uid)) found.settled.push(`moved:${uid}`);
  else if (uidSet.has(known.absent, uid)) {
    found.gone.push(uid);
    found.changes.push({ uid, kind: 'gone' });
  } else found.absent.push(uid);
  // If it returns, it is compared with its earlier state.
  if (uidSet.has(known.seen, uid)) found.seen.push(uid);
  if (uidSet.has(known.answered, uid)) found.answered.push(uid);
}

/** Own changes to messages that no later poll will see. */
function outOfSight(known: FolderView, { own, low }: Poll, inFolder: ReadonlySet<number>): OwnAct[] {
  const isOut = (kind: keyof OwnActs, uid: number) =>
    uid < low || (!inFolder.has(uid) && (kind === 'moved' || !uidSet.has(known.present, uid)));
  return (Object.entries(own) as [keyof OwnActs, ReadonlySet<number>][]).flatMap(([kind, uids]) =>
    [...uids].flatMap((uid) => (isOut(kind, uid) ? [`${kind}:${uid}` as const] : [])),
  );
}

const SETS = ['present', 'seen', 'answered', 'absent', 'gone'] as const;
type SetName = (typeof SETS)[number];

const setsBy = <T>(make: (name: SetName) => T) =>
  Object.fromEntries(SETS.map((name) => [name, make(name)])) as Record<SetName, T>;

const same = (one: UidSet, other: UidSet): boolean => uidSet.format(one) === uidSet.format(other);

/** Its UIDs from `low` on. A view covers the window of one poll, so they are few. */
function uidsIn(set: UidSet, low: number): number[] {
  const uids: number[] = [];
  for (const [first, last] of set) for (let uid = Math.max(first, low); uid <= last; uid++) uids.push(uid);
  return uids;
}

/** How many of each kind. */
export function countKinds(changes: readonly Change[]): Partial<Record<MailboxEventKind, number>> {
  const kinds: Partial<Record<MailboxEventKind, number>> = {};
  for (const { kind } of changes) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

/** Fields of the hash that keeps a view. */
export function fieldsOfView(view: FolderView): Record<string, string> {
  const { present, seen, answered, absent, gone, at, ...rest } = view;
  return { ...setsBy((name) => uidSet.format(view[name])), at: String(at), rest: JSON.stringify(rest) };
}

/** Undefined if the fields contain no view. */
export function viewOfFields(fields: Readonly<Record<string, string>>): FolderView | undefined {
  try {
    const { era, upTo, seq, modseq, sent, unreported } = JSON.parse(fields.rest ?? '') as FolderView;
    const at = Number(fields.at);
    if (typeof era !== 'string' || !Number.isSafeInteger(seq) || !Number.isSafeInteger(upTo) || !Number.isFinite(at))
      return undefined;
    const sets = setsBy((name) => uidSet.parse(fields[name] ?? ''));
    // More than one window is never a valid view, and would exhaust memory.
    if (Object.values(sets).some((set) => uidSet.size(set) > 10 * VIEW_WINDOW)) return undefined;
    return { era, upTo, seq, at, modseq, sent, unreported, ...sets };
  } catch {
    return undefined;
  }
}
