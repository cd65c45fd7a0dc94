// A reply that ends the processes that prepare it is held after two of them; those that were only near it are sent.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ReplyInput } from '../../../src/contract/reply.ts';
import { type Reply, replySchema } from '../../../src/contract/reply.ts';
import { replyDigest } from '../../../src/domain/reply-journal.ts';
import { priorityOf } from '../../../src/outbound/deliver.ts';
import { createReplies, type Outbound, startOutbound } from '../../../src/outbound/index.ts';
import { type Rig, rig, type Sink, sentOf, smtpServer, startRedis, startSink, type TestRedis, until } from './rig.ts';

let redis: TestRedis;
let sink: Sink;
let current: Rig;
let outbound: Outbound | undefined;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  sink = await startSink();
  current = rig(redis.client(), [smtpServer(sink.port)], sentOf(sink));
});
afterEach(async () => {
  await outbound?.stop();
  outbound = undefined;
  await current.close();
  await sink.stop();
  await redis.client().flushall();
});

const reply = (replyId: string): Reply & { server: string } => ({
  ...replySchema.parse({
    schema: 'mailroom.reply/1',
    replyId,
    from: 'info@contoso.example',
    to: ['customer@example.net'],
    subject: 'Re',
    text: replyId,
  } satisfies ReplyInput),
  server: 'sink',
});

/** A process claims the reply and is gone; with a suspect, after it noted that it begins. */
async function dies(given: Reply & { server: string }): Promise<void> {
  const { journal } = current.deps;
  const { replyId } = given;
  const claim = await journal.claim({
    replyId,
    digest: replyDigest(given),
    server: 'sink',
    owner: randomUUID(),
    leaseMs: 1,
  });
  if (claim.claim !== 'yours') throw new Error(`the claim is ${claim.claim}`);
  const { entry, fence } = claim;
  if ((entry.lapses ?? 0) > 0) {
    const change = { preparations: (entry.preparations ?? 0) + 1 };
    await journal.transition(replyId, { from: ['queued'], to: 'queued', fence, change });
  }
  const lapsed = performance.now() + 5;
  while (performance.now() < lapsed) await sleep(1); // until the lease of 1 ms is over
}

const state = async (replyId: string) => (await current.deps.journal.read(replyId))?.state;

it.each([
  [1, 'accepted'],
  [2, 'accepted'],
  [3, 'held'],
])('after %i processes that ended over it a reply is %s; another is sent either way', async (deaths, end) => {
  const [poison, other] = [reply('poison'), reply('other')];
  for (let n = 0; n < deaths; n += 1) await dies(poison);
  for (const one of [poison, other])
    await current.deps.queues.add('sink', one.replyId, one, { priority: priorityOf(one), delayMs: 0 });
  outbound = await startOutbound(current.deps);
  await until('both ended', async () => (await state('poison')) === end && (await state('other')) === 'accepted');
  const replies = createReplies({ ...current.deps, allServers: () => current.deps.servers() });
  if (end === 'held') {
    expect((await replies.getReply('poison'))?.failure).toMatchObject({ code: 'REPLY_CRASHED', class: 'permanent' });
    await replies.releaseHeld('poison', 'kim');
    await until('released', async () => (await state('poison')) === 'accepted');
  }
  expect(sink.received.filter(({ replyId }) => replyId === 'poison')).toHaveLength(1);
});

it('a preparation that fails and comes to its end counts for nothing', async () => {
  const poison = reply('poison');
  await dies(poison);
  await current.deps.queues.add('sink', 'poison', poison, { priority: 10, delayMs: 0 });
  let failures = 0;
  const { blobs } = current.deps;
  outbound = await startOutbound({
    ...current.deps,
    blobs: {
      ...blobs,
      putBatch: async (all) => {
        failures += 1;
        if (failures <= 4) throw new Error('the blob store is away');
        return blobs.putBatch(all);
      },
    },
  });
  await until('accepted', async () => (await state('poison')) === 'accepted');
  expect(failures).toBe(5);
});
