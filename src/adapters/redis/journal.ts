// The journal of replies in Redis: one hash a reply, moved by Lua compare-and-set. Invariant it keeps: after DATA began, nothing is sent
// again unless it is proven that the first did not go. Two workers, a stalled job, a restart, a job added twice: all meet CLAIM.
//
// Redis may forget: killed between two fsyncs, restored from a backup, failed over to a replica that lagged. Then the journal goes back to an
// earlier state, "DATA began" included. That is why each beginning also leaves a mark in the blob store (outbound/begin.ts), which is asked
// before every submission: what the marks know and the journal does not is uncertain, never sent again.
import { hash, randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { prefixOf, type Scope } from '../../domain/keys.ts';
import {
  type Claim,
  type Journal,
  type JournalEntry,
  openStates,
  type ReplyState,
  type Transition,
} from '../../domain/reply-journal.ts';
import { DAY_MS } from '../../lib/time.ts';
import { type AskDisk, openDisk } from './disk.ts';
import { setAside } from './guard.ts';
import { isReplyEntry } from './journal-entry.ts';
import { fieldsOf, script } from './script.ts';

const sha = (text: string) => hash('sha256', text).slice(0, 32);
export const replyKey = (of: Scope, replyId: string) => `${prefixOf(of)}:reply:${sha(replyId)}`;
export const stateKey = (of: Scope, state: string) => `${prefixOf(of)}:replies-in:${state}`;
const UNREADABLE = 'is no entry of the journal';
const aliasKey = (of: Scope, messageId: string) => `${prefixOf(of)}:reply-by-message-id:${sha(messageId)}`;

/** Kept for a while and then forgotten. */
const ENDED: readonly ReplyState[] = ['accepted', 'rejected', 'dropped'];

/** No reply waits longer than this for its next submission, ms. */
const LONGEST_WAIT = 2 * 3_600_000;

const NOW = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** KEYS: entry, index of queued. A lease or a wait that lies further ahead than it can be comes from a clock that was ahead: it is shortened. ARGV: owner, lease ms, digest, replyId, server. Answers with what the entry holds. */
const CLAIM = script(`
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
  if state == 'prepared' and early > 0 and early <= ${LONGEST_WAIT} then return {'early', early} end
else
  redis.call('HSET', KEYS[1], 'state', 'queued', 'digest', ARGV[3], 'replyId', ARGV[4], 'server', ARGV[5],
    'createdAt', now, 'updatedAt', now, 'attempts', 0)
  redis.call('ZADD', KEYS[2], now, ARGV[4])
end
-- By the clock, not counted on: a claim that Redis forgot (set back to an earlier state) must never share its number with a later one.
local fence = math.max(tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') + 1, t[1] * 1000000 + t[2])
redis.call('HSET', KEYS[1], 'fence', string.format('%.0f', fence), 'owner', ARGV[1], 'leaseUntil', now + tonumber(ARGV[2]))
return {'yours', fence, redis.call('HGETALL', KEYS[1])}`);

/**
 * KEYS: entry, index of the new state, index of each expected state in order, Message-IDs. ARGV: replyId, nonce, JSON {from, to, fence, late, set,
 * evidence, attempt, ended, keep, release, wait}.
 */
const TRANSITION = script(`
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
  local old = redis.call('HGET', KEYS[1], 'evidence') or ''
  redis.call('HSET', KEYS[1], 'evidence', string.sub(old .. plan.evidence .. '\\n', -8000))
end
if plan.release and redis.call('HGET', KEYS[1], 'fence') == plan.release then redis.call('HDEL', KEYS[1], 'owner', 'leaseUntil') end
if plan.to ~= state then redis.call('ZREM', KEYS[2 + found], ARGV[1]) end
redis.call('ZADD', KEYS[2], now, ARGV[1])
if plan.ended then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - plan.keep)
  redis.call('PEXPIRE', KEYS[1], plan.keep)
else redis.call('PERSIST', KEYS[1]) end
for i = 3 + #plan.from, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'PX', 4 * plan.keep) end
return {1, plan.to, now}`);

const ADMIT = script(`
${NOW}
local digest = redis.call('HGET', KEYS[1], 'digest')
if digest then return digest == ARGV[1] and 1 or 0 end
redis.call('HSET', KEYS[1], 'state', 'queued', 'digest', ARGV[1], 'replyId', ARGV[2], 'server', ARGV[3],
  'createdAt', now, 'updatedAt', now, 'attempts', 0)
redis.call('ZADD', KEYS[2], now, ARGV[2])
return 1`);

const RENEW = script(`
${NOW}
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'owner') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'leaseUntil', now + tonumber(ARGV[2]))
return 1`);

const RELEASE = script(`
if redis.call('HGET', KEYS[1], 'fence') == ARGV[1] then redis.call('HDEL', KEYS[1], 'owner', 'leaseUntil') end
return 1`);

interface JournalSettings {
  /** Milliseconds that ended replies are kept; at least 8 days (Exchange drops duplicates by Message-ID for 7). */
  keepMs: number;
}

export const journalDefaults: JournalSettings = { keepMs: 10 * DAY_MS };

export function createJournal(
  redis: Redis,
  settings: JournalSettings = journalDefaults,
  disk: AskDisk = openDisk(redis),
): Journal {
  async function read(replyId: string): Promise<JournalEntry | undefined> {
    const fields = await redis.hgetall(replyKey(redis, replyId));
    if (Object.keys(fields).length === 0) return undefined;
    if (isReplyEntry(fields)) return entryOf(fields);
    // As if Redis had forgotten it: whether its DATA began is marked in the blob store as well.
    await setAside(redis, replyKey(redis, replyId), UNREADABLE);
    return undefined;
  }

  async function now(): Promise<number> {
    const [seconds, micros] = (await redis.time()) as unknown as [string, string];
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  }

  return {
    read,
    now,
    async claim({ replyId, digest, server, owner, leaseMs }): Promise<Claim> {
      const keys = [replyKey(redis, replyId), stateKey(redis, 'queued')];
      const [answer, value, found] = (await CLAIM(redis, keys, [owner, leaseMs, digest, replyId, server])) as [
        'yours' | 'settled' | 'reused' | 'busy' | 'early',
        number,
        string[] | undefined,
      ];
      if (answer === 'reused') return { claim: 'reused' };
      if (answer === 'busy' || answer === 'early') return { claim: answer, retryAfterMs: value };
      const fields = fieldsOf(found ?? []);
      if (!isReplyEntry(fields)) {
        await setAside(redis, replyKey(redis, replyId), UNREADABLE);
        return this.claim({ replyId, digest, server, owner, leaseMs });
      }
      const entry = entryOf(fields);
      return answer === 'settled' ? { claim: 'settled', entry } : { claim: 'yours', entry, fence: value };
    },
    async admit({ replyId, digest, server }) {
      return (
        (await ADMIT(redis, [replyKey(redis, replyId), stateKey(redis, 'queued')], [digest, replyId, server])) === 1
      );
    },
    async digestOf(replyId) {
      return (await redis.hget(replyKey(redis, replyId), 'digest')) ?? undefined;
    },
    async renew(replyId, fence, leaseMs) {
      return (await RENEW(redis, [replyKey(redis, replyId)], [fence, leaseMs])) === 1;
    },
    async release(replyId, fence) {
      await RELEASE(redis, [replyKey(redis, replyId)], [fence]);
    },
    async transition(replyId, transition) {
      const plan = planOf(transition, settings.keepMs);
      const { messageId, result } = transition.change ?? {};
      const aliases = [messageId, result?.serverMessageId].filter((id) => id !== undefined);
      const states = [transition.to, ...transition.from];
      const keys = [
        replyKey(redis, replyId),
        ...states.map((state) => stateKey(redis, state)),
        ...aliases.map((id) => aliasKey(redis, id)),
      ];
      // The nonce makes the command safe to repeat: ioredis sends it again when the connection broke before the answer.
      const [moved, state, at] = (await TRANSITION(redis, keys, [replyId, randomUUID(), JSON.stringify(plan)])) as [
        number,
        string,
        number,
      ];
      return { moved: moved === 1, state: state === '' ? undefined : (state as ReplyState), at };
    },
    async list(state, limit = 200) {
      const ids = await redis.zrevrange(stateKey(redis, state), 0, limit - 1);
      const entries = await Promise.all(ids.map(read));
      return entries.filter((entry) => entry !== undefined && entry.state === state) as JournalEntry[];
    },
    count: (state) => redis.zcard(stateKey(redis, state)),
    async resting(states, forMs, { offset, limit }) {
      const before = (await now()) - forMs;
      const ids = await Promise.all(
        states.map((state) => redis.zrangebyscore(stateKey(redis, state), '-inf', String(before))),
      );
      const entries = await Promise.all(
        ids
          .flat()
          .slice(offset, offset + limit)
          .map(read),
      );
      return entries.filter((entry) => entry !== undefined) as JournalEntry[];
    },
    async oldestOpen() {
      const ids = await Promise.all(openStates.map((state) => redis.zrange(stateKey(redis, state), '0', '-1')));
      const made = await Promise.all(ids.flat().map((replyId) => redis.hget(replyKey(redis, replyId), 'createdAt')));
      const times = made.filter((at) => at !== null).map(Number);
      return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
    },
    onDisk: async () => (await disk()) === 'written',
    async byMessageId(messageId) {
      return (await redis.get(aliasKey(redis, messageId))) ?? undefined;
    },
  };
}

function planOf({ from, to, fence, late, change = {}, release, waitMs }: Transition, keepMs: number) {
  const { evidence, countAttempt, ...rest } = change;
  const set: Record<string, string> = {};
  for (const [key, value] of Object.entries(rest)) {
    if (value !== undefined) set[key] = typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
  return {
    from,
    to,
    ...(fence === undefined ? {} : { fence: String(fence) }),
    late: late === true,
    set,
    ...(evidence === undefined ? {} : { evidence: `${new Date().toISOString()} ${evidence}`.slice(0, 600) }),
    attempt: countAttempt === true,
    ...(waitMs === undefined ? {} : { wait: Math.round(waitMs) }),
    ...(release === undefined ? {} : { release: String(release) }),
    keep: keepMs,
    ended: ENDED.includes(to),
  };
}

function entryOf(fields: Record<string, string>): JournalEntry {
  const text = (key: string) => (fields[key] === undefined ? {} : { [key]: fields[key] });
  const number = (key: string) => (fields[key] === undefined ? {} : { [key]: Number(fields[key]) });
  const json = (key: string) => (fields[key] === undefined ? {} : { [key]: JSON.parse(fields[key]) as unknown });
  return {
    replyId: fields.replyId ?? '',
    state: fields.state as ReplyState,
    server: fields.server ?? '',
    createdAt: Number(fields.createdAt ?? 0),
    updatedAt: Number(fields.updatedAt ?? 0),
    fence: Number(fields.fence ?? 0),
    attempts: Number(fields.attempts ?? 0),
    begins: Number(fields.begins ?? 0),
    evidence: (fields.evidence ?? '').split('\n').filter((line) => line !== ''),
    ...text('from'),
    ...text('messageId'),
    ...text('rendered'),
    ...text('source'),
    ...text('mailbox'),
    ...number('renderedSize'),
    ...number('dataBegunAt'),
    ...number('uncertainSince'),
    ...number('looks'),
    ...number('lapses'),
    ...number('preparations'),
    ...number('dueAt'),
    ...number('acceptances'),
    ...number('deferredSince'),
    ...json('recipients'),
    ...json('envelope'),
    ...json('decided'),
    ...json('doubted'),
    ...json('offered'),
    ...json('agreed'),
    ...json('forced'),
    ...json('result'),
  };
}
