// The newest events of each email server, from all replicas, for the portal: two bounded lists for each server, newest first. Only shown: nothing
// depends on them.
import type { Redis } from 'ioredis';
import { serverFaultsKey, serverLogKey } from '../../domain/keys.ts';
import { isFault, type ServerEvent, serverLogBounds } from '../../domain/server-log.ts';
import { DAY_SECONDS } from '../../lib/time.ts';
import { objectIn } from './structures.ts';

export type ServerLogStore = ReturnType<typeof createServerLogStore>;

/** @returns undefined: not one of ours */
function serverEventIn(text: string): ServerEvent | undefined {
  const value = objectIn(text);
  const isOurs = typeof value?.event === 'string' && typeof value.level === 'string' && Number.isFinite(value.at);
  return isOurs ? (value as unknown as ServerEvent) : undefined;
}

export function createServerLogStore(redis: Redis) {
  const read = async (key: string) =>
    (await redis.lrange(key, 0, -1)).flatMap((text) => serverEventIn(text) ?? []).sort((a, b) => b.at - a.at);
  return {
    /** @param all events by server, oldest first */
    async add(all: ReadonlyMap<string, readonly ServerEvent[]>): Promise<void> {
      const pipeline = redis.pipeline();
      const push = (key: string, events: readonly ServerEvent[], { most, days }: { most: number; days: number }) => {
        if (events.length === 0) return;
        pipeline.lpush(key, ...events.map((event) => JSON.stringify(event)));
        pipeline.ltrim(key, 0, most - 1);
        pipeline.expire(key, days * DAY_SECONDS);
      };
      for (const [server, events] of all) {
        push(serverLogKey(redis, server), events, serverLogBounds.log);
        push(serverFaultsKey(redis, server), events.filter(isFault), serverLogBounds.faults);
      }
      await pipeline.exec();
    },
    /** Newest first. */
    log: (server: string) => read(serverLogKey(redis, server)),
    /** Warnings and errors, newest first. */
    faults: (server: string) => read(serverFaultsKey(redis, server)),
    /** Differs when there is something new. */
    newest: async (server: string) => (await redis.lindex(serverLogKey(redis, server), 0)) ?? '',
  };
}
