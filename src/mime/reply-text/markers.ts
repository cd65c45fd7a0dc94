// What tells quoted history, signatures and separators apart, in the languages and clients that customers use. Patterns run on single lines
// (or a few joined ones) of bounded length, so that none can run long.

/** "On … X wrote:" as a whole; two to four lines are joined before. Each has a fixed start and end, and at most 500 characters between. */
export const attributions: readonly RegExp[] = [
  /^(?:-{1,10}\s*)?on\b.{4,500}\b(?:wrote|writes|said|sent)(?: (?:the following|back))?\s*:?\s*-*$/i,
  /^at .{4,200}\bwrote:$/i,
  /^(?:am|um|den)\b.{4,500}\b(?:schrieb|hat|geschrieben|schreibt)\b.{0,200}:$/i,
  /^(?:am|um)\b.{4,500}\b(?:schrieb|geschrieben)\b.{0,200}$/i,
  /^.{2,300}\bschrieb (?:am|um|in)\b.{4,200}(?::|uhr:?)$/i,
  /^le\b.{4,500}(?:a|à) écrit\s*:?$/i,
  /^el\b.{4,500}\b(?:escribió|escribio|ha escrito|va escriure)\s*:?$/i,
  /^il\b.{4,500}\b(?:ha scritto|scrisse)\s*:?$/i,
  /^(?:in data|il giorno|dal giorno)\b.{4,500}\b(?:ha scritto|scrive)\s*:?$/i,
  /^(?:op|in)\b.{4,500}\b(?:schreef|geschreven|heeft .{1,200}geschreven|het volgende geschreven)\b.{0,100}:?$/i,
  /^(?:w dniu|dnia|w|pt|pon|wt|śr|czw|sob|niedz)\b.{4,500}\b(?:napisał|napisała|napisal|pisze)(?:\(a\)|\/a)?\s*:?$/i,
  /^.{8,300}\b(?:napisał|napisała|napisal|pisze)(?:\(a\)|\/a)?\s*:$/i,
  /^(?:em|a|no dia)\b.{4,500}\b(?:escreveu|escribiu)\s*:?$/i,
  /^(?:den|d\.|på|torsdag|fredag|lördag|lørdag|søndag|söndag|mandag|måndag|tirsdag|tisdag|onsdag|(?:man|tirs?|ons|tors?|fre|lør|lör|søn|sön)\.)\s.{4,500}\b(?:skrev|skreiv)\b.{0,200}:$/i,
  /^(?:dne|dňa|v|ve)\b.{4,500}\b(?:napsal|napsala|napísal|napísala|odesláno)(?:\(a\)|\/a)?\s*:?$/i,
  /^.{4,300}\b(?:kirjoitti|írta|yazdı|şunu yazdı|napisao je|je napisal|je napisao\/la)\b.{0,100}:$/i,
  /^.{4,300}\bkirjoitti .{4,100}:$/i,
  /^.{4,400}(?:написал|написала|писал|пишет|написав|пише)(?:\(а\)|а)?\s*:$/i,
  /^.{4,400}\s(?:от|від)\s.{2,200}:$/i,
  /^(?:在|于|於).{4,300}(?:写道|寫道|写|寫)[:：]?$/,
  /^.{4,300}(?:写道|寫道)[:：]$/,
  /^\d{4}年.{2,200}(?:[:：]|のメッセージ|さんは書きました[:：]?)$/,
  /^.{4,300}(?:작성|님이 작성)\s*[:：]$/,
  /^(?:vào|lúc|ngày)\b.{4,300}\b(?:đã viết|viết)\s*:$/i,
  /^în .{4,300} a scris\s*:$/i,
  /^στις .{4,300} έγραψε\s*:$/i,
  // 2016-10-24 15:36 GMT+02:00 Name <a@b.c>:
  /^\d{4}-\d{2}-\d{2}[ T]\d{1,2}:\d{2}.{2,300}<[^<>]{3,200}>\s*:$/,
  /^[^:]{0,40}\d{1,2}[:.]\d{2}.{0,200}<[^<>\s]{3,200}@[^<>\s]{2,200}>\s*:$/,
  // Name <a@b.c> wrote:
  /^["'\w][^:]{1,200}<[^<>]{3,200}>\s*(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|napisał(?:\(a\))?|skrev)\s*:$/i,
  /^-{2,10}\s*on .{4,300}wrote\s*-{2,10}$/i,
  /^.{2,300}\bwrote on\b.{4,200}:$/i,
];

/** The first lines of a quotation as old Gmail and forums wrote them, without a colon: believed only directly before marked lines. */
export const datedName =
  /^(?:20\d\d[-/.]\d{1,2}[-/.]\d{1,2}\b.{2,200}|posted by .{2,80} on \d{1,2}[./]\d{1,2}[./]\d{4})$/i;

const DATED_ON =
  /\bOn (?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? |\d{1,2}[-./ ]|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6} )/g;

/**
 * Answer and attribution on one line that ends in " wrote:": "Yes. On Wed, Apr 4, 2012 at 3:59 PM, Joe wrote:". The two parts, without the dashes
 * between them, or undefined. Linear.
 */
export function splitSharedLine(line: string): [string, string] | undefined {
  for (const { index, 0: words } of line.matchAll(DATED_ON)) {
    const between = line.length - 'wrote:'.length - (index + words.length);
    if (index === 0 || between < 4 || between > 200) continue;
    let answer = line.slice(0, index).trimEnd();
    const dashes = /-{1,3}$/.exec(answer.slice(-3))?.[0].length ?? 0;
    answer = answer.slice(0, answer.length - dashes).trimEnd();
    return answer === '' || answer.length > 200 ? undefined : [answer, line.slice(index)];
  }
  return undefined;
}

/** Words with which a line may begin that is the start of an attribution; only such lines are joined with the next ones. */
export const attributionStart =
  /^(?:-{2,10}\s*)?(?:on|at|am|um|le|el|il|in|op|w|dnia|em|den|dne|v|på|în|στις|в|вт|пн|ср|чт|пт|сб|вс|\d{1,4}|在|于|於|vào|lúc|[\p{L}"'][^:]{1,80}<|[\p{L}]{2,12},? \d|[\p{L}]{2,10},? )/iu;

/** Separator that begins the original mail, with or without its header after it; without what {@link AFTER_SEPARATOR} lists. */
export const originalSeparator =
  /^[\s>*]*[-_=]{2,}\s*(?:original (?:message|appointment|e-?mail|nachricht)|(?:ursprüngliche|original-?|originale|urspr\.) ?(?:nachricht|e-?mail|mail)|message (?:d['’]origine|original|initial)|mensaje original|messaggio (?:originale|inoltrato)|oorspronkelijk bericht|originele? bericht|(?:wiadomość oryginalna|oryginalna wiadomość|treść oryginalnej wiadomości)|mensagem original|oprindelig meddelelse|ursprungligt meddelande|opprinnelig melding|alkuperäinen viesti|původní (?:zpráva|e-?mail)|pôvodná správa|eredeti üzenet|исходное сообщение|оригинальное сообщение|пересылаемое сообщение|原始邮件|邮件原件|原始郵件|元のメッセージ|orijinal mesaj|özgün ileti|mesajul original|mesaj redirecționat|İletilmiş Mesaj|İletilen İleti|edelleenlähetetty viesti|välitetty viesti(?: \/ fwd\.msg)?|továbbított üzenet|preposlaná správa(?: --- forwarded message)?|proslijeđena poruka|treść przekazanej wiadomości|wiadomość przesłana dalej|перенаправленное сообщение|перенаправлене повідомлення|переслане повідомлення|メッセージを転送|message transmis|mensagem reencaminhada|forwarded (?:message|by .{1,80})|weitergeleitete (?:nachricht|e-?mail)|message (?:transféré|réexpédié)|mensaje (?:reenviado|enviado)|doorgestuurd bericht|przekazana wiadomość|mensagem encaminhada|vidarebefordrat meddelande|videresendt (?:melding|besked)|přeposlaná zpráva|reply (?:message|above|separator)|antwort(?:-?\s?nachricht)?)$/i;
/** What may follow those words on the line. */
export const AFTER_SEPARATOR = '-_=* \t\u2003\u3000';

/** Labels of the header block that Outlook and its kin put above the mail answered, in lower case. */
export const senderLabels: ReadonlySet<string> = new Set(
  'from|von|de|de la|da|van|od|fra|från|lähettäjä|feladó|от|от кого|від|kimden|gönderen|发件人|寄件者|寄件人|差出人|보낸 사람|expéditeur|mittente|afzender|remitente|nadawca|odesílatel|odosielateľ|šalje|expeditor|expeditorul|отправитель|від кого|saatja|送信元|από'.split(
    '|',
  ),
);
export const otherLabels: ReadonlySet<string> = new Set(
  'sent|date|gesendet|datum|envoyé|enviado|enviado el|fecha|data|inviato|verzonden|wysłano|wysłane|sendt|skickat|lähetetty|päivämäärä|odesláno|odoslané|elküldve|dátum|дата|отправлено|надіслано|tarih|gönderildi|发送时间|寄件日期|送信日時|日期|보낸 날짜|to|an|à|para|a|aan|do|til|till|vastaanottaja|komu|címzett|кому|kime|收件人|宛先|받는 사람|cc|kopie|copie|copia|kopia|dw|subject|betreff|objet|asunto|oggetto|onderwerp|temat|assunto|emne|ämne|aihe|předmět|predmet|tárgy|тема|konu|主题|主旨|件名|제목|reply-to|antwort an|rispondi a|répondre à|responder a|svar til|svara till|antwoord aan|odpowiedź-do|odpověď na|importance|wichtigkeit|priorität|dato|naar|sujet|subiect|subiectul|naslov|prima|pre|pour|adresat|destinatar|destinatarul|către|送信先|kopi|kopio|másolat|másolatot kap|kópia|kopie (cc)|copie à|копия|копія|bilgi|dată|päiväys|日付|trimis|gönderilen|відправлено|enviada em|destinataire|назначение'.split(
    '|',
  ),
);

/** "Begin forwarded message:" and the like. */
export const forwardBegin =
  /^(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)|début du message (?:transféré|réexpédié)|inizio messaggio inoltrato|inicio del mensaje reenviado|begin doorgestuurd bericht|początek przekazywanej wiadomości|início da mensagem (?:encaminhada|reenviada)|início da mensagem reencaminhada|vidarebefordrat (?:brev|mejl)|start på videresendt besked|videresendt melding|välitetty viesti alkaa|začátek přeposílané zprávy|začiatok preposlanej správy|počátek prosljeđene poruke|započni proslijeđenu poruku|továbbított levél kezdete|începe mesajul redirecționat|начало переадресованного сообщения|початок листа, що пересилається|İleti başlangıcı|forwarded message)\s*:$/i;

/** RFC 3676 §4.3 and its usual variants. */
export const signatureDelimiter = /^--\s?$/;
/** Lines that mobile and other clients add. */
export const clientSignature =
  /^(?:[-*_\s(<]{0,6})(?:sent (?:from|via|with|using|by) (?:my |an |a |the )?(?!desk\b)[^,.;!?]{2,60}(?:[,.;!]? {1,3}(?:please )?(?:excuse|forgive|pardon)\b.{2,60})?|from my (?:i?phone|ipad|mobile|cell|android|blackberry|samsung|galaxy)\b.{0,20}|\p{L}{2,20} from (?:my )?mobile|get outlook for (?:ios|android|mac).{0,60}|(?:von|mit) mein\S{0,12} .{2,60}(?:gesendet|verschickt)|gesendet (?:von|mit|über|aus)\b.{2,80}|diese nachricht wurde von mein\S{0,12} .{2,90}gesendet|diese e-?mail wurde (?:von|mit)\b.{2,90}gesendet|envoyé (?:de|depuis|à partir de|avec|via) .{2,80}|enviado (?:desde|de|do|através) .{2,80}|inviato (?:da|dal|con|tramite) .{2,80}|verstuurd vanaf .{2,80}|verzonden (?:vanaf|met|via) .{2,80}|wysłan[eoya]+ (?:z|za pomocą) .{2,80}|sendt fra .{2,80}|skickat från .{2,80}|lähetetty .{2,60}|odesláno z .{2,80}|отправлено (?:с|из) .{2,80}|发自我的.{1,40}|[從从]我的.{1,30}[傳传]送|från min .{2,40}|gesendet mit .{2,60} app|outlook für (?:ios|android) beziehen.{0,60}|télécharger outlook .{0,60}|obtener outlook .{0,60}|(?:yahoo|aol) mail.{0,60}|hol(?:en)? sie sich outlook.{0,60})\s*(?:<[^<>]{3,200}>|\([^()]{3,200}\)|https?:\S{3,200})?[\s.)>]{0,4}$/iu;

/** The writer says that the answers stand within the quoted mail. */
export const answersBelow =
  /\b(?:see (?:my )?(?:\w+ )?(?:below|inline)|(?:my )?(?:answers?|comments?|replies|responses?) (?:are )?(?:below|inline|in (?:red|blue|green|bold))|inline below|(?:siehe|s\.) (?:unten|weiter unten)|(?:antworten?|kommentare?|anmerkungen?) (?:\w+ ){0,4}(?:unten|im text|in (?:rot|blau|grün|fett)|inline)|unten (?:im text|in (?:rot|blau))|im text (?:unten|eingefügt|beantwortet)|voir (?:mes réponses |mes commentaires )?(?:ci-dessous|plus bas|en rouge|dans le texte)|ver (?:mis (?:respuestas|comentarios) )?(?:abajo|más abajo|en rojo)|vedi (?:sotto|le mie risposte|in rosso)|zie (?:hieronder|onder|mijn antwoorden|mijn opmerkingen)|(?:patrz|zobacz) (?:poniżej|niżej)|odpowiedzi (?:w tekście|poniżej|na czerwono))\b/i;
