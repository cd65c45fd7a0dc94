// BullMQ queues of the email flows: opened on first use, with one connection for all. Read operations for audit, backlog and message look-up.
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Message } from '../../contract/message.ts';
import { emailFlowQueue, mailboxEventsQueue } from '../../contract/names.ts';
import { prefixOf } from '../../domain/keys.ts';
import type { JobFacts } from '../../domain/timeline.ts';
import { moveWaiting } from './move-flow.ts';
import { ReadableQueue } from './readable-jobs.ts';

export interface EmailFlows {
  queueOf(emailFlow: string): Promise<Queue>;
  /** Queue of what people did in the mailboxes of the flow. */
  eventsQueueOf(emailFlow: string): Promise<Queue>;
  /** Such events that wait for a consumer. */
  eventsBacklog(emailFlow: string): Promise<number>;
  /** Jobs that wait to be consumed (waiting, prioritized, delayed; a paused queue's jobs count as waiting). */
  backlog(emailFlow: string): Promise<number>;
  /** Jobs by BullMQ's state. */
  counts(emailFlow: string): Promise<Record<string, number>>;
  /** Arrival of the oldest waiting job, epoch ms. */
  oldestWaiting(emailFlow: string): Promise<number | undefined>;
  /** When the oldest job was added that is not completed: waiting, paused, delayed, at work or failed. Of failed ones the first hundred are looked at. */
  oldestOpen(emailFlow: string): Promise<number | undefined>;
  /** How long jobs that were completed after `since` (epoch ms) had waited for their run, ms: the newest 100 at most, and when the last one ended. */
  taken(emailFlow: string, since: number): Promise<{ waitedMs: number[]; lastAt: number }>;
  /** Workers connected to the queue of each flow; undefined if this Redis does not permit listing connections. */
  consumers(emailFlows: readonly string[]): Promise<number[] | undefined>;
  readMessage(emailFlow: string, messageKey: string): Promise<Message | undefined>;
  /** What the queue stores about a message's job; undefined if it no longer exists. */
  jobFacts(emailFlow: string, messageKey: string): Promise<JobFacts | undefined>;
  /** Which of the messageKeys exist as jobs, in any state. */
  existing(emailFlow: string, messageKeys: readonly string[]): Promise<Set<string>>;
  /** The newest messages, whatever happened to their jobs. */
  newest(emailFlow: string, count: number): Promise<Message[]>;
  /** Moves what waits in one flow to the other, in order. @returns how many */
  move(from: string, to: string): Promise<number>;
  close(): Promise<void>;
}

export function openEmailFlows(client: Redis): EmailFlows {
  const queues = new Map<string, Promise<Queue>>();

  const open = async (name: string): Promise<Queue> => {
    const queue = new ReadableQueue(name, {
      connection: client,
      prefix: prefixOf(client),
      // Events feed `mailroom tail` and QueueEvents of consumers; the length bounds Redis memory per flow.
      streams: { events: { maxLen: 1_000 } },
    });
    queue.on('error', () => {}); // the client's own listener says it, once
    await queue.waitUntilReady();
    return queue;
  };

  const named = (name: string): Promise<Queue> => {
    let queue = queues.get(name);
    if (queue === undefined) {
      queue = open(name);
      queues.set(name, queue);
      queue.catch(() => queues.delete(name));
    }
    return queue;
  };
  const queueOf = (emailFlow: string) => named(emailFlowQueue(emailFlow));
  const eventsQueueOf = (emailFlow: string) => named(mailboxEventsQueue(emailFlow));
  const waitingOn = async (queue: Promise<Queue>) => {
    const counts = await (await queue).getJobCounts('waiting', 'prioritized', 'delayed');
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  };

  return {
    queueOf,
    eventsQueueOf,
    backlog: (emailFlow) => waitingOn(queueOf(emailFlow)),
    eventsBacklog: (emailFlow) => waitingOn(eventsQueueOf(emailFlow)),
    counts: async (emailFlow) => (await queueOf(emailFlow)).getJobCounts(),
    async oldestWaiting(emailFlow) {
      const [job] = await (await queueOf(emailFlow)).getJobs(['wait'], 0, 0, true);
      return job?.timestamp;
    },
    async oldestOpen(emailFlow) {
      const queue = await queueOf(emailFlow);
      const states = ['wait', 'prioritized', 'delayed', 'active', 'failed'] as const;
      const lists = await Promise.all(states.map((state) => queue.getRanges([state], 0, 99, true)));
      const pipeline = client.pipeline();
      for (const id of new Set(lists.flat())) pipeline.hget(queue.toKey(id), 'timestamp');
      const times = ((await pipeline.exec()) ?? []).map(([, value]) => Number(value)).filter((time) => time > 0);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    async taken(emailFlow, since) {
      const queue = await queueOf(emailFlow);
      const ended = await client.zrevrangebyscore(
        queue.toKey('completed'),
        ...(['+inf', `(${since}`, 'WITHSCORES', 'LIMIT', 0, 100] as const),
      );
      const pipeline = client.pipeline();
      for (const id of ended.filter((_, i) => i % 2 === 0)) pipeline.hmget(queue.toKey(id), 'timestamp', 'processedOn');
      const waitedMs = ((await pipeline.exec()) ?? []).flatMap(([, fields]) => {
        const [added, begun] = ((fields ?? []) as (string | null)[]).map(Number);
        return added && begun ? [begun - added] : [];
      });
      return { waitedMs, lastAt: Number(ended[1] ?? since) };
    },
    async consumers(emailFlows) {
      const queues = await Promise.all(emailFlows.map(queueOf));
      const lists = await client.client('LIST').catch(() => undefined);
      return lists === undefined ? undefined : queues.map((queue) => (queue as ReadableQueue).workersIn(String(lists)));
    },
    async readMessage(emailFlow, messageKey) {
      const job = await (await queueOf(emailFlow)).getJob(messageKey);
      return typeof job?.data === 'object' && job.data !== null ? (job.data as Message) : undefined;
    },
    async jobFacts(emailFlow, messageKey) {
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
    async existing(emailFlow, messageKeys) {
      const queue = await queueOf(emailFlow);
      const pipeline = client.pipeline();
      for (const key of messageKeys) pipeline.exists(queue.toKey(key));
      const results = (await pipeline.exec()) ?? [];
      return new Set(messageKeys.filter((_, i) => results[i]?.[1] === 1));
    },
    async newest(emailFlow, count) {
      const states = ['waiting', 'active', 'completed', 'failed', 'delayed'] as const;
      const jobs = await (await queueOf(emailFlow)).getJobs([...states], 0, count - 1);
      const isMessage = (data: unknown): data is Message => typeof data === 'object' && data !== null;
      return jobs.flatMap((job) => (isMessage(job?.data) ? [job.data] : [])).slice(0, 5 * count);
    },
    move: async (from, to) => moveWaiting(client, await queueOf(from), await queueOf(to), to),
    async close() {
      const open = await Promise.allSettled(queues.values());
      queues.clear();
      await Promise.all(open.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)));
    },
  };
}
