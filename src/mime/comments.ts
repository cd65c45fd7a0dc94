// Comments of structured header fields (RFC 5322 §3.2.2), nested, with quoted pairs. Linear.

/** The text with each comment replaced by a blank; quoted strings stay as they are. An unclosed comment extends to the end. */
export function withoutComments(text: string): string {
  if (!text.includes('(')) return text;
  const kept: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === '\\' && (depth > 0 || quoted)) at++;
    else if (depth === 0 && c === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (c === '(') {
      if (depth === 0) kept.push(text.slice(from, at), ' ');
      depth++;
    } else if (c === ')' && depth > 0) {
      depth--;
      from = at + 1;
    }
  }
  if (depth === 0) kept.push(text.slice(from));
  return kept.join('');
}

/** Offset after the comment that opens at `from`; without a closing bracket one past the end of the text. */
export function endOfComment(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x5c) at++;
    else if (c === 0x28) depth++;
    else if (c === 0x29 && --depth === 0) return at + 1;
  }
  return text.length + 1;
}
