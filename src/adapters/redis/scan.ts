// All keys of an installation that begin alike, however many there are.
import type { Redis } from 'ioredis';
import { globOf, prefixOf } from '../../domain/keys.ts';

/**
 * Keys of one SCAN step at a time; a key that is added or removed meanwhile may be included or not, and one may come twice.
 * @param pattern of the key without the installation's prefix
 */
export async function* scanBatches(redis: Redis, pattern: string, count = 500): AsyncGenerator<string[]> {
  for await (const keys of redis.scanStream({ match: `${globOf(prefixOf(redis))}:${pattern}`, count }))
    yield keys as string[];
}

export async function* scanKeys(redis: Redis, pattern: string, count?: number): AsyncGenerator<string> {
  for await (const keys of scanBatches(redis, pattern, count)) yield* keys;
}
