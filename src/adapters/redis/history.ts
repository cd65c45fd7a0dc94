// The history in Redis (domain/history.ts): small hashes with a time to live, to which all replicas add. Written a few times a minute by one script a
// replica, never beside a commit; names of flows and servers, nothing of a mail.
import type { Redis } from 'ioredis';
import { type Grain, grains, type HistoryAddition, type HistoryRecord } from '../../domain/history.ts';
import { historyKey, historySinceKey } from '../../domain/keys.ts';
import { script } from './script.ts';

/** `<slot><code>[<bound>]` */
export const historyField = /^(\d{1,2})([a-z])(\d{0,2})$/;

export interface HistoryStore {
  /** To the minute and the hour of that time, epoch ms. */
  add(additions: readonly HistoryAddition[], at: number): Promise<void>;
  read(series: string, grain: Grain, from: number, to: number): Promise<HistoryRecord[]>;
  /** Epoch ms since which there is a history, kept or not. */
  since(): Promise<number | undefined>;
}

/** KEYS: hashes, at last the begin. ARGV: epoch ms; for each hash the number of its fields and its seconds to live, then field, value, 1 for the higher one. */
const ADD = script(`
redis.call('SET', KEYS[#KEYS], ARGV[1], 'NX')
local at = 2
for i = 1, #KEYS - 1 do
  local key, count, seconds = KEYS[i], tonumber(ARGV[at]), ARGV[at + 1]
  at = at + 2
  for _ = 1, count do
    local field, value = ARGV[at], ARGV[at + 1]
    if ARGV[at + 2] == '0' then redis.call('HINCRBY', key, field, value)
    elseif tonumber(redis.call('HGET', key, field) or -1) < tonumber(value) then redis.call('HSET', key, field, value) end
    at = at + 3
  end
  redis.call('EXPIRE', key, seconds)
end
return 1`);

/** Series that one call writes: less than a millisecond of Redis. */
const AT_ONCE = 100;

export function createHistoryStore(redis: Redis): HistoryStore {
  return {
    async add(additions, at) {
      const series = [...Map.groupBy(additions, (one) => one.series)];
      for (let i = 0; i < series.length; i += AT_ONCE) {
        const keys: string[] = [];
        const argv: (string | number)[] = [at];
        for (const [name, own] of series.slice(i, i + AT_ONCE))
          for (const { letter, slotMs, perKey, keepMs } of Object.values(grains)) {
            const slot = Math.floor(at / slotMs);
            keys.push(historyKey(redis, letter, Math.floor(slot / perKey), name));
            argv.push(own.length, Math.ceil((keepMs + perKey * slotMs) / 1000));
            for (const { code, bound = '', value, high = false } of own)
              argv.push(`${slot % perKey}${code}${bound}`, value, high ? 1 : 0);
          }
        await ADD(redis, [...keys, historySinceKey(redis)], argv);
      }
    },
    async read(series, grain, from, to) {
      const { letter, slotMs, perKey } = grains[grain];
      const keyMs = slotMs * perKey;
      const [first, last] = [Math.floor(from / keyMs), Math.floor(to / keyMs)];
      const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
      const pipeline = redis.pipeline();
      for (const number of numbers) pipeline.hgetall(historyKey(redis, letter, number, series));
      const found = (await pipeline.exec()) ?? [];
      return numbers.flatMap((number, i) => recordsIn(found[i]?.[1], number * keyMs, slotMs)).filter(within(from, to));
    },
    async since() {
      const at = await redis.get(historySinceKey(redis));
      return at === null ? undefined : Number(at);
    },
  };
}

const within =
  (from: number, to: number) =>
  ({ at }: HistoryRecord): boolean =>
    at >= from && at <= to;

function recordsIn(fields: unknown, begin: number, slotMs: number): HistoryRecord[] {
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.entries(fields as Record<string, string>).flatMap(([field, value]) => {
    const [, slot, code = '', bound = ''] = historyField.exec(field) ?? [];
    const count = Number(value);
    if (slot === undefined || !Number.isFinite(count)) return [];
    return [{ at: begin + Number(slot) * slotMs, code, bound: Number(bound), value: count }];
  });
}
