// The line that introduces a quotation, as Gmail writes it in its languages: broken at column 76, with and without an empty line above, marked or not
// below. No line above it is ever part of it.
import { describe, expect, it } from 'vitest';
import { replyText } from '../../../src/mime/reply-text/index.ts';

const ofText = (text: string): string | undefined => replyText({ text, html: undefined, textIsDerived: false })?.text;

const A = 'Contoso Customer Support <customer.support@contoso.example>';

const byLanguage: Readonly<Record<string, string>> = {
  af: `Op Di. 03 Nov. 2026 om 10:12 het ${A} geskryf:`,
  ar: `في الثلاثاء، 3 نوفمبر 2026 في 10:12 ص تمت كتابة ما يلي بواسطة \u202a${A}\u202c\u200f:\u202c`,
  az: `${A} 3 noy 2026, Ç.A, 10:12 tarixində yazdı:`,
  be: `аўт, 3 ліс 2026 г. у 10:12 ${A} піша:`,
  bg: `На вт, 3.11.2026 г. в 10:12 ${A} написа:`,
  bn: `মঙ্গল, ৩ নভেম্বর, ২০২৬ তারিখে ১০:১২ AM টায় তারিখে ${A} লিখেছেন:`,
  ca: `Missatge de ${A} del dia dt., 3 de nov. 2026 a les 10:12:`,
  cs: `út 3. 11. 2026 v 10:12 odesílatel ${A} napsal:`,
  cy: `Ar Maw, 3 Tach 2026 am 10:12 ysgrifennodd ${A}:`,
  da: `Den tir. 3. nov. 2026 kl. 10.12 skrev ${A}:`,
  de: `Am Di., 3. Nov. 2026 um 10:12 Uhr schrieb ${A}:`,
  el: `Στις Τρί 3 Νοε 2026 στις 10:12 π.μ., ο χρήστης ${A} έγραψε:`,
  en: `On Tue, 3 Nov 2026 at 10:12, ${A} wrote:`,
  es: `El mar, 3 nov 2026 a las 10:12, ${A} escribió:`,
  et: `Kuupäev T, 3. november 2026 kell 10:12 kirjutas kasutaja ${A}:`,
  eu: `${A} erabiltzaileak hau idatzi du (2026 aza. 3, ar. (10:12)):`,
  fa: `در تاریخ سه‌شنبه ۳ نوامبر ۲۰۲۶،‏ ۱۰:۱۲ ${A} نوشت:`,
  fi: `ti 3. marrask. 2026 klo 10.12 ${A} kirjoitti:`,
  fil: `Noong Mar, Nob 3, 2026 nang 10:12 AM, isinulat ni ${A} ang:`,
  fr: `Le mar. 3 nov. 2026 à 10:12, ${A} a écrit :`,
  gl: `O mar, 3 nov 2026 ás 10:12, ${A} escribiu:`,
  he: `\u202bבתאריך יום ג׳, 3 בנוב׳ 2026 ב-10:12 מאת \u202a${A}\u202c\u200f:\u202c`,
  hi: `मंगल, 3 नव॰ 2026 को 10:12 am बजे को ${A} ने लिखा:`,
  hr: `uto, 3. stu 2026. u 10:12 ${A} napisao je:`,
  hu: `${A} ezt írta (időpont: 2026. nov. 3., K, 10:12):`,
  hy: `երք, 3 նոյ, 2026 թ., 10:12 ${A} գրել է՝:`,
  id: `Pada tanggal Sel, 3 Nov 2026 pukul 10.12 ${A} menulis:`,
  is: `Þann þri., 3. nóv. 2026 kl. 10:12 skrifaði ${A}:`,
  it: `Il giorno mar 3 nov 2026 alle ore 10:12 ${A} ha scritto:`,
  ja: `2026年11月3日(火) 10:12 ${A}:`,
  ka: `სამ, 3 ნოე, 2026, 10:12-ზე ${A} დაწერა:`,
  ko: `2026년 11월 3일 (화) 오전 10:12, ${A}님이 작성:`,
  lt: `2026-11-03, an, 10:12 ${A} rašė:`,
  lv: `otrd., 2026. g. 3. nov., plkst. 10:12 — lietotājs ${A} rakstīja:`,
  mk: `На вт., 3 ное. 2026 г. во 10:12 ${A} напиша:`,
  ms: `Pada Sel, 3 Nov 2026 pada 10:12 PG ${A} menulis:`,
  nb: `tir. 3. nov. 2026 kl. 10:12 skrev ${A}:`,
  nl: `Op di 3 nov 2026 om 10:12 schreef ${A}:`,
  pl: `wt., 3 lis 2026 o 10:12 ${A} napisał(a):`,
  'pt-BR': `Em ter., 3 de nov. de 2026 às 10:12, ${A} escreveu:`,
  'pt-PT': `${A} escreveu (terça, 3/11/2026 à(s) 10:12):`,
  ro: `În mar., 3 nov. 2026 la 10:12, ${A} a scris:`,
  ru: `вт, 3 нояб. 2026 г. в 10:12, ${A}:`,
  sk: `ut 3. 11. 2026 o 10:12 ${A} napísal(a):`,
  sl: `V tor., 3. nov. 2026 ob 10:12 je oseba ${A} napisala:`,
  sq: `Më mar., 3 nën 2026 në 10:12 ${A} shkroi:`,
  sr: `уто, 3. нов 2026. у 10:12 ${A} је написао/ла:`,
  sv: `Den tis 3 nov. 2026 kl 10:12 skrev ${A}:`,
  sw: `Mnamo Jum, 3 Nov 2026 saa 10:12 ${A} aliandika:`,
  ta: `செவ்., 3 நவ., 2026, முற்பகல் 10:12 அன்று, ${A} எழுதியது:`,
  th: `ในวันที่ อ. 3 พ.ย. 2026 เวลา 10:12 ${A} เขียนว่า:`,
  tr: `${A}, 3 Kas 2026 Sal, 10:12 tarihinde şunu yazdı:`,
  uk: `вт, 3 лист. 2026 р. о 10:12 ${A} пише:`,
  ur: `منگل، 3 نومبر، 2026 کو 10:12 AM پر ${A} نے لکھا:`,
  vi: `Vào Th 3, 3 thg 11, 2026 vào lúc 10:12 ${A} đã viết:`,
  'zh-CN': `${A} 于2026年11月3日周二 10:12写道：`,
  'zh-TW': `${A} 於 2026年11月3日 週二 上午10:12寫道：`,
};

/** Broken at blanks, so that no line is longer than 76 characters. */
function wrapped(line: string): string {
  if (line.length <= 76) return line;
  const at = line.lastIndexOf(' ', 76);
  return `${line.slice(0, at)}\n${wrapped(line.slice(at + 1))}`;
}

const ANSWER = 'Dear team,\nI tried it on 2 November at 9:30 and again today.\nIt works now.\nKim';

describe.each(Object.entries(byLanguage))('the attribution of Gmail in %s', (_language, line) => {
  it.each([
    ['marked', `\n\n${wrapped(line)}\n\n> Hello Kim,\n> please restart.\n`],
    ['marked, no empty line above', `\n${wrapped(line)}\n> Hello Kim,\n> please restart.\n`],
    ['not marked', `\n\n${wrapped(line)}\n\nHello Kim,\nplease restart.\n`],
    ['not broken', `\n\n${line}\n\n> Hello Kim,\n> please restart.\n`],
  ])('%s', (_how, tail) => {
    expect(ofText(`${ANSWER}${tail}`)).toBe(ANSWER);
  });
});

it('is recognised in at least forty languages', () =>
  expect(Object.keys(byLanguage).length).toBeGreaterThanOrEqual(40));

describe('keeps the writer’s own words', () => {
  it.each([
    'On 3 November 2026 at 10:12 I sent you the form.\nJane <j@x.example> wrote:\n> Please fill in the form.',
    'Am 3. November schrieb ich Ihnen folgendes:\nDas Gerät ist defekt.\nBitte um Rückruf.',
    'Am 03.11.2026 um 10:12 Uhr war der Techniker da. Ergebnis:\nalles defekt.',
    'The log of 2026-11-03 10:12 says:\nerror 17\nand nothing else.',
    'On 5 May I ordered two of these:\n4711\n4712',
    'Le 3 novembre, j’ai écrit au service :\npas de réponse.',
    'El 3 de noviembre les escribí:\nnada.',
    '3.11.2026 lähetin lomakkeen ja kirjoitin:\nei vastausta.',
    'Outlook on iOS does not open the file\nOutlook on my Android does',
    'Mein iPhone wurde gestern verschickt',
    'iPhone’um dün gönderildi',
  ])('%s', (text) => {
    const kept = ofText(text) ?? '';
    for (const line of text.split('\n'))
      if (!line.startsWith('>') && !line.endsWith('wrote:')) expect(kept).toContain(line);
  });
});
