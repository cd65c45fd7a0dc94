// A guarded client on a Redis of its own, a second one that spoils what lies there, and the events that were emitted.
import type { Redis } from 'ioredis';
import { beforeEach } from 'vitest';
import { guardKeys } from '../../../src/adapters/redis/guard.ts';
import { redisRoom } from '../../support/redis.ts';

const wrongTypes = ['string', 'list', 'hash', 'set', 'zset'] as const;
export type Type = (typeof wrongTypes)[number];
export const typesBut = (right: Type | 'stream') => wrongTypes.filter((type) => type !== right);

interface Rig {
  /** Guarded, as the gateway has it. */
  redis: Redis;
  /** Spoils, and sees what is there without repairing it. */
  plain: Redis;
  garble(key: string, type: Type): Promise<unknown>;
  /** Events about a key. */
  said(key: string): { key: string; server?: string; kind: string }[];
}

export function rig(): Rig {
  const room = redisRoom();
  let events: { name: string; key: string; server?: string; kind: string }[] = [];
  let redis: Redis;
  beforeEach(() => {
    events = [];
    redis = guardKeys(room.client(), {
      emit: (name, fields) => void events.push({ name, ...(fields as { key: string; kind: string }) }),
      serverOf: (id) => `IMAP ${id}`,
    });
  });
  return {
    get redis() {
      return redis;
    },
    get plain() {
      return room.redis;
    },
    async garble(key, type) {
      const { redis: plain } = room;
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
