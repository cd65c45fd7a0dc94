// Bytes → text: the declared charset where it fits the bytes, the most likely one where it does not. Every deviation is reported, never thrown.
import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { decodeAs, nativeDecoder, stripBom } from './charset-decode.ts';
import { betterThan, byEscapes, isEastAsian, likelyCharset, mostlyValidUtf8 } from './charset-guess.ts';
import { aliases, unspecified } from './charset-names.ts';

interface DecodedText {
  text: string;
  /** Set when the declared charset was missing, unknown or contradicted by the bytes: the one that was used instead. */
  repaired?: string;
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
  const alias = aliases.get(label);
  if (alias !== undefined) return alias;
  const page = /^(?:x-)?(?:cp|win|windows|ms|ibm)[-_ ]?(\d{3,5})$/.exec(label)?.[1];
  if (page !== undefined) return /^125\d$/.test(page) ? `windows-${page}` : (aliases.get(page) ?? `cp${page}`);
  const part = /^(?:x-)?iso[-_ ]?8859[-_ ]?(\d{1,2})(?:[-_:].*)?$/.exec(label)?.[1];
  if (part === undefined) return label;
  return part === '1' ? 'windows-1252' : part === '11' ? 'windows-874' : `iso-8859-${part}`;
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
  const multiByte = isEastAsian(charset);
  const stateful = sevenBit.has(charset) && !charset.startsWith('utf-') && charset !== 'ucs-4';
  if (stateful ? !isAscii(bytes) : sevenBit.has(charset) ? false : !multiByte) {
    // A text in another charset is hardly ever valid UTF-8 by chance: the more multi-byte sequences, the surer. (Multi-byte charsets are only
    // overruled when they fail, below.)
    if (isUtf8(bytes)) return { text: stripBom(bytes.toString('utf8')), repaired: 'utf-8' };
  }
  const text = decodeAs(bytes, charset);
  if (multiByte && text.includes('\ufffd') && isUtf8(bytes))
    return { text: stripBom(bytes.toString('utf8')), repaired: 'utf-8' };
  const better = betterThan(charset, bytes, text);
  return better === undefined ? { text } : { text: better.text, repaired: better.charset };
}

const EIGHT_BIT = /[\x80-\xff]/;

/**
 * What header fields with raw 8-bit bytes are in, by the look of all of them together, if that is East Asian; else `hint`. One name alone is too short to
 * tell. @param values latin1 views
 */
export function headerHint(values: readonly string[], hint: string | undefined): string | undefined {
  const foreign = values.filter((value) => EIGHT_BIT.test(value));
  if (foreign.length === 0) return hint;
  const bytes = Buffer.from(foreign.join(' ').slice(0, 16_384), 'latin1');
  const likely = isUtf8(bytes) ? '' : likelyCharset(bytes);
  return isEastAsian(likely) && !isEastAsian(canonicalCharset(hint)) ? likely : hint;
}

/** Undeclared 8-bit bytes: UTF-8 if valid, then what the rest of the mail declares, then windows-1252 (what WHATWG makes of the unknown). */
function guess(bytes: Buffer, hint: string): DecodedText {
  if (isUtf8(bytes)) return { text: stripBom(bytes.toString('utf8')), repaired: 'utf-8' };
  const escaped = byEscapes(bytes);
  if (escaped !== undefined) return { text: decodeAs(bytes, escaped), repaired: escaped };
  const bom = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (bom) return { text: decodeAs(bytes, 'utf-16'), repaired: 'utf-16' };
  const likely = likelyCharset(bytes);
  // Single-byte charsets decode anything: one of them is no hint against pairs of bytes.
  const against = isEastAsian(likely) && !isEastAsian(hint);
  if (hint !== '' && hint !== 'utf-8' && !sevenBit.has(hint) && !against && isSupported(hint)) {
    const text = decodeAs(bytes, hint);
    if (!text.includes('\ufffd')) return { text, repaired: hint };
  }
  if (mostlyValidUtf8(bytes)) return { text: stripBom(bytes.toString('utf8')), repaired: 'utf-8' };
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
