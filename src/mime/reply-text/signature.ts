// The beginning of the signature: "-- " (RFC 3676 §4.3), lines that clients add, and footers of lists.
import { isMarked, type Marks, mark } from '../html-ranges.ts';
import { isDeviceLine } from './device-lines.ts';
import { kind, MAX_LINE } from './lines.ts';
import { signatureDelimiter } from './markers.ts';

export const isFooter = (line: string): boolean =>
  /^[_=*-]{5,}\s*$/.test(line) || isDeviceLine(line.slice(0, MAX_LINE)) || /^https?:\S+$/.test(line);

/** A line of underscores before contact details begins a signature or a list's footer; otherwise it divides the writer's text. */
const isFooterBelow = (lines: readonly string[], from: number, to: number): boolean =>
  from >= to || lines.slice(from, Math.min(to, from + 30)).some((line) => REACHABLE.test(line.slice(0, MAX_LINE)));

/** Lines that some people write instead of `-- `, near the end. */
const SHORT_RULES: ReadonlySet<string> = new Set(['__', '—', '–', '——']);

const REACHABLE = /https?:|www\.|\S@\S|mailing list|\+\d[\d ()/-]{6,}|\b(?:tel|phone|fon|fax|mobil)/i;

/** First line of the signature in [from, to), or `to`. */
export function signatureStart(
  lines: readonly string[],
  kinds: Uint8Array,
  from: number,
  to: number,
  marks: Marks | undefined,
): number {
  let stop = to;
  // A signature has a text before it, be it quoted: a mail that begins with `--` is not all signature.
  let firstText = from;
  while (firstText < to && kinds[firstText] === kind.blank) firstText++;
  const isText = (k: number): boolean => kinds[k] === kind.text;
  // The writer may write below the signature that the client inserted.
  const lastOwn =
    marks === undefined
      ? -1
      : kinds.findLastIndex(
          (_, k) => k < to && isText(k) && !isMarked(marks, k, mark.signature) && !isFooter(lines[k] as string),
        );
  // Of several rules all but the last divide a form, which may end in one.
  const hasHistory = lines.some((line, k) => k >= to && line !== '' && !RULE.test(line));
  const lastRule = lines.findLastIndex((line, k) => (k < to || !hasHistory) && isText(k) && RULE.test(line));
  for (let k = firstText + 1; k < to; k++) {
    const line = lines[k] as string;
    if (!isText(k)) continue;
    const first = line.charCodeAt(0);
    const delimiter =
      (first === 0x2d && signatureDelimiter.test(line)) ||
      (line.length <= 2 && SHORT_RULES.has(line) && to - k <= 10) ||
      (k === lastRule && isFooterBelow(lines, k + 1, to)) ||
      (k > lastOwn && isMarked(marks, k, mark.signature));
    if (delimiter) {
      stop = k;
      break;
    }
  }
  for (let k = stop + 1; k < to; k++) if (POSTSCRIPT.test(lines[k] as string)) return to;
  // Lines at the end that a program signs with, a name after a dash ("- Kim"), or rows of dashes.
  for (let k = stop - 1; k > firstText; k--) {
    if (kinds[k] === kind.blank) continue;
    const line = (lines[k] as string).trim();
    const signs =
      (line.length < MAX_LINE && isDeviceLine(line)) ||
      (kinds[k - 1] !== kind.text && SIGNED.test(line)) ||
      /^[_=*-]{3,}$/.test(line);
    if (!signs) break;
    stop = k;
  }
  return stop;
}

const RULE = /^_{10,}$/;
/** Text below the signature that is the writer's own. */
const POSTSCRIPT = /^p\.? ?s\.? ?[:.,–-] ?\S/i;

const SIGNED = /^-{1,2}\s?\p{Lu}[\p{L}.'’]*(?: \p{Lu}?[\p{L}.'’]*){0,3}$/u;
