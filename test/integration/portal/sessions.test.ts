// Sessions and lock-outs on a real Redis: idle and longest time, what is stored, cookies under https, wrong tokens of the API over replicas.
import { describe, expect, it } from 'vitest';
import { createPortalSessions } from '../../../src/adapters/redis/portal-sessions.ts';
import { API_ATTEMPTS, addressKey } from '../../../src/http/lock-out.ts';
import { waitFor } from '../../support/temp.ts';
import { portalRoom, TOKENS } from './gateway.ts';

const portal = portalRoom();

const person = { name: 'Kim', role: 'viewer' } as const;
const keysOf = () => portal.redis.keys('*:session:*');

describe('sessions', () => {
  it('end after the idle time, which each use restarts, and after the maximum time in any case', async () => {
    let now = 1_000_000;
    const sessions = createPortalSessions(portal.redis, { idleMs: 600_000, longestMs: 6_000_000 }, () => now);
    const before = new Set(await keysOf());
    const used = await sessions.create(person);
    const [usedKey = ''] = (await keysOf()).filter((key) => !before.has(key));
    const unused = await sessions.create(person);
    const [unusedKey = ''] = (await keysOf()).filter((key) => !before.has(key) && key !== usedKey);
    // All but a minute of the idle time has passed.
    for (const key of [usedKey, unusedKey]) await portal.redis.pexpire(key, 60_000);
    expect(await sessions.read(used, true)).toMatchObject(person);
    expect(await portal.redis.pttl(usedKey)).toBeGreaterThan(500_000);
    expect(await portal.redis.pttl(unusedKey)).toBeLessThanOrEqual(60_000);
    await portal.redis.pexpire(unusedKey, 1);
    await waitFor(async () => (await sessions.read(unused, false)) === undefined);
    now += 6_000_000;
    expect(await sessions.read(used, true)).toBeUndefined();
  });

  it('are not extended by a page that refreshes automatically', async () => {
    const sessions = createPortalSessions(portal.redis, { idleMs: 300, longestMs: 60_000 });
    const id = await sessions.create(person);
    await waitFor(async () => (await sessions.read(id, false)) === undefined);
  });

  it('are stored without ids or secrets in Redis; an unknown role is no session', async () => {
    const sessions = createPortalSessions(portal.redis);
    const id = await sessions.create(person);
    const secret = await sessions.invite(person);
    const keys = await portal.redis.keys('*');
    const values = await Promise.all(keys.map((key) => portal.redis.get(key).catch(() => '')));
    for (const text of [...keys, ...values]) {
      expect(text).not.toContain(id);
      expect(text).not.toContain(secret);
    }
    const [stored] = await Promise.all(
      keys.filter((key) => key.includes(':session:')).map((key) => portal.redis.get(key)),
    );
    for (const key of keys.filter((one) => one.includes(':session:')))
      await portal.redis.set(key, JSON.stringify({ ...JSON.parse(stored ?? '{}'), role: undefined, scope: 'admin' }));
    expect(await sessions.read(id, true)).toBeUndefined();
  });

  it('use a cookie for https and this host only when served by https', async () => {
    const secure = await portal.another({ MAILROOM_HTTP_PUBLIC_URL: 'https://mailroom.example' });
    const { setCookie } = await secure.signIn(TOKENS.viewer);
    expect(setCookie).toMatch(/^__Host-mailroom_session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });
});

describe('lock-outs', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('count %s as %s', (ip, key) => expect(addressKey(ip)).toBe(key));

  it('answer wrong API tokens with 429 and Retry-After, on all replicas, for this address only', async () => {
    const trusted = { MAILROOM_HTTP_TRUSTED_PROXIES: '127.0.0.0/8' };
    const [one, two] = await Promise.all([portal.another(trusted), portal.another(trusted)]);
    const ask = (at: typeof one, token: string, from: string) =>
      fetch(`${at.base}/v1/email-servers`, {
        headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': `203.0.113.200, ${from}` },
      });
    const statuses: number[] = [];
    for (let i = 0; i < API_ATTEMPTS; i += 1)
      statuses.push((await ask(i % 2 === 0 ? one : two, `guess-${i}`, '198.51.100.1')).status);
    expect(new Set(statuses)).toEqual(new Set([401]));
    for (const at of [one, two]) {
      const began = performance.now();
      const locked = await ask(at, 'one-guess-more', '198.51.100.1');
      expect(performance.now() - began).toBeGreaterThan(900); // slower, not closed:
      expect((await ask(at, TOKENS.viewer, '198.51.100.1')).status).toBe(200);
      expect([locked.status, ((await locked.json()) as { code: string }).code]).toEqual([429, 'HTTP_LOCKED']);
      expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(800);
      expect((await ask(at, TOKENS.viewer, '198.51.100.2')).status).toBe(200);
    }
    await createPortalSessions(portal.redis).forgive('api:198.51.100.1');
    expect((await ask(one, 'guess-after', '198.51.100.1')).status).toBe(401);
  });

  it('ignore X-Forwarded-For from clients other than trusted proxies', async () => {
    for (let i = 0; i < 10; i += 1)
      await portal.post('/portal/sign-in', { secret: `guess-${i}` }, { 'x-forwarded-for': `192.0.2.${i}` });
    const locked = await portal.post('/portal/sign-in', { secret: 'guess' }, { 'x-forwarded-for': '192.0.2.99' });
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(800);
    const secret = await createPortalSessions(portal.redis).invite({ name: 'Kim', role: 'viewer' });
    for (const valid of [secret, TOKENS.operator]) expect((await portal.signIn(valid)).status).toBe(303);
    await portal.forgive();
  });
});
