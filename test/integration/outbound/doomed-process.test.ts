// A reply that ends the process which composes it, really: it is held for a person, and the replies beside it are sent once.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { replySchema } from '../../../src/contract/reply.ts';
import { priorityOf } from '../../../src/outbound/deliver.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { startedAgain } from '../../support/processes-that-die.ts';
import { smtpServer } from '../../support/servers.ts';
import { openRoom } from './room.ts';

leakWatch();
const room = openRoom();

it('holds a reply after three processes died while sending it', async () => {
  const { deps, replies } = await room.waiting({ servers: [smtpServer(room.sink.port)] });
  // Sent, as the server fills it: a process that dies within DATA leaves one that has to be looked up.
  const folder = createServer(({ url }, answer) => {
    answer.end(String(room.sink.received.filter(({ replyId }) => `/${replyId}` === url).length));
  });
  await new Promise<void>((listening) => folder.listen(0, '127.0.0.1', listening));
  room.onEnd(() => folder.close());
  const sentUrl = `http://127.0.0.1:${(folder.address() as AddressInfo).port}`;
  const good = ['a', 'b', 'c', 'd'];
  for (const replyId of ['a', 'b', 'poison', 'c', 'd']) {
    const reply = replySchema.parse({
      schema: 'mailroom.reply/1',
      ...{ replyId, from: 'info@contoso.example', to: ['customer@example.net'], subject: 'Re' },
      html: replyId === 'poison' ? 'X-Doom: kill' : `<p>${replyId}`,
    });
    await deps.queues.add('sink', replyId, { ...reply, server: 'sink' }, { priority: priorityOf(reply), delayMs: 0 });
  }
  const state = async (replyId: string) => (await deps.journal.read(replyId))?.state;
  const done = async () =>
    (await state('poison')) === 'held' && (await Promise.all(good.map(state))).every((one) => one === 'accepted');
  const input = { redisUrl: room.redis.url, sinkPort: room.sink.port, sentUrl, blobFolder: room.blobFolder };
  // The first found it among others, the next two alone, each with its note.
  expect(await startedAgain(new URL('./doomed-process.ts', import.meta.url), input, done, 5)).toBe(3);

  expect((await replies.getReply('poison'))?.failure).toMatchObject({ code: 'REPLY_CRASHED' });
  expect(room.sink.received.map(({ replyId }) => replyId).sort()).toEqual(good);
});
