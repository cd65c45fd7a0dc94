// What mail systems write into the mails of others: taken out of the reply text, kept as stamps; the customer's words stay.
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/mime/index.ts';

const mail = (type: string, body: string): Buffer =>
  Buffer.from(
    `From: Kim <kim@kunde.example>\nTo: support@contoso.example\nSubject: Router\nMIME-Version: 1.0\nContent-Type: text/${type}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n${body}`,
  );
const parse = (type: string, body: string, stamps: string[] = []) => parseMessage(mail(type, body), { stamps });

const WORDS = 'Hello,\n\nmy router does not start.\nKim';

describe("Exchange's tip of an unknown sender", () => {
  const tips = [
    "You don't often get email from kim@kunde.example. Learn why this is important",
    "Some people who received this message don't often get email from kim@kunde.example. Learn why this is important",
    'Sie erhalten nicht häufig E-Mails von kim@kunde.example. Erfahren Sie, warum dies wichtig ist',
    'Vous n’obtenez pas souvent d’e-mail à partir de kim@kunde.example. Découvrez pourquoi cela est important',
    'No suele recibir correo electrónico de kim@kunde.example. Descubra por qué esto es importante',
    'Non si ricevono spesso messaggi di posta elettronica da kim@kunde.example. Informazioni sul perché è importante',
    'U ontvangt niet vaak e-mail van kim@kunde.example. Meer informatie over waarom dit belangrijk is',
    'Você não costuma receber emails de kim@kunde.example. Saiba por que isso é importante',
    'Nie otrzymujesz często wiadomości e-mail z kim@kunde.example. Dowiedz się, dlaczego jest to ważne',
    'Du får inte ofta e-post från kim@kunde.example. Läs om varför det här är viktigt',
    'Du får ikke ofte mails fra kim@kunde.example. Få mere at vide om, hvorfor dette er vigtigt',
    'Et saa usein sähköpostia osoitteesta kim@kunde.example. Lisätietoja siitä, miksi tämä on tärkeää',
    'Nedostáváte často e-maily od kim@kunde.example. Zjistěte, proč je to důležité',
    'Nem gyakran kap e-mailt a következőtől: kim@kunde.example. Ismerje meg, miért fontos ez',
    'kim@kunde.example adresinden sık sık e-posta almıyorsunuz. Bunun neden önemli olduğunu öğrenin',
    'Вы редко получаете письма от kim@kunde.example. Узнайте, почему это важно',
    '你通常不会收到来自 kim@kunde.example 的电子邮件。了解这一点为什么很重要',
  ];
  it.each(tips)('%s', (tip) => {
    const linked = `${tip}<https://aka.ms/LearnAboutSenderIdentification>`;
    for (const text of [
      `${tip}\n\n${WORDS}\n`,
      `${linked}\n\n${WORDS}\n`,
      `[${tip} at https://aka.ms/LearnAboutSenderIdentification ]\n\n${WORDS}\n`,
    ]) {
      const { replyText, stamps, text: all } = parse('plain', text);
      expect(replyText).toBe(WORDS);
      expect(stamps).toMatchObject([{ kind: 'safety-tip', place: 'top' }]);
      expect(stamps?.[0]?.text).toContain('kim@kunde.example');
      expect(all?.value).toBe(text);
    }
  });

  it('is removed from html, in every language', () => {
    const tip =
      '<table><tr><td style="background:#A6A6A6"></td><td style="background:#EAEAEA"><div>Sjaldan færð þú póst frá kim@kunde.example. <a href="https://aka.ms/LearnAboutSenderIdentification" data-auth="NotApplicable">Hvers vegna</a></div></td><td></td></tr></table>';
    const { replyText, stamps } = parse(
      'html',
      `<html><body>${tip}<div>Hello,<br><br>my router does not start.<br>Kim</div></body></html>`,
    );
    expect(replyText).toBe(WORDS);
    expect(stamps).toEqual([
      { kind: 'safety-tip', place: 'top', text: 'Sjaldan færð þú póst frá kim@kunde.example. Hvers vegna' },
    ]);
  });

  it('is removed where only the html shows it', () => {
    const raw = Buffer.from(
      `From: Kim <kim@kunde.example>\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n${WORDS}\n--b\nContent-Type: text/html\n\n<div>You don't often get email from kim@kunde.example. <a href="https://aka.ms/LearnAboutSenderIdentification">Learn why this is important</a></div><p>Hello</p>\n--b--\n`,
    );
    const { replyText, stamps } = parseMessage(raw);
    expect(replyText).toBe(WORDS);
    expect(stamps).toMatchObject([{ kind: 'safety-tip' }]);
  });
});

describe('banners for mails from outside', () => {
  it.each([
    '[EXTERNAL]',
    '*** EXTERNAL EMAIL ***',
    'CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you recognize the sender and know the content is safe.',
    'CAUTION: This email originated from outside of the organization. Do not\nclick links or open attachments unless you recognize the sender and know the\ncontent is safe.',
    '[External Email] This message was sent from outside your organization. Please use caution when opening attachments.',
    'WARNING: This message is from an external sender. Be careful with links and attachments.',
    'ACHTUNG: Diese E-Mail stammt von einem externen Absender. Klicken Sie nicht auf Links und öffnen Sie keine Anhänge, wenn Sie den Absender nicht kennen.',
    'Vorsicht! Diese E-Mail kommt von außerhalb der Organisation. Öffnen Sie keine Anhänge unbekannter Absender.',
    "ATTENTION : Ce courriel provient de l'extérieur de l'organisation. Ne cliquez pas sur les liens et n'ouvrez pas les pièces jointes.",
    'PRECAUCIÓN: Este correo electrónico se originó fuera de la organización. No haga clic en enlaces ni abra archivos adjuntos.',
    "ATTENZIONE: Questa e-mail proviene dall'esterno dell'organizzazione. Non cliccare sui link e non aprire gli allegati.",
    'LET OP: Deze e-mail is afkomstig van buiten de organisatie. Klik niet op koppelingen en open geen bijlagen.',
    'ATENÇÃO: Este e-mail teve origem fora da organização. Não clique em links nem abra anexos.',
    'UWAGA: Ta wiadomość pochodzi spoza organizacji. Nie klikaj linków i nie otwieraj załączników.',
    'VARNING: Detta meddelande kommer utifrån organisationen. Klicka inte på länkar.',
    'UPOZORNĚNÍ: Tento e-mail přišel z externí organizace. Neklikejte na odkazy.',
    'DİKKAT: Bu e-posta kuruluş dışından gönderilmiştir. Bağlantılara tıklamayın.',
    'ВНИМАНИЕ: Это письмо получено от внешнего отправителя. Не переходите по ссылкам.',
    '注意：このメールは組織外から送信されました。リンクをクリックしないでください。',
  ])('%s', (banner) => {
    const { replyText, stamps } = parse('plain', `${banner}\n\n${WORDS}\n`);
    expect(replyText).toBe(WORDS);
    expect(stamps).toMatchObject([{ kind: 'external', place: 'top' }]);
  });

  it('are removed directly above the words, between rows, and together with the tip', () => {
    const banner = 'CAUTION: This email originated from outside of the organization.';
    expect(parse('plain', `${banner}\n${WORDS}\n`).replyText).toBe(WORDS);
    expect(parse('plain', `----------\n${banner}\n----------\n${WORDS}\n`).replyText).toBe(WORDS);
    const both = parse(
      'plain',
      `${banner}\n\nYou don't often get email from kim@kunde.example. Learn why this is important\n\n${WORDS}`,
    );
    expect(both.replyText).toBe(WORDS);
    expect(both.stamps?.map((s) => s.kind)).toEqual(['external', 'safety-tip']);
  });
});

describe('a tag on the line of the first words', () => {
  const tags = [
    '[EXTERNAL]',
    '[EXT]',
    '[Extern]:',
    '*EXTERNAL*',
    '***EXTERNAL EMAIL*** -',
    '[External Email] –',
    '{externe}',
  ];
  it.each(tags)('is removed: %s', (tag) => {
    for (const [type, body] of [
      ['plain', `${tag} ${WORDS}\n`],
      ['html', `<p><b>${tag}</b> Hello,</p><p>my router does not start.<br>Kim</p>`],
    ] as const) {
      const { replyText, stamps, text } = parse(type, body);
      expect(replyText).toBe(WORDS);
      expect(stamps).toEqual([{ kind: 'external', place: 'top', text: tag.replace(/\s?[:–-]$/, '') }]);
      expect(text?.value).toContain(tag);
    }
  });

  it.each([
    '[EXTERNAL LIGHTS] my order is late',
    '[order 4711] is late',
    '[EXTERNAL it looks fine',
    'External lights are broken',
    '*Please* answer',
    'I saw [EXTERNAL] in my mail',
  ])("stays when it is the customer's own words: %s", (line) => {
    const { replyText, stamps } = parse('plain', `${line}\nKim\n`);
    expect(replyText).toBe(`${line}\nKim`);
    expect(stamps).toBeUndefined();
  });
});

describe('footers of scanners', () => {
  it.each([
    '--\nThis email has been checked for viruses by Avast antivirus software.\nwww.avast.com',
    'Virus-free.www.avast.com',
    'Virenfrei. www.avast.com',
    'Diese E-Mail wurde von Avast-Antivirussoftware auf Viren geprüft.\nwww.avast.com',
    "L'absence de virus dans ce courrier électronique a été vérifiée par le logiciel antivirus Avast.\nhttps://www.avast.com/antivirus",
    'El software de antivirus Avast ha analizado este correo electrónico en busca de virus.\nwww.avast.com',
    'Questa e-mail è stata controllata per individuare virus con Avast antivirus.\nwww.avast.com',
    'Wolny od wirusów.www.avast.com',
    'No virus found in this message.\nChecked by AVG - www.avg.com\nVersion: 2016.0.7998 / Virus Database: 4749/14003 - Release Date: 02/26/17',
    'This message has been scanned for viruses and\ndangerous content by MailScanner, and is\nbelieved to be clean.',
    '______________________________________________________________________\nThis email has been scanned by the Symantec Email Security.cloud service.\nFor more information please visit http://www.symanteccloud.com\n______________________________________________________________________',
    'This email has been scanned by the Barracuda Email Security System.',
    'This email has been scanned for viruses and malware, and may have been automatically archived by Mimecast Ltd.',
    'This email was scanned by Sophos for viruses and spam.',
  ])('%s', (footer) => {
    const { replyText, stamps } = parse('plain', `${WORDS}\n\n${footer}\n`);
    expect(replyText).toBe(WORDS);
    expect(stamps).toMatchObject([{ kind: 'scanner', place: 'bottom' }]);
  });

  it('below the quotation do not count as an answer', () => {
    const { replyText } = parse(
      'plain',
      `${WORDS}\n\nOn 11/3/26 10:12, Contoso wrote:\n> please restart\n\n--\nThis email has been checked for viruses by Avast antivirus software.\nwww.avast.com\n`,
    );
    expect(replyText).toBe(WORDS);
  });
});

describe('stamps of the tenant', () => {
  it('are matched by words, with * for any text', () => {
    const pattern = 'Contoso IT: this mail to * came through the gateway*';
    const { replyText, stamps } = parse(
      'plain',
      `${WORDS}\n\nContoso IT: this mail to  support@contoso.example\ncame through the gateway 7.\n`,
      [pattern],
    );
    expect(replyText).toBe(WORDS);
    expect(stamps).toMatchObject([{ kind: 'configured', place: 'bottom' }]);
    expect(parse('plain', `Contoso IT: this mail to us came through the gateway\n${WORDS}`, [pattern]).replyText).toBe(
      WORDS,
    );
    expect(
      parse('plain', `I read "Contoso IT: this mail to us came through the gateway" below.\n${WORDS}`, [pattern])
        .stamps,
    ).toBeUndefined();
  });
});

describe('text that the customer writes herself is not removed', () => {
  it.each([
    'Attention: the parcel was left outside of the gate.',
    'Hinweis: das Paket lag außerhalb der Einfahrt.',
    'Important: please call me before noon.',
    'External monitors do not work.',
    'I installed Avast antivirus and it found a virus in your attachment.',
    'Avast hat Ihre E-Mail auf Viren geprüft und gelöscht. Bitte senden Sie sie erneut.',
    'This message is for the manager: my order is outside of your return period, why?',
    "I don't often get email from you. Why not?",
    'This email and any files transmitted with it are confidential.',
  ])('%s', (words) => {
    const { replyText, stamps, replyTextFrom } = parse('plain', `${words}\n\n${WORDS}\n`);
    expect(replyText).toBe(`${words}\n\n${WORDS}`);
    expect(stamps).toBeUndefined();
    expect(replyTextFrom).toBe('whole');
  });
});
