// The lines of a mail for the reply text: what kind each is, and the repairs that need no meaning.
import { sharedLine } from './markers.ts';

/** Longer lines are no markers of anything. */
export const MAX_LINE = 600;

export const kind = { text: 0, blank: 1, quote: 2 } as const;

/** `> text`, `| text`, and `X> text` of old news readers. */
export const isQuoted = (line: string): boolean => {
  const c = line.charCodeAt(0);
  if (c === 0x3e) return true;
  if (c === 0x20 && /^ {1,3}>/.test(line)) return true;
  return c === 0x7c && /^\|[\s|]/.test(line) && !/\|\s*$/.test(line.slice(1));
};

/** The rest of a link that the client broke off a quoted line, directly between two of them, is quoted as well. */
export function joinWrapped(lines: readonly string[], kinds: Uint8Array, from: number): void {
  for (let k = from + 1; k < kinds.length - 1; k++) {
    if (kinds[k] !== kind.text || kinds[k - 1] !== kind.quote || kinds[k + 1] !== kind.quote) continue;
    if (/^\s*(?:\(?<?https?:\S*\)?|\S*[/=_&%?]\S*[)>])[\s>)]*$/.test(lines[k] as string)) kinds[k] = kind.quote;
  }
}

/** Puts an attribution that shares its line with the answer on a line of its own, where a quotation follows. */
export function splitShared(text: string, lines: string[], marks: readonly number[] | undefined): void {
  if (marks !== undefined || !text.includes(' wrote:\n')) return;
  for (let k = 0; k < lines.length - 1; k++) {
    const line = lines[k] as string;
    if (!line.endsWith(' wrote:') || line.length > MAX_LINE || /^[>\s-]*On /.test(line)) continue;
    const next = lines[k + 1] === '' ? lines[k + 2] : lines[k + 1];
    const parts = next?.startsWith('>') === true ? sharedLine.exec(line) : null;
    if (parts !== null) lines.splice(k, 1, (parts[1] as string).trimEnd(), parts[2] as string);
  }
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

export const firstContent = (kinds: Uint8Array): number => nextContent(kinds, 0);

export function hasText(kinds: Uint8Array, from: number, to: number): boolean {
  for (let k = from; k < to; k++) if (kinds[k] === kind.text) return true;
  return false;
}

export function lastOf(kinds: Uint8Array, wanted: number, before: number): number {
  for (let k = before - 1; k >= 0; k--) if (kinds[k] === wanted) return k;
  return -1;
}
