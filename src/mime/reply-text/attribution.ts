// "On … X wrote:": where a quotation is introduced, in one to four lines.
import { kind, MAX_LINE, nextContent } from './lines.ts';
import { attributionStart, attributions, datedName } from './markers.ts';

/**
 * Number of lines (1–4) that the attribution starting at `k` takes, or 0.
 */
export function attributionAt(lines: readonly string[], kinds: Uint8Array, k: number): number {
  let joined = (lines[k] as string).trim();
  if (!attributionStart.test(joined)) return precedesQuote(kinds, k, joined) ? 1 : 0;
  for (let span = 1; span <= 4; span++) {
    if (joined.length > MAX_LINE) return 0;
    if (
      /[:：-]$|wrote|schrieb|écrit|uhr$|写道$|寫道$/i.test(joined) &&
      hasWhen(joined) &&
      attributions.some((p) => p.test(joined))
    )
      return span;
    if (span === 1 && precedesQuote(kinds, k, joined)) return 1;
    const next = lines[k + span];
    if (next === undefined || kinds[k + span] !== kind.text) return 0;
    joined = `${joined} ${next.trim()}`;
  }
  return 0;
}

const CLOSING_WORDS = [
  'wrote',
  'schrieb',
  'Uhr',
  'écrit',
  '写道',
  '寫道',
  'escribió',
  'scritto',
  'schreef',
  'napisał',
  'skrev',
];
const closes = (text: string): boolean => CLOSING_WORDS.some((word) => text.includes(word));

/** Per line, whether an attribution may end there; undefined when none does: nearly all lines are spared the patterns. */
export function attributionEnds(text: string, lines: readonly string[]): Uint8Array | undefined {
  let ends: Uint8Array | undefined;
  for (let k = 0; k < lines.length; k++) {
    const line = lines[k] as string;
    const last = line.charCodeAt(line.length - 1);
    if (last === 0x3a || last === 0xff1a || last === 0x2d || last === 0x53d9 || last === 0x9053) {
      ends ??= new Uint8Array(lines.length);
      ends[k] = 1;
    } else if (datedName.test(line)) {
      ends ??= new Uint8Array(lines.length);
      ends[k] = 1;
    }
  }
  // Without any colon at a line's end, only a quotation marked line by line can have an attribution.
  if (ends === undefined && !text.includes('\n>')) return undefined;
  ends ??= new Uint8Array(lines.length);
  if (closes(text)) {
    for (let k = 0; k < lines.length; k++) {
      const line = lines[k] as string;
      if (ends[k] === 0 && line.length <= MAX_LINE && closes(line)) ends[k] = 1;
    }
  }
  return ends;
}

export const mayClose = (ends: Uint8Array, k: number): boolean =>
  (ends[k] ?? 0) + (ends[k + 1] ?? 0) + (ends[k + 2] ?? 0) + (ends[k + 3] ?? 0) > 0;

/** A date, a time or an address: an attribution names at least one of them, prose that ends in "wrote:" seldom does. */
const hasWhen = (text: string): boolean => /\d|@|</.test(text);

/** In any language: one line with a colon at its end and a date and time, an address or a word of writing in it, directly before a quotation. */
function precedesQuote(kinds: Uint8Array, k: number, line: string): boolean {
  if (line.length > 300) return false;
  const colon = /[:：]$/.test(line);
  if (!colon && !datedName.test(line)) return false;
  const next = nextContent(kinds, k + 1);
  if (next === -1 || kinds[next] !== kind.quote || next - k > 3) return false;
  return (
    !colon ||
    /\d{1,2}[:.]\d{2}|<[^<>]{3,200}@|\d{4}|\S@\S/.test(line) ||
    /\b(?:wrote|writes|said|schrieb|skrev|schreef|scritto|escribió|escreveu)\s?:$/.test(line)
  );
}
