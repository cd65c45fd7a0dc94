// Malformed jobs: BullMQ throws at data or options that are not JSON wherever it reads them. Such a job would return as stalled for ever, and hide the
// others of every list. Here its data becomes a text that names the problem, and the job ends with that problem like any malformed one.
import { Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';

/** The data of such a job. */
export const NOT_JSON = 'data that is not JSON';

const isJson = (text: string | undefined): boolean => {
  try {
    JSON.parse(text || '{}');
    return true;
  } catch {
    return false;
  }
};

// BullMQ's own type has more parameters than a class of ours can repeat.
const ReadableJob = class extends Job {} as unknown as typeof Job;
const { fromJSON } = Job;
ReadableJob.fromJSON = ((queue, json, jobId) => {
  const given = isJson(json.data) ? json : { ...json, data: JSON.stringify(NOT_JSON) };
  return fromJSON.call(ReadableJob, queue, given, jobId);
}) as typeof Job.fromJSON;

export class ReadableQueue extends Queue {
  protected override get Job(): typeof Job {
    return ReadableJob;
  }

  /** @param clients answer of CLIENT LIST, read once for all queues @returns the workers of this queue in it, as {@link Queue.getWorkers} does */
  workersIn(clients: string): number {
    const own = this.clientName();
    return clients.split('\n').filter((line) => {
      const name = /\bname=(\S*)/.exec(line)?.[1];
      return name === own || name?.startsWith(`${own}:w:`);
    }).length;
  }
}

export class ReadableWorker extends Worker {
  protected override get Job(): typeof Job {
    return ReadableJob;
  }
}

/**
 * Options that are not JSON are read before the job exists: the worker only reports this. They are replaced by none, and the job runs when the stalled
 * check returns it.
 * @returns their keys
 */
export async function repairOptions(client: Redis, queue: Queue): Promise<string[]> {
  const repaired: string[] = [];
  for (const id of await queue.getRanges(['active', 'wait', 'prioritized', 'delayed'], 0, 999)) {
    const key = queue.toKey(id);
    const text = await client.hget(key, 'opts').catch(() => null);
    if (text === null || isJson(text)) continue;
    await client.hset(key, 'opts', '{}');
    repaired.push(key);
  }
  return repaired;
}
