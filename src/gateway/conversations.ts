// Conversations: which one a message belongs to, which of our replies a bounce is about, and the signed Message-IDs that we write. Wires
// domain/conversation.ts to the key ring and to the journal's aliases (ids that a server gave to our replies).
import type { Config, KeyRing } from '../config/config.ts';
import type { Message } from '../contract/message.ts';
import { matchConversation, readSignedMessageId, signedMessageId } from '../domain/conversation.ts';
import type { Journal } from '../domain/reply-journal.ts';
import type { ParsedMessage } from '../parsing/index.ts';

export interface Related {
  conversation: Message['conversation'];
  deliveryStatus?: Message['deliveryStatus'];
}

/** What the journal knows of a Message-ID: ours, or the one that a server put in its place. */
export type ReplyLookup = (messageId: string) => Promise<{ replyId: string; messageId: string } | undefined>;

/** Ids looked up in the journal for one message: a reference list may hold hundreds, and only the newest matter. */
const MOST_LOOKUPS = 6;

export function replyLookup(journal: Journal): ReplyLookup {
  return async (messageId) => {
    const replyId = await journal.byMessageId(messageId);
    if (replyId === undefined) return undefined;
    const entry = await journal.read(replyId);
    return { replyId, messageId: entry?.messageId ?? messageId };
  };
}

/** @param lookup left out where no journal is at hand: signed ids and reference chains still match */
export async function relate(parsed: ParsedMessage, keys: KeyRing, lookup?: ReplyLookup): Promise<Related> {
  const secrets = secretsOf(keys);
  const { threading, deliveryStatus } = parsed;
  const aliases = new Map<string, { conversationId: string }>();
  const candidates = [...threading.inReplyTo, ...threading.references.toReversed()].slice(0, MOST_LOOKUPS);
  for (const candidate of new Set(candidates)) {
    if (lookup === undefined || readSignedMessageId(candidate, secrets) !== undefined) continue;
    const reply = await lookup(candidate);
    const signed = reply === undefined ? undefined : readSignedMessageId(reply.messageId, secrets);
    if (signed !== undefined) aliases.set(candidate, signed);
  }
  const bodyToken =
    [...parsed.to, ...parsed.replyTo].map(({ address }) => address).join(' ') + (parsed.text?.value ?? '');
  const conversation = matchConversation(
    { threading, from: parsed.from[0]?.address ?? '', subject: parsed.subject, bodyToken },
    secrets,
    (messageId) => aliases.get(messageId),
  );
  if (deliveryStatus?.originalMessageId === undefined) return { conversation };
  const { originalMessageId } = deliveryStatus;
  const reply = await lookup?.(originalMessageId);
  const signed = readSignedMessageId(reply?.messageId ?? originalMessageId, secrets);
  if (reply === undefined && signed === undefined) return { conversation };
  return {
    conversation: signed === undefined ? conversation : { id: signed.conversationId, matchedBy: 'in-reply-to' },
    deliveryStatus: {
      ...deliveryStatus,
      reply:
        reply === undefined ? { messageId: originalMessageId } : { replyId: reply.replyId, messageId: reply.messageId },
    },
  };
}

/** Message-IDs carry conversation and reply, signed with the first key of the ring: a customer's answer finds its way without any look-up. */
export function messageIdMaker({
  security,
}: Config): (input: { conversationId: string; replyId: string; domain: string }) => string {
  const [key] = secretsOf(security.conversationKeys);
  return (input) => signedMessageId(input, key as string);
}

/** Without a ring (development only; production refuses to start) ids are signed with a key that everybody knows. */
function secretsOf(keys: KeyRing): string[] {
  return keys.length === 0 ? ['mailroom-development'] : keys.map(({ key }) => Buffer.from(key).toString('base64'));
}
