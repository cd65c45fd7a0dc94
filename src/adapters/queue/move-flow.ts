// Moves waiting or failed jobs of one email flow to another: each job leaves one queue and enters the other in one Redis script, so that no crash loses
// or doubles it, and a faster consumer keeps it. BullMQ's own script adds it, as in commit.ts (record-job.ts).
import { Job, type Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Message } from '../../contract/message.ts';
import { MESSAGE_JOB } from '../../contract/names.ts';
import { DAY_SECONDS } from '../../lib/time.ts';
import { addingJobs, recordJob } from './record-job.ts';

/** Number of jobs that are read at once. */
const BATCH = 100;
const WAITING = ['wait', 'prioritized', 'delayed'] as const;

/** Lua: takes the job out of its list. */
const LEAVING = {
  /** KEYS 10 to 12: the lists of {@link WAITING}. */
  Waiting: "redis.call('LREM', KEYS[10], 1, id) + redis.call('ZREM', KEYS[11], id) + redis.call('ZREM', KEYS[12], id)",
  /** KEYS 10: failed; 11 and 12 as well, so that both scripts have the same keys. */
  Failed: "redis.call('ZREM', KEYS[10], id)",
};
type Source = keyof typeof LEAVING;

/** KEYS: 9 of the target queue, 3 lists of the source, the job and its log there. ARGV: 3 of the job, its id. */
const moveScript = (client: Redis, source: Source): string => `
${addingJobs(client)}
local wrong = wrongQueueKey(KEYS, 0, 1)
if wrong then return redis.error_reply(wrong) end
local id = ARGV[4]
local left = ${LEAVING[source]}
if left == 0 then return 0 end
redis.call('DEL', KEYS[13], KEYS[14])
return addJob(queueKeysAt(KEYS, 0), ARGV, 0) or 1`;

/** Seconds for which the moved job was to be kept. */
const ageOf = (keep: unknown): number =>
  typeof keep === 'object' && keep !== null && 'age' in keep ? Number(keep.age) : 7 * DAY_SECONDS;

/** What moves one job, made once for all of them. It resolves with how many were moved: 0 or 1. */
function moverOf(
  client: Redis,
  source: Source,
  from: Queue,
  { to, emailFlow }: { to: Queue; emailFlow: string },
): (jobId: string) => Promise<number> {
  const command = `mailroomMove${source}Job`;
  client.defineCommand(command, { lua: moveScript(client, source) });
  const run = (client as unknown as Record<string, (...all: unknown[]) => Promise<number>>)[command];
  const lists = source === 'Waiting' ? WAITING : (['failed', 'failed', 'failed'] as const);
  return async (jobId) => {
    const job = await Job.fromId<Message>(from, jobId).catch(() => undefined);
    if (typeof job?.data !== 'object' || job.data === null || run === undefined) return 0;
    const payload = { ...job.data, emailFlow };
    const target = await recordJob(
      { queue: to, name: MESSAGE_JOB, id: jobId, payload, timestamp: job.timestamp },
      { keepCompletedSeconds: ageOf(job.opts.removeOnComplete), keepFailedSeconds: ageOf(job.opts.removeOnFail) },
    );
    const keys = [
      ...target.keys,
      ...lists.map((name) => from.toKey(name)),
      from.toKey(jobId),
      `${from.toKey(jobId)}:logs`,
    ];
    return run.call(client, keys.length, ...keys, ...target.args, jobId);
  };
}

/** @returns how many were moved; running and unreadable jobs stay */
export async function moveWaiting(client: Redis, from: Queue, to: Queue, emailFlow: string): Promise<number> {
  const move = moverOf(client, 'Waiting', from, { to, emailFlow });
  let moved = 0;
  for (let left = 0; ; ) {
    const ids = await from.getRanges([...WAITING], left, left + BATCH - 1, true);
    if (ids.length === 0) return moved;
    let gone = 0;
    for (const jobId of ids) gone += await move(jobId);
    moved += gone;
    left += ids.length - gone;
  }
}

/** @returns false when it is not failed (any more), or is unreadable */
export const moveFailed = async (
  client: Redis,
  from: Queue,
  to: Queue,
  { jobId, emailFlow }: { jobId: string; emailFlow: string },
): Promise<boolean> => (await moverOf(client, 'Failed', from, { to, emailFlow })(jobId)) === 1;
