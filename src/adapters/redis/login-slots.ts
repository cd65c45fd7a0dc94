// Token bucket over the sign-ins of a tenant, shared by all replicas: the end of an outage must not become a storm of logins, however many processes
// take part. Generic cell rate algorithm, one key for each tenant, by Redis' own clock.
import type { Redis } from 'ioredis';
import { prefixOf } from '../../domain/keys.ts';
import { NOW, script } from './script.ts';

/** KEYS: the time up to which slots are taken. ARGV: ms between two sign-ins, ms of a burst. Answers the ms to wait. */
const RESERVE = script(`
${NOW}
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
-- No wait is an hour long: garbage, or a clock that was ahead.
if last > now + 3600000 then last = 0 end
local next = math.max(now, last) + interval
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil(next - now + burst))
return math.max(0, math.floor(next - burst - now))`);

/**
 * @param perSecond sign-ins a second for each key over all replicas; bursts of one second's worth
 * @returns takes the next slot of a key; resolves with the ms to wait for it
 */
export function createLoginSlots(redis: Redis, perSecond: number): (key: string) => Promise<number> {
  const interval = 1000 / perSecond;
  const burst = Math.max(1000, interval);
  return async (key) => Number(await RESERVE(redis, [`${prefixOf(redis)}:logins:${key}`], [interval, burst]));
}
