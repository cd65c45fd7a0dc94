// Stretches of the text that mail clients mark, as html-text.ts finds them: quotation, attribution, signature.
import type { Meaning } from './html-marks.ts';

export type RangeKind = NonNullable<Meaning['kind']> | 'tip';

interface Range {
  /** Offsets in the output. */
  start: number;
  end: number;
  kind: RangeKind;
}

export interface Ranges {
  /** `depth`: elements of the same name that are open within it, itself included. */
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

/** An element that marks nothing: the range that one of its name opened ends with its own closing tag. */
export function deepenRange({ open }: Ranges, tag: string): void {
  for (let at = open.length - 1; at >= 0; at--) {
    const range = open[at] as Ranges['open'][number];
    if (range.tag !== tag) continue;
    range.depth++;
    return;
  }
}

export function closeRange({ open, closed }: Ranges, tag: string, end: number): void {
  for (let at = open.length - 1; at >= 0; at--) {
    const range = open[at] as Ranges['open'][number];
    if (range.tag !== tag) continue;
    if (--range.depth > 0) return;
    open.splice(at, 1);
    closed.push({ start: range.start, end, kind: range.kind });
    return;
  }
}

const bitOf = { quote: 0, attribution: 4, signature: 8, tip: 16 } as const;

/** Quoted ranges as lines with `> `; the other ranges as bits of the lines they touch. `length`: of the whole output, where open ranges end. */
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
      // A range that begins at the very end of this line belongs to the next one.
      if (range.start >= lineEnd && line !== '') continue;
      if (range.kind === 'quote') quoted = true;
      else marks[k] = (marks[k] ?? 0) | bitOf[range.kind];
    }
    if (toEnd !== -1 && at >= toEnd) marks[k] = (marks[k] ?? 0) | 2;
    if (quoted) lines[k] = line === '' ? '>' : line.startsWith('>') ? `>${line}` : `> ${line}`;
    at = lineEnd + 1;
  }
  return { text: lines.join('\n'), marks };
}
