// Redis is not there, or does not let us in: commands end with a clear error, the daemon is alive, not ready, and stops when it is asked to.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Redis } from 'ioredis';
import { beforeAll, expect, it, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { journey } from '../support/journey.ts';
import type { MailroomProcess } from '../support/mailroom.ts';
import { startRedis } from '../support/redis.ts';
import { freePort, waitFor } from '../support/temp.ts';

const PASSWORD = 'the-password-of-redis';
const emailServers = [
  {
    serverType: 'IMAP',
    name: 'Support',
    host: '127.0.0.1',
    authenticationType: 'Password',
    user: 'support@contoso.example',
    password: 'imap-password',
    emailFlow: 'Support',
    enabled: true,
  },
  {
    serverType: 'SMTP',
    name: 'Out',
    host: '127.0.0.1',
    authenticationType: 'Password',
    user: 'support@contoso.example',
    password: 'smtp-password',
    enabled: true,
  },
];

/** Milliseconds; the wait for Redis is a few seconds of it, the rest is the start of Node on a machine that has other work. */
const COMMAND_MS = 30_000;

test.each([
  'audit',
  'servers',
  'check',
  'replies held',
  'replay Support 2026-01-01',
  'tail Support',
  'invite',
  'credentials',
])('%s ends soon, reporting the fault and what to do', async (command) => {
  const port = await freePort();
  const j = journey({ redisUrl: `redis://127.0.0.1:${port}`, emailServers });
  const began = performance.now();
  const { code, output } = await j.run(...command.split(' '));
  expect(performance.now() - began).toBeLessThan(COMMAND_MS);
  expect(code).toBe(1);
  expect(output).toMatch(new RegExp(`^mailroom: REDIS_UNREACHABLE: .*127\\.0\\.0\\.1:${port}`, 'm'));
  expect(output).toContain('what to do: Check that Redis runs');
  await j.stop();
});

/** "At once", on a machine that has other work: less than any wait for Redis or for work in progress. */
const STOP_MS = 5_000;
/** Milliseconds from the signal to the end of the process. */
async function stopTime(one: MailroomProcess): Promise<number> {
  const began = performance.now();
  one.signal('SIGTERM');
  expect(await one.waitForExit()).toBe(0);
  return performance.now() - began;
}
const ask = async (port: number, path: string) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(30_000) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

it('serve is alive but not ready, waits for Redis, starts when Redis is there, and stops at once when Redis is gone', async () => {
  const redisPort = await freePort();
  const j = journey({ redisUrl: `redis://127.0.0.1:${redisPort}`, emailServers });
  const first = j.start();
  const { port } = (await first.waitForEvent('HttpListening')).detail as { port: number };
  expect(await ask(port, '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect(await ask(port, '/readyz')).toMatchObject({
    status: 503,
    body: { ready: false, checks: { redis: { ok: false, code: 'REDIS_UNREACHABLE', hint: expect.any(String) } } },
  });
  expect(await ask(port, '/v1/replies/r1')).toMatchObject({ status: 503, body: { code: 'REDIS_UNREACHABLE' } });
  expect(first.events('GatewayWaiting')).toHaveLength(1);
  expect(await stopTime(first)).toBeLessThan(STOP_MS);

  const second = j.start();
  await second.waitForEvent('HttpListening');
  const redis = await startRedis({ port: redisPort });
  const taken = await j.port(second);
  await waitFor(async () => (await ask(taken, '/readyz')).status === 200);
  await redis.kill9();
  await waitFor(async () => (await ask(taken, '/readyz')).status === 503);
  expect(await ask(taken, '/healthz')).toMatchObject({ status: 200 });
  expect(await stopTime(second)).toBeLessThan(STOP_MS);
  await j.stop();
  await redis.stop();
});

it('a port in use is what serve reports, also while it waits for Redis', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const settings = { http: { host: '127.0.0.1', port } };
  const j = journey({ redisUrl: `redis://127.0.0.1:${await freePort()}`, emailServers, settings });
  const one = j.start();
  expect(await one.waitForExit()).toBe(1);
  expect(one.output()).toMatch(new RegExp(`^mailroom: HTTP_PORT_UNAVAILABLE: .*127\\.0\\.0\\.1:${port}`, 'm'));
  expect(one.events('ReleaseFailed')).toEqual([]);
  taken.close();
  await j.stop();
});

const redis = fixture(startRedis);
beforeAll(async () => {
  const admin = new Redis(redis.url);
  await admin.config('SET', 'requirepass', PASSWORD);
  admin.disconnect();
});

test.each([
  ['REDIS_PASSWORD_WRONG', 'serve', ':another-password@'],
  ['REDIS_PASSWORD_MISSING', 'serve', ''],
  ['REDIS_PASSWORD_WRONG', 'audit', ':another-password@'],
  ['REDIS_DATABASE_UNKNOWN', 'serve', `:${PASSWORD}@`, '/99'],
])('%s ends %s at once, without printing the password', async (code, command, login, database = '') => {
  const j = journey({
    redisUrl: redis.url,
    emailServers,
    secrets: ['another-password', PASSWORD],
    env: { MAILROOM_REDIS_URL: redis.url.replace('//', `//${login}`) + database },
  });
  const one = await j.run(command);
  expect(one.code).toBe(1);
  expect(one.output).toMatch(new RegExp(`^mailroom: ${code}: .*127\\.0\\.0\\.1:${redis.port}`, 'm'));
  await j.stop();
});
