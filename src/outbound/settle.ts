// Settles uncertain replies: DATA began and no answer came. Searches for Mailroom's header and Message-ID in Sent of the sending mailbox, several
// times until the time limit (Exchange's copy can be slow). Found: accepted. Not found: held for a person, or sent again if the server's
// policy is `resend` and Sent could be searched. A failed search proves nothing.
import type { Failure } from '../contract/result.ts';
import { asError } from '../domain/errors.ts';
import { moveRecipients } from '../domain/recipients.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import { settleAccepted } from './accept.ts';
import type { SentFinding } from './ports.ts';
import { failureOf, resultOf } from './results.ts';
import type { Work } from './work.ts';

export async function settleUncertain(work: Work, entry: JournalEntry): Promise<JobEnding> {
  const { deps, server, reply, fence, settings, now } = work;
  const looks = (entry.looks ?? 0) + 1;
  let finding: SentFinding | undefined;
  let fault = '';
  const since = new Date(entry.dataBegunAt ?? entry.uncertainSince ?? entry.createdAt);
  try {
    if (entry.mailbox !== undefined && entry.mailbox !== sendingMailbox(server))
      throw new Error('the server now signs in as another mailbox than the one this reply left by');
    finding = await deps.sent.search(server, {
      replyId: reply.replyId,
      messageId: entry.messageId ?? '',
      since,
      folder: server.sentCopy.policy === 'append' ? server.sentCopy.folder : undefined,
    });
  } catch (error) {
    fault = asError(error).message.slice(0, 200);
    deps.emit('SentSearchFailed', { server: server.name, replyId: reply.replyId, err: asError(error) });
  }
  // The copies of earlier recipients' mails are already there, under the same Message-ID: they prove nothing about this one.
  const before = entry.acceptances ?? 0;
  if (finding?.found === true && finding.copies <= before)
    finding = { found: false, folder: finding.folder, looked: finding.copies };
  if (finding?.found === true) return foundInSent(work, entry, finding);
  const evidence =
    finding === undefined
      ? `look ${looks}: Sent not searchable: ${fault}`
      : `look ${looks}: not in ${finding.folder} (${finding.looked} mails compared)`;
  const still = await deps.journal.transition(reply.replyId, {
    from: ['uncertain'],
    to: 'uncertain',
    fence,
    change: { looks, evidence },
  });
  // A late answer of the server came in between: the journal has it.
  if (!still.moved) return { end: 'later', at: now() + 500 };
  // Both by the journal's clock: a replica with a fast clock must not decide early.
  const passed = still.at - (entry.uncertainSince ?? still.at);
  const left = settings.settleMs - passed;
  if (left > 0) {
    const next = Math.min(settings.firstLookMs * 2 ** looks - passed, left);
    await work.job.progress({ state: 'uncertain', expectedAt: new Date(now() + left).toISOString() });
    return { end: 'later', at: now() + Math.max(next, 100) };
  }
  if (server.uncertain === 'resend' && finding !== undefined && before === 0) return resend(work);
  return hold(work, entry);
}

async function foundInSent(
  work: Work,
  entry: JournalEntry,
  finding: SentFinding & { found: true },
): Promise<JobEnding> {
  const { fence, now } = work;
  const rewritten = finding.messageId !== undefined && finding.messageId !== entry.messageId;
  const recipients =
    entry.recipients === undefined ? undefined : moveRecipients(entry.recipients, ['uncertain'], { state: 'accepted' });
  const ending = await settleAccepted(work, entry, {
    recipients,
    waitMs: 60_000 * work.settings.waitScale,
    result: {
      acceptedAt: new Date(entry.dataBegunAt ?? now()).toISOString(),
      ...(rewritten && finding.messageId !== undefined ? { serverMessageId: finding.messageId } : {}),
      warnings: [`no answer of the server; found in ${finding.folder} by ${finding.by}`],
    },
    evidence: `found in ${finding.folder} by ${finding.by}, ${finding.copies} copies`,
    from: ['uncertain'],
    fence,
    taken: true,
    foundBy: finding.by,
  });
  return ending ?? { end: 'later', at: now() + 500 };
}

async function resend({ deps, server, reply, fence, now }: Work): Promise<JobEnding> {
  await deps.journal.transition(reply.replyId, {
    from: ['uncertain'],
    to: 'prepared',
    fence,
    change: { evidence: 'not found in Sent: sent again by policy resend' },
  });
  deps.emit('ReplyResent', { server: server.name, replyId: reply.replyId });
  return { end: 'later', at: now() };
}

async function hold({ deps, server, reply, fence, now }: Work, entry: JournalEntry): Promise<JobEnding> {
  const failure: Failure = failureOf('REPLY_HELD');
  const result = resultOf({ ...entry, state: 'held' }, { failure });
  const { moved } = await deps.journal.transition(reply.replyId, {
    from: ['uncertain'],
    to: 'held',
    fence,
    release: fence,
    change: { result, evidence: 'held for a person' },
  });
  if (!moved) return { end: 'later', at: now() + 500 };
  deps.emit('ReplyHeld', { server: server.name, replyId: reply.replyId });
  return { end: 'failed', result };
}
