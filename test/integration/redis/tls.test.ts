// TLS with a private CA and a client certificate, to one address, behind a sentinel and in a cluster; with an ACL user where the URL cannot name it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRedis } from '../../../src/adapters/redis/check.ts';
import { closeRedis, connectRedis } from '../../../src/adapters/redis/client.ts';
import { writeProbeKey } from '../../../src/domain/keys.ts';
import { fileFolder } from '../../support/fixture.ts';
import { type StartedProcess, startProcess } from '../../support/processes.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { canConnect, freePort, waitFor } from '../../support/temp.ts';
import { makeCertificate, type TestCertificate } from '../../support/tls.ts';

const PASSWORD = 'password-of-the-acl-user';
const dir = fileFolder('redis-tls');
let certificate: TestCertificate;
let single: TestRedis;
let cluster: TestRedis;
let sentinel: StartedProcess;
const ports = { single: 0, cluster: 0, sentinel: 0 };

const tlsArgs = (port: number) => [
  ...['--tls-port', String(port), '--tls-cert-file', certificate.certFile, '--tls-key-file', certificate.keyFile],
  ...['--tls-ca-cert-file', certificate.certFile, '--tls-auth-clients', 'yes'],
];
const acl = ['--user', 'mailroom', 'on', `>${PASSWORD}`, '~*', '&*', '+@all'];

beforeAll(async () => {
  certificate = await makeCertificate(dir);
  for (const name of ['single', 'cluster', 'sentinel'] as const) ports[name] = await freePort();
  single = await startRedis({ args: [...tlsArgs(ports.single), '--tls-replication', 'yes', ...acl] });
  cluster = await startRedis({
    args: [
      ...tlsArgs(ports.cluster),
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      String(await freePort()),
      '--tls-cluster',
      'yes',
      ...acl,
    ],
  });
  const admin = connectRedis({ url: cluster.url }, () => {});
  await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
  await waitFor(async () => String(await admin.cluster('INFO')).includes('cluster_state:ok'));
  closeRedis(admin);
  const file = join(dir, 'sentinel.conf');
  const options = tlsArgs(ports.sentinel).join(' ').replaceAll(' --', '\n').replace('--', '');
  writeFileSync(
    file,
    `port 0\n${options}\ntls-replication yes\nsentinel monitor primary 127.0.0.1 ${ports.single} 1\nsentinel auth-user primary mailroom\nsentinel auth-pass primary ${PASSWORD}\n`,
  );
  sentinel = startProcess('sentinel', 'redis-server', [file, '--sentinel'], { logFile: `${file}.log` });
  await waitFor(() => canConnect(ports.sentinel), { describe: 'the sentinel' });
});
afterAll(async () => {
  await sentinel?.stop();
  await Promise.all([single?.stop(), cluster?.stop()]);
});

const files = () => ({
  enabled: true,
  ca: certificate.certPem,
  serverName: undefined,
  cert: certificate.certPem,
  key: certificate.keyPem,
});
const access = { user: 'mailroom', password: PASSWORD };
const places: [name: string, settings: () => Parameters<typeof connectRedis>[0]][] = [
  [
    'one address',
    () => ({ url: `rediss://mailroom:${PASSWORD}@localhost:${ports.single}`, tls: { ...files(), enabled: false } }),
  ],
  [
    'a sentinel',
    () => ({
      ...{ sentinels: [{ host: 'localhost', port: ports.sentinel }], tls: files(), ...access },
      sentinel: { master: 'primary', user: undefined, password: undefined, tls: true },
    }),
  ],
  ['a cluster', () => ({ cluster: [{ host: 'localhost', port: ports.cluster }], tls: files(), ...access })],
];

describe.each(places)('%s', (_, settings) => {
  const tried = async (changed: Parameters<typeof connectRedis>[0], waitMs: number) => {
    const errors: string[] = [];
    const client: Redis = connectRedis(changed, (_event, fields) => void errors.push(String(fields?.code)));
    try {
      await checkRedis(client, { waitMs, writes: true });
      return String(await client.exists(writeProbeKey(client)));
    } catch (error) {
      return (error as { code: string }).code;
    } finally {
      closeRedis(client);
    }
  };
  it('connects with CA, client certificate and ACL user', async () =>
    expect(await tried(settings(), 30_000)).toBe('1'));
  it('does not connect without the client certificate', async () => {
    const given = settings();
    const { ca, enabled } = files();
    expect(
      await tried(
        {
          ...given,
          tls: {
            ca,
            enabled: enabled && given.url === undefined,
            serverName: undefined,
            cert: undefined,
            key: undefined,
          },
        },
        1_500,
      ),
    ).toBe('REDIS_UNREACHABLE');
  });
});

it.each([
  ['a cluster', () => ({ cluster: [{ host: 'localhost', port: ports.cluster }], user: 'mailroom', password: 'wrong' })],
  [
    'sentinels',
    () => ({
      sentinels: [{ host: 'localhost', port: ports.sentinel }],
      sentinel: { master: 'primary', user: 'nobody', password: 'wrong', tls: true },
    }),
  ],
])('a wrong password of %s is named', async (_, settings) => {
  const client = connectRedis({ tls: files(), ...settings() }, () => {});
  await expect(checkRedis(client, { waitMs: 30_000 })).rejects.toMatchObject({ code: 'REDIS_PASSWORD_WRONG' });
  closeRedis(client);
});
