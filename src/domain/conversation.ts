// Which conversation a message belongs to. Pure, and without any table: our own Message-IDs carry the conversation, signed; what is not ours gets
// an id computed from the root of its reference chain, so that every message of one thread computes the same.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Message } from '../contract/message.ts';

type Threading = Message['threading'];
type Matched = Message['conversation'];

/** Bytes of the HMAC that are kept: 120 bits. */
const MAC_BYTES = 15;
/** Bytes of the digest that stands for the reply within the Message-ID. */
const REPLY_BYTES = 9;
/** First letters of the local part; a version, should the form ever change. */
const MARK = 'mr1';

export interface SignedId {
  conversationId: string;
  /** Digest of the replyId, base64url: the key by which the reply is found again. */
  replyKey: string;
}

/** Stands for a replyId in Message-IDs: 72 bits of its SHA-256, base64url. */
export const replyKeyOf = (replyId: string): string =>
  hash('sha256', replyId, 'buffer').subarray(0, REPLY_BYTES).toString('base64url');

const mac = (key: string, conversation: string, replyKey: string): Buffer =>
  createHmac('sha256', key)
    .update(`mailroom.message-id/1\n${conversation}\n${replyKey}`)
    .digest()
    .subarray(0, MAC_BYTES);

/**
 * Message-ID of a reply: `<mr1.CONVERSATION.REPLY.MAC@domain>`, base64url parts, deterministic over its input. With angle brackets.
 * The same token (what stands before the `@`) may be put into the body or a Reply-To address.
 */
export function signedMessageId(
  { conversationId, replyId, domain }: { conversationId: string; replyId: string; domain: string },
  key: string,
): string {
  return `<${signedToken({ conversationId, replyId }, key)}@${domain}>`;
}

/** The token by itself, for bodies and Reply-To addresses. */
export function signedToken(
  { conversationId, replyId }: { conversationId: string; replyId: string },
  key: string,
): string {
  const conversation = Buffer.from(conversationId, 'utf8').toString('base64url');
  const replyKey = replyKeyOf(replyId);
  return `${MARK}.${conversation}.${replyKey}.${mac(key, conversation, replyKey).toString('base64url')}`;
}

const TOKEN = /(?<![\w-])mr1\.([\w-]{1,300})\.([\w-]{12})\.([\w-]{20})(?![\w-])/;

/**
 * Conversation and reply of a Message-ID (or bare token) of ours; undefined for anything else, and for one that none of `keys` signed. Several
 * keys: the current and the ones before it. Constant time over the keys.
 */
export function readSignedMessageId(messageId: string, keys: readonly string[]): SignedId | undefined {
  const match = TOKEN.exec(messageId.slice(0, 2000));
  if (match === null) return undefined;
  const [, conversation = '', replyKey = '', given = ''] = match;
  const claimed = Buffer.from(given, 'base64url');
  let valid = false;
  for (const key of keys) {
    const expected = mac(key, conversation, replyKey);
    if (claimed.length === expected.length && timingSafeEqual(claimed, expected)) valid = true;
  }
  return valid ? { conversationId: Buffer.from(conversation, 'base64url').toString('utf8'), replyKey } : undefined;
}

export interface ConversationInput {
  threading: Threading;
  /** Address of the sender, for what is matched by subject. */
  from: string;
  subject: string;
  /** Text in which a token of ours may stand: the body, Reply-To or recipient address. */
  bodyToken?: string | undefined;
}

export interface ConversationLookup {
  /** Conversation of an alias of our Message-ID (what the server rewrote it to), as far as it is known. */
  lookupAlias?: ((messageId: string) => { conversationId: string } | undefined) | undefined;
  /** Conversation by subject and sender, where the backend keeps one. Called last, and only for subjects that begin with a reply prefix. */
  lookupSubject?: ((subject: string, from: string) => { conversationId: string } | undefined) | undefined;
}

/**
 * The conversation of a message, in this order: In-Reply-To, then References (newest first) against our signed Message-IDs and their aliases;
 * a signed token in the body; the root of the reference chain; the head of the Thread-Index (the first 22 bytes are the same in a whole
 * Outlook thread, [MS-OXOMSG] §2.2.1.3); the subject with the sender, if asked. Else a new one, by its own Message-ID — which the answers to it will
 * name as the root of their chain. A forged token matches nothing.
 */
export function matchConversation(
  input: ConversationInput,
  keys: readonly string[],
  lookup: ConversationLookup['lookupAlias'] | ConversationLookup = {},
): Matched {
  const { lookupAlias, lookupSubject } =
    typeof lookup === 'function' ? { lookupAlias: lookup, lookupSubject: undefined } : lookup;
  const { threading } = input;
  const ours = (messageId: string): string | undefined =>
    readSignedMessageId(messageId, keys)?.conversationId ?? lookupAlias?.(messageId)?.conversationId;
  for (const messageId of threading.inReplyTo) {
    const id = ours(messageId);
    if (id !== undefined) return { id, matchedBy: 'in-reply-to' };
  }
  for (const messageId of threading.references.toReversed()) {
    const id = ours(messageId);
    if (id !== undefined) return { id, matchedBy: 'references' };
  }
  if (input.bodyToken !== undefined) {
    const token = readSignedMessageId(input.bodyToken.slice(-2000), keys) ?? readSignedMessageId(input.bodyToken, keys);
    if (token !== undefined) return { id: token.conversationId, matchedBy: 'token' };
  }
  const root = threading.references[0] ?? threading.inReplyTo[0];
  if (root !== undefined) return { id: conversationOf('chain', root), matchedBy: 'references-chain' };
  const head = threadIndexHead(threading.threadIndex);
  if (head?.reply) return { id: conversationOf('index', head.id), matchedBy: 'thread-index' };
  const base = baseSubject(input.subject);
  if (base.isReply && base.subject !== '' && input.from !== '') {
    const bySubject = lookupSubject?.(base.subject, input.from.toLowerCase());
    if (bySubject !== undefined) return { id: bySubject.conversationId, matchedBy: 'subject' };
  }
  if (head !== undefined && threading.messageId === undefined)
    return { id: conversationOf('index', head.id), matchedBy: 'new' };
  const own = threading.messageId ?? `${input.from.toLowerCase()}\n${base.subject}`;
  return { id: conversationOf('chain', own), matchedBy: 'new' };
}

/** Deterministic id: 128 bits over the identity of the thread. */
const conversationOf = (kind: 'chain' | 'index', identity: string): string =>
  `c-${hash('sha256', `${kind}\n${identity}`).slice(0, 32)}`;

/** First 22 bytes of a Thread-Index, base64; `reply` when child blocks follow them. */
function threadIndexHead(value: string | undefined): { id: string; reply: boolean } | undefined {
  if (value === undefined) return undefined;
  const bytes = Buffer.from(value.slice(0, 4000), 'base64');
  if (bytes.length < 22) return undefined;
  return { id: bytes.subarray(0, 22).toString('base64'), reply: bytes.length > 22 };
}

const PREFIX =
  /^\s*(?:\[[^\]]{1,40}\]\s*)?(?:re|aw|antw|antwort|sv|vs|vb|rif|r|res|rv|odp|ynt|ответ|回复|回覆|答复|fwd?|wg|tr|i|doorst|vl|enc|pd|fs)(?:\s*[[(]\d{1,3}[\])]|\^\d{1,3})?\s*[:：]\s*/i;

/** Subject without reply and forward prefixes (RFC 5256 §2.1, and the local ones), and whether there were any. */
export function baseSubject(subject: string): { subject: string; isReply: boolean } {
  let rest = subject.slice(0, 2000).replace(/\s+/g, ' ').trim();
  let isReply = false;
  for (let n = 0; n < 30; n++) {
    const match = PREFIX.exec(rest);
    if (match === null) break;
    isReply = true;
    rest = rest.slice(match[0].length);
  }
  return { subject: rest.trim(), isReply };
}
