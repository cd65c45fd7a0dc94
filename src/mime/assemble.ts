// One raw mail → ParsedMessage, as a generator of small steps: walk, decode the texts, measure the attachments, derive the rest.
import type { DeliveryStatus, Warning } from '../contract/message.ts';
import { detectAutomatic } from '../domain/automatic.ts';
import { type MailboxContext, NO_RECEIVER, type Receiver } from '../domain/receiving-server.ts';
import { addressedTo } from './addressed-to.ts';
import { listAttachments, originalMail } from './attachments.ts';
import { readAuthentication } from './authentication/index.ts';
import { ownFields } from './authentication/trace.ts';
import { decodeSections } from './bodies.ts';
import { parseBounce, type ReportPart } from './bounce/index.ts';
import { bounded } from './bounds.ts';
import { chosenHeaders } from './chosen-headers.ts';
import { classify, declaredCharset } from './classify.ts';
import { fromHeaders, type Headers, headersOf, type Warn } from './header-fields.ts';
import { type HeaderField, readHeaders } from './headers.ts';
import { linksOf } from './links/index.ts';
import type { ParsedMessage } from './parsed-message.ts';
import { previewOf } from './preview.ts';
import { MAX_HTML, MAX_INPUT, replyText } from './reply-text/index.ts';
import { signedMail, unwrapped } from './smime.ts';
import { cutToBytes } from './text-bodies.ts';
import { decodeWhole } from './transfer.ts';
import { isPgpText, warnOfUnusable } from './unusable.ts';
import { walk } from './walk.ts';

export interface ParseOptions {
  /** Parts read at most; default 1000. */
  maxParts?: number;
  /** Multiparts within each other at most; default 64. */
  maxDepth?: number;
  /** Bytes of one header block read at most; default 256 KiB. */
  maxHeaderBytes?: number;
  /** Bound of text and of html inline, each, in UTF-8 bytes; default 32 KiB. */
  inlineTextBytes?: number;
  /** Bound of html inline, in UTF-8 bytes, within inlineTextBytes; default: the same. */
  inlineHtmlBytes?: number;
  /** Whose mailbox it is; default: nobody's. Then no Authentication-Results are believed, and no address is ours. */
  mailbox?: MailboxContext;
  /** Headers that stand in the message, lower case, `*` at the end for any ending; default: none. */
  headers?: readonly string[];
  /** Words that the tenant's own mail system writes into mails, `*` for any; default none. */
  stamps?: readonly string[];
  /** Time after which the parse is cut short (parse: truncated); default 30 s. */
  maxMillis?: number;
}

export const defaults: Required<ParseOptions> = {
  maxParts: 1000,
  maxDepth: 64,
  maxHeaderBytes: 1 << 18,
  inlineTextBytes: 32_768,
  inlineHtmlBytes: Number.POSITIVE_INFINITY,
  mailbox: { receiver: NO_RECEIVER, addresses: [] },
  headers: [],
  stamps: [],
  maxMillis: 30_000,
};

const MAX_WARNINGS = 100;

/** What follows from the header block alone. */
function headOf(
  fields: readonly HeaderField[],
  headers: Headers,
  hint: string | undefined,
  { mailbox: { receiver, addresses }, headers: chosen }: Required<ParseOptions>,
  warn: Warn,
) {
  const head = fromHeaders(headers, hint, warn);
  const trace = ownFields(fields, receiver);
  const authentication = readAuthentication(fields, trace, receiver, head.from, warn);
  const ours = addressedTo(addresses, head, headers, trace.takenFor);
  const asked = chosenHeaders(fields, chosen, hint, warn);
  return {
    ...head,
    ...(ours.length === 0 ? {} : { addressedTo: ours }),
    ...(authentication === undefined ? {} : { authentication }),
    ...(asked === undefined ? {} : { headers: asked }),
  };
}

/** `expired` says that the time is up. Does not throw on any bytes. */
export function assemble(raw: Buffer, options: Required<ParseOptions>, expired: () => boolean): ParsedMessage {
  const warnings: Warning[] = [];
  const warn: Warn = (code, detail) => {
    if (warnings.length < MAX_WARNINGS && !warnings.some((w) => w.code === code && w.detail === detail)) {
      warnings.push(detail === undefined || detail === '' ? { code } : { code, detail });
    }
  };
  // Bare CR as line end (old Macs): the same bytes with LF, so that offsets stay.
  const source = hasBareReturns(raw) ? macToUnix(raw, warn) : raw;
  const walked = walk(source, options);
  for (const [code, path] of walked.warnings) warn(code, path === '' ? undefined : `part ${path}`);
  let truncated = walked.truncated;
  const { root } = walked;
  const headers = headersOf(root.header.fields);
  const hint = declaredCharset(root);
  const head = headOf(root.header.fields, headers, hint, options, warn);
  const classified = classify(root, hint);

  const signed = signedMail(classified);
  const inside = signed === undefined ? undefined : unwrapped(source, signed, options, warn);
  const bodies = inside?.bodies ?? decodeSections(source, classified, hint, options, warn);
  warnOfUnusable([...classified.sections.flatMap((s) => [...s.texts, ...s.htmls]), ...classified.attachments], warn);
  if (isPgpText(bodies.plain)) warn('encrypted');
  const outside = { raw: source, stored: raw, leaves: classified.attachments, headers, hint };
  const attachments = listAttachments(
    signed === undefined || inside === undefined
      ? [{ ...outside, bodies }]
      : [
          { ...outside, bodies: { ...bodies, uuencoded: [] } },
          { raw: inside.content, leaves: inside.attachments, bodies, headers, hint: inside.hint, signedIn: signed },
        ],
    warn,
    expired,
  );
  if (attachments.cut) truncated = true;
  const { inlineTextBytes } = options;
  const reports: ReportPart[] = classified.reports.map((leaf) => ({
    type: leaf.type,
    text: decodeWhole(
      source.subarray(leaf.part.bodyStart, Math.min(leaf.part.bodyEnd, leaf.part.bodyStart + 262_144)),
      leaf.encoding,
    ).toString('latin1'),
  }));
  const original = originalMail(source, classified.attachments);
  const bounce = parseBounce({
    headers,
    subject: head.subject,
    from: head.from,
    to: head.to,
    contentType: root.type.value,
    reportType: root.type.params['report-type'],
    reports,
    text: bodies.plain,
    original: original?.headers,
    originalText: original?.text,
  });
  const automatic = detectAutomatic({
    headers,
    subject: head.subject,
    from: head.from[0]?.address ?? '',
    contentType: root.type.value,
    ...(bounce?.kind === undefined ? {} : { report: { kind: bounce.kind, source: bounce.source } }),
  });
  const reply =
    automatic.kind === 'bounce'
      ? undefined
      : replyText({
          text: bodies.plain,
          html: bodies.htmlHead,
          textIsDerived: bodies.derived,
          marks: bodies.marks,
          answers: isAnswer(head),
          stamps: options.stamps,
        });
  const unread = bodies.derived
    ? bodies.text?.truncated === true || (bodies.marks === undefined && (bodies.htmlHead ?? '').length > MAX_HTML)
    : (bodies.text?.length ?? 0) > MAX_INPUT;
  if (reply !== undefined && unread) warn('reply-text-cut');
  const links = MASS.has(automatic.kind) ? [] : linksOf(bodies.htmlHead, bodies.plain);
  if (truncated) warn('truncated');
  const message: ParsedMessage = {
    parse: truncated ? 'truncated' : 'complete',
    ...head,
    ...(bodies.text === undefined ? {} : { text: bodies.text }),
    ...(bodies.html === undefined ? {} : { html: bodies.html }),
    ...(reply === undefined
      ? {}
      : {
          replyText: cutToBytes(reply.text, inlineTextBytes),
          replyTextFrom: reply.from,
          preview: previewOf(reply.text),
        }),
    ...(reply === undefined || reply.stamps.length === 0 ? {} : { stamps: reply.stamps }),
    ...(links.length === 0 ? {} : { links }),
    attachments: attachments.list,
    automatic,
    ...reported(bounce?.deliveryStatus, root.header.fields, options.mailbox.receiver),
    warnings,
  };
  return bounded(message);
}

/** What a report says, and whether it was made within the mailbox's own mail system. */
const reported = (
  deliveryStatus: DeliveryStatus | undefined,
  fields: readonly HeaderField[],
  receiver: Receiver,
): Pick<ParsedMessage, 'deliveryStatus'> => {
  if (deliveryStatus === undefined) return {};
  return { deliveryStatus: { ...deliveryStatus, ...(isInternal(fields, receiver) ? { internal: true } : {}) } };
};

/** Exchange's own mark of what was submitted within the tenant (MS-OXCMAIL 2.1.3.2; "header firewall"). Where there are two, one may be a stranger's. */
function isInternal(fields: readonly HeaderField[], { marksInternal }: Receiver): boolean {
  const marks = marksInternal ? fields.filter(({ name }) => name === 'x-ms-exchange-organization-authas') : [];
  return marks.length === 1 && marks[0]?.value.trim().toLowerCase() === 'internal';
}

/** Mass mailings: dozens of links to nobody that the desk has to trust. */
const MASS: ReadonlySet<string> = new Set(['list', 'bulk', 'bounce']);

/** Whether the mail may hold a quotation: it refers to another, or its subject has a prefix. */
const isAnswer = (head: Pick<ParsedMessage, 'threading' | 'subject'>): boolean =>
  head.threading.inReplyTo.length > 0 ||
  head.threading.references.length > 0 ||
  head.threading.threadIndex !== undefined ||
  /^.{1,8}[:：]/.test(head.subject);

/** No line feed, but a carriage return, where the header should be. */
const hasBareReturns = (raw: Buffer): boolean => {
  const head = raw.length > STRETCH ? raw.subarray(0, STRETCH) : raw;
  return head.indexOf(0x0a) === -1 && head.indexOf(0x0d) !== -1;
};
const STRETCH = 1 << 16;

function macToUnix(raw: Buffer, warn: Warn): Buffer {
  const copy = Buffer.allocUnsafe(raw.length);
  for (let from = 0; from < raw.length; from += STRETCH) {
    const to = Math.min(raw.length, from + STRETCH);
    if (raw.subarray(from, to).indexOf(0x0a) !== -1) return raw; // it has line feeds after all
    for (let i = from; i < to; i++) copy[i] = raw[i] === 0x0d ? 0x0a : (raw[i] as number);
  }
  warn('line-ends-repaired');
  return copy;
}

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
  const head = headOf(block.fields, headers, undefined, options, warn);
  const contentType = (headers.first('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const message: ParsedMessage = {
    parse: 'headers-only',
    ...head,
    attachments: [],
    automatic: detectAutomatic({ headers, subject: head.subject, from: head.from[0]?.address ?? '', contentType }),
    warnings,
  };
  return bounded(message);
}
