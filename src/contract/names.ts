// Names that both sides of Redis rely on: queue names, key prefix, job names and job ids.
// Part of the public contract: a backend in any language computes the same names (docs/consumer.md).
import { createHash } from 'node:crypto';

/**
 * BullMQ prefix of every Mailroom queue, unless `redis.prefix` names another: each installation on a Redis has its own. The braces put all keys
 * into one Redis Cluster slot, which the one-script commit needs.
 */
export const PREFIX = '{mailroom}';

/**
 * Whether a text can be the prefix of an installation: one non-empty hash tag in braces, and otherwise letters, digits, `.`, `_` and `-`.
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export const isPrefix = (text: string): boolean =>
  text.length <= 64 && /^[A-Za-z0-9._-]*\{[A-Za-z0-9._-]+\}[A-Za-z0-9._-]*$/.test(text);

/** Name of the only kind of job on an email flow's queue. */
export const MESSAGE_JOB = 'message';

/** Name of the only kind of job on an SMTP server's queue. */
export const REPLY_JOB = 'reply';

/** Name of the only kind of job on a queue of mailbox events. */
export const MAILBOX_EVENT_JOB = 'mailbox-event';

/** Queue of the outcomes of replies, for all SMTP servers (mailroom.outcome/1). */
export const REPLY_OUTCOMES_QUEUE = 'reply-outcomes';

/** Name of the only kind of job on it. */
export const OUTCOME_JOB = 'outcome';

/** BullMQ refuses `:` in queue names; flow and server names may hold any character, so `:` and the escape itself are percent-encoded. */
function queuePart(name: string): string {
  return name.normalize('NFC').replaceAll('%', '%25').replaceAll(':', '%3A');
}

/** Queue that carries the messages of an email flow: `email-flow.<flow>`. */
export function emailFlowQueue(emailFlow: string): string {
  return `email-flow.${queuePart(emailFlow)}`;
}

/** Queue that carries the replies to submit through an SMTP server: `replies.<server>`. */
export function repliesQueue(server: string): string {
  return `replies.${queuePart(server)}`;
}

/** Queue that carries what people did in the mailboxes of an email flow: `mailbox-events.<flow>`. */
export function mailboxEventsQueue(emailFlow: string): string {
  return `mailbox-events.${queuePart(emailFlow)}`;
}

/**
 * Identity of a watched folder: the account that owns it at its host, and the folder. Not the email server's Name: renaming a definition
 * must not replay its mailbox.
 */
export function mailboxId(mailbox: { host: string; user: string; folder: string }): string {
  const folder = mailbox.folder.toUpperCase() === 'INBOX' ? 'INBOX' : mailbox.folder.normalize('NFC');
  return short(`${mailbox.host.toLowerCase()}\n${mailbox.user.normalize('NFC').toLowerCase()}\n${folder}`, 16);
}

/**
 * Key of one message, deterministic over (mailbox, folder, UIDVALIDITY, UID); also its job id. Never all digits, no `:` (BullMQ's rule).
 * @param era '' or '.2', '.3' … when a server reset its UIDs without a new UIDVALIDITY
 */
export function messageKey(mailbox: string, uidValidity: string, uid: number, era = ''): string {
  return `m-${mailbox}-${uidValidity}${era}-${uid}`;
}

/** Job id of a reply: deterministic over its replyId, so that adding a reply twice is one job. */
export function replyJobId(replyId: string): string {
  return `r-${short(replyId, 32)}`;
}

/**
 * Job id and `outcomeKey` of an outcome: the same fact has the same one. Never all digits, no `:`.
 * @param fact what the outcome reports: the state of the reply, or recipients with their delivery
 */
export function outcomeKey(replyId: string, fact: string): string {
  return `o-${short(replyId, 32)}-${/^[a-z-]{1,40}$/.test(fact) ? fact : short(fact, 16)}`;
}

/** The mailboxId within a messageKey, or undefined when the text is no messageKey. */
export const mailboxOfMessageKey = (key: string): string | undefined => partsOfMessageKey(key)?.mailbox;

/** Inverse of {@link messageKey}; undefined when the text is no messageKey. */
export function partsOfMessageKey(
  key: string,
): { mailbox: string; uidValidity: string; era: string; uid: number } | undefined {
  const [, mailbox, uidValidity, era = '', uid] = /^m-([0-9a-f]{16})-(\d+)(\.\d+)?-(\d+)$/.exec(key) ?? [];
  return mailbox === undefined || uidValidity === undefined
    ? undefined
    : { mailbox, uidValidity, era, uid: Number(uid) };
}

function short(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
