// Composes a reply into the bytes that are sent, with nodemailer's composer. Bcc is in the envelope only. Lines end in CRLF; the mail is 7-bit, so no
// server has to convert it.
import { randomBytes } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { Reply } from '../contract/reply.ts';
import { needsSmtpUtf8, parseAddress } from '../domain/address.ts';
import { MailroomError } from '../domain/errors.ts';
import { REPLY_ID_HEADER, replyIdValue } from '../domain/reply-header.ts';
import type { ReplyEnvelope } from '../domain/reply-journal.ts';
import type { Sender } from '../domain/sender-policy.ts';
import { defined } from '../lib/defined.ts';
import type { ReplyBodies } from '../parsing/index.ts';
import { attachmentType } from './compose/attachment-type.ts';
import { headerText, messageIdsIn } from './compose/header-text.ts';
import { readBack } from './compose/read-back.ts';
import { type ReplyLimits, replyLimits } from './ports.ts';
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
  limits?: ReplyLimits;
}

const HEADER_NAME = /^X-[A-Z0-9][A-Z0-9-]*$/i;
const MOST_HEADERS = 20;
const CONTENT_ID = /^<?[!-;=?-~]+>?$/;
const RESERVED =
  /^X-(Mailroom-|MS-|Microsoft-|Auto-Response-Suppress|Google-|Originating-|Failed-Recipients|Original-|Sender|Envelope|Return-Path|Loop)/i;
/** All except the tab. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/u;
const BREAK = /[\r\n\u0000\u2028\u2029]/u;

/**
 * Refuses text that would break out of its header field.
 * @throws MailroomError HEADER_FORBIDDEN
 */
export function checkHeaders(reply: Reply, { allowedHeaders }: ReplyLimits = replyLimits): void {
  const refuse = (field: string, message: string) => {
    throw new MailroomError('HEADER_FORBIDDEN', { field, message });
  };
  const own = Object.entries(reply.headers);
  if (own.length > MOST_HEADERS) refuse('headers', `At most ${MOST_HEADERS} headers may be set`);
  for (const [name, value] of own) {
    if (!HEADER_NAME.test(name) || RESERVED.test(name) || !isAllowed(name, allowedHeaders)) {
      refuse('headers', `Header ${JSON.stringify(name.slice(0, 60))} may not be set (outbound.allowedHeaders)`);
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
  for (const [i, { contentId }] of reply.attachments.entries()) {
    if (contentId !== undefined && !CONTENT_ID.test(contentId))
      refuse(`attachments[${i}].contentId`, 'A contentId holds printable ASCII without blanks');
  }
}

const isAllowed = (name: string, allowed: readonly string[]): boolean =>
  allowed.some((entry) => {
    const known = entry.toLowerCase();
    return known.endsWith('*') ? name.toLowerCase().startsWith(known.slice(0, -1)) : name.toLowerCase() === known;
  });

interface Recipients {
  to: { name: string; address: string }[];
  cc: { name: string; address: string }[];
  replyTo: { name: string; address: string }[];
  all: string[];
}

/**
 * The recipients, each once in the envelope.
 * @throws MailroomError RECIPIENT_MISSING, RECIPIENTS_TOO_MANY, RECIPIENT_INVALID, REPLY_TO_INVALID, HEADER_FORBIDDEN
 */
export function readRecipients(reply: Reply, { recipientsPerReply }: ReplyLimits = replyLimits): Recipients {
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
  if (all.size > recipientsPerReply) {
    throw new MailroomError('RECIPIENTS_TOO_MANY', {
      field: 'to',
      message: `${all.size} recipients in to, cc and bcc; at most ${recipientsPerReply} are allowed`,
    });
  }
  return { to, cc, replyTo, all: [...all.values()] };
}

/** Renders the mail. @throws MailroomError of {@link readRecipients} and {@link checkHeaders}; REPLY_READ_DIFFERENTLY */
export async function compose(composition: Composition): Promise<{ bytes: Buffer; envelope: ReplyEnvelope }> {
  const { reply, sender, messageId, date, bodies } = composition;
  checkHeaders(reply, composition.limits);
  const recipients = readRecipients(reply, composition.limits);
  const answers = reply.answers;
  const parent = messageIdsIn(answers?.messageId ?? '')[0];
  const references = referencesOf((answers?.references ?? []).flatMap(messageIdsIn), parent);
  const mail = new MailComposer({
    from: sender.from,
    to: recipients.to,
    cc: recipients.cc,
    ...(recipients.replyTo.length > 0 ? { replyTo: recipients.replyTo } : {}),
    subject: headerText(reply.subject),
    date,
    messageId,
    ...(references.length === 0 ? {} : { references }),
    text: toLines(bodies.text),
    ...defined({
      sender: sender.sender?.address,
      inReplyTo: parent,
      html: bodies.html === undefined ? undefined : toLines(bodies.html),
    }),
    attachments: composition.attachments.map((attachment) => ({
      filename: attachment.filename,
      content: attachment.content,
      ...defined({ contentType: attachmentType(attachment) }),
      ...(attachment.contentId === undefined
        ? {}
        : { cid: attachment.contentId.replace(/^<|>$/g, ''), contentDisposition: 'inline' as const }),
    })),
    headers: {
      ...Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name, headerText(value)])),
      [REPLY_ID_HEADER]: replyIdValue(reply.replyId),
      'Thread-Topic': headerText(threadTopic(answers?.threadTopic ?? answers?.subject ?? reply.subject)),
      'Thread-Index': threadIndex(answers?.threadIndex, date, randomBytes),
      ...(reply.automatic ? { 'Auto-Submitted': 'auto-replied', 'X-Auto-Response-Suppress': 'All' } : {}),
      ...(reply.importance === 'normal' ? {} : { Importance: reply.importance }),
      // RFC 8098 §2.1. To the From, whose mailbox also receives the answers.
      ...(reply.requestReceipt ? { 'Disposition-Notification-To': `<${sender.from.address}>` } : {}),
    },
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  } as ConstructorParameters<typeof MailComposer>[0]);
  const bytes = (await mail.compile().build()) as Buffer;
  const route = { from: sender.envelopeFrom, to: recipients.all };
  // Reply-To is in the header only, but makes it a header in UTF-8.
  const written = [route.from, ...route.to, sender.from.address, ...recipients.replyTo.map(({ address }) => address)];
  const envelope = {
    ...route,
    smtpUtf8: written.some(needsSmtpUtf8),
    ...defined({ dsn: reply.dsn }),
  };
  const { to, cc, replyTo } = recipients;
  readBack(bytes, { from: sender.from, sender: sender.sender, to, cc, replyTo, messageId, envelope });
  return { bytes, envelope };
}

/** RFC 5321 §2.3.8: CR and LF appear together only. A bare CR would be sent unchanged, and servers disagree about its meaning. */
const toLines = (text: string) => text.replace(/\r\n?/g, '\n');

/** RFC 5322 §3.6.4: the parent's references, then the parent. Long chains keep the first and the last ids. */
function referencesOf(references: readonly string[], parent: string | undefined): string[] {
  const chain = [...new Set([...references, ...(parent === undefined ? [] : [parent])])];
  return chain.length <= 30 ? chain : [...chain.slice(0, 1), ...chain.slice(-29)];
}
