// Bytes → text in one charset, without guesses: the WHATWG decoders, iconv-lite's, and own ones for 7-bit charsets of mail.
import { TextDecoder } from 'node:util';
import iconv from 'iconv-lite';
import { whatwgLabels } from './charset-names.ts';

const decoders = new Map<string, TextDecoder | undefined>();

/** Cached; undefined if TextDecoder does not support the charset. */
export function nativeDecoder(label: string): TextDecoder | undefined {
  if (!whatwgLabels.has(label)) return undefined;
  if (decoders.has(label)) return decoders.get(label);
  let decoder: TextDecoder | undefined;
  try {
    decoder = new TextDecoder(label);
  } catch {
    // Not in this build's ICU.
  }
  decoders.set(label, decoder);
  return decoder;
}

/** Text of bytes in the charset; of an unknown one in ISO 8859-1. Never throws. */
export function decodeAs(bytes: Buffer, charset: string): string {
  if (charset === 'utf-8') return stripBom(bytes.toString('utf8'));
  if (charset === 'hz') return decodeHz(bytes);
  if (charset === 'iso-2022-kr') return decodeIso2022Kr(bytes);
  if (charset === 'utf-7') return decodeUtf7(bytes);
  if (charset === 'utf-16') {
    const bigEndian =
      bytes[0] === 0xff && bytes[1] === 0xfe
        ? false
        : bytes[0] === 0xfe && bytes[1] === 0xff
          ? true
          : !looksLittleEndian(bytes);
    return decodeAs(bytes, bigEndian ? 'utf-16be' : 'utf-16le');
  }
  if (charset === 'iso-2022-jp') return decodeIso2022Jp(bytes);
  try {
    return nativeDecoder(charset)?.decode(bytes) ?? iconv.decode(bytes, charset);
  } catch {
    return bytes.toString('latin1');
  }
}

/** An escape directly before another one. The WHATWG decoder makes U+FFFD of it, and joined encoded words are full of them. */
const EMPTY_SHIFT = /\x1b(?:\$[@B]|\([BIJ]|\$\([@BD])(?=\x1b)/g;

function decodeIso2022Jp(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  const joined = text.replace(EMPTY_SHIFT, '');
  const decoder = nativeDecoder('iso-2022-jp');
  return decoder === undefined
    ? text
    : decoder.decode(joined.length === text.length ? bytes : Buffer.from(joined, 'latin1'));
}

/** RFC 2152: `+` and base64 of UTF-16BE, up to `-` or any other character. iconv-lite does it character by character. */
function decodeUtf7(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/\+([A-Za-z0-9+/]*)-?/g, (_shift, base64: string) => {
    if (base64 === '') return '+';
    const units = Buffer.from(base64, 'base64');
    return units
      .subarray(0, units.length - (units.length % 2))
      .swap16()
      .toString('utf16le');
  });
}

function decodeIso2022Kr(bytes: Buffer): string {
  const out = Buffer.alloc(bytes.length);
  let n = 0;
  let shifted = false;
  for (let i = 0; i < bytes.length; i++) {
    const b = bytes[i] ?? 0;
    if (b === 0x1b && bytes[i + 1] === 0x24 && bytes[i + 2] === 0x29 && bytes[i + 3] === 0x43) i += 3;
    else if (b === 0x0e) shifted = true;
    else if (b === 0x0f) shifted = false;
    else {
      if (b === 0x0a) shifted = false;
      out[n++] = shifted && b > 0x20 && b < 0x7f ? b | 0x80 : b;
    }
  }
  return decodeAs(out.subarray(0, n), 'euc-kr');
}

/** RFC 1843. */
function decodeHz(bytes: Buffer): string {
  const out = Buffer.alloc(bytes.length);
  let n = 0;
  let shifted = false;
  for (let i = 0; i < bytes.length; i++) {
    const b = bytes[i] ?? 0;
    if (b === 0x7e) {
      const next = bytes[i + 1];
      if (next === 0x7b || next === 0x7d) {
        shifted = next === 0x7b;
        i++;
        continue;
      }
      if (next === 0x7e && !shifted) i++;
      else if (next === 0x0a) {
        i++;
        continue;
      }
    }
    if (b === 0x0a) shifted = false;
    out[n++] = shifted && b > 0x20 && b < 0x7f ? b | 0x80 : b;
  }
  return decodeAs(out.subarray(0, n), 'gb18030');
}

function looksLittleEndian(bytes: Buffer): boolean {
  let even = 0;
  let odd = 0;
  for (let i = 0; i + 1 < Math.min(bytes.length, 400); i += 2) {
    if (bytes[i] === 0) even++;
    if (bytes[i + 1] === 0) odd++;
  }
  return odd > even;
}

export const stripBom = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
