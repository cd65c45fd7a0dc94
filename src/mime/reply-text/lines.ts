// The lines of a mail for the reply text: their kinds, and repairs that do not depend on words.
import type { Marks } from '../html-ranges.ts';
import { splitSharedLine } from './markers.ts';

/** Longest line that is examined, in UTF-16 units. */
export const MAX_LINE = 600;

export const kind = { text: 0, blank: 1, quote: 2 } as const;

/** `> text` and `| text`. */
export const isQuoted = (line: string): boolean => {
  const c = line.charCodeAt(0);
  if (c === 0x3e) return true;
  if (c === 0x20 && /^ {1,3}>/.test(line)) return true;
  if (c !== 0x7c && !(c === 0x20 && line.charCodeAt(1) === 0x7c)) return false;
  const bar = c === 0x7c ? line : line.slice(1);
  // A row of a table also ends in a bar.
  return bar === '|' || (/^\|[\s|]/.test(bar) && !/\|\s*$/.test(bar.slice(1)));
};

/** Invisible characters: directional marks, joiners, zero-width spaces. */
const UNSEEN = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c]/g;
const BLANKS = /[\s\u00a0\u2000-\u200a\u202f\u3000]{1,600}/g;

/** Characters that {@link plainLine} changes, besides blanks at the ends. */
const ODD = /[\t-\r\u00a0\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufeff]| {2}/;

/** A line without invisible characters, with one blank between words and none at the ends. */
export const plainLine = (line: string): string =>
  (ODD.test(line) ? line.replace(UNSEEN, '').replace(BLANKS, ' ') : line).trim();

/** Whether a text has directional marks. Separate searches, nearly always in vain, are the fastest way. */
export const hasUnseen = (text: string): boolean => UNSEEN_LIKELY.some((c) => text.includes(c));
const UNSEEN_LIKELY = [...'\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u061c'];

/** `>:` or `> wrote:`, the end of an attribution whose address begins in the line above: no quotation. */
export const isBrokenOff = (line: string, above: string | undefined): boolean =>
  line.length <= 40 &&
  (line.endsWith(':') || line.endsWith('：')) &&
  above !== undefined &&
  above.length <= MAX_LINE &&
  above.lastIndexOf('<') > above.lastIndexOf('>');

/** Makes the rest of a link between two quoted lines, which the client broke off the first, a quoted line. */
export function joinWrapped(lines: readonly string[], kinds: Uint8Array, from: number): void {
  for (let k = from + 1; k < kinds.length - 1; k++) {
    if (kinds[k] !== kind.text || kinds[k - 1] !== kind.quote || kinds[k + 1] !== kind.quote) continue;
    if (isLinkRest(lines[k] as string)) kinds[k] = kind.quote;
  }
}

/** Whether a line is one word that is a link or ends like one (`…?id=7)>`), with only brackets after it. Linear, for lines of any length. */
function isLinkRest(line: string): boolean {
  const text = line.trim();
  const blank = text.search(/\s/);
  const word = blank === -1 ? text : text.slice(0, blank);
  if (blank !== -1 && !/^[\s>)]*$/.test(text.slice(blank))) return false;
  return /^\(?<?https?:/.test(word) || (/[)>]$/.test(word) && /[/=_&%?]/.test(word));
}

/** Puts an attribution before a quotation on a separate line, if it shares its line with the answer. */
export function splitShared(text: string, lines: string[], marks: Marks | undefined): string[] {
  if (marks !== undefined || !text.includes('wrote:\n')) return lines;
  return lines.flatMap((line, k) => {
    if (!line.endsWith(' wrote:') || line.length > MAX_LINE || /^[>\s-]*On /.test(line)) return line;
    const next = lines[k + 1] === '' ? lines[k + 2] : lines[k + 1];
    return (next?.startsWith('>') === true ? splitSharedLine(line) : undefined) ?? line;
  });
}

export function tidy(lines: readonly string[]): string {
  let from = 0;
  let to = lines.length;
  while (from < to && (lines[from] as string).trim() === '') from++;
  while (to > from && (lines[to - 1] as string).trim() === '') to--;
  return lines
    .slice(from, to)
    .join('\n')
    .replace(/^[ \t]+/, '');
}

export function nextContent(kinds: Uint8Array, from: number): number {
  for (let k = from; k < kinds.length; k++) if (kinds[k] !== kind.blank) return k;
  return -1;
}
