// Small linear steps over text from strangers. `[set]+$` in a regular expression tries each run of the set from each of its characters
// and is quadratic; these functions read each character once.
import { lowBytes, readLowBytes } from './low-bytes.ts';

/** `text` without the characters of `set` at its end. Linear. */
export function trimEndOf(text: string, set: string): string {
  let to = text.length;
  while (to > 0 && set.includes(text[to - 1] as string)) to--;
  return to === text.length ? text : text.slice(0, to);
}

/** `text` without the characters of `set` at its beginning. Linear. */
export function trimStartOf(text: string, set: string): string {
  let from = 0;
  while (from < text.length && set.includes(text[from] as string)) from++;
  return from === 0 ? text : text.slice(from);
}

const BLANK = /[\s\p{Cf}]/u;

/** `text` without white space and invisible characters (zero width, marks of direction) at both ends, as they come along when people copy. Linear. */
export function trimInvisible(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && BLANK.test(text[from] as string)) from++;
  while (to > from && BLANK.test(text[to - 1] as string)) to--;
  return text.slice(from, to);
}

/** The first `max` UTF-16 units, without splitting a surrogate pair. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, (last & 0xfc00) === 0xd800 ? max - 1 : max);
}

/**
 * Whether a word contains an `@` with a character before it and a domain with a dot behind it (`\S@\S+\.\S`). Linear: within a word only the first
 * such `@` and the last dot count.
 */
export function hasMailAddress(text: string): boolean {
  if (!text.includes('@')) return false;
  return text.split(/\s+/).some((word) => {
    const at = word.indexOf('@', 1);
    return at !== -1 && word.lastIndexOf('.', word.length - 2) >= at + 2;
  });
}

/** Replaces `{name}` in a text by the value of that name; an unknown placeholder stays. */
export const fill = (text: string, names: Readonly<Record<string, unknown>>): string =>
  text.replace(/\{(\w+)\}/g, (placeholder, key: string) =>
    names[key] === undefined ? placeholder : String(names[key]),
  );

/** Decodes percent-encoded UTF-8; malformed text stays as it is. */
export function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Escapes a text for the content of an HTML element. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Whether a text begins with one of the phrases, of at least two units each, in a time independent of their number. */
export function beginningFinder(phrases: readonly string[]): (text: string) => boolean {
  const pairAt = (text: string): number => (text.charCodeAt(0) << 16) | text.charCodeAt(1);
  const known = Map.groupBy(phrases, pairAt);
  return (text) => known.get(pairAt(text))?.some((phrase) => text.startsWith(phrase)) ?? false;
}

/** Places of three consecutive letters in a table: exact for those of ASCII, in any case. */
const TRIPLES = 1 << 15;
const addUnit = (hash: number, unit: number): number => ((hash << 5) | (unit & 31)) & (TRIPLES - 1);
const isLetter = (code: number): boolean => ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) || code >= 0xaa;

/** Whether units are the same in some case, as far as ASCII tells; behind the end there are none, and they may be anything. */
const mayBe = (one: number, other: number): boolean => !(one < 0x80 && other < 0x80) || (one & 31) === (other & 31);

/** Position of the third of the first three bytes from `from` on that are in the table, or -1. Nothing but this loop: 1 ns a byte; with more in the function, 3. */
function nextTriple(bytes: Uint8Array, table: Int32Array, from: number, to: number): number {
  let hash = ((bytes[from] as number) << 5) | ((bytes[from + 1] as number) & 31);
  for (let at = from + 2; at < to; at++) {
    hash = (hash << 5) | ((bytes[at] as number) & 31);
    if ((((table[(hash >> 5) & (TRIPLES / 32 - 1)] as number) >> (hash & 31)) & 1) !== 0) return at;
  }
  return -1;
}

/**
 * Whether a text contains one of the phrases, in any case. Linear, whatever their number.
 * @param phrases in lower case, of at least three units each
 * @param words true: only where a word begins
 */
export function phraseFinder(phrases: readonly string[], words = false): (text: string) => boolean {
  const table = new Int32Array(TRIPLES / 32);
  const known = new Map<number, string[]>();
  for (const phrase of phrases) {
    let hashes = [0];
    for (const unit of phrase.slice(0, 3).split('')) {
      const forms = [unit, unit.toUpperCase()].map((form) => form.charCodeAt(0));
      hashes = hashes.flatMap((hash) => forms.map((form) => addUnit(hash, form)));
    }
    for (const hash of new Set(hashes)) {
      table[hash >> 5] = (table[hash >> 5] as number) | (1 << (hash & 31));
      known.set(hash, [...(known.get(hash) ?? []), phrase]);
    }
  }
  const isAt = (text: string, at: number): boolean => {
    if (words && at > 0 && isLetter(text.charCodeAt(at - 1))) return false;
    const hash = addUnit(addUnit(addUnit(0, text.charCodeAt(at)), text.charCodeAt(at + 1)), text.charCodeAt(at + 2));
    // The first five units exclude nearly every other text; only what has them is made lower case.
    return (known.get(hash) ?? []).some(
      (phrase) =>
        mayBe(text.charCodeAt(at + 3), phrase.charCodeAt(3)) &&
        mayBe(text.charCodeAt(at + 4), phrase.charCodeAt(4)) &&
        text.slice(at, at + phrase.length).toLowerCase() === phrase,
    );
  };
  return (text) => {
    for (let from = 0; ; ) {
      const read = readLowBytes(text, from);
      for (let at = nextTriple(lowBytes, table, 0, read); at !== -1; at = nextTriple(lowBytes, table, at - 1, read))
        if (isAt(text, from + at - 2)) return true;
      if (from + read >= text.length) return false;
      from += read - 2;
    }
  };
}

/** Removes the credentials from a command of the sign-in (AUTH, AUTHENTICATE, LOGIN) that a server quotes in its answer. */
export function withoutSignIn(text: string): string {
  const words = text.split(' ');
  for (const [at, word] of words.entries()) {
    const third = words[at + 2];
    if (third === undefined) break;
    const sasl = /^AUTH(ENTICATE)?$/i.test(word) && /^[A-Za-z\d+/]{8,}=*$/.test(third) && /[A-Z\d=]/.test(third);
    if (sasl || (/^LOGIN$/i.test(word) && words[at + 1]?.includes('@'))) words[at + 2] = '…';
  }
  return words.join(' ');
}
