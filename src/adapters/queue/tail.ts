// Watches an email flow's queue without consuming: BullMQ's event stream names the added job, and the job contains the message.
import { Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Message } from '../../contract/message.ts';
import { emailFlowQueue } from '../../contract/names.ts';
import { asError } from '../../domain/errors.ts';
import { prefixOf } from '../../domain/keys.ts';

interface Tail {
  close(): Promise<void>;
}

/** Resolves when it watches: everything that arrives from then on is reported, in order. */
export async function tailEmailFlow(
  client: Redis,
  emailFlow: string,
  onMessage: (message: Message) => void,
  onError: (error: Error) => void = () => {},
): Promise<Tail> {
  const name = emailFlowQueue(emailFlow);
  const queue = new Queue(name, { connection: client, prefix: prefixOf(client) });
  // Reading blocks its connection, so it gets one of its own.
  const blocking = client.duplicate({ maxRetriesPerRequest: null });
  blocking.on('error', onError);
  queue.on('error', onError);
  await queue.waitUntilReady();
  // From the last existing event, not from `$`: nothing may be missed between now and the first blocking read.
  const [last] = (await client.xrevrange(queue.toKey('events'), '+', '-', 'COUNT', 1)) as [string, string[]][];
  const events = new QueueEvents(name, {
    connection: blocking,
    prefix: prefixOf(client),
    lastEventId: last?.[0] ?? '0',
  });
  events.on('error', onError);
  let told = Promise.resolve();
  events.on('added', ({ jobId }) => {
    told = told
      .then(async () => {
        const job = await queue.getJob(jobId);
        if (job !== undefined) onMessage(job.data as Message);
      })
      .catch((error: unknown) => onError(asError(error)));
  });
  await events.waitUntilReady();
  return {
    async close() {
      await events.close();
      await told;
      await queue.close();
      blocking.disconnect();
    },
  };
}
