// One raw mail → ParsedMessage, as a generator of small steps: walk, decode the texts, measure the attachments, derive the rest.
import { createHash } from 'node:crypto';
import type { Address, Attachment, Body, Warning } from '../contract/message.ts';
import { detectAutomatic } from '../domain/automatic.ts';
import { parseAddresses } from './addresses.ts';
import { parseBounce, type ReportPart } from './bounce/index.ts';
import { type Classified, classify, isHtml, type Leaf, type Section } from './classify.ts';
import { parseDate } from './dates.ts';
import { decodeHeaderText, singleLine, type TextRepairs, unfold } from './encoded-words.ts';
import { defaultFilename, safeFilename } from './file-names.ts';
import { type HeaderField, readHeaders } from './headers.ts';
import { htmlToText, textToHtml } from './html-text.ts';
import { parseMessageIds } from './message-ids.ts';
import type { ParsedMessage } from './parsed-message.ts';
import { replyText } from './reply-text/index.ts';
import { cutToBytes, type DecodedBody, decodeBody, enrichedToText, unflow } from './text-bodies.ts';
import { findTnefFiles } from './tnef.ts';
import { base64Decoder, decoderFor, decodeWhole, type TransferEncoding } from './transfer.ts';
import { findUuencoded } from './uuencoded.ts';
import { field, type Part, walk } from './walk.ts';

export interface ParseOptions {
  /** Parts read at most; default 1000. */
  maxParts?: number;
  /** Multiparts within each other at most; default 64. */
  maxDepth?: number;
  /** Bytes of one header block read at most; default 256 KiB. */
  maxHeaderBytes?: number;
  /** Bound of text and of html inline, each, in UTF-8 bytes; default 32 KiB. */
  inlineTextBytes?: number;
  /** Time after which the parse is cut short (parse: truncated); default 30 s. */
  maxMillis?: number;
}

export const defaults: Required<ParseOptions> = {
  maxParts: 1000,
  maxDepth: 64,
  maxHeaderBytes: 1 << 18,
  inlineTextBytes: 32_768,
  maxMillis: 30_000,
};

/** Bytes decoded and hashed at once: small enough to stay in the cache between the two. */
const CHUNK = 78 * 840;
/** A winmail.dat above this is kept as it is. */
const MAX_TNEF = 32 << 20;
const MAX_WARNINGS = 100;

type Warn = (code: string, detail?: string) => void;

export interface Headers {
  /** Unfolded values, latin1 view, in order. */
  all(name: string): string[];
  /** The first that is not empty. */
  first(name: string): string | undefined;
}

export function headersOf(fields: readonly HeaderField[]): Headers {
  const byName = new Map<string, string[]>();
  for (const f of fields) {
    const list = byName.get(f.name);
    if (list === undefined) byName.set(f.name, [f.value]);
    else if (list.length < 500) list.push(f.value);
  }
  return {
    all: (name) => (byName.get(name) ?? []).map(unfold),
    first: (name) => {
      for (const value of byName.get(name) ?? []) {
        const text = unfold(value);
        if (text !== '') return text;
      }
      return undefined;
    },
  };
}

/** The part of the result that follows from the header block alone. */
function fromHeaders(headers: Headers, hint: string | undefined, warn: Warn) {
  const decode = (name: string, value: string): string => {
    const repairs: TextRepairs = {};
    const text = singleLine(decodeHeaderText(value, hint, repairs));
    report(name, repairs);
    return text;
  };
  const report = (name: string, repairs: TextRepairs): void => {
    if (repairs.charsets !== undefined) warn('charset-repaired', `${name}: ${[...repairs.charsets].join(', ')}`);
    if (repairs.malformedWord === true) warn('encoded-word-malformed', name);
  };
  const addresses = (name: string): Address[] => {
    const values = headers.all(name);
    if (values.length === 0) return [];
    const repairs: TextRepairs = {};
    const list: Address[] = [];
    for (const value of values.slice(0, 20)) {
      for (const address of parseAddresses(value, hint, repairs)) {
        if (values.length === 1 || !list.some((a) => a.address === address.address && a.name === address.name))
          list.push(address);
      }
    }
    report(name, repairs);
    if (values.length > 1) warn('header-repeated', name);
    if (list.some((a) => a.address === '' || !a.address.includes('@'))) warn('address-malformed', name);
    return list;
  };
  let from = addresses('from');
  // Several From fields, some of them broken: what has an address counts.
  if (from.length > 1 && headers.all('from').length > 1) {
    const whole = from.filter((a) => a.address.includes('@'));
    if (whole.length > 0) from = whole;
  }
  const [sender] = addresses('sender');
  const dateText = headers.first('date');
  const date = dateText === undefined ? undefined : parseDate(decodeHeaderText(dateText, hint));
  if (dateText !== undefined && date === undefined) warn('date-unreadable');
  const subject = headers.first('subject');
  if (headers.all('subject').length > 1) warn('header-repeated', 'subject');
  const ids = (name: string): string[] => [...new Set(headers.all(name).flatMap((v) => parseMessageIds(v)))];
  const [messageId] = ids('message-id');
  const threadTopic = headers.first('thread-topic');
  const threadIndex = headers.first('thread-index');
  const deliveredTo: string[] = [];
  for (const name of [
    'delivered-to',
    'x-original-to',
    'x-envelope-to',
    'envelope-to',
    'x-delivered-to',
    'x-rcpt-to',
    'x-forwarded-to',
  ]) {
    for (const value of headers.all(name)) {
      const given = singleLine(decodeHeaderText(value, hint));
      if (given !== '' && !deliveredTo.includes(given) && deliveredTo.length < 50) deliveredTo.push(given);
    }
  }
  return {
    subject: subject === undefined ? '' : decode('subject', subject),
    ...(date === undefined ? {} : { date }),
    from,
    ...(sender === undefined ? {} : { sender }),
    replyTo: addresses('reply-to'),
    to: addresses('to'),
    cc: addresses('cc'),
    deliveredTo,
    threading: {
      ...(messageId === undefined ? {} : { messageId }),
      inReplyTo: ids('in-reply-to'),
      references: ids('references'),
      ...(threadTopic === undefined ? {} : { threadTopic: decode('thread-topic', threadTopic) }),
      ...(threadIndex === undefined ? {} : { threadIndex: threadIndex.replace(/\s+/g, '') }),
    },
    importance: importance(headers),
    authenticationResults: headers
      .all('authentication-results')
      .slice(0, 20)
      .map((v) => singleLine(decodeHeaderText(v, hint)).slice(0, 4000)),
  };
}

function importance(headers: Headers): ParsedMessage['importance'] {
  const words = [
    headers.first('importance'),
    headers.first('x-msmail-priority'),
    headers.first('priority'),
    headers.first('x-priority'),
  ];
  for (const word of words) {
    if (word === undefined) continue;
    const value = word.toLowerCase();
    if (/^(?:high|urgent|[12]\b)/.test(value)) return 'high';
    if (/^(?:low|non-urgent|[45]\b)/.test(value)) return 'low';
    if (/^(?:normal|3\b)/.test(value)) return 'normal';
  }
  return 'normal';
}

/** Charset that the mail's own texts declare: a hint for header bytes that declare nothing. */
function declaredCharset(part: Part): string | undefined {
  if (!part.multipart) return part.type.value.startsWith('text/') ? part.type.params.charset : undefined;
  for (const child of part.children.slice(0, 8)) {
    const charset = declaredCharset(child);
    if (charset !== undefined && !/^(?:us-ascii|utf-?8)$/i.test(charset)) return charset;
  }
  return undefined;
}

/** Size and SHA-256 of a range of the raw mail once decoded. */
function* measure(bytes: Buffer, encoding: TransferEncoding): Generator<void, { size: number; sha256: string }> {
  const hash = createHash('sha256');
  const decoder = encoding === 'base64' ? base64Decoder(true) : decoderFor(encoding);
  let size = 0;
  let sinceYield = 0;
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const decoded = decoder.push(bytes.subarray(at, at + CHUNK));
    size += decoded.length;
    hash.update(decoded);
    sinceYield += CHUNK;
    if (sinceYield >= 1 << 19) {
      sinceYield = 0;
      yield;
    }
  }
  const rest = decoder.end();
  if (rest.length > 0) hash.update(rest);
  return { size: size + rest.length, sha256: hash.digest('hex') };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Yields at least every megabyte of work. `expired` says that the time is up. Does not throw on any bytes. */
export function* assemble(
  raw: Buffer,
  options: Required<ParseOptions>,
  expired: () => boolean,
): Generator<void, ParsedMessage> {
  const warnings: Warning[] = [];
  const warn: Warn = (code, detail) => {
    if (warnings.length < MAX_WARNINGS && !warnings.some((w) => w.code === code && w.detail === detail)) {
      warnings.push(detail === undefined || detail === '' ? { code } : { code, detail });
    }
  };
  // Bare CR as line end (old Macs): the same bytes with LF, so that offsets stay.
  const source = raw.indexOf(0x0a) === -1 && raw.indexOf(0x0d) !== -1 ? macToUnix(raw, warn) : raw;
  const walked = yield* walk(source, options);
  for (const [code, path] of walked.warnings) warn(code, path === '' ? undefined : `part ${path}`);
  let truncated = walked.truncated;
  const { root } = walked;
  const headers = headersOf(root.header.fields);
  const hint = declaredCharset(root);
  const head = fromHeaders(headers, hint, warn);
  const classified = classify(root, hint);
  yield;

  const bodies = yield* decodeSections(source, classified, hint, options.inlineTextBytes, warn);
  const attachments = yield* listAttachments(source, classified.attachments, bodies, headers, hint, warn, expired);
  if (attachments.cut) truncated = true;
  const { inlineTextBytes } = options;
  const reports: ReportPart[] = classified.reports.map((leaf) => ({
    type: leaf.type,
    text: decodeWhole(
      source.subarray(leaf.part.bodyStart, Math.min(leaf.part.bodyEnd, leaf.part.bodyStart + 262_144)),
      leaf.encoding,
    ).toString('latin1'),
  }));
  yield;
  const bounce = parseBounce({
    headers,
    subject: head.subject,
    from: head.from,
    to: head.to,
    contentType: root.type.value,
    reportType: root.type.params['report-type'],
    reports,
    text: bodies.plain,
    original: originalHeaders(source, classified.attachments),
  });
  const automatic = detectAutomatic({
    headers,
    subject: head.subject,
    from: head.from[0]?.address ?? '',
    contentType: root.type.value,
    ...(bounce?.kind === undefined ? {} : { report: { kind: bounce.kind, source: bounce.source } }),
  });
  yield;
  const reply =
    automatic.kind === 'bounce'
      ? undefined
      : replyText({
          text: bodies.plain,
          html: bodies.htmlHead,
          textIsDerived: bodies.derived,
          answers: isAnswer(head),
        });
  if (truncated) warn('truncated');
  return {
    parse: truncated ? 'truncated' : 'complete',
    ...head,
    ...(bodies.text === undefined ? {} : { text: bodies.text }),
    ...(bodies.html === undefined ? {} : { html: bodies.html }),
    ...(reply === undefined ? {} : { replyText: cutToBytes(reply, inlineTextBytes) }),
    attachments: attachments.list,
    automatic,
    ...(bounce?.deliveryStatus === undefined ? {} : { deliveryStatus: bounce.deliveryStatus }),
    warnings,
  };
}

/** Whether the mail may hold a quotation: it refers to another, or its subject has a prefix. */
const isAnswer = (head: Pick<ParsedMessage, 'threading' | 'subject'>): boolean =>
  head.threading.inReplyTo.length > 0 ||
  head.threading.references.length > 0 ||
  head.threading.threadIndex !== undefined ||
  /^.{1,8}[:：]/.test(head.subject);

function macToUnix(raw: Buffer, warn: Warn): Buffer {
  warn('line-ends-repaired');
  const copy = Buffer.from(raw);
  for (let i = copy.indexOf(0x0d); i !== -1; i = copy.indexOf(0x0d, i + 1)) copy[i] = 0x0a;
  return copy;
}

interface Bodies {
  text: Body | undefined;
  html: Body | undefined;
  /** Text to derive from: reply text and bounces. May be longer than the inline bound. */
  plain: string;
  derived: boolean;
  /** Html (its head), for the reply text. */
  htmlHead: string | undefined;
  uuencoded: { start: number; end: number; filename: string; path: string }[];
  mentions(contentId: string): boolean;
}

function* decodeSections(
  raw: Buffer,
  classified: Classified,
  hint: string | undefined,
  inlineTextBytes: number,
  warn: Warn,
): Generator<void, Bodies> {
  const uuencoded: Bodies['uuencoded'] = [];
  const texts: { text: string; length: number; derived: boolean }[] = [];
  const htmls: { text: string; length: number }[] = [];
  const decode = function* (leaf: Leaf): Generator<void, DecodedBody> {
    const { part } = leaf;
    const body = yield* decodeBody(
      raw.subarray(part.bodyStart, part.bodyEnd),
      leaf.encoding,
      part.type.params.charset,
      hint,
      isHtml(leaf.type),
    );
    if (body.repaired !== undefined) warn('charset-repaired', `part ${part.path}: ${body.repaired}`);
    return body;
  };
  const anyHtml = classified.sections.some((s) => s.htmls.length > 0);
  let derivedAll = true;
  for (const section of classified.sections) {
    const sectionTexts: string[] = [];
    let textLength = 0;
    for (const leaf of section.texts) {
      const body = yield* decode(leaf);
      let { text } = body;
      if (leaf.type === 'text/enriched' || leaf.type === 'text/richtext') text = enrichedToText(text);
      else if (leaf.part.type.params.format?.toLowerCase() === 'flowed') {
        text = unflow(text, leaf.part.type.params.delsp?.toLowerCase() === 'yes');
      } else if (leaf.encoding === 'identity' && text.includes('begin ')) {
        const found = findUuencoded(raw, leaf.part.bodyStart, leaf.part.bodyEnd, text);
        for (const file of found.files) uuencoded.push({ ...file, path: leaf.part.path });
        text = found.text;
      }
      textLength += text.length + Math.max(0, body.length - body.text.length);
      sectionTexts.push(text);
    }
    const sectionHtmls: string[] = [];
    let htmlLength = 0;
    for (const leaf of section.htmls) {
      const body = yield* decode(leaf);
      sectionHtmls.push(body.text);
      htmlLength += body.length;
    }
    let text = joinTexts(sectionTexts);
    let derived = false;
    yield;
    if (section.htmls.length > 0 && (section.texts.length === 0 || text.trim() === '')) {
      const rendered = htmlToText(sectionHtmls.join('\n'), inlineTextBytes);
      text = rendered.text;
      textLength = rendered.truncated ? Math.max(text.length, inlineTextBytes + 1) : text.length;
      derived = true;
    } else derivedAll = false;
    texts.push({ text, length: textLength, derived });
    if (section.htmls.length > 0) htmls.push({ text: sectionHtmls.join('\n'), length: htmlLength });
    else if (anyHtml && text.trim() !== '') {
      const html = textToHtml(text);
      htmls.push({ text: html, length: html.length });
    }
    yield;
  }
  const plain = joinTexts(texts.map((t) => t.text));
  const html = htmls.map((h) => h.text).join('\n');
  const textLength =
    texts.reduce((sum, t) => sum + t.length, 0) +
    Math.max(0, plain.length - texts.reduce((sum, t) => sum + t.text.length, 0));
  const htmlLength = htmls.reduce((sum, h) => sum + h.length, 0) + Math.max(0, htmls.length - 1);
  let cids: string | undefined;
  return {
    text: classified.sections.length === 0 ? undefined : bound(plain, textLength, inlineTextBytes),
    html: anyHtml ? bound(html, htmlLength, inlineTextBytes) : undefined,
    plain,
    derived: derivedAll && anyHtml,
    htmlHead: anyHtml ? html : undefined,
    uuencoded,
    mentions: (contentId) => {
      if (!anyHtml) return false;
      cids ??=
        !html.includes('cid:') && !html.includes('CID:')
          ? ''
          : [...html.matchAll(/cid:([^"'\s>)&]{1,300})/gi)].map((m) => safeDecode(m[1] ?? '')).join('\n');
      return cids !== '' && cids.includes(contentId);
    },
  };
}

const safeDecode = (text: string): string => {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const joinTexts = (texts: string[]): string =>
  texts.length === 1 ? (texts[0] ?? '') : texts.filter((t) => t !== '').join('\n');

function bound(text: string, length: number, maxBytes: number): Body {
  const value = cutToBytes(text, maxBytes);
  const whole = Math.max(length, text.length);
  return { value, truncated: value.length < whole, length: whole };
}

function* listAttachments(
  raw: Buffer,
  leaves: Leaf[],
  bodies: Bodies,
  headers: Headers,
  hint: string | undefined,
  warn: Warn,
  expired: () => boolean,
): Generator<void, { list: Attachment[]; cut: boolean }> {
  const list: Attachment[] = [];
  const names = new Set<string>();
  let cut = false;
  const add = (attachment: Omit<Attachment, 'n' | 'filename'>, declared: string): void => {
    const n = list.length;
    let filename = safeFilename(declared);
    if (declared !== '' && filename !== declared.trim()) warn('filename-made-safe', `attachment ${n}`);
    if (filename === '') filename = defaultFilename(attachment.contentType, n);
    names.add(filename);
    list.push({ n, filename, ...attachment });
  };
  for (const leaf of leaves) {
    if (expired()) {
      cut = true;
      warn('time-limit');
      break;
    }
    const { part } = leaf;
    const bytes = raw.subarray(part.bodyStart, part.bodyEnd);
    if (isTnef(leaf) && bytes.length <= MAX_TNEF) {
      const decoded = decodeWhole(bytes, leaf.encoding);
      const files = findTnefFiles(decoded);
      if (files !== undefined && (files.length > 0 || decoded.length < 4096)) {
        for (const file of files) {
          const data = decoded.subarray(file.start, file.end);
          add(
            {
              contentType: file.contentType,
              size: data.length,
              sha256: sha256(data),
              ...(file.contentId === undefined ? {} : { contentId: file.contentId }),
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
          );
        }
        warn('tnef-unpacked', `part ${part.path}`);
        yield;
        continue;
      }
      warn('tnef-unreadable', `part ${part.path}`);
    }
    const { size, sha256: digest } = yield* measure(bytes, leaf.encoding);
    const { contentId } = leaf;
    const shown =
      (contentId !== undefined && bodies.mentions(contentId)) ||
      (leaf.related &&
        contentId !== undefined &&
        bodies.html !== undefined &&
        leaf.disposition.value !== 'attachment') ||
      (leaf.disposition.value === 'inline' &&
        leaf.type.startsWith('image/') &&
        bodies.html !== undefined &&
        contentId !== undefined);
    let name = leaf.filename;
    if (name === '' && (leaf.type === 'message/rfc822' || leaf.type === 'message/global'))
      name = nestedSubject(raw, leaf, hint);
    if (name === '' && leaf.contentLocation !== undefined) name = locationName(leaf.contentLocation);
    if (name === '') {
      const description = headersOf(part.header.fields).first('content-description');
      if (description !== undefined && /^[^\r\n]{1,100}\.[A-Za-z0-9]{2,5}$/.test(description))
        name = decodeHeaderText(description, hint);
    }
    if (name === '' && part.parent === undefined)
      name = decodeHeaderText(headers.first('x-attachment-name') ?? '', hint);
    add(
      {
        contentType: /^[^/\s;]+\/[^/\s;]+$/.test(leaf.type) ? leaf.type : 'application/octet-stream',
        size,
        sha256: digest,
        ...(contentId === undefined ? {} : { contentId }),
        inline: shown,
        part: part.path,
        slice: { start: part.bodyStart, end: part.bodyEnd, encoding: leaf.encoding },
      },
      name,
    );
    yield;
  }
  for (const file of bodies.uuencoded) {
    const { size, sha256: digest } = yield* measure(raw.subarray(file.start, file.end), 'uuencode');
    add(
      {
        contentType: typeByName(file.filename),
        size,
        sha256: digest,
        inline: false,
        part: file.path,
        slice: { start: file.start, end: file.end, encoding: 'uuencode' },
      },
      file.filename,
    );
    yield;
  }
  return { list, cut };
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

/** Headers of the mail that a report returns: message/rfc822 or text/rfc822-headers, the first of them. */
function originalHeaders(raw: Buffer, leaves: Leaf[]): Headers | undefined {
  const leaf = leaves.find((l) =>
    /^(?:message\/(?:rfc822|global|global-headers|rfc822-headers)|text\/rfc822-?headers?)$/.test(l.type),
  );
  return leaf === undefined ? undefined : nestedHeaders(raw, leaf);
}

function locationName(location: string): string {
  const path = location.replace(/[?#].*$/, '');
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

export const typeByName = (name: string): string =>
  typesByExtension[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';

/** What can be said of a mail from its header block alone (too big to fetch whole). */
export function assembleHeaders(raw: Buffer, options: Required<ParseOptions>): ParsedMessage {
  const warnings: Warning[] = [];
  const warn: Warn = (code, detail) => {
    if (warnings.length < MAX_WARNINGS) warnings.push(detail === undefined ? { code } : { code, detail });
  };
  const block = readHeaders(raw, 0, raw.length, options.maxHeaderBytes);
  if (block.truncated) warn('header-truncated');
  if (block.junkLines > 0) warn('header-malformed');
  const headers = headersOf(block.fields);
  const head = fromHeaders(headers, undefined, warn);
  const contentType = (headers.first('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return {
    parse: 'headers-only',
    ...head,
    attachments: [],
    automatic: detectAutomatic({ headers, subject: head.subject, from: head.from[0]?.address ?? '', contentType }),
    warnings,
  };
}

export { field, isHtml, type Section };
