// A reply that is not to be sent any more: cancelled by its backend, or past its expiresAt. One transition of the journal decides: it succeeds only
// before DATA, and DATA cannot begin after it. A mail that may have been sent is not withdrawn.
import { parseReply } from '../contract/reply.ts';
import type { Result } from '../contract/result.ts';
import { MailroomError } from '../domain/errors.ts';
import { moveRecipients, some } from '../domain/recipients.ts';
import { type JournalEntry, type ReplyState, replyDigest } from '../domain/reply-journal.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import { settleAccepted } from './accept.ts';
import { forgottenBegin } from './begin-data.ts';
import { uncertainByMarker } from './conclude.ts';
import type { OutboundDeps } from './ports.ts';
import { failureOf, resultOf } from './results.ts';
import { fenced, later, move, report, type Work } from './work.ts';

type WithdrawDeps = Pick<OutboundDeps, 'journal' | 'queues' | 'blobs' | 'emit'>;

/** No byte has been sent, unless a marker in the blob store contradicts. */
const BEFORE_DATA: readonly ReplyState[] = ['queued', 'prepared', 'submitting'];

/** Creates the entry of a reply that a backend put on a queue itself and that no worker has taken yet. */
async function admitQueued(
  { journal, queues }: WithdrawDeps,
  replyId: string,
  servers: readonly string[],
): Promise<JournalEntry | undefined> {
  for (const server of servers) {
    const job = await queues.find(server, replyId);
    const parsed = job === undefined ? undefined : parseReply(job.payload);
    if (job?.result !== undefined || parsed === undefined || !('reply' in parsed)) continue;
    await journal.admit({ replyId, digest: replyDigest({ ...parsed.reply, server }), server });
    return journal.read(replyId);
  }
  return undefined;
}

const tooLate = (state: ReplyState | undefined) =>
  new MailroomError('REPLY_TOO_LATE', {
    field: 'replyId',
    message: `This reply is ${state ?? 'unknown'}${state === undefined || BEFORE_DATA.includes(state) ? ', and a copy of it may have left' : ''}`,
  });

/**
 * @param by who cancels it, for the evidence
 * @param servers on whose queues it may be
 * @throws MailroomError REPLY_UNKNOWN, REPLY_TOO_LATE
 */
export async function cancelReply(
  deps: WithdrawDeps,
  replyId: string,
  by: string,
  servers: () => Promise<readonly string[]>,
): Promise<Result> {
  const { journal, blobs } = deps;
  const entry = (await journal.read(replyId)) ?? (await admitQueued(deps, replyId, await servers()));
  if (entry === undefined) throw new MailroomError('REPLY_UNKNOWN', { field: 'replyId' });
  if (entry.state === 'dropped' && entry.result?.ended === 'cancelled') return resultOf(entry);
  // DATA that Redis lost cannot be undone: such a reply is searched in Sent.
  if (BEFORE_DATA.includes(entry.state) && (await forgottenBegin({ deps: { blobs }, reply: { replyId } }, entry)))
    throw tooLate('uncertain');
  const result = resultOf(
    { ...entry, state: 'dropped' },
    { ended: 'cancelled', failure: failureOf('REPLY_CANCELLED') },
  );
  const { moved, state } = await journal.transition(replyId, {
    from: [...BEFORE_DATA, 'held'],
    to: 'dropped',
    unsent: true,
    change: { result, evidence: `cancelled by ${by}` },
  });
  if (!moved) throw tooLate(state);
  deps.emit('ReplyCancelled', { server: entry.server, replyId, detail: { by } });
  // Its job ends now, not at its notBefore; if this fails, the job ends by the journal when it runs.
  await deps.queues.promote(entry.server, replyId).catch(() => {});
  return result;
}

/** Drops an expired reply of which nothing has been sent and that no worker has claimed. @returns false: a worker has it, or it is too late */
export async function expireReply(
  deps: Pick<WithdrawDeps, 'journal' | 'blobs' | 'emit'>,
  entry: JournalEntry,
): Promise<boolean> {
  const { replyId, server } = entry;
  if ((await forgottenBegin({ deps, reply: { replyId } }, entry)) !== undefined) return false;
  const { moved } = await deps.journal.transition(replyId, {
    from: ['queued', 'prepared'],
    to: 'dropped',
    unsent: true,
    change: { result: expiredResult(entry), evidence: EXPIRED },
  });
  if (moved) deps.emit('ReplyExpired', { server, replyId });
  return moved;
}

const EXPIRED = 'not sent before its expiresAt';

const expiredResult = (entry: JournalEntry): Result =>
  resultOf(
    { ...entry, state: 'dropped' },
    {
      ended: 'expired',
      failure: failureOf('REPLY_EXPIRED'),
      ...(entry.doubted === true ? { warnings: ['an earlier submission of it may have been accepted'] } : {}),
    },
  );

/** Ends a claimed reply that has expired. @returns undefined: it has not */
export async function endIfExpired(work: Work, entry: JournalEntry): Promise<JobEnding | undefined> {
  const { deps, reply, fence } = work;
  if (reply.expiresAt === undefined || (await deps.journal.now()) < Date.parse(reply.expiresAt)) return undefined;
  const forgotten = await forgottenBegin(work, entry);
  if (forgotten !== undefined) return uncertainByMarker(work, entry, forgotten);
  if (some(entry.recipients, 'accepted')) {
    // Some recipients have it: it ends for the others.
    const recipients = moveRecipients(entry.recipients ?? [], ['deferred', 'pending'], {
      state: 'rejected',
      code: 'REPLY_EXPIRED',
    });
    const given = { recipients, waitMs: 0, result: {}, evidence: EXPIRED, from: BEFORE_DATA, fence, taken: false };
    const ending = await settleAccepted(work, entry, given);
    if (ending !== undefined) report(work, 'ReplyExpired');
    return ending ?? fenced(work);
  }
  const result = expiredResult(entry);
  const { moved } = await move(work, {
    from: BEFORE_DATA,
    to: 'dropped',
    release: fence,
    change: { result, evidence: EXPIRED },
  });
  if (!moved) return later();
  report(work, 'ReplyExpired');
  return { end: 'failed', result };
}
