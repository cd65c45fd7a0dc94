// API of email servers and the portal's pages on a real gateway and Redis: who may what, no lost update, secrets, forgery, escaping.
import { beforeAll, describe, expect, it } from 'vitest';
import { createPortalServers } from '../../../src/adapters/redis/portal-servers.ts';
import { createPortalSessions } from '../../../src/adapters/redis/portal-sessions.ts';
import { waitFor } from '../../support/temp.ts';
import { type Portal, portalRoom, TOKENS, type Who } from './gateway.ts';

const one = portalRoom();
let two: Portal;
beforeAll(async () => {
  two = await one.another();
});

let count = 0;
/** A definition with a name and user of its own. */
const smtp = (fields: object = {}) => {
  count += 1;
  return {
    serverType: 'SMTP',
    name: `Out ${count}`,
    host: 'smtp.example.org',
    port: 587,
    authenticationType: 'Password',
    user: `person${count}@contoso.example`,
    password: 'a-secret-password-1',
    additionalEmailFromAddresses: [`shared${count}@contoso.example`],
    ...fields,
  };
};
const path = (name: string, more = '') => `/v1/email-servers/${encodeURIComponent(name)}${more}`;
async function created(fields: object = {}) {
  const definition = smtp(fields);
  const answer = await one.api('administrator', 'POST', '/v1/email-servers', definition);
  expect(answer.status, await answer.clone().text()).toBe(201);
  return { definition, etag: answer.headers.get('etag') ?? '', view: (await answer.json()) as { revision: string } };
}

describe('permissions by role', () => {
  // Stated here again on purpose, see test/unit/http/api.test.ts.
  const calls: [string, string, boolean][] = [
    ['GET', '/v1/email-servers', false],
    ['GET', '/v1/email-servers/From%20file', false],
    ['POST', '/v1/email-servers', true],
    ['PUT', '/v1/email-servers/From%20file', true],
    ['POST', '/v1/email-servers/From%20file/copy', true],
    ['POST', '/v1/email-servers/From%20file/enable', true],
    ['POST', '/v1/email-servers/From%20file/disable', true],
    ['DELETE', '/v1/email-servers/From%20file', true],
    ['POST', '/v1/email-servers-reload', true],
    ['GET', '/v1/audit', true],
    ['GET', '/v1/audit/export', true],
  ];
  const people: (Who | undefined)[] = [undefined, 'backend', 'viewer'];
  it.each(
    calls.flatMap(([method, url, write]) => people.map((who) => [method, url, who ?? 'nobody', who, write] as const)),
  )('API %s %s as %s', async (method, url, _title, who, write) => {
    const { status } = await one.api(who, method, url, method === 'PUT' || url.endsWith('copy') ? {} : undefined);
    expect(status).toBe(who === undefined ? 401 : who === 'viewer' && !write ? 200 : 403);
  });

  it('pages: everybody else goes to the sign-in, and a backend token is refused', async () => {
    for (const page of [
      '/portal',
      '/portal/email-servers',
      '/portal/email-servers/new',
      '/portal/audit',
      '/signin/callback',
    ]) {
      const answer = await fetch(one.base + page, { redirect: 'manual' });
      expect([page, answer.status, answer.headers.get('location')]).toEqual([page, 303, '/portal/sign-in']);
    }
    expect((await fetch(`${one.base}/portal/events`)).status).toBe(401);
    for (const secret of [TOKENS.backend, 'wrong', ''])
      expect((await one.post('/portal/sign-in', { secret })).status).toBe(401);
  });

  it('pages: a viewer reads and changes nothing', async () => {
    const { definition, view } = await created();
    const viewer = await one.signIn(TOKENS.viewer);
    const list = await (await viewer.get('/portal/email-servers')).text();
    expect(list).toContain(definition.name);
    for (const word of ['/new?type', '/delete?name', '/disable']) expect(list).not.toContain(word);
    for (const page of [
      '/portal/audit',
      '/portal/email-servers/new',
      `/portal/email-servers/delete?name=${encodeURIComponent(definition.name)}`,
    ])
      expect((await viewer.get(page)).status, page).toBe(403);
    const fields = {
      name: definition.name,
      revision: view.revision,
      _existing: definition.name,
      _revision: view.revision,
    };
    for (const action of ['new', 'edit', 'delete', 'enable', 'disable', 'sign-in'])
      expect((await viewer.post(`/portal/email-servers/${action}`, fields)).status, action).toBe(403);
    expect((await one.api('viewer', 'GET', path(definition.name))).status).toBe(200);
  });
});

describe('changes through the API', () => {
  it('creates, reads, replaces, disables, enables, copies and deletes; audits each change without secrets', async () => {
    const { definition, etag } = await created();
    const { name } = definition;
    const replaced = await one.api(
      'administrator',
      'PUT',
      path(name),
      { ...definition, password: undefined, pace: { perMinute: 10 } },
      { 'if-match': etag },
    );
    expect(replaced.status, await replaced.clone().text()).toBe(200);
    const disabled = await one.api('administrator', 'POST', path(name, '/disable'), undefined, {
      'if-match': replaced.headers.get('etag') ?? '',
    });
    expect(await disabled.json()).toMatchObject({ enabled: false, live: { state: 'disabled' }, hasPassword: true });
    const enabled = await one.api('administrator', 'POST', path(name, '/enable'), undefined, {
      'if-match': disabled.headers.get('etag') ?? '',
    });
    expect(await enabled.json()).toMatchObject({ enabled: true, live: { state: 'unproven', waiting: 0 } });
    const copied = await one.api('administrator', 'POST', path(name, '/copy'), { name: `${name} copy` });
    expect(await copied.json()).toMatchObject({ name: `${name} copy`, enabled: false, hasPassword: true });
    const deleted = await one.api('administrator', 'DELETE', path(`${name} copy`), undefined, {
      'if-match': copied.headers.get('etag') ?? '',
    });
    expect(deleted.status).toBe(204);
    const audit = await (await one.api('administrator', 'GET', '/v1/audit?limit=50')).text();
    const { entries } = JSON.parse(audit) as {
      entries: { server: string; action: string; by: string; changes: object[] }[];
    };
    const mine = entries.filter(({ server }) => server.startsWith(name));
    expect(mine.map(({ action }) => action)).toEqual(['delete', 'copy', 'enable', 'disable', 'replace', 'create']);
    expect(mine[4]?.changes).toContainEqual(expect.objectContaining({ field: 'pace' }));
    expect(mine[5]).toMatchObject({
      by: 'administrator-person',
      changes: expect.arrayContaining([{ field: 'password', from: '••••', to: '••••' }]),
    });
    const list = await (await one.api('administrator', 'GET', '/v1/email-servers')).text();
    const stored = JSON.stringify(await one.redis.hgetall('{mailroom}:portal:email-servers'));
    for (const text of [audit, list, stored]) expect(text).not.toContain('a-secret-password-1');
  });

  it('the audit log: changes and sign-ins each on their tab, in the list, and all as JSON lines', async () => {
    const { definition } = await created();
    const admin = await one.signIn(TOKENS.administrator);
    const page = async (query: string) => (await admin.get(`/portal/audit${query}`)).text();
    const changes = await page('');
    expect(changes).toContain(definition.name);
    expect(changes).not.toContain('<span class="badge wrap">signed in</span>');
    const signIns = await page('?state=sign-ins');
    expect(signIns).toContain('<span class="badge wrap">signed in</span>');
    expect(signIns).not.toContain(definition.name);
    expect(await page('?state=sign-ins&person=nobody')).toContain('Nothing matches the filter');

    const actions = async (query: string) => {
      const { entries } = (await (await one.api('administrator', 'GET', `/v1/audit?${query}`)).json()) as {
        entries: { action: string }[];
      };
      return new Set(entries.map(({ action }) => action));
    };
    expect(await actions('limit=1000&kind=sign-ins')).not.toContain('create');
    expect(await actions('limit=1000&kind=changes')).not.toContain('sign-in');
    expect([...(await actions('limit=1000'))]).toEqual(expect.arrayContaining(['create', 'sign-in']));

    const exported = await one.api('administrator', 'GET', '/v1/audit/export');
    expect(exported.headers.get('content-type')).toContain('application/x-ndjson');
    const times = (await exported.text())
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { at: string }).at);
    expect(times.length).toBeGreaterThan(1);
    expect(times).toEqual(times.toSorted());
    const later = `/v1/audit/export?kind=sign-ins&from=${encodeURIComponent('2999-01-01T00:00:00+01:00')}`;
    expect(await (await one.api('administrator', 'GET', later)).text()).toBe('');
    expect((await one.api('administrator', 'GET', '/v1/audit/export?from=today')).status).toBe(422);
  });

  it('treats the password in a proxy’s address as a secret: never shown, stored encrypted, kept when the masked value returns', async () => {
    const proxy = 'http://kim:proxy-secret-77@10.9.8.7:3128';
    const { definition, etag } = await created({ proxy });
    const { name } = definition;
    const shown = (await (await one.api('administrator', 'GET', path(name))).json()) as {
      definition: { proxy: string };
    };
    expect(shown.definition.proxy).toBe('http://kim:******@10.9.8.7:3128/');
    const again = await one.api(
      'administrator',
      'PUT',
      path(name),
      { ...definition, password: undefined, proxy: shown.definition.proxy, pace: { perMinute: 9 } },
      { 'if-match': etag },
    );
    expect(again.status, await again.clone().text()).toBe(200);
    const kept = createPortalServers({ redis: one.redis, keys: one.config.security.cacheKeys });
    expect((await kept.get(name))?.definition).toMatchObject({ proxy, password: 'a-secret-password-1' });
    // Another proxy must not get the password that was entered for this one.
    const elsewhere = await one.api(
      'administrator',
      'PUT',
      path(name),
      { ...definition, password: undefined, proxy: 'http://kim:******@10.66.6.6:3128' },
      { 'if-match': again.headers.get('etag') ?? '' },
    );
    expect(elsewhere.status).toBe(422);
    const audit = await (await one.api('administrator', 'GET', '/v1/audit?limit=50')).text();
    const stored = JSON.stringify(await one.redis.hgetall('{mailroom}:portal:email-servers'));
    for (const text of [audit, stored, JSON.stringify(shown)]) expect(text).not.toContain('proxy-secret-77');
    kept.stop();
  });

  it('accepts only the first of two concurrent edits, and none without a revision', async () => {
    const { definition, etag } = await created();
    const change = (port: number, headers: Record<string, string>, at: Pick<Portal, 'api'> = one) =>
      at.api('administrator', 'PUT', path(definition.name), { ...definition, port }, headers);
    const both = await Promise.all([change(1001, { 'if-match': etag }), change(1002, { 'if-match': etag }, two)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect((await change(1003, {})).status).toBe(428);
    expect((await change(1003, { 'if-match': '*' })).status).toBe(428);
    expect(
      (await one.api('administrator', 'DELETE', path(definition.name), undefined, { 'if-match': etag })).status,
    ).toBe(412);
    const now = (await (await one.api('administrator', 'GET', path(definition.name))).json()) as {
      definition: { port: number };
    };
    expect(now.definition.port).toBe(both[0]?.status === 200 ? 1001 : 1002);
  });

  it('takes effect on the other replica within two seconds', async () => {
    const { definition } = await created();
    await waitFor(async () => (await two.api('viewer', 'GET', path(definition.name))).status === 200, {});
  });

  it('refuses changes to servers from files, naming the file as the reason', async () => {
    const view = await (await one.api('viewer', 'GET', '/v1/email-servers/From%20file')).json();
    expect(view).toMatchObject({ source: 'file', editable: false });
    const headers = { 'if-match': '"x"' };
    const answers = await Promise.all([
      one.api('administrator', 'PUT', '/v1/email-servers/From%20file', smtp(), headers),
      one.api('administrator', 'POST', '/v1/email-servers/From%20file/disable', undefined, headers),
      one.api('administrator', 'DELETE', '/v1/email-servers/From%20file', undefined, headers),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(409);
      expect(await answer.json()).toMatchObject({ code: 'EMAIL_SERVER_READ_ONLY' });
    }
  });

  it.each([
    [{ host: '169.254.169.254' }, 'host'],
    [{ host: 'metadata.google.internal' }, 'host'],
    [{ host: 'fe80::1' }, 'host'],
    [{ host: '::ffff:169.254.169.254' }, 'host'],
    [{ proxy: 'http://169.254.169.254/' }, 'proxy'],
    [{ proxy: 'http://[fe80::1]:8080' }, 'proxy'],
    [{ name: 'from FILE' }, 'name'],
    [{ port: 0 }, 'port'],
    [{ password: undefined }, 'password'],
    [{ passwordFile: '/etc/passwd' }, 'passwordFile'],
    [{ additionalEmailFromAddresses: ['no address'] }, 'additionalEmailFromAddresses[0]'],
  ])('refuses %o by field', async (fields, field) => {
    const answer = await one.api('administrator', 'POST', '/v1/email-servers', smtp(fields));
    expect(answer.status).toBe(422);
    const { problems } = (await answer.json()) as { problems: { field: string }[] };
    expect(problems.map((problem) => problem.field)).toContain(field);
  });

  it('sends a stored password to no other host', async () => {
    const { definition, etag } = await created();
    const other = { ...definition, host: 'evil.example.org', password: undefined };
    const answer = await one.api('administrator', 'PUT', path(definition.name), other, { 'if-match': etag });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ problems: [{ field: 'password' }] });
  });

  it('refuses malformed and oversized bodies', async () => {
    expect((await one.api('administrator', 'POST', '/v1/email-servers', '{')).status).toBe(400);
    expect((await one.api('administrator', 'POST', '/v1/email-servers', [])).status).toBe(422);
    const admin = await one.signIn(TOKENS.administrator);
    expect((await admin.post('/portal/email-servers/new', { name: 'x'.repeat(200_000) })).status).toBe(413);
  });
});

describe('the portal', () => {
  const XSS = '"><script>alert(1)</script><img src=x onerror=alert(1)>\'';

  it('escapes names, flows, addresses and typed text', async () => {
    await created({ name: `N${XSS}` });
    const admin = await one.signIn(TOKENS.administrator);
    const pages = [
      '/portal',
      `/portal/email-servers?search=&show=${encodeURIComponent(XSS)}`,
      `/portal/email-servers?search=${encodeURIComponent(XSS)}`,
      `/portal/email-servers/edit?name=${encodeURIComponent(`N${XSS}`)}`,
      `/portal/email-servers/delete?name=${encodeURIComponent(`N${XSS}`)}`,
      `/portal/email-servers/edit?name=${encodeURIComponent(XSS)}`,
      '/portal/audit',
    ];
    for (const url of pages) {
      const answer = await admin.get(url);
      const text = await answer.text();
      expect(text, url).toContain('<main');
      expect(text, url).not.toMatch(/<script>alert|<img src=x|<b>flow/);
      expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
      expect(text.length).toBeLessThan(100_000);
    }
    const again = await admin.post('/portal/email-servers/new', {
      serverType: 'SMTP',
      name: XSS,
      host: XSS,
      user: XSS,
    });
    expect(again.status).toBe(422);
    expect(await again.text()).not.toContain('<script>alert');
  });

  it('refuses forged forms: without a token, with a foreign token, from another site', async () => {
    const { definition, view } = await created();
    const admin = await one.signIn(TOKENS.administrator);
    const other = await one.signIn(TOKENS.administrator);
    const fields = { name: definition.name, revision: view.revision };
    const url = '/portal/email-servers/delete';
    expect((await admin.post(url, { ...fields, _csrf: '' })).status).toBe(403);
    expect((await admin.post(url, { ...fields, _csrf: other.csrf })).status).toBe(403);
    expect((await admin.post(url, fields, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await one.post(url, { ...fields, _csrf: admin.csrf }, { cookie: 'mailroom_session=forged' })).status).toBe(
      401,
    );
    expect((await admin.post(url, fields)).status).toBe(303);
  });

  it('reports an edit conflict in both languages', async () => {
    const { definition, view, etag } = await created();
    await one.api('administrator', 'POST', path(definition.name, '/disable'), undefined, { 'if-match': etag });
    const admin = await one.signIn(TOKENS.administrator, 'de-DE,de;q=0.9');
    const answer = await admin.post('/portal/email-servers/edit', {
      serverType: 'SMTP',
      name: definition.name,
      host: definition.host,
      port: '587',
      tls: 'enabled',
      authenticationType: 'Password',
      user: definition.user,
      _existing: definition.name,
      _revision: view.revision,
    });
    expect(answer.status).toBe(412);
    expect(await answer.text()).toMatch(/Der Server wurde inzwischen geändert[\s\S]*administrator-person/);
  });

  it('a one-time secret signs in once; scripts cannot read the cookie; signing out ends the session', async () => {
    const secret = await createPortalSessions(one.redis).invite({ name: 'Alex', role: 'administrator' });
    const alex = await one.signIn(secret);
    expect(alex.status).toBe(303);
    expect(alex.setCookie).toMatch(/HttpOnly; SameSite=Lax/);
    expect(await (await alex.get('/portal')).text()).toContain('Alex');
    expect((await one.post('/portal/sign-in', { secret })).status).toBe(401);
    expect((await alex.post('/portal/sign-out', {})).status).toBe(303);
    expect((await alex.get('/portal')).status).toBe(303);
    expect(JSON.stringify(await one.redis.keys('*'))).not.toContain(secret);
  });

  it('notifies open pages of changes, and does not keep the process from stopping', async () => {
    const third = await one.another();
    const admin = await third.signIn(TOKENS.administrator);
    const stream = await admin.get('/portal/events');
    const reader = (stream.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (times: number) => {
      while (text.split('event: changed').length <= times) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended: ${text}`);
        text += value;
      }
    };
    await until(1); // the page may be older than the stream
    await created();
    await until(2);
    const began = performance.now();
    await third.stop();
    expect(performance.now() - began).toBeLessThan(8_000);
  });

  it('locks out after ten failures', async () => {
    const sessions = createPortalSessions(one.redis);
    const statuses: number[] = [];
    for (let i = 0; i < 12; i += 1) statuses.push((await two.post('/portal/sign-in', { secret: `guess-${i}` })).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await two.post('/portal/sign-in', { secret: TOKENS.administrator })).status).toBe(303);
    await sessions.forgive('127.0.0.1');
  });
});
