// A server accepted the mail, or it was found in Sent: for all recipients, or for some while others are deferred. In the latter case the reply returns to
// `prepared` for the deferred ones only, with the same bytes and Message-ID. It ends `accepted` when each recipient is settled.
import type { RecipientState, Result } from '../contract/result.ts';
import { moveRecipients, some } from '../domain/recipients.ts';
import type { JournalEntry, ReplyState } from '../domain/reply-journal.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import { defined } from '../lib/defined.ts';
import { DAY_MS } from '../lib/time.ts';
import { type ResultFields, resultOf } from './results.ts';
import { expectedIn, insist, later, report, requestMark, storeSentCopy, type Work } from './work.ts';

/** A recipient that is deferred for longer is given up (RFC 5321 §4.5.4.1: at least 4–5 days), ms. */
export const GIVE_UP_MS = 5 * DAY_MS;

interface Acceptance {
  /** Their states; undefined: all accepted. */
  recipients: readonly RecipientState[] | undefined;
  /** Until a deferred recipient is tried again, ms. */
  waitMs: number;
  /** Fields of the result: acceptedAt, serverMessageId, remote, warnings. */
  result: Omit<ResultFields, 'recipients'>;
  evidence: string;
  from: readonly ReplyState[];
  /** Undefined: the current holder of the claim. A late answer still counts. */
  fence?: number;
  /** A server accepted a mail; false: the last open recipient was refused. */
  taken: boolean;
  /** The field by which it was found in Sent. */
  foundBy?: string;
}

/** @returns undefined when the journal has moved on: its entry has the outcome */
export async function settleAccepted(
  work: Work,
  entry: JournalEntry,
  given: Acceptance,
): Promise<JobEnding | undefined> {
  const { deps } = work;
  const since = entry.deferredSince ?? (await journalTime(work, given.recipients));
  const givenUp = since !== undefined && (await deps.journal.now()) - since > GIVE_UP_MS;
  const recipients = givenUp
    ? moveRecipients(given.recipients ?? [], ['deferred', 'pending'], { state: 'rejected' })
    : given.recipients;
  const acceptances = (entry.acceptances ?? 0) + (given.taken ? 1 : 0);
  const open = some(recipients, 'deferred') || some(recipients, 'pending');
  const to: ReplyState = open ? 'prepared' : 'accepted';
  const refused = recipients?.filter(({ state }) => state === 'rejected').length ?? 0;
  const warnings = open || refused === 0 ? [] : [`${refused} of ${recipients?.length} recipients were refused`];
  const result = resultOf(
    { ...entry, state: to },
    {
      ...given.result,
      ...defined({ recipients }),
      warnings: [...(given.result.warnings ?? []), ...warnings],
    },
  );
  const { moved, state } = await insist(work, () =>
    deps.journal.transition(work.reply.replyId, {
      from: open ? given.from.filter((one) => one !== 'dropped') : given.from,
      to,
      ...defined({ fence: given.fence }),
      ...(open ? { waitMs: given.waitMs } : { release: work.fence }),
      change: {
        result,
        evidence: given.evidence,
        acceptances,
        ...defined({ recipients }),
        // Some recipients have the mail from this sender: only a person may change the sender now.
        ...(open && since !== undefined ? { deferredSince: since, doubted: true } : {}),
      },
    }),
  );
  if (!moved) {
    // A person dropped it in the meantime: it was accepted for some recipients, and the others are not tried.
    const dropped = open && state === 'dropped' && given.from.includes('dropped');
    const ended = moveRecipients(recipients ?? [], ['deferred', 'pending'], { state: 'rejected' });
    return dropped ? settleAccepted(work, entry, { ...given, recipients: ended, from: ['dropped'] }) : undefined;
  }
  return afterwards(work, entry, given, { open, refused, recipients, result });
}

/** After the journal: the events, the copy for Sent, and the outcome of the job. */
async function afterwards(
  work: Work,
  entry: JournalEntry,
  given: Acceptance,
  settled: { open: boolean; refused: number; recipients: readonly RecipientState[] | undefined; result: Result },
): Promise<JobEnding> {
  const { open, refused, recipients, result } = settled;
  if (given.foundBy !== undefined) report(work, 'ReplySettled', { reason: given.foundBy });
  if (!open) {
    report(work, 'ReplyAccepted', { attempts: entry.attempts, durationMs: sinceSubmitted(work) });
    await requestMark(work, work.reply);
    if (refused > 0) report(work, 'ReplyPartlyRefused', { count: refused });
  }
  if (given.taken) {
    work.onAccepted();
    await work.deps.pauses.healed(work.server.name).catch(() => {}); // does not affect the acceptance
    await storeSentCopy(work, { ...entry, state: 'accepted' });
  }
  if (open) {
    const count = recipients?.filter((one) => one.state !== 'accepted' && one.state !== 'rejected').length ?? 0;
    report(work, 'ReplyPartlyDeferred', { count, delayMs: given.waitMs });
    await work.job.progress({ state: 'prepared', expectedAt: expectedIn(given.waitMs) });
    return later(given.waitMs);
  }
  return { end: 'completed', result };
}

/** ms since the backend submitted it, without requested waits. */
const sinceSubmitted = ({ job, reply }: Work): number =>
  Math.max(0, Date.now() - Math.max(job.addedAt, Date.parse(reply.notBefore ?? '') || 0));

const journalTime = async (work: Work, recipients: readonly RecipientState[] | undefined) =>
  some(recipients, 'deferred') ? work.deps.journal.now() : undefined;
