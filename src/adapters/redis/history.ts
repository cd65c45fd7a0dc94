// The history in Redis (domain/history.ts): small hashes with a time to live, to which all replicas add. Each replica writes a few times a minute with
// one script, never beside a commit. They contain names of flows and servers, nothing of a mail.
import type { Redis } from 'ioredis';
import { type Grain, grains, type HistoryAddition, type HistoryRecord } from '../../domain/history.ts';
import { historyKey, historySinceKey } from '../../domain/keys.ts';
import { pipelined } from '../../lib/pipelined.ts';
import { script } from './script.ts';

/** `<slot><code>[<bound>]` */
export const historyField = /^(\d{1,2})([a-z])(\d{0,2})$/;

export type HistoryStore = ReturnType<typeof createHistoryStore>;

/** KEYS: hashes, then the begin. ARGV: epoch ms; for each hash the number of its fields and its seconds to live, then field, value, 1 for the maximum. */
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

export function createHistoryStore(redis: Redis) {
  return {
    /** Adds to the minute and the hour of that time, epoch ms. */
    async add(additions: readonly HistoryAddition[], at: number): Promise<void> {
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
    async read(series: string, grain: Grain, from: number, to: number): Promise<HistoryRecord[]> {
      const { letter, slotMs, perKey } = grains[grain];
      const keyMs = slotMs * perKey;
      const [first, last] = [Math.floor(from / keyMs), Math.floor(to / keyMs)];
      const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
      const found = await pipelined(redis.pipeline(), numbers, (pipeline, number) =>
        pipeline.hgetall(historyKey(redis, letter, number, series)),
      );
      return numbers
        .flatMap((number, i) => recordsIn(found[i], number * keyMs, slotMs))
        .filter(({ at }) => at >= from && at <= to);
    },
    /** Epoch ms since which there is a history, kept or not. */
    async since(): Promise<number | undefined> {
      const at = await redis.get(historySinceKey(redis));
      return at === null ? undefined : Number(at);
    },
  };
}

function recordsIn(fields: unknown, begin: number, slotMs: number): HistoryRecord[] {
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.entries(fields as Record<string, string>).flatMap(([field, value]) => {
    const [, slot, code = '', bound = ''] = historyField.exec(field) ?? [];
    const count = Number(value);
    if (slot === undefined || !Number.isFinite(count)) return [];
    return [{ at: begin + Number(slot) * slotMs, code, bound: Number(bound), value: count }];
  });
}
