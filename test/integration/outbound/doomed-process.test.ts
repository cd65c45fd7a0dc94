// A reply that ends the process which composes it, really: it is held for a person, and the replies beside it are sent once.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { replySchema } from '../../../src/contract/reply.ts';
import { priorityOf } from '../../../src/outbound/deliver.ts';
import { createReplies } from '../../../src/outbound/index.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { startedAgain } from '../../support/processes-that-die.ts';
import { tempDir } from '../../support/temp.ts';
import { rig, sentOf, smtpServer, startRedis, startSink } from './rig.ts';

leakWatch();

it('holds a reply after three processes died while sending it', async () => {
  const redis = await startRedis();
  const sink = await startSink();
  const dir = tempDir('doomed');
  // Sent, as the server fills it: a process that dies within DATA leaves one that has to be looked up.
  const folder = createServer(({ url }, answer) => {
    answer.end(String(sink.received.filter(({ replyId }) => `/${replyId}` === url).length));
  });
  await new Promise<void>((listening) => folder.listen(0, '127.0.0.1', listening));
  const sentUrl = `http://127.0.0.1:${(folder.address() as AddressInfo).port}`;
  const client = redis.client();
  const { deps, close } = rig(client, [smtpServer(sink.port)], sentOf(sink));
  try {
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
    const input = { redisPort: redis.port, sinkPort: sink.port, sentUrl, blobFolder: dir.path };
    // The first found it among others, the next two alone, each with its note.
    expect(await startedAgain(new URL('./doomed-process.ts', import.meta.url), input, done, 5)).toBe(3);

    const replies = createReplies({ ...deps, allServers: () => deps.servers() });
    expect((await replies.getReply('poison'))?.failure).toMatchObject({ code: 'REPLY_CRASHED' });
    expect(sink.received.map(({ replyId }) => replyId).sort()).toEqual(good);
  } finally {
    await close();
    folder.close();
    await sink.stop();
    await redis.stop();
    dir.remove();
  }
}, 120_000);
