// The send path over real Redis, BullMQ and sockets: what arrives, how each stage's fault ends, and that nothing arrives twice.
import { describe, expect, it } from 'vitest';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { smtpServer } from '../../support/servers.ts';
import { type Fault, header, sentOf } from '../../support/smtp-sink.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica, replyMaker } from './room.ts';

const room = openRoom();
let current: Replica;
let sent: ReturnType<typeof sentOf>;

async function start(more: Partial<SmtpServer> = {}): Promise<void> {
  sent = sentOf(room.sink);
  current = await room.replica({ servers: [smtpServer(room.sink.port, more)], sent, settings: { waitScale: 0.02 } });
}

const reply = replyMaker('reply', {
  from: 'info@contoso.example',
  to: ['customer@example.net'],
  subject: 'Re: Rückfrage',
  text: 'Guten Tag,\n.\n..\nEnde',
});

describe('a reply', () => {
  it('arrives once, with the permitted From in header and envelope, and Bcc in the envelope only', async () => {
    await start();
    const input = reply({
      bcc: ['boss@example.net'],
      cc: ['Chef <chef@exämple.net>'],
      answers: { messageId: '<q@example.net>' },
    });
    // Taken, and told when it is on disk: the worker may be at it already.
    expect(['queued', 'prepared', 'submitting', 'accepted']).toContain(
      (await current.replies.submitReply(input)).state,
    );
    await current.reached(input.replyId, 'accepted');
    expect(room.sink.received).toHaveLength(1);
    const [mail] = room.sink.received;
    expect(mail?.envelope).toEqual({
      from: 'info@contoso.example',
      to: ['customer@example.net', 'chef@exämple.net', 'boss@example.net'], // the sink shows domains in Unicode
    });
    expect(mail?.raw).not.toContain('boss@example.net');
    expect(header(mail?.raw ?? '', 'From')).toBe('info@contoso.example');
    expect(header(mail?.raw ?? '', 'In-Reply-To')).toBe('<q@example.net>');
    const result = await current.replies.getReply(input.replyId);
    expect(result).toMatchObject({ state: 'accepted', server: 'sink', from: 'info@contoso.example', attempts: 1 });
    expect(result?.recipients?.map(({ state }) => state)).toEqual(['accepted', 'accepted', 'accepted']);
  });

  it('is the same reply when submitted again, and refused with other content', async () => {
    await start();
    const input = reply();
    await Promise.all([
      current.replies.submitReply(input),
      current.replies.submitReply(input),
      current.replies.submitReply(input),
    ]);
    await current.reached(input.replyId, 'accepted');
    expect((await current.replies.submitReply(input)).state).toBe('accepted');
    await expect(current.replies.submitReply({ ...input, subject: 'other' })).rejects.toMatchObject({
      code: 'REPLY_ID_REUSED',
    });
    expect(room.sink.received).toHaveLength(1);
  });

  it('over the server’s announced SIZE is refused with both numbers and without a connection', async () => {
    await room.replaceSink({ size: 100_000 });
    await start();
    const small = reply();
    await current.replies.submitReply(small);
    await current.reached(small.replyId, 'accepted');
    const file = (size: number) => [{ filename: 'a.bin', content: Buffer.alloc(size).toString('base64') }];
    const large = reply({ attachments: file(80_000) });
    await current.replies.submitReply(large);
    await current.reached(large.replyId, 'rejected');
    const refused = await current.replies.getReply(large.replyId);
    expect(refused?.failure).toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      message: expect.stringMatching(/1[01]\d{4} bytes encoded, the server takes 100000/),
    });
    expect(refused?.attempts).toBe(0);
    // As it says: what fits once encoded goes.
    const fits = reply({ attachments: file(70_000) });
    await current.replies.submitReply(fits);
    await current.reached(fits.replyId, 'accepted');
    expect(room.sink.received.map(({ replyId }) => replyId)).toEqual([small.replyId, fits.replyId]);
  });

  it('with a From that is not permitted is refused at once, with the list of permitted addresses', async () => {
    await start();
    await expect(current.replies.submitReply(reply({ from: 'ceo@contoso.example' }))).rejects.toMatchObject({
      code: 'FROM_NOT_PERMITTED',
      permitted: ['support@contoso.example', 'info@contoso.example'],
    });
    await expect(current.replies.submitReply(reply({ server: 'nowhere' }))).rejects.toMatchObject({
      code: 'SMTP_SERVER_UNKNOWN',
    });
    await expect(current.replies.submitReply(reply({ to: [] }))).rejects.toMatchObject({ code: 'RECIPIENT_MISSING' });
    await expect(current.replies.submitReply({ ...reply(), subject: 7 })).rejects.toMatchObject({
      code: 'REPLY_MALFORMED',
    });
  });

  it('with a malformed job does not affect other replies, and its job names field and value', async () => {
    await start();
    await current.deps.queues.add(
      'sink',
      'broken',
      { schema: 'mailroom.reply/1', replyId: 'broken', to: 'x' },
      { priority: 1, delayMs: 0 },
    );
    const input = reply();
    await current.replies.submitReply(input);
    await current.reached(input.replyId, 'accepted');
    await current.reached('broken', 'rejected');
    const result = await current.replies.getReply('broken');
    expect(result?.failure?.code).toBe('REPLY_MALFORMED');
    expect(result?.failure?.message).toContain('to: ');
    expect(result?.failure?.message).toContain('"x"');
  });
});

describe('a fault', () => {
  const retried: Fault[] = ['connect', 'mail', 'rcpt', 'in-data'];
  it.each(retried)('%s: is retried without sending anything twice', async (fault) => {
    await start();
    room.sink.faults.push(fault);
    const input = reply({ text: 'x'.repeat(200_000) });
    await current.replies.submitReply(input);
    await waitFor(() => current.events.some(({ name }) => name === 'ReplyRetried' || name === 'ReplyUncertain'), {
      describe: 'retry noted',
    });
    if (current.events.some(({ name }) => name === 'ReplyUncertain')) {
      await current.reached(input.replyId, 'held');
    } else {
      const delayed = await current.deps.queues.find('sink', input.replyId);
      expect(['delayed', 'prioritized', 'active', 'completed']).toContain(delayed?.state);
      await current.deps.queues.again('sink', input.replyId, input, { priority: 1 });
      await current.reached(input.replyId, 'accepted');
      expect(room.sink.received).toHaveLength(1);
    }
  });

  it('after the dot, mail accepted: found in Sent, accepted, not sent again', async () => {
    await start();
    room.sink.faults.push('accepted-unanswered');
    const input = reply();
    await current.replies.submitReply(input);
    await current.reached(input.replyId, 'accepted');
    expect(room.sink.received).toHaveLength(1);
    expect(current.events.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ReplyUncertain', 'ReplySettled', 'ReplyAccepted']),
    );
  });

  it('after the dot, mail lost: held for a person; sent once when released', async () => {
    await start();
    room.sink.faults.push('dropped-after-dot');
    const input = reply();
    await current.replies.submitReply(input);
    await current.reached(input.replyId, 'held');
    expect(room.sink.received).toHaveLength(0);
    expect((await current.replies.listReplies(['held'])).map(({ replyId }) => replyId)).toEqual([input.replyId]);
    expect((await current.replies.evidenceOf(input.replyId)).join('\n')).toContain('not in Sent');
    await current.replies.releaseHeld(input.replyId);
    await current.reached(input.replyId, 'accepted');
    expect(room.sink.received).toHaveLength(1);
    await expect(current.replies.releaseHeld(input.replyId)).rejects.toMatchObject({ code: 'REPLY_NOT_HELD' });
  });

  it('after the dot with policy resend: sent again only after Sent was searched', async () => {
    await start({ uncertain: 'resend' });
    sent.broken = true;
    room.sink.faults.push('dropped-after-dot');
    const input = reply();
    await current.replies.submitReply(input);
    await current.reached(input.replyId, 'held');
    expect(room.sink.received).toHaveLength(0);
    sent.broken = false;
    room.sink.faults.push('dropped-after-dot');
    const second = reply();
    await current.replies.submitReply(second);
    await current.reached(second.replyId, 'accepted');
    expect(room.sink.received.map(({ replyId }) => replyId)).toEqual([second.replyId]);
  });
});
