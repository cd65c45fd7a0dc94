// All keys of a Redis as JSON, and back: contents that an earlier version wrote, kept as fixtures by version of the data (test/fixtures/redis).
import type { Redis } from 'ioredis';

type Content = Record<string, { type: string; value: unknown }>;

export async function readContent(redis: Redis): Promise<Content> {
  const content: Content = {};
  for (const key of (await redis.keys('*')).sort()) {
    const type = await redis.type(key);
    const read: Record<string, () => Promise<unknown>> = {
      string: () => redis.get(key),
      hash: () => redis.hgetall(key),
      list: () => redis.lrange(key, 0, -1),
      set: () => redis.smembers(key),
      zset: () => redis.zrange(key, '0', '-1', 'WITHSCORES'),
      stream: () => redis.xrange(key, '-', '+'),
    };
    content[key] = { type, value: await read[type]?.() };
  }
  return content;
}

export async function writeContent(redis: Redis, content: Content): Promise<void> {
  for (const [key, { type, value }] of Object.entries(content)) {
    if (type === 'string') await redis.set(key, value as string);
    if (type === 'hash') await redis.hset(key, value as Record<string, string>);
    if (type === 'list') await redis.rpush(key, ...(value as string[]));
    if (type === 'set') await redis.sadd(key, ...(value as string[]));
    if (type === 'zset') {
      const flat = value as string[];
      for (let i = 0; i + 1 < flat.length; i += 2) await redis.zadd(key, flat[i + 1] ?? '', flat[i] ?? '');
    }
    if (type === 'stream')
      for (const [id, fields] of value as [string, string[]][]) await redis.xadd(key, id, ...fields);
  }
}
