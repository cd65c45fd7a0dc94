// Adds a job within a script of ours, so that it is added together with the state it reports, or not at all. BullMQ itself builds KEYS and ARGV of the
// job (Job.addJob into a recorder); its own script text becomes a local function of ours. Fragile where it uses BullMQ's script names: exact
// version pin, the digest below, a self-test at boot that refuses to start, and a contract test.
import { createHash } from 'node:crypto';
import { Job, type Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { MailroomError } from '../../domain/errors.ts';

/** sha256 of BullMQ 6.7.0's addStandardJob script. Another digest means another BullMQ: run the contract test, then change it here. */
export const ADD_STANDARD_JOB_SHA256 = '2eee45c9ffc54d24681b737f926016a7f7464f0d32a5f87f623bffa2fc55413c';

/** A job for the Lua of {@link addingJobs}. */
export interface RecordedJob {
  /** The 9 keys of its queue. */
  keys: (string | Buffer)[];
  /** 3 arguments; the data is {@link DATA_ARGUMENT}. */
  args: (string | Buffer)[];
}

/** How long jobs are kept at least, seconds. */
export interface KeepJobs {
  keepCompletedSeconds: number;
  keepFailedSeconds: number;
}

/** The same as options of a job. */
export const retention = ({ keepCompletedSeconds, keepFailedSeconds }: KeepJobs) => ({
  removeOnComplete: { age: keepCompletedSeconds },
  removeOnFail: { age: keepFailedSeconds },
});

interface JobToAdd {
  queue: Queue;
  name: string;
  /** Deterministic: adding it twice yields one job. */
  id: string;
  payload: object;
  /** Epoch ms; default now. */
  timestamp?: number;
  /** W3C Trace Context of the span that adds it. */
  traceparent?: string | undefined;
}

/** The script that BullMQ loaded into this client. @throws MailroomError BULLMQ_SCRIPTS_CHANGED */
export function bullmqScript(client: Redis, expected: string = ADD_STANDARD_JOB_SHA256): string {
  const scripts =
    (client as unknown as { scriptsSet?: Record<string, { lua: string; numberOfKeys: number }> }).scriptsSet ?? {};
  const name = Object.keys(scripts).find((key) => key.startsWith('addStandardJob:'));
  const script = name === undefined ? undefined : scripts[name];
  if (script === undefined) {
    throw new MailroomError('BULLMQ_SCRIPTS_CHANGED', {
      message: 'BullMQ loaded no addStandardJob script into its client',
    });
  }
  const digest = createHash('sha256').update(script.lua).digest('hex');
  if (script.numberOfKeys !== 9 || digest !== expected) {
    throw new MailroomError('BULLMQ_SCRIPTS_CHANGED', {
      message: `BullMQ's ${name} has ${script.numberOfKeys} keys and digest ${digest}; written against 9 keys and ${expected}`,
    });
  }
  return script.lua;
}

/**
 * Lua: `queueKeysAt(KEYS, before)` takes 9 keys that {@link recordJob} gave, `addJob(queueKeys, ARGV, before)` adds a job with 3 arguments of it, or
 * returns the error to answer with. `wrongQueueKey(KEYS, before, queues)` checks the keys that BullMQ's script touches before anything is written: BullMQ
 * stores a job before it lists it, Redis undoes nothing, and a job that already exists is not listed by the next attempt.
 */
export const addingJobs = (client: Redis): string => `
local function addStandardJob(KEYS, ARGV)
${bullmqScript(client)}
end
local function queueKeysAt(KEYS, before)
  local keys = {}
  for j = 1, 9 do keys[j] = KEYS[before + j] end
  return keys
end
local function addJob(queueKeys, ARGV, before)
  local added = addStandardJob(queueKeys, {ARGV[before + 1], ARGV[before + 2], ARGV[before + 3]})
  if type(added) == 'number' and added < 0 then return redis.error_reply('addStandardJob answered ' .. added) end
end
local function wrongQueueKey(KEYS, before, queues)
  local types = {'list', 'list', 'hash', 'string', '', '', 'list', 'stream', 'zset'}
  for j = 1, 9 * queues do
    local wanted, found = types[(j - 1) % 9 + 1], redis.call('TYPE', KEYS[before + j]).ok
    if wanted ~= '' and found ~= 'none' and found ~= wanted then
      return 'WRONGTYPE ' .. KEYS[before + j] .. ' is a ' .. found
    end
  end
end`;

/** What BullMQ would send to add this job, recorded instead of sent. */
export async function recordJob(
  { queue, name, id, payload, timestamp, traceparent }: JobToAdd,
  keep: KeepJobs,
): Promise<RecordedJob> {
  const recorded: { name: string; args: (string | Buffer)[] }[] = [];
  const recorder = { runCommand: (name: string, args: (string | Buffer)[]) => void recorded.push({ name, args }) };
  const job = new Job(
    queue,
    name,
    payload,
    {
      jobId: id,
      ...(timestamp === undefined ? {} : { timestamp }),
      // As bullmq-otel writes it: a consumer with that extension continues the trace without reading the message.
      ...(traceparent === undefined ? {} : { telemetry: { metadata: JSON.stringify({ traceparent }) } }),
      ...retention(keep),
    },
    id,
  );
  await job.addJob(recorder as unknown as Parameters<typeof job.addJob>[0], {});
  const command = recorded[0];
  if (
    recorded.length !== 1 ||
    command === undefined ||
    !command.name.startsWith('addStandardJob:') ||
    command.args.length !== 12 ||
    !isObject(command.args[9 + DATA_ARGUMENT])
  ) {
    throw new MailroomError('BULLMQ_SCRIPTS_CHANGED', {
      message: `BullMQ sends ${recorded.map((c) => `${c.name} with ${c.args.length} arguments`).join(', ')} to add a job`,
    });
  }
  return { keys: command.args.slice(0, 9), args: command.args.slice(9) };
}

/** Which of the arguments is the data of the job: a JSON object. */
export const DATA_ARGUMENT = 1;
const isObject = (arg: string | Buffer | undefined): boolean =>
  typeof arg === 'string' && arg.startsWith('{"') && arg.endsWith('}');
