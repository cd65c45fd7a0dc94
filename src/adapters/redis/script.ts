// A Lua script on Redis, sent by its digest: the text travels only when the server does not have it, not with every call. Writing and reading four
// kilobytes a call would cost more than running the script.
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

type Argument = string | number | Buffer;
export type Script = (
  redis: Redis,
  keys: readonly (string | Buffer)[],
  values?: readonly Argument[],
) => Promise<unknown>;

/** Lua: `t`, the answer of TIME, and `now`, epoch ms by Redis' clock: no replica's clock matters. */
export const NOW = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** HGETALL as a script answers it. */
export function fieldsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
  return fields;
}

export function script(lua: string): Script {
  const digest = createHash('sha1').update(lua).digest('hex');
  return async (redis, keys, values = []) => {
    try {
      return await redis.evalsha(digest, keys.length, ...keys, ...values);
    } catch (error) {
      // After a restart, a failover or SCRIPT FLUSH. Nothing of the script has run.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(lua, keys.length, ...keys, ...values);
    }
  };
}

/** Extends a lock or lease if it is still the owner's. KEYS: lock. ARGV: owner, ms to live. */
export const EXTEND_IF_MINE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

/** Releases a lock or lease if it is still the owner's. KEYS: lock. ARGV: owner. */
export const DELETE_IF_MINE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);
