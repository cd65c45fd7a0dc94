// Puts back jobs of a replies queue that do not run although they should: ended without a result of ours (a failure while Redis refused writes, another
// program on the queue), or delayed longer than any job sleeps (the clock of the worker that delayed them was fast).
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { LONGEST_SLEEP_MS } from '../../domain/reply-pace.ts';

/** A job that is delayed for longer was delayed by a fast clock, ms; its reply's own notBefore may be later. */
const FARTHEST = 2 * LONGEST_SLEEP_MS;
/** Failed jobs in one read. */
const PAGE = 100;
/** A pass checks what failed since the last one, and this long before it, because workers' clocks differ, ms. */
const OVERLAP = 10 * 60_000;
/** After this many passes, all failed jobs are checked. */
const ALL_EVERY = 120;

/** True for a failure reason or a return value that is a mailroom.result. */
export function isResult(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { state?: unknown }).state === 'string';
}

export function resultIn(failedReason: string | undefined): unknown {
  try {
    const value: unknown = JSON.parse(failedReason ?? '');
    return isResult(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** BullMQ's score of a delayed job is its instant in ms × 4096, plus a counter (its addDelayedJob script). */
export const SCORE_PER_MS = 4_096;

/** @returns a pass over one queue; it answers with the ids of the jobs that it put back */
export function createStrays(client: Redis): (queue: Queue) => Promise<string[]> {
  const passes = new Map<string, { seenUntil: number; count: number }>();

  async function failedWithoutResult(queue: Queue, since: number): Promise<{ found: Job[]; newest: number }> {
    const found: Job[] = [];
    let newest = since;
    for (let at = 0; ; at += PAGE) {
      const jobs = (await queue.getFailed(at, at + PAGE - 1)).filter((job) => job !== undefined && job !== null);
      for (const job of jobs) if (resultIn(job.failedReason) === undefined) found.push(job);
      for (const { finishedOn = 0 } of jobs) newest = Math.max(newest, finishedOn);
      if (jobs.length < PAGE || (jobs.at(-1)?.finishedOn ?? 0) < since - OVERLAP) return { found, newest };
    }
  }

  async function delayedTooFar(queue: Queue): Promise<Job[]> {
    const [seconds] = (await client.time()) as unknown as [string, string];
    const farthest = Number(seconds) * 1000 + FARTHEST;
    const ids = await client.zrangebyscore(queue.toKey('delayed'), farthest * SCORE_PER_MS, '+inf', 'LIMIT', 0, 2_000);
    const jobs = await Promise.all(ids.map((id) => queue.getJob(id)));
    return jobs.filter((job) => job !== undefined && !(notBefore(job.data) > farthest - FARTHEST)) as Job[];
  }

  return async (queue) => {
    const pass = passes.get(queue.name) ?? { seenUntil: 0, count: 0 };
    passes.set(queue.name, { ...pass, count: pass.count + 1 });
    const failed = await failedWithoutResult(queue, pass.count % ALL_EVERY === 0 ? 0 : pass.seenUntil);
    const far = await delayedTooFar(queue);
    const back: string[] = [];
    for (const job of failed.found) if (await isPutBack(job.retry('failed'))) back.push(job.id ?? '');
    for (const job of far) if (await isPutBack(job.promote())) back.push(job.id ?? '');
    passes.set(queue.name, { seenUntil: failed.newest, count: pass.count + 1 });
    return back;
  };
}

/** False: another replica was faster, or the job already runs. BullMQ's own refusals have numbers. */
const isPutBack = (put: Promise<void>): Promise<boolean> =>
  put.then(
    () => true,
    (error: Error & { code?: number }) => {
      if (typeof error.code === 'number') return false;
      throw error;
    },
  );

function notBefore(payload: unknown): number {
  const value = (payload as { notBefore?: unknown } | undefined)?.notBefore;
  return typeof value === 'string' ? Date.parse(value) : Number.NaN;
}
