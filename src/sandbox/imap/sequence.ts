// Sequence sets: `1:4,7,9:*` by UID or by position in the session's view (RFC 3501 §9 sequence-set).
import { lowerBound, type StoredMessage } from '../store.ts';

export const INVALID_SET = 'NO The specified message set is invalid.';

export type Ranges = [from: number, to: number][];

/** @param last the number that `*` means @returns undefined when the text is no sequence set */
export function parseRanges(text: string, last: number): Ranges | undefined {
  if (!/^(\d+|\*)(:(\d+|\*))?(,(\d+|\*)(:(\d+|\*))?)*$/.test(text)) return undefined;
  const number = (part: string): number => (part === '*' ? last : Number(part));
  return text.split(',').map((range) => {
    const [a = last, b = a] = range.split(':').map(number);
    return [Math.min(a, b), Math.max(a, b)];
  });
}

export interface Position {
  /** Sequence number, from 1. */
  seq: number;
  message: StoredMessage;
}

/** Messages of the view that a set names, ascending, each once. 'invalid': what Exchange refuses (position beyond the end, or no set at all). */
export function resolveSet(view: readonly StoredMessage[], text: string, byUid: boolean): Position[] | 'invalid' {
  const last = byUid ? (view.at(-1)?.uid ?? 0) : view.length;
  const ranges = parseRanges(text, last);
  if (!ranges) return 'invalid';
  if (!byUid && (view.length === 0 || ranges.some(([from, to]) => from < 1 || to > view.length))) return 'invalid';
  const chosen = new Set<number>();
  for (const [from, to] of ranges) {
    const first = byUid ? lowerBound(view, from) : from - 1;
    for (let index = first; index < view.length; index += 1) {
      if ((byUid ? (view[index]?.uid ?? 0) : index + 1) > to) break;
      chosen.add(index);
    }
  }
  const ascending = ranges.length === 1 ? [...chosen] : [...chosen].sort((a, b) => a - b);
  return ascending.flatMap((index) => {
    const message = view[index];
    return message ? [{ seq: index + 1, message }] : [];
  });
}

/** UIDs as a compact set: 1,2,3,7 → `1:3,7`. */
export function compactSet(uids: readonly number[]): string {
  const ranges: string[] = [];
  for (let start = 0; start < uids.length; ) {
    let end = start;
    while (uids[end + 1] === (uids[end] ?? 0) + 1) end += 1;
    ranges.push(start === end ? `${uids[start]}` : `${uids[start]}:${uids[end]}`);
    start = end + 1;
  }
  return ranges.join(',');
}
