// Tokens in this process: which event a failed request is (refused, unavailable, a person's turn), and a clock that steps.
import { expect, it } from 'vitest';
import { oauthError } from '../../../src/adapters/oauth/errors.ts';
import { createTokens } from '../../../src/adapters/oauth/tokens.ts';
import type { TokenCache } from '../../../src/domain/token-cache.ts';

/** Keeps nothing: each request goes to the provider. */
const cache: TokenCache = {
  read: async () => undefined,
  write: async () => {},
  remove: async () => {},
  take: async () => undefined,
  exclusively: (_key, run) => run(),
};

it.each([
  [{ network: 'ECONNREFUSED' }, 'TokenUnavailable'],
  [{ network: 'CERT_HAS_EXPIRED' }, 'TokenUnavailable'],
  [{ status: 503 }, 'TokenUnavailable'],
  [{ status: 429, retryAfterMs: 5_000 }, 'TokenUnavailable'],
  [{ status: 403 }, 'TokenUnavailable'],
  [{ error: 'invalid_client', status: 401 }, 'TokenRefused'],
  [{ error: 'invalid_grant', status: 400 }, 'SignInNeeded'],
])('%j: %s', async (failure, event) => {
  const events: string[] = [];
  const tokens = createTokens({
    cache,
    emit: (name) => void events.push(name),
    now: () => 0,
    monotonic: () => 0,
    random: () => 0,
    renewAheadMs: 1,
  });
  const issue = async () => {
    throw oauthError(failure);
  };
  await expect(tokens.get({ key: 'k', version: {}, application: 'a', issue, lockKey: 'l' })).rejects.toThrow();
  tokens.stop();
  expect(events).toEqual([event]);
});

const HOUR = 3_600_000;

it.each([
  ['forward', 24 * HOUR],
  ['back', -24 * HOUR],
])('a clock that jumps %s a day neither ends nor extends a token or a failure', async (_where, step) => {
  let wall = 1_800_000_000_000;
  let passed = 0;
  const asked: number[] = [];
  let refuse = false;
  const tokens = createTokens({
    cache,
    emit: () => {},
    now: () => wall + passed,
    monotonic: () => passed,
    random: () => 0,
    renewAheadMs: HOUR,
  });
  const issue = async () => {
    asked.push(passed);
    if (refuse) throw oauthError({ error: 'invalid_client', status: 401 });
    return { accessToken: `t${asked.length}`, expiresAt: wall + passed + HOUR };
  };
  const source = { key: 'k', version: {}, application: 'a', issue, lockKey: 'l' };
  const get = async () => (await tokens.get(source)).accessToken;
  try {
    expect(await get()).toBe('t1');
    wall += step;
    passed = HOUR / 2;
    expect(await get()).toBe('t1');
    passed = HOUR;
    expect(await get()).toBe('t2');
    refuse = true;
    passed = 2 * HOUR;
    await expect(get()).rejects.toThrow();
    wall += step;
    await expect(get()).rejects.toThrow();
    expect(asked).toEqual([0, HOUR, 2 * HOUR]);
    // What was refused is remembered for seconds.
    passed += 60_000;
    refuse = false;
    expect(await get()).toBe('t4');
  } finally {
    tokens.stop();
  }
});
