// The send path over real Redis, BullMQ and sockets: what arrives, how each stage's fault ends, and that nothing arrives twice.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ReplyInput } from '../../../src/contract/reply.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { createReplies, type Outbound, type Replies, startOutbound } from '../../../src/outbound/index.ts';
import {
  type Fault,
  header,
  type Rig,
  rig,
  type Sink,
  sentOf,
  smtpServer,
  startRedis,
  startSink,
  type TestRedis,
  until,
} from './rig.ts';

let redis: TestRedis;
let sink: Sink;
let current: Rig;
let outbound: Outbound;
let replies: Replies;
let sent: ReturnType<typeof sentOf>;
let n = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});
beforeEach(async () => {
  sink = await startSink();
  sent = sentOf(sink);
});
afterEach(async () => {
  await outbound.stop();
  await current.close();
  await sink.stop();
  const client = redis.client();
  await client.flushall();
});

async function start(more: Partial<SmtpServer> = {}): Promise<void> {
  const servers = [smtpServer(sink.port, more)];
  current = rig(redis.client(), servers, sent);
  outbound = await startOutbound(current.deps);
  replies = createReplies({ ...current.deps, allServers: () => current.deps.servers() });
}

function reply(more: Partial<ReplyInput> = {}): ReplyInput {
  n += 1;
  return {
    schema: 'mailroom.reply/1',
    replyId: `reply-${n}`,
    server: 'sink',
    from: 'info@contoso.example',
    to: ['customer@example.net'],
    subject: 'Re: Rückfrage',
    text: 'Guten Tag,\n.\n..\nEnde',
    ...more,
  };
}

async function ended(replyId: string, state: string): Promise<void> {
  await until(`${replyId} ${state}`, async () => (await replies.getReply(replyId))?.state === state);
}

describe('a reply', () => {
  it('arrives once, with the permitted From in header and envelope, and Bcc in the envelope alone', async () => {
    await start();
    const input = reply({
      bcc: ['boss@example.net'],
      cc: ['Chef <chef@exämple.net>'],
      answers: { messageId: '<q@example.net>' },
    });
    // Taken, and told when it is on disk: the worker may be at it already.
    expect(['queued', 'prepared', 'submitting', 'accepted']).toContain((await replies.submitReply(input)).state);
    await ended(input.replyId, 'accepted');
    expect(sink.received).toHaveLength(1);
    const [mail] = sink.received;
    expect(mail?.envelope).toEqual({
      from: 'info@contoso.example',
      to: ['customer@example.net', 'chef@exämple.net', 'boss@example.net'], // the sink shows domains in Unicode
    });
    expect(mail?.raw).not.toContain('boss@example.net');
    expect(header(mail?.raw ?? '', 'From')).toBe('info@contoso.example');
    expect(header(mail?.raw ?? '', 'In-Reply-To')).toBe('<q@example.net>');
    const result = await replies.getReply(input.replyId);
    expect(result).toMatchObject({ state: 'accepted', server: 'sink', from: 'info@contoso.example', attempts: 1 });
    expect(result?.recipients?.map(({ state }) => state)).toEqual(['accepted', 'accepted', 'accepted']);
  });

  it('is the same reply when submitted again, and refused with other content', async () => {
    await start();
    const input = reply();
    await Promise.all([replies.submitReply(input), replies.submitReply(input), replies.submitReply(input)]);
    await ended(input.replyId, 'accepted');
    expect((await replies.submitReply(input)).state).toBe('accepted');
    await expect(replies.submitReply({ ...input, subject: 'other' })).rejects.toMatchObject({
      code: 'REPLY_ID_REUSED',
    });
    expect(sink.received).toHaveLength(1);
  });

  it('over the SIZE that the server said is refused with both numbers, and nobody connects for it', async () => {
    await sink.stop();
    sink = await startSink({ size: 100_000 });
    await start();
    const small = reply();
    await replies.submitReply(small);
    await ended(small.replyId, 'accepted');
    const file = (size: number) => [{ filename: 'a.bin', content: Buffer.alloc(size).toString('base64') }];
    const large = reply({ attachments: file(80_000) });
    await replies.submitReply(large);
    await ended(large.replyId, 'rejected');
    const refused = await replies.getReply(large.replyId);
    expect(refused?.failure).toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      message: expect.stringMatching(/1[01]\d{4} bytes encoded, the server takes 100000/),
    });
    expect(refused?.attempts).toBe(0);
    // As it says: what fits once encoded goes.
    const fits = reply({ attachments: file(70_000) });
    await replies.submitReply(fits);
    await ended(fits.replyId, 'accepted');
    expect(sink.received.map(({ replyId }) => replyId)).toEqual([small.replyId, fits.replyId]);
  });

  it('is refused at once with what is permitted when its From is not', async () => {
    await start();
    await expect(replies.submitReply(reply({ from: 'ceo@contoso.example' }))).rejects.toMatchObject({
      code: 'FROM_NOT_PERMITTED',
      permitted: ['support@contoso.example', 'info@contoso.example'],
    });
    await expect(replies.submitReply(reply({ server: 'nowhere' }))).rejects.toMatchObject({
      code: 'SMTP_SERVER_UNKNOWN',
    });
    await expect(replies.submitReply(reply({ to: [] }))).rejects.toMatchObject({ code: 'RECIPIENT_MISSING' });
    await expect(replies.submitReply({ ...reply(), subject: 7 })).rejects.toMatchObject({ code: 'REPLY_MALFORMED' });
  });

  it('leaves other replies alone when its job is malformed, and its job says field and value', async () => {
    await start();
    await current.deps.queues.add(
      'sink',
      'broken',
      { schema: 'mailroom.reply/1', replyId: 'broken', to: 'x' },
      { priority: 1, delayMs: 0 },
    );
    const input = reply();
    await replies.submitReply(input);
    await ended(input.replyId, 'accepted');
    await ended('broken', 'rejected');
    const result = await replies.getReply('broken');
    expect(result?.failure?.code).toBe('REPLY_MALFORMED');
    expect(result?.failure?.message).toContain('to: ');
    expect(result?.failure?.message).toContain('"x"');
  });
});

describe('a fault', () => {
  const retried: Fault[] = ['connect', 'mail', 'rcpt', 'in-data'];
  it.each(retried)('%s: is retried, for nothing left whole', async (fault) => {
    await start();
    sink.faults.push(fault);
    const input = reply({ text: 'x'.repeat(200_000) });
    await replies.submitReply(input);
    await until('retry noted', () =>
      current.events.some(({ name }) => name === 'ReplyRetried' || name === 'ReplyUncertain'),
    );
    if (current.events.some(({ name }) => name === 'ReplyUncertain')) {
      await ended(input.replyId, 'held');
    } else {
      const delayed = await current.deps.queues.find('sink', input.replyId);
      expect(['delayed', 'prioritized', 'active', 'completed']).toContain(delayed?.state);
      await current.deps.queues.again('sink', input.replyId, input, { priority: 1 });
      await ended(input.replyId, 'accepted');
      expect(sink.received).toHaveLength(1);
    }
  });

  it('after the dot, mail taken: found in Sent, accepted, not sent again', async () => {
    await start();
    sink.faults.push('accepted-unanswered');
    const input = reply();
    await replies.submitReply(input);
    await ended(input.replyId, 'accepted');
    expect(sink.received).toHaveLength(1);
    expect(current.events.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ReplyUncertain', 'ReplySettled', 'ReplyAccepted']),
    );
  });

  it('after the dot, mail lost: held for a person; released it goes out, once', async () => {
    await start();
    sink.faults.push('dropped-after-dot');
    const input = reply();
    await replies.submitReply(input);
    await ended(input.replyId, 'held');
    expect(sink.received).toHaveLength(0);
    expect((await replies.listReplies('held')).map(({ replyId }) => replyId)).toEqual([input.replyId]);
    expect((await replies.evidenceOf(input.replyId)).join('\n')).toContain('not in Sent');
    await replies.releaseHeld(input.replyId);
    await ended(input.replyId, 'accepted');
    expect(sink.received).toHaveLength(1);
    await expect(replies.releaseHeld(input.replyId)).rejects.toMatchObject({ code: 'REPLY_NOT_HELD' });
  });

  it('after the dot with policy resend: sent again only once Sent was searched', async () => {
    await start({ uncertain: 'resend' });
    sent.broken = true;
    sink.faults.push('dropped-after-dot');
    const input = reply();
    await replies.submitReply(input);
    await ended(input.replyId, 'held');
    expect(sink.received).toHaveLength(0);
    sent.broken = false;
    sink.faults.push('dropped-after-dot');
    const second = reply();
    await replies.submitReply(second);
    await ended(second.replyId, 'accepted');
    expect(sink.received.map(({ replyId }) => replyId)).toEqual([second.replyId]);
  });
});
