// The pace of a sending mailbox over all workers and replicas: submissions a minute, recipients in 24 hours, connections at once. One Lua script for
// each, by Redis' own clock.
import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { prefixOf, type Scope } from '../../domain/keys.ts';
import { COUNTED_HOURS } from '../../domain/recipient-limit.ts';
import type { Pace, SlotAnswer } from '../../domain/reply-pace.ts';
import { redisNow } from './clock.ts';
import { NOW, script } from './script.ts';

export const paceKey = (of: Scope, what: string, mailbox: string) =>
  `${prefixOf(of)}:pace:${what}:${hash('sha256', mailbox).slice(0, 24)}`;

/** Near its limit, a mailbox counts as reported until this long after it was last seen there, seconds. */
const NEAR_SECONDS = 86_400;

/** A server's request for a slower pace is kept no longer than this, ms: a later end comes from a clock that was ahead. */
const LONGEST_WAIT = 2 * 3_600_000;

/**
 * A bucket counts until its last minute is 24 hours old: dropped by its first minute, it would let up to an hour's worth too many through.
 * Entries in the future were written before Redis' clock was set back: they count from now on, for no longer than usual.
 * KEYS: minute log, hour buckets, wait. ARGV: token, per minute, window ms, recipients, recipients a day. Answers {granted, wait ms, reason}.
 */
const ACQUIRE = script(`
${NOW}
local asked = redis.call('PTTL', KEYS[3])
if asked > ${LONGEST_WAIT} then
  asked = ${LONGEST_WAIT}
  redis.call('PEXPIRE', KEYS[3], asked)
end
if asked > 0 then return {0, asked, 'asked'} end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[3]))
for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do redis.call('ZADD', KEYS[1], now, ahead) end
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return {1, 0, ''} end
local hour = math.floor(now / 3600000)
local sum, oldest = 0, nil
local buckets = redis.call('HGETALL', KEYS[2])
for i = 1, #buckets, 2 do
  local h = tonumber(buckets[i])
  if h > hour then
    redis.call('HINCRBY', KEYS[2], hour, buckets[i + 1])
    redis.call('HDEL', KEYS[2], buckets[i])
    h = hour
  end
  if h < hour - ${COUNTED_HOURS} then redis.call('HDEL', KEYS[2], buckets[i])
  else
    sum = sum + tonumber(buckets[i + 1])
    if not oldest or h < oldest then oldest = h end
  end
end
if sum > 0 and sum + tonumber(ARGV[4]) > tonumber(ARGV[5]) then return {0, (oldest + ${COUNTED_HOURS + 1}) * 3600000 - now, 'day'} end
local count = redis.call('ZCARD', KEYS[1])
if count >= tonumber(ARGV[2]) then
  local first = redis.call('ZRANGE', KEYS[1], count - tonumber(ARGV[2]), count - tonumber(ARGV[2]), 'WITHSCORES')
  return {0, math.max(1, math.ceil(tonumber(first[2]) + tonumber(ARGV[3]) - now)), 'minute'}
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('HINCRBY', KEYS[2], hour, ARGV[4])
redis.call('PEXPIRE', KEYS[2], 93600000)
return {1, 0, ''}`);

/** KEYS: wait. ARGV: ms. The longer one counts. */
const WAIT = script(`
local left = redis.call('PTTL', KEYS[1])
if left < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
return 1`);

const STAMP = script(`
${NOW}
redis.call('ZADD', KEYS[1], 'XX', now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`);

const REFUND = script(`
${NOW}
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then redis.call('HINCRBY', KEYS[2], math.floor(now / 3600000), -tonumber(ARGV[2])) end
return 1`);

/**
 * KEYS: slots, wish. ARGV: slot, limit, life in ms, 1 if the caller has no connection at all. A caller that has none and finds all slots taken leaves a
 * wish. One renewal answers "wanted"; until the wish is fulfilled (or expires) a freed slot goes to no caller that has another.
 */
const TAKE_SLOT = script(`
${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local longest = now + tonumber(ARGV[3])
for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. longest, '+inf')) do redis.call('ZADD', KEYS[1], longest, ahead) end
local wish = redis.call('GET', KEYS[2])
local renewed = redis.call('ZSCORE', KEYS[1], ARGV[1])
local full = redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2])
if not renewed and (full or (wish and ARGV[4] == '0')) then
  if ARGV[4] == '1' then redis.call('SET', KEYS[2], 'said', 'PX', ARGV[3], 'NX') end
  return 'full'
end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if not renewed then
  if ARGV[4] == '1' then redis.call('DEL', KEYS[2]) end
  return 'taken'
end
if wish ~= 'said' or not full then return 'taken' end
redis.call('SET', KEYS[2], 'heard', 'PX', ARGV[3])
return 'wanted'`);

/** KEYS: log of the conversation, log of each correspondent. ARGV: token, budget of a correspondent, of a conversation, window ms. */
const BUDGET = script(`
${NOW}
for i = 1, #KEYS do redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - tonumber(ARGV[4])) end
for i = 1, #KEYS do
  local budget, over = ARGV[2], 1
  if i == 1 then budget, over = ARGV[3], 2 end
  if not redis.call('ZSCORE', KEYS[i], ARGV[1]) and redis.call('ZCARD', KEYS[i]) >= tonumber(budget) then return over end
end
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], 'NX', now, ARGV[1])
  redis.call('PEXPIRE', KEYS[i], ARGV[4])
end
return 0`);

/** @param windowMs a little over a minute: the latency of answers must not push one more submission into the server's minute */
export function createPace(redis: Redis, windowMs = 60_500): Pace {
  const key = paceKey.bind(undefined, redis);
  return {
    async acquire({ mailbox, token, perMinute, recipients, recipientsPerDay }) {
      const keys = [key('minute', mailbox), key('day', mailbox), key('wait', mailbox)];
      const values = [token, perMinute, windowMs, recipients, recipientsPerDay];
      const [granted, waitMs, reason] = (await ACQUIRE(redis, keys, values)) as [
        number,
        number,
        'minute' | 'day' | 'asked',
      ];
      return granted === 1 ? { granted: true } : { granted: false, waitMs, reason };
    },
    async wait({ mailbox, ms }) {
      await WAIT(redis, [key('wait', mailbox)], [Math.max(1, Math.round(ms))]);
    },
    async waitMs(mailbox) {
      return Math.min(Math.max(0, await redis.pttl(key('wait', mailbox))), LONGEST_WAIT);
    },
    async stamp({ mailbox, token }) {
      await STAMP(redis, [key('minute', mailbox)], [token, windowMs]);
    },
    async refund({ mailbox, token, recipients }) {
      await REFUND(redis, [key('minute', mailbox), key('day', mailbox)], [token, recipients]);
    },
    async used(mailbox) {
      const now = await redisNow(redis);
      const [minute, hours] = await Promise.all([
        redis.zcount(key('minute', mailbox), now - 60_000, '+inf'),
        redis.hgetall(key('day', mailbox)),
      ]);
      return { now, minute, hours: new Map(Object.entries(hours).map(([hour, n]) => [Number(hour), Number(n)])) };
    },
    async noteNear(mailbox) {
      const isNew = (await redis.set(key('near', mailbox), '1', 'EX', NEAR_SECONDS, 'NX')) === 'OK';
      if (!isNew) await redis.expire(key('near', mailbox), NEAR_SECONDS);
      return isNew;
    },
    async noteFar(mailbox) {
      await redis.del(key('near', mailbox));
    },
    async takeSlot({ mailbox, slot, limit, ttlMs, hasNone }) {
      const keys = [key('slots', mailbox), key('slot-wish', mailbox)];
      return (await TAKE_SLOT(redis, keys, [slot, limit, ttlMs, hasNone ? 1 : 0])) as SlotAnswer;
    },
    async freeSlot({ mailbox, slot }) {
      await redis.zrem(key('slots', mailbox), slot);
    },
    async automaticBudget({ token, correspondents, conversation, ...budget }) {
      const keys = [key('auto-in', conversation), ...correspondents.map((one) => key('auto-to', one))];
      const values = [token, budget.perCorrespondent, budget.perConversation, budget.windowMs];
      const over = await BUDGET(redis, keys, values);
      return over === 1 ? 'correspondent' : over === 2 ? 'conversation' : undefined;
    },
  };
}
