// How clients word what they put under (or above) an answer, in the languages of our customers: the answer alone must be left.
import { describe, expect, it } from 'vitest';
import { replyText } from '../../../src/mime/reply-text/index.ts';

const ofText = (text: string): string | undefined => replyText({ text, html: undefined, textIsDerived: false })?.text;
const ofHtml = (html: string): string | undefined => replyText({ text: '', html, textIsDerived: true })?.text;

const ANSWER = 'Thank you, that works.\nKind regards';

describe('lines that introduce a quotation', () => {
  const marked = [
    'On Wed, Sep 25, 2013, at 03:57 PM, jane wrote:',
    'On Thursday, June 27, 2013, Jane via Forum wrote:',
    'On Wed, 2015-12-02 at 13:58 +0000, Jane Doe wrote:',
    'On 10/12/15 12:30, Jane Doe said:',
    'On 11-Apr-2011, at 6:54 PM, Jane Doe <j@x.example> sent:',
    'At 6/16/2016 08:32 PM, you wrote:',
    'In message <abc@x.example>, Jane writes:',
    '---- On Tue, 22 Dec 2015 14:17:36 +0530 Jane<j@x.example> wrote ----',
    '2013/7/20 Jane via Forum <j@x.example>',
    '2016-03-03 17:21 GMT+01:00 Jane Doe',
    '2014-10-17 11:28 GMT+03:00 Jane <\nj@x.example>:',
    'Jane via Forum wrote:',
    '---- Jane Doe wrote ----',
    '---- Jane Doe schrieb ----',
    'Jane Doe (j@x.example) wrote:',
    'Sent from Samsung MobileJane <j@x.example> wrote:',
    'Max Mustermann <m@x.example> schrieb am Fr., 28. Apr. 2017 um 11:53 Uhr:',
    'Am Montag, 3. Mai 2017, um 10:11 schrieben Sie:',
    'Am 13.05.2026 um 09:05 schrieb Jane Doe:',
    'Am 2. November 2026 09:12:04 MEZ schrieb Jane Doe <j@x.example>:',
    'Le 4 janv. 2016 19:03, "Jane" <j@x.example> a écrit :',
    'Le 4 janv. 2016 19:03, "Jane" <j@x.example> nous a dit :',
    'El jueves, 21 de noviembre de 2013, Jane escribió:',
    'El 2 nov 2026, a las 9:12, Jane <j@x.example> escribió:',
    'Il giorno 2 nov 2026, alle ore 09:12, Jane <j@x.example> ha scritto:',
    'In data lunedì 2 novembre 2026 09:12:04 CET, Jane ha scritto:',
    'Op 24 aug. 2013 om 16:48 heeft Jane via Forum <j@x.example> het volgende geschreven:',
    'Op 13-02-2014 3:18 schreef Jane Doe <j@x.example>:',
    'W dniu 2 listopada 2026 09:12 użytkownik Jane <j@x.example>\nnapisał:',
    'Dnia 14 lip 2015 o godz. 00:25 Jane <j@x.example> napisał(a):',
    '23 mar 2017 21:25 "Jane" <j@x.example> napisał(a):',
    'Em seg, 27 de jul de 2015 17:13, Jane <j@x.example> escreveu:',
    'Den 15. jun. 2016 kl. 20.42 skrev Jane <j@x.example>:',
    'søn. 30. apr. 2017 kl. 00.26 skrev Jane <j@x.example>:',
    'Dne 2. 11. 2026 v 9:12 Jane napsal(a):',
    'вт, 5 янв. 2016 г. в 23:39, Jane <j@x.example>:',
    'суббота, 14 марта 2015 г. пользователь Jane написал:',
    '30 серп. 2016 р. 20:45 "Jane" j@x.example пише:',
    '在 2016年3月3日 17:21，Jane <j@x.example> 写道：',
  ];
  it.each(marked)('%s', (line) => {
    expect(ofText(`${ANSWER}\n\n${line}\n\n> old text\n> more\n`)).toBe(ANSWER);
  });

  const unmarked = [
    'På 14 september 2015 på 02:23:18, Jane (j@x.example) skrev:',
    'Den 14 september, 2015 02:23:18, Jane (j@x.example) skrev:',
    'Jane Doe <j@x.example> wrote on Fri, Apr 28, 2017 at 11:53:',
    'On Nov 30, 2011, at 12:47 PM, Jane <\n416ffd3258d4d2fa4c85cfa4c44e1721d66e3e8f4@x.example>\nwrote:',
    '------On 12/29/1987 17:32 PM, Jane Doe wrote-----',
    'Le 23 janv. 2015 à 22:03, Jane <j@x.example<mailto:j@x.example>> a écrit:',
  ];
  it.each(unmarked)('%s (nothing marked below)', (line) => {
    expect(ofText(`${ANSWER}\n\n${line}\n\nold text\n`)).toBe(ANSWER);
  });

  it('is recognised on the line of the answer', () => {
    expect(ofText('Yes. On Wed, Apr 4, 2012 at 3:59 PM, Jane <j@x.example> wrote:\n> Shall we?')).toBe('Yes.');
    expect(ofText('Well\nyes--- On Wed, Apr 4, 2012 at 3:59 PM, j@x.example wrote:\n> Shall we?')).toBe('Well\nyes');
  });

  it('is recognised with links that the client broke off the marked lines', () => {
    const tail =
      'On Monday, 24 September, 2012 at 3:46 PM, jane wrote:\n\n> [Ticket #50]\n>\n> View (http://x.example/action\n_nonce=3dd518)\n>\n';
    expect(ofText(`${ANSWER}\n\n${tail}`)).toBe(ANSWER);
  });

  it.each([
    'On the other hand, we wrote:\nplease deliver on 5 May.',
    'Visit us now\n>>> >>>  http://x.example <<<\nor write.',
    'From: Berlin\nTo: Munich\nplease.',
    'I see this:\nDate: soon\nTo: be announced',
    'Key points\n\n----------\n\n- one\n- two\n\n----------\n\nThat is all.',
    'First part.\n\n________________________________________________________________\n\nSecond part.\n\nBest regards,\nJane',
  ])('is not recognised: %s', (text) => {
    expect(ofText(text)).toBe(text);
  });
});

describe('separators and blocks of labels', () => {
  const tails = [
    '-----Ursprüngliche Nachricht-----\nVon: Jane\n\nalt',
    '-------- Ursprüngliche Nachricht --------\nVon: Jane\nDatum: 02.11.26 09:12 (GMT+01:00)\nAn: Support\nBetreff: Hilfe\n\nalt',
    '-------- Originalnachricht --------\nVon: Jane\n\nalt',
    '-----Original-Nachricht-----\nBetreff: Hilfe\nDatum: 2026-11-02T09:12:04+0100\nVon: "Jane"\nAn: support\n\nalt',
    "-------- Message d'origine --------\nDe : Jane\n\nvieux",
    '-------- Mensaje original --------\nDe: Jane\n\nviejo',
    '-------- Messaggio originale --------\nDa: Jane\n\nvecchio',
    '-------- Oorspronkelijk bericht --------\nVan: Jane\n\noud',
    '-------- Oryginalna wiadomość --------\nOd: Jane\n\nstare',
    '-------- Wiadomość oryginalna --------\nOd: Jane\n\nstare',
    '*----- Original Message -----*\nFrom: Jane\n\nold',
    '----- Reply message -----\nFrom: Jane\n\nold',
    '-----Antwort Nachricht-----\n\nalt',
    '------------------ 原始邮件 ------------------\n发件人: "Jane" <j@x.example>\n\nold',
    '________________________________\nVon: Jane <j@x.example>\nGesendet: Montag, 2. November 2026 09:12\nAn: Support <s@y.example>\nBetreff: AW: Hilfe\n\nalt',
    '________________________________\nDe : Jane <j@x.example>\nEnvoyé : lundi 2 novembre 2026 09:12\nÀ : Support\nObjet : RE: Aide\n\nvieux',
    '*Von:* Jane <j@x.example>\n*Gesendet:* Montag, 2. November 2026 09:12\n*An:* Support\n*Betreff:* Hilfe\n\nalt',
    '*From:* Jane [mailto:\nj@x.example]\n*Sent:* Wednesday, June 27, 2012 3:05 PM\n*To:* Support\n*Subject:* Hello\n\nold',
    'Gesendet: Montag, 02. November 2026 um 09:12 Uhr\nVon: "Jane" <j@x.example>\nAn: s@y.example\nBetreff: Hilfe\n\nalt',
    'De: Jane <j@x.example>\nEnviada em: segunda-feira, 2 de novembro de 2026 09:12\nPara: Suporte\nAssunto: Ajuda\n\nvelho',
    'Från: Jane <j@x.example>\nSkickat: den 2 november 2026 09:12\nTill: Support\nÄmne: Hjälp\n\ngammalt',
    'Fra: Jane <j@x.example>\nSendt: 2. november 2026 09:12\nTil: Support\nEmne: Hjælp\n\ngammelt',
    'Od: Jane <j@x.example>\nOdesláno: pondělí 2. listopadu 2026 9:12\nKomu: Support\nPředmět: Pomoc\n\nstaré',
    'Feladó: Jane <j@x.example>\nElküldve: 2026. november 2. 9:12\nCímzett: Support\nTárgy: Segítség\n\nrégi',
    'От: Jane <j@x.example>\nОтправлено: 2 ноября 2026 г. 9:12\nКому: Support\nТема: Помощь\n\nстарое',
    'Kimden: Jane <j@x.example>\nGönderildi: 2 Kasım 2026 09:12\nKime: Support\nKonu: Yardım\n\neski',
    'Date: Wed, 16 May 2012 00:15:02 -0600\nTo: jane@x.example\n\nold',
    'Date: Fri=2C 28 Sep 2012 10:55:48 +0000\nFrom: tickets@x.example\nTo: jane@x.example\nSubject: [Ticket #8] Test\n',
  ];
  it.each(tails)('%s', (tail) => {
    expect(ofText(`${ANSWER}\n\n${tail}\n`)).toBe(ANSWER);
  });

  const forwards = [
    '---------- Forwarded message ---------\nFrom: Jane <j@x.example>\nDate: Mon, Nov 2, 2026 at 9:12 AM\nSubject: x\nTo: <s@y.example>\n\ntext',
    'Begin forwarded message:\n\nFrom: Jane <j@x.example>\nSubject: x\nDate: 2 November 2026 at 09:12:04 CET\nTo: s@y.example\n\ntext',
    'Anfang der weitergeleiteten Nachricht:\n\nVon: Jane <j@x.example>\nBetreff: x\nDatum: 2. November 2026 um 09:12:04 MEZ\nAn: s@y.example\n\nText',
    'Początek przekazywanej wiadomości:\n\nOd: Jane <j@x.example>\nTemat: x\n\ntekst',
    'Vidarebefordrat mejl:\n\nFrån: Jane <j@x.example>\nÄmne: x\n\ntext',
    'Начало переадресованного сообщения:\n\nОт: Jane <j@x.example>\nТема: x\n\nтекст',
    '-------- Weitergeleitete Nachricht --------\nBetreff: x\nDatum: Mon, 2 Nov 2026 09:12:04 +0100\nVon: Jane <j@x.example>\nAn: s@y.example\n\nText',
    '----- Message transmis -----\nDe : Jane <j@x.example>\nÀ : s@y.example\nEnvoyé : lundi 2 novembre 2026\nObjet : x\n\ntexte',
    '----- Przekazana wiadomość -----\nOd: Jane <j@x.example>\n\ntekst',
    '--- Treść przekazanej wiadomości ---\nTemat: x\n\ntekst',
    '-------- Välitetty viesti / Fwd.Msg --------\nAihe: x\n\nteksti',
    '----- İletilmiş Mesaj -----\nKimden: Jane <j@x.example>\n\nmetin',
  ];
  it.each(forwards)('keep what the writer adds to a forwarded mail: %s', (forward) => {
    expect(ofText(`${ANSWER}\n\n${forward}\n`)).toBe(ANSWER);
    // Nothing added: the forwarded mail is what he has to say.
    expect(ofText(`${forward}\n`)).toBe(forward);
  });
});

describe('signatures of clients', () => {
  it.each([
    'Sent from my iPhone',
    'Sent from my cell, please excuse any typos.',
    'Sent from my HTC M8 Android phone.  Please excuse typoze',
    'Sent from Yahoo Mail on Android',
    'Sent via mobile',
    'Sent with Airmail',
    'Sent from Outlook for iOS<https://aka.ms/o0ukef>',
    'Sent from Mail for Windows',
    'Sent with Proton Mail secure email.',
    '<<sent by galaxy>>',
    '(Sent from mobile device)',
    'From My Iphone 6',
    'Get Outlook for Android<https://aka.ms/AAb9ysg>',
    'Von meinem iPhone gesendet',
    'Von meinem Samsung Galaxy Smartphone gesendet.',
    'Von meinem/meiner Galaxy gesendet',
    'Gesendet von Outlook für iOS<https://aka.ms/o0ukef>',
    'Gesendet von Mail für Windows',
    'Gesendet mit der Telekom Mail App',
    'Gesendet mit der GMX iPhone App',
    'Diese Nachricht wurde von meinem Android-Mobiltelefon mit K-9 Mail gesendet.',
    'Diese E-Mail wurde von WEB.DE Mail gesendet.',
    'Envoyé de mon iPhone',
    'Envoyé depuis mon téléphone Orange',
    'Envoyé à partir de Outlook pour Android',
    'Enviado desde mi iPhone',
    'Enviado do meu iPhone',
    'Inviato da iPhone',
    'Inviato dal mio smartphone Samsung',
    'Verstuurd vanaf mijn iPhone',
    'Verzonden met Proton Mail',
    'Wysłane z iPhone’a',
    'Sendt fra min iPhone',
    'Skickat från min iPhone',
    'Odesláno z iPhonu',
    'Отправлено с iPhone',
    '從我的 iPhone 傳送',
    '发自我的iPhone',
  ])('%s', (line) => {
    expect(ofText(`${ANSWER}\n\n${line}\n`)).toBe(ANSWER);
    expect(ofText(`${ANSWER}\n\n${line}\n\nAm 02.11.26 um 09:12 schrieb Jane:\n> alt\n`)).toBe(ANSWER);
  });

  it.each([
    'The parcel was sent from my desk.',
    'It was sent from my iPhone app, and it crashed. What now?',
    'With regards to the payment: sent.',
    'Von meinem Konto wurde das Geld schon gesendet, bitte prüfen.',
  ])('are not recognised: %s', (line) => {
    expect(ofText(`Hello,\n\n${line}\n`)).toBe(`Hello,\n\n${line}`);
  });

  it('include the footer of a list below a line of underscores', () => {
    expect(
      ofText(
        `${ANSWER}\n\n_______________________________________________\nusers mailing list\nhttps://x.example/list\n`,
      ),
    ).toBe(ANSWER);
  });
});

describe('in html', () => {
  it.each([
    [
      'Outlook, Word',
      '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class=MsoNormal><b>From:</b> Jane<br><b>Sent:</b> Monday</p></div></div><p>old</p>',
    ],
    [
      'Outlook 2007, Word',
      '<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p><b>Von:</b> Jane</p></div><p>alt</p>',
    ],
    [
      'Outlook for Mac',
      '<span id="OLK_SRC_BODY_SECTION"><div style="border-top: #b5c4df 1pt solid"><span>From: </span>Jane</div><div>old</div></span>',
    ],
    [
      'Outlook on the web',
      '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Jane<br></div><div>old</div>',
    ],
    [
      'Outlook mobile',
      '<div id="ms-outlook-mobile-signature">Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div><hr><div id="divRplyFwdMsg"><b>Von:</b> Jane</div>alt',
    ],
    ['Outlook, quoted by another program', '<div id="x_divRplyFwdMsg"><b>From:</b> Jane</div>old'],
    [
      'Hotmail',
      '<hr id="stopSpelling">Date: Mon, 2 Apr 2012<br>Subject: Test<br>From: j@x.example<br>To: s@y.example<br><br>old',
    ],
    [
      'Gmail, quoted',
      '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">Am Mo., 2. Nov. 2026 schrieb Jane:<br></div><blockquote class="gmail_quote">alt</blockquote></div>',
    ],
    ['Zimbra', '<hr id="zwchr"><b>From: </b>j@x.example<br><b>To: </b>s@y.example<br>old'],
    [
      'Zimbra 8',
      '<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>Jane</div><div data-marker="__QUOTED_TEXT__">old</div>',
    ],
    [
      'AOL',
      '<div>-----Original Message-----<br>From: Jane &lt;j@x.example&gt;<br>Sent: Mon, Apr 2, 2012 5:49 pm<br>Subject: Test<br>old</div>',
    ],
    ['Yahoo', '<div id="yahoo_quoted_123" class="yahoo_quoted"><div>On Monday, Jane wrote:</div>old</div>'],
    [
      'Proton Mail',
      '<div class="protonmail_quote">On Monday, Jane wrote:<blockquote class="protonmail_quote" type="cite">old</blockquote></div>',
    ],
    [
      'Proton Mail, signed',
      '<div class="protonmail_signature_block">Sent with Proton Mail</div><div class="protonmail_quote">On Monday, November 2nd, 2026 at 09:12, Jane wrote:<br><blockquote type="cite">old</blockquote></div>',
    ],
    [
      'Apple Mail',
      '<br><div><blockquote type="cite"><div>Am 02.11.2026 um 09:12 schrieb Jane:</div><br><div>alt</div></blockquote></div>',
    ],
    [
      'iPhone',
      '<br><div dir="ltr">Von meinem iPhone gesendet</div><div dir="ltr"><br><blockquote type="cite">Am 02.11.2026 um 09:12 schrieb Jane &lt;j@x.example&gt;:<br><br></blockquote></div><blockquote type="cite"><div>alt</div></blockquote>',
    ],
    [
      'Thunderbird',
      '<div class="moz-cite-prefix">Am 02.11.26 um 09:12 schrieb Jane:<br></div><blockquote type="cite" cite="mid:1@x.example">alt</blockquote>',
    ],
    [
      'Thunderbird, signed',
      '<div class="moz-signature">-- <br>Jane</div><div class="moz-cite-prefix">On 02/11/26 09:12, Jane wrote:</div><blockquote type="cite">old</blockquote>',
    ],
    [
      'GMX and WEB.DE',
      '<div name="quote" style="margin:10px 5px 5px 10px; border-left:2px solid #C3D9E5;"><div><b>Gesendet:</b> Montag<br><b>Von:</b> Jane</div>alt</div>',
    ],
    [
      'T-Online',
      '<div>-----Original-Nachricht-----</div><div>Betreff: Hilfe</div><div>Datum: 2026-11-02</div><div>Von: Jane</div><div>An: s@y.example</div><div>alt</div>',
    ],
    [
      'Samsung',
      '<br><div>Von meinem Galaxy gesendet</div><div><br></div><div>-------- Ursprüngliche Nachricht --------</div><div>Von: Jane &lt;j@x.example&gt; </div><div>Datum: 02.11.26 09:12 (GMT+01:00) </div><div>An: s@y.example </div><div>Betreff: Hilfe </div><div>alt</div>',
    ],
    [
      'a block of labels, bold',
      '<hr><b>Von:</b> Jane &lt;j@x.example&gt;<br><b>Gesendet:</b> Montag, 2. November 2026 09:12<br><b>An:</b> Support<br><b>Betreff:</b> Hilfe<br><br>alt',
    ],
  ])('%s', (_client, html) => {
    expect(ofHtml(`<html><body><div>New answer</div>${html}</body></html>`)).toBe('New answer');
  });

  const HISTORY = '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Jane</div><div>old</div>';
  it.each([
    [
      'text indented in a browser',
      '<div>These fail</div><blockquote style="margin: 0 0 0 40px; border: none; padding: 0px;"><div>screen</div></blockquote>',
      'These fail\nscreen',
    ],
    [
      'text indented in Outlook on the web',
      '<div>These fail</div><blockquote style="margin-top:0;margin-bottom:0"><div>screen</div></blockquote>',
      'These fail\nscreen',
    ],
    [
      'text below the signature that the client inserted',
      '<div>Yes.</div><div class="gmail_signature">Kim</div><div>But call me first.</div>',
      'Yes.\nKim\nBut call me first.',
    ],
    [
      'a question below the line of the telephone',
      '<div id="composer_signature">Sent from my Galaxy</div><div>Where is it?</div>',
      'Sent from my Galaxy\nWhere is it?',
    ],
  ])('keeps %s', (_what, answer, expected) => {
    expect(ofHtml(`${answer}${HISTORY}`)).toBe(expected);
  });

  it('leaves out a signature with the line of the telephone below it', () => {
    expect(
      ofHtml(`<div>Yes.</div><div class="gmail_signature">Kim</div><div>Sent from my iPhone</div>${HISTORY}`),
    ).toBe('Yes.');
  });

  it('keeps answers within a quotation that the writer announces', () => {
    const answered = '<blockquote type="cite"><p>Which colour?</p><p style="color:red">Red.</p></blockquote>';
    expect(ofHtml(`<p>My answers are below.</p>${answered}`)).toContain('Red.');
    expect(ofHtml(`<p>Thanks, all right.</p>${answered}`)).toBe('Thanks, all right.');
  });

  it('keeps the writer’s own quotation, and answers between quotations', () => {
    expect(ofHtml('<p>The sign says</p><blockquote>No entry</blockquote><p>Is that so?</p>')).toContain('Is that so?');
    expect(
      ofHtml(
        '<blockquote type="cite">Which size?</blockquote><div>Large.</div><blockquote type="cite">Colour?</blockquote><div>Blue.</div>',
      ),
    ).toBe('> Which size?\nLarge.\n> Colour?\nBlue.');
  });
});
