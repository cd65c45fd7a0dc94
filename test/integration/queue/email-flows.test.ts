// What is asked of an email flow's queue, on a real Redis.
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmailFlows, openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { emailFlowQueue, MESSAGE_JOB, PREFIX } from '../../../src/contract/names.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { waitFor } from '../../support/temp.ts';

let server: TestRedis;
let redis: Redis;
let flows: EmailFlows;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  flows = openEmailFlows(redis);
});
afterAll(async () => {
  await flows.close();
  redis.disconnect();
  await server.stop();
});

it('the oldest open job counts in any state but completed: its raw mail is not deleted', async () => {
  const queue = new Queue(emailFlowQueue('F'), { connection: { url: server.url }, prefix: PREFIX });
  const add = (id: string, timestamp: number, delay = 0) =>
    queue.add(MESSAGE_JOB, {}, { jobId: id, timestamp, ...(delay === 0 ? {} : { delay }) });
  expect(await flows.oldestOpen('F')).toBeUndefined();
  await add('m-1', 1000);
  await add('m-2', 2000);
  const worker = new Worker(
    emailFlowQueue('F'),
    async (job) => {
      if (job.id === 'm-2') throw new Error('not today');
    },
    { connection: { url: server.url }, prefix: PREFIX },
  );
  worker.on('error', () => {});
  await waitFor(async () => (await queue.getFailedCount()) === 1 && (await queue.getCompletedCount()) === 1);
  await worker.close();
  await add('m-3', 5000);
  expect(await flows.oldestOpen('F')).toBe(2000);
  await (await queue.getJob('m-2'))?.remove();
  expect(await flows.oldestOpen('F')).toBe(5000);
  await add('m-4', 4000, 3_600_000);
  expect(await flows.oldestOpen('F')).toBe(4000);
  await (await queue.getJob('m-4'))?.remove();
  await queue.pause();
  await add('m-5', 3000);
  expect(await flows.oldestOpen('F')).toBe(3000);
  await queue.close();
});
