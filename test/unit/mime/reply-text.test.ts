// The new part of a reply, in the languages and clients that customers use.
import { describe, expect, it } from 'vitest';
import { replyText } from '../../../src/mime/reply-text/index.ts';

const ofText = (text: string): string | undefined => replyText({ text, html: undefined, textIsDerived: false })?.text;
const ofHtml = (html: string): string | undefined => replyText({ text: '', html, textIsDerived: true })?.text;

describe('the reply text of plain text', () => {
  it.each([
    ['Gmail en', 'On Mon, 2 Nov 2026 at 09:12, Jane <j@x.example> wrote:\n\n> old'],
    ['Gmail en, wrapped', 'On Mon, 2 Nov 2026 at 09:12, Somebody With A Long Name <\nj@x.example> wrote:\n\n> old'],
    ['Gmail de', 'Am Mo., 2. Nov. 2026 um 09:12 Uhr schrieb Jane <j@x.example>:\n\n> alt'],
    ['Gmail fr', 'Le lun. 2 nov. 2026 à 09:12, Jane <j@x.example> a écrit :\n\n> vieux'],
    ['Gmail es', 'El lun, 2 nov 2026 a las 9:12, Jane (<j@x.example>) escribió:\n\n> viejo'],
    ['Gmail it', 'Il giorno lun 2 nov 2026 alle ore 09:12 Jane <j@x.example> ha scritto:\n\n> vecchio'],
    ['Gmail nl', 'Op ma 2 nov 2026 om 09:12 schreef Jane <j@x.example>:\n\n> oud'],
    ['Gmail pl', 'pon., 2 lis 2026 o 09:12 Jane <j@x.example> napisał(a):\n\n> stare'],
    ['Thunderbird de', 'Am 02.11.26 um 09:12 schrieb Jane:\n> alt'],
    ['Apple Mail de', 'Am 02.11.2026 um 09:12 schrieb Jane <j@x.example>:\n\nalt, ohne Zeichen'],
    [
      'Outlook en',
      'From: Jane <j@x.example>\nSent: Monday, November 2, 2026 9:12 AM\nTo: Support\nSubject: Help\n\nold',
    ],
    [
      'Outlook de',
      'Von: Jane <j@x.example>\nGesendet: Montag, 2. November 2026 09:12\nAn: Support\nBetreff: Hilfe\n\nalt',
    ],
    ['Outlook fr', 'De : Jane <j@x.example>\nEnvoyé : lundi 2 novembre 2026 09:12\nÀ : Support\nObjet : Aide\n\nvieux'],
    [
      'Outlook es',
      'De: Jane <j@x.example>\nEnviado: lunes, 2 de noviembre de 2026 9:12\nPara: Soporte\nAsunto: Ayuda\n\nviejo',
    ],
    [
      'Outlook it',
      'Da: Jane <j@x.example>\nInviato: lunedì 2 novembre 2026 09:12\nA: Supporto\nOggetto: Aiuto\n\nvecchio',
    ],
    [
      'Outlook nl',
      'Van: Jane <j@x.example>\nVerzonden: maandag 2 november 2026 09:12\nAan: Support\nOnderwerp: Hulp\n\noud',
    ],
    [
      'Outlook pl',
      'Od: Jane <j@x.example>\nWysłano: poniedziałek, 2 listopada 2026 09:12\nDo: Support\nTemat: Pomoc\n\nstare',
    ],
    [
      'GMX',
      'Gesendet: Montag, 02. November 2026 um 09:12 Uhr\nVon: "Jane" <j@x.example>\nAn: support@y.example\nBetreff: Hilfe\n\nalt',
    ],
    ['T-Online', '-----Original-Nachricht-----\nBetreff: Hilfe\nDatum: 2026-11-02\nVon: Jane\n\nalt'],
    ['original message', '-----Original Message-----\nFrom: x\n\nold'],
    ['signature', '-- \nJane Doe\nAcme Inc.'],
    ['iPhone', 'Sent from my iPhone'],
    ['iPhone de', 'Von meinem iPhone gesendet'],
    ['Outlook mobile', 'Get Outlook for iOS<https://aka.ms/o0ukef>'],
  ])('%s', (_client, tail) => {
    expect(ofText(`New line one\nline two\n\n${tail}\n`)).toBe('New line one\nline two');
  });

  it('keeps answers between quotations, together with them', () => {
    const body = '> Which size?\nLarge.\n\n> Which colour?\nBlue.';
    expect(ofText(`Hi,\n\nOn Mon, 2 Nov 2026, Jane wrote:\n${body}\n`)).toBe(`Hi,\n\n${body}`);
  });

  it('is the answer below a single quotation', () => {
    expect(ofText('On Mon, 2 Nov 2026, Jane wrote:\n> Which size?\n\nLarge.')).toBe('Large.');
  });

  it('is the whole text when the writer announces answers below', () => {
    const text = 'Hi, see my answers below.\n\nFrom: Jane\nSent: today\nTo: me\nSubject: x\n\nQuestion? Answer!';
    expect(ofText(text)).toBe(text);
  });

  it('is the whole text when nothing else is left, and for mails without quotations', () => {
    expect(ofText('> all\n> quoted')).toBe('> all\n> quoted');
    expect(ofText('Hello,\n\nI wrote: please help.\n\nFrom: Berlin\nTo: Munich')).toBe(
      'Hello,\n\nI wrote: please help.\n\nFrom: Berlin\nTo: Munich',
    );
    expect(ofText('')).toBeUndefined();
  });
});

describe('the reply text of html', () => {
  it.each([
    [
      'Gmail',
      '<div dir="ltr">New</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Foo bar baz:<br></div><blockquote class="gmail_quote">old</blockquote></div>',
    ],
    [
      'Apple Mail',
      '<div>New</div><br><blockquote type="cite"><div>On 2 Nov 2026, at 09:12, Jane &lt;j@x.example&gt; wrote:</div>old</blockquote>',
    ],
    [
      'Thunderbird',
      '<p>New</p><div class="moz-cite-prefix">Am 02.11.26 um 09:12 schrieb Jane:<br></div><blockquote type="cite">old</blockquote>',
    ],
    [
      'Outlook desktop',
      '<p>New</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p><b>Von:</b> Jane</p></div><p>old</p>',
    ],
    [
      'Outlook web',
      '<div>New</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Jane</div><div>old</div>',
    ],
    ['GMX', '<div>New</div><div name="quote" style="border-left: 2px solid"><div>Gesendet: heute</div>old</div>'],
    ['Yahoo', '<div>New</div><div class="yahoo_quoted"><div>On Monday, Jane wrote:</div>old</div>'],
    ['signature', '<div>New</div><div class="gmail_signature">Jane<br>Acme</div>'],
  ])('%s', (_client, html) => {
    expect(ofHtml(html)).toBe('New');
  });
});
