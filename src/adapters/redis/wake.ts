// "The fault of this email server may be gone": told by anyone who has reason to believe it (a check that passed, a sign-in, a corrected
// application), heard by all replicas, so that nobody who has just repaired something waits for a back-off. A message that is lost costs only that.
import type { Redis } from 'ioredis';
import { prefixOf } from '../../domain/keys.ts';
import { siblingOf } from './client.ts';

export interface Wake {
  /** @param server Name of the email server */
  publish(server: string): Promise<void>;
  subscribe(listener: (server: string) => void): () => void;
  stop(): void;
}

export function createWake(redis: Redis): Wake {
  const channel = `${prefixOf(redis)}:wake`;
  const listeners = new Set<(server: string) => void>();
  let subscriber: Redis | undefined;
  return {
    async publish(server) {
      await redis.publish(channel, server);
    },
    subscribe(listener) {
      listeners.add(listener);
      if (subscriber === undefined) {
        subscriber = siblingOf(redis);
        subscriber.on('message', (_channel, server: string) => {
          for (const one of listeners) one(server);
        });
        subscriber.subscribe(channel).catch(() => {});
      }
      return () => void listeners.delete(listener);
    },
    stop() {
      listeners.clear();
      subscriber?.disconnect();
      subscriber = undefined;
    },
  };
}
