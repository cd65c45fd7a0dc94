// Jobs of any queue by key: their state, and their removal together with their entries in the queue's event stream.
import type { Redis } from 'ioredis';
import { REPLY_OUTCOMES_QUEUE } from '../../contract/names.ts';
import { createQueues } from './open-queue.ts';

export interface JobPlace {
  queue: string;
  id: string;
}

/** The job whose hash has this key (without the installation's prefix); undefined: another key. */
function jobAt(rest: string): JobPlace | undefined {
  const [, queue, id] = /^((?:email-flow|mailbox-events|replies)\.[^:]+|[a-z-]+):([^:]+)$/.exec(rest) ?? [];
  if (queue === undefined || id === undefined || id === 'meta') return undefined;
  return queue.includes('.') || queue === REPLY_OUTCOMES_QUEUE ? { queue, id } : undefined;
}

export type JobRemoval = ReturnType<typeof openJobRemoval>;

export function openJobRemoval(client: Redis) {
  const queues = createQueues(client);
  return {
    jobAt,
    /** BullMQ's state; `unknown`: in no list. */
    state: ({ queue, id }: JobPlace): Promise<string> => queues.of(queue).getJobState(id),
    /** False: a consumer processes it. */
    async remove({ queue, id }: JobPlace): Promise<boolean> {
      const removed = await queues.of(queue).remove(id);
      return removed === 1 || (await queues.of(queue).getJob(id)) === undefined;
    },
    /** Removes entries of the queue's event stream that belong to these jobs or match. @returns how many */
    async forgetEvents(queue: string, ids: ReadonlySet<string>, matches: (text: string) => boolean): Promise<number> {
      const stream = queues.of(queue).toKey('events');
      const entries = await client.xrange(stream, '-', '+');
      const gone = entries.filter(([, fields]) => fields.some((field) => ids.has(field) || matches(field)));
      if (gone.length > 0) await client.xdel(stream, ...gone.map(([id]) => id));
      return gone.length;
    },
    close: queues.close,
  };
}
