// The version of the data: a migration runs once however many processes start, an interrupted one again, and data of a newer version are left alone.
import { beforeEach, describe, expect, it } from 'vitest';
import { type Migration, openSchema, SCHEMA_VERSION } from '../../../src/adapters/redis/schema.ts';
import { schemaKey } from '../../../src/domain/keys.ts';
import { redisRoom } from '../../support/redis.ts';

let events: string[];
const room = redisRoom();
beforeEach(async () => {
  events = [];
});

const emit = (name: string) => void events.push(name);
/** Each migration counts its runs, slowly enough that all others come meanwhile. */
const migration = (to: number, readers = 1): Migration => ({
  to,
  readers,
  async run(client) {
    const runs = await client.incr(`runs of ${to}`);
    for (let n = 0; n < 50; n++) await client.ping();
    await client.set(`order of ${to}`, runs);
  },
});
const start = (migrations: readonly Migration[], migrates = true) =>
  openSchema(room.redis, { emit, migrates, migrations });
const stored = () => room.redis.hgetall(schemaKey(room.redis));
const runs = async () => Promise.all([2, 3].map(async (to) => Number(await room.redis.get(`runs of ${to}`))));

describe('a migration', () => {
  it('runs once when twenty processes start together', async () => {
    await Promise.all(Array.from({ length: 20 }, () => start([migration(2), migration(3)])));
    expect(await runs()).toEqual([1, 1]);
    expect(await stored()).toEqual({ version: '3', readers: '1' });
    expect(events).toEqual(['RedisSchemaMigrated']);
  });

  it('starts from the version of the data', async () => {
    await start([migration(2)]);
    await start([migration(2), migration(3)]);
    expect(await runs()).toEqual([1, 1]);
  });

  it('that was interrupted runs again from its beginning', async () => {
    const dies: Migration = { ...migration(2), run: () => Promise.reject(new Error('killed')) };
    await expect(openSchema(room.redis, { emit, migrates: true, migrations: [dies], lockMs: 300 })).rejects.toThrow(
      'killed',
    );
    expect(await stored()).toEqual({});
    await start([migration(2)]);
    expect(await runs()).toEqual([1, 0]);
  });

  it('is not run by a command that only reads', async () => {
    await start([migration(2)], false);
    expect(await room.redis.keys('*')).toEqual([]);
  });
});

describe('data of a newer version', () => {
  const newer = async (readers: number) => {
    await start([migration(2), migration(3, readers)]);
    await room.redis.del('runs of 2', 'runs of 3');
  };
  it.each([[true], [false]])(
    'that this version cannot work with are refused before anything is written (serves: %s)',
    async (serves) => {
      await newer(3);
      const before = (await room.redis.keys('*')).sort();
      await expect(start([migration(2)], serves)).rejects.toMatchObject({
        code: 'REDIS_SCHEMA_TOO_NEW',
        message: expect.stringContaining('have version 3 and need a Mailroom that knows version 3; this one knows 2'),
      });
      expect((await room.redis.keys('*')).sort()).toEqual(before);
    },
  );

  it('that it can work with are used and keep their version, with the new replicas beside it', async () => {
    await newer(2);
    await start([migration(2)]);
    expect(await runs()).toEqual([0, 0]);
    expect(await stored()).toEqual({ version: '3', readers: '2' });
  });
});

it('the first start records the version, however many processes start together', async () => {
  await Promise.all([1, 2, 3].map(() => openSchema(room.redis, { emit, migrates: true })));
  expect(await stored()).toEqual({ version: String(SCHEMA_VERSION), readers: '1' });
  expect(events).toEqual([]);
});
