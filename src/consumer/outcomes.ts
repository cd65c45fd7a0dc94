// The queue reply-outcomes for a backend in TypeScript: each outcome checked by its contract, at least once, retried like a message.
import { Worker } from 'bullmq';
import { REPLY_OUTCOMES_QUEUE } from '../contract/names.ts';
import { OUTCOME_SCHEMA, type Outcome, outcomeSchema } from '../contract/outcome.ts';
import { type CommonOptions, checkJobData, runJob, workerOptions } from './jobs.ts';

export interface OutcomeConsumerOptions extends CommonOptions {
  /** The outcome is done when this resolves; when it rejects, it comes again. Ignore an `outcomeKey` that you have already processed. */
  onOutcome(outcome: Outcome): Promise<void>;
  /** Outcomes at once; default 1, which keeps those of one reply in order. */
  concurrency?: number;
  onError?(error: Error, outcome?: Outcome): void;
}

/** The job data itself, unchanged, fields of newer versions included. @throws Error that names what is wrong */
export function readOutcome(jobData: unknown): Outcome {
  checkJobData(jobData, OUTCOME_SCHEMA, outcomeSchema);
  return jobData as Outcome;
}

export function consumeOutcomes(options: OutcomeConsumerOptions): { ready(): Promise<void>; close(): Promise<void> } {
  const worker = new Worker(
    REPLY_OUTCOMES_QUEUE,
    (job, token) => runJob(job, token, readOutcome, options.onOutcome, options),
    workerOptions(options),
  );
  worker.on('error', options.onError ?? (() => {}));
  return {
    async ready() {
      await worker.waitUntilReady();
    },
    close: () => worker.close(),
  };
}
