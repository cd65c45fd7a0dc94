// The line that a phone or an app adds below a mail ("Sent from my iPhone"), in the languages that the pattern in markers.ts does not cover.
import { plainLine } from './lines.ts';
import { clientSignature } from './markers.ts';

/** "Sent from" before the name of the device; in lower case. */
const beginnings: readonly string[] = [
  'elküldve ', // hu
  'στάλθηκε από', // el
  'εστάλη από',
  'trimis de pe', // ro
  'trimis din',
  'poslano s', // hr, sl
  'poslano iz',
  'poslato sa', // sr
  'послато са',
  'изпратено от', // bg
  'испратено од', // mk
  'надіслано з', // uk
  'відправлено з',
  'адпраўлена з', // be
  'odoslané z', // sk
  'saadetud minu', // et
  'išsiųsta iš', // lt
  'nosūtīts no', // lv
  'dërguar nga', // sq
  'sent úr', // is
  'đã gửi từ', // vi
  'được gửi từ',
  'dikirim dari', // id
  'dihantar daripada', // ms
  'ส่งจาก', // th
  'enviat des de', // ca
  'enviado dende', // gl
  'נשלח מ', // he
  'أُرسلت من', // ar
  'أرسلت من',
  'تم الإرسال من',
  'مرسل من',
  'ارسال شده از', // fa
  'ارسال‌شده از',
  '发自', // zh
  '發自',
  '寄自',
];
/** "Sent from" after the name of the device. */
const endings: readonly string[] = [
  'ról küldve', // hu
  'ről küldve',
  'dan gönderildi', // tr
  'den gönderildi',
  'tan gönderildi',
  'ten gönderildi',
  'から送信', // ja
  'より送信',
  'から送信されました',
  '에서 보냄', // ko
  '에서 보냈습니다',
  '에서 전송됨',
  'tik bidalia', // eu
  'से भेजा गया', // hi
];
/** Devices and apps that sign mails. */
const DEVICE =
  /iphone|ipad|android|galaxy|samsung|huawei|xiaomi|redmi|oneplus|pixel|blackberry|windows|nokia|motorola|outlook|gmail|yahoo|aol|proton|spark|bluemail|k-9|mail/i;
/** "Get Outlook for iOS": the app, the system and a form of "get" in one short line, or the link's address. */
const GET_OUTLOOK = /outlook.{0,40}(?:ios|android|mac\b)|(?:ios|android|mac)\b.{0,40}outlook/i;
const GET =
  /^(?:get|download|hent|hae|hämta|scarica|ottieni|pobierz|obter|obtener|obtén|obten|descargar|télécharger|obtenir|získat|získajte|stáhnout|скачать|получить|завантажити|отримати|obțineți|descărcați|λήψη|αποκτήστε|preuzmi|prenesite|nabavite|laadi|hankige|gaukite|atsisiųsti|iegūt|tải|dapatkan|muat|sækja|השג|קבל|احصل|الحصول|تنزيل|دریافت|获取|取得|下载)/i;
const GET_END =
  /(?:beziehen|holen|herunterladen|downloaden|ophalen|edinin|indirin|入手|取得|获取|다운로드|받기)$|beszerzése|letöltése/i;
const ITS_LINK = /aka\.ms\/(?:o0ukef|ghei36|aab9ysg|aaea3vr|qtex0l)/i;

/** Whether a line is the signature of a program. Linear, for lines of at most MAX_LINE characters. */
export function isDeviceLine(line: string): boolean {
  if (clientSignature.test(line)) return true;
  if (line.length > 200 || !DEVICE.test(line)) return false;
  if (ITS_LINK.test(line) || /^get (?:\S{2,20} ){1,3}for (?:ios|android|mobile|mac)\s?$/i.test(line)) return true;
  const words = plainLine(line)
    .toLowerCase()
    .replace(/[<(]https?:[^<>()\s]{0,200}[>)]?$/, '')
    .trim();
  if (words.length > 70 || /[.!?;:] /.test(words)) return false;
  if (GET_OUTLOOK.test(words)) return words.split(' ').length <= 7 && (GET.test(words) || GET_END.test(words));
  return beginnings.some((one) => words.startsWith(one)) || endings.some((one) => words.endsWith(one));
}
