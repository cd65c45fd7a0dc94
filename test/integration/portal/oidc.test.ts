// Sign-in by OpenID Connect against a real provider: roles by claim, and everything that must be refused.
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startOidcProvider, type TestProvider } from '../../support/oidc-provider.ts';
import { type Page, type SmallBrowser, smallBrowser } from '../../support/small-browser.ts';
import { freePort, type TempDir, tempDir } from '../../support/temp.ts';
import { makeCertificate } from '../../support/tls.ts';
import { portalRoom } from './gateway.ts';

let dir: TempDir;
let ca: string;
let publicUrl: string;
let provider: TestProvider;

beforeAll(async () => {
  dir = tempDir('oidc');
  const certificate = await makeCertificate(dir.path);
  ca = readFileSync(certificate.certFile, 'utf8');
  publicUrl = `http://127.0.0.1:${await freePort()}`;
  provider = await startOidcProvider(certificate, {
    redirectUri: `${publicUrl}/portal/oidc/callback`,
    afterSignOut: `${publicUrl}/portal/sign-in`,
  });
  const { people } = provider;
  people.set('kim', {
    preferred_username: 'kim@contoso.example',
    roles: ['Mailroom.Viewer', 'Mailroom.Administrator'],
  });
  people.set('olga', { preferred_username: 'olga@contoso.example', roles: ['Mailroom.Operator'] });
  people.set('nobody', { preferred_username: 'nobody@contoso.example', roles: ['Another.App'] });
  people.set('crowd', { name: 'Crowd', _claim_names: { roles: 'src1' } });
});
afterAll(async () => {
  await provider.stop();
  dir.remove();
});
const portal = portalRoom({
  env: () => ({
    MAILROOM_HTTP_PORT: new URL(publicUrl).port,
    MAILROOM_HTTP_PUBLIC_URL: publicUrl,
    MAILROOM_HTTP_OIDC_ISSUER: provider.issuer,
    MAILROOM_HTTP_OIDC_CLIENT_ID: provider.clientId,
    MAILROOM_HTTP_OIDC_CLIENT_SECRET: provider.clientSecret,
    MAILROOM_HTTP_OIDC_CA: ca,
    MAILROOM_HTTP_OIDC_ROLES: 'administrator=Mailroom.Administrator,operator=Mailroom.Operator,viewer=Mailroom.Viewer',
  }),
});

afterEach(() => {
  provider.forge = undefined;
  return portal.forgive();
});

/** From the portal to the provider and through its forms, up to the redirect back. */
async function atProvider(browser: SmallBrowser, base: string, account: string): Promise<string> {
  let page: Page = await browser.once(`${base}/portal/oidc`);
  expect(page.status).toBe(303);
  for (let hops = 0; hops < 20; hops += 1) {
    const location =
      page.headers.location === undefined ? undefined : new URL(String(page.headers.location), page.url).href;
    if (location?.startsWith(`${base}/portal/oidc/callback`)) return location;
    if (location !== undefined) page = await browser.once(location);
    else {
      const action = /<form[^>]*action="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
      const prompt = /name="prompt" value="(\w+)"/.exec(page.text)?.[1] ?? '';
      page = await browser.once(new URL(action, page.url).href, { prompt, login: account, password: 'any' });
    }
  }
  throw new Error(`the provider never sent us back; last: ${page.status} ${page.url}\n${page.text.slice(0, 500)}`);
}

const browser = () => smallBrowser(ca, { 'accept-language': 'en' });
const flowIn = (one: SmallBrowser) =>
  JSON.parse(Buffer.from(one.cookie('mailroom_oidc') ?? '', 'base64url').toString()) as Record<string, unknown>;
function changeFlow(one: SmallBrowser, base: string, change: Record<string, unknown>): void {
  const value = Buffer.from(JSON.stringify({ ...flowIn(one), ...change })).toString('base64url');
  one.setCookie(new URL(base).host, 'mailroom_oidc', value);
}

describe('sign-in by OpenID Connect', () => {
  it('leads to the provider, applies the highest mapped role, signs out on both sides, and audits all of it', async () => {
    const kim = browser();
    expect((await kim.open(`${portal.base}/portal/sign-in`)).text).toContain('href="/portal/oidc"');
    const back = await atProvider(kim, portal.base, 'kim');
    expect(new URL(back).searchParams.get('code')).toBeTruthy();
    const list = await kim.open(back);
    expect([list.status, list.url]).toEqual([200, `${portal.base}/portal/email-servers`]);
    expect(list.text).toContain('kim@contoso.example');
    expect(list.text).toContain('Administrator');
    expect(list.text).toContain('/portal/email-servers/new?type=IMAP');
    const csrf = /name="_csrf" value="([^"]+)"/.exec(list.text)?.[1] ?? '';
    const left = await kim.open(`${portal.base}/portal/sign-out`, { _csrf: csrf });
    const url = /id="continue"[^>]*href="([^"]+)"/.exec(left.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(url.startsWith(`${provider.issuer}/session/end?`)).toBe(true);
    expect(new URL(url).searchParams.get('post_logout_redirect_uri')).toBe(`${portal.base}/portal/sign-in`);
    expect((await kim.open(`${portal.base}/portal`)).url).toBe(`${portal.base}/portal/sign-in`);
    const audit = await (await portal.api('administrator', 'GET', '/v1/audit?limit=50')).text();
    expect(audit).toContain('"by":"kim@contoso.example","action":"sign-in"');
    expect(audit).toContain('"by":"kim@contoso.example","action":"sign-out"');
    // The same callback once more: the flow is used up.
    expect((await kim.open(back)).status).toBe(422);
  });

  it('lets an operator pause but not change', async () => {
    const olga = browser();
    const list = await olga.open(await atProvider(olga, portal.base, 'olga'));
    expect(list.text).toContain('Operator');
    expect((await olga.open(`${portal.base}/portal/email-servers/new`)).status).toBe(403);
  });

  it('refuses a user without a mapped role, naming what is missing, and creates no session', async () => {
    const nobody = browser();
    const page = await nobody.open(await atProvider(nobody, portal.base, 'nobody'));
    expect(page.status).toBe(403);
    expect(page.text).toContain('You are signed in as nobody@contoso.example, but have no role in Mailroom.');
    expect(page.text).toContain('Mailroom.Administrator (administrator)');
    expect(nobody.cookie('mailroom_session')).toBeUndefined();
    const crowd = browser();
    expect((await crowd.open(await atProvider(crowd, portal.base, 'crowd'))).text).toContain('too many groups');
  });

  const wrong: [
    string,
    number,
    string,
    (one: SmallBrowser, back: string) => string | undefined | Promise<string | undefined>,
  ][] = [
    ['a response without our state', 422, 'OAUTH_STATE', (one) => void changeFlow(one, portal.base, { state: 'x' })],
    ['a changed state', 422, 'OAUTH_STATE', (_, back) => back.replace(/state=[^&]+/, 'state=other')],
    ['no state', 422, 'OAUTH_STATE', (_, back) => back.replace(/&?state=[^&]+/, '')],
    ['another nonce', 401, 'REFUSED', (one) => void changeFlow(one, portal.base, { nonce: 'other' })],
    ['another PKCE verifier', 401, 'REFUSED', (one) => void changeFlow(one, portal.base, { verifier: 'v'.repeat(43) })],
    ['a code that the provider did not issue', 401, 'REFUSED', (_, back) => back.replace(/code=[^&]+/, 'code=guessed')],
    [
      'another issuer in the response',
      401,
      'REFUSED',
      (_, back) => back.replace(/iss=[^&]+/, 'iss=https%3A%2F%2Fevil.example'),
    ],
    [
      'a refusal by the provider',
      401,
      'REFUSED',
      (_, back) => back.replace(/code=[^&]+/, 'error=access_denied&error_description=secret+words'),
    ],
    [
      'a sign-in begun too long ago',
      422,
      'OAUTH_STATE',
      (one) => void changeFlow(one, portal.base, { at: Date.now() - 601_000 }),
    ],
    [
      'an invalid flow cookie',
      422,
      'OAUTH_STATE',
      (one) => void one.setCookie(new URL(portal.base).host, 'mailroom_oidc', 'bm9uc2Vuc2U'),
    ],
  ];
  it.each(wrong)('%s is refused without a session', async (_, status, _code, change) => {
    const kim = browser();
    const back = await atProvider(kim, portal.base, 'kim');
    const page = await kim.open((await change(kim, back)) ?? back);
    expect(page.status, page.text).toBe(status);
    expect(page.text).not.toContain('secret words');
    expect(kim.cookie('mailroom_session')).toBeUndefined();
  });

  it('another browser cannot use an answer meant for this one', async () => {
    const kim = browser();
    const back = await atProvider(kim, portal.base, 'kim');
    const thief = browser();
    expect((await thief.open(back)).status).toBe(422);
    // Nor with a sign-in of his own under way.
    await thief.once(`${portal.base}/portal/oidc`);
    expect((await thief.open(back)).status).toBe(422);
    expect(thief.cookie('mailroom_session')).toBeUndefined();
  });

  it.each<[string, NonNullable<TestProvider['forge']>]>([
    ['has expired', (claims) => ({ claims: { ...claims, exp: Math.floor(Date.now() / 1000) - 300 } })],
    ['is meant for another application', (claims) => ({ claims: { ...claims, aud: 'another' } })],
    ['comes from another issuer', (claims) => ({ claims: { ...claims, iss: 'https://evil.example' } })],
    ['has the nonce of another sign-in', (claims) => ({ claims: { ...claims, nonce: 'another' } })],
    ['has no nonce', ({ nonce: _, ...claims }) => ({ claims })],
    ['is signed with a foreign key', (claims) => ({ claims, foreignKey: true })],
  ])('refuses an id token that %s', async (_, forge) => {
    provider.forge = forge;
    const kim = browser();
    const page = await kim.open(await atProvider(kim, portal.base, 'kim'));
    expect([page.status, kim.cookie('mailroom_session')], page.text).toEqual([401, undefined]);
    provider.forge = (claims) => ({ claims });
    const again = browser();
    expect((await again.open(await atProvider(again, portal.base, 'kim'))).status).toBe(200);
  });

  it('ends an earlier session at the next sign-in, so that its id is useless', async () => {
    const kim = browser();
    await kim.open(await atProvider(kim, portal.base, 'kim'));
    const first = kim.cookie('mailroom_session') ?? '';
    await kim.open(await atProvider(kim, portal.base, 'kim'));
    expect(kim.cookie('mailroom_session')).not.toBe(first);
    const old = browser();
    old.setCookie(new URL(portal.base).host, 'mailroom_session', first);
    expect((await old.open(`${portal.base}/portal`)).url).toBe(`${portal.base}/portal/sign-in`);
  });

  it('makes an address wait after ten attempts, with Retry-After', async () => {
    const guesser = browser();
    const statuses: number[] = [];
    for (let i = 0; i < 11; i += 1)
      statuses.push((await guesser.once(`${portal.base}/portal/oidc/callback?code=x&state=y`)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 422), 429]);
    const locked = await guesser.once(`${portal.base}/portal/oidc/callback?code=x&state=y`);
    expect(Number(locked.headers['retry-after'])).toBeGreaterThan(800);
    expect(await (await portal.api('administrator', 'GET', '/v1/audit?limit=50')).text()).toContain('sign-in-locked');
  });

  it('reports an unreachable provider, while a one-time secret still signs in', async () => {
    const lost = await portal.another({
      MAILROOM_HTTP_OIDC_ISSUER: `https://localhost:${await freePort()}`,
      MAILROOM_HTTP_OIDC_CLIENT_ID: 'x',
      MAILROOM_HTTP_OIDC_ROLES: 'viewer=*',
    });
    const page = await browser().once(`${lost.base}/portal/oidc`);
    expect([page.status, /cannot be reached \(ECONNREFUSED\)/.test(page.text)]).toEqual([503, true]);
    // Its certificate is signed by a private CA that is not configured.
    const foreign = await portal.another({
      MAILROOM_HTTP_OIDC_ISSUER: provider.issuer,
      MAILROOM_HTTP_OIDC_CLIENT_ID: 'x',
      MAILROOM_HTTP_OIDC_ROLES: 'viewer=*',
    });
    expect((await browser().once(`${foreign.base}/portal/oidc`)).text).toMatch(
      /cannot be reached \(DEPTH_ZERO_SELF_SIGNED_CERT/,
    );
  });
});
