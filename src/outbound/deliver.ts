// Delivers one reply: what a job of a replies queue runs. Every run of every job, first or stalled or doubled, passes the journal's claim here.
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
import { type Delivery, reject, storeSentCopy, type Work, wantMark } from './work.ts';

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
  return { end: 'later', at: (deps.now ?? Date.now)() + waitMs };
}

async function passGate(delivery: Delivery, job: ReplyJob): Promise<JobEnding> {
  const { deps, settings, server } = delivery;
  const now = deps.now ?? Date.now;
  const cancel = cancelSchema.safeParse(job.payload);
  if (cancel.success) return cancelled(delivery, cancel.data.cancel);
  const parsed = parseReply(job.payload);
  if ('issues' in parsed || (parsed.reply.server !== undefined && parsed.reply.server !== server.name)) {
    return malformed(
      delivery,
      job,
      'issues' in parsed
        ? parsed.issues
        : [
            {
              code: 'custom',
              path: ['server'],
              message: `is not ${server.name}, whose queue this is`,
              input: undefined,
            },
          ],
    );
  }
  const reply = { ...parsed.reply, server: server.name };
  const notBefore = reply.notBefore === undefined ? 0 : Date.parse(reply.notBefore);
  const expiresAt = reply.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(reply.expiresAt);
  if (Math.min(notBefore, expiresAt) > now()) {
    const entry = await deps.journal.read(reply.replyId);
    if (entry?.state === 'dropped') return endingOf(entry);
    await job.progress({ state: 'queued', expectedAt: new Date(notBefore).toISOString() });
    return { end: 'later', at: Math.min(notBefore, expiresAt), priority: job.priority || priorityOf(reply) };
  }
  // A backend may add an automatic reply without a priority; BullMQ would take it before all jobs that have one.
  if (reply.automatic && job.priority < 100) return { end: 'later', at: now(), priority: priorityOf(reply) };

  const asked = stopwatch();
  const claim = await deps.journal.claim({
    replyId: reply.replyId,
    digest: replyDigest(reply),
    server: server.name,
    ...expiryOf(reply),
    owner: randomUUID(),
    leaseMs: settings.leaseMs,
  });
  switch (claim.claim) {
    case 'reused': {
      deps.emit('ReplyRejected', {
        server: server.name,
        replyId: reply.replyId,
        code: 'REPLY_ID_REUSED',
        class: 'invalid',
      });
      return {
        end: 'failed',
        result: resultOf(
          { replyId: reply.replyId, server: server.name, state: 'rejected' },
          { failure: failureOf('REPLY_ID_REUSED') },
        ),
      };
    }
    case 'busy':
      deps.emit('ReplyGateClosed', { server: server.name, replyId: reply.replyId, state: 'busy' });
      return { end: 'later', at: now() + claim.retryAfterMs + 50 };
    case 'early':
      await job.progress({ state: 'prepared', expectedAt: new Date(now() + claim.retryAfterMs).toISOString() });
      return { end: 'later', at: now() + claim.retryAfterMs };
    case 'settled':
      deps.emit('ReplyGateClosed', { server: server.name, replyId: reply.replyId, state: claim.entry.state });
      if (claim.entry.state === 'accepted') {
        await storeSentCopy(delivery, claim.entry);
        await wantMark(delivery, reply);
      }
      return endingOf(claim.entry);
    case 'yours': {
      const { fence } = claim;
      const clock = startClaimClock(asked, settings.leaseMs, () =>
        deps.journal.renew(reply.replyId, fence, settings.leaseMs),
      );
      const entry = withUnknown(delivery, claim.entry, parsed.unknown);
      return atWork({ ...delivery, job, reply, fence, now, claimStillValid: clock.claimStillValid }, entry).finally(
        clock.stop,
      );
    }
  }
}

/** Unknown keys of the job: named once in the log, and in the result. */
function withUnknown({ deps, server }: Delivery, entry: JournalEntry, unknown: readonly string[]): JournalEntry {
  if (unknown.length === 0) return entry;
  if (entry.state === 'queued' && entry.attempts === 0)
    deps.emit('ReplyKeysUnknown', { server: server.name, replyId: entry.replyId, detail: { keys: unknown } });
  return { ...entry, result: resultOf(entry, { warnings: unknownWarnings(unknown) }) };
}

/** How the job of an ended reply ends. */
function endingOf(entry: JournalEntry): JobEnding {
  // An entry of an older version still has the failure for which it was held.
  const unsaid = entry.state === 'dropped' && entry.result?.state !== 'dropped';
  const result = resultOf(entry, unsaid ? { failure: failureOf('REPLY_DROPPED') } : {});
  return { end: entry.state === 'accepted' ? 'completed' : 'failed', result };
}

async function atWork(work: Work, entry: JournalEntry): Promise<JobEnding> {
  const { deps, reply, fence } = work;
  let ending: JobEnding | undefined;
  try {
    if (entry.state === 'data-begun') {
      // The process that sent this no longer exists. What it sent is unknown: uncertain, not failed.
      await deps.journal.transition(reply.replyId, {
        from: ['data-begun'],
        to: 'uncertain',
        fence,
        change: { evidence: 'worker ended between DATA and the server’s answer' },
      });
      deps.emit('ReplyUncertain', { server: work.server.name, replyId: reply.replyId });
      const since = (await deps.journal.read(reply.replyId)) ?? entry;
      ending = await traceStep(work, 'settle', () => settleUncertain(work, since));
    } else if (entry.state === 'uncertain') {
      ending = await traceStep(work, 'settle', () => settleUncertain(work, entry));
    } else {
      ending = (await endIfExpired(work, entry)) ?? (await prepareAndSubmit(work, entry));
    }
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
    return afterFault(work, work.job, error, reply.replyId);
  } finally {
    // The step that ended the reply has already released it.
    // Not released, the claim expires; the job's end is what counts.
    if (ending?.end !== 'completed' && ending?.end !== 'failed')
      await deps.journal.release(reply.replyId, fence).catch(() => {});
  }
}

/** A job that withdraws another one: it ends with that job's result, or with the reason why it is too late. */
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
  await tellUnjournaled(delivery, result);
  return { end: 'failed', result };
}

/** The journal reports on replies that it knows. It does not know this one, unless its replyId belongs to another reply, which must not appear as rejected. */
async function tellUnjournaled({ deps }: Delivery, result: Result): Promise<void> {
  if (deps.publishOutcome === undefined || (await deps.journal.digestOf(result.replyId)) !== undefined) return;
  const outcome = settledOutcome(result, undefined, new Date());
  if (outcome !== undefined) await deps.publishOutcome(outcome);
}
