// Redis as it is run elsewhere: what it refuses has a code, an address and advice, whether at the start or later; and nothing is ever written
// to another database than the one that was asked for.
import { rmSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkRedis, writeFault } from '../../../src/adapters/redis/check.ts';
import { closeRedis, connectRedis } from '../../../src/adapters/redis/client.ts';
import type { ErrorCode, MailroomError } from '../../../src/domain/errors.ts';
import { redisError } from '../../../src/domain/redis-errors.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { freePort, waitFor } from '../../support/temp.ts';

leakWatch();

const PASSWORD = 'a-password-of-redis';
/** How long a start waits for what may pass. */
const WAIT_MS = 1_500;

interface Started {
  url: string;
  stop(): Promise<void>;
}

/** A server, made to refuse by commands of an administrator. */
async function refusing(
  options: Parameters<typeof startRedis>[0],
  prepare: (admin: Redis, server: TestRedis) => Promise<unknown>,
  urlOf: (port: number) => string = (port) => `redis://127.0.0.1:${port}`,
): Promise<Started> {
  const server = await startRedis(options);
  const admin = new Redis(server.url);
  admin.on('error', () => {});
  await prepare(admin, server);
  return {
    url: urlOf(server.port),
    async stop() {
      admin.disconnect();
      await server.stop();
    },
  };
}

async function clusterOfTwo(): Promise<Started> {
  const nodes = await Promise.all([1, 2].map(() => startRedis({ args: ['--cluster-enabled', 'yes'] })));
  const [one, two] = nodes.map(({ url }) => new Redis(url)) as [Redis, Redis];
  const slot = await one.cluster('KEYSLOT', '{mailroom}');
  await two.cluster('ADDSLOTS', slot);
  await one.call('CLUSTER', 'ADDSLOTSRANGE', 0, slot - 1, slot + 1, 16_383);
  const bus = /@(\d+)/.exec(String(await two.cluster('NODES')))?.[1] ?? '';
  await one.call('CLUSTER', 'MEET', '127.0.0.1', nodes[1]?.port ?? 0, bus);
  await waitFor(async () => /cluster_state:ok/.test(String(await one.cluster('INFO'))));
  one.disconnect();
  two.disconnect();
  return {
    url: nodes[0]?.url ?? '',
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
}

const kinds: [code: ErrorCode, atStart: 'refused' | 'waited for', start: () => Promise<Started>][] = [
  [
    'REDIS_UNREACHABLE',
    'waited for',
    async () => ({ url: `redis://127.0.0.1:${await freePort()}`, stop: async () => {} }),
  ],
  [
    'REDIS_PASSWORD_WRONG',
    'refused',
    () =>
      refusing(
        {},
        (admin) => admin.config('SET', 'requirepass', PASSWORD),
        (port) => `redis://:wrong-one@127.0.0.1:${port}`,
      ),
  ],
  ['REDIS_PASSWORD_MISSING', 'refused', () => refusing({}, (admin) => admin.config('SET', 'requirepass', PASSWORD))],
  [
    'REDIS_PERMISSION_MISSING',
    'refused',
    () =>
      refusing(
        {},
        (admin) =>
          admin.acl('SETUSER', 'reader', 'on', `>${PASSWORD}`, '~{mailroom}*', '+@read', '+@connection', '+info'),
        (port) => `redis://reader:${PASSWORD}@127.0.0.1:${port}`,
      ),
  ],
  [
    'REDIS_DATABASE_UNKNOWN',
    'refused',
    () =>
      refusing(
        {},
        async () => {},
        (port) => `redis://127.0.0.1:${port}/99`,
      ),
  ],
  ['REDIS_CLUSTER_REFUSED', 'refused', clusterOfTwo],
  ['REDIS_CLUSTER_REFUSED', 'refused', () => refusing({ args: ['--cluster-enabled', 'yes'] }, async () => {})],
  [
    'REDIS_READ_ONLY',
    'waited for',
    () => refusing({}, async (admin) => admin.replicaof('127.0.0.1', await freePort())),
  ],
  [
    'REDIS_REPLICAS_MISSING',
    'waited for',
    () => refusing({}, (admin) => admin.config('SET', 'min-replicas-to-write', '1')),
  ],
  ['REDIS_OUT_OF_MEMORY', 'waited for', () => refusing({}, (admin) => admin.config('SET', 'maxmemory', '1'))],
  [
    'REDIS_DISK_FAILED',
    'waited for',
    () =>
      refusing({}, async (admin, { dir }) => {
        await admin.config('SET', 'save', '3600 1');
        await admin.set('a', 'b');
        rmSync(dir, { recursive: true });
        await admin.bgsave().catch(() => {});
        await waitFor(async () => /rdb_last_bgsave_status:err/.test(await admin.info('persistence')));
      }),
  ],
  [
    'REDIS_LOADING',
    'waited for',
    () =>
      refusing({ args: ['--enable-debug-command', 'yes'] }, async (admin) => {
        const pipeline = admin.pipeline();
        for (let i = 0; i < 2_000; i++) pipeline.set(`key ${i}`, 'x'.repeat(100));
        await pipeline.exec();
        await admin.config('SET', 'loading-process-events-interval-bytes', '1024');
        await admin.config('SET', 'key-load-delay', '5000');
        admin.call('DEBUG', 'RELOAD').catch(() => {});
      }),
  ],
];

describe.each(kinds)('%s', (code, atStart, start) => {
  let redis: Started;
  beforeAll(async () => {
    redis = await start();
  });
  afterAll(() => redis?.stop());

  test(`at the start is ${atStart}, with address, words and advice`, async () => {
    const client = connectRedis({ url: redis.url }, () => {});
    let waits = 0;
    const began = performance.now();
    const fault: MailroomError = await checkRedis(client, {
      waitMs: WAIT_MS,
      writes: true,
      onWait: () => {
        waits += 1;
      },
    }).then(
      () => expect.fail('it was taken'),
      (error: MailroomError) => error,
    );
    closeRedis(client);
    expect(fault).toMatchObject({
      code,
      message: expect.stringContaining('127.0.0.1:'),
      hint: expect.stringMatching(/\w/),
    });
    expect(JSON.stringify(fault)).not.toContain(PASSWORD);
    if (atStart === 'refused') expect(waits).toBeLessThan(7);
    else expect([waits > 0, performance.now() - began >= WAIT_MS]).toEqual([true, true]);
  });

  test('later makes the process not ready', async () => {
    const client = connectRedis({ url: redis.url }, () => {});
    const fault = await waitFor(async () => {
      const now = await writeFault(client, 1_000);
      // Without a connection there is nobody to ask: all that is known then is that it is unreachable.
      return now?.code === code || (client.status !== 'ready' && now?.code === 'REDIS_UNREACHABLE') ? now : undefined;
    });
    closeRedis(client);
    expect(fault).toBeDefined();
  });
});

test('a database number that Redis does not have never means database 0', async () => {
  const server = await startRedis();
  const zero = new Redis(server.url);
  const client = connectRedis({ url: `${server.url}/99` }, () => {});
  const write = client.set('{mailroom}:x', '1').catch((error: unknown) => error);
  await expect(checkRedis(client, { waitMs: 1_000 })).rejects.toMatchObject({ code: 'REDIS_DATABASE_UNKNOWN' });
  expect(await zero.dbsize()).toBe(0);
  closeRedis(client);
  await write;
  const three = connectRedis({ url: `${server.url}/3` }, () => {});
  await three.set('{mailroom}:x', '1');
  expect(await zero.dbsize()).toBe(0);
  for (const one of [zero, three]) one.disconnect();
  await server.stop();
});

const words: [said: string, code: ErrorCode][] = [
  ['MOVED 11250 10.0.0.7:6379', 'REDIS_SLOT_MOVED'],
  ['ASK 11250 10.0.0.7:6379', 'REDIS_SLOT_MOVED'],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'REDIS_SLOT_MOVED'],
  ['CLUSTERDOWN Hash slot not served', 'REDIS_SLOT_MOVED'],
  [
    'ERR Script attempted to access a non local key in a cluster node script: f_1, on @user_script:3.',
    'REDIS_SLOT_MOVED',
  ],
  ["CROSSSLOT Keys in request don't hash to the same slot", 'REDIS_CLUSTER_REFUSED'],
  ['ERR This instance has cluster support disabled', 'REDIS_CLUSTER_REFUSED'],
  ['UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)', 'REDIS_READ_ONLY'],
  ["READONLY You can't write against a read only replica.", 'REDIS_READ_ONLY'],
  ["READONLY You can't write against a read only replica. script: 5b1, on @user_script:22.", 'REDIS_READ_ONLY'],
  [
    "ERR Error running script (call to f_5b1): @user_script:12: -OOM command not allowed when used memory > 'maxmemory'.",
    'REDIS_OUT_OF_MEMORY',
  ],
  [
    "ERR Error running script (call to f_5b1): @user_script:12: @user_script: 12: -READONLY You can't write",
    'REDIS_READ_ONLY',
  ],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'REDIS_DISK_FAILED'],
  ["NOPERM User mailroom has no permissions to run the 'evalsha' command", 'REDIS_PERMISSION_MISSING'],
  ['ERR invalid password', 'REDIS_PASSWORD_WRONG'],
  ['ERR SELECT is not allowed in cluster mode', 'REDIS_DATABASE_UNKNOWN'],
  ['Connection is closed.', 'REDIS_UNREACHABLE'],
];
test.each(words)('%s → %s', (said, code) => expect(redisError(new Error(said))?.code).toBe(code));

test.each([
  'WRONGTYPE Operation against a key',
  'ERR syntax error',
  'Missing lock for job 1. moveToFinished',
  'connect ECONNREFUSED 1.2.3.4:25',
])('%s is not a refusal by Redis as a whole', (said) =>
  expect(redisError(Object.assign(new Error(said), { code: 'ECONNREFUSED' }))).toBeUndefined(),
);
