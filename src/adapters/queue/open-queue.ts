// Queues of BullMQ on the connection of this process: opened on first use, one object for each name.
import type { Redis } from 'ioredis';
import { prefixOf } from '../../domain/keys.ts';
import { ReadableQueue } from './readable-jobs.ts';

export function openQueue(client: Redis, name: string): ReadableQueue {
  const queue = new ReadableQueue(name, {
    connection: client,
    prefix: prefixOf(client),
    // Events feed `mailroom tail` and QueueEvents of consumers; the length bounds Redis memory for each queue.
    streams: { events: { maxLen: 1_000 } },
  });
  queue.on('error', () => {}); // the client's own listener reports it, once
  return queue;
}

export function createQueues(client: Redis) {
  const queues = new Map<string, ReadableQueue>();
  function of(name: string): ReadableQueue {
    const queue = queues.get(name) ?? openQueue(client, name);
    queues.set(name, queue);
    return queue;
  }
  return {
    of,
    /** Loaded into the client; a queue that failed is opened again by the next call. */
    async ready(name: string): Promise<ReadableQueue> {
      const queue = of(name);
      try {
        await queue.waitUntilReady();
        return queue;
      } catch (error) {
        queues.delete(name);
        throw error;
      }
    },
    async close(): Promise<void> {
      const open = [...queues.values()];
      queues.clear();
      await Promise.all(open.map((queue) => queue.close()));
    },
  };
}
