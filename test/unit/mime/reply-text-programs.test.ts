// What mail programs, web mailers and help desks put between an answer and the mail answered, a hundred of them; and what looks like it and is the
// customer's own.
import { describe, expect, it } from 'vitest';
import { replyText } from '../../../src/mime/reply-text/index.ts';

const ANSWER = 'Thanks, that works.\n\nKim';

const tails: Readonly<Record<string, string>> = {
  'gmail split datetime':
    'On Thu, Mar 8, 2018 at 3:57 PM,\nKim Foo via Support <support@x.example>\nwrote:\n\n> a\n> b',
  'gmail odd wrap': 'On Thu, Mar 8, 2018\nat 3:57 PM, Kim Foo\n<support@x.example> wrote:\n\n> a',
  'de wrap': 'Am 8. März 2018 um 15:57 schrieb Kim Foo via Support <\nsupport@x.example>:\n\n> a',
  'de hat geschrieben': 'Kim Foo <support@x.example> hat am 8. März 2018 um 15:57 geschrieben:\n\n\nold text',
  'fr multi': 'Le jeu. 8 mars 2018 à 15:57, Kim Foo via Support <support@x.example> a\nécrit :\n\n> a',
  'fr unmarked': 'Le 8 mars 2018 à 15:57, Kim Foo <support@x.example> a écrit :\n\nvieux texte',
  'ios outlook fr':
    'Envoyé à partir de Outlook pour iOS<https://aka.ms/o0ukef>\n________________________________\nDe : Kim <support@x.example>\nEnvoyé : jeudi 8 mars 2018 15:57:12\nÀ : Bob\nObjet : Re: x\n\nvieux',
  'android outlook en':
    'Get Outlook for Android<https://aka.ms/ghei36>\n\n________________________________\nFrom: Kim <support@x.example>\nSent: Thursday, March 8, 2018 3:57:12 PM\nTo: Bob\nSubject: Re: x\n\nold',
  'outlook no sep bold':
    '*From:* Kim <support@x.example>\n*Sent:* Thursday, March 8, 2018 3:57 PM\n*To:* Bob\n*Subject:* Re: x\n\nold',
  msn: 'Date: Thu, 8 Mar 2018 15:57:12 +0000\nTo: bob@x.example\nFrom: support@x.example\nSubject: Re: x\n\nold',
  pt: 'Em qui, 8 de mar de 2018 às 15:57, Kim Foo <support@x.example>\nescreveu:\n\n> a',
  it: 'Il giorno gio 8 mar 2018 alle ore 15:57 Kim Foo <\nsupport@x.example> ha scritto:\n\n> a',
  'it gg/mm': 'Il 08/03/2018 15:57, Kim Foo ha scritto:\n> a',
  ru: '8 марта 2018 г., 15:57 пользователь Kim Foo <support@x.example> написал:\n\n> a',
  ru2: 'чт, 8 мар. 2018 г. в 15:57, Kim Foo via Support <\nsupport@x.example>:\n\n> a',
  'dash sep': '----- Original message -----\nFrom: Kim\n\nold',
  'original 2': '-----Original Message-----\nFrom: Kim <a@b.example>\n\nold',
  'us date': 'On 3/8/18, 3:57 PM, "Kim Foo" <support@x.example> wrote:\n\n    old text\n    more',
  'mac outlook': 'On 08/03/2018, 15:57, "Kim Foo" <support@x.example> wrote:\n\n    old',
  'mac outlook de': 'Am 08.03.18, 15:57 schrieb "Kim Foo" <support@x.example>:\n\n    alt',
  'no space': 'On Mar 8, 2018, at 3:57 PM, Kim Foo<support@x.example>wrote:\n> a',
  quoting: 'Quoting Kim Foo <support@x.example>:\n\n> a',
  zitat: 'Zitat von Kim Foo <support@x.example>:\n\n> a',
  missive: 'On March 8, 2018 at 3:57 PM GMT+1 support@x.example wrote:\n\nold',
  front: 'On Mar 8, 2018, 3:57 PM +0100, Kim Foo <support@x.example>, wrote:\n> a',
  aol: '-----Original Message-----\nFrom: Kim <a@b.example>\nTo: x\nSent: Thu, Mar 8, 2018 3:57 pm\nSubject: x\n\nold',
  'hotmail es':
    'De: Kim <a@b.example>\nEnviado: jueves, 8 de marzo de 2018 15:57\nPara: x@y.example\nAsunto: x\n\nviejo',
  'windows mail':
    'Sent from Mail for Windows\n\nFrom: Kim\nSent: Thursday, March 8, 2018 3:57 PM\nTo: x@y.example\nSubject: x\n\nold',
  samsung:
    'Sent from my Samsung Galaxy smartphone.\n\n-------- Original message --------\nFrom: Kim <a@b.example> \nDate: 08/03/2018  15:57  (GMT+01:00) \nTo: x@y.example \nSubject: x \n\nold',
  notes:
    '-----Kim Foo <a@b.example> wrote: -----\nTo: x@y.example\nFrom: Kim Foo <a@b.example>\nDate: 03/08/2018 03:57PM\nSubject: x\n\nold',
  notes2:
    'Kim Foo ---08.03.2018 15:57:12---Hello there\n\nFrom: Kim Foo/ORG\nTo: x@y.example\nDate: 08.03.2018 15:57\nSubject: x\n\nold',
  'notes de': 'Von:\tKim Foo <a@b.example>\nAn:\tx@y.example\nDatum:\t08.03.2018 15:57\nBetreff:\tx\n\nalt',
  'em client':
    '------ Original Message ------\nFrom "Kim" <a@b.example>\nTo x@y.example\nDate 08.03.2018 15:57:12\nSubject x\n\n>old',
  'em client de':
    '------ Originalnachricht ------\nVon: "Kim" <a@b.example>\nAn: x@y.example\nGesendet: 08.03.2018 15:57:12\nBetreff: x\n\nalt',
  mutt: '* Kim Foo <a@b.example> [2018-03-08 15:57]:\n> a',
  gnus: 'Kim Foo <a@b.example> writes:\n\n> a',
  trello: 'On Thursday, 8 March 2018, Kim Foo <a@b.example> wrote:\n\n> a',
  'de 2': 'Am Donnerstag, 8. März 2018 schrieb Kim Foo <a@b.example>:\n\n> a',
  'thu nl': 'Op do 8 mrt. 2018 om 15:57 schreef Kim Foo via Support <\nsupport@x.example>:\n\n> a',
  fi: 'to 8. maalisk. 2018 klo 15.57 Kim Foo via Support (\nsupport@x.example) kirjoitti:\n\n> a',
  'fi 2': 'Kim Foo <a@b.example> kirjoitti 8.3.2018 kello 15.57:\n\n> a',
  da: 'Den 8. mar. 2018 15.57 skrev "Kim Foo" <a@b.example>:\n\n> a',
  'da dash':
    '-------- Oprindelig besked --------\nFra: Kim <a@b.example>\nDato: 08.03.2018 15.57\nTil: x\nEmne: x\n\ngl',
  zendesk: '##- Please type your reply above this line -##\n\nold',
  'zendesk fr': '##- Veuillez saisir votre réponse au-dessus de cette ligne. -##\n\nold',
  'zendesk es': '##- Por favor, escriba su respuesta por encima de esta línea. -##\n\nold',
  'zendesk pt': '##- Digite sua resposta acima desta linha -##\n\nold',
  'zendesk it': '##- Digita la risposta al di sopra di questa riga. -##\n\nold',
  'zendesk nl': '##- Typ uw antwoord boven deze regel. -##\n\nold',
  'zendesk pl': '##- Wpisz swoją odpowiedź nad tą linią -##\n\nold',
  'zendesk ru': '##- Введите свой ответ над этой чертой -##\n\nold',
  'zendesk ja': '##- 返信はこの行より上に入力してください -##\n\nold',
  'zendesk sv': '##- Skriv ditt svar ovanför den här raden -##\n\nold',
  'zendesk da': '##- Skriv dit svar over denne linje -##\n\nold',
  'zendesk tr': '##- Lütfen yanıtınızı bu satırın üzerine yazın -##\n\nold',
  freshdesk: '=== Please reply above this line ===\n\nold',
  jira: '—-—-—-—\nReply above this line.\n\nold',
  helpscout: '-- do not edit or reply below this line --\n\nold',
  osticket: '-- reply above this line --\n\nold',
  'signature dashes': '--\nKim Foo\nCEO',
  'sig underscore': '__\nKim Foo\nCEO',
  phone: 'Sent from my phone. Please excuse brevity.\n\nOn Thu, Mar 8, 2018, Kim <a@b.example> wrote:\n> a',
  netease: 'At 2018-03-08 15:57:12, "Kim Foo" <a@b.example> wrote:\n\nold',
  'netease zh': '在 2018-03-08 15:57:12，"Kim Foo" <a@b.example> 写道：\n\n旧',
  'netease new':
    '---- Replied Message ----\n| From | Kim<a@b.example> |\n| Date | 03/08/2018 15:57 |\n| To | x<x@y.example> |\n| Subject | x |\nold',
  foxmail: '发件人： Kim\n发送时间： 2018-03-08 15:57\n收件人： x\n主题： x\n\n旧',
  aliyun:
    '------------------------------------------------------------------\n发件人：Kim <a@b.example>\n发送时间：2018年3月8日(星期四) 15:57\n收件人：x <x@y.example>\n主　题：x\n\n旧',
  'apple fwd zh': '> 在 2018年3月8日，15:57，Kim <a@b.example> 写道：\n> \n> 旧',
  'korean outlook':
    '보낸 사람: Kim <a@b.example>\n보낸 날짜: 2018년 3월 8일 목요일 오후 3:57\n받는 사람: x\n제목: x\n\n옛',
  'ja outlook': '差出人: Kim <a@b.example>\n送信日時: 2018年3月8日 15:57\n宛先: x\n件名: x\n\n旧',
  'yahoo jp':
    '----- Original Message -----\n>From: Kim <a@b.example>\n>To: x\n>Date: 2018/3/8, Thu 15:57\n>Subject: x\n>\n>old',
  'arabic outlook': 'من: Kim <a@b.example>\nتم الإرسال: الخميس، 8 مارس 2018 15:57\nإلى: x\nالموضوع: x\n\nold',
  libero: 'Il 8 marzo 2018 alle 15.57 Kim Foo <a@b.example> ha scritto:\n\nvecchio',
  orange:
    '> Message du 08/03/18 15:57\n> De : "Kim" <a@b.example>\n> A : x@y.example\n> Copie à :\n> Objet : x\n>\n> vieux',
  laposte: 'De: "Kim" <a@b.example>\nÀ: x@y.example\nEnvoyé: Jeudi 8 Mars 2018 15:57:12\nObjet: x\n\nvieux',
  sfr: '========================================\n\nMessage du : 08/03/2018 15:57\nDe : "Kim " <a@b.example>\nA : x@y.example\nSujet : x\n\nvieux',
  seznam:
    '---------- Původní e-mail ----------\nOd: Kim <a@b.example>\nKomu: x\nDatum: 8. 3. 2018 15:57:12\nPředmět: x\n\nstary',
  wp: 'Dnia 8 marca 2018 15:57 Kim Foo <a@b.example> napisał(a):\n\nstare',
  onet: 'W dniu 2018-03-08 15:57:12 użytkownik Kim Foo <a@b.example> napisał:\n\nstare',
  o2: 'Dnia 8 marca 2018, 15:57, Kim Foo <a@b.example> napisał(a):\n> stare',
  'gmx new':
    'Gesendet: Donnerstag, 08. März 2018 um 15:57 Uhr\nVon: Kim <a@b.example>\nAn: x@y.example\nBetreff: x\n\nalt',
  telekom:
    '-----Original-Nachricht-----\nBetreff: x\nDatum: 2018-03-08T15:57:12+0100\nVon: "Kim" <a@b.example>\nAn: x@y.example\n\nalt',
  'web.de app':
    '--\nDiese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.\nAm 08.03.18, 15:57, Kim Foo <a@b.example> schrieb:\n\nalt',
  claws: 'On Thu, 8 Mar 2018 15:57:12 +0100\nKim <a@b.example> wrote:\n\n> a',
  sylpheed: 'On Thu, 8 Mar 2018 15:57:12 +0100\nKim Foo wrote:\n\n> a',
  'evolution de': 'Am Donnerstag, dem 08.03.2018 um 15:57 +0100 schrieb Kim Foo:\n> a',
  evolution: 'On Thu, 2018-03-08 at 15:57 +0100, Kim Foo wrote:\n> a',
  bluemail: 'Get BlueMail for Android \u200b\n\nOn Mar 8, 2018, 15:57, at 15:57, Kim Foo <a@b.example> wrote:\n>a',
  airmail: 'On 8. March 2018 at 15:57:12, Kim Foo (a@b.example) wrote:\n\n> a',
  'airmail de': 'Am 8. März 2018 um 15:57:12, Kim Foo (a@b.example) schrieb:\n\n> a',
  superhuman: 'Sent via Superhuman\n\nOn Thu, Mar 08, 2018 at 3:57 PM, Kim Foo < a@b.example > wrote:\n\n> a',
  hey: 'On March 8, 2018, Kim Foo <a@b.example> wrote:\n> a',
  'reply via':
    'On Thu, Mar 8, 2018 at 3:57 PM Kim Foo (Support) <\nnotifications+abcdefghijklmnopqrstuvwxyz0123456789@reply.x.example> wrote:\n\n> a',
  skype: 'Kim Foo escribió el 08/03/2018 a las 15:57:\n> a',
  'es m': 'El 08/03/2018 a las 15:57, Kim Foo escribió:\n> a',
  'es jue': 'El jue., 8 de mar. de 2018 a la(s) 15:57, Kim Foo via Support (\nsupport@x.example) escribió:\n\n> a',
  posteo: 'Am 08.03.2018 15:57 schrieb Kim Foo:\n> a',
  uhr: 'Kim Foo <a@b.example> schrieb am Do. 8. März 2018 um 15:57:\n\n> a',
};

describe('text below the answer is removed', () => {
  it.each(Object.entries(tails))('%s', (_program, tail) => {
    const reply = replyText({ text: `${ANSWER}\n\n${tail}\n`, html: undefined, textIsDerived: false });
    expect(reply).toMatchObject({ text: ANSWER, from: 'split' });
  });
});

describe('text that the customer wrote is kept', () => {
  it.each([
    ['travel', 'Hi,\n\nFrom: Berlin\nTo: Hamburg\nDate: 5.5.2026\n\nPlease book a ticket.', true],
    ['reise', 'Hallo,\n\nVon: Berlin\nAn: Hamburg\nDatum: 05.05.2026\n\nBitte buchen.', true],
    [
      'form',
      'You have a new message:\n\nFrom: Kim <kim@x.example>\nSubject: Broken\nDate: 2026-11-03 10:12\n\nMy router is broken.',
      false,
    ],
    [
      'form de',
      'Neue Nachricht von Ihrer Website\n\nVon: Kim <kim@x.example>\nBetreff: Kaputt\nDatum: 03.11.2026 10:12\n\nMein Router ist kaputt.',
      false,
    ],
    ['list', 'Please send these on 3.11.2026 at 10:12:\n- 1 router\n- 2 cables', true],
    ['log', 'The error:\n2026-11-03 10:12:04 ERROR mail to <a@b.example>:\nconnection refused\nPlease help.', true],
    ['address', 'My new address since 2026 is Kim <kim@x.example>:\nplease change it.', true],
    ['dashes', 'Hello\n---- original ----\nis written on the box.\n', true],
    ['above', 'Look at the line above: it is wrong.\nKim', true],
    ['dash heading', '--- Details ---\nRouter 4711\nbroken', true],
    ['md', '## Problem\nIt does not start.\n## Expected\nIt starts.', true],
    ['bars', 'Name | Kim\nOrder | 17\n| a | b |\n| c | d |\nthanks', true],
    ['gt', 'Values > 5 fail\n> 5 is the problem\nplease help', true],
    ['arrow', '-> first\n-> second', true],
    ['he said', 'Your colleague said:\nsend it back.\nNow what?', true],
    ['fr', 'Votre collègue a écrit :\nrenvoyez-le.\nEt maintenant ?', true],
    ['de', 'Ihr Kollege hat am 3.11.2026 geschrieben:\nsenden Sie es zurück.\nWas nun?', true],
    ['de2', 'Am 3.11.2026 um 10:12 Uhr haben Sie mir geschrieben:\ndas Paket ist unterwegs.\nEs ist nicht da.', true],
    ['en2', 'On 3 November 2026 at 10:12 you wrote:\nthe parcel is on its way.\nIt is not here.', true],
    // Somebody's words in the middle of a letter: the customer's question below them was lost.
    ['cited', 'Hello,\n\nKim <kim@x.example> wrote:\nit takes 3 days.\n\nThat was in May. When?', true],
    ['cited in a sentence', 'Hi,\nas Kim <kim@x.example> wrote:\nit takes 3 days.\nThat was in May.', true],
    ['cited colleague', 'Hallo,\n\nIhr Kollege Kim (kim@x.example) schrieb:\n3 Tage.\n\nDas war im Mai. Wann?', true],
    ['cited below', 'I called.\n\non 3 May 2026 at 10:12 Kim <kim@x.example> wrote:\nno.\n\nWhy?', true],
    ['zitiert', 'Guten Tag,\n\nam 3.5.2026 um 10:12 Uhr schrieb Kim (kim@x.example):\nnein.\n\nWarum?', true],
    ['salutation', 'Guten Tag,\n\nAm 3.5.2026 um 10:12 Uhr schrieb Kim (kim@x.example):\nnein.\n\nWarum?', true],
    ['error', 'Error at 2026-11-03 10:12 for <a@b.example>:\nrefused\nWhat now?', true],
    ['arrows', 'Hello,\nthese fail:\n> the screen\n> the battery', true],
    ['arrows in a new mail', 'Hello\n\n> the screen fails\n> the battery fails', false],
    ['bars in a new mail', 'These fail\n| the screen\n| the battery', false],
    ['paper form', 'Order 17\n____________\nName: Kim\nTel: 0171 123\nReason: too small\n____________\nthanks', true],
    ['postscript', 'Yes please.\n\n--\nKim\nTel. 0171 123\n\nP.S.: the number is 4711.', true],
    ['sig', 'Hello\n__\nnot the end\n\nbecause here it goes on\n1\n2\n3\n4\n5\n6\n7\n8\n9', true],
  ])('%s', (_what, text, answers) => {
    const reply = replyText({ text, html: undefined, textIsDerived: false, answers });
    expect(reply).toMatchObject({ text: text.trimEnd(), from: 'whole' });
  });
});
