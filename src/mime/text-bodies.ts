// Text parts → the inline bodies of the message, bounded: of a long text only the head is kept, the rest is counted.
import { printable } from '../lib/printable.ts';
import { canonicalCharset, decodeText } from './charset.ts';
import { decoderFor, decodeTransient, decodeWestern, type TransferEncoding } from './transfer.ts';

/** Encoded bytes up to which a body is decoded at once. */
const WHOLE = 1 << 18;
const CHUNK = 1 << 17;

export interface DecodedBody {
  /** The text, or its head if `length` is greater. Line ends are LF, except in html. */
  text: string;
  /** UTF-16 units of the whole. */
  length: number;
  repaired?: string;
  /** Control characters were dropped. */
  cleaned: boolean;
}

export function decodeBody(
  bytes: Buffer,
  encoding: TransferEncoding,
  charset: string | undefined,
  hint: string | undefined,
  html: boolean,
): DecodedBody {
  const cleaned = (decoded: { text: string; repaired?: string }): DecodedBody => {
    const clean = printable(decoded.text);
    const text = html ? clean : lineFeeds(clean);
    return { ...decoded, text, length: text.length, cleaned: clean !== decoded.text };
  };
  if (bytes.length <= WHOLE) {
    const western =
      encoding === 'quoted-printable' && canonicalCharset(charset) === 'utf-8' ? decodeWestern(bytes) : undefined;
    return cleaned(
      western === undefined ? decodeText(decodeTransient(bytes, encoding), charset, hint) : { text: western },
    );
  }
  const decoder = decoderFor(encoding);
  const head: Buffer[] = [];
  let headBytes = 0;
  let at = 0;
  const next = (): Buffer | undefined => {
    if (at >= bytes.length) return undefined;
    const chunk = decoder.push(bytes.subarray(at, at + CHUNK));
    at += CHUNK;
    return chunk;
  };
  while (headBytes < WHOLE) {
    const chunk = next();
    if (chunk === undefined) break;
    head.push(Buffer.from(chunk));
    headBytes += chunk.length;
  }
  const headBuffer = Buffer.concat(head);
  // Cut at the end of a line, which never splits a character.
  const cut = headBuffer.lastIndexOf(0x0a) + 1 || headBuffer.length;
  const body = cleaned(decodeText(headBuffer.subarray(0, cut), charset, hint));
  const counter = utf16Counter(body.repaired ?? charset ?? 'utf-8', html);
  body.length += counter(headBuffer.subarray(cut));
  for (let chunk = next(); chunk !== undefined; chunk = next()) body.length += counter(chunk);
  body.length += counter(decoder.end());
  return body;
}

export const lineFeeds = (text: string): string => {
  if (!text.includes('\r')) return text;
  const unix = text.replaceAll('\r\n', '\n');
  return unix.includes('\r') ? unix.replaceAll('\r', '\n') : unix;
};

/** Counts the UTF-16 units of consecutive chunks, without carriage returns except in html. Decodes charsets other than UTF-8. */
function utf16Counter(charset: string, html: boolean): (chunk: Buffer) => number {
  const dropped = html ? -1 : 0x0d;
  const length = (text: string): number => (html ? text : text.replaceAll('\r', '')).length;
  if (/^(?:utf-?8|us-ascii|)$/i.test(charset)) {
    return (chunk) => {
      let n = 0;
      for (let i = 0; i < chunk.length; i++) {
        const b = chunk[i] as number;
        if ((b & 0xc0) !== 0x80 && b !== dropped) n += b >= 0xf0 ? 2 : 1;
      }
      return n;
    };
  }
  try {
    const decoder = new TextDecoder(charset);
    return (chunk) => length(decoder.decode(chunk, { stream: true }));
  } catch {
    return (chunk) => length(chunk.toString('latin1'));
  }
}

const encoder = new TextEncoder();
const scratch = new Uint8Array(300);

/**
 * The text cut to `maxBytes` of UTF-8, never within a surrogate pair. Counting bytes is several times as fast as encoding: a unit has at most three bytes, so
 * a third of the remaining room is taken at a time, and only the last few units are encoded.
 */
export function cutToBytes(text: string, maxBytes: number): string {
  let cut = 0;
  let room = maxBytes;
  for (;;) {
    let to = Math.min(text.length, cut + Math.floor(room / 3));
    if (to === text.length) return text;
    if (room <= scratch.length) break;
    if (isHighSurrogate(text.charCodeAt(to - 1))) to--;
    room -= Buffer.byteLength(text.slice(cut, to));
    cut = to;
  }
  cut += encoder.encodeInto(text.slice(cut, cut + room), scratch.subarray(0, Math.max(0, room))).read;
  return cut >= text.length ? text : text.slice(0, cut);
}

const isHighSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xd800;

/** RFC 3676: lines that end in a blank flow into the next line of the same quote depth. */
export function unflow(text: string, delSp: boolean): string {
  if (!/ \n/.test(text)) return text.replace(/^ (?=[> ]|From )/gm, '');
  const out: string[] = [];
  let current = '';
  let depth = -1;
  let flowing = false;
  for (const raw of text.split('\n')) {
    let d = 0;
    while (raw.charCodeAt(d) === 0x3e) d++;
    let line = raw.slice(d);
    if (line.startsWith(' ')) line = line.slice(1);
    const soft = line.endsWith(' ') && line !== '-- ';
    const body = soft && delSp ? line.slice(0, -1) : line;
    if (flowing && d === depth && line !== '-- ') current += body;
    else {
      if (depth !== -1) out.push(current);
      current = d > 0 ? `${'>'.repeat(d)} ${body}` : body;
      depth = d;
    }
    flowing = soft;
  }
  if (depth !== -1) out.push(current);
  return out.join('\n');
}

/** text/enriched and text/richtext (RFC 1896, RFC 1341) → plain. */
export function enrichedToText(text: string): string {
  return text
    .replace(/<param>[^<]{0,200}<\/param>/gi, '')
    .replace(/<nl>/gi, '\n')
    .replace(/<lt>/gi, '\u0001')
    .replace(/\n(\n*)/g, (_, more: string) => (more === '' ? ' ' : more))
    .replace(/<<|<\/?[A-Za-z-]{1,60}>/g, (tag) => (tag === '<<' ? '<' : ''))
    .replaceAll('\u0001', '<');
}
