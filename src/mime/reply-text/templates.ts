// The lines with which mail programs introduce a quotation, by language; attribution.ts builds its matchers from this table. Placeholders: {d} date and
// time, {n} name and address, {*} a date and then a name, with or without a comma between, {v} one of the language's verbs. The colon at the end is
// omitted; case does not count.
// Sources: the localized strings of Gmail, Apple Mail, Outlook, Thunderbird (mailnews reply header), Roundcube (mailreplyintro), Open-Xchange,
// Horde, Yahoo, Yandex, Mail.ru, NetEase, K-9, Evolution, KMail, Spark, Proton Mail, Zoho.

export interface Language {
  /** Forms of "wrote" that end or hold an attribution, separated by `|`. */
  verbs: string;
  templates: readonly string[];
}

const on = (...prefixes: string[]): string[] => prefixes.map((prefix) => `${prefix} {*} {v}`);

export const languages: Readonly<Record<string, Language>> = {
  af: { verbs: 'geskryf|skryf|die volgende geskryf', templates: ['op {d} het {n} {v}', 'op {d} {v} {n}'] },
  ar: {
    verbs: 'كتب|كتبت|كتب/كتبت',
    templates: [
      'في {d} تمت كتابة ما يلي بواسطة {n}',
      'في {d} {v} {n}',
      'في {d}، {v} {n}',
      'بتاريخ {d}، {v} {n}',
      '{v} {n} في {d}',
      'قام {n} بكتابة {d}',
    ],
  },
  az: { verbs: 'yazdı|yazıb', templates: ['{n} {d} tarixində {v}', '{d} tarixində {n} {v}', '{*} {v}'] },
  be: { verbs: 'піша|напісаў|напісала|напісаў(-ла)', templates: ['{*} {v}'] },
  bg: { verbs: 'написа|писа|пише', templates: ['на {*} {v}', '{n} {v} на {d}', '{n} {v} (на {d})', '{*} {v}'] },
  bn: { verbs: 'লিখেছেন|লিখেছে|লিখেছিলেন', templates: ['{d} তারিখে {n} {v}', '{*} {v}'] },
  bs: { verbs: 'je napisao/la|napisao je|je napisao', templates: ['dana {*} {v}', '{*} {v}'] },
  ca: {
    verbs: 'va escriure|ha escrit|escrigué|escriu',
    templates: ['missatge de {n} del dia {d}', 'el {*} {v}', 'a {*} {v}', '{n} {v} el {d}', 'en {*} {v}'],
  },
  cs: {
    verbs: 'napsal(a)|napsal|napsala|napsal/a|píše',
    templates: [
      '{d} odesílatel {n} {v}',
      'dne {*} {v}',
      'dne {d} {v} {n}',
      '{*} {v}',
      '{n} {v} dne {d}',
      '{n} {v} {d}',
    ],
  },
  cy: { verbs: 'ysgrifennodd', templates: ['ar {d}, {v} {n}', 'ar {d} {v} {n}'] },
  da: {
    verbs: 'skrev|skriver|skrev følgende',
    templates: [
      'den {d} {v} {n}',
      'd. {d} {v} {n}',
      '{d} {v} {n}',
      '{n} {v} den {d}',
      '{n} {v} {d}',
      'den {*} {v}',
      'på {*} {v}',
    ],
  },
  de: {
    verbs: 'schrieb|schrieben|geschrieben|folgendes geschrieben|schreibt|schrieb/wrote',
    templates: [
      ...on('am', 'um', 'den', 'vom'),
      'am {d} {v} {n}',
      'am {d} {v}',
      'um {d} {v} {n}',
      'den {d} {v} {n}',
      'am {d} hat {n} {v}',
      '{n} hat am {d} {v}',
      '{n} {v} am {d}',
      '{n} {v} um {d}',
      '{n} {v} in {d}',
      '{d} {v} {n}',
      'zitat von {n}',
      'nachricht von {n} vom {d}',
    ],
  },
  el: {
    verbs: 'έγραψε|έγραψαν|γράφει',
    templates: ['στις {*} {v}', '{n} {v} στις {d}', 'την {*} {v}', 'ο χρήστης {n} {v} στις {d}', '{*} {v}'],
  },
  en: {
    verbs: 'wrote|writes|said|sent|wrote the following|wrote back|has written|schrieb/wrote',
    templates: [
      ...on('on', 'at', 'in'),
      '{n} {v} on {d}',
      '{n} {v} at {d}',
      'on {d} {v} {n}',
      'quoting {n}',
      '{*} {v}',
      // Mail.ru, in English
      '{d} from {n}',
      'message from {n} on {d}',
    ],
  },
  es: {
    verbs: 'escribió|escribio|ha escrito|escribiste|escribía|escribieron',
    templates: [
      ...on('el', 'en', 'a'),
      '{n} {v} el {d}',
      '{n} {v} en {d}',
      'el {d} {v} {n}',
      'citando a {n}',
      'mensaje citado por {n}',
      '{*} {v}',
    ],
  },
  et: {
    verbs: 'kirjutas|kirjutas järgmist',
    templates: [
      '{n} {v} kuupäeval {d}',
      'kuupäeval {d} {v} {n}',
      'kuupäev {d} {v} {n}',
      '{d} {v} {n}',
      '{n} {v} {d}',
      '{*} {v}',
    ],
  },
  eu: {
    verbs: 'idatzi du|idatzi zuen|hau idatzi du|hau idatzi zuen',
    templates: ['{n} erabiltzaileak hau idatzi du ({d})', '{*} {v}', '{n} {v} {d}', '{n} {v} ({d})'],
  },
  fa: { verbs: 'نوشت|نوشته است|نوشته‌است', templates: ['در تاریخ {*} {v}', 'در {*} {v}', '{n} در {d} {v}', '{*} {v}'] },
  fi: {
    verbs: 'kirjoitti|kirjoittaa|kirjoitti seuraavasti',
    templates: ['{*} {v}', '{n} {v} {d}', '{d} {v} {n}', 'lainaus {n}'],
  },
  fil: {
    verbs: 'isinulat|sinulat|sumulat',
    templates: ['noong {d}, {v} ni {n}', 'noong {d} {v} ni {n} ang', 'noong {*} {v}'],
  },
  fr: {
    verbs: 'a écrit|à écrit|a ecrit|a écrit ceci|écrivait|écrit|nous a dit|avez écrit',
    templates: [
      ...on('le', 'en date du', 'en date de'),
      '{n} {v} le {d}',
      '{n} {v} (le {d})',
      'le {d} {v} {n}',
      '{*} {v}',
      'citation de {n}',
    ],
  },
  ga: { verbs: 'scríobh', templates: ['ar {d} {v} {n}', 'ar {d}, {v} {n}'] },
  gl: { verbs: 'escribiu|escribía', templates: [...on('o', 'en', 'a'), '{n} {v} o {d}', 'o {d} {v} {n}'] },
  gu: { verbs: 'લખ્યું', templates: ['{*} {v}'] },
  he: {
    verbs: 'כתב|כתבה|כתב/ה|כתב(ה)|כתבו|כתב(ה) את הדברים הבאים',
    templates: [
      'בתאריך {d} מאת {n}',
      'בתאריך {*} {v}',
      'ב-{*} {v}',
      'ב- {*} {v}',
      'ב{*} {v}',
      'מאת {n} בתאריך {d}',
      '{n} {v} ב-{d}',
    ],
  },
  hi: { verbs: 'ने लिखा|ने लिखा था|ने यह लिखा', templates: ['{d} को {n} {v}', '{*} {v}'] },
  hr: {
    verbs: 'napisao je|napisala je|je napisao/la|je napisao|je napisala|napisao/la je|napisao(la) je|piše',
    templates: ['dana {*} {v}', 'u {*} {v}', '{*} {v}', '{n} {v} {d}', '{n} {v} dana {d}'],
  },
  hu: {
    verbs: 'írta|ezt írta|a következőt írta|írta a következőket|írja',
    templates: [
      '{n} {v} (időpont: {d})',
      '{n} {v} {d}',
      '{d} keltezéssel, {n} {v}',
      '{d} időpontban {n} {v}',
      '{d} dátummal {n} {v}',
      '{*} {v}',
    ],
  },
  hy: { verbs: 'գրել է|գրեց|-ը գրել է', templates: ['{*} {v}', '{*}-ը գրել է'] },
  id: {
    verbs: 'menulis|menulis pesan berikut',
    templates: ['pada {*} {v}', 'pada tanggal {*} {v}', '{n} {v} pada {d}', 'tanggal {*} {v}'],
  },
  is: { verbs: 'skrifaði|skrifar', templates: ['þann {d} {v} {n}', 'þann {*} {v}', '{d} {v} {n}', '{n} {v} þann {d}'] },
  it: {
    verbs: 'ha scritto|scrisse|scrive|ha scritto quanto segue|hai scritto|scriveva',
    templates: [
      ...on('il giorno', 'in data', 'dal giorno', 'il', 'alle', 'addì', "l'"),
      '{n} {v} il {d}',
      '{n} {v} in data {d}',
      'il {d} {v} {n}',
      'citando {n}',
      'scrive {n}',
      '{*} {v}',
    ],
  },
  ja: {
    verbs:
      'さんは書きました|さんが書きました|さんは書いています|は書きました|のメール|のメッセージ|さんのメール|さんのメッセージ|書いた|さんは次のように書きました',
    templates: ['{*}{v}', '{*} {v}', '{n}{v} ({d})'],
  },
  ka: { verbs: 'დაწერა|წერს|-მა დაწერა', templates: ['{*} {v}', '{*}-მა დაწერა'] },
  kk: { verbs: 'былай деп жазды|жазды', templates: ['{*} {v}'] },
  kn: { verbs: 'ಬರೆದಿದ್ದಾರೆ|ಬರೆದರು', templates: ['{*} {v}'] },
  ko: {
    verbs: '작성|님이 작성|님이 작성했습니다|님이 쓴 글|님의 글|님이 다음을 작성함|님이 쓰신 글|작성함|쓰기',
    templates: ['{*}{v}', '{*} {v}', '{n}님이 {d}에 {v}', '{n}님이 {d} {v}'],
  },
  lt: { verbs: 'rašė|parašė|rašo', templates: ['{*} {v}', '{n} {v} {d}', '{d} {v} {n}'] },
  lv: { verbs: 'rakstīja|raksta|uzrakstīja', templates: ['{*} {v}', '{d} {v} {n}', '{n} {v} {d}'] },
  mk: { verbs: 'напиша|напишал|пишува|напишал/а', templates: ['на {*} {v}', '{*} {v}'] },
  ml: { verbs: 'എഴുതി', templates: ['{*} {v}'] },
  mn: { verbs: 'бичсэн|бичив', templates: ['{*} {v}'] },
  mr: { verbs: 'ने लिहिले|यांनी लिहिले|ने लिहिलं', templates: ['{d} रोजी {n} {v}', '{*} {v}'] },
  ms: { verbs: 'menulis', templates: ['pada {*} {v}'] },
  nb: {
    verbs: 'skrev|skreiv|skriver|skrev følgende',
    templates: [
      'den {d} {v} {n}',
      '{d} {v} {n}',
      '{n} {v} den {d}',
      '{n} {v} {d}',
      'på {d} {v} {n}',
      'på {*} {v}',
      'kl. {d} {v} {n}',
    ],
  },
  nl: {
    verbs: 'schreef|geschreven|het volgende geschreven|schreef het volgende|schrijft|het volgende geschreven',
    templates: [
      ...on('op', 'in', 'om'),
      'op {d} {v} {n}',
      'op {d} heeft {n} {v}',
      'op {d} heeft {n} {v}',
      '{n} heeft op {d} {v}',
      '{n} {v} op {d}',
      '{n} {v} in {d}',
      '{d} {v} {n}',
      'citeren {n}',
      'quoting {n}',
    ],
  },
  pa: { verbs: 'ਨੇ ਲਿਖਿਆ', templates: ['{*} {v}'] },
  pl: {
    verbs: 'napisał(a)|napisał|napisała|napisał/a|napisal|napisal(a)|pisze|pisze(-a)|napisał(-a)|napisał/-a',
    templates: [
      'w dniu {d} użytkownik {n} {v}',
      ...on('w dniu', 'dnia', 'dn.', 'w'),
      'użytkownik {n} {v} dnia {d}',
      '{n} {v} w dniu {d}',
      '{n} {v} dnia {d}',
      '{n} {v} {d}',
      '{d} {v} {n}',
      '{*} {v}',
      'cytowanie {n}',
    ],
  },
  pt: {
    verbs: 'escreveu|escreveu o seguinte|escreve|escreveu isto',
    templates: [
      ...on('em', 'a', 'no dia', 'na', 'no', 'às'),
      '{n} {v} ({d})',
      '{n} {v} em {d}',
      '{n} {v} no dia {d}',
      '{n} {v} a {d}',
      'em {d} {v} {n}',
      'citando {n}',
      '{*} {v}',
    ],
  },
  ro: {
    verbs: 'a scris|a scris următoarele|scrie',
    templates: [...on('în', 'in', 'pe', 'la', 'pe data de'), '{n} {v} pe {d}', '{n} {v} în {d}', '{*} {v}'],
  },
  ru: {
    verbs:
      'написал|написала|написал(а)|написал(-а)|писал|писал(а)|писала|пишет|написал/а|написали|пишете|сказал|сообщил|отправил|написано',
    templates: [
      '{d} пользователь {n} {v}',
      '{d} от {n}',
      '{*} {v}',
      '{n} {v} {d}',
      '{n} {v} (в {d})',
      '{d} {v} {n}',
      'в сообщении от {*} {v}',
      'цитирую {n}',
    ],
  },
  sk: {
    verbs: 'napísal(a)|napísal|napísala|napísal/a|píše|napísal/-a',
    templates: ['dňa {*} {v}', 'dňa {d} {v} {n}', '{*} {v}', '{n} {v} dňa {d}', '{d} používateľ {n} {v}'],
  },
  sl: {
    verbs: 'napisal|napisala|je napisal|je napisala|je napisal(a)|napisal(a)|piše',
    templates: [
      '{d} je oseba {n} {v}',
      'oseba {n} je {d} {v}',
      '{n} je {d} {v}',
      'dne {d} je {n} {v}',
      'dne {*} {v}',
      '{*} {v}',
      '{n} je dne {d} {v}',
    ],
  },
  sq: { verbs: 'shkroi|ka shkruar|shkruajti', templates: ['më {*} {v}', 'në {*} {v}', '{n} {v} më {d}', '{*} {v}'] },
  sr: {
    verbs: 'је написао/ла|је написао|је написала|написао је|написао/ла је|пише|je napisao/la|napisao je|je napisao',
    templates: ['дана {*} {v}', 'dana {*} {v}', 'у {*} {v}', 'u {*} {v}', '{*} {v}', '{n} {v} {d}', 'на {*} {v}'],
  },
  sv: {
    verbs: 'skrev|skrev följande|skriver|skrev så här',
    templates: [
      'den {d} {v} {n}',
      'den {*} {v}',
      '{d} {v} {n}',
      'på {*} {v}',
      '{n} {v} den {d}',
      '{n} {v} {d}',
      'vid {*} {v}',
      'citerar {n}',
    ],
  },
  sw: { verbs: 'aliandika|ameandika', templates: ['tarehe {*} {v}', 'mnamo {*} {v}', '{*} {v}'] },
  ta: { verbs: 'எழுதியது|எழுதினார்', templates: ['{d} அன்று {n} {v}', '{*} {v}'] },
  te: { verbs: 'రాసారు|వ్రాశారు', templates: ['{*} {v}'] },
  th: {
    verbs: 'เขียนว่า|เขียน|ได้เขียนว่า',
    templates: ['ในวันที่ {*} {v}', 'เมื่อ {*} {v}', 'วันที่ {*} {v}', 'เมื่อวันที่ {*} {v}', '{*} {v}'],
  },
  tr: {
    verbs: 'yazdı|şunu yazdı|şunları yazdı|yazmış|yazıyor|şöyle yazdı',
    templates: [
      '{n}, {d} tarihinde {v}',
      '{n} {d} tarihinde {v}',
      '{d} tarihinde {n} {v}',
      '{n} {v} ({d})',
      '{n} {v} {d}',
      '{n}, {d} {v}',
      '{*} {v}',
    ],
  },
  uk: {
    verbs: 'пише|написав|написала|написав(ла)|написав(-ла)|писав|написав/ла|написав(-а)',
    templates: [
      '{d} користувач {n} {v}',
      '{d} від {n}',
      '{*} {v}',
      '{n} {v} {d}',
      '{d} {v} {n}',
      'у повідомленні від {*} {v}',
    ],
  },
  ur: { verbs: 'نے لکھا', templates: ['{d} کو {n} {v}', '{*} {v}', 'پر {*} {v}'] },
  uz: { verbs: 'yozdi|deb yozdi', templates: ['{*} {v}', '{n} {d} da {v}'] },
  vi: {
    verbs: 'đã viết|viết|đã viết như sau',
    templates: [...on('vào', 'lúc', 'ngày', 'vào ngày', 'vào lúc'), '{n} {v} vào {d}', '{n} {v} lúc {d}', '{*} {v}'],
  },
  zh: {
    verbs: '写道|寫道|写|寫|编写|撰写|撰寫|寫了',
    templates: [
      '{n} 于{d}{v}',
      '{n} 於 {d} {v}',
      '{n} 於{d}{v}',
      '{n} 在 {d} {v}',
      '{n} 在{d}{v}',
      '在{*}{v}',
      '于{*}{v}',
      '於{*}{v}',
      '{*}{v}',
      '{*} {v}',
      '{d}, {n} {v}',
    ],
  },
};
