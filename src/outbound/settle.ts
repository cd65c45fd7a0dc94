// Settles uncertain replies: DATA began and no answer came. Searches for Mailroom's header and Message-ID in Sent of the sending mailbox, several
// times until the time limit (Exchange's copy can be slow). Found: accepted. Not found: held for a person, or sent again if the server's
// policy is `resend` and Sent could be searched. A failed search proves nothing.
import { asError } from '../domain/errors.ts';
import { moveRecipients } from '../domain/recipients.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import { defined } from '../lib/defined.ts';
import { settleAccepted } from './accept.ts';
import type { SentFinding } from './ports.ts';
import { failureOf, resultOf } from './results.ts';
import { expectedIn, later, move, report, type Work } from './work.ts';

export async function settleUncertain(work: Work, entry: JournalEntry): Promise<JobEnding> {
  const { server, settings } = work;
  const looks = (entry.looks ?? 0) + 1;
  const finding = await searchSent(work, entry).catch(asError);
  if (finding instanceof Error) report(work, 'SentSearchFailed', { err: finding });
  else if (finding.found) return foundInSent(work, entry, finding);
  const evidence =
    finding instanceof Error
      ? `look ${looks}: Sent not searchable: ${finding.message.slice(0, 200)}`
      : `look ${looks}: not in ${finding.folder} (${finding.looked} mails compared)`;
  const still = await move(work, { from: ['uncertain'], to: 'uncertain', change: { looks, evidence } });
  // A late answer of the server came in between: the journal has it.
  if (!still.moved) return later();
  // Both by the journal's clock: a replica with a fast clock must not decide early.
  const passed = still.at - (entry.uncertainSince ?? still.at);
  const left = settings.settleMs - passed;
  if (left > 0) {
    const next = Math.min(settings.firstLookMs * 2 ** looks - passed, left);
    await work.job.progress({ state: 'uncertain', expectedAt: expectedIn(left) });
    return later(Math.max(next, 100));
  }
  const isSearched = !(finding instanceof Error);
  if (server.uncertain === 'resend' && isSearched && (entry.acceptances ?? 0) === 0) return resend(work);
  return hold(work, entry);
}

/** @throws when Sent cannot be searched */
async function searchSent({ deps, server, reply }: Work, entry: JournalEntry): Promise<SentFinding> {
  if (entry.mailbox !== undefined && entry.mailbox !== sendingMailbox(server))
    throw new Error('the server now signs in as another mailbox than the one this reply left by');
  const finding = await deps.sent.search(server, {
    replyId: reply.replyId,
    messageId: entry.messageId ?? '',
    since: new Date(entry.dataBegunAt ?? entry.uncertainSince ?? entry.createdAt),
    folder: server.sentCopy.policy === 'append' ? server.sentCopy.folder : undefined,
  });
  // The copies of earlier recipients' mails have the same Message-ID: they prove nothing about this one.
  return finding.found && finding.copies <= (entry.acceptances ?? 0)
    ? { found: false, folder: finding.folder, looked: finding.copies }
    : finding;
}

async function foundInSent(
  work: Work,
  entry: JournalEntry,
  finding: SentFinding & { found: true },
): Promise<JobEnding> {
  const serverMessageId = finding.messageId === entry.messageId ? undefined : finding.messageId;
  const recipients =
    entry.recipients === undefined ? undefined : moveRecipients(entry.recipients, ['uncertain'], { state: 'accepted' });
  const ending = await settleAccepted(work, entry, {
    recipients,
    waitMs: 60_000 * work.settings.waitScale,
    result: {
      acceptedAt: new Date(entry.dataBegunAt ?? Date.now()).toISOString(),
      ...defined({ serverMessageId }),
      warnings: [`no answer of the server; found in ${finding.folder} by ${finding.by}`],
    },
    evidence: `found in ${finding.folder} by ${finding.by}, ${finding.copies} copies`,
    from: ['uncertain'],
    fence: work.fence,
    taken: true,
    foundBy: finding.by,
  });
  return ending ?? later();
}

async function resend(work: Work): Promise<JobEnding> {
  await move(work, {
    from: ['uncertain'],
    to: 'prepared',
    change: { evidence: 'not found in Sent: sent again by policy resend' },
  });
  report(work, 'ReplyResent');
  return later(0);
}

async function hold(work: Work, entry: JournalEntry): Promise<JobEnding> {
  const result = resultOf({ ...entry, state: 'held' }, { failure: failureOf('REPLY_HELD') });
  const { moved } = await move(work, {
    from: ['uncertain'],
    to: 'held',
    release: work.fence,
    change: { result, evidence: 'held for a person' },
  });
  if (!moved) return later();
  report(work, 'ReplyHeld');
  return { end: 'failed', result };
}
