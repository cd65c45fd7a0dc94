// Composition: what is in header, bodies and envelope, read back with a parser nobody here wrote; thread headers; malformed jobs in words.
import { randomBytes } from 'node:crypto';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { type Reply, replySchema } from '../../../src/contract/reply.ts';
import { readBack } from '../../../src/outbound/compose/read-back.ts';
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
  it('writes the reply’s content in 7 bit with CRLF, without Bcc', async () => {
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

  it('shortens a long chain to its first and last ids', async () => {
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

  it('marks automatic replies only, and sets Sender on behalf', async () => {
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

describe('content that must not be sent unchanged', () => {
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
    ['recognised by its name', undefined, Buffer.from('Subject: x\n\nx\n'), 'application/octet-stream'],
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

describe('header values', () => {
  const long = 'x'.repeat(1_990);
  const given: [string, Record<string, unknown>, Partial<ComposedAttachment>?][] = [
    ['a subject without blanks', { subject: long }],
    ['a subject of umlauts', { subject: 'ü'.repeat(1_990) }],
    ['a subject with half a character', { subject: 'a\ud800b' }],
    ['a topic without blanks', { answers: { threadTopic: long } }],
    ['a header without blanks', { headers: { 'X-Ticket': long } }],
    ['a header of emoji', { headers: { 'X-Ticket': '😀'.repeat(900) } }],
    ['a name without blanks', { to: [{ name: 'x'.repeat(500), address: 'a@example.net' }] }],
    ['a name of quotes', { to: [{ name: '"\\'.repeat(240), address: 'a@example.net' }] }],
    ['an id of the maximum length', { answers: { messageId: `<${'a'.repeat(980)}@b>` } }],
    ['an id with umlauts', { answers: { messageId: '<ü@b>', references: ['<ö@b>', '<ok@b>'] } }],
    ['ids between words', { answers: { references: ['of <a@b> and <c d@e>', 'bare@example.net', '<a@b>'] } }],
    ['a file name of umlauts', {}, { filename: 'ü'.repeat(250) }],
    ['a file name of quotes', {}, { filename: '"\\'.repeat(120) }],
    ['a media type too long', {}, { contentType: `${'x'.repeat(130)}/${'y'.repeat(120)}` }],
    ['a parameter of umlauts', {}, { contentType: `text/plain; x="${'ü'.repeat(200)}"` }],
  ];
  it.each(given)('%s: 7-bit, and no line over 998 octets', async (_what, more, file) => {
    const attachments = file === undefined ? [] : [{ filename: 'a.bin', content: Buffer.from('x'), ...file }];
    const { bytes, parsed } = await composed(more, { attachments });
    expect(bytes.toString('latin1')).not.toMatch(/[^\x01-\x7f]|[^\r\n]{999}/);
    const { subject, to } = reply(more);
    expect(parsed.subject).toBe(subject.toWellFormed());
    expect(parsed.to?.[0]?.name).toBe(typeof to[0] === 'string' ? 'Zoë' : to[0]?.name);
    if (file?.filename !== undefined) expect(parsed.attachments[0]?.filename).toBe(file.filename);
  });

  it('ids: keeps valid ones, adds brackets to bare ones, encodes to ASCII, leaves out what cannot be written', async () => {
    const { field } = await composed({
      answers: { messageId: 'bare@example.net', references: ['of <a@b> and <c d@e>', '<ö@b>', '<a@b>'] },
    });
    expect([field('In-Reply-To'), field('References')]).toEqual([
      '<bare@example.net>',
      '<a@b> <%C3%B6@b> <bare@example.net>',
    ]);
    expect((await composed({ answers: { messageId: '<ö@b>' } })).field('In-Reply-To')).toBe('<%C3%B6@b>');
    const long = `<${'ö'.repeat(400)}@b>`;
    expect((await composed({ answers: { messageId: long } })).field('In-Reply-To')).toBeUndefined();
  });

  const types: [string, string | undefined, string][] = [
    ['text/plain; charset=utf-16', undefined, 'text/plain; charset=utf-16'],
    ['TEXT/Calendar; method=REQUEST; x=y', undefined, 'text/calendar; method=REQUEST'],
    ['message / rfc822', 'x\n', 'application/octet-stream'],
    ['message/(c)rfc822', 'x\n', 'application/octet-stream'],
    ['(c)message/rfc822', 'Subject: x\r\n\r\nok\r\n', 'message/rfc822'],
    ['"multipart"/mixed', undefined, 'application/octet-stream'],
    ['(c)multipart/mixed; boundary=b', undefined, 'application/octet-stream'],
    ['multipart /mixed', undefined, 'application/octet-stream'],
    ['text', undefined, 'application/octet-stream'],
    ['text/html/x', undefined, 'application/octet-stream'],
    ['; name=x', undefined, 'application/octet-stream'],
    ['application/pdf; name="other.exe"', undefined, 'application/pdf'],
  ];
  it.each(types)('the type %j of an attachment is parsed', async (contentType, content, expected) => {
    const file = { filename: 'a.bin', contentType, content: Buffer.from(content ?? 'x') };
    const { bytes } = await composed({}, { attachments: [file] });
    const unfolded = bytes.toString('latin1').replace(/\r\n[ \t]+/g, ' ');
    expect(unfolded).toContain(`\r\nContent-Type: ${expected}; name=a.bin\r\n`);
  });
});

describe('reading back the composed mail', () => {
  const mail = {
    from: { name: 'Contoso, Service', address: 'info@contoso.com' },
    sender: { address: 'anna@contoso.com' },
    to: [{ address: 'zoe@example.net' }],
    cc: [],
    replyTo: [],
    messageId: '<m1@contoso.com>',
    envelope: { from: 'anna@contoso.com', to: ['zoe@example.net', 'boss@example.net'], smtpUtf8: false },
  };
  const bytes = async () =>
    (await composed({}, { sender: { ...sender, sender: { address: 'anna@contoso.com' } } })).bytes.toString('latin1');

  it('yields what was decided', async () => {
    const raw = await bytes();
    expect(() => readBack(Buffer.from(raw, 'latin1'), mail)).not.toThrow();
  });

  it.each([
    ['from', (raw: string) => raw.replace(/From: .*/, 'From: "Contoso, Service" <ceo@contoso.com>')],
    ['from', (raw: string) => raw.replace(/From: .*/, 'From: Chief <info@contoso.com>')],
    ['from', (raw: string) => `From: ceo@contoso.com\r\n${raw}`],
    ['sender', (raw: string) => raw.replace(/Sender: .*\r\n/, '')],
    ['to', (raw: string) => raw.replace(/To: .*/, 'To: zoe@example.net, x@example.net')],
    ['to', (raw: string) => raw.replace(/To: .*/, 'To: undisclosed: zoe@example.net, x@example.net;')],
    ['to', (raw: string) => raw.replace(/To: .*/, 'To: x\u00a0zoe@example.net')],
    ['cc', (raw: string) => `Cc: x@example.net\r\n${raw}`],
    ['reply-to', (raw: string) => `Reply-To: x@example.net\r\n${raw}`],
    ['bcc', (raw: string) => `Bcc: boss@example.net\r\n${raw}`],
    ['resent-to', (raw: string) => `Resent-To: boss@example.net\r\n${raw}`],
    ['message-id', (raw: string) => raw.replace('<m1@', '<m2@')],
    ['X-Long', (raw: string) => `X-Long: ${'x'.repeat(991)}\r\n${raw}`],
    ['Subject', (raw: string) => raw.replace(/Subject: .*/, 'Subject: Gr\u00f6\u00dfe')],
  ])('refuses a difference in %s', async (field, change) => {
    const raw = await bytes();
    expect(() => readBack(Buffer.from(change(raw), 'latin1'), mail)).toThrow(
      expect.objectContaining({ code: 'REPLY_READ_DIFFERENTLY', field }),
    );
  });

  it.each([
    ['RCPT TO', { to: ['zoe@example.net', 'x\u3000boss@example.net'] }],
    ['RCPT TO', { to: ['zoe@example.net', 'boss@example.net, x@example.net'] }],
    ['RCPT TO', { to: ['zoe@example.net', 'zoe@example.net'] }],
    ['MAIL FROM', { from: 'x\u00a0anna@contoso.com' }],
    ['MAIL FROM', { from: '' }],
  ])('refuses an envelope that the transport reads differently: %s %j', async (field, envelope) => {
    const raw = await bytes();
    expect(() =>
      readBack(Buffer.from(raw, 'latin1'), { ...mail, envelope: { ...mail.envelope, ...envelope } }),
    ).toThrow(expect.objectContaining({ code: 'REPLY_READ_DIFFERENTLY', field }));
  });
});

describe('headers', () => {
  it.each([
    [{ headers: { 'X-Priority': '1' } }],
    [{ headers: { 'X-Confirm-Reading-To': 'x@example.net' } }],
    [{ headers: { 'X-SMTPAPI': '{}' } }],
    [{ headers: { 'X-Tickets': '1', 'X-Other': '1' } }],
    [{ headers: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`X-Ticket-${i}`, '1'])) }],
    [{ attachments: [{ filename: 'a.txt', contentId: 'ü', content: 'AA==' }] }],
    [{ attachments: [{ filename: 'a.txt', contentId: 'a b', content: 'AA==' }] }],
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
  it('custom headers are accepted', () => {
    expect(() => checkHeaders(reply({ headers: { 'X-Ticket': '4711', 'x-team': 'Süd' } }))).not.toThrow();
    const limits = { recipientsPerReply: 1, allowedHeaders: ['X-Own', 'X-Shop-*'] };
    const check = (name: string) => checkHeaders(reply({ headers: { [name]: '1' } }), limits);
    for (const name of ['x-own', 'X-Shop-Order']) expect(() => check(name)).not.toThrow();
    for (const name of ['X-Owner', 'X-Shop', 'X-Ticket'])
      expect(() => check(name)).toThrow(expect.objectContaining({ code: 'HEADER_FORBIDDEN' }));
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
  it('exceeds no limit in to, cc and bcc together', () => {
    const many = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `c${from + i}@example.net`);
    const full = { to: many(0, 300), cc: many(300, 400), bcc: many(400, 500) };
    expect(readRecipients(reply(full)).all).toHaveLength(500);
    expect(() => readRecipients(reply({ ...full, bcc: many(400, 501) }))).toThrow(
      expect.objectContaining({ code: 'RECIPIENTS_TOO_MANY', field: 'to' }),
    );
    expect(readRecipients(reply({ ...full, bcc: many(0, 100) })).all).toHaveLength(400);
  });
  it('contains each address once in the envelope', () => {
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

  it('index: a head of 22 bytes, then 5 bytes a reply, with the head kept', () => {
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

it('malformed replies are reported by field and value, never by content', () => {
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
