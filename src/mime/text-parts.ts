// The whole of a text that the message holds shortened: read from the raw mail again, part by part, and decoded to UTF-8 as a stream.
import { TextDecoder } from 'node:util';
import type { TextPart } from '../contract/message.ts';
import { printable } from '../lib/printable.ts';
import { bufferOf } from '../lib/streams.ts';
import { escapeHtml } from '../lib/text.ts';
import { decodeText } from './charset.ts';
import { isHtml } from './classify.ts';
import { decodeSlice } from './slices.ts';
import { lineFeeds } from './text-bodies.ts';

/** Bytes that a charset without a streaming decoder holds back at most, until a line ends. */
const LONGEST_LINE = 1 << 20;

/** Text of consecutive chunks; `push(undefined)` gives the rest. Never throws. */
type TextStream = (chunk: Buffer | undefined) => string;

function textStream(charset: string): TextStream {
  let decoder: TextDecoder | undefined;
  try {
    // Not for ISO-2022-JP, because it replaces empty shifts (decodeText does not).
    if (charset !== 'iso-2022-jp') decoder = new TextDecoder(charset);
  } catch {
    // Not a WHATWG charset: decoded by lines, at whose ends the stateful charsets of mail reset (RFC 1468, RFC 1557, RFC 1843).
  }
  if (decoder !== undefined) {
    const native = decoder;
    return (chunk) => (chunk === undefined ? native.decode() : native.decode(chunk, { stream: true }));
  }
  let held: Buffer[] = [];
  let size = 0;
  return (chunk) => {
    if (chunk !== undefined) {
      held.push(Buffer.from(chunk));
      size += chunk.length;
      if (!chunk.includes(0x0a) && size < LONGEST_LINE) return '';
    }
    const bytes = Buffer.concat(held);
    const cut = chunk === undefined ? bytes.length : bytes.lastIndexOf(0x0a) + 1 || bytes.length;
    held = cut < bytes.length ? [bytes.subarray(cut)] : [];
    size = bytes.length - cut;
    return decodeText(bytes.subarray(0, cut), charset).text;
  };
}

const escaped = (text: string): string => escapeHtml(text).replaceAll('\n', '<br>\n');

/**
 * The parts in order, separated by a line feed, in UTF-8; line ends of plain text are LF. `read` yields the bytes [start, end) of the raw mail.
 * Plain text among html is escaped. Lines stay as the sender wrote them (format=flowed is not joined). Memory: a few chunks. Throws only
 * what `read` throws.
 */
export async function* wholeText(
  parts: readonly TextPart[],
  read: (range: { start: number; end: number }) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const html = parts.some(({ contentType }) => isHtml(contentType));
  for (const [k, { contentType, charset, slice }] of parts.entries()) {
    const plain = !isHtml(contentType);
    const decode = textStream(charset);
    let carriageReturn = false;
    const shown = (decoded: string): Buffer => {
      const text = printable(decoded);
      if (!plain) return Buffer.from(text);
      // The LF after a CR may be in the next chunk.
      let whole = carriageReturn ? `\r${text}` : text;
      carriageReturn = whole.endsWith('\r');
      if (carriageReturn) whole = whole.slice(0, -1);
      const lines = lineFeeds(whole);
      return Buffer.from(html ? escaped(lines) : lines);
    };
    if (k > 0) yield Buffer.from('\n');
    if (html && plain) yield Buffer.from('<p>');
    for await (const chunk of decodeSlice(slice, read(slice))) {
      const out = shown(decode(bufferOf(chunk)));
      if (out.length > 0) yield out;
    }
    const rest = shown(decode(undefined));
    if (rest.length > 0) yield rest;
    if (carriageReturn) yield Buffer.from(html ? '<br>\n' : '\n');
    if (html && plain) yield Buffer.from('</p>');
  }
}
