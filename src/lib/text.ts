// Small linear steps over text that a stranger wrote. `[set]+$` in a regular expression tries each run of the set from each of its characters
// and is quadratic; these look at each character once.

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

/** The first `max` UTF-16 units, never half a surrogate pair. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, (last & 0xfc00) === 0xd800 ? max - 1 : max);
}

/**
 * Whether some word holds an `@` with a character before it and a domain with a dot behind it (`\S@\S+\.\S`). Linear: within a word only the first
 * such `@` and the last dot count.
 */
export function hasMailAddress(text: string): boolean {
  if (!text.includes('@')) return false;
  return text.split(/\s+/).some((word) => {
    const at = word.indexOf('@', 1);
    return at !== -1 && word.lastIndexOf('.', word.length - 2) >= at + 2;
  });
}

/** `{name}` in a text replaced by what has that name; a placeholder that nobody knows stays. */
export const fill = (text: string, names: Readonly<Record<string, unknown>>): string =>
  text.replace(/\{(\w+)\}/g, (placeholder, key: string) =>
    names[key] === undefined ? placeholder : String(names[key]),
  );

/** Text as the content of an HTML element. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The phrases by their first two units: a text is compared with those few that may fit. */
function byFirstUnits(phrases: readonly string[]): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const phrase of phrases) {
    const key = unitsAt(phrase, 0);
    const same = found.get(key);
    if (same === undefined) found.set(key, [phrase]);
    else same.push(phrase);
  }
  return found;
}

const unitsAt = (text: string, at: number): number => (text.charCodeAt(at) << 16) | text.charCodeAt(at + 1);

/** Whether a text begins with one of the phrases, of at least two units each, in a time that does not depend on their number. */
export function beginningFinder(phrases: readonly string[]): (text: string) => boolean {
  const known = byFirstUnits(phrases);
  return (text) => known.get(unitsAt(text, 0))?.some((phrase) => text.startsWith(phrase)) ?? false;
}

/** Whether a word of a text begins with one of the phrases, of at least two units each. Linear, whatever their number. */
export function wordFinder(phrases: readonly string[]): (text: string) => boolean {
  const known = byFirstUnits(phrases);
  // The first two ASCII letters of a phrase: decides nearly every word of a text without a look into the map.
  const pairs = new Uint8Array(1 << 14);
  for (const phrase of phrases)
    if (phrase.charCodeAt(0) < 128 && phrase.charCodeAt(1) < 128)
      pairs[(phrase.charCodeAt(0) << 7) | phrase.charCodeAt(1)] = 1;
  const fits = (text: string, at: number): boolean =>
    known.get(unitsAt(text, at))?.some((phrase) => text.startsWith(phrase, at)) ?? false;
  return (text) => {
    let inWord = false;
    for (let at = 0; at + 1 < text.length; at++) {
      const code = text.charCodeAt(at);
      const isLetter = (code >= 0x61 && code <= 0x7a) || code >= 0xaa;
      if (isLetter && !inWord) {
        const next = text.charCodeAt(at + 1);
        if ((code >= 128 || next >= 128 || pairs[(code << 7) | next] === 1) && fits(text, at)) return true;
      }
      inWord = isLetter;
    }
    return false;
  };
}
