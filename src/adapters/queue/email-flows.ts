// BullMQ queues of the email flows: opened on first use, with one connection for all. Read operations for audit, backlog and message look-up.
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Message } from '../../contract/message.ts';
import { emailFlowQueue, mailboxEventsQueue } from '../../contract/names.ts';
import type { JobFacts } from '../../domain/timeline.ts';
import { pipelined } from '../../lib/pipelined.ts';
import { moveWaiting } from './move-flow.ts';
import { createQueues } from './open-queue.ts';

export type EmailFlows = ReturnType<typeof openEmailFlows>;

export function openEmailFlows(client: Redis) {
  const queues = createQueues(client);
  const queueOf = (emailFlow: string) => queues.ready(emailFlowQueue(emailFlow));
  const eventsQueueOf = (emailFlow: string) => queues.ready(mailboxEventsQueue(emailFlow));
  const waitingOn = async (queue: Promise<Queue>): Promise<number> => {
    const counts = await (await queue).getJobCounts('waiting', 'prioritized', 'delayed');
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  };

  return {
    queueOf,
    /** Queue of what people did in the mailboxes of the flow. */
    eventsQueueOf,
    /** Jobs that wait to be consumed (waiting, prioritized, delayed; a paused queue's jobs count as waiting). */
    backlog: (emailFlow: string) => waitingOn(queueOf(emailFlow)),
    /** Mailbox events that wait for a consumer. */
    eventsBacklog: (emailFlow: string) => waitingOn(eventsQueueOf(emailFlow)),
    /** Jobs by BullMQ's state. */
    counts: async (emailFlow: string): Promise<Record<string, number>> => (await queueOf(emailFlow)).getJobCounts(),
    /** Arrival of the oldest waiting job, epoch ms. */
    async oldestWaiting(emailFlow: string): Promise<number | undefined> {
      const [job] = await (await queueOf(emailFlow)).getJobs(['wait'], 0, 0, true);
      return job?.timestamp;
    },
    /** When the oldest job was added that is not completed: waiting, paused, delayed, active or failed. Reads the first hundred of each state. */
    async oldestOpen(emailFlow: string): Promise<number | undefined> {
      const queue = await queueOf(emailFlow);
      const states = ['wait', 'prioritized', 'delayed', 'active', 'failed'] as const;
      const lists = await Promise.all(states.map((state) => queue.getRanges([state], 0, 99, true)));
      const added = await pipelined(client.pipeline(), new Set(lists.flat()), (pipeline, id) =>
        pipeline.hget(queue.toKey(id), 'timestamp'),
      );
      const times = added.map(Number).filter((time) => time > 0);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    /** How long jobs that were completed after `since` (epoch ms) had waited for their run, ms: the newest 100 at most, and when the last one ended. */
    async taken(emailFlow: string, since: number): Promise<{ waitedMs: number[]; lastAt: number }> {
      const queue = await queueOf(emailFlow);
      const ended = await client.zrevrangebyscore(
        queue.toKey('completed'),
        ...(['+inf', `(${since}`, 'WITHSCORES', 'LIMIT', 0, 100] as const),
      );
      const ids = ended.filter((_, i) => i % 2 === 0);
      const jobs = await pipelined(client.pipeline(), ids, (pipeline, id) =>
        pipeline.hmget(queue.toKey(id), 'timestamp', 'processedOn'),
      );
      const waitedMs = jobs.flatMap((fields) => {
        const [added, begun] = ((fields ?? []) as (string | null)[]).map(Number);
        return added && begun ? [begun - added] : [];
      });
      return { waitedMs, lastAt: Number(ended[1] ?? since) };
    },
    /** Workers connected to the queue of each flow; undefined if this Redis does not permit listing connections. */
    async consumers(emailFlows: readonly string[]): Promise<number[] | undefined> {
      const open = await Promise.all(emailFlows.map(queueOf));
      const clients = await client.client('LIST').catch(() => undefined);
      return clients === undefined ? undefined : open.map((queue) => queue.workersIn(String(clients)));
    },
    async readMessage(emailFlow: string, messageKey: string): Promise<Message | undefined> {
      const job = await (await queueOf(emailFlow)).getJob(messageKey);
      return isMessage(job?.data) ? job.data : undefined;
    },
    /** What the queue stores about a message's job; undefined if it no longer exists. */
    async jobFacts(emailFlow: string, messageKey: string): Promise<JobFacts | undefined> {
      const queue = await queueOf(emailFlow);
      const fields = ['timestamp', 'processedOn', 'finishedOn', 'atm', 'failedReason'] as const;
      const [added, processed, finished, attempts, failedReason] = await client.hmget(
        queue.toKey(messageKey),
        ...fields,
      );
      if (!added) return undefined;
      return {
        state: await queue.getJobState(messageKey),
        addedAt: Number(added),
        ...(processed ? { processedAt: Number(processed) } : {}),
        ...(finished ? { finishedAt: Number(finished) } : {}),
        attempts: Number(attempts ?? 0),
        ...(failedReason ? { failedReason } : {}),
      };
    },
    /** Which of the messageKeys exist as jobs, in any state. */
    async existing(emailFlow: string, messageKeys: readonly string[]): Promise<Set<string>> {
      const queue = await queueOf(emailFlow);
      const found = await pipelined(client.pipeline(), messageKeys, (pipeline, key) =>
        pipeline.exists(queue.toKey(key)),
      );
      return new Set(messageKeys.filter((_, i) => found[i] === 1));
    },
    /** The newest messages, whatever happened to their jobs. */
    async newest(emailFlow: string, count: number): Promise<Message[]> {
      const states = ['waiting', 'active', 'completed', 'failed', 'delayed'] as const;
      const jobs = await (await queueOf(emailFlow)).getJobs([...states], 0, count - 1);
      return jobs.flatMap((job) => (isMessage(job?.data) ? [job.data] : [])).slice(0, 5 * count);
    },
    /** Moves what waits in one flow to the other, in order. @returns how many */
    move: async (from: string, to: string): Promise<number> =>
      moveWaiting(client, await queueOf(from), await queueOf(to), to),
    close: queues.close,
  };
}

const isMessage = (data: unknown): data is Message => typeof data === 'object' && data !== null;
