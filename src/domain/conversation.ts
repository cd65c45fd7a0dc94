// Which conversation a message belongs to. Pure, and without a table: our own Message-IDs contain the conversation, signed; other messages get
// an id computed from the root of their reference chain, so that all messages of one thread compute the same id.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Message } from '../contract/message.ts';
import { trimEndOf } from '../lib/text.ts';

type Threading = Message['threading'];
type Matched = Message['conversation'];

/** Bytes of the HMAC that are kept: 120 bits. */
const MAC_BYTES = 15;
/** Bytes of the digest that represents the reply in the Message-ID. */
const REPLY_BYTES = 9;
/** First letters of the local part: the format. `mr1` was bound to the key only; it is still read. */
const MARK = 'mr2';
/** Longest Message-ID that we create: it must fit a header line, also when other programs refer to it. */
const LONGEST_ID = 980;

/** Keys for signing and for verifying. */
export interface Signing {
  /** The current key, then the ones before it. */
  keys: readonly string[];
  /** Distinguishes installations that share keys; empty if only the keys do. */
  installation: string;
}

interface SignedId {
  conversationId: string;
  /** Digest of the replyId, base64url: the key by which the reply is found again. */
  replyKey: string;
}

/** Represents a replyId in Message-IDs: 72 bits of its SHA-256, base64url. */
export const replyKeyOf = (replyId: string): string =>
  hash('sha256', replyId, 'buffer').subarray(0, REPLY_BYTES).toString('base64url');

const macOf = (key: string, signed: readonly string[]): Buffer =>
  createHmac('sha256', key).update(signed.join('\n')).digest().subarray(0, MAC_BYTES);

/**
 * Message-ID of a reply: `<mr2.CONVERSATION.REPLY.MAC@domain>`, base64url parts, deterministic over its input, signed together with domain and
 * installation. With angle brackets. A conversationId of 200 characters in any script fits.
 */
export function signedMessageId(
  { conversationId, replyId, domain }: { conversationId: string; replyId: string; domain: string },
  { keys: [key = ''], installation }: Signing,
): string {
  const conversation = Buffer.from(conversationId, 'utf8').toString('base64url');
  const replyKey = replyKeyOf(replyId);
  const room = LONGEST_ID - MARK.length - conversation.length - 40;
  const host = fitting(domain.toLowerCase(), room);
  const mac = macOf(key, ['mailroom.message-id/2', installation, host, conversation, replyKey]).toString('base64url');
  return `<${MARK}.${conversation}.${replyKey}.${mac}@${host}>`;
}

/** The domain without its first labels, when all of it does not fit. */
function fitting(domain: string, room: number): string {
  let rest = domain;
  while (rest.length > room && rest.includes('.')) rest = rest.slice(rest.indexOf('.') + 1);
  return rest;
}

/** Our tokens within a text: form, conversation, reply, MAC, and the domain behind an @, which may be quoted before it or percent-encoded. */
const TOKENS =
  /(?<![\w-])(mr[12])\.([\w-]{1,800})\.([\w-]{12})\.([\w-]{20})(?![\w-])(?:"?(?:@|%40)([a-z0-9.-]{1,253}))?/gi;
/** Number of UTF-16 units of a text that are searched. */
const MOST_UNITS = 200_000;
/** Number of tokens checked in one text, or in all ids of a message: a sender may write any number, and each costs an HMAC for each key. */
const MOST_TOKENS = 100;

/**
 * Conversation and reply of the first Message-ID (or token of the older format) in a text that is signed with one of our keys; undefined if there is none. Forged
 * ones before it do not hide it, within the budget of tokens to check. Constant time over the keys.
 */
export function readSignedMessageId(
  text: string,
  { keys, installation }: Signing,
  budget: { tokens: number } = { tokens: MOST_TOKENS },
): SignedId | undefined {
  for (const match of text.slice(0, MOST_UNITS).matchAll(TOKENS)) {
    if (budget.tokens-- <= 0) return undefined;
    const [, mark = '', conversation = '', replyKey = '', given = '', domain = ''] = match;
    const isOld = mark.toLowerCase() === 'mr1';
    if (isOld && installation !== '') continue;
    const signed = isOld
      ? ['mailroom.message-id/1', conversation, replyKey]
      : ['mailroom.message-id/2', installation, trimEndOf(domain.toLowerCase(), '.-'), conversation, replyKey];
    const claimed = Buffer.from(given, 'base64url');
    let valid = false;
    for (const key of keys) {
      const expected = macOf(key, signed);
      if (claimed.length === expected.length && timingSafeEqual(claimed, expected)) valid = true;
    }
    if (valid) return { conversationId: Buffer.from(conversation, 'base64url').toString('utf8'), replyKey };
  }
  return undefined;
}

/** Everything in a text that may be a token of ours, as {@link readSignedMessageId} would find it. */
export function signedTokens(text: string): string {
  if (!/mr[12]\./i.test(text)) return '';
  return (text.slice(0, MOST_UNITS).match(TOKENS) ?? []).slice(0, MOST_TOKENS).join(' ');
}

interface ConversationInput {
  threading: Threading;
  /** Unsigned matches hold within one flow only: it is part of the id. */
  emailFlow: string;
  /** Address of the sender, for what is matched by subject. */
  from: string;
  subject: string;
  /** Text that may contain a token of ours: the body, Reply-To or recipient address. */
  bodyToken?: string | undefined;
}

interface ConversationLookup {
  /** Conversation of an alias of our Message-ID (the id that the server replaced it with), if known. */
  lookupAlias?: ((messageId: string) => { conversationId: string } | undefined) | undefined;
  /** Conversation by subject and sender, where the backend keeps one. Called last, and only for subjects that begin with a reply prefix. */
  lookupSubject?: ((subject: string, from: string) => { conversationId: string } | undefined) | undefined;
}

export interface Match {
  id: string;
  matchedBy: Matched['matchedBy'];
  /** True if a Message-ID of ours, or the one that a server assigned instead, refers to it; neither can be guessed. */
  signed: boolean;
  /** Conversation of this sender alone, used when the other one turns out not to be theirs. */
  ownId: string;
}

/**
 * The conversation of a message, in this order: In-Reply-To, then References (newest first) against our signed Message-IDs and their aliases;
 * a signed token in the body; the root of the reference chain; the head of the Thread-Index (the first 22 bytes are the same in a whole
 * Outlook thread, [MS-OXOMSG] §2.2.1.3); the subject with the sender, if enabled. Otherwise a new one by its own Message-ID, which its answers
 * will contain as the root of their chain. A forged token matches nothing. An unsigned match is a claim: the caller has to check whether its
 * sender belongs to the conversation.
 */
export function matchConversation(
  input: ConversationInput,
  signing: Signing,
  { lookupAlias, lookupSubject }: ConversationLookup = {},
): Match {
  const { threading } = input;
  const from = input.from.toLowerCase();
  const scope = `${signing.installation}\n${input.emailFlow.normalize('NFC')}`;
  const claimed = (kind: 'chain' | 'index', identity: string, matchedBy: Match['matchedBy']): Match => ({
    id: conversationOf(kind, scope, identity),
    matchedBy,
    signed: false,
    ownId: conversationOf(kind, scope, `${identity}\n${from}`),
  });
  const proven = (id: string, matchedBy: Match['matchedBy']): Match => ({ id, matchedBy, signed: true, ownId: id });
  const budget = { tokens: MOST_TOKENS };
  const ours = (messageId: string): string | undefined =>
    readSignedMessageId(messageId, signing, budget)?.conversationId ?? lookupAlias?.(messageId)?.conversationId;
  for (const [matchedBy, ids] of [
    ['in-reply-to', threading.inReplyTo],
    ['references', threading.references.toReversed()],
  ] as const)
    for (const messageId of ids) {
      const id = ours(messageId);
      if (id !== undefined) return proven(id, matchedBy);
    }
  const token = input.bodyToken === undefined ? undefined : readSignedMessageId(input.bodyToken, signing);
  if (token !== undefined) return proven(token.conversationId, 'token');
  const root = threading.references[0] ?? threading.inReplyTo[0];
  if (root !== undefined) return claimed('chain', root, 'references-chain');
  const head = threadIndexHead(threading.threadIndex);
  if (head?.reply) return claimed('index', head.id, 'thread-index');
  const base = baseSubject(input.subject);
  if (base.isReply && base.subject !== '' && from !== '') {
    const bySubject = lookupSubject?.(base.subject, from);
    if (bySubject !== undefined) return { ...claimed('chain', base.subject, 'subject'), id: bySubject.conversationId };
  }
  if (head !== undefined && threading.messageId === undefined) return claimed('index', head.id, 'new');
  return claimed('chain', threading.messageId ?? `${from}\n${base.subject}`, 'new');
}

/** Deterministic id: 128 bits over the identity of the thread, within one flow of one installation. */
const conversationOf = (kind: 'chain' | 'index', scope: string, identity: string): string =>
  `c-${hash('sha256', `${kind}\n${scope}\n${identity}`).slice(0, 32)}`;

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
