// Full-jitter back-off, and the tries of one message that cannot be read.
import { expect, it } from 'vitest';
import { backoffMs } from '../../../src/domain/backoff.ts';
import { nextTry, PENDING_DELAYS } from '../../../src/domain/ledger.ts';

it.each([
  [1, 0, 100],
  [1, 1, 1_000],
  [3, 1, 4_000],
  [20, 1, 30_000],
  [20, 0, 3_000],
])('attempt %i with random %d waits %i ms', (attempt, random, expected) => {
  expect(backoffMs(attempt, { baseMs: 1_000, capMs: 30_000 }, () => random)).toBe(expected);
});

it('retries an unreadable UID for an hour, then gives up', () => {
  expect(PENDING_DELAYS.reduce((sum, delay) => sum + delay, 0)).toBe(3_600_000);
  expect(PENDING_DELAYS[0]).toBe(30_000);
  let now = 0;
  let entry = nextTry(undefined, 'no-data', now);
  let tries = 0;
  while (entry !== 'quarantine') {
    tries++;
    now = entry.nextAt;
    entry = nextTry(entry, 'no-data', now);
  }
  expect(tries).toBe(PENDING_DELAYS.length);
  expect(now).toBe(3_600_000);
});
