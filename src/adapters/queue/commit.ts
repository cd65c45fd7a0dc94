// The one-script commit: enqueues message jobs and advances the ledger in one Redis script, or does neither.
//
// Invariant: the ledger advances only in the same transaction that enqueues. Therefore nothing but this file advances it.
//
// Why one script (measured, see docs/design.md): addBulk is a pipeline, so killing the client leaves partial batches; WATCH + MULTI loses mail after SCRIPT FLUSH,
// because EXEC continues after a NOSCRIPT. So BullMQ itself builds KEYS and ARGV of each job, and its own script text runs as a local function inside
// ours (record-job.ts).
import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Message } from '../../contract/message.ts';
import { MAILBOX_EVENT_JOB, MESSAGE_JOB } from '../../contract/names.ts';
import { ANSWER_SECONDS } from '../../domain/answered.ts';
import { MailroomError } from '../../domain/errors.ts';
import { fieldsOfView } from '../../domain/folder-view.ts';
import {
  afterCareKey,
  answeredKey,
  fingerprintsKey,
  folderViewKey,
  leaseKey,
  ledgerKey,
  ledgerPendingKey,
  ledgerUidsKey,
  mailboxesKey,
  ownActsKey,
  parsingKey,
  quarantineKey,
  siblingsKey,
} from '../../domain/keys.ts';
import { applyChange, changedChunks, emptyLedger, type Ledger } from '../../domain/ledger.ts';
import type { CommitRequest } from '../../inbound/ports.ts';
import { createSlabs, type Piece } from '../../lib/slabs.ts';
import type { EmailFlows } from './email-flows.ts';
import { openQueue } from './open-queue.ts';
import { addingJobs, DATA_ARGUMENT, type KeepJobs, recordJob } from './record-job.ts';

const COMMAND = 'mailroomCommit';

interface CommitSettings extends KeepJobs {
  keepFingerprintsSeconds: number;
  keepSiblingsSeconds: number;
}

/** Resolves with the ledger as it is after the commit. Throws MailroomError LEASE_LOST or LEDGER_STALE, and then nothing was written. */
export type CommitMessages = (commit: CommitRequest) => Promise<Ledger>;

/** Opens the queues of an email flow: messages, and mailbox events. */
type OpenQueues = Record<keyof Pick<EmailFlows, 'queueOf' | 'eventsQueueOf'>, (emailFlow: string) => Promise<Queue>>;

/**
 * The script around BullMQ's own. KEYS: 11 fixed, 9 per queue, one per sibling, one per answer. ARGV: 3 fixed, 3 per job.
 * If a key holds the wrong type, the client's guard reports or repairs it (adapters/redis/guard.ts).
 */
function commitScript(jobs: string): string {
  return `
${jobs}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'LEASE_LOST', redis.call('GET', KEYS[1]) or ''} end
local version = redis.call('HGET', KEYS[2], 'version') or '0'
if version ~= ARGV[2] then return {'LEDGER_STALE', version} end
local plan = cjson.decode(ARGV[3])
local damaged = wrongQueueKey(KEYS, 11, #plan.jobs)
if damaged then return redis.error_reply(damaged) end
local k, a = 11, 3
for _, jobs in ipairs(plan.jobs) do
  local queueKeys = queueKeysAt(KEYS, k)
  k = k + 9
  for i = 1, jobs do
    local refused = addJob(queueKeys, ARGV, a)
    if refused then return refused end
    a = a + 3
  end
end
for i, messageKey in ipairs(plan.siblings) do
  redis.call('SADD', KEYS[k + i], messageKey)
  if redis.call('TTL', KEYS[k + i]) < plan.keepSiblings then redis.call('EXPIRE', KEYS[k + i], plan.keepSiblings) end
end
k = k + #plan.siblings
for i, answer in ipairs(plan.answered) do
  -- A flag does not replace a mail in Sent or a marker of ours.
  if answer[2] then redis.call('SET', KEYS[k + i], answer[1], 'NX', 'EX', plan.keepAnswers)
  else redis.call('SET', KEYS[k + i], answer[1], 'EX', plan.keepAnswers) end
end
for _, f in ipairs(plan.fingerprints) do
  local member, n = f[1], 1
  while redis.call('ZSCORE', KEYS[6], member) do
    n = n + 1
    member = f[1] .. '.' .. n
  end
  redis.call('ZADD', KEYS[6], f[2], member)
end
if #plan.fingerprints > 0 then redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', plan.forgetBefore) end
if plan.reset then redis.call('DEL', KEYS[3], KEYS[4], KEYS[8], KEYS[9]) end
for _, f in ipairs(plan.chunks) do redis.call('HSET', KEYS[3], f[1], f[2]) end
for _, uid in ipairs(plan.settled) do redis.call('HDEL', KEYS[4], uid) end
for _, f in ipairs(plan.pending) do redis.call('HSET', KEYS[4], f[1], f[2]) end
for _, f in ipairs(plan.quarantined) do redis.call('HSET', KEYS[5], f[1], f[2]) end
for _, uid in ipairs(plan.parsed) do redis.call('HDEL', KEYS[9], uid) end
for _, uid in ipairs(plan.afterCare) do redis.call('SADD', KEYS[8], uid) end
for _, f in ipairs(plan.view) do redis.call('HSET', KEYS[10], f[1], f[2]) end
for _, act in ipairs(plan.ownSettled) do redis.call('SREM', KEYS[11], act) end
if plan.meta then
  redis.call('HSET', KEYS[2], 'meta', plan.meta)
  redis.call('SADD', KEYS[7], plan.mailboxId)
end
redis.call('HSET', KEYS[2], 'version', plan.version)
return {'OK', plan.version}`;
}

/**
 * Opens the commit: loads BullMQ's scripts into the client, compares them with the version that this file was written for, and runs the whole
 * script once on scratch keys.
 * @param client the ioredis connection that the queues use too
 * @param open BullMQ queues of an email flow, ready
 * @throws MailroomError BULLMQ_SCRIPTS_CHANGED: do not start
 */
export async function openCommit(client: Redis, open: OpenQueues, settings: CommitSettings): Promise<CommitMessages> {
  const scratch = openQueue(client, `selftest.${randomUUID()}`);
  await scratch.waitUntilReady();
  try {
    client.defineCommand(COMMAND, { lua: commitScript(addingJobs(client)) });
    await selfTest(client, scratch, settings);
  } finally {
    await scratch.obliterate({ force: true }).catch(() => {});
    await scratch.close();
  }
  return (commit) => runCommit(client, open, settings, commit);
}

/** On scratch keys: a foreign lease is refused, one job is added, the same commit again is refused as stale. */
async function selfTest(client: Redis, scratch: Queue, settings: CommitSettings): Promise<void> {
  const mailboxId = scratch.name;
  const commit = (ledger: Ledger, leaseToken = '1:selftest') =>
    runCommit(client, { queueOf: async () => scratch, eventsQueueOf: async () => scratch }, settings, {
      mailboxId,
      leaseToken,
      ledger,
      change: { outcomes: [{ outcome: 'enqueued', uids: [1] }] },
      messages: [{ message: { messageKey: 'm-selftest-1' } as Message, bodies: Buffer.from('{"replyText":"ö"}') }],
    });
  const code = (promise: Promise<unknown>) =>
    promise.then(
      () => 'OK',
      (error: unknown) => (error instanceof MailroomError ? error.code : String(error)),
    );
  await client.set(leaseKey(client, mailboxId), '1:selftest', 'PX', 60_000);
  try {
    const seen = [
      await code(commit(emptyLedger(), '0:other')),
      await code(commit(emptyLedger())),
      await code(commit(emptyLedger())),
      String((await scratch.getJobCounts('waiting')).waiting),
      (await client.hget(ledgerUidsKey(client, mailboxId), 'enqueued:0')) ?? 'nothing',
      JSON.stringify((await scratch.getJob('m-selftest-1'))?.data),
    ].join(' ');
    if (seen !== 'LEASE_LOST OK LEDGER_STALE 1 1 {"messageKey":"m-selftest-1","replyText":"ö"}') {
      throw new MailroomError('BULLMQ_SCRIPTS_CHANGED', {
        message: `the self-test of the one-script commit saw: ${seen}`,
      });
    }
  } finally {
    await client.del(leaseKey(client, mailboxId), ledgerKey(client, mailboxId), ledgerUidsKey(client, mailboxId));
  }
}

const allocate = createSlabs(1 << 20);

/** ioredis copies a long string twice and measures it three times before it is sent; bytes are copied once. */
function asBytes(arg: string | Buffer, lent: Piece[]): string | Buffer {
  if (typeof arg !== 'string' || arg.length <= 256) return arg;
  const piece = allocate(Buffer.byteLength(arg));
  lent.push(piece);
  piece.memory.write(arg);
  return piece.memory;
}

/** Two JSON objects as one, in UTF-8. */
function joined(head: string, tail: Uint8Array, lent: Piece[]): Buffer {
  const headBytes = Buffer.byteLength(head);
  const piece = allocate(headBytes + tail.length - 1);
  lent.push(piece);
  piece.memory.write(head);
  piece.memory[headBytes - 1] = 0x2c; // a comma for its bracket
  piece.memory.set(tail.subarray(1), headBytes);
  return piece.memory;
}

/** The jobs of a commit, as BullMQ would send them. Jobs of one queue have the same keys, which are sent once. */
interface RecordedJobs {
  queues: { keys: (string | Buffer)[]; jobs: number }[];
  /** 3 for each job. */
  args: (string | Buffer)[];
  /** Memory that `args` use. */
  lent: Piece[];
}

async function recordJobs(
  open: OpenQueues,
  settings: CommitSettings,
  { messages = [], events = [] }: Pick<CommitRequest, 'messages' | 'events'>,
): Promise<RecordedJobs> {
  const recorded: RecordedJobs = { queues: [], args: [], lent: [] };
  const { queues, args: all, lent } = recorded;
  const record = async (job: Parameters<typeof recordJob>[0], bodies?: Uint8Array) => {
    const { keys, args } = await recordJob(job, settings);
    const last = queues.at(-1);
    if (last?.keys.every((key, i) => key === keys[i])) last.jobs += 1;
    else queues.push({ keys, jobs: 1 });
    // At once: the texts of a whole batch together would outlive V8's collections of young objects.
    args.forEach((arg, i) => {
      all.push(bodies !== undefined && i === DATA_ARGUMENT ? joined(arg as string, bodies, lent) : asBytes(arg, lent));
    });
  };
  for (const { message, bodies } of messages) {
    const { messageKey: id, emailFlow, traceparent } = message;
    const queue = await open.queueOf(emailFlow);
    await record({ queue, name: MESSAGE_JOB, id, payload: message, traceparent }, bodies);
  }
  for (const event of events) {
    const queue = await open.eventsQueueOf(event.emailFlow);
    await record({ queue, name: MAILBOX_EVENT_JOB, id: event.eventId, payload: event });
  }
  return recorded;
}

/** What the script reads as JSON: all changes but the jobs. */
function planOf(request: CommitRequest, after: Ledger, queues: RecordedJobs['queues'], settings: CommitSettings) {
  const { mailboxId, ledger, change, ...rest } = request;
  return {
    mailboxId,
    version: String(after.version),
    jobs: queues.map(({ jobs }) => jobs),
    reset: change.reset === true,
    chunks: Object.entries(changedChunks(ledger, after, change)),
    settled: change.outcomes.flatMap(({ uids }) => uids.filter((uid) => ledger.pending.has(uid)).map(String)),
    pending: (change.pending ?? []).map(({ uid, entry }) => [String(uid), JSON.stringify(entry)]),
    quarantined: (rest.quarantined ?? []).map(({ uid, entry }) => [String(uid), JSON.stringify(entry)]),
    parsed: (rest.parsed ?? []).map(String),
    afterCare: (rest.afterCare ?? []).map(String),
    fingerprints: (rest.fingerprints ?? []).map(({ value, internalDate }) => [
      value,
      Math.floor(internalDate.getTime() / 1000),
    ]),
    forgetBefore: Math.floor(Date.now() / 1000) - settings.keepFingerprintsSeconds,
    siblings: (rest.siblings ?? []).map(({ messageKey }) => messageKey),
    keepSiblings: rest.keepSiblingsSeconds ?? settings.keepSiblingsSeconds,
    answered: (rest.answered ?? []).map((one) => [JSON.stringify(one.answered), one.answered.by === 'flag']),
    keepAnswers: ANSWER_SECONDS,
    view: rest.view === undefined ? [] : Object.entries(fieldsOfView(rest.view)),
    ownSettled: rest.ownSettled ?? [],
    ...(change.meta !== undefined ? { meta: JSON.stringify(change.meta) } : {}),
  };
}

async function runCommit(
  client: Redis,
  open: OpenQueues,
  settings: CommitSettings,
  request: CommitRequest,
): Promise<Ledger> {
  const { mailboxId, leaseToken, ledger, change, siblings = [], answered = [] } = request;
  const jobs = await recordJobs(open, settings, request);
  const after = applyChange(ledger, change);
  const plan = planOf(request, after, jobs.queues, settings);
  const keys: (string | Buffer)[] = [
    leaseKey(client, mailboxId),
    ledgerKey(client, mailboxId),
    ledgerUidsKey(client, mailboxId),
    ledgerPendingKey(client, mailboxId),
    quarantineKey(client, mailboxId),
    fingerprintsKey(client, mailboxId),
    mailboxesKey(client),
    afterCareKey(client, mailboxId),
    parsingKey(client, mailboxId),
    folderViewKey(client, mailboxId),
    ownActsKey(client, mailboxId),
    ...jobs.queues.flatMap((queue) => queue.keys),
    ...siblings.map(({ hash }) => siblingsKey(client, hash)),
    ...answered.map(({ messageKey }) => answeredKey(client, messageKey)),
  ];
  const args = [leaseToken, String(ledger.version), JSON.stringify(plan), ...jobs.args];
  const run = (client as unknown as Record<string, (...all: unknown[]) => Promise<[string, string]>>)[COMMAND];
  if (run === undefined)
    throw new MailroomError('BULLMQ_SCRIPTS_CHANGED', { message: 'the commit script is not defined' });
  await request.after;
  const [state, detail] = await run.call(client, keys.length, ...keys, ...args);
  // Only an answer proves that the bytes were sent: without one they are not reused.
  for (const piece of jobs.lent) piece.release();
  if (state === 'LEASE_LOST') {
    const message =
      detail === ''
        ? 'The lease of this mailbox has expired and no replica holds it; nothing was written'
        : 'Another replica holds the lease of this mailbox; nothing was written';
    throw new MailroomError('LEASE_LOST', { message });
  }
  if (state === 'LEDGER_STALE') {
    throw new MailroomError('LEDGER_STALE', {
      message: `ledger is at version ${detail}, expected ${ledger.version}`,
    });
  }
  return after;
}
