// The Lua scripts of the journal of replies (journal.ts): each moves one reply, by Redis' own clock, or leaves it as it is.
import { LONGEST_WAIT_MS } from '../../domain/reply-pace.ts';
import { NOW, script } from './script.ts';

/** Creates the entry of a new reply. KEYS: entry, index of queued. ARGV, in the order of the parameters: digest, replyId, server, expiresAt or ''. */
const create = (digest: number, replyId: number, server: number, expiresAt: number) =>
  `redis.call('HSET', KEYS[1], 'state', 'queued', 'digest', ARGV[${digest}], 'replyId', ARGV[${replyId}], 'server', ARGV[${server}],
    'createdAt', now, 'updatedAt', now, 'attempts', 0)
  if ARGV[${expiresAt}] ~= '' then redis.call('HSET', KEYS[1], 'expiresAt', ARGV[${expiresAt}]) end
  redis.call('ZADD', KEYS[2], now, ARGV[${replyId}])`;

/**
 * KEYS: entry, index of queued. ARGV: owner, lease ms, digest, replyId, server, expiresAt or ''. Answers with what the entry holds. A lease or a wait
 * that ends later than it can comes from a clock that was ahead: it is shortened.
 */
export const CLAIM = script(`
${NOW}
local state = redis.call('HGET', KEYS[1], 'state')
if state then
  if redis.call('HGET', KEYS[1], 'digest') ~= ARGV[3] then return {'reused', 0} end
  if state == 'accepted' or state == 'rejected' or state == 'held' or state == 'dropped' then return {'settled', 0, redis.call('HGETALL', KEYS[1])} end
  local owner = redis.call('HGET', KEYS[1], 'owner')
  local untilMs = tonumber(redis.call('HGET', KEYS[1], 'leaseUntil') or '0')
  if owner == ARGV[1] then return {'yours', tonumber(redis.call('HGET', KEYS[1], 'fence')), redis.call('HGETALL', KEYS[1])} end
  if owner and untilMs > now then
    local left = math.min(untilMs - now, tonumber(ARGV[2]))
    if left < untilMs - now then redis.call('HSET', KEYS[1], 'leaseUntil', now + left) end
    return {'busy', left}
  end
  local early = tonumber(redis.call('HGET', KEYS[1], 'dueAt') or '0') - now
  if owner and redis.call('HEXISTS', KEYS[1], 'rendered') == 0 then redis.call('HINCRBY', KEYS[1], 'lapses', 1) end
  if state == 'prepared' and early > 0 and early <= ${LONGEST_WAIT_MS} then return {'early', early} end
else
  ${create(3, 4, 5, 6)}
end
-- By the clock, not counted: a claim that Redis forgot (set back to an earlier state) must never share its number with a later one.
local fence = math.max(tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') + 1, t[1] * 1000000 + t[2])
redis.call('HSET', KEYS[1], 'fence', string.format('%.0f', fence), 'owner', ARGV[1], 'leaseUntil', now + tonumber(ARGV[2]))
return {'yours', fence, redis.call('HGETALL', KEYS[1])}`);

/** For scripts that can add an outcome: the 9 keys of its queue come last, its 3 arguments are ARGV 4 to 6. Nothing is written when it cannot be added. */
const addOutcome = (jobs: string) =>
  jobs === ''
    ? ''
    : `${jobs}
local function addOutcome()
  local last = #KEYS - 9
  local damaged = wrongQueueKey(KEYS, last, 1)
  if damaged then return redis.error_reply(damaged) end
  return addJob(queueKeysAt(KEYS, last), ARGV, 3)
end`;

/** Keeps the last 8,000 bytes. */
const addEvidence = (line: string) =>
  `redis.call('HSET', KEYS[1], 'evidence', string.sub((redis.call('HGET', KEYS[1], 'evidence') or '') .. ${line} .. '\\n', -8000))`;

/**
 * KEYS: entry, index of the new state, index of each expected state in order, Message-IDs, keys of the outcome's job. ARGV: replyId, nonce, JSON {from, to,
 * fence, late, unsent, before, set, evidence, attempt, ended, keep, release, wait, aliases}, arguments of the outcome's job.
 * @param jobs Lua that adds jobs; empty: no outcome is recorded
 */
export const transitionScript = (jobs: string) =>
  script(`${addOutcome(jobs)}
${NOW}
local plan = cjson.decode(ARGV[3])
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {0, '', now} end
if redis.call('HGET', KEYS[1], 'nonce') == ARGV[2] then return {1, state, now} end
if plan.fence then
  local field = 'fence'
  if plan.late then field = 'dataFence' end
  if redis.call('HGET', KEYS[1], field) ~= tostring(plan.fence) then return {0, state, now} end
end
local found
for i, s in ipairs(plan.from) do if s == state then found = i end end
if not found then return {0, state, now} end
if plan.before and now >= plan.before then return {0, state, now} end
if plan.unsent and (redis.call('HGET', KEYS[1], 'doubted') == 'true' or tonumber(redis.call('HGET', KEYS[1], 'acceptances') or '0') > 0) then return {0, state, now} end
if #ARGV > 3 and plan.to ~= state then
  local refused = addOutcome()
  if refused then return refused end
end
redis.call('HSET', KEYS[1], 'state', plan.to, 'updatedAt', now, 'nonce', ARGV[2])
for k, v in pairs(plan.set) do redis.call('HSET', KEYS[1], k, v) end
if plan.to == 'data-begun' then
  redis.call('HSET', KEYS[1], 'dataFence', plan.fence, 'dataBegunAt', now)
  redis.call('HINCRBY', KEYS[1], 'begins', 1)
end
if plan.to == 'uncertain' and redis.call('HEXISTS', KEYS[1], 'uncertainSince') == 0 then
  redis.call('HSET', KEYS[1], 'uncertainSince', now, 'looks', 0)
end
if plan.to == 'uncertain' or state == 'uncertain' then redis.call('HSET', KEYS[1], 'doubted', 'true') end
if plan.to == 'prepared' or plan.to == 'queued' then redis.call('HDEL', KEYS[1], 'uncertainSince', 'looks', 'dataBegunAt') end
if plan.wait then redis.call('HSET', KEYS[1], 'dueAt', now + plan.wait) else redis.call('HDEL', KEYS[1], 'dueAt') end
if plan.attempt then redis.call('HINCRBY', KEYS[1], 'attempts', 1) end
if plan.evidence then
  ${addEvidence('plan.evidence')}
end
if plan.release and redis.call('HGET', KEYS[1], 'fence') == plan.release then redis.call('HDEL', KEYS[1], 'owner', 'leaseUntil') end
if plan.to ~= state then redis.call('ZREM', KEYS[2 + found], ARGV[1]) end
redis.call('ZADD', KEYS[2], now, ARGV[1])
if plan.ended then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - plan.keep)
  redis.call('PEXPIRE', KEYS[1], plan.keep)
else redis.call('PERSIST', KEYS[1]) end
for i = 1, plan.aliases do redis.call('SET', KEYS[2 + #plan.from + i], ARGV[1], 'PX', 4 * plan.keep) end
return {1, plan.to, now}`);

/** KEYS: entry, keys of the outcome's job. ARGV: deliveries as they were read, as they become, evidence, arguments of the outcome's job. 0: they changed in the meantime. */
export const learnScript = (jobs: string) =>
  script(`${addOutcome(jobs)}
if redis.call('HEXISTS', KEYS[1], 'state') == 0 then return 0 end
local before = redis.call('HGET', KEYS[1], 'deliveries') or ''
if before == ARGV[2] then return 1 end
if before ~= ARGV[1] then return 0 end
if #ARGV > 3 then
  local refused = addOutcome()
  if refused then return refused end
end
redis.call('HSET', KEYS[1], 'deliveries', ARGV[2])
${addEvidence('ARGV[3]')}
return 1`);

/** KEYS: entry, index of queued. ARGV: digest, replyId, server, expiresAt or ''. 0: the replyId belongs to other content. */
export const ADMIT = script(`
${NOW}
local digest = redis.call('HGET', KEYS[1], 'digest')
if digest then return digest == ARGV[1] and 1 or 0 end
${create(1, 2, 3, 4)}
return 1`);

export const RENEW = script(`
${NOW}
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'owner') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'leaseUntil', now + tonumber(ARGV[2]))
return 1`);

export const RELEASE = script(`
if redis.call('HGET', KEYS[1], 'fence') == ARGV[1] then redis.call('HDEL', KEYS[1], 'owner', 'leaseUntil') end
return 1`);
