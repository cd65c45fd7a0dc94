// Bytes → text: the declared charset where it fits the bytes, the most likely one where it does not. Every deviation is reported, never thrown.
import { isAscii, isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import iconv from 'iconv-lite';
import { aliases, unspecified, whatwgLabels } from './charset-names.ts';

export interface DecodedText {
  text: string;
  /** Set when the declared charset was missing, unknown or contradicted by the bytes: the one that was used instead. */
  repaired?: string;
}

const decoders = new Map<string, TextDecoder | undefined>();

function nativeDecoder(label: string): TextDecoder | undefined {
  if (!whatwgLabels.has(label)) return undefined;
  if (decoders.has(label)) return decoders.get(label);
  let decoder: TextDecoder | undefined;
  try {
    decoder = new TextDecoder(label);
    if (decoder.encoding === 'x-user-defined') decoder = undefined;
  } catch {
    decoder = undefined;
  }
  decoders.set(label, decoder);
  return decoder;
}

/** Names declared so far: a handful makes up nearly all mails. Bounded, as names may be anything. */
const canonical = new Map<string, string>();

/** Canonical name of a charset as declared, '' when it says nothing usable. Never throws. */
export function canonicalCharset(declared: string | undefined): string {
  if (declared === undefined) return '';
  let name = canonical.get(declared);
  if (name === undefined) {
    name = canonicalName(declared);
    if (canonical.size < 500 && declared.length <= 60) canonical.set(declared, name);
  }
  return name;
}

function canonicalName(declared: string): string {
  let label = declared.length > 60 ? '' : declared.trim().toLowerCase();
  if (label.charCodeAt(0) === 0x22 || label.charCodeAt(0) === 0x27) label = label.replace(/["']/g, '');
  if (label.startsWith('charset=')) label = label.slice(8);
  if (unspecified.has(label)) return '';
  const alias = aliases[label];
  if (alias !== undefined) return alias;
  if (label === 'iso-8859-1') return 'windows-1252';
  const cp = /^(?:x-)?(?:cp|win|windows|ms|ibm)[-_ ]?(\d{3,5})$/.exec(label);
  if (cp !== null) {
    const page = cp[1] ?? '';
    if (/^125\d$/.test(page)) return `windows-${page}`;
    const byNumber = aliases[page];
    if (byNumber !== undefined) return byNumber;
    return `cp${page}`;
  }
  const iso = /^(?:x-)?iso[-_ ]?8859[-_ ]?(\d{1,2})(?:[-_:].*)?$/.exec(label);
  if (iso !== null) return iso[1] === '1' ? 'windows-1252' : iso[1] === '11' ? 'windows-874' : `iso-8859-${iso[1]}`;
  return label;
}

export const isSupported = (charset: string): boolean =>
  charset === 'hz' ||
  charset === 'iso-2022-kr' ||
  charset === 'utf-7' ||
  charset === 'utf-16' ||
  nativeDecoder(charset) !== undefined ||
  iconvKnows(charset);

/** As iconv.encodingExists, which throws and catches for each unknown name. */
function iconvKnows(charset: string): boolean {
  if (iconv.encodings === undefined || iconv.encodings === null) iconv.encodingExists('utf8'); // loads the table
  const key = charset.toLowerCase().replace(/:\d{4}$|[^0-9a-z]/g, '');
  return key !== '' && Object.hasOwn(iconv.encodings as object, key);
}

/** Charsets whose encoded form is ASCII bytes. */
const sevenBit = new Set([
  'iso-2022-jp',
  'iso-2022-kr',
  'hz',
  'utf-7',
  'utf-16',
  'utf-16le',
  'utf-16be',
  'utf-32',
  'utf-32le',
  'utf-32be',
  'ucs-4',
]);

/**
 * Text of `bytes`, declared to be in `declared`. `hint` is the charset that another part of the same mail declares: used for bytes that
 * declare nothing. Never throws; linear time.
 */
export function decodeText(bytes: Buffer, declared?: string, hint?: string): DecodedText {
  const charset = canonicalCharset(declared);
  if (charset === '' || !isSupported(charset)) {
    if (isAscii(bytes)) {
      if (bytes.includes(0x1b)) {
        const escaped = byEscapes(bytes);
        if (escaped !== undefined) return { text: decodeAs(bytes, escaped), repaired: escaped };
      }
      return { text: bytes.toString('latin1') };
    }
    return guess(bytes, canonicalCharset(hint));
  }
  if (!sevenBit.has(charset) && isAscii(bytes)) {
    if (bytes.includes(0x1b)) {
      const escaped = byEscapes(bytes);
      if (escaped !== undefined) return { text: decodeAs(bytes, escaped), repaired: escaped };
    }
    return { text: bytes.toString('latin1') };
  }
  if (charset === 'utf-8') {
    if (isUtf8(bytes)) return { text: stripBom(bytes.toString('utf8')) };
    return repairUtf8(bytes, hint);
  }
  if (sevenBit.has(charset)) {
    if (!isAscii(bytes) && charset.startsWith('utf-') === false && charset !== 'ucs-4' && isUtf8(bytes)) {
      return { text: stripBom(bytes.toString('utf8')), repaired: 'utf-8' };
    }
    const text = decodeAs(bytes, charset);
    return { text };
  }
  // A text in another charset is hardly ever valid UTF-8 by chance: the more multi-byte sequences, the surer. (Multi-byte charsets are only
  // overruled when they fail, below.)
  const multiByte = /^(?:gb18030|big5|euc-|shift_jis)/.test(charset);
  if (!multiByte && isUtf8(bytes)) return { text: stripBom(bytes.toString('utf8')), repaired: 'utf-8' };
  const text = decodeAs(bytes, charset);
  if (multiByte && text.includes('\ufffd')) {
    if (isUtf8(bytes)) return { text: stripBom(bytes.toString('utf8')), repaired: 'utf-8' };
    if (charset === 'euc-kr' || charset === 'big5' || charset === 'shift_jis' || charset === 'euc-jp') {
      const wide = { 'euc-kr': 'cp949', big5: 'big5hkscs', shift_jis: 'cp932', 'euc-jp': 'euc-jp' }[charset];
      const second = iconv.decode(bytes, wide);
      if (count(second, '\ufffd') < count(text, '\ufffd')) return { text: second, repaired: wide };
    }
  }
  return { text };
}

/** Decodes with the charset as named; unknown ones as windows-1252. */
function decodeAs(bytes: Buffer, charset: string): string {
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
  const decoder = nativeDecoder(charset);
  if (decoder !== undefined) {
    try {
      return decoder.decode(bytes);
    } catch {
      return bytes.toString('latin1');
    }
  }
  try {
    return iconv.decode(bytes, charset);
  } catch {
    return bytes.toString('latin1');
  }
}

/** Undeclared 8-bit bytes: UTF-8 if valid, then what the rest of the mail declares, then windows-1252 (what WHATWG makes of the unknown). */
function guess(bytes: Buffer, hint: string): DecodedText {
  if (isUtf8(bytes)) return { text: stripBom(bytes.toString('utf8')), repaired: 'utf-8' };
  const escaped = byEscapes(bytes);
  if (escaped !== undefined) return { text: decodeAs(bytes, escaped), repaired: escaped };
  const bom = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (bom) return { text: decodeAs(bytes, 'utf-16'), repaired: 'utf-16' };
  if (hint !== '' && hint !== 'utf-8' && !sevenBit.has(hint) && isSupported(hint)) {
    const text = decodeAs(bytes, hint);
    if (!text.includes('\ufffd')) return { text, repaired: hint };
  }
  if (mostlyValidUtf8(bytes)) return { text: stripBom(bytes.toString('utf8')), repaired: 'utf-8' };
  const likely = likelyCharset(bytes);
  const text = decodeAs(bytes, likely);
  if (likely !== 'windows-1252' && text.includes('\ufffd'))
    return { text: decodeAs(bytes, 'windows-1252'), repaired: 'windows-1252' };
  return { text, repaired: likely };
}

/** Declared UTF-8 but is not: cut or damaged UTF-8 keeps its good part, anything else is taken for what it looks like. */
function repairUtf8(bytes: Buffer, hint: string | undefined): DecodedText {
  if (mostlyValidUtf8(bytes)) return { text: stripBom(bytes.toString('utf8')), repaired: 'utf-8' };
  return guess(bytes, canonicalCharset(hint));
}

/**
 * Charset by the look of the 8-bit bytes, when nothing is declared: East Asian by pairs, Cyrillic by their share, Turkish by its three letters;
 * windows-1252 otherwise. Looks at the first 16 KB.
 */
function likelyCharset(bytes: Buffer): string {
  const sample = bytes.length > 16_384 ? bytes.subarray(0, 16_384) : bytes;
  let high = 0;
  let ascii = 0;
  let runs = 0;
  let evenRuns = 0;
  let kana = 0;
  let lower = 0; // E0–FF
  let upper = 0; // C0–DF
  let turkish = 0;
  let other = 0;
  for (let i = 0; i < sample.length; i++) {
    const b = sample[i] as number;
    if (b < 0x80) {
      if ((b | 0x20) >= 0x61 && (b | 0x20) <= 0x7a) ascii++;
      continue;
    }
    const start = i;
    while (i < sample.length && (sample[i] as number) >= 0x80) {
      const c = sample[i] as number;
      high++;
      if (c >= 0xe0) lower++;
      else if (c >= 0xc0) upper++;
      if (c === 0xfd || c === 0xfe || c === 0xf0 || c === 0xdd || c === 0xde || c === 0xd0) turkish++;
      else if (
        c >= 0xc0 &&
        !(c === 0xfc || c === 0xf6 || c === 0xe7 || c === 0xdc || c === 0xd6 || c === 0xc7 || c === 0xe2 || c === 0xee)
      )
        other++;
      if ((i - start) % 2 === 0 && (c === 0xa4 || c === 0xa5)) kana++;
      i++;
    }
    runs++;
    if ((i - start) % 2 === 0) evenRuns++;
  }
  if (high >= 8 && evenRuns === runs && high / runs >= 2 && lower + upper < high) {
    if (kana * 5 >= high) return 'euc-jp';
    return 'gb18030';
  }
  if (lower + upper > high * 0.8 && high > ascii && high / runs >= 3) return lower >= upper ? 'windows-1251' : 'koi8-r';
  if (turkish >= 2 && turkish > other * 2 && ascii > high) return 'windows-1254';
  return 'windows-1252';
}

/** More well-formed multi-byte sequences than bytes that fit nowhere. */
function mostlyValidUtf8(bytes: Buffer): boolean {
  const sample = bytes.length > 65536 ? bytes.subarray(0, 65536) : bytes;
  let good = 0;
  let bad = 0;
  for (let i = 0; i < sample.length; i++) {
    const b = sample[i] ?? 0;
    if (b < 0x80) continue;
    const more = b >= 0xc2 && b <= 0xdf ? 1 : b >= 0xe0 && b <= 0xef ? 2 : b >= 0xf0 && b <= 0xf4 ? 3 : 0;
    let k = 0;
    while (k < more && ((sample[i + k + 1] ?? 0) & 0xc0) === 0x80) k++;
    if (more > 0 && k === more) {
      good++;
      i += more;
    } else if (i + more < sample.length || more === 0) bad++;
  }
  return good > bad;
}

/** ISO-2022-JP/KR by its designations. */
function byEscapes(bytes: Buffer): string | undefined {
  if (bytes.includes('\x1b$)C', 0, 'latin1')) return 'iso-2022-kr';
  if (
    bytes.includes('\x1b$B', 0, 'latin1') ||
    bytes.includes('\x1b$@', 0, 'latin1') ||
    bytes.includes('\x1b(J', 0, 'latin1')
  )
    return 'iso-2022-jp';
  return undefined;
}

/** RFC 2152: `+` and base64 of UTF-16BE, up to `-` or anything else. iconv-lite does the same, character by character. */
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

const stripBom = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);

function count(text: string, what: string): number {
  let n = 0;
  for (let i = text.indexOf(what); i !== -1; i = text.indexOf(what, i + 1)) n++;
  return n;
}
