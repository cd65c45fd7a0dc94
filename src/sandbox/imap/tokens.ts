// Reads the arguments of an IMAP command (RFC 3501 §9): atoms, quoted strings, literals, parenthesised lists, FETCH's bracketed sections.

export type Token =
  | { kind: 'atom'; text: string }
  | { kind: 'string'; bytes: Buffer }
  | { kind: 'list'; items: Token[] };

/** A command as received: text (latin1) and literals alternate. */
export type CommandPart = string | Buffer;

/** @throws {SyntaxError} when quotes or parentheses do not match. */
export function parseTokens(parts: readonly CommandPart[]): Token[] {
  const stack: Token[][] = [[]];
  const add = (token: Token): void => void stack.at(-1)?.push(token);
  for (const part of parts) {
    if (typeof part !== 'string') {
      add({ kind: 'string', bytes: part });
      continue;
    }
    let at = 0;
    while (at < part.length) {
      const char = part.charAt(at);
      if (char === ' ') at += 1;
      else if (char === '(') {
        stack.push([]);
        at += 1;
      } else if (char === ')') {
        const items = stack.pop();
        if (!items || stack.length === 0) throw new SyntaxError('Unbalanced parenthesis');
        add({ kind: 'list', items });
        at += 1;
      } else if (char === '"') {
        const { text, end } = readQuoted(part, at);
        add({ kind: 'string', bytes: Buffer.from(text, 'latin1') });
        at = end;
      } else {
        const end = atomEnd(part, at);
        add({ kind: 'atom', text: part.slice(at, end) });
        at = end;
      }
    }
  }
  if (stack.length !== 1) throw new SyntaxError('Unbalanced parenthesis');
  return stack[0] ?? [];
}

function readQuoted(part: string, start: number): { text: string; end: number } {
  let text = '';
  for (let at = start + 1; at < part.length; at += 1) {
    const char = part.charAt(at);
    if (char === '"') return { text, end: at + 1 };
    if (char === '\\') {
      at += 1;
      text += part.charAt(at);
    } else text += char;
  }
  throw new SyntaxError('Unfinished string');
}

/** An atom ends at a blank or parenthesis, but `BODY[HEADER.FIELDS (From To)]<0.100>` is one. */
function atomEnd(part: string, start: number): number {
  let at = start;
  while (at < part.length && !' ()"'.includes(part.charAt(at))) {
    if (part.charAt(at) === '[') {
      const close = part.indexOf(']', at);
      if (close < 0) throw new SyntaxError('Unfinished section');
      at = close + 1;
    } else at += 1;
  }
  // A lone quote is read as a part of the atom; otherwise parsing would not advance.
  return at === start ? start + 1 : at;
}

/** Text of an atom or string (latin1: bytes); undefined for a list. */
export function textOf(token: Token | undefined): string | undefined {
  if (!token || token.kind === 'list') return undefined;
  return token.kind === 'atom' ? token.text : token.bytes.toString('latin1');
}

/** The bytes as a quoted string, or as a literal where quoting cannot hold them; `NIL` for undefined. */
export function quote(text: string | undefined): string {
  if (text === undefined) return 'NIL';
  if (/[\r\n\0]|[\x80-\xff]/.test(text)) return `{${text.length}}\r\n${text}`;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
