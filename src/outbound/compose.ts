// Composes a reply into the bytes that leave: a pure function of the reply, its sender and what it refers to, with nodemailer's composer.
// Bcc stands in the envelope only. Lines end in CRLF; the mail is 7-bit, so no server has to convert it.
import { randomBytes } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { Reply } from '../contract/reply.ts';
import { needsSmtpUtf8, parseAddress } from '../domain/address.ts';
import { MailroomError } from '../domain/errors.ts';
import { REPLY_ID_HEADER, replyIdValue } from '../domain/reply-header.ts';
import type { ReplyEnvelope } from '../domain/reply-journal.ts';
import type { Sender } from '../domain/sender-policy.ts';
import type { ReplyBodies } from '../parsing/index.ts';
import { threadIndex, threadTopic } from './threading.ts';

export interface ComposedAttachment {
  filename: string;
  contentType?: string | undefined;
  contentId?: string | undefined;
  content: Buffer;
}

export interface Composition {
  reply: Reply;
  sender: Sender;
  messageId: string;
  date: Date;
  attachments: readonly ComposedAttachment[];
  bodies: ReplyBodies;
}

const HEADER_NAME = /^X-[A-Z0-9][A-Z0-9-]*$/i;
const RESERVED =
  /^X-(Mailroom-|MS-|Microsoft-|Auto-Response-Suppress|Google-|Originating-|Failed-Recipients|Original-|Sender|Envelope|Return-Path|Loop)/i;
/** All but the tab. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/u;
const BREAK = /[\r\n\u0000\u2028\u2029]/u;

/**
 * Refuses what would reach into the header.
 * @throws MailroomError HEADER_FORBIDDEN
 */
export function checkHeaders(reply: Reply): void {
  const refuse = (field: string, message: string) => {
    throw new MailroomError('HEADER_FORBIDDEN', { field, message });
  };
  for (const [name, value] of Object.entries(reply.headers)) {
    if (!HEADER_NAME.test(name) || RESERVED.test(name)) {
      refuse('headers', `Header ${JSON.stringify(name.slice(0, 60))} may not be set`);
    }
    if (CONTROL.test(value))
      refuse(`headers.${name}`, `Header ${name} holds a line break or another control character`);
  }
  const lines: [string, string | undefined][] = [
    ['replyId', reply.replyId],
    ['subject', reply.subject],
    ['answers.messageId', reply.answers?.messageId],
    ['answers.threadTopic', reply.answers?.threadTopic],
    ['answers.threadIndex', reply.answers?.threadIndex],
    ['answers.subject', reply.answers?.subject],
    ...(reply.answers?.references ?? []).map((id, i): [string, string] => [`answers.references[${i}]`, id]),
    ...reply.attachments.flatMap((a, i): [string, string | undefined][] => [
      [`attachments[${i}].filename`, a.filename],
      [`attachments[${i}].contentType`, a.contentType],
      [`attachments[${i}].contentId`, a.contentId],
    ]),
  ];
  for (const [field, value] of lines) {
    if (value !== undefined && BREAK.test(value)) refuse(field, `${field} holds a line break`);
  }
}

interface Recipients {
  to: { name: string; address: string }[];
  cc: { name: string; address: string }[];
  replyTo: { name: string; address: string }[];
  all: string[];
}

/**
 * The recipients, each once in the envelope.
 * @throws MailroomError RECIPIENT_MISSING, RECIPIENT_INVALID, REPLY_TO_INVALID, HEADER_FORBIDDEN
 */
export function readRecipients(reply: Reply): Recipients {
  const all = new Map<string, string>();
  const read = (field: 'to' | 'cc' | 'bcc' | 'replyTo', list: Reply['to']) =>
    list.map((given, i) => {
      const parsed = parseAddress(given);
      if (!parsed.ok) {
        const code =
          parsed.problem === 'line-break'
            ? 'HEADER_FORBIDDEN'
            : field === 'replyTo'
              ? 'REPLY_TO_INVALID'
              : 'RECIPIENT_INVALID';
        throw new MailroomError(code, {
          field: `${field}[${i}]`,
          message: `${field}[${i}] is no single valid address: ${parsed.problem}`,
        });
      }
      if (field !== 'replyTo') all.set(parsed.value.normal, parsed.value.address);
      return { name: parsed.value.name, address: parsed.value.address };
    });
  const to = read('to', reply.to);
  const cc = read('cc', reply.cc);
  read('bcc', reply.bcc);
  const replyTo = read('replyTo', reply.replyTo ?? []);
  if (all.size === 0) throw new MailroomError('RECIPIENT_MISSING', { field: 'to' });
  return { to, cc, replyTo, all: [...all.values()] };
}

/** Renders the mail. @throws MailroomError of {@link readRecipients} and {@link checkHeaders} */
export async function compose(composition: Composition): Promise<{ bytes: Buffer; envelope: ReplyEnvelope }> {
  const { reply, sender, messageId, date, bodies } = composition;
  checkHeaders(reply);
  const recipients = readRecipients(reply);
  const answers = reply.answers;
  const mail = new MailComposer({
    from: sender.from,
    ...(sender.sender === undefined ? {} : { sender: sender.sender.address }),
    to: recipients.to,
    cc: recipients.cc,
    ...(recipients.replyTo.length > 0 ? { replyTo: recipients.replyTo } : {}),
    subject: reply.subject,
    date,
    messageId,
    ...(answers?.messageId === undefined ? {} : { inReplyTo: answers.messageId }),
    ...(answers?.messageId === undefined && answers?.references === undefined
      ? {}
      : { references: referencesOf(answers.references ?? [], answers.messageId) }),
    text: toLines(bodies.text),
    ...(bodies.html === undefined ? {} : { html: toLines(bodies.html) }),
    attachments: composition.attachments.map((attachment) => ({
      filename: attachment.filename,
      content: attachment.content,
      ...transferable(attachment),
      ...(attachment.contentId === undefined
        ? {}
        : { cid: attachment.contentId.replace(/^<|>$/g, ''), contentDisposition: 'inline' as const }),
    })),
    headers: {
      ...reply.headers,
      [REPLY_ID_HEADER]: replyIdValue(reply.replyId),
      'Thread-Topic': threadTopic(answers?.threadTopic ?? answers?.subject ?? reply.subject),
      'Thread-Index': threadIndex(answers?.threadIndex, date, randomBytes),
      ...(reply.automatic ? { 'Auto-Submitted': 'auto-replied', 'X-Auto-Response-Suppress': 'All' } : {}),
      ...(reply.importance === 'normal' ? {} : { Importance: reply.importance }),
    },
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  } as ConstructorParameters<typeof MailComposer>[0]);
  const bytes = (await mail.compile().build()) as Buffer;
  const envelope = { from: sender.envelopeFrom, to: recipients.all };
  return { bytes, envelope: { ...envelope, smtpUtf8: [envelope.from, ...envelope.to].some(needsSmtpUtf8) } };
}

/**
 * Content type of an attachment. RFC 2046 §5.2.1 forbids base64 for message/*: one with 8-bit characters, long lines or bare CR or LF could
 * only leave as it is, and would be changed or refused on its way. It leaves as a file, byte for byte. So does what claims to be multipart.
 */
function transferable({ filename, contentType, content }: ComposedAttachment): { contentType?: string } {
  const type = contentType ?? (/\.(eml|mime|mht|mhtml|nws)$/i.test(filename) ? 'message/rfc822' : '');
  const unchangeable = /^\s*multipart\//i.test(type) || (/^\s*message\//i.test(type) && !fitsSevenBit(content));
  if (unchangeable) return { contentType: 'application/octet-stream' };
  return contentType === undefined ? {} : { contentType };
}

/** ASCII in lines of at most 998 octets that all end in CRLF (RFC 2045 §2.7). */
const fitsSevenBit = (content: Buffer) =>
  !/[^\x01-\x7f]|\r(?!\n)|(?<!\r)\n|[^\r\n]{999}/.test(content.toString('latin1'));

/** RFC 5321 §2.3.8: CR and LF appear together only. A bare CR would leave as it is, and servers disagree on what it means. */
const toLines = (text: string) => text.replace(/\r\n?/g, '\n');

/** RFC 5322 §3.6.4: the parent's references, then the parent. Long chains keep the first and the last, so that no line list grows for ever. */
function referencesOf(references: readonly string[], parent: string | undefined): string[] {
  const chain = [...new Set([...references, ...(parent === undefined ? [] : [parent])])];
  return chain.length <= 30 ? chain : [...chain.slice(0, 1), ...chain.slice(-29)];
}
