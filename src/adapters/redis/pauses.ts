// Why an SMTP server's queue is paused, in Redis, shared by the replicas: one of them sets the pause, one lifts it.
import type { Redis } from 'ioredis';
import { prefixOf } from '../../domain/keys.ts';
import { LONGEST_WAIT_MS } from '../../domain/reply-pace.ts';
import { fieldsOf, NOW, script } from './script.ts';

const LONGEST = 15 * 60_000;
/** Epoch ms that no clock here reaches: the year 9999. */
const NEVER = 253_402_300_000_000;

/** Longer with each pause in a row, up to a quarter of an hour; a second worker with the same fault does not lengthen it. */
const SET = script(`
${NOW}
local untilMs = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if redis.call('HEXISTS', KEYS[1], 'by') == 1 then return {tonumber(redis.call('HGET', KEYS[1], 'since')), untilMs} end
if untilMs <= now or untilMs - now > ${LONGEST_WAIT_MS} then
  local row = redis.call('HINCRBY', KEYS[1], 'row', 1)
  local wait = math.max(tonumber(ARGV[3]), math.min(tonumber(ARGV[3]) * 2 ^ math.min(row - 1, 10), ${LONGEST}))
  untilMs = math.floor(now + wait)
  redis.call('HSETNX', KEYS[1], 'since', now)
  redis.call('HSET', KEYS[1], 'until', untilMs)
end
redis.call('HSET', KEYS[1], 'code', ARGV[1], 'hint', ARGV[2], 'paused', '1')
return {tonumber(redis.call('HGET', KEYS[1], 'since')), untilMs}`);

/** With Redis' own time: whether a pause is over is never judged by a replica's clock. */
const READ = script(`
${NOW}
return {now, redis.call('HGETALL', KEYS[1])}`);

/** A person's pause has no end and takes precedence over a failure's; only a person lifts it. */
const HOLD = script(`
${NOW}
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'by', ARGV[1], 'code', ARGV[2], 'hint', ARGV[3], 'paused', '1', 'since', now, 'until', ARGV[4])`);

/** ARGV: 1 to end the wait of a failure before it is over. A person's pause stays. */
const LIFT = script(`
${NOW}
if redis.call('HGET', KEYS[1], 'paused') ~= '1' or redis.call('HEXISTS', KEYS[1], 'by') == 1 then return 0 end
local left = tonumber(redis.call('HGET', KEYS[1], 'until') or '0') - now
if ARGV[1] == '0' and left > 0 and left <= ${LONGEST_WAIT_MS} then return 0 end
redis.call('HSET', KEYS[1], 'paused', '0', 'until', 0)
return 1`);

/** Ends a failure's wait: the next tick of a replica tries it. Only for codes with this beginning; a person's pause stays. */
const END_WAIT = script(`
if redis.call('HGET', KEYS[1], 'paused') ~= '1' or redis.call('HEXISTS', KEYS[1], 'by') == 1 then return 0 end
if string.sub(redis.call('HGET', KEYS[1], 'code') or '', 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'until', 0, 'row', 0)
return 1`);

/** Forgets how often it failed; a pause that another worker has just set stays. */
const HEAL = script(`
if redis.call('HGET', KEYS[1], 'paused') == '1' then return 0 end
return redis.call('DEL', KEYS[1])`);

/** @param by who paused it, for display */
export const holdKey = (
  redis: Redis,
  key: string,
  { by, code, hint }: { by: string; code: string; hint: string },
): Promise<unknown> => HOLD(redis, [key], [by, code, hint, NEVER]);

export type Pauses = ReturnType<typeof createPauses>;

export function createPauses(redis: Redis) {
  const key = (server: string) => `${prefixOf(redis)}:smtp-pause:${encodeURIComponent(server.normalize('NFC'))}`;
  /** Servers that had a record when it was last read. Each reply reads it before its submission, so that an accepted one need not read again. */
  const recorded = new Set<string>();
  return {
    async read(server: string) {
      const [now, flat] = (await READ(redis, [key(server)])) as [number, string[]];
      const fields = fieldsOf(flat);
      if (fields.row === undefined) recorded.delete(server);
      else recorded.add(server);
      if (fields.paused !== '1') return undefined;
      const { code = '', hint = '', by } = fields;
      const [since, until] = [Number(fields.since) || 0, Number(fields.until) || 0];
      const leftMs = until > now && (until <= now + LONGEST_WAIT_MS || by !== undefined) ? until - now : 0;
      return { code, hint, since, until, leftMs, ...(by === undefined ? {} : { by }) };
    },
    async set(server: string, { code, hint, probeMs }: { code: string; hint: string; probeMs: number }) {
      const [since, until] = (await SET(redis, [key(server)], [code, hint, Math.round(probeMs)])) as [number, number];
      recorded.add(server);
      return { code, hint, since, until, leftMs: probeMs };
    },
    /** Until {@link resume}. */
    hold: async (server: string, given: Parameters<typeof holdKey>[2]) =>
      void (await holdKey(redis, key(server), given)),
    /** Ends a pause, a person's or a failure's, on behalf of a person. */
    async resume(server: string) {
      await redis.del(key(server));
    },
    async lift(server: string, force = false) {
      return (await LIFT(redis, [key(server)], [force ? '1' : '0'])) === 1;
    },
    /** Ends the wait of a failure whose code begins like this, so that the next tick tries the server. */
    async endWait(server: string, codes: string) {
      return (await END_WAIT(redis, [key(server)], [codes])) === 1;
    },
    async healed(server: string) {
      if (!recorded.has(server)) return;
      await HEAL(redis, [key(server)]);
    },
  };
}
