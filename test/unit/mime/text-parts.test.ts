// The whole of texts that are cut in the message, out of the raw mail again.
import { describe, expect, it } from 'vitest';
import { parseMessage, wholeText } from '../../../src/mime/index.ts';

async function whole(raw: Buffer, kind: 'text' | 'html', size = 997): Promise<string> {
  const parts = parseMessage(raw, { inlineTextBytes: 300 })[kind]?.parts ?? [];
  async function* read({ start, end }: { start: number; end: number }): AsyncIterable<Uint8Array> {
    for (let at = start; at < end; at += size) yield raw.subarray(at, Math.min(end, at + size));
  }
  const out: Uint8Array[] = [];
  for await (const chunk of wholeText(parts, read)) out.push(Uint8Array.from(chunk));
  return Buffer.concat(out).toString();
}

/** What the parser says without a bound that cuts. */
const uncut = (raw: Buffer) => parseMessage(raw, { inlineTextBytes: 1 << 20 });

const lines = (line: string): string => line.repeat(400);
const one = (charset: string, encoding: string, body: Buffer | string): Buffer =>
  Buffer.concat([
    Buffer.from(`Content-Type: text/plain; charset=${charset}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`),
    Buffer.from(body),
  ]);
const multipart = (kind: string, ...parts: string[]): Buffer =>
  Buffer.from(
    `Content-Type: multipart/${kind}; boundary=x\r\n\r\n${parts.map((part) => `--x\r\n${part}\r\n`).join('')}--x--\r\n`,
  );
const plain = (text: string): string => `Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`;
const html = (text: string): string => `Content-Type: text/html; charset=utf-8\r\n\r\n${text}`;

describe('the whole of a text', () => {
  const mails: [string, Buffer][] = [
    ['UTF-8', one('utf-8', '8bit', lines('Grüße, 5 €\r\n'))],
    ['UTF-8 in base64', one('utf-8', 'base64', Buffer.from(lines('Grüße, 5 € 😀\n')).toString('base64'))],
    ['quoted-printable', one('utf-8', 'quoted-printable', lines('Gr=C3=BC=C3=9Fe,=20=\r\n 5 =E2=82=AC\r\n'))],
    ['windows-1252', one('windows-1252', '8bit', Buffer.from(lines('Gr\xfc\xdfe\r\n'), 'latin1'))],
    ['a charset other than the declared one', one('us-ascii', '8bit', Buffer.from(lines('Gr\xfc\xdfe\r\n'), 'latin1'))],
    ['an unknown charset', one('x-unheard-of', '8bit', lines('Hello\r\n'))],
    ['UTF-16', one('utf-16le', 'base64', Buffer.from(lines('Grüße\n'), 'utf16le').toString('base64'))],
    ['ISO-2022-JP', one('iso-2022-jp', '7bit', lines('\x1b$B$3$s$K$A$O\x1b(B\r\n'))],
    ['ISO-2022-KR', one('iso-2022-kr', '7bit', `\x1b$)C\r\n${lines('\x0e1[\x0f abc\r\n')}`)],
    ['UTF-7', one('utf-7', '7bit', lines('Gr+APwA3w-e\r\n'))],
    [
      'a footer appended to base64',
      one('utf-8', 'base64', `${Buffer.from(lines('Grüße\n')).toString('base64')}\r\n--\r\nA footer, as it is.\r\n`),
    ],
    ['several parts', multipart('mixed', plain(lines('one\r\n')), plain(lines('two\r\n')))],
  ];
  it.each(mails)('matches the parser’s result: %s', async (_name, raw) => {
    const expected = uncut(raw).text;
    expect(expected?.truncated).toBe(false);
    for (const size of [1, 7, 997]) expect(await whole(raw, 'text', size)).toBe(expected?.value);
  });

  it('of html is the html, with plain parts escaped in between', async () => {
    const raw = multipart(
      'mixed',
      html(lines('<p>Grüße</p>\r\n')),
      plain('a < b & c\r\nd'),
      html(lines('<b>end</b>\r\n')),
    );
    expect(await whole(raw, 'html')).toBe(uncut(raw).html?.value);
  });

  it('has no parts where it is not cut, or was made of html', () => {
    const raw = Buffer.from(html(lines('<p>Grüße</p>\r\n')));
    const { text, html: body } = parseMessage(raw, { inlineTextBytes: 300 });
    expect(text).toMatchObject({ truncated: true });
    expect(text?.parts).toBeUndefined();
    expect(body?.parts).toMatchObject([{ part: '1', contentType: 'text/html', charset: 'utf-8' }]);
    expect(uncut(raw).html?.parts).toBeUndefined();
  });

  it('refers to all its parts', () => {
    const raw = multipart('mixed', ...Array.from({ length: 200 }, () => plain('some text\r\n')));
    expect(parseMessage(raw, { inlineTextBytes: 300 }).text?.parts).toHaveLength(200);
  });
});

describe('html that is cut', () => {
  const filler = 'x'.repeat(50);
  it.each([
    ['text', `<p>${filler}`, 20, `<p>${'x'.repeat(17)}`],
    ['a tag', `<p>abc<img src="${filler}">`, 20, '<p>abc'],
    ['a tag with > in a value', `<p>abc<a title="1 > 2 ${filler}" href="#">x</a>`, 30, '<p>abc'],
    ['an end tag', `<p>abcdefgh</p>${filler}`, 13, '<p>abcdefgh'],
    ['a comment', `<p>abc<!-- > ${filler} -->x`, 20, '<p>abc'],
    ['an unclosed comment', `<p>abc<!-- ${filler}`, 20, `<p>abc<!-- ${'x'.repeat(9)}`],
    ['a style element', `<p>abc<style>a > b {} ${filler}</style>x`, 30, '<p>abc'],
    ['the end of a script', `<p>abc<SCRIPT>1 < 2 ${filler}</SCRIPT >x`, 76, '<p>abc'],
    ['a number', `<p>abcdefgh &#8364; ${filler}`, 17, '<p>abcdefgh '],
    ['a name', `<p>abcdefgh &nbsp; ${filler}`, 17, '<p>abcdefgh '],
    ['a complete entity', `<p>ab &amp; ${filler}`, 12, '<p>ab &amp; '],
    ['a bare <', `<p>1 < 2 ${filler}`, 12, '<p>1 < 2 xxx'],
    ['an umlaut', `<p>ä${'ö'.repeat(20)}`, 8, '<p>äö'],
  ])('is never cut within %s', (_name, body, inlineHtmlBytes, expected) => {
    const raw = Buffer.from(html(body));
    const { html: cut } = parseMessage(raw, { inlineHtmlBytes });
    expect(cut).toMatchObject({ value: expected, truncated: true, length: body.length });
    expect(cut?.parts).toHaveLength(1);
  });

  it('is the same up to its end for every limit', () => {
    const body = lines('<p class="a>b">Grüße &uuml; <!-- no > --> 1 < 2</p>\r\n').slice(0, 900);
    for (let inlineHtmlBytes = 0; inlineHtmlBytes < 900; inlineHtmlBytes += 7) {
      const value = parseMessage(Buffer.from(html(body)), { inlineHtmlBytes }).html?.value ?? '';
      expect(body.startsWith(value)).toBe(true);
      expect(value.slice(value.lastIndexOf('<p class'))).not.toMatch(/<p [^\n]{0,9}$|&u?u?m?l?$/);
    }
  });
});
