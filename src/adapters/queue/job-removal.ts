// Jobs of any queue by key: their state, and their removal together with their entries in the queue's event stream.
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { REPLY_OUTCOMES_QUEUE } from '../../contract/names.ts';
import { prefixOf } from '../../domain/keys.ts';
import { ReadableQueue } from './readable-jobs.ts';

export interface JobPlace {
  queue: string;
  id: string;
}

function jobAt(rest: string): JobPlace | undefined {
  const [, queue, id] = /^((?:email-flow|mailbox-events|replies)\.[^:]+|[a-z-]+):([^:]+)$/.exec(rest) ?? [];
  if (queue === undefined || id === undefined || id === 'meta') return undefined;
  return queue.includes('.') || queue === REPLY_OUTCOMES_QUEUE ? { queue, id } : undefined;
}

export interface JobRemoval {
  /** The job whose hash has this key (without the installation's prefix); undefined: another key. */
  jobAt(rest: string): JobPlace | undefined;
  /** BullMQ's state; `unknown`: in no list. */
  state(place: JobPlace): Promise<string>;
  /** False: a consumer processes it. */
  remove(place: JobPlace): Promise<boolean>;
  /** Removes entries of the queue's event stream that belong to these jobs or match. */
  forgetEvents(queue: string, ids: ReadonlySet<string>, matches: (text: string) => boolean): Promise<number>;
  close(): Promise<void>;
}

export function openJobRemoval(client: Redis): JobRemoval {
  const queues = new Map<string, Queue>();
  const named = (name: string): Queue => {
    const queue = queues.get(name) ?? new ReadableQueue(name, { connection: client, prefix: prefixOf(client) });
    if (!queues.has(name)) queue.on('error', () => {}); // the client's own listener says it, once
    queues.set(name, queue);
    return queue;
  };
  return {
    jobAt,
    state: ({ queue, id }) => named(queue).getJobState(id),
    async remove({ queue, id }) {
      const removed = await named(queue).remove(id);
      return removed === 1 || (await named(queue).getJob(id)) === undefined;
    },
    async forgetEvents(queue, ids, matches) {
      const stream = named(queue).toKey('events');
      const entries = await client.xrange(stream, '-', '+');
      const gone = entries.filter(([, fields]) => fields.some((field) => ids.has(field) || matches(field)));
      if (gone.length > 0) await client.xdel(stream, ...gone.map(([id]) => id));
      return gone.length;
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
