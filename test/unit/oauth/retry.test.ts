// How long a failed token request is not repeated.
import { expect, it } from 'vitest';
import { failureMs } from '../../../src/adapters/oauth/obtain-token.ts';
import { type ErrorCode, MailroomError } from '../../../src/domain/errors.ts';

it.each<[code: ErrorCode, retryAfterMs: number | undefined, expected: number]>([
  ['OAUTH_THROTTLED', undefined, 60_000],
  ['OAUTH_THROTTLED', 5_000, 5_000],
  ['OAUTH_UNREACHABLE', undefined, 1_000],
  ['OAUTH_UNREACHABLE', 200, 1_000],
  ['OAUTH_UNREACHABLE', 90_000, 90_000],
  ['OAUTH_SECRET_WRONG', undefined, 20_000],
  ['OAUTH_CONSENT_MISSING', undefined, 20_000],
])('%s, to wait %s ms: %i ms', (code, retryAfterMs, expected) => {
  const error = new MailroomError(code, retryAfterMs === undefined ? {} : { retryAfterMs });
  expect(failureMs(error)).toBe(expected);
});
