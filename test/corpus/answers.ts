// Answers as twenty mail programs write them in fifteen languages, with the new part known. What each program puts around it is written down here by
// hand, as it appears in its mails; the table of src/mime/reply-text is not used, so that it is tested.

export interface Answer {
  program: string;
  language: string;
  mail: Buffer;
  /** The writer's own words. */
  newPart: string;
}

const WHO = 'Contoso Support';
const ADDRESS = 'support@contoso.example';
const A = `${WHO} <${ADDRESS}>`;

interface Tongue {
  answer: string;
  quoted: string;
  gmail: string;
  apple: string;
  thunderbird: string;
  yahoo: string;
  roundcube: string;
  openXchange: string;
  k9: string;
  spark: string;
  proton: string;
  groupWise: string;
  /** From, Sent, To, Subject; Date where the program says so. */
  labels: readonly [string, string, string, string, string];
  /** A date as Outlook writes it. */
  date: string;
  original: string;
  iPhone: string;
  outlookMobile: string;
  samsung: string;
}

const tongues: Readonly<Record<string, Tongue>> = {
  en: {
    answer: 'Thank you, on Tuesday I tried it again:\nit works now.\nKind regards\nKim',
    quoted: 'Hello Kim,\nplease restart the router.',
    gmail: `On Tue, Nov 3, 2026 at 10:12 AM ${A} wrote:`,
    apple: `On 3. Nov 2026, at 10:12, ${A} wrote:`,
    thunderbird: `On 11/3/26 10:12, ${WHO} wrote:`,
    yahoo: `On Tuesday, November 3, 2026 at 10:12:04 AM GMT+1, ${A} wrote:`,
    roundcube: `On 2026-11-03 10:12, ${WHO} wrote:`,
    openXchange: `${A} wrote on 3 November 2026 at 10:12:`,
    k9: `On November 3, 2026 10:12:04 AM GMT+01:00, ${A} wrote:`,
    spark: `On 3 Nov 2026, 10:12 +0100, ${A}, wrote:`,
    proton: `On Tuesday, November 3rd, 2026 at 10:12 AM, ${A} wrote:`,
    groupWise: `>>> ${A} 11/3/2026 10:12 AM >>>`,
    labels: ['From', 'Sent', 'To', 'Subject', 'Date'],
    date: 'Tuesday, November 3, 2026 10:12 AM',
    original: 'Original Message',
    iPhone: 'Sent from my iPhone',
    outlookMobile: 'Get Outlook for iOS',
    samsung: 'Sent from my Galaxy',
  },
  de: {
    answer: 'Vielen Dank, am Dienstag habe ich es versucht:\nes geht jetzt.\nViele Grüße\nKim',
    quoted: 'Hallo Kim,\nbitte starten Sie den Router neu.',
    gmail: `Am Di., 3. Nov. 2026 um 10:12 Uhr schrieb ${A}:`,
    apple: `Am 03.11.2026 um 10:12 schrieb ${A}:`,
    thunderbird: `Am 03.11.26 um 10:12 schrieb ${WHO}:`,
    yahoo: `Am Dienstag, 3. November 2026 um 10:12:04 MEZ hat ${A} Folgendes geschrieben:`,
    roundcube: `Am 03.11.2026 10:12, schrieb ${WHO}:`,
    openXchange: `${A} hat am 03.11.2026 10:12 CET geschrieben:`,
    k9: `Am 3. November 2026 10:12:04 MEZ schrieb ${A}:`,
    spark: `Am 3. Nov. 2026, 10:12 +0100 schrieb ${A}:`,
    proton: `${A} schrieb am Dienstag, 3. November 2026 um 10:12:`,
    groupWise: `>>> "${WHO}" <${ADDRESS}> schrieb am Dienstag, 3. November 2026 um\n10:12 in Nachricht <6548D1F8.9B8@contoso.example>:`,
    labels: ['Von', 'Gesendet', 'An', 'Betreff', 'Datum'],
    date: 'Dienstag, 3. November 2026 10:12',
    original: 'Ursprüngliche Nachricht',
    iPhone: 'Von meinem iPhone gesendet',
    outlookMobile: 'Outlook für iOS beziehen',
    samsung: 'Von meinem Galaxy gesendet',
  },
  fr: {
    answer: 'Merci, le 2 novembre j’ai essayé :\nça marche.\nCordialement\nKim',
    quoted: 'Bonjour Kim,\nveuillez redémarrer le routeur.',
    gmail: `Le mar. 3 nov. 2026 à 10:12, ${A} a écrit :`,
    apple: `Le 3 nov. 2026 à 10:12, ${A} a écrit :`,
    thunderbird: `Le 03/11/2026 à 10:12, ${WHO} a écrit :`,
    yahoo: `Le mardi 3 novembre 2026 à 10:12:04 UTC+1, ${A} a écrit :`,
    roundcube: `Le 2026-11-03 10:12, ${WHO} a écrit :`,
    openXchange: `Le 03/11/2026 10:12 CET, ${A} a écrit :`,
    k9: `Le 3 novembre 2026 10:12:04 GMT+01:00, ${A} a écrit :`,
    spark: `Le 3 nov. 2026 à 10:12 +0100, ${A}, a écrit :`,
    proton: `Le mardi 3 novembre 2026 à 10:12, ${A} a écrit :`,
    groupWise: `>>> ${A} 03/11/2026 10:12 >>>`,
    labels: ['De', 'Envoyé', 'À', 'Objet', 'Date'],
    date: 'mardi 3 novembre 2026 10:12',
    original: 'Message d’origine',
    iPhone: 'Envoyé de mon iPhone',
    outlookMobile: 'Télécharger Outlook pour iOS',
    samsung: 'Envoyé depuis mon appareil Galaxy',
  },
  es: {
    answer: 'Gracias, el martes lo probé:\nya funciona.\nUn saludo\nKim',
    quoted: 'Hola Kim,\nreinicie el router.',
    gmail: `El mar, 3 nov 2026 a las 10:12, ${WHO} (<${ADDRESS}>) escribió:`,
    apple: `El 3 nov 2026, a las 10:12, ${A} escribió:`,
    thunderbird: `El 3/11/26 a las 10:12, ${WHO} escribió:`,
    yahoo: `El martes, 3 de noviembre de 2026, 10:12:04 CET, ${A} escribió:`,
    roundcube: `El 2026-11-03 10:12, ${WHO} escribió:`,
    openXchange: `El 03/11/2026 10:12 CET ${A} escribió:`,
    k9: `El 3 de noviembre de 2026 10:12:04 CET, ${A} escribió:`,
    spark: `El 3 nov 2026 10:12 +0100, ${A}, escribió:`,
    proton: `El martes, 3 de noviembre de 2026 a las 10:12, ${A} escribió:`,
    groupWise: `>>> ${A} 03/11/2026 10:12 >>>`,
    labels: ['De', 'Enviado', 'Para', 'Asunto', 'Fecha'],
    date: 'martes, 3 de noviembre de 2026 10:12',
    original: 'Mensaje original',
    iPhone: 'Enviado desde mi iPhone',
    outlookMobile: 'Obtener Outlook para iOS',
    samsung: 'Enviado desde mi Galaxy',
  },
  it: {
    answer: 'Grazie, il 2 novembre ho provato:\nora funziona.\nCordiali saluti\nKim',
    quoted: 'Ciao Kim,\nriavvia il router.',
    gmail: `Il giorno mar 3 nov 2026 alle ore 10:12 ${A} ha scritto:`,
    apple: `Il giorno 3 nov 2026, alle ore 10:12, ${A} ha scritto:`,
    thunderbird: `Il 03/11/26 10:12, ${WHO} ha scritto:`,
    yahoo: `Il martedì 3 novembre 2026 alle ore 10:12:04 CET, ${A} ha scritto:`,
    roundcube: `Il 2026-11-03 10:12 ${WHO} ha scritto:`,
    openXchange: `Il 03/11/2026 10:12 CET ${A} ha scritto:`,
    k9: `Il 3 novembre 2026 10:12:04 CET, ${A} ha scritto:`,
    spark: `Il 3 nov 2026, 10:12 +0100, ${A}, ha scritto:`,
    proton: `Il martedì 3 novembre 2026 alle 10:12, ${A} ha scritto:`,
    groupWise: `>>> ${A} 03/11/2026 10:12 >>>`,
    labels: ['Da', 'Inviato', 'A', 'Oggetto', 'Data'],
    date: 'martedì 3 novembre 2026 10:12',
    original: 'Messaggio originale',
    iPhone: 'Inviato da iPhone',
    outlookMobile: 'Scarica Outlook per iOS',
    samsung: 'Inviato dal mio Galaxy',
  },
  nl: {
    answer: 'Bedankt, op dinsdag heb ik het geprobeerd:\nhet werkt.\nGroeten\nKim',
    quoted: 'Hallo Kim,\nherstart de router.',
    gmail: `Op di 3 nov 2026 om 10:12 schreef ${A}:`,
    apple: `Op 3 nov 2026, om 10:12 heeft ${A} het volgende geschreven:`,
    thunderbird: `Op 03-11-2026 om 10:12 schreef ${WHO}:`,
    yahoo: `Op dinsdag 3 november 2026 om 10:12:04 CET schreef ${A}:`,
    roundcube: `${WHO} schreef op 2026-11-03 10:12:`,
    openXchange: `Op 03-11-2026 10:12 CET schreef ${A}:`,
    k9: `Op 3 november 2026 10:12:04 CET schreef ${A}:`,
    spark: `Op 3 nov. 2026 10:12 +0100 schreef ${A}:`,
    proton: `Op dinsdag 3 november 2026 om 10:12 schreef ${A}:`,
    groupWise: `>>> ${A} 3-11-2026 10:12 >>>`,
    labels: ['Van', 'Verzonden', 'Aan', 'Onderwerp', 'Datum'],
    date: 'dinsdag 3 november 2026 10:12',
    original: 'Oorspronkelijk bericht',
    iPhone: 'Verstuurd vanaf mijn iPhone',
    outlookMobile: 'Outlook voor iOS downloaden',
    samsung: 'Verzonden vanaf mijn Galaxy',
  },
  pl: {
    answer: 'Dziękuję, w dniu 2 listopada próbowałam:\ndziała.\nPozdrawiam\nKim',
    quoted: 'Dzień dobry,\nproszę zrestartować router.',
    gmail: `wt., 3 lis 2026 o 10:12 ${A} napisał(a):`,
    apple: `Wiadomość napisana przez ${A} w dniu 3 lis 2026, o godz. 10:12:`,
    thunderbird: `W dniu 3.11.2026 o 10:12, ${WHO} pisze:`,
    yahoo: `W dniu wtorek, 3 listopada 2026 10:12:04 CET użytkownik ${A} napisał:`,
    roundcube: `W dniu 2026-11-03 10:12, ${WHO} napisał(a):`,
    openXchange: `Dnia 03.11.2026 10:12 CET ${A} napisał(a):`,
    k9: `Dnia 3 listopada 2026 10:12:04 CET, ${A} napisał/a:`,
    spark: `3 lis 2026, 10:12 +0100, ${A}, napisał(a):`,
    proton: `W dniu wtorek, 3 listopada 2026 o 10:12, ${A} napisał(a):`,
    groupWise: `>>> ${A} 2026-11-03 10:12 >>>`,
    labels: ['Od', 'Wysłano', 'Do', 'Temat', 'Data'],
    date: 'wtorek, 3 listopada 2026 10:12',
    original: 'Oryginalna wiadomość',
    iPhone: 'Wysłane z iPhone’a',
    outlookMobile: 'Pobierz program Outlook dla systemu iOS',
    samsung: 'Wysłane z mojego Galaxy',
  },
  pt: {
    answer: 'Obrigada, em novembro tentei:\njá funciona.\nCumprimentos\nKim',
    quoted: 'Olá Kim,\nreinicie o router.',
    gmail: `${A} escreveu (terça, 3/11/2026 à(s) 10:12):`,
    apple: `Em 3 de nov. de 2026, à(s) 10:12, ${A} escreveu:`,
    thunderbird: `Em 03/11/2026 10:12, ${WHO} escreveu:`,
    yahoo: `Em terça-feira, 3 de novembro de 2026 10:12:04 WET, ${A} escreveu:`,
    roundcube: `Em 2026-11-03 10:12, ${WHO} escreveu:`,
    openXchange: `Em 03/11/2026 10:12 WET, ${A} escreveu:`,
    k9: `Em 3 de novembro de 2026 10:12:04 WET, ${A} escreveu:`,
    spark: `Em 3 de nov. de 2026 10:12 +0000, ${A}, escreveu:`,
    proton: `Em terça-feira, 3 de novembro de 2026 às 10:12, ${A} escreveu:`,
    groupWise: `>>> ${A} 03-11-2026 10:12 >>>`,
    labels: ['De', 'Enviado', 'Para', 'Assunto', 'Data'],
    date: 'terça-feira, 3 de novembro de 2026 10:12',
    original: 'Mensagem original',
    iPhone: 'Enviado do meu iPhone',
    outlookMobile: 'Obter o Outlook para iOS',
    samsung: 'Enviado do meu Galaxy',
  },
  sv: {
    answer: 'Tack, den 2 november försökte jag:\ndet fungerar.\nHälsningar\nKim',
    quoted: 'Hej Kim,\nstarta om routern.',
    gmail: `Den tis 3 nov. 2026 kl 10:12 skrev ${A}:`,
    apple: `3 nov. 2026 kl. 10:12 skrev ${A}:`,
    thunderbird: `Den 2026-11-03 kl. 10:12, skrev ${WHO}:`,
    yahoo: `Den tisdag 3 november 2026 10:12:04 CET skrev ${A}:`,
    roundcube: `${WHO} skrev den 2026-11-03 10:12:`,
    openXchange: `Den 2026-11-03 10:12 CET skrev ${A}:`,
    k9: `Den 3 november 2026 10:12:04 CET, skrev ${A}:`,
    spark: `3 nov. 2026 10:12 +0100, ${A}, skrev:`,
    proton: `Den tisdag 3 november 2026 kl. 10:12, ${A} skrev:`,
    groupWise: `>>> ${A} 2026-11-03 10:12 >>>`,
    labels: ['Från', 'Skickat', 'Till', 'Ämne', 'Datum'],
    date: 'den 3 november 2026 10:12',
    original: 'Originalmeddelande',
    iPhone: 'Skickat från min iPhone',
    outlookMobile: 'Hämta Outlook för iOS',
    samsung: 'Skickat från min Galaxy',
  },
  cs: {
    answer: 'Děkuji, v úterý jsem to zkusila:\nfunguje to.\nS pozdravem\nKim',
    quoted: 'Dobrý den,\nrestartujte prosím router.',
    gmail: `út 3. 11. 2026 v 10:12 odesílatel ${A} napsal:`,
    apple: `3. 11. 2026 v 10:12, ${A}:`,
    thunderbird: `Dne 03. 11. 26 v 10:12 ${WHO} napsal(a):`,
    yahoo: `Dne úterý 3. listopadu 2026 10:12:04 SEČ, ${A} napsal(a):`,
    roundcube: `Dne 2026-11-03 10:12, ${WHO} napsal:`,
    openXchange: `Dne 03.11.2026 10:12 CET ${A} napsal(a):`,
    k9: `Dne 3. listopadu 2026 10:12:04 SEČ, ${A} napsal/a:`,
    spark: `3. 11. 2026 10:12 +0100, ${A}, napsal(a):`,
    proton: `Dne úterý 3. listopadu 2026 v 10:12, ${A} napsal(a):`,
    groupWise: `>>> ${A} 3.11.2026 10:12 >>>`,
    labels: ['Od', 'Odesláno', 'Komu', 'Předmět', 'Datum'],
    date: 'úterý 3. listopadu 2026 10:12',
    original: 'Původní zpráva',
    iPhone: 'Odesláno z iPhonu',
    outlookMobile: 'Získat Outlook pro iOS',
    samsung: 'Odesláno z mého Galaxy',
  },
  hu: {
    answer: 'Köszönöm, kedden kipróbáltam:\nműködik.\nÜdvözlettel\nKim',
    quoted: 'Kedves Kim,\nindítsa újra a routert.',
    gmail: `${A} ezt írta (időpont: 2026. nov. 3., K, 10:12):`,
    apple: `${A} írta (időpont: 2026. nov. 3., 10:12):`,
    thunderbird: `2026. 11. 03. 10:12 keltezéssel, ${WHO} írta:`,
    yahoo: `2026. november 3., kedd 10:12:04 CET időpontban ${A} ezt írta:`,
    roundcube: `2026-11-03 10:12 időpontban ${WHO} ezt írta:`,
    openXchange: `${A} 2026.11.03. 10:12 CET írta:`,
    k9: `2026. november 3. 10:12:04 CET dátummal, ${A} ezt írta:`,
    spark: `2026. nov. 3. 10:12 +0100, ${A} írta:`,
    proton: `2026. november 3., kedd 10:12 időpontban ${A} ezt írta:`,
    groupWise: `>>> ${A} 2026.11.03. 10:12 >>>`,
    labels: ['Feladó', 'Elküldve', 'Címzett', 'Tárgy', 'Dátum'],
    date: '2026. november 3., kedd 10:12',
    original: 'Eredeti üzenet',
    iPhone: 'Az iPhone-omról küldve',
    outlookMobile: 'Az Outlook beszerzése iOS-re',
    samsung: 'Elküldve Galaxy készülékemről',
  },
  tr: {
    answer: 'Teşekkürler, salı günü denedim:\nçalışıyor.\nSaygılarımla\nKim',
    quoted: 'Merhaba Kim,\nlütfen yönlendiriciyi yeniden başlatın.',
    gmail: `${A}, 3 Kas 2026 Sal, 10:12 tarihinde şunu yazdı:`,
    apple: `${A} şunları yazdı (3 Kas 2026 10:12):`,
    thunderbird: `3.11.2026 10:12 tarihinde ${WHO} yazdı:`,
    yahoo: `3 Kasım 2026 Salı 10:12:04 GMT+3 tarihinde ${A} şunu yazdı:`,
    roundcube: `2026-11-03 10:12 tarihinde, ${WHO} yazdı:`,
    openXchange: `${A} 03.11.2026 10:12 tarihinde yazdı:`,
    k9: `3 Kasım 2026 10:12:04 GMT+03:00 tarihinde ${A} yazdı:`,
    spark: `3 Kas 2026 10:12 +0300, ${A} yazdı:`,
    proton: `3 Kasım 2026 Salı 10:12 tarihinde, ${A} yazdı:`,
    groupWise: `>>> ${A} 03.11.2026 10:12 >>>`,
    labels: ['Kimden', 'Gönderildi', 'Kime', 'Konu', 'Tarih'],
    date: '3 Kasım 2026 Salı 10:12',
    original: 'Özgün ileti',
    iPhone: 'iPhone’umdan gönderildi',
    outlookMobile: 'iOS için Outlook’u edinin',
    samsung: 'Galaxy cihazımdan gönderildi',
  },
  ru: {
    answer: 'Спасибо, во вторник я попробовала:\nработает.\nС уважением\nКим',
    quoted: 'Здравствуйте,\nперезагрузите роутер.',
    gmail: `вт, 3 нояб. 2026 г. в 10:12, ${A}:`,
    apple: `3 нояб. 2026 г., в 10:12, ${A} написал(а):`,
    thunderbird: `03.11.2026 10:12, ${WHO} пишет:`,
    yahoo: `вторник, 3 ноября 2026 г. в 10:12:04 GMT+3 пользователь ${A} написал:`,
    roundcube: `${WHO} писал 2026-11-03 10:12:`,
    openXchange: `03.11.2026 10:12 MSK ${A} написал:`,
    k9: `3 ноября 2026 г. 10:12:04 GMT+03:00, ${A} пишет:`,
    spark: `3 нояб. 2026 г., 10:12 +0300, ${A}, писал:`,
    proton: `Вторник, 3 ноября 2026 г. в 10:12, ${A} написал(а):`,
    groupWise: `>>> ${A} 03.11.2026 10:12 >>>`,
    labels: ['От', 'Отправлено', 'Кому', 'Тема', 'Дата'],
    date: '3 ноября 2026 г. 10:12',
    original: 'Исходное сообщение',
    iPhone: 'Отправлено с iPhone',
    outlookMobile: 'Скачать Outlook для iOS',
    samsung: 'Отправлено с моего Galaxy',
  },
  ja: {
    answer: 'ありがとうございます。火曜日に試しました：\n動きました。\nキム',
    quoted: 'キム様\nルーターを再起動してください。',
    gmail: `2026年11月3日(火) 10:12 ${A}:`,
    apple: `2026/11/03 10:12、${A}のメール:`,
    thunderbird: `2026/11/03 10:12 に ${WHO} さんは書きました:`,
    yahoo: `2026年11月3日火曜日 10:12:04 JST、${A}さんは書きました：`,
    roundcube: `2026-11-03 10:12 に ${WHO} さんは書きました:`,
    openXchange: `2026/11/03 10:12 JST ${A} さんが書きました:`,
    k9: `2026年11月3日 10:12:04 JST、${A} のメール:`,
    spark: `2026年11月3日 10:12 +0900、${A}のメール:`,
    proton: `2026年11月3日 火曜日 10:12、${A} さんは書きました:`,
    groupWise: `>>> ${A} 2026/11/03 10:12 >>>`,
    labels: ['差出人', '送信日時', '宛先', '件名', '日付'],
    date: '2026年11月3日火曜日 10:12',
    original: '元のメッセージ',
    iPhone: 'iPhoneから送信',
    outlookMobile: 'iOS 版 Outlook を入手',
    samsung: 'Galaxyから送信',
  },
  he: {
    answer: 'תודה, ביום שלישי ניסיתי:\nזה עובד.\nקים',
    quoted: 'שלום קים,\nנא להפעיל מחדש.',
    gmail: `\u202bבתאריך יום ג׳, 3 בנוב׳ 2026 ב-10:12 מאת \u202a${WHO}\u202c\u200f <\u202a${ADDRESS}\u202c\u200f>:\u202c`,
    apple: `\u200fב-3 בנוב׳ 2026, בשעה 10:12, \u200f${A} כתב/ה:`,
    thunderbird: `ב- 03/11/2026 10:12, ${WHO} כתב:`,
    yahoo: `\u202bב-יום שלישי, 3 בנובמבר 2026 ב-10:12:04 GMT+2, \u202a${A}\u202c כתב:\u202c`,
    roundcube: `ב-2026-11-03 10:12, ${WHO} כתב:`,
    openXchange: `בתאריך 03/11/2026 10:12 ${A} כתב:`,
    k9: `ב-3 בנובמבר 2026 10:12:04 GMT+02:00,\u200f ${A} כתב:`,
    spark: `ב-3 בנוב׳ 2026, 10:12 +0200, ${A} כתב:`,
    proton: `ב-יום שלישי, 3 בנובמבר 2026 בשעה 10:12, ${A} כתב:`,
    groupWise: `>>> ${A} 03/11/2026 10:12 >>>`,
    labels: ['מאת', 'נשלח', 'אל', 'נושא', 'תאריך'],
    date: 'יום שלישי 03 נובמבר 2026 10:12',
    original: 'הודעה מקורית',
    iPhone: 'נשלח מה-iPhone שלי',
    outlookMobile: 'השג את Outlook עבור iOS',
    samsung: 'נשלח מה-Galaxy שלי',
  },
};

const marked = (text: string): string => text.replaceAll(/^/gm, '> ');
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const lined = (text: string): string => escaped(text).replaceAll('\n', '<br>');

/** Broken as Gmail breaks plain text: at the last blank before column 78. */
function wrap(line: string): string {
  if (line.length <= 76) return line;
  const at = line.lastIndexOf(' ', 76);
  return `${line.slice(0, at)}\n${line.slice(at + 1)}`;
}
const block = ({ labels: [from, sent, to, subject], date }: Tongue, colon = ':'): string =>
  [
    `${from}${colon} ${A}`,
    `${sent}${colon} ${date}`,
    `${to}${colon} Kim <kim@kunde.example>`,
    `${subject}${colon} 4711`,
  ].join('\n');
const blockHtml = (tongue: Tongue): string =>
  block(tongue)
    .split('\n')
    .map((line) => escaped(line).replace(/^([^:]+:)/, '<b>$1</b>'))
    .join('<br>');

type Body = { text: string } | { html: string };
const text = (value: string): Body => ({ text: value });
const html = (value: string): Body => ({ html: `<html><body>${value}</body></html>` });

const programs: Readonly<Record<string, (t: Tongue) => Body>> = {
  'Gmail, text': (t) => text(`${t.answer}\n\n${wrap(t.gmail)}\n\n${marked(t.quoted)}\n`),
  'Gmail, html': (t) =>
    html(
      `<div dir="auto">${lined(t.answer)}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">${escaped(t.gmail)}<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">${lined(t.quoted)}</blockquote></div>`,
    ),
  'Outlook, text': (t) => text(`${t.answer}\n\n${block(t)}\n\n${t.quoted}\n`),
  'Outlook, html': (t) =>
    html(
      `<div class=WordSection1><p class=MsoNormal>${lined(t.answer)}</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>${blockHtml(t)}</p></div><p>${lined(t.quoted)}</p></div>`,
    ),
  'Outlook on the web': (t) =>
    html(
      `<div>${lined(t.answer)}</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">${blockHtml(t)}</div><div>${lined(t.quoted)}</div>`,
    ),
  'Outlook mobile': (t) =>
    text(
      `${t.answer}\n\n${t.outlookMobile}<https://aka.ms/o0ukef>\n________________________________\n${block(t)}\n\n${t.quoted}\n`,
    ),
  'Apple Mail': (t) => text(`${t.answer}\n\n${marked(`${t.apple}\n\n${t.quoted}`)}\n`),
  'iOS Mail': (t) => text(`${t.answer}\n\n${t.iPhone}\n\n${marked(`${t.apple}\n\n${t.quoted}`)}\n`),
  Thunderbird: (t) => text(`${t.answer}\n\n${t.thunderbird}\n${marked(t.quoted)}\n`),
  'Thunderbird, no blank line': (t) => text(`${t.answer}\n${t.thunderbird}\n${marked(t.quoted)}\n`),
  Yahoo: (t) => text(`${t.answer}\n\n   ${wrap(t.yahoo)}  \n \n ${t.quoted}\n`),
  Yandex: (t) =>
    html(
      `<div>${lined(t.answer)}</div><div> </div><div>03.11.2026, 10:12, "${WHO}" &lt;${ADDRESS}&gt;:</div><blockquote><p>${lined(t.quoted)}</p></blockquote>`,
    ),
  QQ: (t) =>
    html(
      `<div>${lined(t.answer)}</div><div><br></div><div style="font-size:12px">------------------&nbsp;${escaped(t.original)}&nbsp;------------------</div><div style="background:#efefef">${blockHtml(t)}</div><p>${lined(t.quoted)}</p>`,
    ),
  GroupWise: (t) => text(`${t.answer}\n\n${t.groupWise}\n${t.quoted}\n`),
  'Open-Xchange': (t) =>
    text(`${t.answer}\n\n${marked(`${t.openXchange}\n\n${t.quoted}`)}\n\n-- \nKim Kunde\nTel. 030 1234567\n`),
  Zimbra: (t) =>
    text(
      `${t.answer}\n\n----- ${t.original} -----\n${block({ ...t, labels: [t.labels[0], t.labels[4], t.labels[2], t.labels[3], ''] })}\n\n${t.quoted}\n`,
    ),
  Roundcube: (t) => text(`${t.answer}\n\n${t.roundcube}\n${marked(t.quoted)}\n`),
  Samsung: (t) =>
    text(
      `${t.answer}\n\n${t.samsung}\n\n\n-------- ${t.original} --------\n${block({ ...t, labels: [t.labels[0], t.labels[4], t.labels[2], t.labels[3], ''] })}\n\n${t.quoted}\n`,
    ),
  'K-9': (t) => text(`${t.answer}\n\n${t.k9}\n${marked(t.quoted)}\n`),
  Spark: (t) => text(`${t.answer}\n${t.spark}\n${marked(t.quoted)}\n`),
  'Proton Mail': (t) => text(`${t.answer}\n\n${wrap(t.proton)}\n\n${marked(t.quoted)}\n`),
  'Mail.ru': (t) => text(`${t.answer}\n\n3 ноября 2026, 10:12 +03:00 от ${A}:\n \n${t.quoted}\n`),
};

/** Every program in every language. */
export function answers(): Answer[] {
  return Object.entries(tongues).flatMap(([language, tongue]) =>
    Object.entries(programs).map(([program, write]) => {
      const body = write(tongue);
      const [type, value] = 'text' in body ? ['plain', body.text] : ['html', body.html];
      const head = `From: Kim <kim@kunde.example>\nTo: ${A}\nSubject: Re: 4711\nIn-Reply-To: <x@contoso.example>\nMIME-Version: 1.0\nContent-Type: text/${type}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n`;
      return { program, language, mail: Buffer.from(`${head}\n${value}`), newPart: tongue.answer };
    }),
  );
}
