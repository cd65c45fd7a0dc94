// Leases of mailboxes: at most one replica watches a folder. Each grant has a fencing token that rises; the commit script compares it, so that a
// process that slept through its lease cannot write (Kleppmann, "How to do distributed locking").
import type { Redis } from 'ioredis';
import { fenceKey, leaseKey, ledgerKey, markedMailboxesKey, replicasKey } from '../../domain/keys.ts';
import type { InboundPorts } from '../../inbound/ports.ts';
import { createSharedClock, type SharedClock } from './clock.ts';
import { DELETE_IF_MINE, script } from './script.ts';

/** KEYS: lease, fencing token. ARGV: replica, ms to live. */
const ACQUIRE = script(`
if redis.call('GET', KEYS[1]) then
  local left = redis.call('PTTL', KEYS[1])
  -- Without a time to live, or with one that no lease has, it would never end. Its holder renews it; otherwise it expires.
  if left == -1 or left > 10 * tonumber(ARGV[2]) + 600000 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  return false
end
redis.call('PERSIST', KEYS[2])
local token = redis.call('INCR', KEYS[2]) .. ':' .. ARGV[1]
redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
return token`);

/**
 * One call renews all leases of a replica: with 1,000 mailboxes, single calls would cost more than the mailboxes themselves. It reads the version of
 * each ledger as well: otherwise nobody would notice a Redis that was set back for less than the life of a lease.
 * KEYS: leases, ledgers in the same order, marked mailboxes. ARGV: ms to live, token of each lease.
 */
const RENEW = script(`
local held = (#KEYS - 1) / 2
local answers = {}
for i = 1, held do
  if redis.call('GET', KEYS[i]) == ARGV[i + 1] then
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
    -- A ledger that holds something else stops its own mailbox only.
    local version = redis.pcall('HGET', KEYS[held + i], 'version')
    if type(version) == 'table' then version = '-1' end
    answers[i] = tonumber(version or '0') or -1
  else
    answers[i] = false
  end
end
local marked = redis.pcall('SMEMBERS', KEYS[#KEYS])
return {answers, marked.err and {} or marked}`);

/** @param ttlMs life of a lease without renewal, in ms @param clock set with each heartbeat */
export function createLeases(
  redis: Redis,
  replica: string,
  ttlMs: number,
  clock: Pick<SharedClock, 'sync'> = createSharedClock(redis),
): InboundPorts['leases'] {
  return {
    async acquire(id) {
      const token = await ACQUIRE(redis, [leaseKey(redis, id), fenceKey(redis, id)], [replica, ttlMs]);
      return typeof token === 'string' ? token : undefined;
    },
    async renew(held) {
      const versions = new Map<string, number>();
      if (held.size === 0) return { lost: [], versions, marked: new Set() };
      const ids = [...held.keys()];
      const keys = [
        ...ids.map((id) => leaseKey(redis, id)),
        ...ids.map((id) => ledgerKey(redis, id)),
        markedMailboxesKey(redis),
      ];
      const [answers, marked] = (await RENEW(redis, keys, [ttlMs, ...held.values()])) as [(number | null)[], string[]];
      const lost = ids.filter((_, i) => typeof answers[i] !== 'number');
      ids.forEach((id, i) => {
        const version = answers[i];
        if (typeof version === 'number' && version >= 0) versions.set(id, version);
      });
      return { lost, versions, marked: new Set(marked) };
    },
    async release(id, token) {
      await DELETE_IF_MINE(redis, [leaseKey(redis, id)], [token]);
    },
    async heartbeat(aliveMs) {
      // Redis' own clock: replicas' clocks may differ by more than the bound.
      const now = await clock.sync();
      const results = await redis
        .pipeline()
        .zadd(replicasKey(redis), now, replica)
        .zremrangebyscore(replicasKey(redis), 0, now - 10 * aliveMs)
        // A heartbeat from the future does not count: mailboxes would be left to a replica that is not there.
        .zrangebyscore(replicasKey(redis), now - aliveMs, now + aliveMs)
        .zremrangebyscore(replicasKey(redis), `(${now + aliveMs}`, '+inf')
        .exec();
      return (results?.[2]?.[1] ?? []) as string[];
    },
    async leave() {
      await redis.zrem(replicasKey(redis), replica);
    },
  };
}
