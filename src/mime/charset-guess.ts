// Guesses the charset of bytes from their statistics, where none is declared or the declared one does not fit.
import { decodeAs } from './charset-decode.ts';

/**
 * The likely charset of undeclared 8-bit bytes: East Asian by pairs of bytes, other scripts by their most frequent letters, Central European and Turkish by
 * letters that are symbols or strangers in windows-1252; otherwise windows-1252. Examines the first 16 KB.
 */
export function likelyCharset(bytes: Buffer): string {
  const sample = bytes.length > 16_384 ? bytes.subarray(0, 16_384) : bytes;
  const counts = countBytes(sample);
  const { high, ascii, runs, evenRuns, kana, letters } = counts;
  if (isShiftJis(sample)) return 'shift_jis';
  if (high >= 8 && evenRuns === runs && high / runs >= 2 && letters < high) {
    if (kana * 5 >= high) return 'euc-jp';
    return isKorean(sample, runs) ? 'euc-kr' : 'gb18030';
  }
  if (isBig5(sample, high)) return 'big5';
  if (letters > high * 0.8 && high > ascii && high / runs >= 3) return script(counts);
  return ascii > high ? latin(counts) : 'windows-1252';
}

/** The most frequent letters, about half of any text, by charset. */
const SCRIPTS = Object.entries({
  'windows-1251': 'а е и о н т А Е И О Н Т: E0 E5 E8 EE ED F2 C0 C5 C8 CE CD D2',
  'koi8-r': 'а е и о н т А Е И О Н Т: C1 C5 C9 CF CE D4 E1 E5 E9 EF EE F4',
  'windows-1253': 'α ο ι ε τ σ ν ς ά έ ή ί ό ύ ώ: E1 EF E9 E5 F4 F3 ED F2 DC DD DE DF FC FD FE',
  'windows-1255': 'י ה ו ל ר ת ב ש: E9 E4 E5 EC F8 FA E1 F9',
  'windows-1256': 'ا ل ي م ن و ر ت ب ة: C7 E1 ED E3 E4 E6 D1 CA C8 C9',
}).map(([charset, letters]) => ({ charset, letters: bytesOf(letters.slice(letters.indexOf(':') + 2)) }));

/** ά έ ή ί */
const GREEK_ACCENTS = bytesOf('DC DD DE DF');

function bytesOf(hex: string): number[] {
  return hex.split(' ').map((one) => Number.parseInt(one, 16));
}

function script({ high, of }: Counts): string {
  // A word or two do not tell more than Cyrillic, nor do capitals, which have no accents in Greek.
  const known = high >= 20 ? SCRIPTS : SCRIPTS.slice(0, 2);
  return known
    .filter(({ charset }) => charset !== 'windows-1253' || of(GREEK_ACCENTS) > 0)
    .reduce((best, one) => (of(one.letters) > of(best.letters) ? one : best)).charset;
}

/** ĞİŞğış of windows-1254, which are Icelandic letters in windows-1252. */
const TURKISH = bytesOf('D0 DD DE F0 FD FE');
/** ÇÖÜâçîöü, which Turkish shares with other languages. */
const SHARED = bytesOf('C7 D6 DC E2 E7 EE F6 FC');
/** Within words, where windows-1252 has symbols: ą ś ź ž of ISO 8859-2, ł ż of both, ą of windows-1250, which is š of ISO 8859-2. */
const ISO_WITHIN = bytesOf('B1 B6 BC BE');
const WITHIN = bytesOf('B3 B9 BF');
/** ą ż ć ę ń ó ś ź: "m³Gas" has none. */
const POLISH = bytesOf('B9 BF E6 EA F1 F3 9C 9F');

function latin({ of, letters, within }: Counts): string {
  const has = (...bytes: number[]): boolean => of(bytes) > 0;
  // Czech ř beside ě or ů.
  const czech = has(0xf8) && has(0xec, 0xf9);
  if (of(ISO_WITHIN, within) > 0 || (czech && of([0xb9], within) > 0)) return 'iso-8859-2';
  if (of(WITHIN, within) > 0 && of(POLISH) > 0) return 'windows-1250';
  const turkish = of(TURKISH);
  if (turkish >= 2 && turkish > (letters - turkish - of(SHARED)) * 2) return 'windows-1254';
  // š or ž beside č, ć or ř; Hungarian ő or ű beside á í ó and ö ü.
  const slavic = has(0x9a, 0x9e) && has(0xe8, 0xe6, 0xf8);
  const hungarian = has(0xf5, 0xfb) && has(0xe1, 0xed, 0xf3) && has(0xf6, 0xfc) && !has(0xe3, 0xe4, 0xe7, 0xe8);
  return czech || slavic || hungarian ? 'windows-1250' : 'windows-1252';
}

/** Counts by byte, made once: hostile headers have thousands of words. */
const all = new Uint16Array(256);
const within = new Uint16Array(256);

type Counts = ReturnType<typeof countBytes>;

/**
 * Counts ASCII letters, 8-bit bytes and runs of them. `letters`: C0–FF, which are letters in all single-byte charsets; `kana`: lead bytes of kana in EUC-JP;
 * `within`: bytes between two letters, by their value; `of`: how many there are of certain bytes.
 */
function countBytes(sample: Buffer) {
  all.fill(0);
  within.fill(0);
  const isLetter = (b: number): boolean => b >= 0xc0 || ((b | 0x20) >= 0x61 && (b | 0x20) <= 0x7a);
  const joins = (b: number): boolean => b >= 0xb0 || isLetter(b);
  let high = 0;
  let ascii = 0;
  let runs = 0;
  let evenRuns = 0;
  let kana = 0;
  for (let i = 0; i < sample.length; i++) {
    const b = sample[i] as number;
    if (b < 0x80) {
      if (isLetter(b)) ascii++;
      continue;
    }
    const start = i;
    while (i < sample.length && (sample[i] as number) >= 0x80) {
      const c = sample[i] as number;
      high++;
      all[c] = (all[c] as number) + 1;
      if (joins(sample[i - 1] ?? 0) && joins(sample[i + 1] ?? 0)) within[c] = (within[c] as number) + 1;
      if ((i - start) % 2 === 0 && (c === 0xa4 || c === 0xa5)) kana++;
      i++;
    }
    runs++;
    if ((i - start) % 2 === 0) evenRuns++;
  }
  const of = (bytes: readonly number[], among = all): number => bytes.reduce((sum, b) => sum + (among[b] ?? 0), 0);
  const letters = all.subarray(0xc0).reduce((sum, n) => sum + n, 0);
  return { high, ascii, runs, evenRuns, kana, letters, within, of };
}

/** Whether there are more well-formed multi-byte sequences than stray bytes. */
export function mostlyValidUtf8(bytes: Buffer): boolean {
  const sample = bytes.length > 65536 ? bytes.subarray(0, 65536) : bytes;
  let good = 0;
  let bad = 0;
  for (let i = 0; i < sample.length; i++) {
    const b = sample[i] ?? 0;
    if (b < 0x80) continue;
    const more = b >= 0xc2 && b <= 0xdf ? 1 : b >= 0xe0 && b <= 0xef ? 2 : b >= 0xf0 && b <= 0xf4 ? 3 : 0;
    let k = 0;
    while (k < more && ((sample[i + k + 1] ?? 0) & 0xc0) === 0x80) k++;
    if (more > 0 && k === more) {
      good++;
      i += more;
    } else if (i + more < sample.length || more === 0) bad++;
  }
  return good > bad;
}

/** ISO-2022-JP/KR by its designations. */
export function byEscapes(bytes: Buffer): string | undefined {
  if (bytes.includes('\x1b$)C', 0, 'latin1')) return 'iso-2022-kr';
  if (
    bytes.includes('\x1b$B', 0, 'latin1') ||
    bytes.includes('\x1b$@', 0, 'latin1') ||
    bytes.includes('\x1b(J', 0, 'latin1')
  )
    return 'iso-2022-jp';
  return undefined;
}

/** Valid Shift_JIS with kana, whose lead bytes are rare in single-byte text. */
function isShiftJis(bytes: Buffer): boolean {
  let kana = 0;
  for (let i = 0; i + 1 < bytes.length; i++) {
    const trail = bytes[i + 1] as number;
    if (bytes[i] === 0x82 ? trail >= 0x9f && trail <= 0xf1 : bytes[i] === 0x83 && trail >= 0x40 && trail <= 0x96) {
      kana++;
      i++;
    }
  }
  return kana >= 2 && !isDamaged(decodeAs(bytes, 'shift_jis'));
}

/** Korean in EUC-KR: only the rows of Hangul, a third of those that Chinese uses, and blanks between words. */
function isKorean(bytes: Buffer, runs: number): boolean {
  let hangul = 0;
  let others = 0;
  for (let i = 0; i + 1 < bytes.length; i++) {
    const lead = bytes[i] as number;
    if (lead < 0x80) continue;
    if (lead >= 0xb0 && lead <= 0xc8) hangul++;
    else others++;
    i++;
  }
  return hangul >= 12 && others * 20 <= hangul && runs >= 3;
}

const COMMON_BIG5 = /[的一是不了在人有我他這個們來到大地為子你說您請，。]/g;

/** Big5 by its most frequent characters: its trail bytes are partly ASCII, so runs of 8-bit bytes prove nothing. */
function isBig5(bytes: Buffer, high: number): boolean {
  if (high < 6 || high * 4 < bytes.length) return false;
  const text = decodeAs(bytes, 'big5');
  return !isDamaged(text) && (text.match(COMMON_BIG5)?.length ?? 0) >= 2;
}

/** Number of replacement characters, except one at the end, where a text may be cut. */
export function damage(text: string): number {
  let n = 0;
  for (let i = text.indexOf('\ufffd'); i !== -1 && i < text.length - 1; i = text.indexOf('\ufffd', i + 1)) n++;
  return n;
}

const isDamaged = (text: string): boolean => damage(text) > 0;

/** By label: charsets that programs of the same country send under it by mistake. */
const confused: Readonly<Record<string, readonly string[]>> = {
  'iso-2022-jp': ['euc-jp', 'shift_jis'],
  'euc-jp': ['shift_jis'],
  shift_jis: ['euc-jp'],
  'euc-kr': ['gb18030'],
  gb18030: ['big5', 'euc-kr'],
  big5: ['gb18030'],
  'windows-1251': ['koi8-r'],
  'koi8-r': ['windows-1251'],
  'koi8-u': ['windows-1251'],
};

/** A charset that fits better than the declared one, in which the bytes read `text`. Tries only those it is confused with, as most charsets decode anything. */
export function betterThan(
  declared: string,
  bytes: Buffer,
  text: string,
): { charset: string; text: string } | undefined {
  const mistakes = mistakesIn(declared, text);
  if (mistakes === 0) return undefined;
  let best: { charset: string; text: string; mistakes: number } | undefined;
  for (const charset of confused[declared] ?? []) {
    const other = decodeAs(bytes, charset);
    const found = mistakesIn(charset, other);
    if (found * 4 < mistakes && (best === undefined || found < best.mistakes))
      best = { charset, text: other, mistakes: found };
  }
  return best;
}

/** Number of signs that a text is not in the charset: undecodable bytes, and spellings that nobody uses. */
function mistakesIn(charset: string, whole: string): number {
  const text = whole.slice(0, 20_000);
  if (charset === 'windows-1251' || charset.startsWith('koi8')) {
    // One has capitals where the other has small letters: "пРИВЕТ".
    const turned = text.match(TURNED)?.length ?? 0;
    return turned > (text.match(PROPER)?.length ?? 0) ? turned : 0;
  }
  const n = damage(text);
  // EUC-JP read as Shift_JIS becomes half-width katakana, which are rare in mail.
  if (charset !== 'shift_jis' || n > 0) return n;
  const narrow = text.match(/[\uff61-\uff9f]/g)?.length ?? 0;
  return narrow > 4 && narrow > (text.match(/[\u3040-\u30ff\u4e00-\u9fff]/g)?.length ?? 0) ? narrow : 0;
}

const TURNED = /(?<!\p{L})\p{Ll}\p{Lu}{2,}(?!\p{L})/gu;
const PROPER = /(?<!\p{L})\p{Lu}?\p{Ll}{2,}(?!\p{L})/gu;

export const isEastAsian = (charset: string): boolean => /^(?:gb18030|big5|euc-|shift_jis)/.test(charset);
