// Content-Transfer-Encoding → bytes, in chunks of any size. The same decoder measures an attachment during the parse and serves it later.
import { isAscii } from 'node:buffer';

export type TransferEncoding = 'identity' | 'base64' | 'quoted-printable' | 'uuencode';

/** Decodes consecutive chunks; `end` returns the bytes held back. Never throws, whatever the bytes. */
interface Decoder {
  push(chunk: Buffer): Buffer;
  end(): Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Value of a base64 character, 64 for `=`, 255 for anything else. Includes the URL-safe alphabet, as Buffer does. */
const base64Values = new Uint8Array(256).fill(255);
for (const [i, c] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  base64Values[c.charCodeAt(0)] = i;
base64Values[0x2d] = 62;
base64Values[0x5f] = 63;
base64Values[0x3d] = 64;

/**
 * RFC 2045 §6.8: ignores characters outside the alphabet. Padding ends a quantum but not the data (concatenated base64 occurs). Whole lines of equal
 * length, the usual case, go through Buffer's native decoder.
 */
function base64Decoder(reuse: boolean): Decoder {
  let bits = 0;
  let held = 0;
  const slow = (chunk: Buffer, from: number, to: number, out: Buffer, at: number): number => {
    let n = at;
    let b = bits;
    let h = held;
    for (let i = from; i < to; i++) {
      const v = base64Values[chunk[i] as number] as number;
      if (v < 64) {
        b = (b << 6) | v;
        if (++h === 4) {
          out[n] = b >> 16;
          out[n + 1] = b >> 8;
          out[n + 2] = b;
          n += 3;
          b = 0;
          h = 0;
        }
      } else if (v === 64) {
        if (h === 3) {
          out[n++] = b >> 10;
          out[n++] = b >> 2;
        } else if (h === 2) out[n++] = b >> 4;
        b = 0;
        h = 0;
      }
    }
    bits = b;
    held = h;
    return n;
  };
  return {
    push(chunk) {
      const room = Math.ceil((chunk.length * 3) / 4) + 6;
      const out = reuse ? scratchOf(room) : Buffer.allocUnsafe(room);
      let n = 0;
      let from = 0;
      // A chunk may begin within a line, which is decoded by hand up to its end.
      let lineStart = held === 0;
      for (let attempts = 0; attempts < 4 && from < chunk.length; attempts++) {
        if (!lineStart) {
          const lf = chunk.indexOf(0x0a, from);
          const to = lf === -1 ? chunk.length : lf + 1;
          n = slow(chunk, from, to, out, n);
          from = to;
          if (held !== 0) break;
        }
        lineStart = false;
        const block = evenLines(chunk, from);
        if (block.end <= from) continue;
        const written = out.write(chunk.toString('latin1', from, block.end), n, 'base64');
        // Buffer skips unknown characters and stops at padding: only a full count proves that nothing was skipped.
        if (written !== block.decoded) break;
        n += written;
        from = block.end;
      }
      n = slow(chunk, from, chunk.length, out, n);
      return out.subarray(0, n);
    },
    end() {
      const out = Buffer.allocUnsafe(2);
      let n = 0;
      if (held === 3) {
        out[n++] = bits >> 10;
        out[n++] = bits >> 2;
      } else if (held === 2) out[n++] = bits >> 4;
      held = 0;
      bits = 0;
      return out.subarray(0, n);
    },
  };
}

/** The longest run of lines of equal length from `from`: its end, and the number of bytes it decodes to if every character counts. */
function evenLines(chunk: Buffer, from: number): { end: number; decoded: number } {
  const lf = chunk.indexOf(0x0a, from);
  if (lf === -1) {
    const length = (chunk.length - from) & ~3;
    return { end: from + length, decoded: (length / 4) * 3 };
  }
  const crlf = chunk[lf - 1] === 0x0d;
  const width = (crlf ? lf - 1 : lf) - from;
  if (width <= 0 || width % 4 !== 0) return { end: from, decoded: 0 };
  const stride = lf + 1 - from;
  let end = from;
  while (end + stride <= chunk.length && chunk[end + stride - 1] === 0x0a && (!crlf || chunk[end + width] === 0x0d))
    end += stride;
  return { end, decoded: ((end - from) / stride) * (width / 4) * 3 };
}

const hexValues = new Uint8Array(256).fill(255);
for (let i = 0; i < 10; i++) hexValues[0x30 + i] = i;
for (let i = 0; i < 6; i++) {
  hexValues[0x41 + i] = 10 + i;
  hexValues[0x61 + i] = 10 + i;
}

/** RFC 2045 §6.7. Keeps invalid escapes; drops blanks at the end of a line. */
function quotedPrintableDecoder(): Decoder {
  let carry: Buffer = NOTHING;
  return {
    push(chunk) {
      const input = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
      carry = NOTHING;
      // Holds back what depends on the next chunk: blanks, which may end a line, and an unfinished escape.
      let length = input.length;
      const least = Math.max(0, length - 1000);
      while (length > least && isBlank(input[length - 1] as number)) length--;
      for (let k = length - 1; k >= least && k >= length - 2; k--) if (input[k] === 0x3d) length = k;
      while (length > least && isBlank(input[length - 1] as number)) length--;
      if (length < input.length) carry = Buffer.from(input.subarray(length));
      const out = Buffer.allocUnsafe(length);
      return out.subarray(0, unquote(input, length, false, out));
    },
    end() {
      const rest = carry;
      carry = NOTHING;
      if (rest.length === 0) return NOTHING;
      const out = Buffer.allocUnsafe(rest.length);
      return out.subarray(0, unquote(rest, rest.length, true, out));
    },
  };
}

const EQUALS = 0x3d3d3d3d;
const LINE_FEEDS = 0x0a0a0a0a;

/**
 * Hand-written scanner. Decodes the first `length` bytes of `input` into `out`, which is at least as long; `final`: nothing follows. Copies four bytes at a
 * time up to the next `=` or line feed, the only special bytes. `narrow`: reads the escaped bytes as UTF-8 and writes ISO 8859-1.
 * @returns the number of bytes written; -1 if `narrow` is impossible
 */
function unquote(input: Buffer, length: number, final: boolean, out: Buffer, narrow = false): number {
  const from = new DataView(input.buffer, input.byteOffset, length);
  const to = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const lastWord = length - 4;
  let n = 0;
  let floor = 0; // blanks before this offset were encoded, so they stay
  let lead = NONE; // narrow: offset of the first byte of a two-byte character
  let i = 0;
  while (i < length) {
    while (i <= lastWord) {
      const word = from.getInt32(i, true);
      to.setInt32(n, word, true);
      // The lowest bit set is in the first byte that is one of the two (Hacker's Delight §6-1).
      const a = word ^ EQUALS;
      const b = word ^ LINE_FEEDS;
      const hits = (((a - 0x01010101) & ~a) | ((b - 0x01010101) & ~b)) & 0x80808080;
      if (hits !== 0) {
        const ahead = (31 - Math.clz32(hits & -hits)) >> 3;
        i += ahead;
        n += ahead;
        break;
      }
      i += 4;
      n += 4;
    }
    if (i >= length) break;
    const b = input[i] as number;
    if (b === 0x3d) {
      // Escapes come in rows, as the bytes of one character: decodes all of them.
      const start = i;
      while (i + 2 < length && input[i] === 0x3d) {
        const high = hexValues[input[i + 1] as number] as number;
        const low = hexValues[input[i + 2] as number] as number;
        if ((high | low) > 15) break;
        const byte = (high << 4) | low;
        i += 3;
        if (narrow && byte > 0x7f) {
          if (byte < 0xc0) {
            if (lead !== n - 1) return -1;
            out[lead] = ((out[lead] as number) << 6) | (byte & 0x3f);
            lead = NONE;
            continue;
          }
          if (lead !== NONE || byte < 0xc2 || byte > 0xc3) return -1;
          lead = n;
        }
        out[n++] = byte;
      }
      if (i === start) {
        // A soft line break, perhaps with blanks before the line's end.
        let k = i + 1;
        while (k < length && (input[k] === 0x20 || input[k] === 0x09)) k++;
        if (k < length && input[k] === 0x0a) i = k + 1;
        else if (k + 1 < length && input[k] === 0x0d && input[k + 1] === 0x0a) i = k + 2;
        else if (final && (k >= length || (k + 1 === length && input[k] === 0x0d))) i = length;
        else {
          out[n++] = b;
          i++;
        }
      }
      floor = n;
      continue;
    }
    if (b === 0x0a) {
      let end = n;
      const cr = end > floor && out[end - 1] === 0x0d;
      if (cr) end--;
      const textEnd = end;
      while (end > floor && (out[end - 1] === 0x20 || out[end - 1] === 0x09)) end--;
      if (end < textEnd) {
        n = end;
        if (cr) out[n++] = 0x0d;
      }
    }
    out[n++] = b;
    i++;
  }
  if (final) while (n > floor && isBlank(out[n - 1] as number) && out[n - 1] !== 0x0d) n--;
  return lead === NONE ? n : -1;
}

const NONE = -2;

/**
 * Text of quoted-printable UTF-8 whose characters are all in ISO 8859-1; undefined for any other. Saves checking and converting the bytes, and half the
 * memory: the engine stores a text with one byte per character only if it was decoded from latin1.
 */
export function decodeWestern(bytes: Buffer): string | undefined {
  if (!isAscii(bytes)) return undefined;
  const out = scratchOf(bytes.length);
  const n = unquote(bytes, bytes.length, true, out, true);
  // Plain ASCII may contain the escapes of ISO-2022-JP.
  return n === -1 || isAscii(out.subarray(0, n)) ? undefined : out.toString('latin1', 0, n);
}

let scratch = Buffer.allocUnsafe(65_536);

function scratchOf(size: number): Buffer {
  if (scratch.length < size) scratch = Buffer.allocUnsafe(size);
  return scratch;
}

/** Like decodeWhole, but the next call may overwrite the result: for bytes that become a string or a hash at once. */
export function decodeTransient(bytes: Buffer, encoding: TransferEncoding): Buffer {
  if (encoding === 'quoted-printable') {
    const out = scratchOf(bytes.length);
    return out.subarray(0, unquote(bytes, bytes.length, true, out));
  }
  if (encoding !== 'base64') return decodeWhole(bytes, encoding);
  const decoder = base64Decoder(true);
  const first = decoder.push(bytes);
  const rest = decoder.end();
  // The scratch buffer has room for the rest.
  rest.copy(scratch, first.length);
  return scratch.subarray(0, first.length + rest.length);
}

const isBlank = (b: number): boolean => b === 0x20 || b === 0x09 || b === 0x0d;

/** uuencode (POSIX), with or without its `begin` line, up to `end`. */
function uuDecoder(): Decoder {
  let carry = '';
  let ended = false;
  const line = (text: string, out: Buffer, at: number): number => {
    let n = at;
    if (ended || text === '' || /^begin(?:-base64)? [0-7]{3,4} /.test(text)) return n;
    if (text === 'end') {
      ended = true;
      return n;
    }
    const length = (text.charCodeAt(0) - 32) & 63;
    const start = n;
    for (let i = 1; n - start < length && i < text.length; i += 4) {
      const value = (k: number): number => (i + k < text.length ? (text.charCodeAt(i + k) - 32) & 63 : 0);
      const quantum = (value(0) << 18) | (value(1) << 12) | (value(2) << 6) | value(3);
      out[n++] = quantum >> 16;
      if (n - start < length) out[n++] = quantum >> 8;
      if (n - start < length) out[n++] = quantum;
    }
    return n;
  };
  return {
    push(chunk) {
      const text = carry + chunk.toString('latin1');
      const last = text.lastIndexOf('\n');
      if (last === -1 && text.length < 4096) {
        carry = text;
        return NOTHING;
      }
      const whole = last === -1 ? text : text.slice(0, last);
      carry = last === -1 ? '' : text.slice(last + 1);
      const out = Buffer.alloc(whole.length + 64);
      let n = 0;
      let from = 0;
      while (from <= whole.length) {
        let lf = whole.indexOf('\n', from);
        if (lf === -1) lf = whole.length;
        const end = lf > from && whole.charCodeAt(lf - 1) === 13 ? lf - 1 : lf;
        n = line(whole.slice(from, end), out, n);
        from = lf + 1;
      }
      return out.subarray(0, n);
    },
    end() {
      const out = Buffer.alloc(carry.length + 64);
      const n = line(carry.replace(/\r$/, ''), out, 0);
      carry = '';
      return out.subarray(0, n);
    },
  };
}

/** `reuse`, for base64: the result of `push` is valid until the next `push` to any such decoder. */
export function decoderFor(encoding: TransferEncoding, reuse = false): Decoder {
  switch (encoding) {
    case 'base64':
      return base64Decoder(reuse);
    case 'quoted-printable':
      return quotedPrintableDecoder();
    case 'uuencode':
      return uuDecoder();
    case 'identity':
      return { push: (chunk) => chunk, end: () => NOTHING };
  }
}

/** Decodes at once what is needed whole. */
export function decodeWhole(bytes: Buffer, encoding: TransferEncoding): Buffer {
  if (encoding === 'identity') return bytes;
  const decoder = decoderFor(encoding);
  const first = decoder.push(bytes);
  const rest = decoder.end();
  return rest.length === 0 ? first : Buffer.concat([first, rest]);
}
