// The worker of one replies queue. The processor's verdict becomes a BullMQ ending here: completed with the result, failed for good with the result as
// JSON, delayed, or the queue waits. The journal counts attempts; BullMQ's are set so high that only a verdict ends a job: whatever throws here, or in
// BullMQ when Redis refuses a write, returns the job.
import { randomUUID } from 'node:crypto';
import { DelayedError, type Job, type Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { repliesQueue } from '../../contract/names.ts';
import { prefixOf } from '../../domain/keys.ts';
import { classifyRedisError } from '../../domain/redis-errors.ts';
import type { ProcessReply, ReplyWorker } from '../../domain/reply-queues.ts';
import { within } from '../../lib/within.ts';
import type { Emit } from '../../telemetry/events.ts';
import { ReadableWorker, repairOptions } from './readable-jobs.ts';
import { type KeepJobs, retention } from './record-job.ts';

/** A job that was not ended by a verdict is tried again after this many ms. */
const AFTER_FAULT = 5_000;
/** BullMQ's `rateLimit` has no effect for a worker without a limiter; this one never limits anything itself. */
const NO_LIMIT = { max: 1_000_000_000, duration: 60_000 };
/** Longest part of a wait of the whole queue, ms: between two parts, sent replies that have to be searched in Sent are processed. */
const SLICE = 30_000;

export interface WorkerSettings extends KeepJobs {
  lockMs: number;
  stalledCheckMs: number;
}

interface WorkerParts {
  client: Redis;
  queue: Queue;
  server: string;
  concurrency: number;
  process: ProcessReply;
  emit: Emit;
}

export async function startReplyWorker(
  { client, queue, server, concurrency, process, emit }: WorkerParts,
  settings: WorkerSettings,
): Promise<ReplyWorker> {
  const worker = new ReadableWorker(repliesQueue(server), (job, token) => run(job, token, queue, server, process), {
    connection: client, // BullMQ duplicates it for its blocking reads
    prefix: prefixOf(client),
    concurrency,
    limiter: NO_LIMIT,
    lockDuration: settings.lockMs,
    stalledInterval: settings.stalledCheckMs,
    maximumRateLimitDelay: 1_000, // closing waits for it
    // After a rate limit BullMQ puts a prioritised job back without waking workers that wait for jobs: it is taken this many seconds late.
    drainDelay: 1,
    runRetryDelay: 1_000, // after a failover; BullMQ's own are 15 seconds
    // A stalled job runs again, any number of times: the journal's gate makes that safe, and failing it would lose the reply.
    maxStalledCount: 1_000_000,
    ...retention(settings),
  });
  worker.on('error', (error: Error & { code?: string }) => {
    // BullMQ repeats for each of its connections what the client's own listener has reported once: no connection, or no writes.
    const known = classifyRedisError(error);
    if (known !== undefined || /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)/.test(error.code ?? '')) return;
    emit('ReplyWorkerFailed', { server, err: error });
    if (error instanceof SyntaxError) void repaired(client, queue, server, emit);
  });
  await worker.waitUntilReady();
  return {
    async stop(graceMs) {
      // A job that outlasts the grace ends as stalled elsewhere; the journal's gate makes that safe.
      await within(worker.close(), graceMs, () => {});
    },
  };
}

async function run(
  job: Job,
  token: string | undefined,
  queue: Queue,
  server: string,
  process: ProcessReply,
): Promise<unknown> {
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
    progress: (progress) => job.updateProgress(progress).catch(() => {}), // only shown: no reply ends because of it
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
}

/** Replaces job options that are not JSON; a failure here occurs again later. */
async function repaired(client: Redis, queue: Queue, server: string, emit: Emit): Promise<void> {
  const reason = 'options that are no JSON were replaced by none';
  for (const key of await repairOptions(client, queue).catch(() => []))
    emit('RedisKeyQuarantined', { key, server, kind: 'item', reason });
}

/** As bullmq-otel writes it: a backend whose queues have that extension need not write it into the reply. */
function traceparentIn(metadata = ''): string | undefined {
  return /"traceparent":"([0-9a-f-]{55})"/.exec(metadata.slice(0, 2_000))?.[1];
}
