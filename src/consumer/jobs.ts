// What the consumers of messages and of outcomes share: a connection that survives a failover, and when a job that failed comes again.
import { type ConnectionOptions, DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { classifyRedisError } from '../domain/redis-errors.ts';

const LONGEST_BACKOFF_MS = 15 * 60_000;

/** Of a worker. */
export const HARDY = {
  // A consumer that is killed at work leaves its job to the stalled check; a few kills in a row are no fault of the job.
  maxStalledCount: 5,
  runRetryDelay: 1_000, // after a failover; BullMQ's own are 15 seconds
};

/**
 * Jobs carry no attempts of their own (Mailroom does not know its consumers): the consumer decides.
 * @throws DelayedError, or what it failed with once it has run so often, or will not become better
 */
export async function retryLater(
  job: Job,
  token: string | undefined,
  error: unknown,
  { attempts = 8, backoffMs = 2_000 }: { attempts?: number; backoffMs?: number },
): Promise<never> {
  const attempt = job.attemptsStarted;
  if (attempt >= attempts || error instanceof UnrecoverableError) throw error;
  await job.moveToDelayed(Date.now() + Math.min(LONGEST_BACKOFF_MS, backoffMs * 2 ** (attempt - 1)), token);
  throw new DelayedError();
}

/** Milliseconds without an answer, blocked reads of ten seconds included, after which a connection counts as dead: its host may be gone without a word. */
const SILENCE_MS = 12_000;

/** Follows a failover: a primary that was demoted keeps its connections, and a host that is gone says nothing. */
const FOLLOWS_FAILOVER = {
  socketTimeout: SILENCE_MS,
  // BullMQ's own grows to 20 seconds.
  retryStrategy: (attempt: number) => Math.min(2_000, 100 * 2 ** Math.min(attempt, 5)),
  // 2: connects again and sends the command again, of which nothing has run.
  reconnectOnError: (error: Error) => (classifyRedisError(error) === 'REDIS_READ_ONLY' ? (2 as const) : false),
};

export function connectionOf(redis: string | ConnectionOptions): ConnectionOptions {
  if (typeof redis === 'string') return { url: redis, ...FOLLOWS_FAILOVER };
  // An instance of ioredis has its options already.
  return 'duplicate' in redis ? redis : { ...FOLLOWS_FAILOVER, ...redis };
}

export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
