// Answers of programs and languages that answers.ts does not have, written down before any rule was made for them: what the rules say of mails that
// they were not written for.

const W = 'Contoso Support';
const M = 'support@contoso.example';
const A = `${W} <${M}>`;
const H = `${W} &lt;${M}&gt;`;
export const NEW_PART = 'Hello,\nit works now: order 4711.\nKim';
const OLD = 'Dear Kim,\nplease restart the router.';
const MARKED = OLD.replaceAll(/^/gm, '> ');
const HTML_NEW = 'Hello,<br>it works now: order 4711.<br>Kim';
const HTML_OLD = OLD.replaceAll('\n', '<br>');

const attributed = (line: string) => ({ text: `${NEW_PART}\n\n${line}\n\n${MARKED}\n` });
const headed = (lines: string[]) => ({ text: `${NEW_PART}\n\n${lines.join('\n')}\n\n${OLD}\n` });
const quoted = (line: string, attributes = '') => ({
  html: `<html><body><div>${HTML_NEW}</div><br><div>${line}</div><blockquote${attributes}>${HTML_OLD}</blockquote></body></html>`,
});

export const otherPrograms: Readonly<Record<string, { text: string } | { html: string }>> = {
  'Evolution, en': attributed(`On Tue, 2026-11-03 at 10:12 +0100, ${W} wrote:`),
  'Evolution, de': attributed(`Am Dienstag, dem 03.11.2026 um 10:12 +0100 schrieb ${W}:`),
  'Evolution, da': attributed(`tir, 03 11 2026 kl. 10:12 +0100, skrev ${W}:`),
  'KMail, en': attributed(`On Tuesday, 3 November 2026 10:12:04 CET ${W} wrote:`),
  'KMail, de': attributed(`Am Dienstag, 3. November 2026, 10:12:04 CET schrieb ${W}:`),
  'mutt, en': attributed(`On Tue, Nov 03, 2026 at 10:12:04AM +0100, ${W} wrote:`),
  'Claws, en': attributed(`On Tue, 3 Nov 2026 10:12:04 +0100\n${A} wrote:`),
  'Claws, fr': attributed(`Le Tue, 3 Nov 2026 10:12:04 +0100,\n${A} a écrit :`),
  'The Bat!, en': attributed('Tuesday, November 3, 2026, 10:12:04 AM, you wrote:'),
  'The Bat!, ru': attributed('Вы писали 3 ноября 2026 г., 10:12:04:'),
  'FairEmail, en': attributed(`Nov 3, 2026 10:12:04 AM ${A}:`),
  'Horde, en': attributed(`Quoting ${A}:`),
  'Horde, de': attributed(`Zitat von ${A}:`),
  'Zoho, en': quoted(`---- On Tue, 03 Nov 2026 10:12:00 +0100 <b>${H}</b> wrote ----`),
  'Zoho, de': quoted(`---- Am Di, 03 Nov. 2026 10:12:00 +0100 <b>${H}</b> schrieb ----`),
  'eM Client, en': headed([
    '------ Original Message ------',
    `From "${W}" <${M}>`,
    'To "Kim" <kim@kunde.example>',
    'Date 11/3/2026 10:12:04 AM',
    'Subject 4711',
  ]),
  'eM Client, de': headed([
    '------ Originalnachricht ------',
    `Von "${W}" <${M}>`,
    'An "Kim" <kim@kunde.example>',
    'Datum 03.11.2026 10:12:04',
    'Betreff 4711',
  ]),
  'Foxmail, zh': headed([` `, `发件人： ${W}`, '发送时间： 2026-11-03 10:12', '收件人： Kim', '主题： 4711']),
  'Foxmail, en': headed([` `, `From: ${W}`, 'Date: 2026-11-03 10:12', 'To: Kim', 'Subject: Re: 4711']),
  'Notes, en': headed([
    `From:\t"${W}" <${M}>`,
    'To:\t<kim@kunde.example>',
    'Date:\t03/11/2026 10:12',
    'Subject:\t4711',
  ]),
  'Notes, de': headed([
    `Von:\t"${W}" <${M}>`,
    'An:\t<kim@kunde.example>',
    'Datum:\t03.11.2026 10:12',
    'Betreff:\t4711',
  ]),
  'Mailspring, en': quoted(`On Nov 3 2026, at 10:12 am, ${H} wrote:`, ' class="gmail_quote"'),
  'Tutanota, en': quoted(`Nov 3, 2026, 10:12 by ${M}:`, ' class="tutanota_quote"'),
  'Tutanota, de': quoted(`3. Nov. 2026, 10:12 von ${M}:`, ' class="tutanota_quote"'),
  'HEY, en': quoted(`On November 3, 2026, ${H} wrote:`),
  'Airmail, en': attributed(`On 3 November 2026 at 10:12:04, ${W} (${M}) wrote:`),
  'Airmail, de': attributed(`Am 3. November 2026 um 10:12:04, ${W} (${M}) schrieb:`),
  'Gmail, ko': attributed(`2026년 11월 3일 (화) 오전 10:12, ${A}님이 작성:`),
  'Gmail, zh': attributed(`${A} 于2026年11月3日周二 10:12写道：`),
  'Gmail, fi': attributed(`ti 3. marrask. 2026 klo 10.12 ${W} (${M}) kirjoitti:`),
  'Gmail, ro': attributed(`mar., 3 nov. 2026 la 10:12, ${A} a scris:`),
  'Gmail, uk': attributed(`вт, 3 лист. 2026 р. о 10:12 ${A} пише:`),
  'Gmail, el': attributed(`Στις Τρί 3 Νοε 2026 στις 10:12 π.μ., ο χρήστης ${A} έγραψε:`),
  'Gmail, vi': attributed(`Vào Th 3, 3 thg 11, 2026 vào lúc 10:12 ${A} đã viết:`),
  'Thunderbird, da': attributed(`Den 03-11-2026 kl. 10.12 skrev ${W}:`),
  'Thunderbird, nb': attributed(`Den 03.11.2026 10:12, skrev ${W}:`),
  'Outlook, fi': headed([
    `Lähettäjä: ${A}`,
    'Lähetetty: tiistai 3. marraskuuta 2026 10.12',
    'Vastaanottaja: Kim <kim@kunde.example>',
    'Aihe: 4711',
  ]),
  'Outlook, ko': headed([
    `보낸 사람: ${A}`,
    '보낸 날짜: 2026년 11월 3일 화요일 오전 10:12',
    '받는 사람: Kim <kim@kunde.example>',
    '제목: 4711',
  ]),
  'Outlook, ro': headed([
    `De la: ${A}`,
    'Trimis: marți, 3 noiembrie 2026 10:12',
    'Către: Kim <kim@kunde.example>',
    'Subiect: 4711',
  ]),
  'Outlook, uk': headed([
    `Від: ${A}`,
    'Надіслано: вівторок, 3 листопада 2026 р. 10:12',
    'Кому: Kim <kim@kunde.example>',
    'Тема: 4711',
  ]),
};
