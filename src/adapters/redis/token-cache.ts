// The token cache in Redis: encrypted values, and a lock so that only one of many replicas renews. A slow or missing Redis must not prevent a token:
// every command has a time-out, after which the caller continues with what this process has.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { KeyRing } from '../../config/config.ts';
import { MailroomError } from '../../domain/errors.ts';
import { prefixOf } from '../../domain/keys.ts';
import type { TokenCache } from '../../domain/token-cache.ts';
import { every } from '../../lib/every.ts';
import { within } from '../../lib/within.ts';
import { DELETE_IF_MINE, EXTEND_IF_MINE, script } from './script.ts';
import { createSeal } from './sealed.ts';

/** Writes only over what was read: a newer value of another replica stays. KEYS: value. ARGV: as read, as it becomes. */
const REPLACE_IF_SAME = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1`);
/** KEYS: lock. ARGV: longest ms to live. */
const BOUND_LOCK = script(`
local left = redis.call('PTTL', KEYS[1])
if left == -1 or left > tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1`);

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

  const bounded = <T>(command: Promise<T>): Promise<T> =>
    within(command, commandTimeoutMs, () => {
      throw new Error('no answer');
    }).catch(() => {
      throw new MailroomError('REDIS_UNREACHABLE');
    });

  function opened(key: string, sealed: string | null): string | undefined {
    if (sealed === null) return undefined;
    const name = namespace + key;
    const { text, stale } = seal.open(name, sealed);
    if (stale) void bounded(REPLACE_IF_SAME(redis, [name], [sealed, seal.seal(name, text)])).catch(() => {});
    return text;
  }

  const unlock = (name: string, mine: string) => DELETE_IF_MINE(redis, [name], [mine]);

  async function lock(name: string, mine: string): Promise<boolean> {
    const until = Date.now() + lockWaitMs;
    do {
      const attempt = redis.set(name, mine, 'PX', lockMs, 'NX');
      try {
        if ((await bounded(attempt)) !== null) return true;
      } catch {
        // Granted after the time-out, it would keep everybody out for its whole life.
        attempt.then((granted) => granted && unlock(name, mine)).catch(() => {});
        return false;
      }
      await sleep(25 + Math.random() * 50);
      // A lock without a time to live would keep everybody out for ever.
      await bounded(BOUND_LOCK(redis, [name], [lockMs])).catch(() => {});
    } while (Date.now() < until);
    return false;
  }

  return {
    read: async (key) => opened(key, await bounded(redis.get(namespace + key))),
    async write(key, text, ttlMs) {
      const name = namespace + key;
      const sealed = seal.seal(name, text);
      await bounded(
        ttlMs === undefined ? redis.set(name, sealed) : redis.set(name, sealed, 'PX', Math.max(1, Math.round(ttlMs))),
      );
    },
    async remove(key) {
      await bounded(redis.del(namespace + key));
    },
    take: async (key) => opened(key, await bounded(redis.getdel(namespace + key))),
    async exclusively(key, run) {
      const name = `${namespace}lock:${key}`;
      const mine = randomUUID();
      const held = await lock(name, mine);
      if (!held) return run();
      const endExtending = every(lockMs / 3, () => bounded(EXTEND_IF_MINE(redis, [name], [mine, lockMs])));
      try {
        return await run();
      } finally {
        void endExtending();
        await bounded(unlock(name, mine)).catch(() => {});
      }
    },
  };
}
