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
