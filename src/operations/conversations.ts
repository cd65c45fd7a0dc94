// Conversations: the conversation of a message, the reply that a bounce reports on, and the signed Message-IDs that Mailroom writes. Connects
// domain/conversation.ts with the key ring and with the journal's aliases (ids that a server assigned to our replies).
import type { Participants } from '../adapters/redis/participants.ts';
import type { Config } from '../config/config.ts';
import type { Message } from '../contract/message.ts';
import { normalAddress } from '../domain/address.ts';
import {
  type Match,
  matchConversation,
  readSignedMessageId,
  type Signing,
  signedMessageId,
} from '../domain/conversation.ts';
import type { Journal } from '../domain/reply-journal.ts';
import type { Related } from '../inbound/index.ts';
import type { PackedMessage } from '../parsing/index.ts';

/** A reply of ours, found in the journal by its Message-ID or by the id that a server replaced it with. */
interface KnownReply {
  replyId: string;
  messageId: string;
  /** Its recipients. */
  recipients: readonly string[];
}
type ReplyLookup = (messageId: string) => Promise<KnownReply | undefined>;

/** Ids looked up in the journal for one message: a reference list may hold hundreds, and only the newest matter. */
const MOST_LOOKUPS = 6;

export function replyLookup(journal: Journal): ReplyLookup {
  return async (messageId) => {
    const replyId = await journal.byMessageId(messageId);
    if (replyId === undefined) return undefined;
    const entry = await journal.read(replyId);
    return { replyId, messageId: entry?.messageId ?? messageId, recipients: entry?.envelope?.to ?? [] };
  };
}

/** Omitted where not available: signed ids still match; without participants no claim is checked. */
interface RelateBy {
  lookup?: ReplyLookup | undefined;
  participants?: Participants | undefined;
}

/** @param to the mailbox that the message came to */
export async function relate(
  parsed: PackedMessage,
  to: { emailFlow: string; user: string },
  security: Pick<Config['security'], 'conversationKeys' | 'installation'>,
  { lookup, participants }: RelateBy = {},
): Promise<Related> {
  const signing = signingOf(security);
  const { threading } = parsed;
  const aliases = new Map<string, { conversationId: string }>();
  const candidates = [...threading.inReplyTo, ...threading.references.toReversed()].slice(0, MOST_LOOKUPS);
  for (const candidate of new Set(candidates)) {
    if (lookup === undefined || readSignedMessageId(candidate, signing) !== undefined) continue;
    const reply = await lookup(candidate);
    const signed = reply === undefined ? undefined : readSignedMessageId(reply.messageId, signing);
    if (signed !== undefined) aliases.set(candidate, signed);
  }
  const bodyToken = [...[...parsed.to, ...parsed.replyTo].map(({ address }) => address), parsed.tokens ?? ''].join(' ');
  const from = parsed.from[0]?.address ?? '';
  const match = matchConversation(
    { threading, emailFlow: to.emailFlow, from, subject: parsed.subject, bodyToken },
    signing,
    { lookupAlias: (messageId) => aliases.get(messageId) },
  );
  const about = await reportedReply(parsed, signing, lookup);
  if (about?.conversationId !== undefined) {
    const conversation = { id: about.conversationId, matchedBy: 'in-reply-to' as const, proof: 'signed' as const };
    return { conversation, deliveryStatus: about.deliveryStatus };
  }
  const conversation = await joined(match, parsed, to.user, participants);
  return { conversation, ...(about === undefined ? {} : { deliveryStatus: about.deliveryStatus }) };
}

/** Signed matches join, and their addresses become participants. A claim joins only if its sender is a participant; otherwise it starts a new conversation. */
async function joined(
  { id, matchedBy, signed, ownId }: Match,
  parsed: PackedMessage,
  mailbox: string,
  participants: Participants | undefined,
): Promise<Message['conversation']> {
  const from = parsed.from[0]?.address ?? '';
  const others = [...parsed.replyTo, ...parsed.to, ...parsed.cc]
    .map(({ address }) => address)
    .filter((address) => address !== '' && normalAddress(address) !== normalAddress(mailbox));
  const admit = (conversationId: string) => participants?.admit({ conversationId, from, others, proven: signed });
  const membership = await admit(id);
  if (signed) return { id, matchedBy, proof: 'signed' };
  if (membership === 'stranger') {
    await admit(ownId);
    return { id: ownId, matchedBy: 'new', proof: 'none', related: id };
  }
  return { id, matchedBy, proof: matchedBy !== 'new' && membership === 'member' ? 'references' : 'none' };
}

/** Evidence that is only words of a mail: a person may have written or forwarded them, so it is no report of a mail system. */
const PROSE = ['sender', 'subject and returned mail'];

/**
 * The reply that a report concerns. Every recipient of our mail has its Message-ID, so a report is trusted if it also names a recipient of that reply.
 * A report that names no recipient (as many read receipts), or whose reply is no longer in the journal, is passed on with its level of proof. A report
 * that names other recipients, or is prose that a person may have written, concerns no reply.
 */
async function reportedReply(
  { deliveryStatus, automatic }: PackedMessage,
  signing: Signing,
  lookup: ReplyLookup | undefined,
): Promise<{ conversationId: string | undefined; deliveryStatus: NonNullable<Message['deliveryStatus']> } | undefined> {
  if (deliveryStatus?.originalMessageId === undefined) return undefined;
  if (automatic.evidence.some(({ source }) => PROSE.includes(source))) return undefined;
  const { originalMessageId, recipients } = deliveryStatus;
  const known = await lookup?.(originalMessageId);
  const signed = readSignedMessageId(known?.messageId ?? originalMessageId, signing);
  if (known === undefined && signed === undefined) return undefined;
  const addressed = new Set(known?.recipients.map(normalAddress));
  const matches = recipients.some(({ recipient }) => addressed.has(normalAddress(recipient)));
  if (!matches && recipients.length > 0 && addressed.size > 0) return undefined;
  const reply = {
    ...(known === undefined
      ? { messageId: originalMessageId }
      : { replyId: known.replyId, messageId: known.messageId }),
    proof: matches ? ('recipient-matches' as const) : ('message-id-only' as const),
  };
  return { conversationId: signed?.conversationId, deliveryStatus: { ...deliveryStatus, reply } };
}

/** Message-IDs contain conversation and reply, signed with the first key of the ring: a customer's answer is matched without a look-up. */
export function messageIdMaker({
  security,
}: Config): (input: { conversationId: string; replyId: string; domain: string }) => string {
  const signing = signingOf(security);
  return (input) => signedMessageId(input, signing);
}

/** Without a ring (development only; production refuses to start) ids are signed with a publicly known key. */
function signingOf({
  conversationKeys,
  installation,
}: Pick<Config['security'], 'conversationKeys' | 'installation'>): Signing {
  const keys = conversationKeys.map(({ key }) => Buffer.from(key).toString('base64'));
  return { keys: keys.length === 0 ? ['mailroom-development'] : keys, installation };
}
