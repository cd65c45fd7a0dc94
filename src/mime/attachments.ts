// Leaves of the tree → attachments: named safely, measured as decoded, left where they are in the raw mail.
import { createHash, hash as hashOnce } from 'node:crypto';
import type { Attachment } from '../contract/message.ts';
import { percentDecoded } from '../lib/text.ts';
import type { Bodies } from './bodies.ts';
import type { Leaf } from './classify.ts';
import { safeContentId } from './content-ids.ts';
import { decodeHeaderText, singleLine } from './encoded-words.ts';
import { defaultFilename, safeFilename } from './file-names.ts';
import { classifyFile, PREFIX_BYTES } from './file-types.ts';
import { type Headers, headersOf, type Warn } from './header-fields.ts';
import { readHeaders } from './headers.ts';
import { findTnefFiles } from './tnef.ts';
import { decoderFor, decodeTransient, decodeWhole, type TransferEncoding } from './transfer.ts';

/** Bytes decoded and hashed at once, few enough to stay in the cache between the two steps. */
const CHUNK = 78 * 840;
/** A larger winmail.dat, in encoded bytes, stays one attachment. */
const MAX_TNEF = 32 << 20;

interface Measured {
  size: number;
  sha256: string;
  /** The first bytes. */
  prefix: Buffer;
}

/** Size, SHA-256 and beginning of the file that a range of the raw mail decodes to. */
function measure(bytes: Buffer, encoding: TransferEncoding): Measured {
  if (bytes.length <= CHUNK) {
    const decoded = decodeTransient(bytes, encoding);
    return { size: decoded.length, sha256: hashOnce('sha256', decoded, 'hex'), prefix: prefixOf(decoded) };
  }
  const hash = createHash('sha256');
  const decoder = decoderFor(encoding, true);
  let size = 0;
  let prefix: Buffer | undefined;
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const decoded = decoder.push(bytes.subarray(at, at + CHUNK));
    size += decoded.length;
    hash.update(decoded);
    prefix ??= decoded.length > 0 ? prefixOf(decoded) : undefined;
  }
  const rest = decoder.end();
  if (rest.length > 0) hash.update(rest);
  return { size: size + rest.length, sha256: hash.digest('hex'), prefix: prefix ?? prefixOf(rest) };
}

/** A copy, because decoders reuse their memory. */
const prefixOf = (decoded: Buffer): Buffer => Buffer.from(decoded.subarray(0, PREFIX_BYTES));

/** A whole range, decoded: a winmail.dat needs random access. */
function decodeRange(bytes: Buffer, encoding: TransferEncoding): Buffer {
  // Damaged uuencode may decode to more bytes than it has itself.
  if (bytes.length <= CHUNK || encoding === 'uuencode') return decodeWhole(bytes, encoding);
  const decoder = decoderFor(encoding, true);
  const out = Buffer.allocUnsafe(bytes.length);
  let size = 0;
  for (let at = 0; at < bytes.length; at += CHUNK) {
    size += decoder.push(bytes.subarray(at, at + CHUNK)).copy(out, size);
  }
  return out.subarray(0, size + decoder.end().copy(out, size));
}

interface AttachmentSource {
  /** The mail that contains the leaves. */
  raw: Buffer;
  /** The mail before its line ends were repaired; slices refer to it. Default: `raw`. */
  stored?: Buffer;
  leaves: Leaf[];
  bodies: Bodies;
  headers: Headers;
  hint: string | undefined;
  /** The part with the CMS message that signs `raw`. */
  signedIn?: Leaf;
}

export function listAttachments(
  sources: readonly AttachmentSource[],
  warn: Warn,
  expired: () => boolean,
): { list: Attachment[]; cut: boolean } {
  const list: Attachment[] = [];
  for (const source of sources) if (!listOf(source, list, warn, expired)) return { list, cut: true };
  return { list, cut: false };
}

/** @returns false when the time was up before the end */
function listOf(
  { raw, stored = raw, leaves, bodies, headers, hint, signedIn }: AttachmentSource,
  list: Attachment[],
  warn: Warn,
  expired: () => boolean,
): boolean {
  const add = (
    name: string,
    contentType: string,
    { size, sha256, prefix }: Measured,
    rest: Omit<Attachment, 'n' | 'filename' | 'contentType' | 'size' | 'sha256'>,
  ): void => {
    list.push(described(list.length, { contentType, size, sha256, ...rest }, name, prefix, warn));
  };
  const placeOf = (start: number, end: number, encoding: TransferEncoding, path: string) => {
    if (signedIn === undefined) return { part: path, slice: { start, end, encoding } };
    const { part, encoding: outer } = signedIn;
    const signed = { start, end, encoding };
    return { part: part.path, slice: { start: part.bodyStart, end: part.bodyEnd, encoding: outer, signed } };
  };
  for (const leaf of leaves) {
    if (expired()) {
      warn('time-limit');
      return false;
    }
    const { part } = leaf;
    const bytes = stored.subarray(part.bodyStart, part.bodyEnd);
    if (signedIn === undefined && isTnef(leaf) && bytes.length <= MAX_TNEF) {
      const decoded = decodeRange(bytes, leaf.encoding);
      const files = findTnefFiles(decoded);
      if (files !== undefined && (files.length > 0 || decoded.length < 4096)) {
        for (const { name, contentType, contentId, start, end } of files)
          add(name, contentType, measure(decoded.subarray(start, end), 'identity'), {
            ...(contentId === undefined ? {} : { contentId: safeContentId(contentId) }),
            inline: contentId !== undefined && bodies.mentions(contentId),
            part: part.path,
            slice: {
              start: part.bodyStart,
              end: part.bodyEnd,
              encoding: 'tnef',
              within: { encoding: leaf.encoding, start, end },
            },
          });
        warn('tnef-unpacked', `part ${part.path}`);
        continue;
      }
      warn('tnef-unreadable', `part ${part.path}`);
    }
    const { contentId } = leaf;
    const contentType = /^[^/\s;]+\/[^/\s;]+$/.test(leaf.type) ? leaf.type : 'application/octet-stream';
    add(declaredName(raw, leaf, headers, hint), contentType, measure(bytes, leaf.encoding), {
      ...(contentId === undefined ? {} : { contentId: safeContentId(contentId) }),
      inline: isShown(leaf, bodies),
      ...placeOf(part.bodyStart, part.bodyEnd, leaf.encoding, part.path),
    });
  }
  for (const { filename, start, end, path } of bodies.uuencoded)
    add(filename, typeByName(filename), measure(stored.subarray(start, end), 'uuencode'), {
      inline: false,
      ...placeOf(start, end, 'uuencode', path),
    });
  return true;
}

/** Adds the safe name and the type by content, and warns about them. */
function described(
  n: number,
  { contentType, ...rest }: Omit<Attachment, 'n' | 'filename'>,
  declared: string,
  prefix: Buffer,
  warn: Warn,
): Attachment {
  const safe = safeFilename(declared);
  if (declared !== '' && safe !== declared.trim()) warn('filename-made-safe', `attachment ${n}`);
  const filename = safe === '' ? defaultFilename(contentType, n) : safe;
  const { detectedType, executable, differs } = classifyFile(prefix, contentType, filename);
  if (differs) warn('attachment-type-differs', `attachment ${n}`);
  if (executable) warn('attachment-executable', `attachment ${n}`);
  return {
    ...{ n, filename, contentType },
    ...(detectedType && { detectedType }),
    ...(executable && { executable }),
    ...rest,
  };
}

/** Whether a reader sees it within the html. */
function isShown({ contentId, related, disposition: { value }, type }: Leaf, bodies: Bodies): boolean {
  if (contentId === undefined) return false;
  if (bodies.mentions(contentId)) return true;
  return (
    bodies.html !== undefined &&
    ((related && value !== 'attachment') || (value === 'inline' && type.startsWith('image/')))
  );
}

/** The name of a part, from the first field that gives one; '' for none. */
function declaredName(raw: Buffer, leaf: Leaf, headers: Headers, hint: string | undefined): string {
  if (leaf.filename !== '') return leaf.filename;
  const { part, type, contentLocation } = leaf;
  const nested = type === 'message/rfc822' || type === 'message/global' ? nestedSubject(raw, leaf, hint) : '';
  if (nested !== '') return nested;
  const located = contentLocation === undefined ? '' : locationName(contentLocation);
  if (located !== '') return located;
  const description = headersOf(part.header.fields).first('content-description');
  if (description !== undefined && /^[^\r\n]{1,100}\.[A-Za-z0-9]{2,5}$/.test(description)) {
    const decoded = decodeHeaderText(description, hint);
    if (decoded !== '') return decoded;
  }
  return part.parent === undefined ? decodeHeaderText(headers.first('x-attachment-name') ?? '', hint) : '';
}

const isTnef = (leaf: Leaf): boolean =>
  leaf.type === 'application/ms-tnef' ||
  leaf.type === 'application/vnd.ms-tnef' ||
  /^winmail\.dat$/i.test(leaf.filename);

/** `<subject>.eml` for a nested message without a name. */
function nestedSubject(raw: Buffer, leaf: Leaf, hint: string | undefined): string {
  const subject = nestedHeaders(raw, leaf).first('subject') ?? '';
  const text = singleLine(decodeHeaderText(subject, hint))
    .slice(0, 150)
    .replace(/[\\/:*?"<>|]+/g, '_')
    .trim();
  return text === '' ? '' : `${text}.eml`;
}

/** The decoded beginning of a leaf; `max`: in encoded bytes. */
function startOf(raw: Buffer, { part, encoding }: Leaf, max: number): Buffer {
  return decodeWhole(raw.subarray(part.bodyStart, Math.min(part.bodyEnd, part.bodyStart + max)), encoding);
}

/** The same in latin1 view. */
export const textStart = (raw: Buffer, leaf: Leaf, max: number): string => startOf(raw, leaf, max).toString('latin1');

function nestedHeaders(raw: Buffer, leaf: Leaf): Headers {
  const bytes = startOf(raw, leaf, 65_536);
  return headersOf(readHeaders(bytes, 0, bytes.length, 65_536).fields);
}

/** The first returned mail of a report: message/rfc822 or text/rfc822-headers. */
export function originalMail(raw: Buffer, leaves: Leaf[]): { headers: Headers; text(): string } | undefined {
  const leaf = leaves.find((l) =>
    /^(?:message\/(?:rfc822|global|global-headers|rfc822-headers)|text\/rfc822-?headers?)$/.test(l.type),
  );
  return leaf && { headers: nestedHeaders(raw, leaf), text: () => textStart(raw, leaf, 131_072) };
}

function locationName(location: string): string {
  const path = location.split(/[?#]/, 1)[0] ?? '';
  const name = percentDecoded(path.slice(path.lastIndexOf('/') + 1));
  return /\.[A-Za-z0-9]{1,5}$/.test(name) ? name : '';
}

const typesByExtension: ReadonlyMap<string, string> = new Map([
  ['txt', 'text/plain'],
  ['htm', 'text/html'],
  ['html', 'text/html'],
  ['pdf', 'application/pdf'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['png', 'image/png'],
  ['gif', 'image/gif'],
  ['zip', 'application/zip'],
  ['doc', 'application/msword'],
  ['xls', 'application/vnd.ms-excel'],
]);

const typeByName = (name: string): string =>
  typesByExtension.get(name.slice(name.lastIndexOf('.') + 1).toLowerCase()) ?? 'application/octet-stream';
