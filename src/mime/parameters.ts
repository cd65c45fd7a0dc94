// Content-Type and Content-Disposition: value and parameters by RFC 2045 §5.1 and RFC 2231, and common deviations.
import { endOfComment } from './comments.ts';
import { decodeBytes, decodeHeaderText, decodeRaw } from './encoded-words.ts';

export interface Parameterized {
  /** Lower case, without parameters: `text/plain`, `attachment`. */
  value: string;
  /** By lower-case name, decoded. */
  params: Record<string, string>;
}

/** One piece of a parameter that is split over several. */
interface Piece {
  index: number;
  extended: boolean;
  value: string;
}

/**
 * Parses an unfolded value (latin1 view). Tolerated: unquoted values with blanks (`name=a b.txt`), encoded words instead of RFC 2231, missing
 * semicolons, missing closing quotes, single-quoted values, raw 8-bit. Never throws, linear time.
 */
export function parseParameterized(input: string, hint?: string): Parameterized {
  const semicolon = input.indexOf(';');
  const head = (semicolon === -1 ? input : input.slice(0, semicolon)).trim();
  const params: Record<string, string> = Object.create(null);
  let rest = semicolon === -1 ? '' : input.slice(semicolon + 1);
  let value = head.toLowerCase();
  const blank = value.search(/[\s,]/);
  if (blank !== -1) {
    // `text/plain charset=utf-8`: missing semicolon. `text/html, text/html`: two headers merged into one.
    const tail = head.slice(blank + 1);
    if (tail.includes('=')) rest = `${tail};${rest}`;
    value = value.slice(0, blank);
  }
  if (value.includes('=') && !value.includes('/')) {
    rest = `${head};${rest}`;
    value = '';
  }
  if (value.includes('(')) value = value.slice(0, value.indexOf('(')).trim();
  if (value.startsWith('"') || value.startsWith("'")) value = value.replace(/["']/g, '');
  if (rest !== '') readParams(rest, params, hint);
  return { value, params };
}

function readParams(rest: string, params: Record<string, string>, hint?: string): void {
  let continued: Map<string, Piece[]> | undefined;
  let i = 0;
  let seen = 0;
  while (i < rest.length && seen++ < 200) {
    while (i < rest.length && (isWhite(rest.charCodeAt(i)) || rest[i] === ';')) i++;
    if (rest[i] === '(') {
      i = endOfComment(rest, i);
      continue;
    }
    const nameStart = i;
    while (i < rest.length && rest[i] !== '=' && rest[i] !== ';') i++;
    let name = rest.slice(nameStart, i).trim().toLowerCase();
    if (rest[i] !== '=') continue;
    if (name.includes(' ')) name = name.slice(name.lastIndexOf(' ') + 1);
    i++;
    while (i < rest.length && isWhite(rest.charCodeAt(i))) i++;
    let value: string;
    const quote = rest[i];
    if (quote === '"') {
      const end = endOfQuoted(rest, i + 1);
      value = unescaped(rest.slice(i + 1, end));
      i = end + 1;
    } else {
      const end = endOfToken(rest, i);
      value = rest.slice(i, end).trim();
      if (quote === "'" && value.length > 1 && value.endsWith("'")) value = value.slice(1, -1);
      i = end;
    }
    const star = name.indexOf('*');
    if (star === -1) {
      if (!(name in params) && name !== '') params[name] = decodeParam(value, hint);
      continue;
    }
    const base = name.slice(0, star);
    const suffix = name.slice(star + 1);
    const extended = suffix === '' || suffix.endsWith('*');
    const index = Number.parseInt(suffix, 10);
    continued ??= new Map();
    const pieces = continued.get(base) ?? [];
    pieces.push({ index: Number.isNaN(index) ? 0 : index, extended, value });
    continued.set(base, pieces);
  }
  if (continued !== undefined) for (const [base, pieces] of continued) params[base] = join(pieces, hint);
}

/** Joins the pieces in order of their number; the first one names the charset (RFC 2231 §3, §4). */
function join(pieces: Piece[], hint?: string): string {
  pieces.sort((a, b) => a.index - b.index);
  let charset: string | undefined;
  let bytes = '';
  let anyExtended = false;
  for (const [k, piece] of pieces.entries()) {
    let value = piece.value;
    if (piece.extended) {
      anyExtended = true;
      if (k === 0) {
        const parts = /^([^']{0,60})'[^']{0,60}'/.exec(value);
        if (parts !== null) {
          charset = parts[1];
          value = value.slice(parts[0].length);
        }
      }
      value = percentBytes(value);
    } else if (k === 0 && charset === undefined) {
      const parts = /^([\w.:-]{3,40})'[\w-]{0,20}'/.exec(value);
      if (parts !== null && pieces.some((p) => p.extended)) {
        charset = parts[1];
        value = value.slice(parts[0].length);
      }
    }
    bytes += value;
  }
  if (!anyExtended) return decodeParam(bytes, hint);
  if (bytes.includes('=?')) return decodeHeaderText(bytes, charset ?? hint);
  return decodeBytes(Buffer.from(bytes, 'latin1'), charset === '' ? undefined : charset, hint);
}

/** A plain parameter, which should be ASCII. */
function decodeParam(value: string, hint?: string): string {
  if (value.includes('=?')) return decodeHeaderText(value, hint);
  if (value.includes("''") && value.includes('%')) {
    // filename="utf-8''a%20b": missing star.
    const parts = /^([\w-]{3,40})''(.*)$/s.exec(value);
    if (parts !== null) return decodeBytes(Buffer.from(percentBytes(parts[2] ?? ''), 'latin1'), parts[1], hint);
  }
  return decodeRaw(value, hint);
}

const percentBytes = (value: string): string =>
  value.includes('%')
    ? value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : value;

const isWhite = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;

/** Only `\"` and `\\` count as escapes: `C:\temp\a.txt` in a quoted string is a path, contrary to RFC 822. */
const unescaped = (value: string): string => (value.includes('\\') ? value.replace(/\\(["\\])/g, '$1') : value);

/** Index of the closing quote, which `;`, a comment, a parameter or the end follows: quotes inside the value (`name="a "b" c.txt"`) do not count. */
function endOfQuoted(text: string, from: number): number {
  let i = from;
  let firstQuote = -1;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c === 0x5c && (text[i + 1] === '"' || text[i + 1] === '\\')) i += 2;
    else if (c === 0x22) {
      let k = i + 1;
      while (k < text.length && isWhite(text.charCodeAt(k))) k++;
      if (k >= text.length || text[k] === ';' || text[k] === '(' || /^[\w*-]{2,30}=/.test(text.slice(k, k + 32)))
        return i;
      if (firstQuote === -1) firstQuote = i;
      i = k;
    } else if (c === 0x3b && firstQuote !== -1) {
      return firstQuote;
    } else i++;
  }
  return firstQuote === -1 ? text.length : firstQuote;
}

/** End of an unquoted value: the next semicolon, blanks before `name=`, or a comment at the end. */
function endOfToken(text: string, from: number): number {
  let i = from;
  const word = text.startsWith('=?', from);
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c === 0x3b) return i;
    if (isWhite(c) && /^\s+[\w-]{2,30}\*?\d?\*?=(?!\?)/.test(text.slice(i, i + 40)) && !(word && text[i + 1] === '='))
      return i;
    if (c === 0x28 && i > from && isWhite(text.charCodeAt(i - 1)) && /\)\s*(?:;|$)/.test(text.slice(i, i + 200)))
      return i;
    i++;
  }
  return i;
}
