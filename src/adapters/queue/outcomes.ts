// The queue reply-outcomes (mailroom.outcome/1): the outcome of each reply, for backends that do not poll. The journal adds the job in the script that
// records the outcome (adapters/redis/journal.ts), so that each outcome exists exactly once, or did not happen.
import type { Redis } from 'ioredis';
import { OUTCOME_JOB, REPLY_OUTCOMES_QUEUE } from '../../contract/names.ts';
import type { Outcome } from '../../contract/outcome.ts';
import { openQueue } from './open-queue.ts';
import { addingJobs, type KeepJobs, type RecordedJob, recordJob, retention } from './record-job.ts';

/** @throws MailroomError BULLMQ_SCRIPTS_CHANGED: do not start */
export async function openOutcomes(client: Redis, keep: KeepJobs) {
  const queue = openQueue(client, REPLY_OUTCOMES_QUEUE);
  await queue.waitUntilReady();
  return {
    /** Lua functions that add what {@link record} gives. */
    lua: addingJobs(client),
    record: (outcome: Outcome): Promise<RecordedJob> =>
      recordJob({ queue, name: OUTCOME_JOB, id: outcome.outcomeKey, payload: outcome }, keep),
    /** For a reply without an entry in the journal; the same outcome again is the same job. */
    async publish(outcome: Outcome): Promise<void> {
      await queue.add(OUTCOME_JOB, outcome, { jobId: outcome.outcomeKey, ...retention(keep) });
    },
    /** Waiting and failed jobs. */
    async counts() {
      const { waiting = 0, delayed = 0, failed = 0 } = await queue.getJobCounts('waiting', 'delayed', 'failed');
      return { waiting: waiting + delayed, failed };
    },
    /** Removes jobs that nobody took within their retention. @returns how many */
    async clean(): Promise<number> {
      const olderMs = keep.keepCompletedSeconds * 1000;
      const states = ['wait', 'delayed'] as const;
      const removed = await Promise.all(states.map((state) => queue.clean(olderMs, 10_000, state)));
      return removed.flat().length;
    },
    close: (): Promise<void> => queue.close(),
  };
}
