// Port of the replies' queues, as outbound uses them; adapters/queue/replies.ts speaks BullMQ.
import type { Result } from '../contract/result.ts';

/** A job as the processor sees it. */
export interface ReplyJob {
  jobId: string;
  server: string;
  payload: unknown;
  /** BullMQ's: 0 = none. */
  priority: number;
  attemptsMade: number;
  /** When it was put on the queue, epoch ms. */
  addedAt: number;
  /** W3C Trace Context that BullMQ's own telemetry left beside the payload. */
  traceparent?: string | undefined;
  /** Shown to observers of the queue; never rejects. */
  progress(progress: { state: string; expectedAt?: string; attempts?: number; code?: string }): Promise<void>;
}

/** How a run of the job ends. */
export type JobEnding =
  | { end: 'completed'; result: Result }
  | { end: 'failed'; result: Result }
  /** Run again at this instant (epoch ms), with this priority if it had none of its own. */
  | { end: 'later'; at: number; priority?: number }
  /** The whole queue waits this many ms; the job keeps its place. */
  | { end: 'rate-limited'; ms: number };

export type ProcessReply = (job: ReplyJob) => Promise<JobEnding>;

export interface ReplyWorker {
  /** Accepts no new jobs and lets running ones finish; after `graceMs` they are left to the stalled check. */
  stop(graceMs: number): Promise<void>;
}

export interface FoundJob {
  state: string;
  /** Jobs that are taken before it. */
  ahead: number;
  progress: unknown;
  /** The job no longer runs. */
  ended: boolean;
  /** Its result; undefined: none, or a failure that Mailroom did not write. */
  result: Result | undefined;
  payload: unknown;
  /** Delayed until then, epoch ms. */
  dueAt?: number;
}

const ENDED: readonly string[] = ['completed', 'failed'];

/** Jobs that wait or run; ended ones do not count. */
export const countOf = (counts: Readonly<Record<string, number>>): number =>
  Object.entries(counts).reduce((sum, [state, count]) => (ENDED.includes(state) ? sum : sum + count), 0);

export interface ReplyQueues {
  /** Adds the job once: the same replyId is the same job. */
  add(server: string, replyId: string, payload: unknown, options: { priority: number; delayMs: number }): Promise<void>;
  /** Puts a job that ended, is delayed or is missing back to work, with this content. */
  again(server: string, replyId: string, payload: unknown, options: { priority: number }): Promise<void>;
  /** Like `add`, and puts a job that ended back to work: for a reply that the journal has not ended. */
  ensure(
    server: string,
    replyId: string,
    payload: unknown,
    options: { priority: number; delayMs: number },
  ): Promise<void>;
  /** Runs a delayed job now; other jobs are unchanged. */
  promote(server: string, replyId: string): Promise<void>;
  /** Gives a waiting or delayed job a higher priority (BullMQ's: 1 is first). @returns false if it is running, has ended, or does not exist */
  raise(server: string, replyId: string, priority: number): Promise<boolean>;
  /** Puts jobs back to work that ended without a result or are delayed longer than any of our waits. @returns their job ids */
  putBack(server: string): Promise<string[]>;
  /** State of a reply's job, cheaper than {@link find}; undefined if no list of the queue contains it. */
  state(server: string, replyId: string): Promise<string | undefined>;
  work(server: string, concurrency: number, process: ProcessReply): Promise<ReplyWorker>;
  pause(server: string): Promise<void>;
  resume(server: string): Promise<void>;
  paused(server: string): Promise<boolean>;
  /** State of a reply's job and the number of jobs before it. */
  find(server: string, replyId: string): Promise<FoundJob | undefined>;
  /** When the last job of the queue completed (its reply was accepted), epoch ms. */
  lastCompleted(server: string): Promise<number | undefined>;
  counts(server: string): Promise<Record<string, number>>;
  close(): Promise<void>;
}
