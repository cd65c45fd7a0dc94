// Where the signature begins: "-- " (RFC 3676 §4.3), what clients add, and the footers of lists.

import { isDeviceLine } from './device-lines.ts';
import { kind, MAX_LINE } from './lines.ts';
import { signatureDelimiter } from './markers.ts';

export const isFooter = (line: string): boolean =>
  /^[_=*-]{5,}\s*$/.test(line) || isDeviceLine(line.slice(0, MAX_LINE)) || /^https?:\S+$/.test(line);

/** A line of underscores begins a signature or a list's footer when contact details follow below; otherwise it divides the writer's text. */
const isFooterBelow = (lines: readonly string[], from: number, to: number): boolean =>
  from >= to || lines.slice(from, Math.min(to, from + 30)).some((line) => REACHABLE.test(line.slice(0, MAX_LINE)));

/** Alone on a line, with a few lines below: what some write for `-- `. */
const SHORT_RULES: ReadonlySet<string> = new Set(['__', '—', '–', '——']);

const REACHABLE = /https?:|www\.|\S@\S|mailing list|\+\d[\d ()/-]{6,}|\b(?:tel|phone|fon|fax|mobil)/i;

/** First line of the signature in [from, to), or `to`. */
export function signatureStart(
  lines: readonly string[],
  kinds: Uint8Array,
  from: number,
  to: number,
  marks: readonly number[] | undefined,
): number {
  let stop = to;
  // Something must come before a signature, be it quoted; a mail that begins with `--` is not all signature. Looked for once.
  let firstText = from;
  while (firstText < to && kinds[firstText] === kind.blank) firstText++;
  const last = (): number => {
    let k = stop - 1;
    while (k >= from && kinds[k] === kind.blank) k--;
    return k;
  };
  for (let k = from; k < to; k++) {
    const line = lines[k] as string;
    if (kinds[k] !== kind.text) continue;
    const first = line.charCodeAt(0);
    const delimiter =
      (first === 0x2d && signatureDelimiter.test(line)) ||
      (line.length <= 2 && SHORT_RULES.has(line) && to - k <= 10) ||
      (first === 0x5f && /^_{10,}$/.test(line) && isFooterBelow(lines, k + 1, to)) ||
      ((marks?.[k] ?? 0) & 8) !== 0;
    if (delimiter && firstText < k) {
      stop = k;
      break;
    }
  }
  for (;;) {
    const k = last();
    if (k < from) break;
    const line = (lines[k] as string).trim();
    const alone = k === from || kinds[k - 1] !== kind.text;
    if (line.length < MAX_LINE && isDeviceLine(line) && firstText < k) stop = k;
    else if (alone && /^-{1,2}\s?\p{Lu}[\p{L}.'’]*(?: \p{Lu}?[\p{L}.'’]*){0,3}$/u.test(line) && firstText < k) stop = k;
    else if (/^[_=*-]{3,}$/.test(line) && firstText < k) stop = k;
    else break;
  }
  return stop;
}
