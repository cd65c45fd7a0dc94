// A server accepted the mail, or it was found in Sent: for all recipients, or for some while others are deferred. Then the reply returns to `prepared`
// for the deferred ones only: with the same bytes and Message-ID, and without the recipients that have it. It ends `accepted` when each is settled.
import type { RecipientState, Remote, Result } from '../contract/result.ts';
import { moveRecipients, some } from '../domain/recipients.ts';
import type { JournalEntry, ReplyState, Transition, Transitioned } from '../domain/reply-journal.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import { DAY_MS } from '../lib/time.ts';
import { insist } from './insist.ts';
import { remoteLine, resultOf, type Told } from './results.ts';
import { storeSentCopy, type Work, wantMark } from './work.ts';

/** A recipient that is deferred for longer is given up (RFC 5321 §4.5.4.1: at least 4–5 days), ms. */
export const GIVE_UP_MS = 5 * DAY_MS;

interface Acceptance {
  /** Their current states; undefined: all have it. */
  recipients: readonly RecipientState[] | undefined;
  /** Until a deferred recipient is tried again, ms. */
  waitMs: number;
  /** Fields of the result: acceptedAt, serverMessageId, remote, warnings. */
  result: Omit<Told, 'recipients'>;
  evidence: string;
  from: readonly ReplyState[];
  /** Undefined: the current holder of the claim. A late answer still counts. */
  fence?: number;
  /** A server accepted a mail now; otherwise the last open recipient was refused. */
  taken: boolean;
  /** Found in Sent, and by which field. */
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
      ...(recipients === undefined ? {} : { recipients: [...recipients] }),
      warnings: [...(given.result.warnings ?? []), ...warnings],
    },
  );
  const { moved, state } = await move(work, {
    from: open ? given.from.filter((one) => one !== 'dropped') : given.from,
    to,
    ...(given.fence === undefined ? {} : { fence: given.fence }),
    ...(open ? { waitMs: given.waitMs } : { release: work.fence }),
    change: {
      result,
      evidence: given.evidence,
      acceptances,
      ...(recipients === undefined ? {} : { recipients }),
      // The recipients that have the mail have it under this sender: changing the sender is a person's decision.
      ...(open && since !== undefined ? { deferredSince: since, doubted: true } : {}),
    },
  });
  if (!moved) {
    // A person dropped it in the meantime: recipients that have it keep it, and no other is tried.
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
  const { deps, reply, now } = work;
  const { open, refused, recipients, result } = settled;
  const named = { server: work.server.name, replyId: reply.replyId };
  if (given.foundBy !== undefined) deps.emit('ReplySettled', { ...named, reason: given.foundBy });
  if (!open) {
    deps.emit('ReplyAccepted', { ...named, attempts: entry.attempts, durationMs: sinceHandedIn(work) });
    await wantMark(work, reply);
    if (refused > 0) deps.emit('ReplyPartlyRefused', { ...named, count: refused });
  }
  if (given.taken) {
    work.proven();
    await deps.pauses.healed(work.server.name).catch(() => {}); // does not affect the acceptance
    await storeSentCopy(work, { ...entry, state: 'accepted' });
  }
  if (open) {
    const count = recipients?.filter((one) => one.state !== 'accepted' && one.state !== 'rejected').length ?? 0;
    deps.emit('ReplyPartlyDeferred', { ...named, count, delayMs: given.waitMs });
    await work.job.progress({ state: 'prepared', expectedAt: new Date(now() + given.waitMs).toISOString() });
    return { end: 'later', at: now() + given.waitMs };
  }
  return { end: 'completed', result };
}

/** ms from submission by the backend until now, without requested waits. */
const sinceHandedIn = ({ job, reply, now }: Work): number =>
  Math.max(0, now() - Math.max(job.addedAt, Date.parse(reply.notBefore ?? '') || 0));

/** This is known only once, so it is written until Redis accepts it. */
const move = (work: Work, transition: Transition): Promise<Transitioned> =>
  insist(() => work.deps.journal.transition(work.reply.replyId, transition), work.settings.insistMs);

const journalTime = async (work: Work, recipients: readonly RecipientState[] | undefined) =>
  some(recipients, 'deferred') ? work.deps.journal.now() : undefined;

export const acceptedLine = (remote: Remote | undefined): string => `accepted: ${remoteLine(remote)}`;
