// The bare limit of Redis: as many jobs of the usual size written as hashes and pushed on a list, twenty in one pipeline, nothing else.
import { Redis } from 'ioredis';
import { say, settings } from './events.ts';

const { redisUrl, queue, count, bytes } = settings<{ redisUrl: string; queue: string; count: number; bytes: number }>();
const PIPELINE = 20;

const redis = new Redis(redisUrl);
await redis.ping();
const data = JSON.stringify({ text: 'Mailroom '.repeat(Math.ceil(bytes / 9)).slice(0, bytes) });
say('Connected');
for (let at = 0; at < count; at += PIPELINE) {
  const pipeline = redis.pipeline();
  for (let n = at; n < Math.min(count, at + PIPELINE); n++) {
    pipeline.hset(`${queue}:${n}`, { name: 'message', data, timestamp: Date.now() });
    pipeline.lpush(queue, n);
  }
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
}
say('Done', { count: await redis.llen(queue) });
redis.disconnect();
