// The queue reply-outcomes for a backend in TypeScript: each outcome checked by its contract, at least once, retried like a message.
import { type ConnectionOptions, UnrecoverableError, Worker } from 'bullmq';
import { PREFIX, REPLY_OUTCOMES_QUEUE } from '../contract/names.ts';
import { OUTCOME_SCHEMA, type Outcome, outcomeSchema } from '../contract/outcome.ts';
import { asError, connectionOf, HARDY, retryLater } from './jobs.ts';

export interface OutcomeConsumerOptions {
  /** URL, or BullMQ's connection options. */
  redis: string | ConnectionOptions;
  /** `redis.prefix` of the installation; default `{mailroom}`. */
  prefix?: string;
  /** The outcome is done when this resolves; when it rejects, it comes again. Drop an `outcomeKey` that you have had already. */
  onOutcome(outcome: Outcome): Promise<void>;
  /** Outcomes at once; default 1, which keeps those of one reply in order. */
  concurrency?: number;
  /** Runs of one outcome until its job fails for good; default 8. */
  attempts?: number;
  /** Milliseconds before the second run, doubled up to 15 minutes; default 2,000. */
  backoffMs?: number;
  onError?(error: Error, outcome?: Outcome): void;
}

/** The job data itself, unchanged, fields of newer versions included. @throws Error that names what is wrong */
export function readOutcome(jobData: unknown): Outcome {
  const parsed = outcomeSchema.safeParse(jobData);
  if (parsed.success) return jobData as Outcome;
  const problems = parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`not a valid ${OUTCOME_SCHEMA}: ${problems.join('; ')}`);
}

export function consumeOutcomes(options: OutcomeConsumerOptions): { ready(): Promise<void>; close(): Promise<void> } {
  const { onOutcome, concurrency = 1, onError = () => {} } = options;
  const worker = new Worker(
    REPLY_OUTCOMES_QUEUE,
    async (job, token) => {
      let outcome: Outcome | undefined;
      try {
        outcome = readOutcome(job.data);
      } catch (error) {
        onError(asError(error)); // it will not become readable by being tried again
        throw new UnrecoverableError(asError(error).message);
      }
      try {
        await onOutcome(outcome);
      } catch (error) {
        onError(asError(error), outcome);
        await retryLater(job, token, error, options);
      }
    },
    { connection: connectionOf(options.redis), prefix: options.prefix ?? PREFIX, concurrency, ...HARDY },
  );
  worker.on('error', onError);
  return {
    async ready() {
      await worker.waitUntilReady();
    },
    close: () => worker.close(),
  };
}
