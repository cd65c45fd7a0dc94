// Delivers one reply: the processor of a replies queue. Every run of a job, even a stalled or duplicate one, must first claim the reply in the
// journal. What it does next depends on the reply's state:
//   queued, prepared, submitting   submission.ts: check the sender (sender-check.ts), compose (prepare.ts; isolation.ts if it may end the process),
//                                  check for a colleague's answer (answered-elsewhere.ts), take a connection (connection-pool.ts), submit.
//                                  begin-data.ts is the gate before the first byte, conclude.ts classifies the outcome, accept.ts records an acceptance
//   data-begun                     the process that began DATA has ended: the reply becomes uncertain
//   uncertain                      settle.ts: search Sent until it is accepted, held or, by policy, sent again
//   accepted, rejected, held, dropped   the job ends with the journal's result. A person releases what is held (hold.ts, held-replies.ts)
// Before DATA, withdraw.ts may drop it. missing-jobs.ts finds replies in progress without a job.
// Invariant: once DATA has begun, nothing is sent again without proof that the first attempt did not go out (submission.ts defines proof).
import { randomUUID } from 'node:crypto';
import { cancelSchema, parseReply, type Reply, unknownWarnings } from '../contract/reply.ts';
import type { Result } from '../contract/result.ts';
import { backoffMs } from '../domain/backoff.ts';
import { asError } from '../domain/errors.ts';
import { settledOutcome } from '../domain/outcomes.ts';
import { expiryOf, type JournalEntry, replyDigest } from '../domain/reply-journal.ts';
import type { JobEnding, ReplyJob } from '../domain/reply-queues.ts';
import { startClaimClock, stopwatch } from './claim-clock.ts';
import { describeProblems } from './malformed.ts';
import { traceRun, traceStep } from './reply-trace.ts';
import { failureOf, refusalOf, resultOf } from './results.ts';
import { settleUncertain } from './settle.ts';
import { prepareAndSubmit } from './submission.ts';
import { cancelReply, endIfExpired } from './withdraw.ts';
import {
  type Delivery,
  expectedIn,
  later,
  move,
  reject,
  report,
  requestMark,
  storeSentCopy,
  type Work,
} from './work.ts';

/** BullMQ priority (1 is first) of a reply: agents' before automatic ones, whatever their own priority. */
export function priorityOf(reply: Pick<Reply, 'priority' | 'automatic'>): number {
  return (reply.automatic ? 100 : 0) + { high: 1, normal: 10, low: 20 }[reply.priority];
}

/** Runs one job to its end. Never throws: a failure of Redis or the blob store leads to a later attempt. */
export async function deliverReply(delivery: Delivery, job: ReplyJob): Promise<JobEnding> {
  return traceRun(delivery, job, async (traced) => {
    try {
      return await passGate(traced, job);
    } catch (error) {
      return afterFault(traced, job, error);
    }
  });
}

function afterFault({ deps, settings, server }: Delivery, job: ReplyJob, error: unknown, replyId?: string): JobEnding {
  deps.emit('ReplyWorkerFailed', {
    server: server.name,
    ...(replyId === undefined ? { jobId: job.jobId } : { replyId }),
    err: asError(error),
  });
  const waitMs = settings.waitScale * backoffMs(job.attemptsMade + 1, { baseMs: 2_000, capMs: 60_000 });
  return later(waitMs);
}

async function passGate(delivery: Delivery, job: ReplyJob): Promise<JobEnding> {
  const { deps, settings, server } = delivery;
  const cancel = cancelSchema.safeParse(job.payload);
  if (cancel.success) return cancelled(delivery, cancel.data.cancel);
  const parsed = parseReply(job.payload);
  if ('issues' in parsed) return malformed(delivery, job, parsed.issues);
  if (parsed.reply.server !== undefined && parsed.reply.server !== server.name) {
    const message = `is not ${server.name}, whose queue this is`;
    return malformed(delivery, job, [{ code: 'custom', path: ['server'], message, input: undefined }]);
  }
  const reply = { ...parsed.reply, server: server.name };
  const { replyId } = reply;
  const notBefore = reply.notBefore === undefined ? 0 : Date.parse(reply.notBefore);
  const expiresAt = reply.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(reply.expiresAt);
  if (Math.min(notBefore, expiresAt) > Date.now()) {
    const entry = await deps.journal.read(replyId);
    if (entry?.state === 'dropped') return endingOf(entry);
    await job.progress({ state: 'queued', expectedAt: new Date(notBefore).toISOString() });
    return { end: 'later', at: Math.min(notBefore, expiresAt), priority: job.priority || priorityOf(reply) };
  }
  // A backend may add an automatic reply without a priority; BullMQ would take it before all jobs that have one.
  if (reply.automatic && job.priority < 100) return { end: 'later', at: Date.now(), priority: priorityOf(reply) };

  const asked = stopwatch();
  const claim = await deps.journal.claim({
    replyId,
    digest: replyDigest(reply),
    server: server.name,
    ...expiryOf(reply),
    owner: randomUUID(),
    leaseMs: settings.leaseMs,
  });
  const about = { deps, server, reply };
  switch (claim.claim) {
    case 'reused': {
      const failure = failureOf('REPLY_ID_REUSED');
      report(about, 'ReplyRejected', { code: failure.code, class: failure.class });
      return { end: 'failed', result: resultOf({ replyId, server: server.name, state: 'rejected' }, { failure }) };
    }
    case 'busy':
      report(about, 'ReplyGateClosed', { state: 'busy' });
      return later(claim.retryAfterMs + 50);
    case 'early':
      await job.progress({ state: 'prepared', expectedAt: expectedIn(claim.retryAfterMs) });
      return later(claim.retryAfterMs);
    case 'settled':
      report(about, 'ReplyGateClosed', { state: claim.entry.state });
      if (claim.entry.state === 'accepted') {
        await storeSentCopy(delivery, claim.entry);
        await requestMark(delivery, reply);
      }
      return endingOf(claim.entry);
    case 'yours': {
      const { fence } = claim;
      const clock = startClaimClock(asked, settings.leaseMs, () =>
        deps.journal.renew(replyId, fence, settings.leaseMs),
      );
      const work = { ...delivery, job, reply, fence, claimStillValid: clock.claimStillValid };
      return atWork(work, withUnknown(work, claim.entry, parsed.unknown)).finally(clock.stop);
    }
  }
}

/** Unknown keys of the job: named once in the log, and in the result. */
function withUnknown(work: Work, entry: JournalEntry, unknown: readonly string[]): JournalEntry {
  if (unknown.length === 0) return entry;
  if (entry.state === 'queued' && entry.attempts === 0) report(work, 'ReplyKeysUnknown', { detail: { keys: unknown } });
  return { ...entry, result: resultOf(entry, { warnings: unknownWarnings(unknown) }) };
}

/** The ending of a settled reply's job. */
function endingOf(entry: JournalEntry): JobEnding {
  // An entry of an older version still has the failure for which it was held.
  const isOutdated = entry.state === 'dropped' && entry.result?.state !== 'dropped';
  const result = resultOf(entry, isOutdated ? { failure: failureOf('REPLY_DROPPED') } : {});
  return { end: entry.state === 'accepted' ? 'completed' : 'failed', result };
}

async function atWork(work: Work, entry: JournalEntry): Promise<JobEnding> {
  let ending: JobEnding | undefined;
  try {
    ending = await nextStep(work, entry);
    return ending;
  } catch (thrown) {
    let error = thrown;
    const failure = refusalOf(error);
    if (failure !== undefined && ['queued', 'prepared', 'submitting'].includes(entry.state)) {
      try {
        ending = await reject(work, failure);
        return ending;
      } catch (fault) {
        error = fault;
      }
    }
    return afterFault(work, work.job, error, work.reply.replyId);
  } finally {
    // The step that ended the reply has released its claim. If this release fails, the claim expires.
    if (ending?.end !== 'completed' && ending?.end !== 'failed')
      await work.deps.journal.release(work.reply.replyId, work.fence).catch(() => {});
  }
}

async function nextStep(work: Work, entry: JournalEntry): Promise<JobEnding> {
  switch (entry.state) {
    case 'uncertain':
      return traceStep(work, 'settle', () => settleUncertain(work, entry));
    case 'data-begun': {
      // The process that sent this no longer exists. What it sent is unknown: uncertain, not failed.
      await move(work, {
        from: ['data-begun'],
        to: 'uncertain',
        change: { evidence: 'worker ended between DATA and the server’s answer' },
      });
      report(work, 'ReplyUncertain');
      const moved = (await work.deps.journal.read(work.reply.replyId)) ?? entry;
      return traceStep(work, 'settle', () => settleUncertain(work, moved));
    }
    default:
      return (await endIfExpired(work, entry)) ?? prepareAndSubmit(work, entry);
  }
}

/** A job that cancels another one: it ends with that job's result, or with the reason why it is too late. */
async function cancelled({ deps, server }: Delivery, replyId: string): Promise<JobEnding> {
  try {
    const result = await cancelReply(deps, replyId, 'its backend', async () => [server.name]);
    return { end: 'completed', result };
  } catch (error) {
    const failure = refusalOf(error);
    if (failure === undefined) throw error;
    const entry = await deps.journal.read(replyId);
    const result = resultOf(entry ?? { replyId, server: server.name, state: 'rejected' });
    return { end: 'failed', result: { ...result, failure } };
  }
}

async function malformed(
  delivery: Delivery,
  job: ReplyJob,
  issues: Parameters<typeof describeProblems>[0],
): Promise<JobEnding> {
  const { message, field, replyId } = describeProblems(issues, job.payload);
  delivery.deps.emit('ReplyRejected', {
    server: delivery.server.name,
    jobId: job.jobId,
    code: 'REPLY_MALFORMED',
    class: 'invalid',
    field, // the value may be a customer's address: it is in the result, not in the log
  });
  const result = resultOf(
    { replyId: replyId ?? job.jobId, server: delivery.server.name, state: 'rejected' },
    { failure: failureOf('REPLY_MALFORMED', { message }) },
  );
  await publishUnjournaled(delivery, result);
  return { end: 'failed', result };
}

/** Publishes the outcome of a reply that has no journal entry. If its replyId belongs to another reply, that one must not appear as rejected. */
async function publishUnjournaled({ deps }: Delivery, result: Result): Promise<void> {
  if (deps.publishOutcome === undefined || (await deps.journal.digestOf(result.replyId)) !== undefined) return;
  const outcome = settledOutcome(result, undefined, new Date());
  if (outcome !== undefined) await deps.publishOutcome(outcome);
}
