// Bytes → text: in the declared charset if it fits the bytes, else in the most likely one. Deviations are reported, never thrown.
import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { decodeAs, nativeDecoder, stripBom } from './charset-decode.ts';
import { betterThan, byEscapes, isEastAsian, likelyCharset, mostlyValidUtf8 } from './charset-guess.ts';
import { aliases, unspecified } from './charset-names.ts';

interface DecodedText {
  text: string;
  /** The charset that was used because the declared one was missing, unknown or contradicted by the bytes. */
  repaired?: string;
}

/** Cache by declared name, of which nearly all mails use a handful. Bounded, as names may be anything. */
const canonical = new Map<string, string>();

/** Canonical name of a declared charset; '' if it means nothing. Never throws. */
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

/** Like iconv.encodingExists, which throws and catches for each unknown name. */
function iconvKnows(charset: string): boolean {
  if (iconv.encodings === undefined || iconv.encodings === null) iconv.encodingExists('utf8'); // loads the table of encodings
  const key = charset.toLowerCase().replace(/:\d{4}$|[^0-9a-z]/g, '');
  return key !== '' && Object.hasOwn(iconv.encodings as object, key);
}

/** Charsets whose encoded form may be ASCII bytes. */
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

const repairedAs = (bytes: Buffer, charset: string): DecodedText => ({
  text: decodeAs(bytes, charset),
  repaired: charset,
});

/**
 * Text of `bytes`, declared to be in `declared`. `hint`: charset that another part of the mail declares, for bytes without a declaration. Never throws;
 * linear time.
 */
export function decodeText(bytes: Buffer, declared?: string, hint?: string): DecodedText {
  const charset = canonicalCharset(declared);
  const supported = charset !== '' && isSupported(charset);
  const encoded = supported && sevenBit.has(charset);
  if (!encoded && isAscii(bytes)) {
    const escaped = bytes.includes(0x1b) ? byEscapes(bytes) : undefined;
    return escaped === undefined ? { text: bytes.toString('latin1') } : repairedAs(bytes, escaped);
  }
  if (!supported) return guess(bytes, canonicalCharset(hint));
  if (charset === 'utf-8') {
    if (isUtf8(bytes)) return { text: stripBom(bytes.toString('utf8')) };
    // Cut or damaged UTF-8 keeps its intact part.
    return mostlyValidUtf8(bytes) ? repairedAs(bytes, 'utf-8') : guess(bytes, canonicalCharset(hint));
  }
  const multiByte = isEastAsian(charset);
  const stateful = encoded && !charset.startsWith('utf-') && charset !== 'ucs-4';
  // Text in another charset is hardly ever valid UTF-8 by chance. Multi-byte charsets are overruled only when they fail, below.
  if ((stateful ? !isAscii(bytes) : !encoded && !multiByte) && isUtf8(bytes)) return repairedAs(bytes, 'utf-8');
  const text = decodeAs(bytes, charset);
  if (multiByte && text.includes('\ufffd') && isUtf8(bytes)) return repairedAs(bytes, 'utf-8');
  const better = betterThan(charset, bytes, text);
  return better === undefined ? { text } : { text: better.text, repaired: better.charset };
}

const EIGHT_BIT = /[\x80-\xff]/;

/**
 * The charset of header fields with raw 8-bit bytes, if all of them together look East Asian; else `hint`. A single name is too short for a guess.
 * @param values latin1 views
 */
export function headerHint(values: readonly string[], hint: string | undefined): string | undefined {
  const foreign = values.filter((value) => EIGHT_BIT.test(value));
  if (foreign.length === 0) return hint;
  const bytes = Buffer.from(foreign.join(' ').slice(0, 16_384), 'latin1');
  const likely = isUtf8(bytes) ? '' : likelyCharset(bytes);
  return isEastAsian(likely) && !isEastAsian(canonicalCharset(hint)) ? likely : hint;
}

/** Undeclared 8-bit bytes: UTF-8 if valid, then the mail's other charset, then windows-1252 (the WHATWG default). */
function guess(bytes: Buffer, hint: string): DecodedText {
  if (isUtf8(bytes)) return repairedAs(bytes, 'utf-8');
  const escaped = byEscapes(bytes);
  if (escaped !== undefined) return repairedAs(bytes, escaped);
  const bom = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (bom) return repairedAs(bytes, 'utf-16');
  const likely = likelyCharset(bytes);
  // Single-byte charsets decode anything, so a hint of one does not outweigh East Asian pairs of bytes.
  const against = isEastAsian(likely) && !isEastAsian(hint);
  if (hint !== '' && hint !== 'utf-8' && !sevenBit.has(hint) && !against && isSupported(hint)) {
    const text = decodeAs(bytes, hint);
    if (!text.includes('\ufffd')) return { text, repaired: hint };
  }
  if (mostlyValidUtf8(bytes)) return repairedAs(bytes, 'utf-8');
  const found = repairedAs(bytes, likely);
  return likely !== 'windows-1252' && found.text.includes('\ufffd') ? repairedAs(bytes, 'windows-1252') : found;
}
