// Which charset bytes are in, when nothing declares it or what is declared does not fit: by their look.
import { decodeAs } from './charset-decode.ts';

/**
 * Charset by the look of the 8-bit bytes, when nothing is declared: East Asian by pairs, Cyrillic by their share, Turkish by its three letters;
 * windows-1252 otherwise. Looks at the first 16 KB.
 */
export function likelyCharset(bytes: Buffer): string {
  const sample = bytes.length > 16_384 ? bytes.subarray(0, 16_384) : bytes;
  const { high, ascii, runs, evenRuns, kana, lower, upper, turkish, other } = countBytes(sample);
  if (isShiftJis(sample)) return 'shift_jis';
  if (high >= 8 && evenRuns === runs && high / runs >= 2 && lower + upper < high) {
    if (kana * 5 >= high) return 'euc-jp';
    return isKorean(sample, runs) ? 'euc-kr' : 'gb18030';
  }
  if (isBig5(sample, high)) return 'big5';
  if (lower + upper > high * 0.8 && high > ascii && high / runs >= 3) return lower >= upper ? 'windows-1251' : 'koi8-r';
  if (turkish >= 2 && turkish > other * 2 && ascii > high) return 'windows-1254';
  return 'windows-1252';
}

/** ĞİŞğış of windows-1254; windows-1252 has Icelandic letters in their places. */
const TURKISH = new Set([0xd0, 0xdd, 0xde, 0xf0, 0xfd, 0xfe]);
/** ÇÖÜâçîöü: Turkish writes them, and so do others. */
const SHARED = new Set([0xc7, 0xd6, 0xdc, 0xe2, 0xe7, 0xee, 0xf6, 0xfc]);

/** Counts of letters and 8-bit bytes, and of the runs of the latter. `lower`: E0–FF, `upper`: C0–DF; `kana`: lead bytes of EUC-JP's. */
function countBytes(sample: Buffer): Record<ByteCount, number> {
  let high = 0;
  let ascii = 0;
  let runs = 0;
  let evenRuns = 0;
  let kana = 0;
  let lower = 0;
  let upper = 0;
  let turkish = 0;
  let other = 0;
  for (let i = 0; i < sample.length; i++) {
    const b = sample[i] as number;
    if (b < 0x80) {
      if ((b | 0x20) >= 0x61 && (b | 0x20) <= 0x7a) ascii++;
      continue;
    }
    const start = i;
    while (i < sample.length && (sample[i] as number) >= 0x80) {
      const c = sample[i] as number;
      high++;
      if (c >= 0xe0) lower++;
      else if (c >= 0xc0) upper++;
      if (TURKISH.has(c)) turkish++;
      else if (c >= 0xc0 && !SHARED.has(c)) other++;
      if ((i - start) % 2 === 0 && (c === 0xa4 || c === 0xa5)) kana++;
      i++;
    }
    runs++;
    if ((i - start) % 2 === 0) evenRuns++;
  }
  return { high, ascii, runs, evenRuns, kana, lower, upper, turkish, other };
}
type ByteCount = 'high' | 'ascii' | 'runs' | 'evenRuns' | 'kana' | 'lower' | 'upper' | 'turkish' | 'other';

/** More well-formed multi-byte sequences than bytes that fit nowhere. */
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

/** Kana of Shift_JIS, whose first bytes are rare in any single-byte text, and nothing that is not Shift_JIS. */
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

/** Hangul of EUC-KR fill a third of the rows that Chinese does, and its words are set apart by blanks. */
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

/** The trail bytes of Big5 are partly ASCII, so its runs are of any length: known by its most frequent characters. */
function isBig5(bytes: Buffer, high: number): boolean {
  if (high < 6 || high * 4 < bytes.length) return false;
  const text = decodeAs(bytes, 'big5');
  return !isDamaged(text) && (text.match(COMMON_BIG5)?.length ?? 0) >= 2;
}

/** Replacement characters, but for one at the end, where a text was cut. */
export function damage(text: string): number {
  let n = 0;
  for (let i = text.indexOf('\ufffd'); i !== -1 && i < text.length - 1; i = text.indexOf('\ufffd', i + 1)) n++;
  return n;
}

const isDamaged = (text: string): boolean => damage(text) > 0;

/** What is sent under these labels, when it is not what they say: programs of one country that mix up its charsets. */
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

/**
 * The charset that fits better than the declared one, in which the bytes read `text`; undefined if none does. Bytes are not tried in every charset, as most
 * decode anything: only in those that the declared one is mistaken for.
 */
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

/** How often a text shows that it is not in the charset: by what cannot be decoded, and by what nobody writes. */
function mistakesIn(charset: string, whole: string): number {
  const text = whole.slice(0, 20_000);
  if (charset === 'windows-1251' || charset.startsWith('koi8')) {
    // The one has its capitals where the other has its small letters: "пРИВЕТ".
    const turned = text.match(TURNED)?.length ?? 0;
    return turned > (text.match(PROPER)?.length ?? 0) ? turned : 0;
  }
  const n = damage(text);
  // EUC-JP read as Shift_JIS is half-width katakana, which mail hardly ever holds.
  if (charset !== 'shift_jis' || n > 0) return n;
  const narrow = text.match(/[\uff61-\uff9f]/g)?.length ?? 0;
  return narrow > 4 && narrow > (text.match(/[\u3040-\u30ff\u4e00-\u9fff]/g)?.length ?? 0) ? narrow : 0;
}

const TURNED = /(?<!\p{L})\p{Ll}\p{Lu}{2,}(?!\p{L})/gu;
const PROPER = /(?<!\p{L})\p{Lu}?\p{Ll}{2,}(?!\p{L})/gu;

export const isEastAsian = (charset: string): boolean => /^(?:gb18030|big5|euc-|shift_jis)/.test(charset);
