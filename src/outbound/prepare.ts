// Prepares one reply: From policy, loop protection, attachments, quotation, composition. The rendered bytes are stored in the blob store: each attempt
// sends the same mail with the same Message-ID.
import type { Attachment, Message } from '../contract/message.ts';
import type { Reply, ReplyAttachment } from '../contract/reply.ts';
import { asciiDomain, domainOf } from '../domain/address.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import type { SmtpServer } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { resolveSender } from '../domain/sender-policy.ts';
import { defined } from '../lib/defined.ts';
import { collect } from '../lib/streams.ts';
import type { QuotedMessage } from '../parsing/index.ts';
import { decodeSlice } from '../parsing/index.ts';
import { type ComposedAttachment, compose, readRecipients } from './compose.ts';
import { governLoops } from './govern-loops.ts';
import type { OutboundDeps, OutboundSettings } from './ports.ts';
import { decidedSender } from './sender-check.ts';

/** Largest message that Exchange Online announces; used until the server itself has announced its SIZE. */
const DEFAULT_MAX_SIZE = 157_286_400;

/** Largest rendered mail that is kept in memory until it is sent, bytes; a larger one is read again. */
const KEPT = 1 << 20;

interface Prepared {
  change: Pick<JournalEntry, 'from' | 'messageId' | 'envelope' | 'decided' | 'rendered' | 'renderedSize' | 'source'>;
  /** The stored bytes, if few. */
  bytes: Buffer | undefined;
  personalFallback: boolean;
}

type PrepareDeps = Pick<
  OutboundDeps,
  'blobs' | 'readMessage' | 'replyBodies' | 'makeMessageId' | 'pace' | 'servers' | 'ownAddresses'
>;

/** @throws MailroomError of the policy, the composition, the loop protection; ATTACHMENT_UNAVAILABLE, QUOTE_UNAVAILABLE, REPLY_NOT_COMPOSED, MESSAGE_TOO_LARGE */
export async function prepare(
  deps: PrepareDeps,
  settings: OutboundSettings,
  server: SmtpServer,
  reply: Reply,
  now: Date,
  maxSize: number | undefined,
): Promise<Prepared> {
  const sender = resolveSender(server, reply);
  const recipients = readRecipients(reply, settings);
  const messages = new Map<string, Promise<Message | undefined>>();
  const read = (messageKey: string) => {
    const known = messages.get(messageKey) ?? deps.readMessage(messageKey);
    messages.set(messageKey, known);
    return known;
  };
  const answeredKey = reply.answers?.messageKey;
  const needsAnswered = reply.automatic || reply.conversationId === undefined;
  const answered = answeredKey === undefined || !needsAnswered ? undefined : await read(answeredKey);
  const conversationId = reply.conversationId ?? answered?.conversation.id;
  if (reply.automatic) {
    const asked = conversationId === undefined ? reply : { ...reply, conversationId };
    await governLoops(deps, settings, asked, recipients.all, answered);
  }
  const attachments: ComposedAttachment[] = [];
  for (const [i, attachment] of reply.attachments.entries()) {
    attachments.push(await readAttachment(deps.blobs, read, attachment, `attachments[${i}]`));
  }
  const domain = asciiDomain(domainOf(sender.from.address)) ?? 'localhost';
  const messageId = deps.makeMessageId({
    conversationId: conversationId ?? reply.replyId,
    replyId: reply.replyId,
    domain,
  });
  const { bytes, envelope } = await compose({
    reply,
    sender,
    messageId,
    date: now,
    limits: settings,
    attachments,
    bodies: await deps.replyBodies({
      text: reply.text,
      html: reply.html,
      quoted: reply.quote ? await readQuoted(read, reply) : undefined,
    }),
  });
  const limit = maxSize ?? DEFAULT_MAX_SIZE;
  if (bytes.length > limit) {
    throw new MailroomError('MESSAGE_TOO_LARGE', {
      message: `The message has ${bytes.length} bytes encoded, the server takes ${limit}`,
      field: 'attachments',
    });
  }
  const { references, durable } = await deps.blobs.putBatch([bytes, Buffer.from(JSON.stringify(reply))]);
  await durable;
  const [rendered, source] = references;
  return {
    change: {
      from: sender.from.address,
      messageId,
      envelope,
      decided: decidedSender(server, sender),
      renderedSize: bytes.length,
      ...defined({ rendered: rendered?.blob, source: source?.blob }),
    },
    bytes: bytes.length <= KEPT ? bytes : undefined,
    personalFallback: sender.personalFallback,
  };
}

type Read = (messageKey: string) => Promise<Message | undefined>;

async function readAttachment(
  blobs: BlobStore,
  read: Read,
  given: ReplyAttachment,
  field: string,
): Promise<ComposedAttachment> {
  const base = { filename: given.filename, contentType: given.contentType, contentId: given.contentId };
  if (given.content !== undefined) return { ...base, content: Buffer.from(given.content, 'base64') };
  try {
    if (given.blob !== undefined) return { ...base, content: await collect(blobs.read(given.blob)) };
    const message = given.message === undefined ? undefined : await read(given.message.messageKey);
    const attachment = message?.attachments.find(({ n }) => n === given.message?.n);
    if (message !== undefined && attachment !== undefined) {
      return {
        ...base,
        contentType: given.contentType ?? attachment.contentType,
        content: await sliceOf(blobs, message, attachment),
      };
    }
  } catch (error) {
    if (error instanceof MailroomError && error.class === 'transient') throw error;
    throw new MailroomError('ATTACHMENT_UNAVAILABLE', { field, cause: error });
  }
  throw new MailroomError('ATTACHMENT_UNAVAILABLE', { field });
}

const sliceOf = (blobs: BlobStore, { raw }: Message, { slice }: Attachment): Promise<Buffer> =>
  collect(decodeSlice(slice, blobs.read(raw.blob, { start: slice.start, end: slice.end })));

async function readQuoted(read: Read, reply: Reply): Promise<QuotedMessage> {
  const key = reply.answers?.messageKey;
  const message = key === undefined ? undefined : await read(key);
  if (message === undefined) throw new MailroomError('QUOTE_UNAVAILABLE', { field: 'answers.messageKey' });
  const { from, date, receivedAt } = message;
  return { message: { from, date, receivedAt }, text: message.text?.value, html: message.html?.value };
}
