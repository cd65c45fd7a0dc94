// Switches of the log, for all replicas: set by API or command line, read every few seconds. They end automatically.
import type { Redis } from 'ioredis';
import { logSwitchesKey } from '../../domain/keys.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { LogSwitch } from '../../telemetry/log-control.ts';
import { soundFields } from './guard.ts';

export type LogSwitches = ReturnType<typeof createLogSwitches>;

/** Field of the switch for all. */
const ALL = '*';
const fieldOf = (server: string | undefined) => (server === undefined ? ALL : `server ${server}`);

export function createLogSwitches(redis: Redis) {
  const key = logSwitchesKey(redis);
  return {
    /** Those that have not ended, the one for all first. */
    async read(): Promise<LogSwitch[]> {
      const found = await soundFields(redis, key, await redis.hgetall(key));
      return found
        .map(([, text]) => JSON.parse(text) as LogSwitch)
        .filter(({ until }) => until > Date.now())
        .sort((left, right) => fieldOf(left.server).localeCompare(fieldOf(right.server)));
    },
    /** Replaces the one for the same server. */
    async set(one: LogSwitch): Promise<void> {
      await redis.hset(key, fieldOf(one.server), JSON.stringify(one));
      await redis.pexpireat(key, Math.max(one.until, Date.now() + DAY_MS));
    },
    /** @param server undefined: all switches */
    async clear(server?: string): Promise<void> {
      if (server === undefined) await redis.del(key);
      else await redis.hdel(key, fieldOf(server));
    },
  };
}
