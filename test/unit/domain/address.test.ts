// Addresses: what is one address, in which form two are compared, and which display names lie.
import { describe, expect, it } from 'vitest';
import { asciiDomain, needsSmtpUtf8, normalAddress, parseAddress } from '../../../src/domain/address.ts';

describe('parseAddress accepts', () => {
  it.each([
    ['info@contoso.com', '', 'info@contoso.com'],
    ['  info@contoso.com  ', '', 'info@contoso.com'],
    ['INFO@CONTOSO.COM', '', 'info@contoso.com'],
    ['Contoso Support <info@contoso.com>', 'Contoso Support', 'info@contoso.com'],
    ['"Support, Contoso" <info@contoso.com>', 'Support, Contoso', 'info@contoso.com'],
    ['"a\\"b" <info@contoso.com>', 'a"b', 'info@contoso.com'],
    ['<info@contoso.com>', '', 'info@contoso.com'],
    ['"info"@contoso.com', '', 'info@contoso.com'],
    ['info+tag@contoso.com', '', 'info+tag@contoso.com'],
    ['info@bücher.example', '', 'info@xn--bcher-kva.example'],
    ['info@BÜCHER.example', '', 'info@xn--bcher-kva.example'],
    ['info@xn--bcher-kva.example', '', 'info@xn--bcher-kva.example'],
    ['jörg@contoso.com', '', 'jörg@contoso.com'],
    ['jo\u0308rg@contoso.com', '', 'jörg@contoso.com'],
    ["o'brien@contoso.com", '', "o'brien@contoso.com"],
    ['user@localhost', '', 'user@localhost'],
  ])('%s', (text, name, normal) => {
    expect(parseAddress(text)).toMatchObject({ ok: true, value: { name, normal } });
  });
});

describe('parseAddress refuses', () => {
  it.each([
    ['', 'empty'],
    ['Name <>', 'empty'],
    ['info', 'syntax'],
    ['@contoso.com', 'route'],
    ['<@relay.example:info@contoso.com>', 'route'],
    ['a@contoso.com, b@contoso.com', 'multiple'],
    ['a@contoso.com,b@contoso.com', 'multiple'],
    ['A <a@contoso.com>, B <b@contoso.com>', 'multiple'],
    ['a@b@contoso.com', 'multiple'],
    ['Team: a@contoso.com, b@contoso.com;', 'multiple'],
    ['Team: a@contoso.com;', 'group'],
    ['Team: <a@contoso.com>', 'group'],
    ['info(comment)@contoso.com', 'comment'],
    ['info (real: ceo) <info@contoso.com>', 'comment'],
    ['info@contoso.com\r\nBcc: x@example.net', 'line-break'],
    ['info@contoso.com\nBcc: x@example.net', 'line-break'],
    ['info\u0000@contoso.com', 'line-break'],
    ['info\u2028@contoso.com', 'line-break'],
    ["'info@contoso.com", 'syntax'],
    ["info'@contoso.com", 'syntax'],
    ['"in fo"@contoso.com', 'syntax'],
    ['"info@evil.example"@contoso.com', 'syntax'],
    ['in fo@contoso.com', 'syntax'],
    ['.info@contoso.com', 'syntax'],
    ['info.@contoso.com', 'syntax'],
    ['in..fo@contoso.com', 'syntax'],
    ['in\u200bfo@contoso.com', 'syntax'],
    ['in\u202efo@contoso.com', 'syntax'],
    ['info@contoso.com.', 'domain'],
    ['info@con\u00adtoso.com', 'domain'],
    ['info@con_toso.com', 'domain'],
    ['info@-contoso.com', 'domain'],
    ['info@contoso..com', 'domain'],
    ['info@%63ontoso.com', 'domain'],
    ['info@0x7f.1', 'domain'],
    ['info@127.0.0.1', 'domain'],
    ['info@[127.0.0.1]', 'domain'],
    ['info@conto so.com', 'domain'],
    [`${'a'.repeat(65)}@contoso.com`, 'syntax'],
    [`a@${'b'.repeat(320)}.com`, 'too-long'],
  ])('%j as %s', (text, problem) => {
    expect(parseAddress(text)).toEqual({ ok: false, problem });
  });
});

describe('comparison', () => {
  it.each([
    ['раypal@contoso.com', 'paypal@contoso.com'],
    ['info@соntoso.com', 'info@contoso.com'],
    ['ｉnfo@contoso.com', 'info@contoso.com'],
    ['info+a@contoso.com', 'info@contoso.com'],
    ['i.nfo@contoso.com', 'info@contoso.com'],
    ['ınfo@contoso.com', 'info@contoso.com'],
  ])('%s is not %s', (a, b) => {
    expect(normalAddress(a)).not.toBe(normalAddress(b));
  });
  it.each([
    'Info@Contoso.COM',
    'a.b+c_d-e@x-1.contoso.example',
    'a@b.9c.de',
    'a@9.9.9.9',
    'a@0x7f.com',
    'a@contoso.0x1',
    '.a@contoso.com',
    'a.@contoso.com',
    'a..b@contoso.com',
    'a@.contoso.com',
    'a@-contoso.com',
    'a@contoso-.com',
    'a@con--toso.com',
    'a@xn--bcher-kva.example',
    'a@xn--zzzzzzzzz.example',
    `a@${'b'.repeat(64)}.com`,
    `${'a'.repeat(60)}@x.de`,
    "a'b@contoso.com",
  ])('compares %s as it is read', (text) => {
    const read = parseAddress(text);
    expect(normalAddress(text)).toBe(read.ok ? read.value.normal : undefined);
  });
  it('maps a full-width domain to the domain it resolves to', () => {
    expect(normalAddress('info@ｃontoso.com')).toBe('info@contoso.com');
  });
});

it('converts domains to ASCII, and needs SMTPUTF8 only for local parts', () => {
  expect(asciiDomain('')).toBeUndefined();
  expect([needsSmtpUtf8('jörg@contoso.com'), needsSmtpUtf8('info@xn--bcher-kva.example')]).toEqual([true, false]);
});

describe('a local part that other programs read differently', () => {
  const spaces = [
    ...[0x09, 0x20, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009],
    ...[0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff, 0x180e, 0x200b, 0x2060],
  ];
  it.each(spaces.map((code) => [`U+${code.toString(16)}`, String.fromCodePoint(code)]))(
    'is refused: %s',
    (_name, space) => {
      for (const local of [`victim${space}x`, `${space}${space}x${space}y`, `x${space}victim`])
        expect([local, parseAddress(`${local}@example.net`).ok && local.trim() !== local]).toEqual([local, false]);
      expect(parseAddress({ address: `victim${space}x@example.net` }).ok).toBe(false);
      expect(parseAddress({ address: `x@example${space}.net` }).ok).toBe(false);
    },
  );
  it.each([
    ['full-width @', 'a＠example.org'],
    ['small @', 'a﹫example.org'],
    ['a letter that normalises to a blank', 'a\u00a8b'],
    ['full-width angle', 'a＜b'],
    ['full-width comma', 'a，b'],
    ['encoded word', 'a=?utf-8?Q?b?=c'],
    ['apostrophes around', "'a'"],
    ['lone surrogate', 'a\ud800b'],
    ['private use', 'a\ue000b'],
    ['unassigned', 'a\u0378b'],
  ])('is refused: %s', (_what, local) => expect(parseAddress({ address: `${local}@example.net` }).ok).toBe(false));
  it.each(["o'brien", 'zoë', '用户', 'a.b+c', 'ab', 'user=x', '=a', 'a?b'])('is accepted: %s', (local) =>
    expect(parseAddress(`${local}@example.net`).ok).toBe(true),
  );
});
