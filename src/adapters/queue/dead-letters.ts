// Dead letters: jobs of an email flow's queue that its consumer gave up. They stay on the queue as failed until a person decides: retry, move to another
// email flow, or delete. Reads are bounded, newest first.
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Message } from '../../contract/message.ts';
import { pipelined } from '../../lib/pipelined.ts';
import type { EmailFlows } from './email-flows.ts';
import { moveFailed } from './move-flow.ts';

export interface DeadJob {
  emailFlow: string;
  jobId: string;
  /** When the consumer gave up, epoch ms. */
  failedAt: number;
}

/** The consumer's words. */
export interface DeadFacts {
  reason: string;
  attempts: number;
}

export type DeadLetters = ReturnType<typeof createDeadLetters>;

/** Keys of one pipeline. */
const AT_ONCE = 1_000;

export function createDeadLetters(client: Redis, flows: Pick<EmailFlows, 'queueOf' | 'readMessage'>) {
  const isDead = async (queue: Queue, jobId: string): Promise<boolean> =>
    (await client.zscore(queue.toKey('failed'), jobId)) !== null;

  return {
    /** Newest first, at most `most` over all of these flows; times in epoch ms, both included. */
    async list(
      emailFlows: readonly string[],
      { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: { from?: number; to?: number },
      most: number,
    ): Promise<DeadJob[]> {
      const queues = await Promise.all(emailFlows.map(flows.queueOf));
      const [first = '', last = ''] = [from, to].map((at) =>
        Number.isFinite(at) ? String(at) : at < 0 ? '-inf' : '+inf',
      );
      const lists = await pipelined(client.pipeline(), queues, (pipeline, queue) =>
        pipeline.zrevrangebyscore(queue.toKey('failed'), last, first, 'WITHSCORES', 'LIMIT', 0, most),
      );
      const all = emailFlows.flatMap((emailFlow, i) => {
        const rows = (lists[i] ?? []) as string[]; // a queue that cannot be read hides none of the others
        return rows.flatMap((jobId, at) =>
          at % 2 === 0 ? [{ emailFlow, jobId, failedAt: Number(rows[at + 1]) }] : [],
        );
      });
      return all.sort((left, right) => right.failedAt - left.failedAt).slice(0, most);
    },
    async facts(jobs: readonly DeadJob[]): Promise<DeadFacts[]> {
      const found: DeadFacts[] = [];
      for (let at = 0; at < jobs.length; at += AT_ONCE) {
        const keys = jobs
          .slice(at, at + AT_ONCE)
          .map(async ({ emailFlow, jobId }) => (await flows.queueOf(emailFlow)).toKey(jobId));
        const rows = await pipelined(client.pipeline(), await Promise.all(keys), (pipeline, key) =>
          pipeline.hmget(key, 'failedReason', 'atm'),
        );
        for (const fields of rows) {
          const [reason, attempts] = (fields ?? []) as (string | null)[];
          found.push({ reason: reason ?? '', attempts: Number(attempts ?? 0) });
        }
      }
      return found;
    },
    /** Undefined: it no longer exists, or is not a message. */
    message: ({ emailFlow, jobId }: Pick<DeadJob, 'emailFlow' | 'jobId'>): Promise<Message | undefined> =>
      flows.readMessage(emailFlow, jobId),
    // Each of these resolves with false when the job is not failed (any more).
    async retry(emailFlow: string, jobId: string): Promise<boolean> {
      const queue = await flows.queueOf(emailFlow);
      const job = (await isDead(queue, jobId)) ? await queue.getJob(jobId) : undefined;
      if (job === undefined) return false;
      await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
      return true;
    },
    async move(emailFlow: string, jobId: string, to: string): Promise<boolean> {
      const target = await flows.queueOf(to);
      return moveFailed(client, await flows.queueOf(emailFlow), target, { jobId, emailFlow: to });
    },
    async remove(emailFlow: string, jobId: string): Promise<boolean> {
      const queue = await flows.queueOf(emailFlow);
      return (await isDead(queue, jobId)) && (await queue.remove(jobId)) === 1;
    },
  };
}
