// What stops intake although the mailbox itself is well: a store that takes nothing. The mailbox stays connected, paused, and tries again after
// longer and longer waits; reconnecting would not help.
import { MailroomError } from '../domain/errors.ts';
import { classifyRedisError, refusesWrites } from '../domain/redis-errors.ts';
import type { PauseReason } from './ports.ts';

/** @returns undefined when the error is not a store's that refuses writes */
export function pauseReasonOf(error: unknown): PauseReason | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = error instanceof MailroomError ? error.code : classifyRedisError(error);
  if (code === 'BLOB_STORE_FULL' || code === 'BLOB_STORE_UNAVAILABLE') return 'blob-store';
  if (code === 'REDIS_OUT_OF_MEMORY') return 'redis-memory';
  return code !== undefined && refusesWrites.has(code) ? 'redis-read-only' : undefined;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

export interface Hold {
  reason: PauseReason;
  error: Error;
  /** Writes that failed in a row. */
  failures: number;
  /** Monotonic ms from which the next try is due. */
  until: number;
}

/** @param refused a write that a store refused @param refused.at monotonic ms */
export function holdAfter(
  previous: Hold | undefined,
  { reason, error, at }: { reason: PauseReason; error: Error; at: number },
): Hold {
  const failures = (previous?.failures ?? 0) + 1;
  return { reason, error, failures, until: at + Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) };
}
