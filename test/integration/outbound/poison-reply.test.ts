// A reply whose html ends the worker that composes it: held with its reason, and nobody else's reply waits for it.
import { expect, it } from 'vitest';
import { openParsing } from '../../../src/parsing/index.ts';
import { smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom } from './room.ts';

const room = openRoom();

const reply = (replyId: string, html: string) => ({
  schema: 'mailroom.reply/1' as const,
  replyId,
  server: 'sink',
  from: 'info@contoso.example',
  to: ['zoe@example.net'],
  subject: 'Re: Hello',
  html,
});

it('is held, retried when released, and ends when dropped; other replies are sent', async () => {
  const parsing = openParsing({
    script: new URL('../../support/worker-of-doom.ts', import.meta.url),
    timeoutMs: 1_500,
  });
  room.onEnd(parsing.stop);
  const one = await room.replica({
    servers: [smtpServer(room.sink.port)],
    change: ({ deps }) => {
      deps.replyBodies = parsing.replyBodies;
    },
  });
  const state = async (id: string) => (await one.replies.getReply(id))?.state;
  const held = (times: number) =>
    waitFor(
      async () => {
        const events = one.events.filter(({ name }) => name === 'ReplyNotComposed');
        return events.length === times && (await state('poison')) === 'held';
      },
      { describe: `held ${times} times` },
    );
  await one.replies.submitReply(reply('poison', '<p>\nX-Doom: loop\n</p>'));
  await one.replies.submitReply(reply('good', '<p>Hello</p>'));
  await waitFor(async () => (await state('good')) === 'accepted', { describe: 'the good one has left' });
  await held(1);
  expect((await one.replies.getReply('poison'))?.failure).toMatchObject({
    code: 'REPLY_NOT_COMPOSED',
    class: 'permanent',
  });
  await one.replies.releaseHeld('poison', 'a test');
  await held(2);
  await one.replies.dropHeld('poison', 'a test');
  expect(await state('poison')).toBe('dropped');
  expect(room.sink.received).toHaveLength(1);
});
