// What people do in a watched folder, found by comparing two looks at its newest messages. Pure; inbound/notice-changes.ts looks, and the one-script
// commit records the view together with the events that it gave rise to, so that neither is there without the other.
//
// Only messages that are on a queue are in a view: nobody waits for news of the others. A message that came since the last look is compared with one
// that nobody has touched. What is absent at one look may be hidden for a moment (Exchange): it is gone when it is absent at the next one too.
import type { MailboxEventKind } from '../contract/mailbox-event.ts';
import type { UidSet } from './uid-set.ts';
import * as uidSet from './uid-set.ts';

/** Newest UIDs of a folder that are compared. */
export const VIEW_WINDOW = 1_000;

/** More changes than this at one look are counted, not told one by one. */
export const MOST_CHANGES = 200;

export interface FolderView {
  /** UIDVALIDITY and era of the ledger: the UIDs below mean nothing in another one. */
  era: string;
  present: UidSet;
  seen: UidSet;
  answered: UidSet;
  /** Absent at the last look. */
  absent: UidSet;
  /** Reported as gone; a server may show them again. */
  gone: UidSet;
  /** Goes up with each event: part of its id. */
  seq: number;
  /** Epoch ms of the look that it was written after. */
  at: number;
  /** HIGHESTMODSEQ (RFC 7162) up to which flags are known; undefined: the server has none. */
  modseq?: string | undefined;
  /** Up to which UID Sent was read. */
  sent?: { uidValidity: string; uid: number } | undefined;
  /** Changes that were not reported because the queue is full, by kind. */
  unreported?: Partial<Record<MailboxEventKind, number>> | undefined;
}

/** Acts of our own, noted before they are done: nobody is told of them. */
export interface OwnActs {
  seen: ReadonlySet<number>;
  answered: ReadonlySet<number>;
  moved: ReadonlySet<number>;
}

export type OwnAct = `${keyof OwnActs}:${number}`;

export interface Look {
  era: string;
  /** Lowest UID that was looked at. */
  low: number;
  /** UIDs of the folder from `low` on. */
  uids: readonly number[];
  /** Flags where they were asked for and answered; of the others they are as before. */
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
  /** The view after this look; `seq` is counted by who makes the events. */
  view: FolderView;
  /** Own acts whose effect was seen, or cannot be seen any more. */
  settled: OwnAct[];
  /** Something in the view is other than before: it is to be written. */
  differs: boolean;
}

const EMPTY: UidSet = uidSet.EMPTY;

export const emptyView = (era: string, at: number): FolderView => ({
  era,
  present: EMPTY,
  seen: EMPTY,
  answered: EMPTY,
  absent: EMPTY,
  gone: EMPTY,
  seq: 0,
  at,
});

/** @param before undefined: the first look, which has nothing to compare with and reports nothing */
export function compareViews(before: FolderView | undefined, look: Look): Compared {
  const { low, own, flags, enqueued } = look;
  const known = before ?? emptyView(look.era, look.at);
  const inFolder = new Set(look.uids.filter((uid) => uid >= low && uidSet.has(enqueued, uid)));
  const changes: Change[] = [];
  const settled: OwnAct[] = [];
  const seen: number[] = [];
  const answered: number[] = [];
  const gone: number[] = [];
  const absent: number[] = [];

  for (const uid of inFolder) {
    if (uidSet.has(known.gone, uid)) changes.push({ uid, kind: 'returned' });
    const was = { seen: uidSet.has(known.seen, uid), answered: uidSet.has(known.answered, uid) };
    const row = flags.get(uid);
    const is = row ?? was;
    if (is.seen) seen.push(uid);
    if (is.answered) answered.push(uid);
    if (is.seen && own.seen.has(uid)) settled.push(`seen:${uid}`);
    else if (was.seen !== is.seen) changes.push({ uid, kind: is.seen ? 'seen' : 'unseen' });
    if (is.answered && own.answered.has(uid)) settled.push(`answered:${uid}`);
    else if (is.answered && !was.answered) changes.push({ uid, kind: 'answered' });
  }
  for (const uid of uidsIn(known.present, low)) {
    if (inFolder.has(uid)) continue;
    if (own.moved.has(uid)) settled.push(`moved:${uid}`);
    else if (uidSet.has(known.absent, uid)) {
      gone.push(uid);
      changes.push({ uid, kind: 'gone' });
    } else absent.push(uid);
    // Should it come back, it is compared with what it was.
    if (uidSet.has(known.seen, uid)) seen.push(uid);
    if (uidSet.has(known.answered, uid)) answered.push(uid);
  }
  for (const [kind, uids] of Object.entries(own) as [keyof OwnActs, ReadonlySet<number>][])
    for (const uid of uids)
      if (uid < low || (kind === 'moved' ? !inFolder.has(uid) : !inFolder.has(uid) && !uidSet.has(known.present, uid)))
        settled.push(`${kind}:${uid}`);

  const stillGone = uidsIn(known.gone, low).filter((uid) => !inFolder.has(uid));
  const view: FolderView = {
    ...known,
    present: uidSet.fromUids([...inFolder, ...absent]),
    seen: uidSet.fromUids(seen),
    answered: uidSet.fromUids(answered),
    absent: uidSet.fromUids(absent),
    gone: uidSet.fromUids([...stillGone, ...gone]),
    at: look.at,
    modseq: look.modseq,
  };
  const told = before === undefined ? [] : changes;
  return {
    changes: told,
    view,
    settled: [...new Set(settled)],
    differs: before === undefined || settled.length > 0 || SETS.some((set) => !same(before[set], view[set])),
  };
}

const SETS = ['present', 'seen', 'answered', 'absent', 'gone'] as const;

const same = (one: UidSet, other: UidSet): boolean => uidSet.format(one) === uidSet.format(other);

/** Its UIDs from `low` on. A view holds the window of one look, so they are few. */
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
  const sets = { present, seen, answered, absent, gone };
  return {
    ...Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, uidSet.format(set)])),
    at: String(at),
    rest: JSON.stringify(rest),
  };
}

/** Undefined: the fields hold no view. */
export function viewOfFields(fields: Readonly<Record<string, string>>): FolderView | undefined {
  try {
    const { era, seq, modseq, sent, unreported } = JSON.parse(fields.rest ?? '') as FolderView;
    const at = Number(fields.at);
    if (typeof era !== 'string' || !Number.isSafeInteger(seq) || !Number.isFinite(at)) return undefined;
    const [present, seen, answered, absent, gone] = SETS.map((name) => uidSet.parse(fields[name] ?? '')) as [
      UidSet,
      UidSet,
      UidSet,
      UidSet,
      UidSet,
    ];
    // More than a window is nobody's view, and would fill the memory.
    if ([present, seen, answered, absent, gone].some((set) => uidSet.size(set) > 10 * VIEW_WINDOW)) return undefined;
    return { era, seq, at, modseq, sent, unreported, present, seen, answered, absent, gone };
  } catch {
    return undefined;
  }
}
