// Email servers of the portal in a real Redis: encrypted passwords, compare-and-set, notification of other replicas.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPortalServers, type PortalServers } from '../../../src/adapters/redis/portal-servers.ts';
import type { KeyRing } from '../../../src/config/config.ts';
import { redisRoom } from '../../support/redis.ts';
import { waitFor } from '../../support/temp.ts';

const KEYS: KeyRing = [{ id: 'k1', key: new Uint8Array(32).fill(7) }];
const definition = {
  serverType: 'IMAP',
  name: 'Büro',
  host: 'imap.example.org',
  port: 993,
  user: 'office@example.org',
  authenticationType: 'Password',
  password: 'hunter2-secret',
};

describe('portal servers', () => {
  const room = redisRoom();
  let portal: PortalServers;
  const open: PortalServers[] = [];
  const replica = (keys: KeyRing = KEYS) => {
    const made = createPortalServers({ redis: room.redis, keys });
    open.push(made);
    return made;
  };

  beforeEach(() => {
    portal = replica();
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.stop();
  });

  it('are stored, listed, changed and deleted, with passwords encrypted at rest', async () => {
    const revision = await portal.put(definition);
    expect(await portal.list()).toEqual([{ id: 'büro', name: 'Büro', definition, revision }]);
    expect(JSON.stringify(await room.redis.hgetall('{mailroom}:portal:email-servers'))).not.toContain('hunter2');
    const second = await portal.put({ ...definition, port: 143 }, revision);
    expect((await portal.get('BÜRO'))?.definition).toMatchObject({ port: 143, password: 'hunter2-secret' });
    await portal.delete('Büro', second);
    expect(await portal.list()).toEqual([]);
  });

  it('when two people change the same version, only the first succeeds', async () => {
    const revision = await portal.put(definition);
    const results = await Promise.allSettled([
      portal.put({ ...definition, port: 1 }, revision),
      replica().put({ ...definition, port: 2 }, revision),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(portal.put(definition)).rejects.toMatchObject({ code: 'EMAIL_SERVER_CHANGED' });
    await expect(portal.delete('Büro', revision)).rejects.toMatchObject({ code: 'EMAIL_SERVER_CHANGED' });
    await expect(portal.delete('None', 'x')).rejects.toMatchObject({ code: 'EMAIL_SERVER_NOT_FOUND' });
  });

  it('a form without a password keeps the stored one, but not for another host', async () => {
    const { password: _password, ...without } = definition;
    const revision = await portal.put(definition);
    const kept = await portal.put({ ...without, name: 'Büro', enabled: false }, revision);
    expect((await portal.get('Büro'))?.definition.password).toBe('hunter2-secret');
    await portal.put({ ...without, host: 'evil.example' }, kept);
    expect((await portal.get('Büro'))?.definition.password).toBeUndefined();
  });

  it('a rotated key still decrypts; a lost one is a problem of that server alone', async () => {
    await portal.put(definition);
    const rotated = replica([{ id: 'k2', key: new Uint8Array(32).fill(1) }, ...KEYS]);
    expect((await rotated.get('Büro'))?.definition.password).toBe('hunter2-secret');
    await rotated.put({ ...definition, name: 'Neu', user: 'b@example.org' });
    const list = await portal.list();
    expect(list.map(({ name, problem }) => [name, problem?.field])).toEqual([
      ['Büro', undefined],
      ['Neu', 'password'],
    ]);
    expect(list[1]?.problem?.message).toContain('"k2"');
  });

  it('changes reach other replicas', async () => {
    const heard = vi.fn();
    const other = replica();
    const off = other.onChange(heard);
    await waitFor(() => heard.mock.calls.length > 0, { describe: 'the first reading' });
    heard.mockClear();
    await portal.put(definition);
    await waitFor(() => heard.mock.calls.length > 0, { describe: 'the change' });
    off();
  });
});
