// Raw mail → parsed message. The entry to src/mime.

import { bufferOf } from '../lib/streams.ts';
import { parseAddresses } from './addresses.ts';
import { assemble, assembleHeaders, defaults, type ParseOptions } from './assemble.ts';
import { type Headers, headersOf } from './header-fields.ts';
import { readHeaders } from './headers.ts';
import type { ParsedMessage } from './parsed-message.ts';

export type { ParseOptions } from './assemble.ts';
export { htmlToText } from './html-text.ts';
export type { ParsedMessage } from './parsed-message.ts';
export { decodeSlice } from './slices.ts';
export { wholeText } from './text-parts.ts';

/** Header fields of a mail that we composed, in latin1 view. */
export const readHeaderBlock = (mail: Buffer): Headers =>
  headersOf(readHeaders(mail, 0, mail.length, mail.length).fields);

/** Addresses of an unfolded header value in latin1 view, parsed like those of received mail. */
export const addressesOf = (value: string) => parseAddresses(value);

/** The message for a mail on which the parser threw: its header, if that can be parsed. */
function failed(raw: Buffer, options: Required<ParseOptions>, thrown: unknown): ParsedMessage {
  const nothing = unreadable('parser-failed', thrown instanceof Error ? thrown.name : 'unknown');
  try {
    const head = assembleHeaders(raw, options);
    return { ...nothing, ...head, parse: 'failed', warnings: [...nothing.warnings, ...head.warnings] };
  } catch {
    return nothing;
  }
}

/**
 * The message for a mail that could not be read: the parser failed on it, or the server never returned it. Its sender may be a program, so it gets
 * no automatic answer.
 */
export function unreadable(code: string, detail?: string): ParsedMessage {
  return {
    parse: 'failed',
    subject: '',
    from: [],
    replyTo: [],
    to: [],
    cc: [],
    deliveredTo: [],
    attachments: [],
    threading: { inReplyTo: [], references: [] },
    automatic: { kind: 'none', evidence: [], mayAutoRespond: false },
    importance: 'normal',
    authenticationResults: [],
    warnings: [detail === undefined ? { code } : { code, detail }],
  };
}

/**
 * Parses a whole mail. Never throws, whatever the bytes: repairs and limits are warnings, and `parse` is
 * `complete`, `truncated` (a limit applied) or `failed`. Attachments are slices of `raw`, see {@link decodeSlice}. Linear in time and memory.
 */
export function parseMessage(raw: Uint8Array, options?: ParseOptions): ParsedMessage {
  const settings = { ...defaults, ...options };
  const bytes = bufferOf(raw);
  const deadline = performance.now() + settings.maxMillis;
  try {
    return assemble(bytes, settings, () => performance.now() > deadline);
  } catch (thrown) {
    return failed(bytes, settings, thrown);
  }
}

/** For mails over the size limit, of which only the header block was fetched: `parse` is `headers-only`, without attachments. Never throws. */
export function parseHeadersOnly(headerBytes: Uint8Array, options?: ParseOptions): ParsedMessage {
  const settings = { ...defaults, ...options };
  const bytes = bufferOf(headerBytes);
  try {
    return assembleHeaders(bytes, settings);
  } catch (thrown) {
    return failed(bytes, settings, thrown);
  }
}
