// One raw mail → ParsedMessage: walk, decode the texts, measure the attachments, derive the rest.
import type { Warning } from '../contract/message.ts';
import { detectAutomatic } from '../domain/automatic.ts';
import { type MailboxContext, NO_RECEIVER, type Receiver } from '../domain/receiving-server.ts';
import { addressedTo } from './addressed-to.ts';
import { listAttachments, originalMail, textStart } from './attachments.ts';
import { readAuthentication } from './authentication/index.ts';
import { ownFields } from './authentication/trace.ts';
import { type Bodies, decodeSections } from './bodies.ts';
import { parseBounce } from './bounce/index.ts';
import { bounded } from './bounds.ts';
import { chosenHeaders } from './chosen-headers.ts';
import { type Classified, classify, declaredCharset } from './classify.ts';
import { fromHeaders, type Headers, headersOf, type Warn } from './header-fields.ts';
import { type HeaderField, readHeaders } from './headers.ts';
import { linksOf } from './links/index.ts';
import type { ParsedMessage } from './parsed-message.ts';
import { previewOf } from './preview.ts';
import { MAX_HTML, MAX_INPUT, replyText } from './reply-text/index.ts';
import { signedMail, unwrapped } from './smime.ts';
import { cutToBytes } from './text-bodies.ts';
import { isPgpText, warnOfUnusable } from './unusable.ts';
import { type Part, walk } from './walk.ts';

export interface ParseOptions {
  /** Most parts that are read; default 1000. */
  maxParts?: number;
  /** Deepest nesting of multiparts; default 64. */
  maxDepth?: number;
  /** Most bytes read of one header block; default 256 KiB. */
  maxHeaderBytes?: number;
  /** Most of the text, and of the html, that is inline, in UTF-8 bytes; default 32 KiB each. */
  inlineTextBytes?: number;
  /** A lower limit for the html; default: none. */
  inlineHtmlBytes?: number;
  /** The mailbox that received the mail; default: unknown, so that no Authentication-Results are trusted and no address is ours. */
  mailbox?: MailboxContext;
  /** Names of headers to put into the message, in lower case, `*` at the end for any ending; default: none. */
  headers?: readonly string[];
  /** Texts that the tenant's own mail system writes into mails, `*` for any words; default: none. */
  stamps?: readonly string[];
  /** Time limit, after which `parse` is `truncated`; default 30 s. */
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

/** The part of the message that follows from the header block alone. */
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
  const selected = chosenHeaders(fields, chosen, hint, warn);
  return {
    ...head,
    ...(ours.length > 0 && { addressedTo: ours }),
    ...(authentication && { authentication }),
    ...(selected && { headers: selected }),
  };
}

/** A function that adds each warning once, up to {@link MAX_WARNINGS}. */
const warnInto =
  (warnings: Warning[]): Warn =>
  (code, detail) => {
    if (warnings.length < MAX_WARNINGS && !warnings.some((w) => w.code === code && w.detail === detail))
      warnings.push(detail === undefined || detail === '' ? { code } : { code, detail });
  };

/** `expired`: whether the time is up. Does not throw, whatever the bytes. */
export function assemble(raw: Buffer, options: Required<ParseOptions>, expired: () => boolean): ParsedMessage {
  const warnings: Warning[] = [];
  const warn = warnInto(warnings);
  // Bare CR as line end (old Macs) becomes LF, so that offsets stay the same.
  const source = hasBareReturns(raw) ? macToUnix(raw, warn) : raw;
  const walked = walk(source, options);
  for (const [code, path] of walked.warnings) warn(code, path === '' ? undefined : `part ${path}`);
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
  const bounce = bounceOf(source, root, classified, head, headers, bodies.plain);
  const automatic = detectAutomatic({
    headers,
    subject: head.subject,
    from: head.from[0]?.address ?? '',
    contentType: root.type.value,
    ...(bounce && { report: bounce }),
  });
  const reply = automatic.kind === 'bounce' ? undefined : replyOf(bodies, head, options, warn);
  const links = MASS.has(automatic.kind) ? [] : linksOf(bodies.htmlHead, bodies.plain);
  const truncated = walked.truncated || attachments.cut;
  if (truncated) warn('truncated');
  const internal = bounce !== undefined && isInternal(root.header.fields, options.mailbox.receiver);
  return bounded({
    parse: truncated ? 'truncated' : 'complete',
    ...head,
    ...(bodies.text && { text: bodies.text }),
    ...(bodies.html && { html: bodies.html }),
    ...(reply && {
      replyText: cutToBytes(reply.text, options.inlineTextBytes),
      replyTextFrom: reply.from,
      preview: previewOf(reply.text),
      ...(reply.stamps.length > 0 && { stamps: reply.stamps }),
    }),
    ...(links.length > 0 && { links }),
    attachments: attachments.list,
    automatic,
    ...(bounce && { deliveryStatus: { ...bounce.deliveryStatus, ...(internal && { internal }) } }),
    warnings,
  });
}

/** Bytes read of one report part. */
const MAX_REPORT = 262_144;

function bounceOf(
  raw: Buffer,
  root: Part,
  { reports, attachments }: Classified,
  { subject, from, to }: Pick<ParsedMessage, 'subject' | 'from' | 'to'>,
  headers: Headers,
  text: string,
) {
  const original = originalMail(raw, attachments);
  return parseBounce({
    headers,
    subject,
    from,
    to,
    contentType: root.type.value,
    reportType: root.type.params['report-type'],
    reports: reports.map((leaf) => ({ type: leaf.type, text: textStart(raw, leaf, MAX_REPORT) })),
    text,
    original: original?.headers,
    originalText: original?.text,
  });
}

/** The new part of the mail. Warns (`reply-text-cut`) when some of the text was not searched for it. */
function replyOf(bodies: Bodies, head: Head, { stamps }: Required<ParseOptions>, warn: Warn) {
  const { plain: text, text: body, htmlHead: html, derived: textIsDerived, marks } = bodies;
  const reply = replyText({ text, html, textIsDerived, marks, answers: isAnswer(head), stamps });
  const unread = textIsDerived
    ? body?.truncated === true || (marks === undefined && (html ?? '').length > MAX_HTML)
    : (body?.length ?? 0) > MAX_INPUT;
  if (reply !== undefined && unread) warn('reply-text-cut');
  return reply;
}

/** Whether Exchange marked the mail as submitted within the tenant (MS-OXCMAIL 2.1.3.2; "header firewall"). Of two marks, one may be forged. */
function isInternal(fields: readonly HeaderField[], { marksInternal }: Receiver): boolean {
  const marks = marksInternal ? fields.filter(({ name }) => name === 'x-ms-exchange-organization-authas') : [];
  return marks.length === 1 && marks[0]?.value.trim().toLowerCase() === 'internal';
}

/** Mass mailings, whose dozens of links are of no use to agents. */
const MASS: ReadonlySet<string> = new Set(['list', 'bulk', 'bounce']);

type Head = Pick<ParsedMessage, 'threading' | 'subject'>;

/** Whether the mail may contain a quotation: it refers to another mail, or its subject has a prefix. */
const isAnswer = ({ threading: { inReplyTo, references, threadIndex }, subject }: Head): boolean =>
  inReplyTo.length > 0 || references.length > 0 || threadIndex !== undefined || /^.{1,8}[:：]/.test(subject);

/** Whether the beginning has carriage returns but no line feed. */
const hasBareReturns = (raw: Buffer): boolean => {
  const head = raw.length > STRETCH ? raw.subarray(0, STRETCH) : raw;
  return head.indexOf(0x0a) === -1 && head.indexOf(0x0d) !== -1;
};
const STRETCH = 1 << 16;

function macToUnix(raw: Buffer, warn: Warn): Buffer {
  const copy = Buffer.allocUnsafe(raw.length);
  for (let from = 0; from < raw.length; from += STRETCH) {
    const to = Math.min(raw.length, from + STRETCH);
    if (raw.subarray(from, to).indexOf(0x0a) !== -1) return raw;
    for (let i = from; i < to; i++) copy[i] = raw[i] === 0x0d ? 0x0a : (raw[i] as number);
  }
  warn('line-ends-repaired');
  return copy;
}

/** The message for a mail of which only the header block was fetched. */
export function assembleHeaders(raw: Buffer, options: Required<ParseOptions>): ParsedMessage {
  const warnings: Warning[] = [];
  const warn = warnInto(warnings);
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
