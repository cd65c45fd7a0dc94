// Every route that is served, API and portal, taken from the server itself so that none can be forgotten: who may what, sessions and forms of
// others, bodies that are too large or broken, names that are markup. Nothing but what the table of permissions says.
import { beforeAll, describe, expect, it } from 'vitest';
import { createPortalSessions } from '../../../src/adapters/redis/portal-sessions.ts';
import { type AccessRole, isPortalRole, may, roles } from '../../../src/domain/access.ts';
import type { ServedRoute } from '../../../src/http/index.ts';
import { type Person, portalRoom, TOKENS } from './gateway.ts';

const BODY_LIMIT = 20_000;
const FORM_LIMIT = 128 * 1024;
const people = {} as Record<Exclude<AccessRole, 'backend'>, Person>;

const portal = portalRoom({
  env: {
    MAILROOM_HTTP_BODY_LIMIT: String(BODY_LIMIT),
    // Nobody answers there: its routes are served all the same.
    MAILROOM_HTTP_OIDC_ISSUER: 'https://localhost:1/',
    MAILROOM_HTTP_OIDC_CLIENT_ID: 'x',
    MAILROOM_HTTP_OIDC_ROLES: 'viewer=*',
  },
});
beforeAll(async () => {
  for (const role of roles) if (isPortalRole(role)) people[role] = await portal.signIn(TOKENS[role]);
});

const isPage = ({ path }: ServedRoute) => path === '/' || /^\/(portal|signin)/.test(path);
const reads = ({ method }: ServedRoute) => method === 'GET' || method === 'HEAD';
const api = () => portal.routes.filter((route) => !isPage(route));
const pages = () => portal.routes.filter(isPage);
const url = ({ path }: ServedRoute) =>
  portal.base +
  path
    .replace(':name', path.includes('schemas') ? 'message-1' : 'From%20file')
    .replace(':key', 'm-0123456789abcdef-1-1')
    .replace(':id', 'r1')
    .replace(':flow', 'x')
    .replace(':n', '0');

interface Ask {
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}
/** Status and where it leads; streams are left at once. */
async function ask(route: ServedRoute, { headers = {}, body }: Ask = {}) {
  const stop = new AbortController();
  const answer = await fetch(url(route), {
    method: route.method,
    redirect: 'manual',
    headers,
    signal: stop.signal,
    ...(body === undefined || reads(route) ? {} : { body }),
  });
  const streams = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const text = streams ? '' : await answer.text();
  if (streams) stop.abort();
  return { status: answer.status, location: answer.headers.get('location'), text, headers: answer.headers };
}
const form = (fields: Record<string, string> = {}) => new URLSearchParams(fields).toString();
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Each route with what it answered, where that is not what is expected. */
async function mismatches(
  routes: readonly ServedRoute[],
  check: (route: ServedRoute) => Promise<unknown>,
): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const route of routes) {
    const wrong = await check(route);
    if (wrong !== undefined) found.push([route.method, route.path, route.access, wrong]);
  }
  return found;
}

describe('every route', { timeout: 180_000 }, () => {
  it('is listed here with its permission, and the portal has no other unprotected change', () => {
    expect(api().length).toBeGreaterThan(45);
    expect(pages().length).toBeGreaterThan(25);
    const open = portal.routes.filter(({ access }) => access === 'open').map(({ method, path }) => `${method} ${path}`);
    expect(open.filter((route) => !route.startsWith('HEAD ')).sort()).toEqual(
      [
        'GET /',
        'GET /healthz',
        'GET /metrics',
        'GET /readyz',
        'GET /v1/openapi.json',
        'GET /v1/schemas',
        'GET /v1/schemas/:name',
        'GET /portal/assets/portal-:digest(^[0-9a-f]{16}).css',
        'GET /portal/assets/portal-:digest(^[0-9a-f]{16}).js',
        'GET /portal/oidc',
        'GET /portal/oidc/callback',
        'GET /portal/sign-in',
        'POST /portal/sign-in',
      ].sort(),
    );
  });

  it('API: 401 without a token, with a wrong token or with a session; 403 without the permission; otherwise allowed', async () => {
    const wrong = await mismatches(api(), async (route) => {
      const { access } = route;
      const answers: Record<string, number> = {};
      answers.nobody = (await ask(route)).status;
      answers.forged = (await ask(route, { headers: { authorization: `Bearer ${'x'.repeat(43)}` } })).status;
      // A session of the portal is a cookie, and no way into the API: no other site could make a browser use it.
      answers.session = (await ask(route, { headers: { cookie: people.administrator.cookie } })).status;
      for (const role of roles)
        answers[role] = (await ask(route, { headers: { authorization: `Bearer ${TOKENS[role]}` } })).status;
      const strangers = [answers.nobody, answers.forged, answers.session];
      const fits =
        access === 'open'
          ? [...strangers, ...roles.map((role) => answers[role])].every((status) => status !== 401 && status !== 403)
          : strangers.every((status) => status === 401) &&
            roles.every((role) =>
              may(role, access as never) ? ![401, 403].includes(answers[role] ?? 0) : answers[role] === 403,
            );
      return fits && Object.values(answers).every((status) => status < 500 || status === 503) ? undefined : answers;
    });
    expect(wrong).toEqual([]);
    await portal.forgive();
  });

  it('pages: to the sign-in or 401 without a session or with a forged one; 403 without the permission; otherwise allowed', async () => {
    const wrong = await mismatches(pages(), async (route) => {
      const { access, path } = route;
      const answers: Record<string, unknown> = {};
      for (const cookie of ['', `mailroom_session=${'x'.repeat(43)}`, 'mailroom_session=../../x']) {
        const { status, location } = await ask(route, { headers: { cookie, ...FORM }, body: form() });
        const refused = status === 401 || (status === 303 && location === '/portal/sign-in' && route.method !== 'POST');
        const fits = access === 'open' ? status !== 403 : refused;
        if (!fits) answers[`cookie "${cookie}"`] = [status, location];
      }
      for (const [role, { cookie, csrf }] of Object.entries(people)) {
        if (path === '/portal/sign-out') continue;
        const { status } = await ask(route, { headers: { cookie, ...FORM }, body: form({ _csrf: csrf }) });
        const allowed = access === 'open' || access === 'session' || may(role as AccessRole, access);
        if (allowed ? status === 403 : status !== 403) answers[role] = status;
      }
      await portal.forgive();
      return Object.keys(answers).length === 0 ? undefined : answers;
    });
    expect(wrong).toEqual([]);
  });

  it('refuses viewers on every route that changes anything, as a page and through the API', async () => {
    const before = await audited();
    const { cookie, csrf } = people.viewer;
    const changes = portal.routes.filter((route) => !reads(route));
    const wrong = await mismatches(changes, async (route) => {
      if (['/portal/sign-in', '/portal/sign-out'].includes(route.path)) return undefined;
      const headers = isPage(route)
        ? { cookie, ...FORM }
        : { authorization: `Bearer ${TOKENS.viewer}`, 'content-type': 'application/json', 'if-match': '"x"' };
      const body = isPage(route) ? form({ _csrf: csrf, name: 'From file', revision: 'x' }) : '{}';
      const { status } = await ask(route, { headers, body });
      return status === 403 ? undefined : status;
    });
    expect(wrong).toEqual([]);
    expect(await audited()).toEqual(before);
  });

  it('refuses a form without its token, with the token of another session, or from another site, for every role', async () => {
    const before = await audited();
    const { cookie } = people.administrator;
    const another = await portal.signIn(TOKENS.administrator);
    const forms = pages().filter((route) => route.method === 'POST');
    const wrong = await mismatches(forms, async (route) => {
      const forged: [string, Ask][] = [
        ['no token', { headers: { cookie, ...FORM }, body: form({ name: 'From file' }) }],
        ['an empty token', { headers: { cookie, ...FORM }, body: form({ _csrf: '' }) }],
        ['another session’s token', { headers: { cookie, ...FORM }, body: form({ _csrf: another.csrf }) }],
        [
          'another site',
          {
            headers: { cookie, ...FORM, 'sec-fetch-site': 'cross-site' },
            body: form({ _csrf: people.administrator.csrf }),
          },
        ],
        ['no session, another site', { headers: { ...FORM, 'sec-fetch-site': 'same-site' }, body: form() }],
      ];
      const answers: [string, number][] = [];
      for (const [title, given] of forged) {
        const { status } = await ask(route, given);
        const expected = title.startsWith('no session') && route.access !== 'open' ? 401 : 403;
        if (status !== expected) answers.push([title, status]);
      }
      return answers.length === 0 ? undefined : answers;
    });
    expect(wrong).toEqual([]);
    expect((await audited()).filter((action) => action !== 'sign-in')).toEqual(
      before.filter((action) => action !== 'sign-in'),
    );
    await portal.forgive();
  });

  it('refuses bodies that are too large, malformed or of another type with the reason, without an internal error', async () => {
    const token = { authorization: `Bearer ${TOKENS.administrator}`, 'if-match': '"x"' };
    const { cookie, csrf } = people.administrator;
    const wrong = await mismatches(
      portal.routes.filter((route) => !reads(route) && route.path !== '/portal/sign-out'),
      async (route) => {
        const page = isPage(route);
        const tries: [string, Ask, number[]][] = page
          ? [
              [
                'too large',
                { headers: { cookie, ...FORM }, body: form({ _csrf: csrf, x: 'y'.repeat(FORM_LIMIT) }) },
                [413],
              ],
              ['JSON', { headers: { cookie, 'content-type': 'application/json' }, body: '{}' }, [415]],
              ['no type', { headers: { cookie, 'content-type': 'text/plain' }, body: 'x' }, [415]],
              [
                'broken encoding',
                { headers: { cookie, ...FORM }, body: `_csrf=${csrf}&name=%E0%A4%A&%00=%&serverType=%ff` },
                [303, 200, 404, 422, 401, 412],
              ],
            ]
          : [
              [
                'too large',
                { headers: { ...token, 'content-type': 'application/json' }, body: `"${'x'.repeat(BODY_LIMIT)}"` },
                [413],
              ],
              ['broken', { headers: { ...token, 'content-type': 'application/json' }, body: '{"a":' }, [400]],
              ['a form', { headers: { ...token, ...FORM }, body: 'a=b' }, [415]],
              ['plain text', { headers: { ...token, 'content-type': 'text/plain' }, body: 'x' }, [415]],
              [
                'another shape',
                { headers: { ...token, 'content-type': 'application/json' }, body: '[[[["x"]]]]' },
                [404, 409, 412, 422, 428, 200, 204],
              ],
              [
                'a poisoned prototype',
                { headers: { ...token, 'content-type': 'application/json' }, body: '{"__proto__":{"enabled":true}}' },
                [400],
              ],
            ];
        const answers: unknown[] = [];
        for (const [title, given, expected] of tries) {
          const { status } = await ask(route, given);
          if (!expected.includes(status)) answers.push([title, status]);
        }
        await portal.forgive();
        return answers.length === 0 ? undefined : answers;
      },
    );
    expect(wrong).toEqual([]);
  });

  it('escapes markup in names, addresses, flows, reply ids and people’s names on every page', async () => {
    const XSS = '"><script>alert(1)</script><img src=x onerror=alert(1)>\'';
    const person = await portal.signIn(
      await createPortalSessions(portal.redis).invite({ name: `Kim ${XSS}`, role: 'administrator' }),
    );
    const made = await portal.api('administrator', 'POST', '/v1/email-servers', {
      serverType: 'IMAP',
      name: `In ${XSS}`,
      host: 'imap.example.org',
      authenticationType: 'OAuth2',
      application: `App ${XSS}`,
      user: 'xss@contoso.example',
      emailFlow: `Flow ${XSS}`,
      folder: `Folder ${XSS}`,
      enabled: false,
    });
    expect(made.status, await made.clone().text()).toBe(201);
    const query = new URLSearchParams({ name: `In ${XSS}`, search: XSS, show: XSS, type: XSS, done: XSS, state: XSS });
    for (const [key, value] of [
      ['error', XSS],
      ['error_description', XSS],
      ['id', XSS],
      ['key', XSS],
    ] as const)
      query.set(key, value);
    const wrong = await mismatches(
      pages().filter(({ method, path }) => method === 'GET' && path !== '/portal/events'),
      async (route) => {
        const answers: unknown[] = [];
        for (const asked of ['', `?${query}`]) {
          const answer = await fetch(url(route) + asked, { headers: { cookie: person.cookie }, redirect: 'manual' });
          const text = await answer.text();
          if (/<script>alert|<img src=x/.test(text)) answers.push([asked, text.slice(0, 300)]);
          if (answer.status >= 500 && answer.status !== 503) answers.push([asked, answer.status]);
          if (answer.status < 300 && answer.headers.get('content-type')?.startsWith('text/html') === true) {
            const policy = answer.headers.get('content-security-policy') ?? '';
            if (!policy.includes("default-src 'none'") || policy.includes('unsafe')) answers.push([asked, policy]);
          }
        }
        await portal.forgive();
        return answers.length === 0 ? undefined : answers;
      },
    );
    expect(wrong).toEqual([]);
    expect(await (await person.get('/portal/audit')).text()).toContain('Kim &quot;&gt;&lt;script&gt;');
  });

  it('rejects a stale ETag and requires one', async () => {
    const definition = {
      serverType: 'SMTP',
      name: 'Stale',
      host: 'smtp.example.org',
      authenticationType: 'Password',
      user: 'stale@contoso.example',
      password: 'a-secret-password-1',
    };
    const made = await portal.api('administrator', 'POST', '/v1/email-servers', definition);
    const etag = made.headers.get('etag') ?? '';
    const guarded = api().filter(
      ({ method, path }) =>
        /^\/v1\/email-servers\/:name(\/(en|dis)able)?$/.test(path) && !['GET', 'HEAD'].includes(method),
    );
    expect(guarded).toHaveLength(4);
    for (const [ifMatch, expected] of [
      ['"00000000-0000-0000-0000-000000000000"', 412],
      [undefined, 428],
      ['*', 428],
    ] as const)
      for (const { method, path } of guarded) {
        const body = method === 'PUT' ? definition : undefined;
        const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': ifMatch };
        const answer = await portal.api('administrator', method, path.replace(':name', 'Stale'), body, headers);
        expect([method, path, ifMatch, answer.status]).toEqual([method, path, ifMatch, expected]);
      }
    expect((await portal.api('viewer', 'GET', '/v1/email-servers/Stale')).headers.get('etag')).toBe(etag);
  });
});

async function audited(): Promise<string[]> {
  const answer = await portal.api('administrator', 'GET', '/v1/audit?limit=1000');
  return ((await answer.json()) as { entries: { action: string }[] }).entries.map(({ action }) => action);
}
