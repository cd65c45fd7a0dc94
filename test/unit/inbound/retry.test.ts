// What the inbound side tries again when: a mailbox after a lost connection or a refused sign-in, a store that takes no writes, the next poll.
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/domain/errors.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import { type Hold, holdAfter, pauseReasonOf } from '../../../src/inbound/pause.ts';
import { isNormalEnd, retryOf } from '../../../src/inbound/retry.ts';
import { inStep } from '../../../src/inbound/watch-mailbox.ts';

describe('reconnecting', () => {
  const settings = { backoff: { baseMs: 1_000, capMs: 30_000 }, slowCapMs: 300_000, passwordCapMs: 900_000 };
  const rows: [
    ErrorCode,
    { attempt: number; livedMs?: number; oauth?: boolean; searching?: boolean },
    { delayMs: number; renew: boolean },
  ][] = [
    ['IMAP_TOKEN_EXPIRED', { attempt: 1 }, { delayMs: 0, renew: true }],
    ['IMAP_TOKEN_EXPIRED', { attempt: 0, livedMs: 180_000 }, { delayMs: 0, renew: true }],
    ['IMAP_TOKEN_EXPIRED', { attempt: 2, livedMs: 10 }, { delayMs: 8_000, renew: true }],
    ['IMAP_AUTH_FAILED', { attempt: 1 }, { delayMs: 0, renew: true }],
    ['IMAP_AUTH_FAILED', { attempt: 2 }, { delayMs: 8_000, renew: true }],
    ['IMAP_AUTH_FAILED', { attempt: 30 }, { delayMs: 300_000, renew: true }],
    ['IMAP_AUTH_FAILED', { attempt: 1, oauth: false }, { delayMs: 4_000, renew: false }],
    ['IMAP_AUTH_FAILED', { attempt: 30, oauth: false }, { delayMs: 900_000, renew: false }],
    ['IMAP_NOT_CONNECTED', { attempt: 1 }, { delayMs: 2_000, renew: false }],
    ['IMAP_NOT_CONNECTED', { attempt: 30 }, { delayMs: 300_000, renew: false }],
    ['OAUTH_SECRET_EXPIRED', { attempt: 30 }, { delayMs: 300_000, renew: true }],
    ['IMAP_UNREACHABLE', { attempt: 30 }, { delayMs: 30_000, renew: false }],
    ['IMAP_CONNECTION_CLOSED', { attempt: 1, livedMs: 60_000 }, { delayMs: 250, renew: false }],
    ['IMAP_CONNECTION_CLOSED', { attempt: 9, searching: true }, { delayMs: 500, renew: false }],
    ['IMAP_CONNECTION_CLOSED', { attempt: 1, livedMs: 60_000, searching: true }, { delayMs: 250, renew: false }],
    ['LEDGER_STALE', { attempt: 9 }, { delayMs: 1_000, renew: false }],
    ['LEASE_LOST', { attempt: 1 }, { delayMs: 1_000, renew: false }],
  ];
  it.each(rows)('%s %o', (code, { attempt, livedMs = 0, oauth = true, searching = false }, expected) => {
    const failed = { error: new MailroomError(code), attempt, livedMs, searching, oauth };
    expect(retryOf(failed, settings, () => 1)).toEqual(expected);
  });

  it('obeys a hint, whatever the class', () => {
    const error = new MailroomError('IMAP_THROTTLED', { retryAfterMs: 92_415 });
    expect(retryOf({ error, attempt: 1, livedMs: 0, searching: true, oauth: true }, settings, () => 0).delayMs).toBe(
      92_415,
    );
  });

  it('is normal only after an expired token, after a while', () => {
    expect(isNormalEnd(new MailroomError('IMAP_TOKEN_EXPIRED'), 5_000)).toBe(true);
    expect(isNormalEnd(new MailroomError('IMAP_TOKEN_EXPIRED'), 4_999)).toBe(false);
    expect(isNormalEnd(new MailroomError('IMAP_AUTH_FAILED'), 60_000)).toBe(false);
    expect(isNormalEnd(new Error('x'), 60_000)).toBe(false);
  });
});

describe('a store that refuses writes', () => {
  it.each<[error: unknown, reason: string | undefined]>([
    [new MailroomError('BLOB_STORE_FULL'), 'blob-store'],
    [new MailroomError('BLOB_STORE_UNAVAILABLE'), 'blob-store'],
    [new Error("OOM command not allowed when used memory > 'maxmemory'."), 'redis-memory'],
    [new Error('MISCONF Redis is configured to save RDB snapshots'), 'redis-read-only'],
    [new MailroomError('REDIS_READ_ONLY'), 'redis-read-only'],
    [new MailroomError('BLOB_NOT_FOUND'), undefined],
    [new MailroomError('IMAP_CONNECTION_CLOSED'), undefined],
    [new Error('WRONGPASS invalid username-password pair'), undefined],
    ['thrown text', undefined],
  ])('%s: %s', (error, reason) => expect(pauseReasonOf(error)).toBe(reason));

  it('is retried after growing waits of up to a minute', () => {
    const waits: number[] = [];
    let hold: Hold | undefined;
    for (let i = 0; i < 9; i++) {
      hold = holdAfter(hold, { reason: 'blob-store', error: new Error('full'), at: 1_000 });
      waits.push(hold.until - 1_000);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });
});

it.each([
  [54_000, 1_000_000, 54_000],
  [54_000, 1_000_400, 53_600],
  [10_000, 1_000_999, 9_001],
  [9_999, 1_000_400, 9_999],
  [50, 1_000_999, 50],
])('a wait of %i ms begun at %i is %i ms: long ones end on a full second, never later', (ms, now, expected) => {
  expect(inStep(ms, now)).toBe(expected);
});
