// Which of our addresses a mail was written to, and the headers that the configuration asks for.
import { describe, expect, it } from 'vitest';
import { mailboxContext } from '../../../src/domain/receiving-server.ts';
import { parseHeadersOnly, parseMessage } from '../../../src/mime/index.ts';

const mailbox = mailboxContext({
  host: 'imap.example.net',
  user: 'Support@contoso.example',
  aliases: ['orders@contoso.example', 'service+vip@contoso.example', 'kasse@müller.example'],
});
const read = (header: string, own = mailbox) => {
  const raw = Buffer.from(`From: kim@customer.example\r\n${header}\r\n\r\nHello`);
  const { addressedTo } = parseMessage(raw, { mailbox: own });
  expect(parseHeadersOnly(raw, { mailbox: own }).addressedTo).toEqual(addressedTo);
  return addressedTo;
};
const support = 'Support@contoso.example';

describe('addressedTo', () => {
  it.each([
    ['the User', `To: support@contoso.example`, [{ address: support, header: 'To' }]],
    ['in any case', `To: SUPPORT@Contoso.Example`, [{ address: support, header: 'To' }]],
    ['an alias', `To: Orders <orders@contoso.example>`, [{ address: 'orders@contoso.example', header: 'To' }]],
    [
      'several, To first',
      `Cc: orders@contoso.example\r\nTo: x@other.example, support@contoso.example`,
      [
        { address: support, header: 'To' },
        { address: 'orders@contoso.example', header: 'Cc' },
      ],
    ],
    [
      'a tag, as it was written',
      `To: orders+Shop-4711@contoso.example`,
      [{ address: 'orders@contoso.example', tag: 'Shop-4711', header: 'To' }],
    ],
    [
      'an alias that has a plus itself',
      `To: service+vip@contoso.example`,
      [{ address: 'service+vip@contoso.example', header: 'To' }],
    ],
    ['no tag for an address that is not ours', `To: service+x@contoso.example`, undefined],
    [
      'a domain in ASCII or Unicode',
      `To: kasse@xn--mller-kva.example`,
      [{ address: 'kasse@müller.example', header: 'To' }],
    ],
    [
      'the delivered address when To names none of ours',
      `To: list@other.example\r\nX-Original-To: orders+a@contoso.example\r\nDelivered-To: support@contoso.example`,
      [
        { address: 'orders@contoso.example', tag: 'a', header: 'X-Original-To' },
        { address: support, header: 'Delivered-To' },
      ],
    ],
    ['in angle brackets', `Delivered-To: <support@contoso.example>`, [{ address: support, header: 'Delivered-To' }]],
    [
      'once',
      `To: support@contoso.example, Support@contoso.example\r\nDelivered-To: support@contoso.example`,
      [{ address: support, header: 'To' }],
    ],
    ['nobody', `To: undisclosed-recipients:;`, undefined],
    ['a name that only looks like an address', `To: "support@contoso.example" <kim@customer.example>`, undefined],
  ])('is %s', (_name, header, expected) => {
    expect(read(header)).toEqual(expected);
  });

  it('is the recipient in our own server’s Received, and not in a stranger’s', () => {
    const trace = (by: string) =>
      `Received: from a.example (a.example [192.0.2.1]) by ${by} with ESMTP id 1\r\n\tfor <orders+b@contoso.example>; Mon, 2 Nov 2026 09:12:13 +0000\r\n`;
    const raw = (first: string) =>
      Buffer.from(`${first}From: kim@customer.example\r\nTo: list@other.example\r\n\r\nHello`);
    expect(parseMessage(raw(trace('mx.example.net')), { mailbox }).addressedTo).toEqual([
      { address: 'orders@contoso.example', tag: 'b', header: 'Received' },
    ]);
    const border = 'Received: from b.example ([192.0.2.2]) by mx.example.net; Mon, 2 Nov 2026 09:12:14 +0000\r\n';
    expect(parseMessage(raw(`${border}${trace('a.example')}`), { mailbox }).addressedTo).toBe(undefined);
  });

  it('is not set for a User that is not an address', () => {
    expect(read('To: support@contoso.example', mailboxContext({ host: 'x', user: 'support' }))).toBe(undefined);
  });
});

describe('chosen headers', () => {
  const chosen = (header: string, headers: string[]) => {
    const parsed = parseMessage(Buffer.from(`From: kim@customer.example\r\n${header}\r\n\r\nHello`), { headers });
    return { headers: parsed.headers, warnings: parsed.warnings.map(({ code }) => code) };
  };
  it('are decoded, by name, in order', () => {
    const header =
      'X-Shop: =?utf-8?Q?M=C3=BCnchen?=\r\nX-Order-Id: 4711\r\nx-order-Note: two\r\n lines\r\nX-Shop: b\r\nX-Other: c';
    expect(chosen(header, ['x-shop', 'x-order*'])).toEqual({
      headers: { 'x-shop': ['München', 'b'], 'x-order-id': ['4711'], 'x-order-note': ['two lines'] },
      warnings: [],
    });
  });
  it('are absent without a list, or without a match', () => {
    expect(chosen('X-Shop: a', []).headers).toBe(undefined);
    expect(chosen('X-Shop: a', ['x-sho']).headers).toBe(undefined);
  });
  it('are bounded in length, in number and in total', () => {
    const long = chosen(`X-Shop: ${'a'.repeat(9_000)}`, ['x-shop']);
    expect([long.headers?.['x-shop']?.[0]?.length, long.warnings]).toEqual([2_000, ['headers-shortened']]);
    const many = chosen(Array.from({ length: 80 }, (_, i) => `X-A: ${i}`).join('\r\n'), ['x-a']);
    expect([many.headers?.['x-a']?.length, many.warnings]).toEqual([50, ['headers-shortened']]);
    const large = chosen(Array.from({ length: 20 }, (_, i) => `X-A${i}: ${'ä'.repeat(1_900)}`).join('\r\n'), ['x-a*']);
    expect(JSON.stringify(large.headers).length).toBeLessThan(17_000);
  });
  it('give each warning once, also where only the header was fetched', () => {
    const header = Buffer.from(`X-Shop: ${'a'.repeat(9_000)}\r\nX-Shop: ${'b'.repeat(9_000)}\r\n\r\n`);
    expect(parseHeadersOnly(header, { headers: ['x-shop'] }).warnings.map(({ code }) => code)).toEqual([
      'headers-shortened',
    ]);
  });
});
