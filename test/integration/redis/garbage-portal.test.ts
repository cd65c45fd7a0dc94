// Garbage in the structures of the portal and of sign-in: one definition, one session, one token; the others continue.
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { createLogSwitches } from '../../../src/adapters/redis/log-switches.ts';
import { createPortalAudit } from '../../../src/adapters/redis/portal-audit.ts';
import { createPortalServers } from '../../../src/adapters/redis/portal-servers.ts';
import { createPortalSessions } from '../../../src/adapters/redis/portal-sessions.ts';
import { createServerRegister } from '../../../src/adapters/redis/smtp-servers.ts';
import { createTokenCache } from '../../../src/adapters/redis/token-cache.ts';
import { firstOf } from '../../../src/lib/streams.ts';
import { rig, typesBut } from './garbage.ts';

const at = rig();
const keys = [{ id: 'k', key: new Uint8Array(32).fill(1) }];
const HASH = '{mailroom}:portal:email-servers';
const definition = (name: string) => ({ serverType: 'IMAP', name, host: 'imap.example.org', user: 'a@b.example' });
const portal = () => createPortalServers({ redis: at.redis, keys });
const sessions = () => createPortalSessions(at.redis);
const keyOf = async (kind: string) => (await at.plain.keys(`?mailroom?:portal:${kind}:*`))[0] ?? '';

it.each(['{', 'null', '[]', '{}', '{"revision":7}', '{"revision":"r","definition":{},"secrets":{"password":7}}'])(
  'a definition of %j hides no other, and can be deleted or replaced',
  async (text) => {
    for (const name of ['one', 'two']) await portal().put(definition(name));
    await at.plain.hset(HASH, 'bad', text);
    const list = await portal().list();
    expect(list.map(({ id, problem }) => [id, problem?.field])).toEqual([
      ['bad', 'definition'],
      ['one', undefined],
      ['two', undefined],
    ]);
    const [bad] = list;
    expect(bad?.problem?.message).toContain(HASH);
    expect(at.said(HASH)).toHaveLength(1);
    await expect(portal().delete('bad', 'another-revision')).rejects.toMatchObject({ code: 'EMAIL_SERVER_CHANGED' });
    await portal().put(definition('bad'), bad?.revision);
    expect((await portal().get('bad'))?.problem).toBeUndefined();
    await at.plain.hset(HASH, 'bad', text);
    await portal().delete('bad', bad?.revision ?? '');
    expect((await portal().list()).map(({ id }) => id)).toEqual(['one', 'two']);
  },
);

it.each(typesBut('hash'))('definitions that are a %s are kept, and named', async (type) => {
  await at.garble(HASH, type);
  await expect(portal().list()).rejects.toMatchObject({ code: 'REDIS_KEY_DAMAGED', field: HASH });
  expect(await at.plain.type(HASH)).toBe(type);
  expect(at.said(HASH)).toHaveLength(1);
});

it.each(['{', 'null', '7', '{"role":"viewer"}'])('a session of %j is invalid; the others continue', async (text) => {
  const bad = await sessions().create({ name: 'Kim', role: 'viewer' });
  const key = await keyOf('session');
  const good = await sessions().create({ name: 'Lee', role: 'viewer' });
  await at.plain.set(key, text);
  expect(await sessions().read(bad, true)).toBeUndefined();
  expect((await sessions().read(good, true))?.name).toBe('Lee');
});

it.each(typesBut('string'))('session, secret and count that are a %s are invalid', async (type) => {
  const id = await sessions().create({ name: 'Kim', role: 'viewer' });
  const secret = await sessions().invite({ name: 'Kim', role: 'viewer' });
  await sessions().attempt('192.0.2.1');
  const spoilt = await Promise.all(['session', 'invitation', 'attempts'].map(keyOf));
  for (const key of spoilt) await at.garble(key, type);
  expect(await sessions().read(id, true)).toBeUndefined();
  expect(await sessions().redeem(secret)).toBeUndefined();
  expect((await sessions().attempt('192.0.2.1')).count).toBe(1);
  for (const key of spoilt) expect(at.said(key)).toHaveLength(1);
});

it('an invalid or unexpiring count of failed sign-ins locks nobody out forever', async () => {
  await sessions().attempt('192.0.2.1');
  const key = await keyOf('attempts');
  await at.plain.set(key, '5000');
  expect((await sessions().attempt('192.0.2.1')).forgottenInMs).toBeGreaterThan(0);
  await at.plain.set(key, 'many');
  expect((await sessions().attempt('192.0.2.1')).count).toBe(1);
});

it.each(['{', 'null', '7', '{"level":"debug"}'])('a log switch of %j is set aside; the others apply', async (text) => {
  const switches = createLogSwitches(at.redis);
  const one = { server: 'S', level: 'debug' as const, until: Date.now() + 60_000 };
  await switches.set(one);
  await at.plain.hset('{mailroom}:log-switches', 'server T', text);
  expect(await switches.read()).toEqual([one]);
  expect(await at.plain.hlen('{mailroom}:log-switches')).toBe(1);
  expect(at.said('{mailroom}:log-switches')).toHaveLength(1);
});

it.each(['{', 'null', '7', '[]', '{}', '{"mailbox":"s","goneAt":"x"}'])(
  'a row %j of the register of SMTP servers hides no other',
  async (text) => {
    const register = createServerRegister(at.redis);
    const garble = () => at.plain.hset('{mailroom}:smtp-servers', 'bad', text);
    await register.record([{ name: 'S', mailbox: 's' }]);
    await garble();
    expect(await register.replacedAt('bad')).toBeUndefined();
    expect(await register.record([])).toEqual(['S']);
    await garble();
    expect((await register.gone()).map(({ name }) => name)).toEqual(['S']);
    expect(at.said('{mailroom}:smtp-servers').length).toBeGreaterThan(0);
  },
);

it('the audit log continues beside invalid entries and an invalid key', async () => {
  const audit = createPortalAudit(at.redis);
  const change = { by: 'kim', action: 'pause', server: 'S', changes: [] };
  await audit.write(change);
  for (const text of ['{', 'null', '{"at":"yesterday"}'])
    await at.plain.xadd('{mailroom}:portal:audit', '*', 'entry', text);
  expect(await firstOf(audit.entries({}), 10)).toMatchObject([change]);
  for (const type of typesBut('stream')) {
    await at.garble('{mailroom}:portal:audit', type);
    await audit.write(change);
    expect(await firstOf(audit.entries({}), 10)).toMatchObject([change]);
  }
  expect(at.said('{mailroom}:portal:audit')).toHaveLength(5);
});

it.each(typesBut('string'))('a token that is a %s is ignored; others are read', async (type) => {
  const cache = createTokenCache({ redis: at.redis, keys });
  for (const key of ['bad', 'good']) await cache.write(key, 'token', 60_000);
  await at.garble('{mailroom}:oauth:bad', type);
  expect([await cache.read('bad'), await cache.read('good')]).toEqual([undefined, 'token']);
  expect(at.said('{mailroom}:oauth:bad')).toHaveLength(1);
});

it('a lock of the token cache without a time to live is waited for only once', async () => {
  const cache = createTokenCache({ redis: at.redis, keys, lockMs: 100, lockWaitMs: 5_000 });
  await at.plain.set('{mailroom}:oauth:lock:x', randomUUID());
  expect(await cache.exclusively('x', async () => 'done')).toBe('done');
  expect(await at.plain.exists('{mailroom}:oauth:lock:x')).toBe(0);
});
