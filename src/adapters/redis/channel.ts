// A channel of Redis: every replica receives what one of them publishes. The connection for it is opened with the first listener.
import type { Redis } from 'ioredis';
import { siblingOf } from './client.ts';

/** Receives undefined after each (re)connection: messages may have been missed. */
type Listener = (message: string | undefined) => void;

export function openChannel(redis: Redis, name: string) {
  const listeners = new Set<Listener>();
  let subscriber: Redis | undefined;
  const notify = (message?: string) => {
    for (const listener of listeners) listener(message);
  };
  return {
    subscribe(listener: Listener): () => void {
      listeners.add(listener);
      if (subscriber === undefined) {
        subscriber = siblingOf(redis);
        subscriber.on('message', (_channel, message: string) => notify(message));
        subscriber.on('ready', () => notify());
        subscriber.subscribe(name).catch(() => {});
      }
      return () => void listeners.delete(listener);
    },
    stop(): void {
      listeners.clear();
      subscriber?.disconnect();
      subscriber = undefined;
    },
  };
}
