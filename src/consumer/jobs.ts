// What the consumers of messages and of outcomes share: a connection that survives a failover, and the retries of a failed job.
import { type ConnectionOptions, DelayedError, type Job, UnrecoverableError } from 'bullmq';
import type { z } from 'zod';
import { PREFIX } from '../contract/names.ts';
import { asError } from '../domain/errors.ts';
import { classifyRedisError } from '../domain/redis-errors.ts';

const LONGEST_BACKOFF_MS = 15 * 60_000;

export interface CommonOptions {
  /** URL, or BullMQ's connection options (an ioredis instance among them, with maxRetriesPerRequest: null). */
  redis: string | ConnectionOptions;
  /** `redis.prefix` of the installation; default `{mailroom}`. */
  prefix?: string;
  /** Runs of one job until it fails for good (it is kept, and may be retried); default 8. */
  attempts?: number;
  /** Milliseconds before the second run, doubled up to 15 minutes; default 2,000. */
  backoffMs?: number;
}

/** Options of a worker that survives crashes of its process and failovers of Redis. */
export const workerOptions = ({
  redis,
  prefix = PREFIX,
  concurrency = 1,
}: CommonOptions & { concurrency?: number }) => ({
  connection: connectionOf(redis),
  prefix,
  concurrency,
  // A consumer that is killed at work leaves its job to the stalled check; a few kills in a row are no fault of the job.
  maxStalledCount: 5,
  runRetryDelay: 1_000, // after a failover; BullMQ's own are 15 seconds
});

/**
 * Reads the job data and works on it. Jobs carry no attempts of their own (Mailroom does not know its consumers): the consumer decides.
 * @throws DelayedError for another run; UnrecoverableError for unreadable data; the error itself after the last attempt
 */
export async function runJob<T>(
  job: Job,
  token: string | undefined,
  read: (jobData: unknown) => T,
  work: (content: T) => Promise<void>,
  options: CommonOptions & { onError?(error: Error, content?: T): void },
): Promise<void> {
  const { attempts = 8, backoffMs = 2_000, onError = () => {} } = options;
  let content: T;
  try {
    content = read(job.data);
  } catch (error) {
    // Another run would not make it readable.
    onError(asError(error));
    throw new UnrecoverableError(asError(error).message);
  }
  try {
    await work(content);
  } catch (error) {
    onError(asError(error), content);
    const attempt = job.attemptsStarted;
    if (attempt >= attempts || error instanceof UnrecoverableError) throw error;
    await job.moveToDelayed(Date.now() + Math.min(LONGEST_BACKOFF_MS, backoffMs * 2 ** (attempt - 1)), token);
    throw new DelayedError();
  }
}

/** Milliseconds without an answer, blocked reads of ten seconds included, after which a connection counts as dead: its host may be gone without a word. */
const SILENCE_MS = 12_000;

/** After a failover, a demoted primary keeps its connections, and a host that is gone sends nothing. */
const FOLLOWS_FAILOVER = {
  socketTimeout: SILENCE_MS,
  // BullMQ's own grows to 20 seconds.
  retryStrategy: (attempt: number) => Math.min(2_000, 100 * 2 ** Math.min(attempt, 5)),
  // 2: connects again and repeats the command, which has not run.
  reconnectOnError: (error: Error) => (classifyRedisError(error) === 'REDIS_READ_ONLY' ? (2 as const) : false),
};

function connectionOf(redis: string | ConnectionOptions): ConnectionOptions {
  if (typeof redis === 'string') return { url: redis, ...FOLLOWS_FAILOVER };
  // An instance of ioredis has its options already.
  return 'duplicate' in redis ? redis : { ...FOLLOWS_FAILOVER, ...redis };
}

/** @throws Error that names the wrong fields */
export function checkJobData(jobData: unknown, contract: string, schema: z.ZodType): void {
  const parsed = schema.safeParse(jobData);
  if (parsed.success) return;
  const problems = parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`not a valid ${contract}: ${problems.join('; ')}`);
}
