// A reply that ends the processes that prepare it is held after two of them; those that were only near it are sent.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import type { ReplyInput } from '../../../src/contract/reply.ts';
import { type Reply, replySchema } from '../../../src/contract/reply.ts';
import { replyDigest } from '../../../src/domain/reply-journal.ts';
import { priorityOf } from '../../../src/outbound/deliver.ts';
import { smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Waiting } from './room.ts';

const room = openRoom();
let waiting: Waiting;

/** Nothing works yet: a reply is claimed by hand. */
beforeEach(async () => {
  waiting = await room.waiting({ servers: [smtpServer(room.sink.port)] });
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
  await waitFor(async () => (await state('poison')) === end && (await state('other')) === 'accepted', {
    describe: 'both ended',
  });
  if (end === 'held') {
    expect((await replies.getReply('poison'))?.failure).toMatchObject({ code: 'REPLY_CRASHED', class: 'permanent' });
    await replies.releaseHeld('poison', 'kim');
    await waitFor(async () => (await state('poison')) === 'accepted', { describe: 'released' });
  }
  expect(room.sink.received.filter(({ replyId }) => replyId === 'poison')).toHaveLength(1);
});

it('a failed preparation is not counted when its process survives', async () => {
  const poison = reply('poison');
  await dies(poison);
  await waiting.deps.queues.add('sink', 'poison', poison, { priority: 10, delayMs: 0 });
  let failures = 0;
  await room.replica({
    servers: [smtpServer(room.sink.port)],
    change({ deps: { blobs } }) {
      const { putBatch } = blobs;
      blobs.putBatch = async (all) => {
        failures += 1;
        if (failures <= 4) throw new Error('the blob store is away');
        return putBatch(all);
      };
    },
  });
  await waitFor(async () => (await state('poison')) === 'accepted', { describe: 'accepted' });
  expect(failures).toBe(5);
});
