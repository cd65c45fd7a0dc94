// Watches an email flow's queue without consuming: BullMQ's event stream names the added job, and the job contains the message.
import { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Message } from '../../contract/message.ts';
import { emailFlowQueue } from '../../contract/names.ts';
import { asError } from '../../domain/errors.ts';
import { prefixOf } from '../../domain/keys.ts';
import { openQueue } from './open-queue.ts';

/** Resolves once it watches: everything that arrives from then on is reported, in order. */
export async function tailEmailFlow(
  client: Redis,
  emailFlow: string,
  onMessage: (message: Message) => void,
  onError: (error: Error) => void = () => {},
) {
  const name = emailFlowQueue(emailFlow);
  const queue = openQueue(client, name);
  // Reading blocks the connection, so it gets one of its own.
  const blocking = client.duplicate({ maxRetriesPerRequest: null });
  blocking.on('error', onError);
  queue.on('error', onError);
  await queue.waitUntilReady();
  // From the last existing event, not from `$`: nothing may be missed between now and the first blocking read.
  const [last] = (await client.xrevrange(queue.toKey('events'), '+', '-', 'COUNT', 1)) as [string, string[]][];
  const lastEventId = last?.[0] ?? '0';
  const events = new QueueEvents(name, { connection: blocking, prefix: prefixOf(client), lastEventId });
  events.on('error', onError);
  let reported = Promise.resolve();
  events.on('added', ({ jobId }) => {
    reported = reported
      .then(async () => {
        const job = await queue.getJob(jobId);
        if (job !== undefined) onMessage(job.data as Message);
      })
      .catch((error: unknown) => onError(asError(error)));
  });
  await events.waitUntilReady();
  return {
    async close(): Promise<void> {
      await events.close();
      await reported;
      await queue.close();
      blocking.disconnect();
    },
  };
}
