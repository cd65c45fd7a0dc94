// Header text: RFC 2047 encoded words and raw 8-bit bytes → text. Works on latin1 strings, one character per byte.
import { decodeText } from './charset.ts';

/** What was repaired in a header's text, for warnings. */
export interface TextRepairs {
  charsets?: Set<string>;
  malformedWord?: boolean;
}

/** Text of a header's bytes. A charset other than the declared one is added to `repairs`. */
export function decodeBytes(bytes: Buffer, charset?: string, hint?: string, repairs?: TextRepairs): string {
  const { text, repaired } = decodeText(bytes, charset, hint);
  if (repairs !== undefined && repaired !== undefined) {
    repairs.charsets ??= new Set();
    repairs.charsets.add(repaired);
  }
  return text;
}

const EIGHT_BIT = /[\x80-\xff]/;

/** Raw 8-bit bytes of a header (UTF-8 by RFC 6532, or the client's own charset): latin1 view → text. `hint`: charset of the mail's body. */
export function decodeRaw(value: string, hint?: string, repairs?: TextRepairs): string {
  if (!EIGHT_BIT.test(value) && !value.includes('\x1b$') && !value.includes('\x1b(')) return value;
  return decodeBytes(Buffer.from(value, 'latin1'), undefined, hint, repairs);
}

interface Word {
  start: number;
  end: number;
  charset: string;
  base64: boolean;
  payload: string;
}

/** The standard allows 75 characters; words of a few thousand occur. The bound keeps hostile headers linear. */
const LONGEST_WORD = 4000;
/** Words decoded in one value; the rest stays as it is. */
const MAX_WORDS = 4000;

/** Index of the next `?=` at or after `from`, or -1. Calls with rising `from` search each stretch once. */
type NextClose = (from: number) => number;

function nextClose(value: string): NextClose {
  let at = -2;
  return (from) => {
    if (at !== -1 && at < from) at = value.indexOf('?=', from);
    return at;
  };
}

/** Index of the `?=` that closes the word whose text starts at `from`, or -1. */
function closing(value: string, from: number, q: boolean, next: NextClose): number {
  const first = next(from);
  if (first === -1 || first + 2 > from + LONGEST_WORD) return -1;
  const text = value.slice(from, from + LONGEST_WORD);
  let close = first - from;
  // `?=` before two hex digits is probably a literal question mark followed by an escape.
  while (q && close !== -1 && /^[0-9A-F]{2}/.test(text.slice(close + 2, close + 4))) {
    const further = text.indexOf('?=', close + 2);
    if (further === -1 || /\s|=\?/.test(text.slice(close + 2, further))) break;
    close = further;
  }
  return close === -1 ? -1 : from + close;
}

/** The encoded word at `at` (the index of its `=?`). Tolerated: blanks within it, a missing `=` at the end, `?` within Q text. */
function wordAt(value: string, at: number, next: NextClose): Word | undefined {
  const q1 = value.indexOf('?', at + 2);
  if (q1 === -1 || q1 - at > 82 || q1 === at + 2) return undefined;
  const charset = value.slice(at + 2, q1);
  if (/[\s"<>()@,;:/[\]=\\]/.test(charset)) return undefined;
  const kind = value.charCodeAt(q1 + 1) | 0x20;
  if ((kind !== 0x62 && kind !== 0x71) || value.charCodeAt(q1 + 2) !== 0x3f) return undefined;
  const from = q1 + 3;
  const close = closing(value, from, kind === 0x71, next);
  let end: number;
  let payload: string;
  if (close === -1) {
    // Cut off: up to the next blank or the end.
    const rest = value.slice(from, from + LONGEST_WORD);
    const blank = rest.search(/[\s?]/);
    payload = blank === -1 ? rest : rest.slice(0, blank);
    end = from + payload.length;
    if (value[end] === '?') end++;
  } else {
    payload = value.slice(from, close);
    end = close + 2;
    const inner = payload.indexOf('=?');
    if (inner !== -1 && /^=\?[^?\s]{1,40}\?[bq]\?/i.test(payload.slice(inner))) {
      // Not closed before the next word opens.
      payload = payload.slice(0, inner).trimEnd();
      end = from + inner;
    }
  }
  const star = charset.indexOf('*'); // RFC 2231 §5: language
  return { start: at, end, charset: star === -1 ? charset : charset.slice(0, star), base64: kind === 0x62, payload };
}

/** Value of a hexadecimal digit by its code; -1 for anything else, including NaN (the end of the text). */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Bytes of Q text (RFC 2047 §4.2), as a latin1 string. */
function decodeQ(payload: string): string {
  if (!payload.includes('=')) return payload.includes('_') ? payload.replaceAll('_', ' ') : payload;
  const text = payload.replaceAll('_', ' ');
  let out = '';
  let from = 0;
  for (let at = text.indexOf('='); at !== -1; at = text.indexOf('=', from)) {
    const high = hexDigit(text.charCodeAt(at + 1));
    const low = hexDigit(text.charCodeAt(at + 2));
    if (high === -1 || low === -1) {
      out += text.slice(from, at + 1);
      from = at + 1;
    } else {
      out += text.slice(from, at) + String.fromCharCode((high << 4) | low);
      from = at + 3;
    }
  }
  return out + text.slice(from);
}

/** All bytes of the words so far. */
function closed({ bytes, open }: { bytes: string | Buffer; open: string }): string | Buffer {
  if (open === '') return bytes;
  const decoded = Buffer.from(open, 'base64');
  return bytes.length === 0 ? decoded : latin1(bytes) + latin1(decoded);
}

const latin1 = (bytes: string | Buffer): string => (typeof bytes === 'string' ? bytes : bytes.toString('latin1'));

/**
 * Decodes the encoded words of a header text and repairs raw 8-bit bytes. White space between adjacent words is dropped. Adjacent words of one
 * charset are joined as bytes before decoding, because a character may be split across them. Never throws; linear time.
 */
export function decodeHeaderText(value: string, hint?: string, repairs?: TextRepairs): string {
  let at = value.indexOf('=?');
  if (at === -1) return decodeRaw(value, hint, repairs);
  let out = '';
  let from = 0;
  /** `open`: base64 text not decoded yet, as some mailers cut it anywhere. `padded`: whether it ends in `=` (testing `open` itself would flatten it each time). */
  let pending: { charset: string; bytes: string | Buffer; open: string; padded: boolean } | undefined;
  const next = nextClose(value);
  const flush = (): void => {
    if (pending === undefined) return;
    const bytes = closed(pending);
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    out += decodeBytes(buffer, pending.charset, hint, repairs);
    pending = undefined;
  };
  for (let words = 0; at !== -1 && words < MAX_WORDS; words++) {
    const word = wordAt(value, at, next);
    if (word === undefined) {
      at = value.indexOf('=?', at + 2);
      continue;
    }
    const between = value.slice(from, word.start);
    if (pending !== undefined && /^\s*$/.test(between)) {
      if (pending.charset.toLowerCase() !== word.charset.toLowerCase()) flush();
    } else {
      flush();
      out += decodeRaw(between, hint, repairs);
    }
    if (value.slice(word.end - 2, word.end) !== '?=' && repairs !== undefined) repairs.malformedWord = true;
    const { charset, payload } = word;
    const padded = payload.endsWith('=');
    if (pending !== undefined && word.base64 && pending.open !== '' && !pending.padded) {
      pending.open += payload;
      pending.padded = padded;
    } else {
      const bytes = pending === undefined ? '' : latin1(closed(pending));
      pending = word.base64
        ? { charset, bytes, open: payload, padded }
        : { charset, bytes: bytes + decodeQ(payload), open: '', padded };
    }
    from = word.end;
    at = value.indexOf('=?', from);
  }
  flush();
  if (from < value.length) out += decodeRaw(value.slice(from), hint, repairs);
  return out;
}

/** Unfolds a value (RFC 5322 §2.2.3): a fold and the white space after it become one blank. */
export function unfold(value: string): string {
  if (!value.includes('\n') && !value.includes('\r')) return value.trim();
  return value.replace(/[\r\n]+[ \t]*/g, ' ').trim();
}

const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/;
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g;

/** Text as one line: control characters become blanks, and blanks at the ends are dropped. */
export const singleLine = (text: string): string => (CONTROL.test(text) ? text.replace(CONTROLS, ' ') : text).trim();
