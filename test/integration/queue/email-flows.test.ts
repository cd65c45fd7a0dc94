// What is asked of an email flow's queue, on a real Redis.
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmailFlows, openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { emailFlowQueue, MESSAGE_JOB, PREFIX } from '../../../src/contract/names.ts';
import { flowGauges } from '../../../src/operations/gauges.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { fixture } from '../../support/fixture.ts';
import { startRedis } from '../../support/redis.ts';
import { imapServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';

let redis: Redis;
let flows: EmailFlows;
const server = fixture(startRedis);
beforeAll(async () => {
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  flows = openEmailFlows(redis);
});
afterAll(async () => {
  await flows.close();
  redis.disconnect();
});

it('the oldest open job counts in every state except completed: its raw mail is not deleted', async () => {
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

it('gauges report waiting jobs, consumers, waiting time, and final failures', async () => {
  const metrics = createMetrics();
  const at = Date.now() - 1;
  let servers = [imapServer({ name: 'S', host: 'localhost', port: 993, user: 's@contoso.example', emailFlow: 'G' })];
  const poll = flowGauges(
    flows,
    () => servers,
    metrics,
    () => at,
  );
  const value = async (name: string) =>
    Number(
      (await metrics.text())
        .split('\n')
        .find((line) => line.startsWith(`mailroom_${name}{email_flow="G"}`))
        ?.split(' ')
        .at(-1),
    );
  const queue = new Queue(emailFlowQueue('G'), { connection: { url: server.url }, prefix: PREFIX });
  await queue.add(MESSAGE_JOB, {}, { jobId: 'm-1', timestamp: at - 5_000 });
  await queue.add(MESSAGE_JOB, {}, { jobId: 'm-2', timestamp: at - 20_000 });
  await poll();
  expect(await value('email_flow_backlog')).toBe(2);
  expect(await value('email_flow_consumers')).toBe(0);
  expect(await value('email_flow_oldest_seconds')).toBeGreaterThanOrEqual(5);

  const worker = new Worker(
    emailFlowQueue('G'),
    async (job) => {
      if (job.id === 'm-2') throw new Error('not today');
    },
    { connection: { url: server.url }, prefix: PREFIX },
  );
  worker.on('error', () => {});
  await waitFor(async () => (await queue.getFailedCount()) === 1 && (await queue.getCompletedCount()) === 1);
  for (let i = 0; i < 3; i++) await poll(); // connections are listed in every third
  expect(await value('email_flow_consumers')).toBe(1);
  expect(await value('email_flow_backlog')).toBe(0);
  expect(await value('email_flow_failed_jobs')).toBe(1);
  expect(await value('message_taken_seconds_count')).toBe(1);
  expect(await value('message_taken_seconds_sum')).toBeGreaterThanOrEqual(5);
  servers = [];
  for (let i = 0; i < 3; i++) await poll();
  expect(await value('email_flow_failed_jobs'), 'of a removed flow').toBe(1);
  await (await queue.getJob('m-2'))?.remove();
  await poll();
  for (const gauge of ['backlog', 'oldest_seconds', 'failed_jobs', 'consumers'])
    expect(await value(`email_flow_${gauge}`), gauge).toBeNaN();
  await worker.close();
  await queue.close();
});

it('does not report missing consumers where Redis does not permit CLIENT LIST', async () => {
  await redis.call('ACL', 'SETUSER', 'plain', 'on', '>secret', '~*', '&*', '+@all', '-@admin', '-@dangerous', '+info');
  const url = new URL(server.url);
  const plain = new Redis(Number(url.port), url.hostname, {
    ...{ username: 'plain', password: 'secret', maxRetriesPerRequest: null },
  });
  const own = openEmailFlows(plain);
  expect(await own.consumers(['H'])).toBeUndefined();
  await redis.call('ACL', 'SETUSER', 'plain', '+client|list');
  expect(await own.consumers(['H'])).toEqual([0]);
  await own.close();
  plain.disconnect();
});
