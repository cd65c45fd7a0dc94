// Where the address of a person is found, and where only another's is.
import { describe, expect, it } from 'vitest';
import { personMatcher } from '../../../src/domain/personal-data.ts';

const matcher = (address: string) => {
  const person = personMatcher(address);
  if (person === undefined) throw new Error(`${address} is no address`);
  return person;
};
const ANNA = matcher('Anna@Kunde.example');
const b64 = (text: string) => Buffer.from(text).toString('base64');
const LONG = 'Viele Worte, die vor der Adresse stehen und mehrere Zeilen füllen. '.repeat(3);
const lines = (base64: string) => base64.replaceAll(/.{76}/g, '$&\r\n');

describe('an address in a text', () => {
  it.each([
    'anna@kunde.example',
    'ANNA@KUNDE.EXAMPLE',
    'Anna <anna@kunde.example>, x',
    'Schreibt an anna@kunde.example.',
    'anna@kunde.example. Danke',
    'mailto:anna%40kunde.example',
    'https://x.example/?to=%20anna%40kunde.example&y',
  ])('is found in %j', (text) => {
    expect(ANNA.inText(text)).toBe(true);
  });
  it.each([
    'joanna@kunde.example',
    'x.anna@kunde.example',
    'öanna@kunde.example',
    'anna@kunde.example.org',
    'anna@kunde.examples',
    'anna@kunde-example',
    'anna+tag@kunde.example',
    'anna at kunde.example',
  ])('is not found in %j', (text) => {
    expect(ANNA.inText(text)).toBe(false);
  });
  it('is the same with its domain in Unicode and in ASCII', () => {
    for (const address of ['jörg@müller.example', 'jörg@xn--mller-kva.example'])
      for (const text of ['JÖRG@MÜLLER.example', 'jörg@xn--mller-kva.example'])
        expect(matcher(address).inText(text)).toBe(true);
  });
  it.each(['', 'anna', 'a@b.example, c@d.example', '@kunde.example'])('is not an address: %j', (text) => {
    expect(personMatcher(text)).toBeUndefined();
  });
  it('is replaced everywhere, and nothing else is', () => {
    expect(ANNA.replaced('anna@kunde.example joanna@kunde.example <ANNA@kunde.example>', 'X')).toBe(
      'X joanna@kunde.example <X>',
    );
  });
});

it('is found in values, field names and JSON inside texts, whatever escape precedes it', () => {
  expect(ANNA.inValue({ a: [1, { b: 'x\nanna@kunde.example' }] })).toBe(true);
  expect(ANNA.inValue({ 'anna@kunde.example': 1 })).toBe(true);
  expect(ANNA.inValue(JSON.stringify({ result: JSON.stringify({ text: 'x\nanna@kunde.example' }) }))).toBe(true);
  expect(ANNA.inValue({ a: 'joanna@kunde.example', b: null })).toBe(false);
});

describe('a raw mail', () => {
  it.each([
    ['in a header', 'From: Anna <anna@kunde.example>\r\n\r\nx'],
    ['quoted-printable, broken in two', 'From: x@y.example\r\n\r\nLiebe Gr=C3=BC=C3=9Fe =3Canna@kun=\r\nde.example=3E'],
    ['base64', `Content-Transfer-Encoding: base64\r\n\r\n${lines(b64(`${LONG}anna@kunde.example`))}\r\n`],
    ['base64 between other parts', `--b\r\n\r\n${lines(b64(`${LONG} anna@kunde.example ${LONG}`))}\r\n--b--\r\n`],
    ['an encoded word', `Subject: =?utf-8?B?${b64('Von anna@kunde.example')}?=\r\n\r\nx`],
  ])('contains it %s', (_, raw) => {
    expect(ANNA.inMail(Buffer.from(raw))).toBe(true);
  });
  it('contains it in 8-bit headers', () => {
    expect(matcher('jörg@müller.example').inMail(Buffer.from('From: <jörg@müller.example>\r\n\r\n'))).toBe(true);
  });
  it('contains only another one', () => {
    const raw = `From: joanna@kunde.example\r\n\r\n${lines(b64(`${LONG}joanna@kunde.example`))}\r\n`;
    expect(ANNA.inMail(Buffer.from(raw))).toBe(false);
  });
});
