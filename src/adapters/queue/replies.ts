// BullMQ queues and workers of the replies, one for each SMTP server. The processor's verdict becomes a BullMQ ending here: completed with the
// result, failed for good with the result as JSON, delayed, or the queue waits. The journal counts attempts; BullMQ's are set so that only
// a verdict ever ends a job: whatever throws here, or in BullMQ when Redis refuses a write, returns the job.
import { randomUUID } from 'node:crypto';
import { DelayedError, type Job, type Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { REPLY_JOB, repliesQueue, replyJobId } from '../../contract/names.ts';
import type { Result } from '../../contract/result.ts';
import { prefixOf } from '../../domain/keys.ts';
import { classifyRedisError } from '../../domain/redis-errors.ts';
import type { ProcessReply, ReplyQueues, ReplyWorker } from '../../domain/reply-queues.ts';
import { DAY_SECONDS } from '../../lib/time.ts';
import type { Emit } from '../../telemetry/events.ts';
import { ReadableQueue, ReadableWorker, repairOptions } from './readable-jobs.ts';
import { isResult, resultIn, SCORE_PER_MS, seekStrays } from './strays.ts';

interface RepliesSettings {
  keepCompletedSeconds: number;
  keepFailedSeconds: number;
  lockMs: number;
  stalledCheckMs: number;
}

/** A job that was not ended by a verdict is tried again after this many ms. */
const AFTER_FAULT = 5_000;
/** BullMQ's `rateLimit` has no effect for a worker without a limiter; this one never limits anything itself. */
const NO_LIMIT = { max: 1_000_000_000, duration: 60_000 };
/** Longest part of a wait of the whole queue, ms: between two parts, sent replies that have to be searched in Sent are processed. */
const SLICE = 30_000;
/** Ended jobs outlive the journal's eight days, so that adding one again meets either of them. */
export const repliesDefaults: RepliesSettings = {
  keepCompletedSeconds: 10 * DAY_SECONDS,
  keepFailedSeconds: 10 * DAY_SECONDS,
  lockMs: 30_000,
  stalledCheckMs: 30_000,
};

export function openReplyQueues(client: Redis, emit: Emit, settings: RepliesSettings = repliesDefaults): ReplyQueues {
  const queues = new Map<string, Queue>();
  const keep = {
    removeOnComplete: { age: settings.keepCompletedSeconds },
    removeOnFail: { age: settings.keepFailedSeconds },
  };

  function queueOf(server: string): Queue {
    let queue = queues.get(server);
    if (queue === undefined) {
      queue = new ReadableQueue(repliesQueue(server), {
        connection: client,
        prefix: prefixOf(client),
        streams: { events: { maxLen: 1_000 } },
      });
      queue.on('error', () => {}); // the client's own listener says it, once
      queues.set(server, queue);
    }
    return queue;
  }

  const strays = seekStrays(client);

  return {
    async add(server, replyId, payload, { priority, delayMs }) {
      await queueOf(server).add(REPLY_JOB, payload, {
        jobId: replyJobId(replyId),
        priority,
        ...(delayMs > 0 ? { delay: delayMs } : {}),
        ...keep,
      });
    },
    async again(server, replyId, payload, { priority }) {
      const queue = queueOf(server);
      const add = () => queue.add(REPLY_JOB, payload, { jobId: replyJobId(replyId), priority, ...keep });
      for (let waited = 0; ; waited += 50) {
        const job = await queue.getJob(replyJobId(replyId));
        if (job === undefined) return void (await add());
        const state = await job.getState();
        if (state === 'delayed') return void (await job.promote());
        if (ENDED.has(state)) {
          // The job may contain other content that was added later under the same replyId and refused: the content given here is used.
          if (state !== 'unknown' && sameJson(job.data, payload)) return void (await job.retry(state as 'failed'));
          await job.remove();
          return void (await add());
        }
        // The journal has ended the reply and its job is about to end, or it already works on the new state.
        if (state !== 'active' || waited >= 5_000) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async ensure(server, replyId, payload, options) {
      const job = await queueOf(server).getJob(replyJobId(replyId));
      if (job === undefined) return this.add(server, replyId, payload, options);
      if (ENDED.has(await job.getState())) await this.again(server, replyId, payload, options);
    },
    async promote(server, replyId) {
      const job = await queueOf(server).getJob(replyJobId(replyId));
      if ((await job?.getState()) === 'delayed') await job?.promote();
    },
    async raise(server, replyId, priority) {
      const job = await queueOf(server).getJob(replyJobId(replyId));
      const state = await job?.getState();
      if (job === undefined || !['waiting', 'prioritized', 'delayed'].includes(state ?? '')) return false;
      // None is before all.
      if (job.priority > priority) await job.changePriority({ priority });
      return true;
    },
    async putBack(server) {
      return strays(queueOf(server));
    },
    async state(server, replyId) {
      const state = await queueOf(server).getJobState(replyJobId(replyId));
      return state === 'unknown' ? undefined : state;
    },
    async work(server, concurrency, process) {
      return startWorker(client, server, concurrency, process, queueOf(server), emit, settings);
    },
    pause: (server) => queueOf(server).pause(),
    resume: (server) => queueOf(server).resume(),
    paused: (server) => queueOf(server).isPaused(),
    async find(server, replyId) {
      const queue = queueOf(server);
      const job = await queue.getJob(replyJobId(replyId));
      if (job === undefined) return undefined;
      const state = await job.getState();
      const dueAt = state === 'delayed' ? await delayedUntil(client, queue, job.id ?? '') : undefined;
      return {
        state,
        ahead: await jobsBefore(client, queue, job.id ?? '', state),
        progress: job.progress,
        ended: ENDED.has(state),
        result: (resultIn(job.failedReason) ?? (isResult(job.returnvalue) ? job.returnvalue : undefined)) as
          | Result
          | undefined,
        payload: job.data,
        ...(dueAt === undefined ? {} : { dueAt }),
      };
    },
    lastCompleted: async (server) => (await queueOf(server).getCompleted(0, 0))[0]?.finishedOn,
    counts: (server) => queueOf(server).getJobCounts(),
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      queues.clear();
    },
  };
}

/** As bullmq-otel writes it: a backend whose queues have that extension need not write it into the reply. */
function traceparentIn(metadata: string | undefined): string | undefined {
  const found = metadata === undefined ? null : /"traceparent":"([0-9a-f-]{55})"/.exec(metadata.slice(0, 2_000));
  return found?.[1];
}

/** States in which a job runs no more. `unknown`: there is a job, but in no list of the queue. */
const ENDED: ReadonlySet<string> = new Set(['failed', 'completed', 'unknown']);

const sameJson = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Jobs that are taken before this one; 0 unless it waits. */
async function jobsBefore(client: Redis, queue: Queue, jobId: string, state: string): Promise<number> {
  if (state !== 'waiting' && state !== 'prioritized') return 0;
  const { wait = 0, active = 0 } = await queue.getJobCounts('wait', 'active');
  if (state === 'prioritized') {
    return active + wait + ((await client.zrank(queue.toKey('prioritized'), jobId)) ?? 0);
  }
  // Jobs without priority are pushed left and taken right.
  const fromRight = await client.lpos(queue.toKey('wait'), jobId, 'RANK', -1);
  return active + (fromRight === null ? 0 : wait - 1 - fromRight);
}

async function delayedUntil(client: Redis, queue: Queue, jobId: string): Promise<number | undefined> {
  const score = await client.zscore(queue.toKey('delayed'), jobId);
  return score === null ? undefined : Math.floor(Number(score) / SCORE_PER_MS);
}

async function startWorker(
  client: Redis,
  server: string,
  concurrency: number,
  process: ProcessReply,
  queue: Queue,
  emit: Emit,
  settings: RepliesSettings,
): Promise<ReplyWorker> {
  /** Job options that are not JSON; a failure here occurs again later. */
  async function repaired(): Promise<void> {
    for (const key of await repairOptions(client, queue).catch(() => []))
      emit('RedisKeyQuarantined', {
        key,
        server,
        kind: 'item',
        reason: 'options that are no JSON were replaced by none',
      });
  }
  const worker = new ReadableWorker(
    repliesQueue(server),
    async (job: Job, token?: string) => {
      const { opts } = job;
      job.opts = { ...opts, attempts: Number.MAX_SAFE_INTEGER, backoff: { type: 'fixed', delay: AFTER_FAULT } };
      const ending = await process({
        jobId: job.id ?? randomUUID(),
        server,
        payload: job.data,
        priority: job.priority ?? job.opts.priority ?? 0, // the former follows changePriority
        attemptsMade: job.attemptsMade,
        addedAt: job.timestamp,
        traceparent: traceparentIn(opts.telemetry?.metadata),
        progress: (progress) => job.updateProgress(progress).catch(() => {}), // only shown: no reply ends for it
      });
      switch (ending.end) {
        case 'completed':
          return ending.result;
        case 'failed':
          job.opts = opts;
          throw new UnrecoverableError(JSON.stringify(ending.result));
        case 'rate-limited':
          // A limit that ends before BullMQ has put the job back wakes no worker (drainDelay).
          await queue.rateLimit(Math.min(Math.max(ending.ms, 200), SLICE));
          throw Worker.RateLimitError();
        case 'later':
          if (ending.priority !== undefined) await job.changePriority({ priority: ending.priority });
          await job.moveToDelayed(Math.max(ending.at, Date.now() + 1), token);
          throw new DelayedError();
      }
    },
    {
      connection: client, // BullMQ duplicates it for its blocking reads
      prefix: prefixOf(client),
      concurrency,
      limiter: NO_LIMIT,
      lockDuration: settings.lockMs,
      stalledInterval: settings.stalledCheckMs,
      maximumRateLimitDelay: 1_000, // closing waits for it
      // BullMQ puts a prioritised job back after a rate limit without waking who waits for jobs: this is how late it is taken then, seconds.
      drainDelay: 1,
      runRetryDelay: 1_000, // after a failover; BullMQ's own are 15 seconds
      // A stalled job runs again, any number of times: the journal's gate makes that safe, and failing it would lose the reply.
      maxStalledCount: 1_000_000,
      removeOnComplete: { age: settings.keepCompletedSeconds },
      removeOnFail: { age: settings.keepFailedSeconds },
    },
  );
  worker.on('error', (error: Error & { code?: string }) => {
    // BullMQ repeats for each of its connections what the client's own listener has reported once: no connection, or no writes.
    const known = classifyRedisError(error);
    if (known !== undefined || /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)/.test(error.code ?? '')) return;
    emit('ReplyWorkerFailed', { server, err: error });
    if (error instanceof SyntaxError) void repaired();
  });
  await worker.waitUntilReady();
  return {
    async stop(graceMs) {
      const closing = worker.close();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), graceMs);
      });
      closing.catch(() => {}); // a job that outlasts the grace ends as stalled elsewhere; the journal's gate makes that safe
      await Promise.race([closing, late]);
      clearTimeout(timer);
    },
  };
}
