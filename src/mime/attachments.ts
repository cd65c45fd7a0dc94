// Leaves of the tree → attachments: named safely, measured as decoded, left where they are in the raw mail.
import { createHash, hash as hashOnce } from 'node:crypto';
import type { Attachment } from '../contract/message.ts';
import { type Bodies, safeDecode } from './bodies.ts';
import type { Leaf } from './classify.ts';
import { safeContentId } from './content-ids.ts';
import { decodeHeaderText, singleLine } from './encoded-words.ts';
import { defaultFilename, safeFilename } from './file-names.ts';
import { classifyFile, PREFIX_BYTES } from './file-types.ts';
import { type Headers, headersOf, type Warn } from './header-fields.ts';
import { readHeaders } from './headers.ts';
import { findTnefFiles } from './tnef.ts';
import { base64Decoder, decoderFor, decodeTransient, decodeWhole, type TransferEncoding } from './transfer.ts';

/** Bytes decoded and hashed at once: small enough to stay in the cache between the two. */
const CHUNK = 78 * 840;
/** A winmail.dat above this is kept as it is. */
const MAX_TNEF = 32 << 20;

interface Measured {
  size: number;
  sha256: string;
  /** The first bytes. */
  prefix: Buffer;
}

/** Size, SHA-256 and beginning of a range of the raw mail once decoded. */
function measure(bytes: Buffer, encoding: TransferEncoding): Measured {
  if (bytes.length <= CHUNK) {
    const decoded = decodeTransient(bytes, encoding);
    return { size: decoded.length, sha256: sha256(decoded), prefix: firstOf(decoded) };
  }
  const hash = createHash('sha256');
  const decoder = encoding === 'base64' ? base64Decoder(true) : decoderFor(encoding);
  let size = 0;
  let prefix: Buffer | undefined;
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const decoded = decoder.push(bytes.subarray(at, at + CHUNK));
    size += decoded.length;
    hash.update(decoded);
    prefix ??= decoded.length > 0 ? firstOf(decoded) : undefined;
  }
  const rest = decoder.end();
  if (rest.length > 0) hash.update(rest);
  return { size: size + rest.length, sha256: hash.digest('hex'), prefix: prefix ?? firstOf(rest) };
}

/** A copy: the memory of what was decoded is used again. */
const firstOf = (decoded: Buffer): Buffer => Buffer.from(decoded.subarray(0, PREFIX_BYTES));

/** The whole of a range, decoded (a winmail.dat, which has to be read to and fro). */
function decodeRange(bytes: Buffer, encoding: TransferEncoding): Buffer {
  // Damaged uuencode may decode to more bytes than it has.
  if (bytes.length <= CHUNK || encoding === 'uuencode') return decodeWhole(bytes, encoding);
  const decoder = encoding === 'base64' ? base64Decoder(true) : decoderFor(encoding);
  const out = Buffer.allocUnsafe(bytes.length);
  let size = 0;
  for (let at = 0; at < bytes.length; at += CHUNK) {
    size += decoder.push(bytes.subarray(at, at + CHUNK)).copy(out, size);
  }
  return out.subarray(0, size + decoder.end().copy(out, size));
}

const sha256 = (bytes: Uint8Array): string => hashOnce('sha256', bytes, 'hex');

interface AttachmentSource {
  /** The mail that the leaves were found in. */
  raw: Buffer;
  /** The mail as it came, if its line ends were repaired in `raw`: what slices are cut from. Default: `raw`. */
  stored?: Buffer;
  leaves: Leaf[];
  bodies: Bodies;
  headers: Headers;
  hint: string | undefined;
  /** The part whose CMS message signs `raw`. */
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

/** @returns false when the time was up before the last one */
function listOf(
  { raw, stored = raw, leaves, bodies, headers, hint, signedIn }: AttachmentSource,
  list: Attachment[],
  warn: Warn,
  expired: () => boolean,
): boolean {
  const add = (attachment: Omit<Attachment, 'n' | 'filename'>, declared: string, prefix: Buffer): void => {
    list.push(described(list.length, attachment, declared, prefix, warn));
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
        for (const file of files) {
          const data = decoded.subarray(file.start, file.end);
          const { size, sha256: digest, prefix } = measure(data, 'identity');
          add(
            {
              contentType: file.contentType,
              size,
              sha256: digest,
              ...(file.contentId === undefined ? {} : { contentId: safeContentId(file.contentId) }),
              inline: file.contentId !== undefined && bodies.mentions(file.contentId),
              part: part.path,
              slice: {
                start: part.bodyStart,
                end: part.bodyEnd,
                encoding: 'tnef',
                within: { encoding: leaf.encoding, start: file.start, end: file.end },
              },
            },
            file.name,
            prefix,
          );
        }
        warn('tnef-unpacked', `part ${part.path}`);
        continue;
      }
      warn('tnef-unreadable', `part ${part.path}`);
    }
    const { size, sha256: digest, prefix } = measure(bytes, leaf.encoding);
    const { contentId } = leaf;
    add(
      {
        contentType: /^[^/\s;]+\/[^/\s;]+$/.test(leaf.type) ? leaf.type : 'application/octet-stream',
        size,
        sha256: digest,
        ...(contentId === undefined ? {} : { contentId: safeContentId(contentId) }),
        inline: isShown(leaf, bodies),
        ...placeOf(part.bodyStart, part.bodyEnd, leaf.encoding, part.path),
      },
      declaredName(raw, leaf, headers, hint),
      prefix,
    );
  }
  for (const file of bodies.uuencoded) {
    const { size, sha256: digest, prefix } = measure(stored.subarray(file.start, file.end), 'uuencode');
    add(
      {
        contentType: typeByName(file.filename),
        size,
        sha256: digest,
        inline: false,
        ...placeOf(file.start, file.end, 'uuencode', file.path),
      },
      file.filename,
      prefix,
    );
  }
  return true;
}

/** With its safe name, its type by content, and the warnings that they give. */
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
    ...(detectedType === undefined ? {} : { detectedType }),
    ...(executable ? { executable } : {}),
    ...rest,
  };
}

/** Whether a reader sees it within the html. */
function isShown({ contentId, related, disposition, type }: Leaf, bodies: Bodies): boolean {
  if (contentId === undefined) return false;
  if (bodies.mentions(contentId)) return true;
  if (bodies.html === undefined) return false;
  return (
    (related && disposition.value !== 'attachment') || (disposition.value === 'inline' && type.startsWith('image/'))
  );
}

/** The name that the mail gives a part, by whichever field it does; '' for none. */
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
  const nested = nestedHeaders(raw, leaf);
  const subject = nested.first('subject');
  if (subject === undefined) return '';
  const text = singleLine(decodeHeaderText(subject, hint))
    .slice(0, 150)
    .replace(/[\\/:*?"<>|]+/g, '_')
    .trim();
  return text === '' ? '' : `${text}.eml`;
}

function nestedHeaders(raw: Buffer, leaf: Leaf): Headers {
  const range = raw.subarray(leaf.part.bodyStart, Math.min(leaf.part.bodyEnd, leaf.part.bodyStart + 65_536));
  const bytes = leaf.encoding === 'identity' ? range : decodeWhole(range, leaf.encoding);
  return headersOf(readHeaders(bytes, 0, bytes.length, 65_536).fields);
}

/** The mail that a report returns: message/rfc822 or text/rfc822-headers, the first of them. */
export function originalMail(raw: Buffer, leaves: Leaf[]): { headers: Headers; text(): string } | undefined {
  const leaf = leaves.find((l) =>
    /^(?:message\/(?:rfc822|global|global-headers|rfc822-headers)|text\/rfc822-?headers?)$/.test(l.type),
  );
  if (leaf === undefined) return undefined;
  const { bodyStart, bodyEnd } = leaf.part;
  return {
    headers: nestedHeaders(raw, leaf),
    text: () =>
      decodeWhole(raw.subarray(bodyStart, Math.min(bodyEnd, bodyStart + 131_072)), leaf.encoding).toString('latin1'),
  };
}

function locationName(location: string): string {
  const path = location.split(/[?#]/, 1)[0] ?? '';
  const name = safeDecode(path.slice(path.lastIndexOf('/') + 1));
  return /\.[A-Za-z0-9]{1,5}$/.test(name) ? name : '';
}

const typesByExtension: Record<string, string> = {
  txt: 'text/plain',
  htm: 'text/html',
  html: 'text/html',
  pdf: 'application/pdf',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  zip: 'application/zip',
  doc: 'application/msword',
  xls: 'application/vnd.ms-excel',
};

const typeByName = (name: string): string =>
  typesByExtension[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
