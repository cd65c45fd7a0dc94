// A reply that is not to be sent after all: cancelled by its backend, or past its expiresAt. Decided by one transition of the journal: it succeeds as
// long as DATA has not begun (which needs `submitting`), and from then on DATA cannot begin any more. Nothing is taken back that may have left.
import { parseReply } from '../contract/reply.ts';
import type { Result } from '../contract/result.ts';
import { MailroomError } from '../domain/errors.ts';
import { moveRecipients, some } from '../domain/recipients.ts';
import { type JournalEntry, type ReplyState, replyDigest } from '../domain/reply-journal.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import { settleAccepted } from './accept.ts';
import { forgottenBegin } from './begin.ts';
import { doubtful } from './conclude.ts';
import type { OutboundDeps } from './ports.ts';
import { failureOf, resultOf } from './results.ts';
import { fenced, type Work } from './work.ts';

type WithdrawDeps = Pick<OutboundDeps, 'journal' | 'queues' | 'blobs' | 'emit'>;

/** Not a byte of it has left, if the marks in the blob store say the same. */
const BEFORE_DATA: readonly ReplyState[] = ['queued', 'prepared', 'submitting'];

/** The entry of a reply that a backend put on a queue itself and that no worker has taken yet. */
async function admitted(
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
 * @param by who does not want it sent, for the evidence
 * @param servers whose queues it may be on
 * @throws MailroomError REPLY_UNKNOWN, REPLY_TOO_LATE
 */
export async function cancelReply(
  deps: WithdrawDeps,
  replyId: string,
  by: string,
  servers: () => Promise<readonly string[]>,
): Promise<Result> {
  const { journal, blobs } = deps;
  const entry = (await journal.read(replyId)) ?? (await admitted(deps, replyId, await servers()));
  if (entry === undefined) throw new MailroomError('REPLY_UNKNOWN', { field: 'replyId' });
  if (entry.state === 'dropped' && entry.result?.ended === 'cancelled') return resultOf(entry);
  // What Redis forgot of its DATA is not undone by dropping it: it is looked for in Sent.
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
  // Its job ends now, not at its notBefore. Of no weight: it ends by the journal whenever it runs.
  await deps.queues.promote(entry.server, replyId).catch(() => {});
  return result;
}

/** Drops what is past its time and of which nothing has left; for replies that no worker has at work. @returns false: another is at it, or it is too late */
export async function expireReply(deps: Pick<WithdrawDeps, 'journal' | 'blobs' | 'emit'>, entry: JournalEntry) {
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

/** At work, and past its time: how it ends. undefined: it is in time. */
export async function endIfExpired(work: Work, entry: JournalEntry): Promise<JobEnding | undefined> {
  const { deps, reply, server, fence, now } = work;
  if (reply.expiresAt === undefined || (await deps.journal.now()) < Date.parse(reply.expiresAt)) return undefined;
  const forgotten = await forgottenBegin(work, entry);
  if (forgotten !== undefined) return doubtful(work, entry, forgotten);
  const named = { server: server.name, replyId: reply.replyId };
  if (some(entry.recipients, 'accepted')) {
    // Some have it: it ends for the others.
    const recipients = moveRecipients(entry.recipients ?? [], ['deferred', 'pending'], {
      state: 'rejected',
      code: 'REPLY_EXPIRED',
    });
    const given = { recipients, waitMs: 0, result: {}, evidence: EXPIRED, from: BEFORE_DATA, fence, taken: false };
    const ending = await settleAccepted(work, entry, given);
    if (ending !== undefined) deps.emit('ReplyExpired', named);
    return ending ?? fenced(work);
  }
  const result = expiredResult(entry);
  const { moved } = await deps.journal.transition(reply.replyId, {
    from: BEFORE_DATA,
    to: 'dropped',
    fence,
    release: fence,
    change: { result, evidence: EXPIRED },
  });
  if (!moved) return { end: 'later', at: now() + 500 };
  deps.emit('ReplyExpired', named);
  return { end: 'failed', result };
}
