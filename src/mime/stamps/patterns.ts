// The tenant's own stamps (`inbound.stamps`): the text of a paragraph, with * for any words. Not regular expressions, so that matching is linear.

export interface Pattern {
  /** The pieces between the stars, in lower case, one blank between words. */
  pieces: readonly string[];
  /** The longest piece, for a quick test. */
  longest: string;
}

/** `*` matches any text. Case, runs of blanks and typographic apostrophes do not count. */
export function patternOf(source: string): Pattern {
  const pieces = source
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/\s{1,300}/g, ' ')
    .trim()
    .split('*');
  return { pieces, longest: pieces.reduce((a, b) => (b.trim().length > a.length ? b.trim() : a), '') };
}

/** Whether the whole of `text` matches: begins with the first piece, ends with the last one, and holds the others in order. */
export function matchesPattern({ pieces }: Pattern, text: string): boolean {
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  if (pieces.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
