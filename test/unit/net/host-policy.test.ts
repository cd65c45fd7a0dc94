// Where email servers made in the portal may lead: on saving and at connect time, numbers in all clothes, names that later resolve differently.
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { hostPolicy } from '../../../src/adapters/net/host-policy.ts';
import { connectPolicy } from '../../../src/domain/connect-guard.ts';

const resolves: Readonly<Record<string, string[]>> = {
  'mail.example.org': ['10.1.2.3', '2001:db8::1'],
  'rebind.example.org': ['203.0.113.1', '169.254.169.254'],
  'inside.example.org': ['127.0.0.1', '::1'],
  // What the system's resolver makes of numbers in other clothes.
  '0xa9fea9fe': ['169.254.169.254'],
  '2852039166': ['169.254.169.254'],
  '0251.0376.0251.0376': ['169.254.169.254'],
  '127.1': ['127.0.0.1'],
};
const resolve = async (host: string): Promise<LookupAddress[]> => {
  const found = resolves[host];
  if (found === undefined) throw Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' });
  return found.map((address) => ({ address, family: isIP(address) }));
};
const { mayConnect, guardOf } = hostPolicy(connectPolicy(), resolve);
const guard = guardOf({ source: 'portal' });
const lookup = (host: string, options: { all?: boolean; family?: number } = {}) =>
  new Promise<unknown>((done, fail) => {
    guard?.lookup(host, options, (error, address) => (error === null ? done(address) : fail(error)));
  });

describe('when a definition is saved', () => {
  it.each([
    ['mail.example.org', true],
    ['unknown.example.org', true],
    ['10.0.0.5', true],
    ['192.168.7.1', true],
    ['172.16.0.9', true],
    ['fd12:3456::1', true],
    ['203.0.113.7', true],
    ['rebind.example.org', false],
    ['inside.example.org', false],
    ['0xa9fea9fe', false],
    ['2852039166', false],
    ['0251.0376.0251.0376', false],
    ['127.1', false],
    ['127.0.0.1', false],
    ['[::1]', false],
    ['169.254.169.254', false],
    ['169.254.0.1', false],
    ['100.100.100.200', false],
    ['168.63.129.16', false],
    ['192.0.0.192', false],
    ['[fe80::1]', false],
    ['fe80::1%eth0', false],
    ['::ffff:a9fe:a9fe', false],
    ['::ffff:169.254.169.254', false],
    ['::ffff:127.0.0.1', false],
    ['64:ff9b::a9fe:a9fe', false],
    ['64:ff9b::127.0.0.1', false],
    ['64:ff9b:0:0::7f00:1', false],
    ['64:ff9b::cb00:7107', true],
    ['::127.0.0.1', false],
    ['2001:db8::7', true],
    ['fd00:ec2::254', false],
    ['0.0.0.0', false],
    ['::', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['metadata.google.internal.', false],
    ['METADATA', false],
  ])('%s: %s', async (host, allowed) => expect(await mayConnect(host)).toBe(allowed));

  it('does not wait for a name server that does not respond', async () => {
    expect(await hostPolicy(connectPolicy(), () => new Promise(() => {}), 10).mayConnect('slow.example.org')).toBe(
      true,
    );
  });
});

describe('when connecting', () => {
  it('resolves only names that may be connected to, and none that can only lead to a forbidden address', async () => {
    expect(await lookup('mail.example.org', { all: true })).toEqual([
      { address: '10.1.2.3', family: 4 },
      { address: '2001:db8::1', family: 6 },
    ]);
    expect(await lookup('mail.example.org')).toBe('10.1.2.3');
    expect(await lookup('mail.example.org', { family: 6 })).toBe('2001:db8::1');
    expect(await lookup('rebind.example.org', { all: true })).toEqual([{ address: '203.0.113.1', family: 4 }]);
    for (const host of ['inside.example.org', '0xa9fea9fe', '127.1', 'metadata.google.internal'])
      await expect(lookup(host), host).rejects.toMatchObject({ code: 'EMAIL_SERVER_HOST_REFUSED' });
    await expect(lookup('unknown.example.org')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(lookup('rebind.example.org', { family: 6 })).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it.each(['127.0.0.1', '[::1]', '169.254.169.254', '::ffff:a9fe:a9fe', 'fe80::1%1'])(
    '%s is refused without resolving',
    (host) =>
      expect(() => guard?.checkAddress(host)).toThrow(expect.objectContaining({ code: 'EMAIL_SERVER_HOST_REFUSED' })),
  );

  it('pins a proxy to an address that was checked', async () => {
    expect(await guard?.pinned('http://kim:pw@mail.example.org:3128')).toBe('http://kim:pw@10.1.2.3:3128/');
    expect(await guard?.pinned('socks5://10.9.9.9:1080')).toBe('socks5://10.9.9.9:1080');
    for (const proxy of ['http://inside.example.org:3128', 'socks5://169.254.169.254', 'http://[::1]:80'])
      await expect(guard?.pinned(proxy), proxy).rejects.toMatchObject({ code: 'EMAIL_SERVER_HOST_REFUSED' });
  });

  it('allows servers from files to connect anywhere', () => expect(guardOf({ source: 'file' })).toBeUndefined());
});

describe('this machine’s own addresses', () => {
  const own = () => ['10.1.2.3', '2001:db8::5'];
  it.each([
    ['10.1.2.3', [], false],
    ['::ffff:10.1.2.3', [], false],
    ['2001:db8::5', [], false],
    ['10.1.2.4', [], true],
    ['10.1.2.3', ['10.1.2.0/24'], true],
    ['2001:db8::5', ['2001:db8::5'], true],
  ] as const)('%s with %j allowed: %s', (address, allowed, expected) =>
    expect(connectPolicy({ allowed, own }).mayAddress(address)).toBe(expected),
  );
});

describe('settings', () => {
  const may = (settings: Parameters<typeof connectPolicy>[0], host: string) =>
    hostPolicy(connectPolicy(settings), resolve).mayConnect(host);
  it.each([
    [{ allowed: ['127.0.0.0/8'] }, '127.0.0.1', true],
    [{ allowed: ['127.0.0.0/8'] }, '::1', false],
    [{ allowed: ['Inside.Example.org'] }, 'inside.example.org.', true],
    [{ allowed: ['inside.example.org'] }, '127.0.0.1', false],
    [{ allowed: ['169.254.10.1'] }, '169.254.10.1', true],
    [{ denied: ['10.0.0.0/8'] }, 'mail.example.org', false],
    [{ denied: ['10.0.0.0/8'], allowed: ['10.1.2.3', '2001:db8::/32'] }, 'mail.example.org', true],
    [{ denied: ['0.0.0.0/0', '::/0'], allowed: ['10.0.0.0/8'] }, '203.0.113.1', false],
    [{ denied: ['0.0.0.0/0', '::/0'], allowed: ['10.0.0.0/8'] }, '10.2.3.4', true],
  ])('%o %s: %s', async (settings, host, allowed) => expect(await may(settings, host)).toBe(allowed));
});
