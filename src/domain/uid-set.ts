// A set of IMAP UIDs as sorted, disjoint, inclusive intervals: the shape of RFC 9051's sequence-set ("1:500,502,700:712"). Pure data;
// operations return new sets. The ledger stores such sets in chunks (see chunksOf), so that a commit rewrites one small text, however
// large the mailbox is.

export type Interval = readonly [first: number, last: number];
export type UidSet = readonly Interval[];

export const EMPTY: UidSet = [];

/** Intervals in any order and overlap, normalised. */
export function normalise(intervals: Iterable<Interval>): UidSet {
  const sorted = [...intervals].filter(([first, last]) => first <= last).sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export function fromUids(uids: Iterable<number>): UidSet {
  return normalise([...uids].map((uid) => [uid, uid] as const));
}

export function union(...sets: readonly UidSet[]): UidSet {
  return normalise(sets.flat());
}

/** Index of the interval that contains the UID, or -1. */
function find(set: UidSet, uid: number): number {
  let low = 0;
  let high = set.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = set[middle] as Interval;
    if (uid < first) high = middle - 1;
    else if (uid > last) low = middle + 1;
    else return middle;
  }
  return -1;
}

export function has(set: UidSet, uid: number): boolean {
  return find(set, uid) >= 0;
}

/** The UIDs of a list that are not in the set, in their order. */
export function missing(set: UidSet, uids: Iterable<number>): number[] {
  const result: number[] = [];
  for (const uid of uids) if (!has(set, uid)) result.push(uid);
  return result;
}

export function subtract(set: UidSet, remove: UidSet): UidSet {
  const result: Interval[] = [];
  let from = 0;
  for (const [first, last] of set) {
    let start = first;
    for (let i = from; i < remove.length; i++) {
      const [cutFirst, cutLast] = remove[i] as Interval;
      if (cutLast < start) {
        from = i + 1;
        continue;
      }
      if (cutFirst > last) break;
      if (cutFirst > start) result.push([start, cutFirst - 1]);
      start = cutLast + 1;
    }
    if (start <= last) result.push([start, last]);
  }
  return result;
}

export function size(set: UidSet): number {
  let count = 0;
  for (const [first, last] of set) count += last - first + 1;
  return count;
}

export function highest(set: UidSet): number {
  return set.at(-1)?.[1] ?? 0;
}

export function format(set: UidSet): string {
  return set.map(([first, last]) => (first === last ? `${first}` : `${first}:${last}`)).join(',');
}

/** Reads what {@link format} wrote, and any sequence-set without `*`. Throws RangeError naming the invalid part. */
export function parse(text: string): UidSet {
  if (text === '') return EMPTY;
  return normalise(
    text.split(',').map((part) => {
      const match = /^([1-9]\d{0,9})(?::([1-9]\d{0,9}))?$/.exec(part.trim());
      if (match === null) throw new RangeError(`not a UID set: "${part.slice(0, 40)}"`);
      const a = Number(match[1]);
      const b = match[2] === undefined ? a : Number(match[2]);
      return [Math.min(a, b), Math.max(a, b)] as const;
    }),
  );
}

/** UIDs a chunk spans. 4,096 keeps the worst case of one chunk (every other UID) under 25 KB and the usual one ("1:4096") at a few bytes. */
export const CHUNK = 4096;

/** The part of the set within chunk c: UIDs c·4096 … c·4096+4095. */
export function chunk(set: UidSet, c: number): UidSet {
  const low = c * CHUNK;
  const high = low + CHUNK - 1;
  const result: Interval[] = [];
  for (const [first, last] of set) {
    if (last < low) continue;
    if (first > high) break;
    result.push([Math.max(first, low), Math.min(last, high)]);
  }
  return result;
}

/** Numbers of the chunks that the set touches. */
export function chunksOf(set: UidSet): number[] {
  const chunks = new Set<number>();
  for (const [first, last] of set) {
    for (let c = Math.floor(first / CHUNK); c <= Math.floor(last / CHUNK); c++) chunks.add(c);
  }
  return [...chunks].sort((a, b) => a - b);
}
