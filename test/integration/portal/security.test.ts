// What a browser is told and asked: headers of every answer, where a form comes from, where the language switch leads, what a link can make a
// page say, what is left behind after signing out.
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Portal, portalRoom, TOKENS } from './gateway.ts';

const PUBLIC = 'https://mailroom.example';
const plain = portalRoom();
let secure: Portal;
let kim: Person;

beforeAll(async () => {
  secure = await plain.another({ MAILROOM_HTTP_PUBLIC_URL: PUBLIC });
  kim = await plain.signIn(TOKENS.administrator);
});

describe('headers', () => {
  const everywhere = [
    '/portal/sign-in',
    '/portal/no-such-page',
    '/portal',
    '/v1/openapi.json',
    '/v1/replies',
    '/nowhere',
  ];

  it.each(everywhere)('%s: sends HSTS only when the public URL is https', async (path) => {
    const header = async (base: string) =>
      (await fetch(base + path, { redirect: 'manual' })).headers.get('strict-transport-security');
    expect(await header(secure.base)).toBe('max-age=31536000');
    expect(await header(plain.base)).toBeNull();
  });

  it.each(everywhere)(
    '%s: loads nothing from other sites, runs no inline script, and cannot be framed',
    async (path) => {
      const { headers } = await fetch(plain.base + path, { redirect: 'manual' });
      const policy = (headers.get('content-security-policy') ?? '').split(';').sort();
      expect(policy).toEqual([
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "img-src 'self' data:",
        "script-src 'self'",
        "style-src 'self'",
      ]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      // With no-referrer a browser hides the origin of the portal's own forms.
      expect(headers.get('referrer-policy')).toBe(path.startsWith('/portal') ? 'same-origin' : 'no-referrer');
    },
  );

  it.each(['/portal/sign-in', '/portal/no-such-page'])(
    '%s: denies pages camera, location and payment',
    async (path) => {
      const policy = (await fetch(plain.base + path)).headers.get('permissions-policy') ?? '';
      for (const feature of ['camera', 'geolocation', 'microphone', 'payment', 'usb'])
        expect(policy.split(', ')).toContain(`${feature}=()`);
    },
  );

  it('signing out clears the browser’s pages and storage of this host, and no cookie of a neighbouring host', async () => {
    const person = await plain.signIn(TOKENS.viewer);
    const answer = await person.post('/portal/sign-out', {});
    expect(answer.status).toBe(303);
    expect(answer.headers.get('clear-site-data')).toBe('"cache", "storage"');
    expect(answer.headers.getSetCookie()).toContainEqual(expect.stringMatching(/^mailroom_session=; .*Max-Age=0/));
  });
});

describe('a form', () => {
  it.each([
    ['another site', 'https://evil.example', 403],
    ['another port of this host', 'http://127.0.0.1:1', 403],
    ['this host over another scheme', 'ftp://{host}', 403],
    ['a frame without origin', 'null', 403],
    ['an invalid origin', 'x', 403],
    ['the addressed host', 'http://{host}', 303],
    ['the public URL, behind a proxy with another name', PUBLIC, 303],
  ])('from %s', async (_title, origin, expected) => {
    const base = secure.base;
    const headers = { origin: origin.replace('{host}', new URL(base).host) };
    const answer = await secure.post('/portal/sign-in', { secret: TOKENS.viewer }, headers);
    expect(answer.status).toBe(expected);
  });

  it('is checked with a session as well', async () => {
    const fields = { name: 'x', revision: 'x' };
    const foreign = await kim.post('/portal/email-servers/delete', fields, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
  });
});

describe('the language switch', () => {
  it.each([
    '/portal/..//evil.example',
    '/portal/..//evil.example/x',
    '/portal/.//evil.example',
    '/portal/%2e%2e//evil.example',
    '/portal/../%5cevil.example',
    '/portal/..\\evil.example',
    '/portal/email-servers',
    '/portal/email-servers?search=a%20b&show=IMAP',
  ])('stays on this host: %s', async (path) => {
    // As a browser would follow it; fetch() would take the dots out before it asks.
    const { request } = await import('node:http');
    const { hostname, port } = new URL(plain.base);
    const location = await new Promise<string | undefined>((resolve, reject) => {
      const target = `${path}${path.includes('?') ? '&' : '?'}lang=de`;
      request({ hostname, port, path: target, headers: { cookie: kim.cookie } }, (answer) => {
        answer.resume();
        resolve(answer.headers.location);
      })
        .on('error', reject)
        .end();
    });
    const followed = new URL(location ?? '', plain.base);
    expect(followed.host).toBe(new URL(plain.base).host);
    expect(followed.searchParams.has('lang')).toBe(false);
    const asked = new URL(path, plain.base);
    if (!path.includes('evil'))
      expect(`${followed.pathname}?${followed.searchParams}`).toBe(`${asked.pathname}?${asked.searchParams}`);
  });
});

describe('?done=', () => {
  it.each([
    ['done=deleted&about=Call+0900+123456', 'no proof'],
    ['done=deleted&about=Call+0900+123456&proof=', 'an empty one'],
    ['done=deleted&about=Call+0900+123456&proof=AAAAAAAAAAAAAAAAAAAAAA', 'a guessed one'],
  ])('shows nothing that this session did not do: %s', async (query) => {
    for (const page of ['/portal/email-servers', '/portal/replies', '/portal/quarantine']) {
      const text = await (await kim.get(`${page}?${query}`)).text();
      // The language switch keeps the query: an address is no text.
      expect(text.replace(/<[^>]*>/g, '')).not.toContain('0900');
      expect(text).not.toContain('note ok wrap" role="status"');
    }
  });

  it('shows the action only to the session that did it, in fixed words', async () => {
    const made = await kim.post('/portal/email-servers/new', {
      serverType: 'SMTP',
      name: 'Done & dusted',
      host: 'smtp.example.org',
      port: '587',
      tls: 'enabled',
      authenticationType: 'Password',
      password: 'a-secret-9',
      user: 'done@contoso.example',
      _action: 'save',
    });
    const location = made.headers.get('location') ?? '';
    expect(location).toMatch(/^\/portal\/email-servers\?done=saved&about=/);
    const note = /<div class="note ok wrap" role="status">“Done &amp; dusted” was saved\./;
    expect(await (await kim.get(location)).text()).toMatch(note);
    for (const changed of [location.replace('saved', 'deleted'), location.replace('dusted', 'gone')])
      expect(await (await kim.get(changed)).text()).not.toContain('note ok wrap" role="status"');
    const other = await plain.signIn(TOKENS.administrator);
    expect(await (await other.get(location)).text()).not.toMatch(note);
  });
});

describe('style sheet and script', () => {
  it('have names that change with their content and are cached forever; a name of another version is answered uncached', async () => {
    const page = await (await fetch(`${plain.base}/portal/sign-in`)).text();
    const links = [...page.matchAll(/(?:href|src)="(\/portal\/assets\/portal-([0-9a-f]{16})\.(?:css|js))"/g)];
    expect(links).toHaveLength(2);
    for (const [, path = '', digest = ''] of links) {
      const asset = await fetch(plain.base + path);
      const text = await asset.text();
      expect(createHash('sha256').update(text).digest('hex')).toMatch(new RegExp(`^${digest}`));
      expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
      const old = await fetch(plain.base + path.replace(digest, '0123456789abcdef'));
      expect([old.status, old.headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(await old.text()).toBe(text);
    }
    expect((await fetch(`${plain.base}/portal/assets/..%2findex.ts`, { redirect: 'manual' })).status).toBe(303);
  });
});
