// Switches of the log, for all replicas: set by API or command line, read every few seconds. They end on their own.

import type { Redis } from 'ioredis';
import { logSwitchesKey } from '../../domain/keys.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { LogSwitch } from '../../telemetry/log-control.ts';

export interface LogSwitches {
  /** Those that have not ended, the one for all first. */
  read(): Promise<LogSwitch[]>;
  /** In place of the one for the same server. */
  set(one: LogSwitch): Promise<void>;
  /** Undefined: all of them. */
  clear(server?: string): Promise<void>;
}

/** Field of the switch for all. */
const ALL = '*';
const fieldOf = (server: string | undefined) => (server === undefined ? ALL : `server ${server}`);

export function createLogSwitches(redis: Redis): LogSwitches {
  const key = logSwitchesKey(redis);
  return {
    async read() {
      const found = await redis.hvals(key);
      return found
        .map((text) => JSON.parse(text) as LogSwitch)
        .filter(({ until }) => until > Date.now())
        .sort((left, right) => fieldOf(left.server).localeCompare(fieldOf(right.server)));
    },
    async set(one) {
      await redis.hset(key, fieldOf(one.server), JSON.stringify(one));
      await redis.pexpireat(key, Math.max(one.until, Date.now() + DAY_MS));
    },
    async clear(server) {
      if (server === undefined) await redis.del(key);
      else await redis.hdel(key, fieldOf(server));
    },
  };
}
