// Ranges of the text that mail clients mark in html: quotation, attribution, signature.
import type { Meaning } from './html-marks.ts';

export type RangeKind = NonNullable<Meaning['kind']> | 'tip';

interface Range {
  /** Offsets in the output. */
  start: number;
  end: number;
  kind: RangeKind;
}

export interface Ranges {
  /** `depth`: number of open elements of this name within it, including itself. */
  open: { tag: string; depth: number; start: number; kind: RangeKind }[];
  closed: Range[];
  /** Offset from which everything is quoted history, or -1. */
  toEnd: number;
}

export const newRanges = (): Ranges => ({ open: [], closed: [], toEnd: -1 });

export const isInQuote = ({ open }: Ranges): boolean => open.some(({ kind }) => kind === 'quote');

export function openRange(ranges: Ranges, tag: string, start: number, kind: RangeKind): void {
  ranges.open.push({ tag, depth: 1, start, kind });
}

/** Counts an element that marks nothing, so that its closing tag does not end a range that an element of the same name opened. */
export function deepenRange({ open }: Ranges, tag: string): void {
  const range = open.length === 0 ? undefined : open.findLast((one) => one.tag === tag);
  if (range !== undefined) range.depth++;
}

export function closeRange({ open, closed }: Ranges, tag: string, end: number): void {
  if (open.length === 0) return;
  const at = open.findLastIndex((one) => one.tag === tag);
  const range = open[at];
  if (range === undefined || --range.depth > 0) return;
  open.splice(at, 1);
  closed.push({ start: range.start, end, kind: range.kind });
}

/** Bits of a line's mark. `history`: quoted history from here to the end; `attribution`: introduces a quotation; `tip`: Exchange's link. */
export const mark = { history: 2, attribution: 4, signature: 8, tip: 16 } as const;

/** Marks by line, as html-text.ts finds them. */
export type Marks = readonly number[];

export const isMarked = (marks: Marks | undefined, k: number, bit: number): boolean => ((marks?.[k] ?? 0) & bit) !== 0;

/** Quoted ranges become lines with `> `, the others marks of the lines they touch. `length`: of the whole output, where open ranges end. */
export function withMarks(
  text: string,
  { open, closed, toEnd }: Ranges,
  length: number,
): { text: string; marks: number[] } {
  const ranges = [...closed, ...open.map(({ start, kind }) => ({ start, end: length, kind }))];
  if (ranges.length === 0 && toEnd === -1) return { text, marks: [] };
  const lines = text.split('\n');
  const marks = new Array<number>(lines.length).fill(0);
  const sorted = ranges.filter((r) => r.end > r.start).sort((a, b) => a.start - b.start);
  let at = 0;
  let next = 0;
  let active: typeof sorted = [];
  for (const [k, line] of lines.entries()) {
    const lineEnd = at + line.length;
    while (next < sorted.length && (sorted[next]?.start ?? 0) <= lineEnd)
      active.push(sorted[next++] as (typeof sorted)[number]);
    if (active.length > 0) active = active.filter((r) => r.end > at);
    let quoted = false;
    for (const range of active) {
      // A range that begins at the end of this line belongs to the next line.
      if (range.start >= lineEnd && line !== '') continue;
      if (range.kind === 'quote') quoted = true;
      else marks[k] = (marks[k] ?? 0) | mark[range.kind];
    }
    if (toEnd !== -1 && at >= toEnd) marks[k] = (marks[k] ?? 0) | mark.history;
    if (quoted) lines[k] = line === '' ? '>' : line.startsWith('>') ? `>${line}` : `> ${line}`;
    at = lineEnd + 1;
  }
  return { text: lines.join('\n'), marks };
}
