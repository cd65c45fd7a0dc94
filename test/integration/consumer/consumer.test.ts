// The typed consumer, the tail and the examples on real Redis, with message jobs made by hand and the HTTP API in between.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { tailEmailFlow } from '../../../src/adapters/queue/tail.ts';
import { type Consumer, type ConsumerOptions, consumeMessages, consumeOutcomes } from '../../../src/consumer/index.ts';
import type { Message } from '../../../src/contract/message.ts';
import {
  emailFlowQueue,
  MESSAGE_JOB,
  OUTCOME_JOB,
  PREFIX,
  REPLY_OUTCOMES_QUEUE,
  repliesQueue,
  replyJobId,
} from '../../../src/contract/names.ts';
import { replySchema } from '../../../src/contract/reply.ts';
import { createHttp, type Http } from '../../../src/http/index.ts';
import { fixture } from '../../support/fixture.ts';
import { startRedis } from '../../support/redis.ts';
import { waitFor } from '../../support/temp.ts';
import { fakeDeps, message, pdf, rawMail, result } from '../../unit/http/fixtures.ts';

let http: Http;
let api: { url: string; token: string };
const redis = fixture(startRedis);
beforeAll(async () => {
  http = await createHttp(fakeDeps());
  const { port } = await http.listen();
  api = { url: `http://127.0.0.1:${port}`, token: 'token-of-desk' };
});
afterAll(async () => {
  await http.close();
});

let flow: string;
let queue: Queue;
let replies: Queue;
let consumer: Consumer | undefined;
let n = 0;
const server = 'Süd: SMTP 100%';
beforeEach(() => {
  n += 1;
  flow = `Süd: Service/Retouren 100% ${n}`;
  queue = new Queue(emailFlowQueue(flow), { connection: { url: redis.url }, prefix: PREFIX });
  replies = new Queue(repliesQueue(server), { connection: { url: redis.url }, prefix: PREFIX });
});
afterEach(async () => {
  await consumer?.close();
  consumer = undefined;
  await replies.obliterate({ force: true });
  await Promise.all([queue.close(), replies.close()]);
});

const arrive = (messageKey: string, data: object = {}) =>
  queue.add(MESSAGE_JOB, { ...message, emailFlow: flow, messageKey, ...data }, { jobId: messageKey });
async function consume(options: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'onMessage'>): Promise<void> {
  consumer = consumeMessages({ redis: redis.url, emailFlow: flow, backoffMs: 10, ...options });
  await consumer.ready();
}
const state = async (id: string) => (await queue.getJob(id))?.getState();

async function bytes(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

it('hands over the message, its attachments and raw mail, and completes the job', async () => {
  const seen: unknown[] = [];
  const body = { value: '<p>Grüße</p>', truncated: false, length: 12 };
  await arrive('m-abc-1-7', { laterField: 1, html: body });
  await consume({
    api,
    onMessage: async (given, { attachment, raw, text, html, attempt }) => {
      await expect(text()).rejects.toThrow('404 MESSAGE_TEXT_UNKNOWN');
      expect(String(await bytes(await html()))).toBe('<p>Grüße</p>');
      seen.push(given, await bytes(await attachment(0)), await bytes(await raw()), attempt);
      await expect(attachment(9)).rejects.toThrow('404 ATTACHMENT_UNKNOWN');
    },
  });
  await waitFor(async () => (await state('m-abc-1-7')) === 'completed');
  expect(seen).toEqual([{ ...message, emailFlow: flow, laterField: 1, html: body }, pdf, rawMail, 1]);
});

it('adds one reply, however often the job runs, in the trace of the message', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await arrive('m-1', { traceparent });
  let runs = 0;
  await consume({
    onMessage: async (_message, { reply }) => {
      runs += 1;
      expect(await reply({ server, text: 'Hello' })).toBe('re-m-1');
      if (runs < 3) throw new Error('database away');
    },
  });
  await waitFor(async () => (await state('m-1')) === 'completed');
  const jobs = await replies.getJobs(['waiting', 'prioritized']);
  expect([runs, jobs.map(({ id }) => id)]).toEqual([3, [replyJobId('re-m-1')]]);
  expect(replySchema.parse(jobs[0]?.data)).toMatchObject({
    server,
    to: [{ address: 'kim@example.org' }],
    // No SDK is registered here.
    traceparent,
  });
});

it('retries a message until its attempts are used up, then keeps the failed job', async () => {
  const errors: string[] = [];
  const attempts: number[] = [];
  await arrive('m-2');
  await consume({
    attempts: 3,
    onError: (error, given) => void errors.push(`${given?.messageKey} ${error.message}`),
    onMessage: async (_message, { attempt }) => {
      attempts.push(attempt);
      throw new Error('no');
    },
  });
  await waitFor(async () => (await state('m-2')) === 'failed');
  expect([attempts, errors]).toEqual([
    [1, 2, 3],
    ['m-2 no', 'm-2 no', 'm-2 no'],
  ]);
});

it('fails a job that does not match the contract at once, and continues with the next', async () => {
  const seen: string[] = [];
  await arrive('m-3', { schema: 'mailroom.message/2' });
  await arrive('m-4');
  await consume({ onMessage: async ({ messageKey }) => void seen.push(messageKey) });
  await waitFor(async () => (await state('m-4')) === 'completed');
  expect(await state('m-3')).toBe('failed');
  expect((await queue.getJob('m-3'))?.failedReason).toContain('mailroom.message/2');
  expect(seen).toEqual(['m-4']);
});

it('reading attachments without the `api` option reports what is missing', async () => {
  let said = '';
  await arrive('m-5');
  await consume({
    onMessage: async (_message, { raw }) => {
      said = await raw().then(
        () => 'nothing',
        (error: Error) => error.message,
      );
    },
  });
  await waitFor(async () => (await state('m-5')) === 'completed');
  expect(said).toContain('api');
});

it('tail shows messages in the order of arrival without consuming them', async () => {
  const client = new Redis(redis.url, { maxRetriesPerRequest: null });
  await arrive('m-before');
  const told: string[] = [];
  const tail = await tailEmailFlow(client, flow, ({ messageKey }: Message) => void told.push(messageKey));
  for (let i = 0; i < 50; i += 1) await arrive(`m-t${i}`);
  await waitFor(() => told.length === 50);
  expect(told).toEqual(Array.from({ length: 50 }, (_, i) => `m-t${i}`));
  expect(await queue.getWaitingCount()).toBe(51);
  await tail.close();
  client.disconnect();
});

/** Runs an example until its output shows what is waited for. */
async function example(
  file: string,
  env: Record<string, string>,
  enough: (output: string) => boolean,
): Promise<string> {
  const path = fileURLToPath(new URL(`../../../examples/${file}`, import.meta.url));
  const child = spawn(process.execPath, ['--no-warnings', path], {
    env: { PATH: process.env.PATH ?? '', REDIS_URL: redis.url, ...env },
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await waitFor(() => enough(output), { describe: () => `${file} says:\n${output}` });
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
  return output;
}

it('examples/consumer.ts consumes a message', async () => {
  await arrive('m-abc-1-7');
  const env = { EMAIL_FLOW: flow, SMTP_SERVER: server, MAILROOM_URL: api.url, MAILROOM_TOKEN: api.token };
  const output = await example('consumer.ts', env, (text) => text.includes('queued'));
  expect(output).toContain('m-abc-1-7: Rechnung (conversation c-1)');
  expect(output).toContain('Rechnung "Nr. 7" – 日本%.pdf: 1000 bytes');
  expect(await replies.getJob(replyJobId('re-m-abc-1-7'))).toMatchObject({ name: 'reply', data: { automatic: true } });
});

it('examples/consumer-plain.mjs consumes a message', async () => {
  await arrive('m-7');
  const output = await example('consumer-plain.mjs', { EMAIL_FLOW: flow }, (text) => text.includes('\n'));
  expect(output).toBe('m-7 kim@example.org Rechnung \n');
  expect(await state('m-7')).toBe('completed');
});

it.each([
  [
    'accepted',
    async () => ({ ...result('r-ex', 'accepted'), messageId: '<r-ex@x>' }),
    'accepted by Service SMTP: <r-ex@x>',
  ],
  ['refused', () => Promise.reject(new Error('{"state":"rejected"}')), 'failed: {"state":"rejected"}'],
])('examples/reply.mjs, %s', async (_, process, expected) => {
  const jobs: Job[] = [];
  const worker = new Worker(
    repliesQueue(server),
    async (job) => {
      jobs.push(job);
      return process();
    },
    { connection: { url: redis.url }, prefix: PREFIX },
  );
  try {
    const env = { SMTP_SERVER: server, REPLY_ID: 'r-ex' };
    const output = await example('reply.mjs', env, (text) => text.split('\n').length > 2);
    expect(output).toContain(expected);
  } finally {
    await worker.close();
  }
  expect(jobs[0]?.id).toBe(replyJobId('r-ex'));
  expect(replySchema.parse(jobs[0]?.data)).toMatchObject({ replyId: 'r-ex' });
});

it('examples/consumer.py computes the same names (its BullMQ port is not installed here)', () => {
  const path = fileURLToPath(new URL('../../../examples', import.meta.url));
  const script = `
import sys, types, json
sys.dont_write_bytecode = True
sys.path.insert(0, ${JSON.stringify(path)})
bullmq = types.ModuleType("bullmq"); bullmq.Queue = bullmq.Worker = None
sys.modules["bullmq"] = bullmq
import consumer
names = json.load(sys.stdin)
print(json.dumps([[consumer.email_flow_queue(n), consumer.replies_queue(n), consumer.reply_job_id(n)] for n in names]))
`;
  const names = ['Service', 'a:b%c', 'Süd'.normalize('NFD'), '日本 😀/x'];
  const python = spawnSync('python3', ['-c', script], { input: JSON.stringify(names), encoding: 'utf8' });
  expect(python.stderr).toBe('');
  expect(JSON.parse(python.stdout)).toEqual(
    names.map((name) => [emailFlowQueue(name), repliesQueue(name), replyJobId(name)]),
  );
});

it('takes outcomes one at a time, retries those that fail, and rejects those it cannot read', async () => {
  const outcomes = new Queue(REPLY_OUTCOMES_QUEUE, { connection: { url: redis.url }, prefix: PREFIX });
  const outcome = (outcomeKey: string) => ({
    schema: 'mailroom.outcome/1',
    outcomeKey,
    kind: 'settled',
    at: '2026-11-30T10:00:00.000Z',
    replyId: 'r1',
    server: 'S',
    result: result('r1', 'accepted'),
    later: 'a field of a newer version',
  });
  const seen: unknown[] = [];
  const errors: string[] = [];
  const taking = consumeOutcomes({
    redis: redis.url,
    backoffMs: 10,
    onError: (error) => void errors.push(error.message),
    async onOutcome(one) {
      seen.push(one);
      if (seen.length === 1) throw new Error('database away');
    },
  });
  try {
    await taking.ready();
    await outcomes.add(OUTCOME_JOB, outcome('o-1-accepted'), { jobId: 'o-1-accepted' });
    await waitFor(() => seen.length === 2);
    expect(seen).toEqual([outcome('o-1-accepted'), outcome('o-1-accepted')]);
    await outcomes.add(OUTCOME_JOB, { schema: 'mailroom.outcome/9' }, { jobId: 'o-2-x' });
    await waitFor(async () => (await outcomes.getJob('o-2-x'))?.failedReason?.includes('mailroom.outcome/1'));
    expect(errors).toEqual(['database away', expect.stringContaining('not a valid mailroom.outcome/1')]);
  } finally {
    await taking.close();
    await outcomes.obliterate({ force: true });
    await outcomes.close();
  }
});
