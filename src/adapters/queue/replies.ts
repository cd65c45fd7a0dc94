// BullMQ queues of the replies, one for each SMTP server, with their workers (reply-worker.ts).
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { REPLY_JOB, repliesQueue, replyJobId } from '../../contract/names.ts';
import type { Result } from '../../contract/result.ts';
import type { ReplyQueues } from '../../domain/reply-queues.ts';
import { DAY_SECONDS } from '../../lib/time.ts';
import type { Emit } from '../../telemetry/events.ts';
import { createQueues } from './open-queue.ts';
import { retention } from './record-job.ts';
import { startReplyWorker, type WorkerSettings } from './reply-worker.ts';
import { createStrays, isResult, resultIn, SCORE_PER_MS } from './strays.ts';

/** Ended jobs outlive the journal's eight days, so that a reply that is added again is found in one of them. */
export const repliesDefaults: WorkerSettings = {
  keepCompletedSeconds: 10 * DAY_SECONDS,
  keepFailedSeconds: 10 * DAY_SECONDS,
  lockMs: 30_000,
  stalledCheckMs: 30_000,
};

export function openReplyQueues(client: Redis, emit: Emit, settings: WorkerSettings = repliesDefaults): ReplyQueues {
  const queues = createQueues(client);
  const queueOf = (server: string) => queues.of(repliesQueue(server));
  const jobOf = async (server: string, replyId: string): Promise<Job | undefined> =>
    queueOf(server).getJob(replyJobId(replyId));
  const keep = retention(settings);
  const strays = createStrays(client);

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
        const job = await jobOf(server, replyId);
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
      const job = await jobOf(server, replyId);
      if (job === undefined) return this.add(server, replyId, payload, options);
      if (ENDED.has(await job.getState())) await this.again(server, replyId, payload, options);
    },
    async promote(server, replyId) {
      const job = await jobOf(server, replyId);
      if ((await job?.getState()) === 'delayed') await job?.promote();
    },
    async raise(server, replyId, priority) {
      const job = await jobOf(server, replyId);
      const state = await job?.getState();
      if (job === undefined || !['waiting', 'prioritized', 'delayed'].includes(state ?? '')) return false;
      // 0 is before all others.
      if (job.priority > priority) await job.changePriority({ priority });
      return true;
    },
    putBack: (server) => strays(queueOf(server)),
    async state(server, replyId) {
      const state = await queueOf(server).getJobState(replyJobId(replyId));
      return state === 'unknown' ? undefined : state;
    },
    work: (server, concurrency, process) =>
      startReplyWorker({ client, queue: queueOf(server), server, concurrency, process, emit }, settings),
    pause: (server) => queueOf(server).pause(),
    resume: (server) => queueOf(server).resume(),
    paused: (server) => queueOf(server).isPaused(),
    async find(server, replyId) {
      const queue = queueOf(server);
      const job = await jobOf(server, replyId);
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
    close: queues.close,
  };
}

/** States in which a job no longer runs. `unknown`: there is a job, but in no list of the queue. */
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
