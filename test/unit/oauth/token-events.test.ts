// Which event a failed request for a token is: refused, unavailable, or a person's turn.
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
  list: async () => [],
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
    random: () => 0,
    renewAheadMs: 1,
  });
  const issue = async () => {
    throw oauthError(failure, { application: 'a' });
  };
  await expect(tokens.get({ key: 'k', version: {}, application: 'a', issue, lockKey: 'l' })).rejects.toThrow();
  tokens.stop();
  expect(events).toEqual([event]);
});
