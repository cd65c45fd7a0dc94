// Bytes and labels that do not fit each other: the text is read as its writer saw it, and what was wrong is named.
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { decodeText } from '../../../src/mime/charset.ts';
import { decodeHeaderText } from '../../../src/mime/encoded-words.ts';
import { parseMessage, wholeText } from '../../../src/mime/index.ts';

const japanese = '宛先のメールボックスがありません。ご注文の配送先を変更したいです。';
const chinese = '您好，我的订单还没有收到，请您帮我查一下。';
const taiwanese = '您好，我的訂單還沒有收到，請您幫我查一下。';
const korean = '안녕하세요 주문한 상품이 아직 도착하지 않았습니다 확인 부탁드립니다';
const russian = 'Добрый день! Мой заказ ещё не пришёл. Где он? Ольга';
const polish = 'Dzień dobry, chciałabym wiedzieć, gdzie są moje książki. Dziękuję, Małgorzata';
const czech = 'Dobrý den, těším se na zásilku. Kdy přijde balík? Děkuji, Jiří z Prahy';
const french = 'Déjà reçu, merci beaucoup. Où est l’été ? Ça va très bien, à bientôt, Zoë';

describe('a wrong label', () => {
  it.each([
    ['iso-2022-jp', 'euc-jp', japanese],
    ['iso-2022-jp', 'shift_jis', japanese],
    ['iso-2022-jp', 'utf-8', japanese],
    ['euc-jp', 'shift_jis', japanese],
    ['shift_jis', 'euc-jp', japanese],
    ['koi8-r', 'windows-1251', russian],
    ['windows-1251', 'koi8-r', russian],
    ['koi8-u', 'windows-1251', russian],
    ['utf-8', 'euc-jp', japanese],
    ['utf-8', 'shift_jis', japanese],
    ['utf-8', 'gb18030', chinese],
    ['utf-8', 'big5', taiwanese],
    ['utf-8', 'euc-kr', korean],
    ['utf-8', 'windows-1251', russian],
    ['us-ascii', 'shift_jis', japanese],
    ['unknown-8bit', 'big5', taiwanese],
    ['utf-8', 'windows-1250', polish],
    ['unknown-8bit', 'iso-8859-2', polish],
    ['utf-8', 'windows-1250', czech],
    ['unknown-8bit', 'iso-8859-2', czech],
    ['utf-8', 'windows-1250', 'Köszönöm, a csomag jövő hétfőn jó lesz. Tizenhárom óra, Győző'],
    ['utf-8', 'windows-1250', 'Molim vas pošaljite račun, želim povrat novca. Hvala, Žarko Čačić'],
    ['utf-8', 'windows-1253', 'Καλησπέρα, το δέμα μου δεν έφτασε ακόμα. Πού βρίσκεται;'],
    ['unknown-8bit', 'windows-1255', 'שלום, ההזמנה שלי עדיין לא הגיעה. מתי היא תגיע?'],
    ['utf-8', 'windows-1256', 'مرحبا، لم يصل طلبي بعد. متى سيصل؟ وشكرا لكم'],
    ['unknown-8bit', 'koi8-r', 'ЗАКАЗ НЕ ПРИШЁЛ, ГДЕ ОН?'],
  ])('%s, but it is %s', (label, charset, text) => {
    expect(decodeText(iconv.encode(text, charset), label)).toEqual({ text, repaired: charset });
  });

  it.each([
    ['euc-jp', japanese],
    ['shift_jis', japanese],
    ['shift_jis', 'ﾃﾞﾝﾜ'],
    ['gb18030', chinese],
    ['big5', taiwanese],
    ['euc-kr', korean],
    ['windows-1251', russian],
    ['koi8-r', russian],
    ['koi8-r', 'ВНИМАНИЕ СРОЧНО'],
    ['windows-1252', french],
  ])('is not assumed in %s where it is right', (charset, text) => {
    expect(decodeText(iconv.encode(text, charset), charset)).toEqual({ text });
  });

  it.each(['euc-jp', 'shift_jis', 'big5', 'euc-kr'])(
    'is not assumed in %s that was cut within a character',
    (charset) => {
      const bytes = iconv.encode(charset === 'euc-kr' ? korean : charset === 'big5' ? taiwanese : japanese, charset);
      expect(decodeText(bytes.subarray(0, -3), charset).repaired).toBeUndefined();
    },
  );

  it.each([
    french,
    'Größe, Süden, Fußgänger: fünfzehn Stück für Ärzte',
    'Ångström: på sjön, längs ån',
    'smørrebrød på Ærø, 5 m³Gas bei 20°C, ½ Stück für 4 €',
    'põhjus, õpetaja, jäär, öö, üks',
    'São João: ações, não, então, õ',
    'Žižek und Škoda in Österreich, schön',
  ])('is not assumed to be of another part of the world for Western bytes without a label: %s', (text) => {
    expect(decodeText(iconv.encode(text, 'windows-1252')).text).toBe(text);
  });
});

describe('a charset that does not exist', () => {
  it.each(['constructor', '__proto__', 'valueOf', 'x-none'])('%s is no reason to lose the text', (charset) => {
    const message = parseMessage(Buffer.from(`From: a@b.c\nContent-Type: text/plain; charset=${charset}\n\nGrüße`));
    expect([message.parse, message.text?.value]).toEqual(['complete', 'Grüße']);
  });
});

describe('ISO-2022-JP', () => {
  const shift = (text: string): Buffer => {
    const euc = iconv.encode(text, 'euc-jp');
    return Buffer.concat([Buffer.from('\x1b$B'), Buffer.from(euc.map((b) => b & 0x7f)), Buffer.from('\x1b(B')]);
  };
  const word = (text: string): string => `=?ISO-2022-JP?B?${shift(text).toString('base64')}?=`;

  it('is decoded from complete words that are joined', () => {
    expect(decodeHeaderText(`${word('ご注文の')} ${word('配送先を')} ${word('変更')}`)).toBe('ご注文の配送先を変更');
  });

  it('is decoded in complete stretches, both inline and in the whole of a long text', async () => {
    const line = Buffer.concat([shift('ご注文'), shift('番号'), Buffer.from('\r\n')]);
    const raw = Buffer.concat([
      Buffer.from('Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n'),
      ...Array.from({ length: 100 }, () => line),
    ]);
    const { text } = parseMessage(raw, { inlineTextBytes: 100 });
    expect(text?.value.startsWith('ご注文番号\nご注文番号\n')).toBe(true);
    let whole = '';
    async function* read({ start, end }: { start: number; end: number }) {
      for (let at = start; at < end; at += 7) yield raw.subarray(at, Math.min(end, at + 7));
    }
    for await (const chunk of wholeText(text?.parts ?? [], read)) whole += Buffer.from(chunk).toString();
    expect(whole.trimEnd().split('\n')).toEqual(Array.from({ length: 100 }, () => 'ご注文番号'));
  });
});

it('headers with raw bytes are detected together, because one name alone is too short', () => {
  const raw = iconv.encode(
    'From: "王小明" <li@example.cn>\r\nSubject: 转发：整理订单与发票\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nHello\r\n',
    'gb18030',
  );
  const message = parseMessage(raw);
  expect(message).toMatchObject({ subject: '转发：整理订单与发票', from: [{ name: '王小明' }] });
  expect(message.warnings).toContainEqual({ code: 'charset-repaired', detail: 'subject: gb18030' });
});

it('a warning names the charset that replaced a wrong label', () => {
  const message = parseMessage(
    Buffer.concat([
      Buffer.from('Content-Type: text/plain; charset=euc-jp\r\n\r\n'),
      iconv.encode(japanese, 'shift_jis'),
    ]),
  );
  expect(message.text?.value).toBe(japanese);
  expect(message.warnings).toEqual([{ code: 'charset-repaired', detail: 'part 1: shift_jis' }]);
});
