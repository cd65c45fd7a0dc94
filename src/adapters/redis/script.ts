// A Lua script on Redis, sent by its digest: the text travels once a connection's server has forgotten it, not with every call. Four kilobytes
// a call are what writing to the socket, and reading there, cost most for.
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

type Argument = string | number | Buffer;
export type Script = (
  redis: Redis,
  keys: readonly (string | Buffer)[],
  values: readonly Argument[],
) => Promise<unknown>;

/** HGETALL as a script answers it. */
export function fieldsOf(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
  return fields;
}

export function script(lua: string): Script {
  const digest = createHash('sha1').update(lua).digest('hex');
  return async (redis, keys, values) => {
    try {
      return await redis.evalsha(digest, keys.length, ...keys, ...values);
    } catch (error) {
      // After a restart, a failover or SCRIPT FLUSH. Nothing of the script has run.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(lua, keys.length, ...keys, ...values);
    }
  };
}
