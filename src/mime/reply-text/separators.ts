// Lines that programs write between an answer and the mail that it answers or forwards: words between dashes, "reply above this line" of help
// desks, GroupWise's `>>> … >>>`.
import { trimEndOf, trimStartOf } from '../../lib/text.ts';

type Separator = 'original' | 'forward' | 'above';

const list = (text: string): string[] => text.split('|');

/** Above the mail that is answered. */
const originals = new Set(
  list(
    'original message|original appointment|original e-mail|original email|original mail|original nachricht|original|original text|reply message|reply separator|reply above|replied message|reply to message|message from|start original message|the original message|' +
      'ursprüngliche nachricht|ursprüngliche e-mail|ursprüngliche mail|originalnachricht|original-nachricht|originale nachricht|original e-mail|originalmail|original-mail|urspr. nachricht|antwort nachricht|antwort-nachricht|antwort|antwortnachricht|originaltermin|' +
      "message d'origine|message d’origine|message original|message initial|mail original|courriel original|e-mail d'origine|rendez-vous d'origine|message en réponse|" +
      'mensaje original|correo original|cita original|mensaje de respuesta|missatge original|mensaxe orixinal|jatorrizko mezua|' +
      'messaggio originale|messaggio di risposta|mail originale|email originale|' +
      'oorspronkelijk bericht|origineel bericht|originele bericht|oorspronkelijke bericht|oorspronkelijke afspraak|oorspronkelijke e-mail|oorspronkelijke mail|' +
      'wiadomość oryginalna|oryginalna wiadomość|treść oryginalnej wiadomości|pierwotna wiadomość|wiadomość pierwotna|oryginalny e-mail|' +
      'mensagem original|mensagem de origem|e-mail original|' +
      'oprindelig meddelelse|oprindelig besked|original meddelelse|oprindelig mail|original besked|' +
      'ursprungligt meddelande|ursprungsmeddelande|originalmeddelande|ursprungligt brev|' +
      'opprinnelig melding|opprinnelig e-post|original melding|original meldingen|originalmelding|' +
      'alkuperäinen viesti|alkuperäinen sähköposti|upprunaleg skilaboð|' +
      'původní zpráva|původní e-mail|původní email|originální zpráva|pôvodná správa|pôvodný e-mail|originálna správa|' +
      'eredeti üzenet|eredeti levél|izvirno sporočilo|prvotno sporočilo|originalno sporočilo|izvorna poruka|originalna poruka|izvorni e-mail|оригинална порука|изворна порука|' +
      'mesajul original|mesaj original|e-mailul original|mesajul inițial|mesazhi origjinal|' +
      'исходное сообщение|оригинальное сообщение|исходное письмо|оригинал сообщения|первоначальное сообщение|' +
      'оригінальне повідомлення|вихідне повідомлення|початкове повідомлення|арыгінальнае паведамленне|оригинално съобщение|първоначално съобщение|оригинална порака|' +
      'originaal kiri|algne kiri|algne sõnum|algsõnum|oriģinālā vēstule|sākotnējais ziņojums|oriģinālais ziņojums|pradinis laiškas|originalus laiškas|pirminis pranešimas|pradinis pranešimas|' +
      'orijinal mesaj|özgün ileti|özgün mesaj|orjinal mesaj|orijinal ileti|asıl ileti|orijinal e-posta|ilkin mesaj|' +
      'αρχικό μήνυμα|πρωτότυπο μήνυμα|' +
      '原始邮件|邮件原件|原始郵件|原始信件|原始訊息|原邮件|回复的原邮件|回复的邮件|回覆的原郵件|元のメッセージ|元のメール|元メール|オリジナルメッセージ|원본 메시지|원본 메일|원본메일|원본 이메일|' +
      'tin nhắn gốc|thư gốc|thông điệp gốc|pesan asli|pesan asal|mesej asal|orihinal na mensahe|' +
      'הודעה מקורית|ההודעה המקורית|رسالة أصلية|الرسالة الأصلية|الرسالة الاصلية|پیام اصلی|پیغام اصلی|اصل پیغام|' +
      'ข้อความต้นฉบับ|ต้นฉบับ|ข้อความเดิม|मूल संदेश|মূল বার্তা|மூல செய்தி',
  ),
);

/** Above a forwarded mail. */
const forwards = new Set(
  list(
    'forwarded message|begin forwarded message|forwarded mail|forwarded email|forwarded by|start of forwarded message|' +
      'weitergeleitete nachricht|weitergeleitete e-mail|weitergeleitete mail|anfang der weitergeleiteten nachricht|anfang der weitergeleiteten e-mail|' +
      'message transféré|message réexpédié|message transmis|début du message transféré|début du message réexpédié|courriel transféré|e-mail transféré|' +
      'mensaje reenviado|mensaje enviado|inicio del mensaje reenviado|missatge reenviat|mensaxe reenviada|' +
      'messaggio inoltrato|inizio messaggio inoltrato|doorgestuurd bericht|begin doorgestuurd bericht|doorgestuurde mail|' +
      'przekazana wiadomość|początek przekazywanej wiadomości|treść przekazanej wiadomości|wiadomość przesłana dalej|wiadomość przekazana|' +
      'mensagem encaminhada|mensagem reencaminhada|início da mensagem encaminhada|início da mensagem reenviada|início da mensagem reencaminhada|' +
      'vidarebefordrat meddelande|vidarebefordrat mejl|vidarebefordrat brev|vidarebefordrad e-post|' +
      'videresendt melding|videresendt besked|videresendt meddelelse|videresendt e-mail|start på videresendt besked|' +
      'edelleenlähetetty viesti|välitetty viesti|välitetty viesti / fwd.msg|välitetty viesti alkaa|' +
      'přeposlaná zpráva|začátek přeposílané zprávy|přeposlaný e-mail|preposlaná správa|preposlaná správa --- forwarded message|začiatok preposlanej správy|' +
      'továbbított üzenet|továbbított levél|továbbított levél kezdete|posredovano sporočilo|proslijeđena poruka|počátek prosljeđene poruke|započni proslijeđenu poruku|прослеђена порука|' +
      'mesaj redirecționat|mesajul redirecționat|începe mesajul redirecționat|mesaj redirectionat|' +
      'пересылаемое сообщение|пересланное сообщение|перенаправленное сообщение|пересылаемое письмо|начало переадресованного сообщения|' +
      'перенаправлене повідомлення|переслане повідомлення|початок листа, що пересилається|препратено съобщение|' +
      'edastatud kiri|pārsūtīts ziņojums|pārsūtītā vēstule|persiųstas laiškas|persiunčiamas laiškas|' +
      'i̇letilmiş mesaj|iletilmiş mesaj|i̇letilen i̇leti|iletilen ileti|yönlendirilen ileti|i̇leti başlangıcı|iletilen mesaj|yönlendirilmiş mesaj|' +
      'προωθημένο μήνυμα|转发的邮件|转发邮件|轉寄郵件|轉寄的郵件|已转发的消息|メッセージを転送|転送メッセージ|転送されたメッセージ|전달된 메시지|전달된 메일|' +
      'thư đã chuyển tiếp|tin nhắn chuyển tiếp|pesan terusan|pesan yang diteruskan|הודעה שהועברה|رسالة معاد توجيهها|الرسالة المعاد توجيهها|پیام هدایت شده|ข้อความที่ส่งต่อ',
  ),
);

/**
 * "Reply above this line" of help desks, by the stems that the line holds: at least one from each column.
 */
const aboveWords: readonly (readonly string[])[][] = [
  ['above', 'line|delimiter'],
  ['reply', 'above', 'this'],
  ['below this line', 'not'],
  ['oberhalb|über dies', 'zeile|linie'],
  ['au-dessus|au dessus', 'ligne'],
  ['encima|arriba|sobre', 'línea'],
  ['sopra', 'riga|linea'],
  ['boven', 'lijn|regel'],
  ['acima', 'linha'],
  ['över|ovenfor|over', 'linje'],
  ['ovanför', 'rad'],
  ['yläpuolel', 'rivi|viiva'],
  ['powyżej|nad', 'lini'],
  ['nad', 'řád|čár|riad|čiar|vrstic'],
  ['iznad', 'linij|crt'],
  ['изнад', 'лини'],
  ['fölé|fölött', 'vonal'],
  ['fölé|felett', 'sor'],
  ['deasupra', 'lini'],
  ['выше', 'лини|стро'],
  ['над', 'лини|черт|ліні|ред'],
  ['вище', 'ліні|ряд'],
  ['bu satır|bu çizgi', 'üst'],
  ['satır', 'üzeri'],
  ['πάνω', 'γραμμή'],
  ['virš', 'lini'],
  ['virs', 'līnij'],
  ['ülalpool|kohale', 'joon'],
  ['此行|此线|此線|分割线', '上'],
  ['この行|この線', '上'],
  ['이 줄|이 선', '위'],
  ['phía trên', 'dòng'],
  ['di atas', 'baris|garis'],
  ['מעל', 'שורה|קו'],
  ['فوق', 'السطر|الخط'],
  ['أعلى', 'السطر'],
  ['بالای', 'خط'],
  ['เหนือ', 'บรรทัด|เส้น'],
].map((columns) => columns.map(list));

/** The same without dashes or brackets: only forms that nobody but a help desk writes on a line of their own. */
const bareAbove =
  /^(?:please |kindly )?(?:type |write |add |enter )?(?:your )?(?:reply|replies|respond|response|answer)? ?(?:above this line|above the line|above this delimiter)(?: to (?:reply|respond|add|post|update|comment)\b.{0,80})?[.!]?$/;

const DECORATION = '-_=*#~—–─━+<>[]|:.! \t\u2003\u3000';
const ROW = /^[>\s]{0,4}[*]?[-_=*#~—–─━+]{2}/;
const ROW_END = /[-_=*#~—–─━+\]]{1,12}[.\s]{0,3}$/;

/** How all separators but a bare "reply above this line" begin. Cheap. */
const MAY_SEPARATE = /^[\s>]{0,20}[-_=*#~—–─━[+]/;

/** The kind of separator that a line is, if any. Linear. */
export function separatorOf(line: string): Separator | undefined {
  if (!MAY_SEPARATE.test(line) && !line.includes('bove th') && !line.includes('BOVE TH')) return undefined;
  const text = line.trim();
  if (text.length > 200 || text.length < 4) return undefined;
  const words = trimEndOf(trimStartOf(text, DECORATION), DECORATION)
    .toLowerCase()
    .replace(/\s{1,20}/g, ' ');
  if (words.length < 2) return undefined;
  const lead = text.slice(0, 12);
  const tail = text.slice(-12);
  const before = ROW.test(lead) || lead.startsWith('*') || lead.startsWith('[');
  if (before && !lead.startsWith('[')) {
    if (forwards.has(words) || /^(?:forwarded (?:by|message from) |weitergeleitet von )/.test(words)) return 'forward';
    if (originals.has(words) && (words !== 'original' || /[-_=]{6}/.test(lead))) return 'original';
  }
  if (bareAbove.test(words)) return 'above';
  // Dashes on both sides: the writer's own headings have them on one side.
  const holds = (stems: readonly string[]) => stems.some((stem) => words.includes(stem));
  return before && ROW_END.test(tail) && aboveWords.some((row) => row.every(holds)) ? 'above' : undefined;
}

/** "Original Message" without dashes, as BlackBerry writes it: a separator only directly above a block of labels. */
export const isOriginalWords = (line: string): boolean => {
  const words = trimEndOf(line.trim(), ' :*').toLowerCase();
  return words.length <= 60 && (originals.has(words) || forwards.has(words));
};

/** Notes 9 sums up the answered mail in a line above its labels: "Kim Foo---08.03.2018 15:57:12---Hello there". */
export const isNotesLine = (line: string): boolean =>
  line.length <= 300 && /---\d{1,4}[./-]\d{1,2}[./-]\d{1,4} \d{1,2}:\d{2}[^-]{0,9}---/.test(line);

/** "Begin forwarded message:", without dashes. */
export const isForwardBegin = (line: string): boolean => {
  if (line.length > 80 || !line.endsWith(':')) return false;
  const words = trimEndOf(trimStartOf(line.trim(), '> *'), ' :*').toLowerCase();
  return words.includes(' ') && forwards.has(words);
};

/**
 * GroupWise introduces a quotation by `>>> Name <address> date >>>`, or by `>>>` and "… wrote on … in message <id>:". The lines below it are unmarked
 * or begin with `>`.
 */
export const isGroupWise = (line: string, next: string | undefined): boolean => {
  if (!line.startsWith('>>> ') || line.length < 16 || line.length > 300) return false;
  if (line.endsWith(' >>>')) return /\d{1,2}[:.]\d{2}|\S@\S/.test(line);
  const text = next === undefined || next.startsWith('>>>') ? line : `${line} ${next}`;
  return (
    text.slice(0, 600).includes('@') &&
    /\d{1,2}[:.]\d{2}/.test(text.slice(0, 600)) &&
    /<[^<>]{3,200}> ?:\s{0,3}$/.test(text.slice(-220))
  );
};
