// From policy: 40 tricks and what each is answered, defaults, roles, on-behalf.
import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../src/contract/reply.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { permittedFrom, resolveSender } from '../../../src/domain/sender-policy.ts';

const server: SmtpServer = {
  type: 'SMTP',
  name: 'Contoso out',
  host: 'smtp.office365.com',
  port: 587,
  tls: 'enabled',
  authentication: { type: 'OAuth2', application: 'app', signIn: 'delegated', signInUser: 'Anna@contoso.com' },
  user: 'Anna@contoso.com',
  enabled: true,
  source: 'file',
  additionalFromAddresses: ['Info@Contoso.com', 'sales+eu@contoso.com', 'kontakt@bücher.example', 'not an address'],
  sendMode: 'sendAs',
  displayNames: { 'info@contoso.com': 'Contoso Service' },
  sentCopy: { policy: 'server' },
  pace: { perMinute: 30, connections: 3, recipientsPerDay: 10_000 },
  fromRoles: {},
  uncertain: 'hold',
};

type Asked = Partial<Pick<Reply, 'from' | 'answers' | 'agent'>>;
const code = (asked: Asked, on: SmtpServer = server) => {
  try {
    return resolveSender(on, asked).from.address;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a requested From', () => {
  it.each([
    ['info@contoso.com', 'Info@contoso.com'],
    ['INFO@CONTOSO.COM', 'Info@contoso.com'],
    ['Contoso <info@contoso.com>', 'Info@contoso.com'],
    ['"info"@contoso.com', 'Info@contoso.com'],
    ['anna@contoso.com', 'Anna@contoso.com'],
    ['sales+eu@contoso.com', 'sales+eu@contoso.com'],
    ['kontakt@bücher.example', 'kontakt@xn--bcher-kva.example'],
    ['kontakt@xn--bcher-kva.example', 'kontakt@xn--bcher-kva.example'],
    ['ceo@contoso.com', 'FROM_NOT_PERMITTED'],
    ['sales@contoso.com', 'FROM_NOT_PERMITTED'],
    ['sales+us@contoso.com', 'FROM_NOT_PERMITTED'],
    ['info+x@contoso.com', 'FROM_NOT_PERMITTED'],
    ['i.nfo@contoso.com', 'FROM_NOT_PERMITTED'],
    ['info@contoso.com.evil.example', 'FROM_NOT_PERMITTED'],
    ['info@sub.contoso.com', 'FROM_NOT_PERMITTED'],
    ['info@соntoso.com', 'FROM_NOT_PERMITTED'],
    ['іnfo@contoso.com', 'FROM_NOT_PERMITTED'],
    ['ｉnfo@contoso.com', 'FROM_NOT_PERMITTED'],
    ['kontakt@bucher.example', 'FROM_NOT_PERMITTED'],
    ['kontakt@xn--bcher-kvb.example', 'FROM_NOT_PERMITTED'],
    ['info%contoso.com@evil.example', 'FROM_NOT_PERMITTED'],
    ['evil.example!info@contoso.com', 'FROM_NOT_PERMITTED'],
    ['info@contoso.com, ceo@contoso.com', 'FROM_AMBIGUOUS'],
    ['info@contoso.com,info@contoso.com', 'FROM_AMBIGUOUS'],
    ['ceo@contoso.com@contoso.com', 'FROM_AMBIGUOUS'],
    ['Team: info@contoso.com;', 'FROM_AMBIGUOUS'],
    ['Team: info@contoso.com, ceo@contoso.com;', 'FROM_AMBIGUOUS'],
    ['undisclosed-recipients:;', 'FROM_AMBIGUOUS'],
    ['info@contoso.com (ceo)', 'FROM_AMBIGUOUS'],
    ['<@evil.example:info@contoso.com>', 'FROM_AMBIGUOUS'],
    ['info@contoso.com\r\nSender: ceo@contoso.com', 'HEADER_FORBIDDEN'],
    ['info@contoso.com\nResent-From: ceo@contoso.com', 'HEADER_FORBIDDEN'],
    ['info@contoso.com\rX: y', 'HEADER_FORBIDDEN'],
    ['info@contoso.com\u0000', 'HEADER_FORBIDDEN'],
    ['"ceo@contoso.com"@contoso.com', 'FROM_INVALID'],
    ['"info @"@contoso.com', 'FROM_INVALID'],
    ['in\u200bfo@contoso.com', 'FROM_INVALID'],
    ['info@con\u00adtoso.com', 'FROM_INVALID'],
    ['info@contoso.com.', 'FROM_INVALID'],
    ['info@%63ontoso.com', 'FROM_INVALID'],
    ['info', 'FROM_INVALID'],
    ['', 'FROM_INVALID'],
    ['<>', 'FROM_INVALID'],
    ['ceo@contoso.com <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['"ceo@contoso.com" <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['"Boss <ceo@contoso.com>" <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['ceo＠contoso.com <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['=?utf-8?q?ceo=40contoso=2Ecom?= <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['Service\u202e <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['"support@contoso.com" <ceo@evil.example>', 'FROM_NOT_PERMITTED'],
    ['info@contoso.com <ceo@evil.example>', 'FROM_NOT_PERMITTED'],
    ['ceo @ contoso.com <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['ceo﹫contoso.com <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['ceo@соntoso.com <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['mailto:ceo@contoso.com <info@contoso.com>', 'FROM_AMBIGUOUS'],
    ['"mailto:ceo@contoso.com" <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['"=?iso-8859-1*en?B?Y2VvQGNvbnRvc28uY29t?=" <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['ceo@\u2060contoso.com <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['Service\u{e0041} <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['\u3164 <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['\u2800 <info@contoso.com>', 'FROM_NAME_SPOOFED'],
    ['"\\"" <ceo@contoso.com>, "x" <info@contoso.com>', 'FROM_AMBIGUOUS'],
    ['info@contoso.com <info@contoso.com> <ceo@contoso.com>', 'FROM_INVALID'],
    ['=?utf-8?q?info=40contoso=2Ecom?=', 'FROM_INVALID'],
    ['=?utf-8?q?x?= <=?utf-8?q?info?=@contoso.com>', 'FROM_INVALID'],
    ['info@contoso.com;', 'FROM_AMBIGUOUS'],
    ['info@contoso.com ceo@contoso.com', 'FROM_AMBIGUOUS'],
    ['info@contoso.com\u2028Bcc: x@example.net', 'HEADER_FORBIDDEN'],
    ['info@contoso.com\u0085Bcc: x@example.net', 'HEADER_FORBIDDEN'],
    ['info@contoso.com\u000bBcc: x@example.net', 'HEADER_FORBIDDEN'],
    ['"info\\\r\n"@contoso.com', 'HEADER_FORBIDDEN'],
    ['info@CONTOSO.COM\u3002', 'FROM_INVALID'],
    ['info@contoso\u3002com', 'Info@contoso.com'],
    ['info@ｃontoso.com', 'Info@contoso.com'],
    ['ınfo@contoso.com', 'FROM_NOT_PERMITTED'],
    ['INFO@CONTOSO.COM <INFO@CONTOSO.COM>', 'Info@contoso.com'],
    ['infо@contoso.com', 'FROM_NOT_PERMITTED'],
    ['info@[127.0.0.1]', 'FROM_INVALID'],
    ['info@contoso.com@', 'FROM_AMBIGUOUS'],
    ['info(\\)ceo@contoso.com', 'FROM_AMBIGUOUS'],
    [`${'a'.repeat(400)}@contoso.com`, 'FROM_INVALID'],
    [`${'a'.repeat(65)}@contoso.com`, 'FROM_INVALID'],
    [`info@${'a.'.repeat(130)}com`, 'FROM_INVALID'],
  ])('%j: %s', (from, expected) => {
    expect(code({ from })).toBe(expected);
  });

  it.each([
    [{ name: 'Info\r\nBcc: x@example.net', address: 'info@contoso.com' }, 'HEADER_FORBIDDEN'],
    [{ name: 'ceo@contoso.com', address: 'info@contoso.com' }, 'FROM_NAME_SPOOFED'],
    [{ name: 'Anna', address: 'info@contoso.com, ceo@contoso.com' }, 'FROM_AMBIGUOUS'],
    [{ name: 'Anna', address: 'X <info@contoso.com>' }, 'FROM_INVALID'],
    [{ name: 'Anna', address: 'INFO@contoso.com' }, 'Info@contoso.com'],
  ])('%j: %s', (from, expected) => {
    expect(code({ from })).toBe(expected);
  });

  it('is refused with the list of permitted addresses', () => {
    expect(() => resolveSender(server, { from: 'ceo@contoso.com' })).toThrow(
      expect.objectContaining({
        permitted: ['Anna@contoso.com', 'Info@contoso.com', 'sales+eu@contoso.com', 'kontakt@xn--bcher-kva.example'],
      }),
    );
  });

  it('gets the requested display name, otherwise the configured one', () => {
    expect(resolveSender(server, { from: 'info@contoso.com' }).from.name).toBe('Contoso Service');
    for (const name of ['Anna bei Contoso', 'Sales @ Contoso', 'Zoë Müller 🙂', '客服 株式会社'])
      expect(resolveSender(server, { from: { name, address: 'info@contoso.com' } }).from.name).toBe(name);
  });
});

describe('without a requested From, the reply uses', () => {
  it('the shared address that the message was sent to, if permitted', () => {
    const sender = resolveSender(server, { answers: { mailbox: 'info@CONTOSO.com' } });
    expect([sender.from.address, sender.personalFallback]).toEqual(['Info@contoso.com', false]);
  });
  it('otherwise the User, with a warning', () => {
    const sender = resolveSender(server, { answers: { mailbox: 'help@contoso.com' } });
    expect([sender.from.address, sender.personalFallback]).toEqual(['Anna@contoso.com', true]);
    expect(resolveSender(server, {}).personalFallback).toBe(true);
  });
  it.each([
    ['the alias that the mail was sent to', ['sales+eu@contoso.com'], 'sales+eu@contoso.com', false],
    [
      'the first permitted alias',
      ['nobody@contoso.com', 'kontakt@bücher.example', 'sales+eu@contoso.com'],
      'kontakt@xn--bcher-kva.example',
      false,
    ],
    ['the mailbox when no alias is permitted', ['nobody@contoso.com', 'junk'], 'Info@contoso.com', false],
    ['the User when the mail was sent to the User', ['anna@contoso.com'], 'Anna@contoso.com', false],
  ])('%s', (_name, addressedTo, address, personalFallback) => {
    const answers = { mailbox: 'info@contoso.com', addressedTo };
    const sender = resolveSender(server, { answers });
    expect([sender.from.address, sender.personalFallback]).toEqual([address, personalFallback]);
  });

  it('no alias that the agent may not use, and is not refused', () => {
    const restricted = { ...server, fromRoles: { 'sales+eu@contoso.com': ['sales'] } };
    const answers = { mailbox: 'info@contoso.com', addressedTo: ['sales+eu@contoso.com'] };
    expect(resolveSender(restricted, { answers }).from.address).toBe('Info@contoso.com');
    expect(resolveSender(restricted, { answers, agent: { id: 'a', roles: ['sales'] } }).from.address).toBe(
      'sales+eu@contoso.com',
    );
  });

  it('the User without a warning, if it answers nothing and the User is listed or is not a personal address', () => {
    const listed = { ...server, additionalFromAddresses: ['anna@contoso.com', 'info@contoso.com'] };
    expect(resolveSender(listed, {}).personalFallback).toBe(false);
    expect(resolveSender(listed, { answers: { mailbox: 'help@contoso.com' } }).personalFallback).toBe(true);
    const authentication = { type: 'OAuth2', application: 'a', signIn: 'appOnly' } as const;
    expect(resolveSender({ ...server, authentication }, {}).personalFallback).toBe(false);
  });
  it('the User without a warning, if the User is the shared address (app-only)', () => {
    const sender = resolveSender({ ...server, user: 'info@contoso.com' }, { answers: { mailbox: 'info@contoso.com' } });
    expect(sender.personalFallback).toBe(false);
  });
});

describe('envelope', () => {
  it('sendAs: MAIL FROM is the From and there is no Sender', () => {
    expect(resolveSender(server, { from: 'info@contoso.com' })).toMatchObject({ envelopeFrom: 'Info@contoso.com' });
    expect(resolveSender(server, { from: 'info@contoso.com' }).sender).toBeUndefined();
  });
  it('onBehalf: Sender and MAIL FROM are the User, unless the User is the From', () => {
    const onBehalf: SmtpServer = { ...server, sendMode: 'onBehalf' };
    expect(resolveSender(onBehalf, { from: 'info@contoso.com' })).toMatchObject({
      sender: { address: 'Anna@contoso.com' },
      envelopeFrom: 'Anna@contoso.com',
    });
    expect(resolveSender(onBehalf, { from: 'anna@contoso.com' }).sender).toBeUndefined();
  });
});

it('permits a From to the roles listed for it only', () => {
  const restricted: SmtpServer = { ...server, fromRoles: { 'info@contoso.com': ['lead'] } };
  expect(code({ from: 'info@contoso.com' }, restricted)).toBe('FROM_ROLE_REQUIRED');
  expect(code({ from: 'info@contoso.com', agent: { id: '1', roles: ['clerk'] } }, restricted)).toBe(
    'FROM_ROLE_REQUIRED',
  );
  expect(code({ from: 'info@contoso.com', agent: { id: '1', roles: ['lead'] } }, restricted)).toBe('Info@contoso.com');
  expect(code({ from: 'anna@contoso.com' }, restricted)).toBe('Anna@contoso.com');
});

it('lists permitted addresses with the User first, without duplicates and invalid addresses', () => {
  expect(
    permittedFrom({ user: 'a@x.example', additionalFromAddresses: ['A@X.example', 'b@x.example', ''] }).map(
      (a) => a.normal,
    ),
  ).toEqual(['a@x.example', 'b@x.example']);
});
