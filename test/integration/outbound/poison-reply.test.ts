// A reply whose html ends the worker that composes it: held with its reason, and nobody else's reply waits for it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createReplies, startOutbound } from '../../../src/outbound/index.ts';
import { openParsing } from '../../../src/parsing/index.ts';
import { rig, type Sink, sentOf, smtpServer, startRedis, startSink, type TestRedis, until } from './rig.ts';

let redis: TestRedis;
let sink: Sink;

beforeAll(async () => {
  redis = await startRedis();
  sink = await startSink();
});
afterAll(async () => {
  await sink.stop();
  await redis.stop();
});

const reply = (replyId: string, html: string) => ({
  schema: 'mailroom.reply/1' as const,
  replyId,
  server: 'sink',
  from: 'info@contoso.example',
  to: ['zoe@example.net'],
  subject: 'Re: Hello',
  html,
});

it('is held, tried again when a person releases it, and ends when it is dropped; others leave', async () => {
  const parsing = openParsing({
    script: new URL('../../support/worker-of-doom.ts', import.meta.url),
    timeoutMs: 500,
  });
  const one = rig(redis.client(), [smtpServer(sink.port)], sentOf(sink));
  one.deps.replyBodies = parsing.replyBodies;
  const outbound = await startOutbound(one.deps);
  const replies = createReplies({ ...one.deps, allServers: () => one.deps.servers() });
  const state = async (id: string) => (await replies.getReply(id))?.state;
  const held = (times: number) =>
    until(`held ${times} times`, async () => {
      const events = one.events.filter(({ name }) => name === 'ReplyNotComposed');
      return events.length === times && (await state('poison')) === 'held';
    });
  try {
    await replies.submitReply(reply('poison', '<p>\nX-Doom: loop\n</p>'));
    await replies.submitReply(reply('good', '<p>Hello</p>'));
    await until('the good one has left', async () => (await state('good')) === 'accepted');
    await held(1);
    expect((await replies.getReply('poison'))?.failure).toMatchObject({
      code: 'REPLY_NOT_COMPOSED',
      class: 'permanent',
    });
    await replies.releaseHeld('poison', 'a test');
    await held(2);
    await replies.dropHeld('poison', 'a test');
    expect(await state('poison')).toBe('dropped');
    expect(sink.received).toHaveLength(1);
  } finally {
    await outbound.stop();
    await one.close();
    await parsing.stop();
  }
});
