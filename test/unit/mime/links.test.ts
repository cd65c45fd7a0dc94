// Links of a mail: shown text, true target behind wrappers, and whether they differ.
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/mime/index.ts';
import { unwrap } from '../../../src/mime/links/unwrap.ts';

const TARGET = 'https://shop.example/order?id=4711&x=ä b'.replace('ä b', 'y');
const enc = encodeURIComponent(TARGET);

describe('wrappers', () => {
  it.each([
    ['safelinks', `https://nam02.safelinks.protection.outlook.com/?url=${enc}&data=05%7C02%7C&sdata=abc%3D&reserved=0`],
    ['safelinks', `https://eur01.safelinks.protection.outlook.com/ap/w-59584e83/?url=${enc}&data=05`],
    ['safelinks', `https://jpn01.safelinks.protection.outlook.com/GetUrlReputation?url=${enc}`],
    ['safelinks', `https://gcc02.safelinks.protection.outlook.com/?url=${enc}`],
    ['safelinks', `https://usg01.safelinks.protection.office365.us/?url=${enc}`],
    ['proofpoint', `https://urldefense.proofpoint.com/v1/url?u=${enc}&k=abc`],
    [
      'proofpoint',
      `https://urldefense.proofpoint.com/v2/url?u=${TARGET.replaceAll('=', '-3D').replaceAll('&', '-26').replaceAll('?', '-3F').replace('https://', 'https-3A__').replaceAll('/', '_')}&d=DwMFaQ&c=x`,
    ],
    ['proofpoint', 'https://urldefense.com/v3/__https://shop.example/order?id=4711*x=y__;Jg!!abc!def$'],
    ['barracuda', `https://linkprotect.cudasvc.com/url?a=${enc}&c=E,1,abc`],
    [
      'sophos',
      `https://eu-west-1.protection.sophos.com/?d=shop.example&u=${Buffer.from(TARGET).toString('base64url')}&i=abc`,
    ],
    ['cisco', `https://secure-web.cisco.com/1AbCdEf/${enc}`],
    ['trend-micro', `https://imsva91-ctp.trendmicro.com/wis/clicktime/v1/query?url=${enc}&umid=1`],
    ['symantec', `https://clicktime.symantec.com/3AbC?u=${enc}`],
    ['trellix', `https://protect2.fireeye.com/v1/url?k=abc&u=${enc}`],
    ['fortinet', `https://mail.contoso.example/fmlurlsvc/?fewReq=:B:abc&url=${enc}`],
    ['libraesva', `https://urlsand.esvalabs.com/?u=${enc}&e=1`],
    ['deref', `https://deref-gmx.net/mail/client/abc/dereferrer/?redirectUrl=${enc}`],
    ['google', `https://www.google.com/url?q=${enc}&sa=D`],
  ])('%s: %s', (wrapped, href) => {
    expect(unwrap(href)).toEqual({ target: TARGET, wrapped });
  });

  it('are unwrapped when nested, named by the outer one', () => {
    const inner = `https://urldefense.proofpoint.com/v1/url?u=${enc}&k=a`;
    expect(unwrap(`https://eur03.safelinks.protection.outlook.com/?url=${encodeURIComponent(inner)}`)).toEqual({
      target: TARGET,
      wrapped: 'safelinks',
    });
  });

  it('of Mimecast reveal the host only', () => {
    const href = 'https://url.uk.m.mimecastprotect.com/s/AbCd?domain=shop.example';
    expect(unwrap(href)).toEqual({ target: href, wrapped: 'mimecast', host: 'shop.example' });
  });

  it.each([
    'https://shop.example/?url=https://other.example',
    'https://safelinks.protection.outlook.com.evil.example/?url=https%3A%2F%2Fx.example',
    'https://nam02.safelinks.protection.outlook.com/?url=javascript%3Aalert(1)',
    'https://nam02.safelinks.protection.outlook.com/?data=1',
    'https://urldefense.com/v3/__broken',
    'not an address',
  ])('are not recognised: %s', (href) => expect(unwrap(href)).toBeUndefined());
});

const html = (body: string): Buffer =>
  Buffer.from(
    `From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<html><body>${body}</body></html>`,
  );

describe('links', () => {
  it('of html have text, true target and a mark when they differ', () => {
    const safe = `https://nam02.safelinks.protection.outlook.com/?url=${encodeURIComponent('https://evil.example/login')}&amp;data=1`;
    expect(
      parseMessage(
        html(
          `<p><a href="${safe}">https://www.bank.example/login</a> <a href="https://www.bank.example/a?b=1&amp;c=2">our <b>page</b></a> <a href='https://login.bank.example/'>bank.example</a> <a href="https://bank.example/x">invoice.pdf</a> <a href="mailto:a@b.example">a@b.example</a></p>`,
        ),
      ).links,
    ).toEqual([
      {
        text: 'https://www.bank.example/login',
        target: 'https://evil.example/login',
        wrapped: 'safelinks',
        differs: true,
      },
      { text: 'our page', target: 'https://www.bank.example/a?b=1&c=2', differs: false },
      { text: 'bank.example', target: 'https://login.bank.example/', differs: false },
      { text: 'invoice.pdf', target: 'https://bank.example/x', differs: false },
    ]);
  });

  it('of Mimecast are compared by the named host', () => {
    const link = (domain: string) =>
      parseMessage(html(`<a href="https://url.uk.m.mimecastprotect.com/s/A?domain=${domain}">www.bank.example</a>`))
        .links?.[0]?.differs;
    expect([link('bank.example'), link('evil.example')]).toEqual([false, true]);
  });

  it('of text have no trailing full stop', () => {
    const raw = Buffer.from('From: a@b.example\nSubject: x\n\nSee https://shop.example/a. Thanks.\n');
    expect(parseMessage(raw).links).toEqual([
      { text: 'https://shop.example/a', target: 'https://shop.example/a', differs: false },
    ]);
  });

  it('are limited in number, and absent in mass mailings', () => {
    const many = Array.from({ length: 500 }, (_, k) => `<a href="https://x.example/${k}">n ${k}</a>`).join(' ');
    expect(parseMessage(html(many)).links).toHaveLength(30);
    expect(
      parseMessage(
        Buffer.from(html(many).toString().replace('Subject', 'Precedence: bulk\nList-Id: <l.x.example>\nSubject')),
      ).links,
    ).toBeUndefined();
  });
});

describe('preview', () => {
  const preview = (body: string) => parseMessage(Buffer.from(`From: a@b.example\nSubject: x\n\n${body}`)).preview;
  it('is one line of the new part, of at most 200 characters', () => {
    expect(preview('Hello,\n\nmy  order\n\nOn 11/3/26 10:12, Contoso wrote:\n> old\n')).toBe('Hello, my order');
    expect(preview('word '.repeat(100))).toHaveLength(199);
    expect(preview('> Which size?\nLarge.\n\n> Which colour?\nBlue.')).toBe('Large. Blue.');
    expect(preview('')).toBeUndefined();
  });
});

describe('replyTextFrom', () => {
  const from = (body: string) => parseMessage(Buffer.from(`From: a@b.example\nSubject: x\n\n${body}`)).replyTextFrom;
  it('reports whether something was left out', () => {
    expect(from('Hello\n\nOn 11/3/26 10:12, Contoso wrote:\n> old\n')).toBe('split');
    expect(from('Hello\n\n-- \nKim\n')).toBe('split');
    expect(from('Hello\nKim\n')).toBe('whole');
    expect(from('> all\n> quoted\n')).toBe('whole');
  });
});
