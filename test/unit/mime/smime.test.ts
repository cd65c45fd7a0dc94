// Opaque S/MIME: the signed mail inside is shown, encrypted ones are said to be, and damaged ones cost nothing.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCms } from '../../../src/mime/cms.ts';
import { decodeSlice, parseMessage } from '../../../src/mime/index.ts';
import { ber, cmsBody, envelopedData, signedAround, signedData, streamedSignedData } from '../../support/cms.ts';
import { costlyGrowth } from '../../support/cpu.ts';

const inner = Buffer.from(
  'Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe, wo ist mein Paket?\r\n--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Gr&uuml;&szlig;e, wo ist mein Paket?</p>\r\n--a--\r\n--i\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--i--\r\n',
);
const parse = (body: string, options = {}) =>
  parseMessage(Buffer.from(`From: Kim <kim@kunde.example>\r\nSubject: Frage\r\nMIME-Version: 1.0\r\n${body}`), options);
async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const codes = (message: ReturnType<typeof parse>) => message.warnings.map(({ code, detail }) => `${code} ${detail}`);

describe('a signed mail within a CMS message', () => {
  it.each([
    ['in one piece', signedData(inner), undefined],
    ['in pieces', streamedSignedData(inner, 50), undefined],
    ['in one piece of a piece', streamedSignedData(inner, 1e6), undefined],
    ['signed twice', signedData(Buffer.from(cmsBody(streamedSignedData(inner)))), undefined],
    ['of an old type', signedData(inner), 'application/x-pkcs7-mime'],
    ['recognised by its name', signedData(inner), 'application/octet-stream'],
  ])('%s', (name, cms, type) => {
    const message = parse(cmsBody(cms, type));
    expect(message.text?.value.trim()).toBe('Grüße, wo ist mein Paket?');
    expect(message.html?.value).toContain('<p>Gr&uuml;');
    expect(message.replyText).toBe('Grüße, wo ist mein Paket?');
    // Signed twice: its attachment stays inside, and the warning counts it.
    const twice = name === 'signed twice';
    expect(message.attachments.map((a) => a.filename)).toEqual(twice ? ['smime.p7m'] : ['smime.p7m', 'a.pdf']);
    expect(codes(message)).toEqual([twice ? 'smime-unwrapped part 1: 1 attachments within' : 'smime-unwrapped part 1']);
    expect(message.automatic).toEqual({ kind: 'none', evidence: [], mayAutoRespond: true });
  });

  it.each([
    ['in one piece', (content: Buffer) => signedData(content)],
    ['in pieces', (content: Buffer) => streamedSignedData(content, 50)],
  ])('%s: each attachment is listed and decoded as it was signed', async (_name, sign) => {
    const picture = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    const content = Buffer.from(
      [
        'Content-Type: multipart/mixed; boundary=i\r\n',
        '--i\r\nContent-Type: text/html\r\n\r\n<p>See <img src="cid:logo@x"></p>',
        `--i\r\nContent-Type: image/png; name="Übersicht.png"\r\nContent-ID: <logo@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n${picture.toString('base64')}`,
        '--i\r\nContent-Type: text/csv; name=order.csv\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=B6=C3=9Fe;4711',
        '--i\r\nContent-Type: application/pdf; name=plain.pdf\r\n\r\n%PDF-1.7 plain',
        '--i--\r\n',
      ].join('\r\n'),
    );
    const raw = Buffer.from(`From: kim@kunde.example\r\nSubject: Frage\r\n${cmsBody(sign(content))}`);
    const { attachments, warnings } = parseMessage(raw);
    expect(warnings.map(({ code }) => code)).toContain('smime-unwrapped');
    expect(attachments.map(({ n, filename, inline, part }) => ({ n, filename, inline, part }))).toEqual([
      { n: 0, filename: 'smime.p7m', inline: false, part: '1' },
      { n: 1, filename: 'Übersicht.png', inline: true, part: '1' },
      { n: 2, filename: 'order.csv', inline: false, part: '1' },
      { n: 3, filename: 'plain.pdf', inline: false, part: '1' },
    ]);
    const expected = [undefined, picture, Buffer.from('Größe;4711'), Buffer.from('%PDF-1.7 plain')];
    for (const { n, slice, size, sha256 } of attachments.slice(1)) {
      const pieces: Uint8Array[] = [];
      for await (const piece of decodeSlice(slice, chunksOf(raw.subarray(slice.start, slice.end), 100)))
        pieces.push(piece);
      const file = Buffer.concat(pieces);
      expect(file).toEqual(expected[n]);
      expect([file.length, createHash('sha256').update(file).digest('hex')]).toEqual([size, sha256]);
    }
  });

  it('whose bytes were exchanged later yields nothing, and ends', async () => {
    const signed = { start: 0, end: 9, encoding: 'base64' } as const;
    const slice = { start: 0, end: 4, encoding: 'base64', signed } as const;
    const pieces: Uint8Array[] = [];
    for await (const piece of decodeSlice(slice, chunksOf(Buffer.from('AAAA'), 2))) pieces.push(piece);
    expect(Buffer.concat(pieces)).toHaveLength(0);
  });

  it('is cut without a reference, and whole where references are requested', () => {
    const long = signedData(Buffer.from(`Content-Type: text/plain\r\n\r\n${'word '.repeat(20_000)}\r\n`));
    expect(parse(cmsBody(long)).text).toMatchObject({ truncated: true, length: 100_002 - 1 });
    expect(parse(cmsBody(long)).text?.parts).toBeUndefined();
    expect(parse(cmsBody(long), { inlineTextBytes: 0 }).text).toMatchObject({ truncated: false, length: 100_001 });
  });
});

it.each([
  ['encrypted', envelopedData(), 'encrypted part 1'],
  ['no CMS', Buffer.from('nothing of the kind'), 'smime-unreadable part 1'],
  ['empty', Buffer.alloc(0), 'smime-unreadable part 1'],
  ['cut', signedData(inner).subarray(0, 100), 'smime-unreadable part 1'],
  ['cut in pieces', streamedSignedData(inner, 50).subarray(0, 200), 'smime-unreadable part 1'],
  ['signed far too often', nest(inner, 20), undefined],
])('a CMS message that is %s: no text, and a warning', (_name, cms, warning) => {
  const message = parse(cmsBody(cms));
  expect(message.text?.value ?? '').not.toContain('Paket');
  expect(message.attachments).toHaveLength(1);
  if (warning !== undefined) expect(codes(message)).toEqual([warning]);
});

it('OpenPGP/MIME is reported as encrypted', () => {
  const message = parse(
    'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--b--\r\n',
  );
  expect(codes(message)).toEqual(['encrypted part 1']);
});

function nest(content: Buffer, times: number): Buffer {
  let cms = signedData(content);
  for (let k = 1; k < times; k++) cms = signedData(Buffer.from(cmsBody(cms)));
  return cms;
}

describe('damaged bytes', () => {
  it('are read to an end, whatever they are', () => {
    const good = streamedSignedData(inner, 50);
    for (let k = 0; k < good.length; k++) {
      for (const value of [0x00, 0x24, 0x80, 0xff]) {
        const damaged = Buffer.from(good);
        damaged[k] = value;
        expect(() => readCms(damaged)).not.toThrow();
      }
      expect(() => readCms(good.subarray(0, k))).not.toThrow();
    }
  });

  it.each([
    ['endless levels', (n: number) => Buffer.from('2480'.repeat(n), 'hex')],
    ['empty pieces', (n: number) => ber(0x24, Buffer.from('0400'.repeat(n), 'hex'))],
    ['empty levels', (n: number) => ber(0x24, Buffer.from('24800000'.repeat(n), 'hex'))],
    ['pieces of one octet', (n: number) => ber(0x24, Buffer.from('040141'.repeat(n), 'hex'))],
  ])('take time in proportion to their size: %s', (_name, octets) => {
    const problem = costlyGrowth((size) => {
      const cms = signedAround(octets(size / 4));
      return () => readCms(cms);
    });
    expect(problem).toBeUndefined();
  });
});
