// Composition: what stands in header, bodies and envelope, read back with a parser nobody here wrote; thread headers; malformed jobs in words.
import { randomBytes } from 'node:crypto';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { type Reply, replySchema } from '../../../src/contract/reply.ts';
import { type ComposedAttachment, checkHeaders, compose, readRecipients } from '../../../src/outbound/compose.ts';
import { describeProblems } from '../../../src/outbound/malformed.ts';
import { threadIndex, threadTopic } from '../../../src/outbound/threading.ts';
import { replyBodies } from '../../../src/parsing/reply-bodies.ts';

const reply = (more: Record<string, unknown> = {}): Reply =>
  replySchema.parse({
    schema: 'mailroom.reply/1',
    replyId: 'r 1',
    to: ['Zoë <zoe@example.net>'],
    subject: 'Re: Größe',
    text: 'Grüße\n.\n..punkt\nEnde',
    ...more,
  });

const sender = {
  from: { name: 'Contoso, Service', address: 'info@contoso.com' },
  envelopeFrom: 'info@contoso.com',
  personalFallback: false,
};
const date = new Date('2026-11-23T10:00:00Z');

async function composed(more: Record<string, unknown> = {}, rest: Partial<Parameters<typeof compose>[0]> = {}) {
  const given = reply(more);
  const { bytes, envelope } = await compose({
    reply: given,
    bodies: replyBodies(given),
    sender,
    messageId: '<m1@contoso.com>',
    date,
    attachments: [],
    ...rest,
  });
  const head = bytes
    .subarray(0, bytes.indexOf('\r\n\r\n'))
    .toString()
    .replace(/\r\n[ \t]/g, ' ');
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1];
  return { bytes, envelope, field, parsed: await PostalMime.parse(bytes) };
}

describe('compose', () => {
  it('writes what the reply says, in 7 bit with CRLF, and no Bcc', async () => {
    const { bytes, envelope, field, parsed } = await composed({ bcc: ['boss@example.net'], cc: ['jörg@example.net'] });
    expect(parsed.from).toMatchObject({ name: 'Contoso, Service', address: 'info@contoso.com' });
    expect(parsed.subject).toBe('Re: Größe');
    expect(parsed.text?.trimEnd()).toBe('Grüße\n.\n..punkt\nEnde');
    expect(envelope).toEqual({
      from: 'info@contoso.com',
      to: ['zoe@example.net', 'jörg@example.net', 'boss@example.net'],
      smtpUtf8: true,
    });
    expect(bytes.includes('boss@example.net')).toBe(false);
    expect(/[^\r]\n|\r[^\n]/.test(bytes.toString('latin1'))).toBe(false);
    expect([field('Message-ID'), field('X-Mailroom-Reply-Id'), field('Thread-Topic')?.startsWith('=?')]).toEqual([
      '<m1@contoso.com>',
      'r%201',
      true,
    ]);
    expect([field('Auto-Submitted'), field('Sender'), field('In-Reply-To')]).toEqual([undefined, undefined, undefined]);
  });

  it('keeps the thread', async () => {
    const { field } = await composed({
      answers: {
        messageId: '<q2@example.net>',
        references: ['<q1@example.net>', '<q2@example.net>'],
        threadTopic: 'Topic',
      },
    });
    expect([field('In-Reply-To'), field('References'), field('Thread-Topic')]).toEqual([
      '<q2@example.net>',
      '<q1@example.net> <q2@example.net>',
      'Topic',
    ]);
  });

  it('shortens a long chain to its first and last', async () => {
    const references = Array.from({ length: 150 }, (_, i) => `<${i}@example.net>`);
    const { field } = await composed({ answers: { messageId: '<last@example.net>', references } });
    const chain = field('References')?.split(' ') ?? [];
    expect([chain.length, chain[0], chain.at(-1)]).toEqual([30, '<0@example.net>', '<last@example.net>']);
  });

  it('derives text from html, shows inline images, carries attachments', async () => {
    const { parsed } = await composed(
      { text: undefined, html: '<p>Hallo <b>Welt</b></p><img src="cid:logo">' },
      {
        attachments: [
          { filename: 'logo.png', contentType: 'image/png', contentId: '<logo>', content: Buffer.from([1, 2, 3]) },
          { filename: 'Rechnung März.pdf', contentType: 'application/pdf', content: Buffer.alloc(1000, 7) },
        ],
      },
    );
    expect(parsed.text?.trim()).toBe('Hallo Welt');
    expect(
      parsed.attachments.map(({ filename, contentId, disposition }) => [filename, contentId, disposition]),
    ).toEqual([
      ['logo.png', '<logo>', 'inline'],
      ['Rechnung März.pdf', undefined, 'attachment'],
    ]);
  });

  it('marks automatic replies and only those, and sets Sender on behalf', async () => {
    const { field } = await composed(
      { automatic: true },
      { sender: { ...sender, sender: { address: 'anna@contoso.com' } } },
    );
    expect([field('Auto-Submitted'), field('X-Auto-Response-Suppress'), field('Sender')]).toEqual([
      'auto-replied',
      'All',
      'anna@contoso.com',
    ]);
  });
});

describe('what may not leave as it is', () => {
  const rendered = async (more: Record<string, unknown>, attachments: ComposedAttachment[] = []) =>
    (await composed(more, { attachments })).bytes.toString('latin1');

  it('a bare CR or LF in text and html becomes a line end', async () => {
    const raw = await rendered({ text: 'a\rb\n.\r.\r\nc', html: '<p>a\rb\nc</p>' });
    expect(raw).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
    expect(raw).toContain('a\r\nb\r\n.\r\n.\r\nc');
  });

  const mails: [string, string | undefined, Buffer, string][] = [
    ['a 7-bit mail', 'message/rfc822', Buffer.from('Subject: x\r\n\r\nok\r\n'), 'message/rfc822'],
    ['8-bit', 'message/rfc822', Buffer.from('Subject: ü\r\n\r\n'), 'application/octet-stream'],
    ['bare LF', 'Message/RFC822', Buffer.from('Subject: x\n\nx\n'), 'application/octet-stream'],
    [
      'long line',
      'message/rfc822',
      Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(999)}\r\n`),
      'application/octet-stream',
    ],
    ['known by its name', undefined, Buffer.from('Subject: x\n\nx\n'), 'application/octet-stream'],
    ['multipart', 'multipart/mixed; boundary=b', Buffer.from('--b\r\n\r\nx\r\n--b--\r\n'), 'application/octet-stream'],
  ];
  it.each(mails)('an attached mail, %s: byte for byte', async (_what, contentType, content, type) => {
    const raw = await rendered({ text: 'x' }, [{ filename: 'mail.eml', contentType, content }]);
    expect(raw).toContain(`Content-Type: ${type}`);
    expect(raw).not.toMatch(/\r(?!\n)|(?<!\r)\n|[^\x01-\x7f]|[^\r\n]{999}/);
    if (type === 'message/rfc822') expect(raw).toContain(content.toString('latin1'));
    else expect(raw.replaceAll('\r\n', '')).toContain(content.toString('base64'));
  });
});

describe('headers', () => {
  it.each([
    [{ headers: { 'X-Ticket': '1\r\nBcc: x@example.net' } }],
    [{ headers: { 'X-Ticket\r\nBcc': '1' } }],
    [{ headers: { From: 'ceo@contoso.com' } }],
    [{ headers: { Sender: 'ceo@contoso.com' } }],
    [{ headers: { 'Resent-From': 'ceo@contoso.com' } }],
    [{ headers: { 'Reply-To': 'ceo@contoso.com' } }],
    [{ headers: { 'Return-Path': 'ceo@contoso.com' } }],
    [{ headers: { from: 'ceo@contoso.com' } }],
    [{ headers: { 'From ': 'ceo@contoso.com' } }],
    [{ headers: { 'X-From: a\r\nFrom': 'ceo@contoso.com' } }],
    [{ headers: { Bcc: 'x@example.net' } }],
    [{ headers: { Cc: 'x@example.net' } }],
    [{ headers: { 'Resent-Sender': 'ceo@contoso.com' } }],
    [{ headers: { 'Resent-Bcc': 'x@example.net' } }],
    [{ headers: { 'Message-ID': '<a@b>' } }],
    [{ headers: { 'In-Reply-To': '<a@b>' } }],
    [{ headers: { Date: 'now' } }],
    [{ headers: { Received: 'from a' } }],
    [{ headers: { 'DKIM-Signature': 'v=1' } }],
    [{ headers: { 'Authentication-Results': 'x; dkim=pass' } }],
    [{ headers: { 'Disposition-Notification-To': 'x@example.net' } }],
    [{ headers: { 'List-Unsubscribe': '<mailto:x@example.net>' } }],
    [{ headers: { 'MIME-Version': '2.0' } }],
    [{ headers: { 'X-Sender': 'ceo@contoso.com' } }],
    [{ headers: { 'X-Original-From': 'ceo@contoso.com' } }],
    [{ headers: { 'X-Envelope-From': 'ceo@contoso.com' } }],
    [{ headers: { 'X-Google-Original-From': 'ceo@contoso.com' } }],
    [{ headers: { 'X-Microsoft-Original-Message-ID': '<a@b>' } }],
    [{ headers: { 'X-Ticket': 'a\u0000b' } }],
    [{ headers: { 'X-Ticket': 'a\u2028b' } }],
    [{ headers: { 'X-Ticket': 'a\u0085b' } }],
    [{ headers: { 'X-Ticket': 'a\u000bb' } }],
    [{ headers: { 'Auto-Submitted': 'no' } }],
    [{ headers: { 'Content-Type': 'text/html' } }],
    [{ headers: { 'X-Mailroom-Reply-Id': 'other' } }],
    [{ headers: { 'x-ms-exchange-organization-authas': 'Internal' } }],
    [{ headers: { 'X-Auto-Response-Suppress': 'All' } }],
    [{ headers: { 'X-': '1' } }],
    [{ headers: { 'X-Ä': '1' } }],
    [{ subject: 'a\r\nBcc: x@example.net' }],
    [{ subject: 'a\u0000b' }],
    [{ answers: { messageId: '<a@b>\r\nBcc: x@example.net' } }],
    [{ answers: { references: ['<a@b>', '<c@d>\nX: y'] } }],
    [{ answers: { threadTopic: 'a\nb' } }],
    [{ attachments: [{ filename: 'a\r\nb.txt', content: 'AA==' }] }],
    [{ attachments: [{ filename: 'a.txt', contentType: 'text/plain\r\nX: y', content: 'AA==' }] }],
    [{ attachments: [{ filename: 'a.txt', contentId: 'a\nb', content: 'AA==' }] }],
  ])('%j is refused', (more) => {
    expect(() => checkHeaders(reply(more))).toThrow(expect.objectContaining({ code: 'HEADER_FORBIDDEN' }));
  });
  it('of one’s own are taken', () => {
    expect(() => checkHeaders(reply({ headers: { 'X-Ticket': '4711', 'x-team': 'Süd' } }))).not.toThrow();
  });
});

describe('recipients', () => {
  it.each([
    [{ to: [] }, 'RECIPIENT_MISSING'],
    [{ to: ['a@b@c'] }, 'RECIPIENT_INVALID'],
    [{ to: ['a@example.net, b@example.net'] }, 'RECIPIENT_INVALID'],
    [{ to: ['Team: a@example.net;'] }, 'RECIPIENT_INVALID'],
    [{ to: ['a@example.net'], bcc: ['nobody'] }, 'RECIPIENT_INVALID'],
    [{ to: ['a@example.net\r\nRCPT TO:<b@example.net>'] }, 'HEADER_FORBIDDEN'],
    [{ to: ['a@example.net'], replyTo: ['x'] }, 'REPLY_TO_INVALID'],
    [{ to: ['a@example.net'], replyTo: ['a@example.net, b@example.net'] }, 'REPLY_TO_INVALID'],
    [{ to: ['a@example.net'], replyTo: ['a@example.net\r\nFrom: ceo@contoso.com'] }, 'HEADER_FORBIDDEN'],
    [
      { to: ['a@example.net'], replyTo: [{ name: 'a\nBcc: x@example.net', address: 'a@example.net' }] },
      'HEADER_FORBIDDEN',
    ],
    [{ to: [{ name: 'Jane\r\nBcc: x@example.net', address: 'a@example.net' }] }, 'HEADER_FORBIDDEN'],
    [{ to: ['<@relay.example:a@example.net>'] }, 'RECIPIENT_INVALID'],
    [{ to: ['a@example.net (b@example.net)'] }, 'RECIPIENT_INVALID'],
    [{ to: ['a@example.net> SIZE=1 <b@example.net'] }, 'RECIPIENT_INVALID'],
    [{ to: ['a@example.net'], cc: ['undisclosed-recipients:;'] }, 'RECIPIENT_INVALID'],
  ])('%j: %s', (more, code) => {
    expect(() => readRecipients(reply(more))).toThrow(expect.objectContaining({ code }));
  });
  it('each once in the envelope', () => {
    expect(readRecipients(reply({ to: ['A@example.net'], cc: ['a@EXAMPLE.net', 'b@example.net'] })).all).toEqual([
      'a@example.net',
      'b@example.net',
    ]);
  });
});

describe('threading', () => {
  it.each([
    ['Re: AW: Fwd: Rechnung', 'Rechnung'],
    ['RE[2]: x', 'x'],
    ['Antw.: x', 'Antw.: x'],
    ['  WG : x ', 'x'],
    ['', ''],
  ])('topic of %j is %j', (subject, topic) => expect(threadTopic(subject)).toBe(topic));

  it('index: a head of 22 bytes, then 5 bytes a reply, head kept', () => {
    const head = threadIndex(undefined, date, randomBytes);
    const bytes = Buffer.from(head, 'base64');
    expect([bytes.length, bytes[0]]).toEqual([22, 1]);
    const fileTime = (BigInt(bytes.readUIntBE(0, 6)) << 16n) / 10_000n - 11_644_473_600_000n;
    expect(Math.abs(Number(fileTime) - date.getTime())).toBeLessThan(10);
    const child = Buffer.from(threadIndex(head, new Date(date.getTime() + 3_600_000), randomBytes), 'base64');
    expect([child.length, child.subarray(0, 22).equals(bytes)]).toEqual([27, true]);
    const elapsed = (BigInt(child.readUInt32BE(22) & 0x7fffffff) << 18n) / 10_000n;
    expect(Math.abs(Number(elapsed) - 3_600_000)).toBeLessThan(60);
    expect(Buffer.from(threadIndex('bm90IGFuIGluZGV4', date, randomBytes), 'base64')).toHaveLength(22);
  });
});

it('malformed replies are told by field and value, never by content', () => {
  const bad = {
    schema: 'mailroom.reply/1',
    replyId: 'x',
    to: [5],
    subject: 7,
    text: { secret: 1 },
    priority: 'urgent',
  };
  const parsed = replySchema.safeParse(bad);
  const told = describeProblems(parsed.error?.issues ?? [], bad);
  expect(told.replyId).toBe('x');
  expect(told.message).toContain('to[0]');
  expect(told.message).toContain('priority: ');
  expect(told.message).toContain('(is "urgent")');
  expect(told.message).not.toContain('secret');
  expect(describeProblems([{ code: 'custom', path: [], message: 'expected object', input: null }], null)).toMatchObject(
    {
      field: 'reply',
      replyId: undefined,
    },
  );
});
