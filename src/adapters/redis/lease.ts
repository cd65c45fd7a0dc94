// Leases of mailboxes: at most one replica watches a folder. Each grant carries a fencing token that rises; the commit script compares it,
// so that a process that slept through its lease cannot write (Kleppmann, "How to do distributed locking").
import type { Redis } from 'ioredis';
import { fenceKey, leaseKey, replicasKey } from '../../domain/keys.ts';

const ACQUIRE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
local token = redis.call('INCR', KEYS[2]) .. ':' .. ARGV[1]
redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
return token`;

// One call renews all leases of a replica: with 1,000 mailboxes single calls would cost more than the mailboxes themselves.
const RENEW = `
local lost = {}
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[i + 1] then redis.call('PEXPIRE', key, ARGV[1]) else lost[#lost + 1] = i end
end
return lost`;

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

export interface Leases {
  /** The token of a fresh grant, or undefined while someone else holds it. */
  acquire(mailboxId: string): Promise<string | undefined>;
  /** Renews all; resolves with the ids of those that are lost. */
  renew(held: ReadonlyMap<string, string>): Promise<string[]>;
  release(mailboxId: string, token: string): Promise<void>;
  /** Says that this replica lives, and who else does: ids of replicas heard of within `aliveMs`. */
  heartbeat(aliveMs: number): Promise<string[]>;
  /** Leaves the list of replicas at once, so that the others take over without waiting. */
  leave(): Promise<void>;
}

/** @param ttlMs life of a lease without renewal, in ms */
export function createLeases(redis: Redis, replica: string, ttlMs: number): Leases {
  return {
    async acquire(id) {
      const token = await redis.eval(ACQUIRE, 2, leaseKey(id), fenceKey(id), replica, ttlMs);
      return typeof token === 'string' ? token : undefined;
    },
    async renew(held) {
      if (held.size === 0) return [];
      const ids = [...held.keys()];
      const lost = (await redis.eval(RENEW, ids.length, ...ids.map(leaseKey), ttlMs, ...held.values())) as number[];
      return lost.map((index) => ids[index - 1] as string);
    },
    async release(id, token) {
      await redis.eval(RELEASE, 1, leaseKey(id), token);
    },
    async heartbeat(aliveMs) {
      // Redis' own clock: replicas' clocks may differ by more than the bound.
      const [seconds, micros] = (await redis.time()).map(Number) as [number, number];
      const now = seconds * 1000 + Math.floor(micros / 1000);
      const results = await redis
        .pipeline()
        .zadd(replicasKey(), now, replica)
        .zremrangebyscore(replicasKey(), 0, now - 10 * aliveMs)
        .zrangebyscore(replicasKey(), now - aliveMs, '+inf')
        .exec();
      return (results?.[2]?.[1] ?? []) as string[];
    },
    async leave() {
      await redis.zrem(replicasKey(), replica);
    },
  };
}
