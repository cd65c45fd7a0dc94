// Delegated sign-in with real MSAL against the sandbox: browser with PKCE, device code, silent renewal, the wrong person, a dead sign-in;
// and generic OAuth2 by plain endpoints against the same authority.
import { connect, createServer } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { send } from '../../../src/adapters/oauth/http.ts';
import type { TokenProvider } from '../../../src/adapters/oauth/index.ts';
import type { OAuthApplication } from '../../../src/domain/email-server.ts';
import { CLIENT, createFixture, imapServer, PERSON, PUBLIC_CLIENT, SECRET, SHARED, smtpServer } from './fixture.ts';

const REDIRECT = 'http://localhost:8080/signin/callback';
const imap = imapServer({ signIn: 'delegated', signInUser: PERSON } as never);
const smtp = smtpServer({ signIn: 'delegated' } as never, { user: PERSON });
const claims = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('delegated', () => {
  const at = createFixture();
  const publicApplication = () => at.application({ clientId: PUBLIC_CLIENT, credentials: [] });
  const replica = (application: OAuthApplication = at.application()) =>
    at.replica([application], { redirectUris: [REDIRECT] });

  /** What the browser does: opens the URL, the person signs in, the answer is the redirect's query. */
  async function browser(url: string, person: string | 'decline'): Promise<Record<string, string>> {
    const body = new URLSearchParams(person === 'decline' ? { decline: '1' } : { person }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await send('POST', url, { headers, body }, { ca: at.sandbox.caPem, timeoutMs: 30_000 });
    expect(answer.status).toBe(302);
    return Object.fromEntries(new URL(answer.headers.location ?? '').searchParams);
  }
  const signIn = async (provider: TokenProvider, person: string = PERSON) => {
    const { url } = await provider.beginSignIn(smtp, REDIRECT);
    return provider.completeSignIn((await browser(url, person)) as { state: string });
  };

  it.each([
    ['with a secret', () => at.application()],
    ['as a public client', publicApplication],
  ])(
    'signs in with authorization code and PKCE, %s; then gets tokens silently in every replica',
    async (_name, application) => {
      const provider = replica(application());
      await expect(provider.getToken(imap, 'imap')).rejects.toMatchObject({ code: 'OAUTH_SIGN_IN_NEEDED' });
      expect(await signIn(provider)).toEqual({ server: 'Support out', person: PERSON });

      const other = replica(application());
      const [forImap, forSmtp] = await Promise.all([other.getToken(imap, 'imap'), other.getToken(smtp, 'smtp')]);
      // IMAP opens the shared mailbox, SMTP signs in as the person.
      expect([forImap.user, forSmtp.user]).toEqual([SHARED, PERSON]);
      expect(claims(forImap.accessToken)).toMatchObject({ scp: expect.stringContaining('IMAP.AccessAsUser.All') });
      expect(claims(forSmtp.accessToken)).toMatchObject({ scp: expect.stringContaining('SMTP.Send') });
      expect(await other.signedIn(smtp)).toMatchObject({ person: PERSON });
    },
  );

  it('uses the new sign-in at once in the same provider, also after a refusal', async () => {
    const provider = replica();
    await expect(provider.getToken(smtp, 'smtp')).rejects.toMatchObject({ code: 'OAUTH_SIGN_IN_NEEDED' });
    await signIn(provider);
    expect((await provider.getToken(smtp, 'smtp')).user).toBe(PERSON);
  });

  it('renews repeatedly while refresh tokens rotate', async () => {
    const provider = replica();
    await signIn(provider);
    const seen = new Set<string>();
    for (let round = 0; round < 4; round++) {
      const { accessToken } = await provider.getToken(smtp, 'smtp');
      seen.add(accessToken);
      await provider.getToken(smtp, 'smtp', { refused: accessToken });
    }
    expect(seen.size).toBe(4);
  });

  it('refuses another person’s sign-in, and stores nothing', async () => {
    const provider = replica();
    await expect(signIn(provider, 'maria@contoso.example')).rejects.toMatchObject({
      code: 'OAUTH_WRONG_IDENTITY',
      message: 'Signed in as maria@contoso.example, but "Support out" asks for alex@contoso.example',
    });
    expect(await provider.signedIn(smtp)).toBeUndefined();
  });

  it('rejects a declined consent, an unknown state, a used state and a foreign redirect', async () => {
    const provider = replica();
    const { url } = await provider.beginSignIn(smtp, REDIRECT);
    await expect(provider.completeSignIn((await browser(url, 'decline')) as { state: string })).rejects.toMatchObject({
      class: 'permission',
    });
    await expect(provider.completeSignIn({ state: 'x'.repeat(43), code: 'c' })).rejects.toMatchObject({
      code: 'OAUTH_STATE_INVALID',
    });
    await expect(provider.completeSignIn({ state: '*', code: 'c' })).rejects.toMatchObject({
      code: 'OAUTH_STATE_INVALID',
    });
    const second = await provider.beginSignIn(smtp, REDIRECT);
    const answer = (await browser(second.url, PERSON)) as { state: string };
    await provider.completeSignIn(answer);
    await expect(provider.completeSignIn(answer)).rejects.toMatchObject({ code: 'OAUTH_STATE_INVALID' });
    await expect(provider.beginSignIn(smtp, 'https://evil.example/')).rejects.toMatchObject({
      code: 'OAUTH_REDIRECT_REFUSED',
    });
  });

  it('signs in with a device code: prompt, approval, tokens', async () => {
    const provider = replica(publicApplication());
    const signedIn = provider.deviceSignIn(smtp, ({ userCode, verificationUri }) => {
      expect(verificationUri).toMatch(/^https:/);
      expect(at.sandbox.oauth.settleDevice(userCode, PERSON)).toBe(true);
    });
    expect(await signedIn).toEqual({ server: 'Support out', person: PERSON });
    expect((await provider.getToken(smtp, 'smtp')).user).toBe(PERSON);
  });

  it('reports a declined device code', async () => {
    const provider = replica(publicApplication());
    const signedIn = provider.deviceSignIn(
      smtp,
      ({ userCode }) => void at.sandbox.oauth.settleDevice(userCode, undefined),
    );
    await expect(signedIn).rejects.toMatchObject({ class: 'permission' });
  });

  it('requests a person once when sessions are revoked; a new sign-in recovers', async () => {
    const provider = replica();
    await signIn(provider);
    const { accessToken } = await provider.getToken(smtp, 'smtp');
    at.sandbox.oauth.revokeSessions(PERSON);
    await expect(provider.getToken(smtp, 'smtp', { refused: accessToken })).rejects.toMatchObject({
      code: 'OAUTH_SIGN_IN_EXPIRED',
      class: 'auth',
      remote: { code: 'AADSTS50173' },
    });
    expect(at.events.map(({ name }) => name)).toContain('SignInNeeded');
    await signIn(provider);
    expect((await provider.getToken(smtp, 'smtp')).accessToken).not.toBe(accessToken);
  });

  it('reports a lost key clearly while app-only servers continue', async () => {
    await signIn(replica());
    const stranger = at.replica([at.application()], { keys: [{ id: 'k9', key: new Uint8Array(32).fill(3) }] });
    await expect(stranger.getToken(smtp, 'smtp')).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
      class: 'auth',
      message: expect.stringContaining('"k1"'),
    });
    expect((await stranger.getToken(imapServer(), 'imap')).user).toBe(SHARED);
  });

  it('stores no secret in Redis or events', async () => {
    const provider = replica();
    await signIn(provider);
    const { accessToken } = await provider.getToken(smtp, 'smtp');
    const redis = at.connect();
    const content = (await Promise.all((await redis.keys('*')).map((key) => redis.get(key)))).join('\n');
    for (const secret of [accessToken, PERSON, SECRET, 'refresh_token', 'RefreshToken']) {
      expect(content).not.toContain(secret);
    }
    expect(JSON.stringify(at.events)).not.toContain(accessToken);
    expect(JSON.stringify(at.events)).not.toContain(SECRET);
  });
});

describe('generic OAuth2', () => {
  const at = createFixture();
  const generic = () => {
    const base = `${at.sandbox.authority}/oauth2/v2.0`;
    const scopes = ['https://outlook.office.com/SMTP.Send', 'openid', 'offline_access'];
    return at.application({
      clientId: CLIENT,
      generic: {
        tokenUrl: `${base}/token`,
        authorizeUrl: `${base}/authorize`,
        deviceUrl: `${base}/devicecode`,
        scopes,
      },
    });
  };

  it('signs in with a device code, then renews, at plain endpoints', async () => {
    const provider = at.replica([generic()]);
    const approve = vi.fn(({ userCode }: { userCode: string }) => void at.sandbox.oauth.settleDevice(userCode, PERSON));
    expect(await provider.deviceSignIn(smtp, approve)).toMatchObject({ person: PERSON });
    expect(approve).toHaveBeenCalledOnce();
    const { accessToken } = await provider.getToken(smtp, 'smtp');
    expect((await provider.getToken(smtp, 'smtp', { refused: accessToken })).accessToken).not.toBe(accessToken);
  });

  it('classifies failures by the same table', async () => {
    const provider = at.replica([{ ...generic(), credentials: [{ kind: 'secret', secret: 'not-the-secret-of-it' }] }]);
    const failed = provider.deviceSignIn(smtp, ({ userCode }) => void at.sandbox.oauth.settleDevice(userCode, PERSON));
    await expect(failed).rejects.toMatchObject({ code: 'OAUTH_SECRET_WRONG' });
  });
});

describe('proxies', () => {
  const at = createFixture();

  it('connects through HTTP CONNECT with user and password', async () => {
    const seen: string[] = [];
    const proxy = createServer((socket) => {
      socket.once('data', (head) => {
        seen.push(head.toString());
        const [, port] = /^CONNECT localhost:(\d+)/.exec(head.toString()) ?? [];
        const target = connect(Number(port), 'localhost', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          socket.pipe(target).pipe(socket);
        });
        target.on('error', () => {});
        target.on('close', () => socket.destroy());
      });
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const provider = at.replica([at.application({ proxy: `http://me:s3cret@127.0.0.1:${port}` })]);
    expect((await provider.getToken(imapServer(), 'imap')).accessToken).toBeTypeOf('string');
    expect(seen[0]).toContain(`Proxy-Authorization: Basic ${Buffer.from('me:s3cret').toString('base64')}`);
    await new Promise((resolve) => proxy.close(resolve));
  });

  it('connects through SOCKS5 with user and password', async () => {
    const asked: string[] = [];
    const proxy = createServer(async (socket) => {
      socket.on('error', () => {});
      const next = () => new Promise<Buffer>((resolve) => socket.once('data', resolve));
      expect([...(await next())]).toEqual([5, 2, 0, 2]);
      socket.write(Buffer.from([5, 2]));
      asked.push((await next()).toString('latin1'));
      socket.write(Buffer.from([1, 0]));
      const request = await next();
      const length = request[4] ?? 0;
      asked.push(request.subarray(5, 5 + length).toString());
      const target = connect(request.readUInt16BE(5 + length), 'localhost', () => {
        socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        socket.pipe(target).pipe(socket);
      });
      target.on('error', () => {});
      target.on('close', () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const provider = at.replica([at.application({ proxy: `socks5://me:s3cret@127.0.0.1:${port}` })]);
    expect((await provider.getToken(imapServer(), 'imap')).accessToken).toBeTypeOf('string');
    expect(asked.slice(0, 2)).toEqual(['\u0001\u0002me\u0006s3cret', 'localhost']);
    await new Promise((resolve) => proxy.close(resolve));
  });

  it('reports a refusing proxy as unreachable, without its password', async () => {
    const proxy = createServer((socket) => {
      socket.on('error', () => {});
      socket.resume();
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const provider = at.replica([at.application({ proxy: `http://me:s3cret@127.0.0.1:${port}` })]);
    const failed = await provider.getToken(imapServer(), 'imap').catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'OAUTH_UNREACHABLE', remote: { code: 'EPROXY' } });
    expect(JSON.stringify([failed, at.events])).not.toContain('s3cret');
    await new Promise((resolve) => proxy.close(resolve));
  });
});
