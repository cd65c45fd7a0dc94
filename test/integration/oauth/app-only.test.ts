// App-only sign-in with real MSAL against the sandbox's authority: cache, renewal, replicas, rotation of credentials.
import { describe, expect, it } from 'vitest';
import { createFixture, imapServer, KEYS, SECRET, SHARED, smtpServer } from './fixture.ts';

const claims = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('app-only', () => {
  const at = createFixture();

  it('gets one token with roles that is valid for IMAP and SMTP', async () => {
    const before = at.sandbox.oauth.tokenRequests();
    const provider = at.replica();
    const token = await provider.getToken(imapServer(), 'imap');
    expect(token.user).toBe(SHARED);
    expect(claims(token.accessToken)).toMatchObject({ roles: ['IMAP.AccessAsApp', 'SMTP.SendAsApp'] });
    expect(token.expiresAt.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    const again = await provider.getToken(smtpServer(), 'smtp');
    expect(again.accessToken).toBe(token.accessToken);
    expect(at.sandbox.oauth.tokenRequests() - before).toBe(1);
  });

  it('sends one request for twenty callers and two replicas with an empty shared cache', async () => {
    const before = at.sandbox.oauth.tokenRequests();
    const [left, right] = [at.replica(), at.replica()];
    const asked = Array.from({ length: 20 }, (_, index) => (index % 2 ? left : right).getToken(imapServer(), 'imap'));
    const tokens = new Set((await Promise.all(asked)).map(({ accessToken }) => accessToken));
    expect(tokens.size).toBe(1);
    expect(at.sandbox.oauth.tokenRequests() - before).toBe(1);
  });

  it('renews a refused token once for all its users', async () => {
    const provider = at.replica();
    const { accessToken } = await provider.getToken(imapServer(), 'imap');
    const before = at.sandbox.oauth.tokenRequests();
    const renewed = await Promise.all(
      Array.from({ length: 5 }, () => provider.getToken(imapServer(), 'imap', { renew: true, refused: accessToken })),
    );
    const after = await provider.getToken(imapServer(), 'imap', { renew: true, refused: accessToken });
    expect(new Set([...renewed, after].map((token) => token.accessToken)).size).toBe(1);
    expect(after.accessToken).not.toBe(accessToken);
    expect(at.sandbox.oauth.tokenRequests() - before).toBe(1);
  });

  it('uses the second credential when the first is refused, and logs it', async () => {
    const provider = at.replica([
      at.application({
        credentials: [
          { kind: 'secret', secret: 'the-former-secret-value' },
          { kind: 'secret', secret: SECRET },
        ],
      }),
    ]);
    await provider.getToken(imapServer(), 'imap');
    expect(at.events).toContainEqual(
      expect.objectContaining({
        name: 'CredentialRefused',
        fields: expect.objectContaining({ code: 'OAUTH_SECRET_WRONG', count: 1 }),
      }),
    );
    at.events.length = 0;
    const before = at.sandbox.oauth.tokenRequests();
    await provider.getToken(imapServer(), 'imap', {
      renew: true,
      refused: (await provider.getToken(imapServer(), 'imap')).accessToken,
    });
    // The one that worked is asked first from now on.
    expect(at.sandbox.oauth.tokenRequests() - before).toBe(1);
    expect(at.events.filter(({ name }) => name === 'CredentialRefused')).toEqual([]);
  });

  it('the cache in Redis is unreadable without the key, and readable after a key rotation', async () => {
    const provider = at.replica();
    const { accessToken } = await provider.getToken(imapServer(), 'imap');
    const redis = at.connect();
    const content = await Promise.all((await redis.keys('*')).map((key) => redis.get(key)));
    expect(content.length).toBeGreaterThan(0);
    expect(content.join('\n')).not.toContain(accessToken.slice(0, 20));

    const before = at.sandbox.oauth.tokenRequests();
    const next = { id: 'k2', key: new Uint8Array(32).fill(9) };
    const rotated = at.replica(undefined, { keys: [next, ...KEYS] });
    expect((await rotated.getToken(imapServer(), 'imap')).accessToken).toBe(accessToken);
    expect(at.sandbox.oauth.tokenRequests() - before).toBe(0);

    const stranger = at.replica(undefined, { keys: [{ id: 'k1', key: new Uint8Array(32).fill(1) }] });
    expect((await stranger.getToken(imapServer(), 'imap')).accessToken).not.toBe(accessToken);
    expect(at.events.map(({ name }) => name)).toContain('TokenCacheUnreadable');
  });

  it('continues while Redis does not answer, and logs it', async () => {
    const provider = at.replica(undefined, { commandTimeoutMs: 1_000 });
    at.redis.server.freeze();
    try {
      expect((await provider.getToken(imapServer(), 'imap')).accessToken).toBeTypeOf('string');
      expect(at.events.map(({ name }) => name)).toContain('TokenCacheUnavailable');
    } finally {
      at.redis.server.thaw();
      await at.settled();
    }
  });

  it('does not repeat a failed request a hundred times; the failure contains no secret', async () => {
    const provider = at.replica([
      at.application({ credentials: [{ kind: 'secret', secret: 'wrong-secret-value-of-the-app' }] }),
    ]);
    const before = at.sandbox.oauth.tokenRequests();
    const failures = await Promise.all(
      Array.from({ length: 100 }, () =>
        provider.getToken(imapServer(), 'imap').then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
    expect(failures[0]).toMatchObject({ code: 'OAUTH_SECRET_WRONG', class: 'auth', remote: { code: 'AADSTS7000215' } });
    await expect(provider.getToken(imapServer(), 'imap')).rejects.toMatchObject({ code: 'OAUTH_SECRET_WRONG' });
    expect(at.sandbox.oauth.tokenRequests() - before).toBe(1);
    expect(JSON.stringify([failures, at.events, String((failures[0] as Error).stack)])).not.toContain(
      'wrong-secret-value',
    );
  });

  it('sends a request at once after the application was corrected', async () => {
    const list = [at.application({ credentials: [{ kind: 'secret', secret: 'wrong-secret-value-of-the-app' }] })];
    const provider = at.replica(list);
    await expect(provider.getToken(imapServer(), 'imap')).rejects.toThrow();
    list[0] = at.application();
    expect((await provider.getToken(imapServer(), 'imap')).accessToken).toBeTypeOf('string');
  });

  it.each([
    ['http429', { retryAfter: 7 }, { code: 'OAUTH_THROTTLED', class: 'throttle', retryAfterMs: 7000 }],
    ['http5xx', {}, { code: 'OAUTH_PROVIDER_FAILED', class: 'transient' }],
    ['dropToken', {}, { code: 'OAUTH_UNREACHABLE', class: 'transient', remote: { system: 'network' } }],
    [
      'aadsts',
      { number: 700016 },
      { code: 'OAUTH_APPLICATION_UNKNOWN', class: 'auth', remote: { code: 'AADSTS700016' } },
    ],
    ['aadsts', { number: 90033 }, { code: 'OAUTH_PROVIDER_FAILED', class: 'transient' }],
  ] as const)('%s %j', async (name, parameters, expected) => {
    at.sandbox.faults.set({ name, ...parameters });
    await expect(at.replica().getToken(imapServer(), 'imap')).rejects.toMatchObject(expected);
  });

  it('reports an authority that does not answer as unreachable, and one with an unknown certificate as not trusted', async () => {
    const away = at.replica([at.application({ authority: 'https://localhost:9/tenant' })]);
    await expect(away.getToken(imapServer(), 'imap')).rejects.toMatchObject({
      code: 'OAUTH_UNREACHABLE',
      remote: { code: 'ECONNREFUSED' },
    });
    const { ca: _ca, ...untrusted } = at.application();
    await expect(at.replica([untrusted]).getToken(imapServer(), 'imap')).rejects.toMatchObject({
      code: 'OAUTH_TLS_FAILED',
    });
  });

  it('reports a server that names an unknown application', async () => {
    const server = imapServer({ application: 'Fabrikam' } as never);
    await expect(at.replica().getToken(server, 'imap')).rejects.toMatchObject({
      code: 'OAUTH_APPLICATION_NOT_CONFIGURED',
    });
  });
});

describe('tokens of six minutes', () => {
  const at = createFixture({ tokenLifetimeSeconds: 360 });

  it('are renewed ahead, once for two replicas, and served from memory in between', async () => {
    let ahead = 0;
    const now = () => Date.now() + ahead;
    const clocks = { now, monotonic: () => performance.now() + ahead };
    const [left, right] = [at.replica(undefined, clocks), at.replica(undefined, clocks)];
    const first = await left.getToken(imapServer(), 'imap');
    await right.getToken(imapServer(), 'imap');
    const before = at.sandbox.oauth.tokenRequests();
    ahead = 200_000;
    expect((await left.getToken(imapServer(), 'imap')).accessToken).toBe(first.accessToken);
    ahead = 350_000;
    const renewed = await Promise.all([left.getToken(imapServer(), 'imap'), right.getToken(imapServer(), 'imap')]);
    expect(renewed[0].accessToken).toBe(renewed[1].accessToken);
    expect(renewed[0].accessToken).not.toBe(first.accessToken);
    expect(at.sandbox.oauth.tokenRequests() - before).toBe(1);
  });
});
