// The queue reply-outcomes (mailroom.outcome/1): the outcome of each reply, for backends that do not poll. The journal adds the job in the script that
// records the outcome (adapters/redis/journal.ts), so that each outcome exists exactly once, or did not happen.
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { OUTCOME_JOB, REPLY_OUTCOMES_QUEUE } from '../../contract/names.ts';
import type { Outcome } from '../../contract/outcome.ts';
import { prefixOf } from '../../domain/keys.ts';
import { ReadableQueue } from './readable-jobs.ts';
import { addingJobs, type KeepJobs, recordJob } from './record-job.ts';

export interface OutcomeQueue {
  /** Lua functions that add what {@link record} gives. */
  lua: string;
  /** The 9 keys and 3 arguments of the job. */
  record(outcome: Outcome): Promise<{ keys: (string | Buffer)[]; args: (string | Buffer)[] }>;
  /** For a reply without an entry in the journal; the same outcome again is the same job. */
  publish(outcome: Outcome): Promise<void>;
  /** Jobs that wait and that failed. */
  counts(): Promise<{ waiting: number; failed: number }>;
  /** Removes those that nobody took within their retention. @returns how many */
  clean(): Promise<number>;
  close(): Promise<void>;
}

/** @throws MailroomError BULLMQ_SCRIPTS_CHANGED: do not start */
export async function openOutcomes(client: Redis, keep: KeepJobs): Promise<OutcomeQueue> {
  const queue: Queue = new ReadableQueue(REPLY_OUTCOMES_QUEUE, {
    connection: client,
    prefix: prefixOf(client),
    streams: { events: { maxLen: 1_000 } },
  });
  queue.on('error', () => {}); // the client's own listener says it, once
  await queue.waitUntilReady();
  const record: OutcomeQueue['record'] = async (outcome) => {
    const { args } = await recordJob({ queue, name: OUTCOME_JOB, id: outcome.outcomeKey, payload: outcome }, keep);
    return { keys: args.slice(0, 9), args: args.slice(9) };
  };
  return {
    lua: addingJobs(client),
    record,
    async publish(outcome) {
      await queue.add(OUTCOME_JOB, outcome, {
        jobId: outcome.outcomeKey,
        removeOnComplete: { age: keep.keepCompletedSeconds },
        removeOnFail: { age: keep.keepFailedSeconds },
      });
    },
    async counts() {
      const { waiting = 0, delayed = 0, failed = 0 } = await queue.getJobCounts('waiting', 'delayed', 'failed');
      return { waiting: waiting + delayed, failed };
    },
    async clean() {
      const olderMs = keep.keepCompletedSeconds * 1000;
      const removed = await Promise.all([
        queue.clean(olderMs, 10_000, 'wait'),
        queue.clean(olderMs, 10_000, 'delayed'),
      ]);
      return removed.flat().length;
    },
    close: () => queue.close(),
  };
}
