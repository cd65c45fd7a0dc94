// A guarded client on a Redis of its own, a second one that spoils what lies there, and the events that were emitted.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { guardKeys } from '../../../src/adapters/redis/guard.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';

export const wrongTypes = ['string', 'list', 'hash', 'set', 'zset'] as const;
export type Type = (typeof wrongTypes)[number];
export const typesBut = (right: Type | 'stream') => wrongTypes.filter((type) => type !== right);

export interface Rig {
  /** Guarded, as the gateway has it. */
  redis: Redis;
  /** Spoils, and sees what is there without repairing it. */
  plain: Redis;
  garble(key: string, type: Type): Promise<unknown>;
  /** Events about a key. */
  said(key: string): { key: string; server?: string; kind: string }[];
}

export function rig(): Rig {
  let server: TestRedis;
  let events: { name: string; key: string; server?: string; kind: string }[] = [];
  const clients = {} as { redis: Redis; plain: Redis };
  beforeAll(async () => {
    server = await startRedis();
    clients.plain = new Redis(server.url);
  });
  beforeEach(async () => {
    await clients.plain.flushall();
    events = [];
    clients.redis?.disconnect();
    clients.redis = guardKeys(new Redis(server.url, { replyMapping: 'legacy', maxRetriesPerRequest: null }), {
      emit: (name, fields) => void events.push({ name, ...(fields as { key: string; kind: string }) }),
      serverOf: (id) => `IMAP ${id}`,
    });
  });
  afterAll(async () => {
    clients.redis?.disconnect();
    clients.plain.disconnect();
    await server.stop();
  });
  return {
    get redis() {
      return clients.redis;
    },
    get plain() {
      return clients.plain;
    },
    async garble(key, type) {
      const { plain } = clients;
      await plain.del(key);
      if (type === 'string') return plain.set(key, '\u0000 not what you think {');
      if (type === 'list') return plain.rpush(key, 'x', 'y');
      if (type === 'hash') return plain.hset(key, 'x', 'y');
      if (type === 'set') return plain.sadd(key, 'x');
      return plain.zadd(key, 1, 'x');
    },
    said: (key) => events.filter((one) => one.name === 'RedisKeyQuarantined' && one.key === key),
  };
}
