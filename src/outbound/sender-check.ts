// The sender of a reply is decided twice: when it is prepared, and again before each submission by the current definition. In between, an
// administrator may have changed the server: another User, `onBehalf` instead of `sendAs`, a stricter role, a removed From.
//   unchanged                            submitted as prepared
//   changed, nothing can have been sent  prepared again under the new sender
//   changed, a copy may have been sent   held with the reason: releasing it agrees to the new sender, and to no other
import type { Reply } from '../contract/reply.ts';
import type { Failure } from '../contract/result.ts';
import type { SmtpServer } from '../domain/email-server.ts';
import type { DecidedSender, JournalEntry } from '../domain/reply-journal.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import { resolveSender, type Sender } from '../domain/sender-policy.ts';
import { defined } from '../lib/defined.ts';
import { failureOf, refusalOf } from './results.ts';
import type { Work } from './work.ts';

export const decidedSender = (server: SmtpServer, sender: Sender): DecidedSender => ({
  name: sender.from.name,
  from: sender.from.address,
  ...defined({ sender: sender.sender?.address }),
  envelopeFrom: sender.envelopeFrom,
  mailbox: sendingMailbox(server),
});

/** @throws MailroomError of {@link resolveSender} */
const decide = (server: SmtpServer, reply: Reply): DecidedSender => decidedSender(server, resolveSender(server, reply));

const PART_NAMES = {
  name: 'display name',
  from: 'From',
  sender: 'Sender',
  envelopeFrom: 'MAIL FROM',
  mailbox: 'User or host of the server',
} as const;
const PARTS = Object.keys(PART_NAMES) as (keyof typeof PART_NAMES)[];

/** Names of the parts that differ from the prepared sender; an entry of an older version has From and MAIL FROM only. */
function senderChanges(
  { decided, from, envelope }: Pick<JournalEntry, 'decided' | 'from' | 'envelope'>,
  current: DecidedSender,
): string[] {
  const before: Partial<DecidedSender> = decided ?? defined({ from, envelopeFrom: envelope?.from });
  const compared = decided === undefined ? PARTS.filter((part) => before[part] !== undefined) : PARTS;
  return compared.filter((part) => before[part] !== current[part]).map((part) => PART_NAMES[part]);
}

export type SenderVerdict =
  | { verdict: 'submit' }
  /** @param changed empty for a reply that is not prepared yet */
  | { verdict: 'prepare'; changed: string[] }
  | { verdict: 'hold'; failure: Failure; offered?: DecidedSender };

/** @throws MailroomError a refusal of the policy, for a reply of which nothing can have been sent */
export function classifySender(work: Work, entry: JournalEntry): SenderVerdict {
  let current: DecidedSender;
  try {
    current = decide(work.server, work.reply);
  } catch (error) {
    const failure = refusalOf(error);
    if (failure === undefined || entry.doubted !== true) throw error;
    return { verdict: 'hold', failure };
  }
  const agreed = entry.agreed !== undefined && senderChanges({ decided: entry.agreed }, current).length === 0;
  if (!agreed && isReplaced(work, entry, current)) {
    return { verdict: 'hold', failure: failureOf('SMTP_SERVER_REPLACED'), offered: current };
  }
  if (entry.rendered === undefined) return { verdict: 'prepare', changed: [] };
  const changed = senderChanges(entry, current);
  if (changed.length === 0) return { verdict: 'submit' };
  if (agreed || entry.doubted !== true) return { verdict: 'prepare', changed };
  const failure = failureOf('REPLY_SENDER_CHANGED', {
    message: `The sender is not the one that this reply was prepared with: ${changed.join(', ')}`,
  });
  return { verdict: 'hold', failure, offered: current };
}

/** Whether the reply was submitted for a server whose name now belongs to another account. */
function isReplaced({ job, replacedAt }: Work, entry: JournalEntry, current: DecidedSender): boolean {
  // Within one millisecond the order is unknown: holding is safe, sending by the wrong account is not.
  if (replacedAt === undefined || Math.min(job.addedAt, entry.createdAt) > replacedAt) return false;
  return (entry.decided?.mailbox ?? entry.mailbox) !== current.mailbox;
}

/**
 * The last check before sending: between the claim and the connection the definition may have changed.
 * @returns false when the reply must return to its queue, to be checked under the current definition
 */
export function stillDecided({ deps, server, reply }: Work, entry: JournalEntry): boolean {
  const current = deps.servers().find(({ name }) => name === server.name);
  if (current === undefined || !current.enabled) return false;
  try {
    return senderChanges(entry, decide(current, reply)).length === 0;
  } catch {
    return false;
  }
}
