// Raw mail → parsed message. The door of this room: everything else in src/mime is behind it.
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

/** Header fields of a mail of ours, in latin1 view. */
export const readHeaderBlock = (mail: Buffer): Headers =>
  headersOf(readHeaders(mail, 0, mail.length, mail.length).fields);

/** Addresses of an unfolded header value in latin1 view, as we read those of customers. */
export const addressesOf = (value: string) => parseAddresses(value);

const view = (raw: Uint8Array): Buffer =>
  Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);

const withDefaults = (options: ParseOptions | undefined): Required<ParseOptions> => ({ ...defaults, ...options });

/** The result for bytes on which the parser itself failed: nothing is lost but what it would have said. */
function failed(raw: Buffer, options: Required<ParseOptions>, thrown: unknown): ParsedMessage {
  const detail = thrown instanceof Error ? thrown.name : 'unknown';
  let head: ParsedMessage | undefined;
  try {
    head = assembleHeaders(raw, options);
  } catch {
    head = undefined;
  }
  const nothing = unreadable('parser-failed', detail);
  return { ...nothing, ...head, parse: 'failed', warnings: [...nothing.warnings, ...(head?.warnings ?? [])] };
}

/**
 * The message for a mail that could not be read: the parser failed on it, or the server never returned it. It may be anything, so
 * it is not answered automatically.
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
    warnings: [{ code, ...(detail === undefined ? {} : { detail }) }],
  };
}

/**
 * Parses a whole mail. Never throws on any bytes: repairs and limits are warnings, and `parse` says
 * `complete`, `truncated` (a limit was met) or `failed`. Attachments are slices of `raw`, see {@link decodeSlice}. Linear in time and memory.
 */
export function parseMessage(raw: Uint8Array, options?: ParseOptions): ParsedMessage {
  const settings = withDefaults(options);
  const bytes = view(raw);
  const deadline = performance.now() + settings.maxMillis;
  try {
    return assemble(bytes, settings, () => performance.now() > deadline);
  } catch (thrown) {
    return failed(bytes, settings, thrown);
  }
}

/** For mails over the size limit, of which only the header block was fetched: `parse` is `headers-only`, there are no attachments. Never throws. */
export function parseHeadersOnly(headerBytes: Uint8Array, options?: ParseOptions): ParsedMessage {
  const settings = withDefaults(options);
  const bytes = view(headerBytes);
  try {
    return assembleHeaders(bytes, settings);
  } catch (thrown) {
    return failed(bytes, settings, thrown);
  }
}
