// A reply that ends the processes that prepare it is held after two of them; those that were only near it are sent.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import type { ReplyInput } from '../../../src/contract/reply.ts';
import { type Reply, replySchema } from '../../../src/contract/reply.ts';
import { replyDigest } from '../../../src/domain/reply-journal.ts';
import { priorityOf } from '../../../src/outbound/deliver.ts';
import { memoryBlobs, type Rig, rig, sentOf, smtpServer, until } from './rig.ts';
import { openRoom } from './room.ts';

const room = openRoom();
let waiting: Rig;

/** Nothing works yet: a reply is claimed by hand. */
beforeEach(() => {
  waiting = rig(room.redis.client(), [smtpServer(room.sink.port)], sentOf(room.sink));
  room.onEnd(waiting.close);
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
  const { journal } = waiting.deps;
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

const state = async (replyId: string) => (await waiting.deps.journal.read(replyId))?.state;

it.each([
  [1, 'accepted'],
  [2, 'accepted'],
  [3, 'held'],
])('after %i processes that died over it a reply is %s; another one is sent either way', async (deaths, end) => {
  const [poison, other] = [reply('poison'), reply('other')];
  for (let n = 0; n < deaths; n += 1) await dies(poison);
  for (const one of [poison, other])
    await waiting.deps.queues.add('sink', one.replyId, one, { priority: priorityOf(one), delayMs: 0 });
  const { replies } = await room.replica({ servers: [smtpServer(room.sink.port)] });
  await until('both ended', async () => (await state('poison')) === end && (await state('other')) === 'accepted');
  if (end === 'held') {
    expect((await replies.getReply('poison'))?.failure).toMatchObject({ code: 'REPLY_CRASHED', class: 'permanent' });
    await replies.releaseHeld('poison', 'kim');
    await until('released', async () => (await state('poison')) === 'accepted');
  }
  expect(room.sink.received.filter(({ replyId }) => replyId === 'poison')).toHaveLength(1);
});

it('a failed preparation is not counted when its process survives', async () => {
  const poison = reply('poison');
  await dies(poison);
  await waiting.deps.queues.add('sink', 'poison', poison, { priority: 10, delayMs: 0 });
  let failures = 0;
  const blobs = memoryBlobs();
  const { putBatch } = blobs;
  blobs.putBatch = async (all) => {
    failures += 1;
    if (failures <= 4) throw new Error('the blob store is away');
    return putBatch(all);
  };
  await room.replica({ servers: [smtpServer(room.sink.port)], blobs });
  await until('accepted', async () => (await state('poison')) === 'accepted');
  expect(failures).toBe(5);
});
