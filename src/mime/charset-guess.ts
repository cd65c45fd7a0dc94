// Guesses the charset of bytes from their statistics, where none is declared or the declared one does not fit.
import { decodeAs } from './charset-decode.ts';

/**
 * The likely charset of undeclared 8-bit bytes: East Asian by pairs of bytes, Cyrillic by their share, Turkish by its three letters; otherwise
 * windows-1252. Examines the first 16 KB.
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

/** ĞİŞğış of windows-1254, which are Icelandic letters in windows-1252. */
const TURKISH = new Set([0xd0, 0xdd, 0xde, 0xf0, 0xfd, 0xfe]);
/** ÇÖÜâçîöü, which Turkish shares with other languages. */
const SHARED = new Set([0xc7, 0xd6, 0xdc, 0xe2, 0xe7, 0xee, 0xf6, 0xfc]);

/** Counts ASCII letters, 8-bit bytes and runs of them. `lower`: E0–FF, `upper`: C0–DF; `kana`: lead bytes of kana in EUC-JP. */
function countBytes(sample: Buffer) {
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
