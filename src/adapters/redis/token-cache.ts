// The token cache in Redis: encrypted values, and a lock so that only one of many replicas renews. A slow or missing Redis must not prevent a token:
// every command has a time-out, after which the caller continues with what this process has.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { KeyRing } from '../../config/config.ts';
import { MailroomError } from '../../domain/errors.ts';
import { globOf, prefixOf } from '../../domain/keys.ts';
import type { TokenCache } from '../../domain/token-cache.ts';
import { script } from './script.ts';
import { createSeal } from './sealed.ts';

/** Writes only over what was read: a newer value of another replica stays. KEYS: value. ARGV: as read, as it becomes. */
const REPLACE_IF_SAME = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1`);
/** KEYS: lock. ARGV: owner, ms to live. */
const EXTEND_IF_MINE = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`);
/** KEYS: lock. ARGV: longest ms to live. */
const BOUND_LOCK = script(`
local left = redis.call('PTTL', KEYS[1])
if left == -1 or left > tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1`);
/** KEYS: lock. ARGV: owner. */
const DELETE_IF_MINE = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`);

interface TokenCacheSettings {
  redis: Redis;
  keys: KeyRing;
  /** Milliseconds for one command. */
  commandTimeoutMs?: number;
  /** Milliseconds a lock lives without being extended: how long a killed replica keeps the others from renewing. */
  lockMs?: number;
  /** Milliseconds to wait for the lock before continuing without it. */
  lockWaitMs?: number;
}

/** @throws MailroomError CONFIG_INVALID on an empty key ring. */
export function createTokenCache(settings: TokenCacheSettings): TokenCache {
  const { redis, keys, commandTimeoutMs = 3000, lockMs = 15_000, lockWaitMs = 45_000 } = settings;
  const seal = createSeal(keys);
  const namespace = `${prefixOf(redis)}:oauth:`;

  async function within<T>(command: Promise<T>): Promise<T> {
    const ended = new AbortController();
    const timeout = sleep(commandTimeoutMs, undefined, { signal: ended.signal, ref: false }).then(
      () => Promise.reject(new Error('no answer')),
      () => undefined as never,
    );
    try {
      return await Promise.race([command, timeout]);
    } catch {
      command.catch(() => {}); // nobody waits for an answer after the time-out
      throw new MailroomError('REDIS_UNREACHABLE');
    } finally {
      ended.abort();
    }
  }

  function opened(key: string, sealed: string | null): string | undefined {
    if (sealed === null) return undefined;
    const name = namespace + key;
    const { text, stale } = seal.open(name, sealed);
    if (stale) void within(REPLACE_IF_SAME(redis, [name], [sealed, seal.seal(name, text)])).catch(() => {});
    return text;
  }

  const unlock = (name: string, mine: string) => DELETE_IF_MINE(redis, [name], [mine]);

  async function lock(name: string, mine: string): Promise<boolean> {
    const until = Date.now() + lockWaitMs;
    do {
      const attempt = redis.set(name, mine, 'PX', lockMs, 'NX');
      try {
        if ((await within(attempt)) !== null) return true;
      } catch {
        // Granted after the time-out, it would keep everybody out for its whole life.
        attempt.then((granted) => granted && unlock(name, mine)).catch(() => {});
        return false;
      }
      await sleep(25 + Math.random() * 50);
      // A lock without a time to live would keep everybody out for ever.
      await within(BOUND_LOCK(redis, [name], [lockMs])).catch(() => {});
    } while (Date.now() < until);
    return false;
  }

  return {
    read: async (key) => opened(key, await within(redis.get(namespace + key))),
    async write(key, text, ttlMs) {
      const name = namespace + key;
      const sealed = seal.seal(name, text);
      await within(
        ttlMs === undefined ? redis.set(name, sealed) : redis.set(name, sealed, 'PX', Math.max(1, Math.round(ttlMs))),
      );
    },
    async remove(key) {
      await within(redis.del(namespace + key));
    },
    take: async (key) => opened(key, await within(redis.getdel(namespace + key))),
    async list(prefix) {
      const found: string[] = [];
      let cursor = '0';
      do {
        const [next, batch] = await within(redis.scan(cursor, 'MATCH', `${globOf(namespace)}${prefix}*`, 'COUNT', 500));
        found.push(...batch.map((name) => name.slice(namespace.length)));
        cursor = next;
      } while (cursor !== '0');
      return [...new Set(found)];
    },
    async exclusively(key, run) {
      const name = `${namespace}lock:${key}`;
      const mine = randomUUID();
      const held = await lock(name, mine);
      const extend = setInterval(() => {
        if (held) within(EXTEND_IF_MINE(redis, [name], [mine, lockMs])).catch(() => {});
      }, lockMs / 3);
      try {
        return await run();
      } finally {
        clearInterval(extend);
        if (held) await within(unlock(name, mine)).catch(() => {});
      }
    },
  };
}
