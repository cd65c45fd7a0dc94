// Text that every database and screen accepts: PostgreSQL refuses U+0000 and unpaired surrogates, XML the other control characters.
import { lowWords, readLowBytes } from './low-bytes.ts';

/**
 * `text` without control characters except tab, LF and CR: vertical tab, form feed and next line become line feeds, the rest is dropped; an unpaired surrogate
 * becomes U+FFFD. Returns the same string when nothing changes. Linear.
 */
export function printable(text: string): string {
  if (text.length <= SHORT && isAsciiWithoutControls(text)) return text;
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return hasControls(whole)
    ? whole.replace(/[\u000b\u000c\u0085]/g, '\n').replace(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f]+/g, '')
    : whole;
}

/** Number of UTF-16 units up to which reading each of them costs less than copying them. */
const SHORT = 40;

function isAsciiWithoutControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || unit >= 0x7f) return false;
  }
  return true;
}

/** 1 for what is dropped or replaced: U+0000–001F but tab, LF and CR, and U+007F–009F. */
const controls = Uint8Array.from({ length: 256 }, (_, unit) =>
  (unit < 0x20 && !'\t\n\r'.includes(String.fromCharCode(unit))) || (unit >= 0x7f && unit < 0xa0) ? 1 : 0,
);

/**
 * The first of `words` from `from` on with a byte that is in `table`, or -1. Of all bytes only 00–1F and 80–9F, which must be all of the table's, have neither
 * bit 6 nor bit 5: one test for four bytes. Nothing but this loop: 0.3 ns a byte.
 */
function nextControl(words: Int32Array, table: Uint8Array, from: number, to: number): number {
  for (let k = from; k < to; k++) {
    const word = words[k] as number;
    if ((~((word << 1) | (word << 2)) & 0x80808080) === 0) continue;
    const low = (table[word & 255] as number) | (table[(word >> 8) & 255] as number);
    if ((low | (table[(word >> 16) & 255] as number) | (table[word >>> 24] as number)) !== 0) return k;
  }
  return -1;
}

/** A third of the time of a regular expression. */
function hasControls(text: string): boolean {
  if (text.includes('\u007f')) return true;
  for (let from = 0; from < text.length; ) {
    const read = readLowBytes(text, from);
    const count = (read + 3) >> 2;
    for (let k = nextControl(lowWords, controls, 0, count); k !== -1; k = nextControl(lowWords, controls, k + 1, count))
      // A unit above U+00FF may have such a low byte.
      for (let at = from + 4 * k; at < from + 4 * k + 4; at++) if (controls[text.charCodeAt(at)] === 1) return true;
    from += read;
  }
  return false;
}

/** `value`, plain JSON, with every string in it {@link printable}, except those under the keys of `done`. The same object when nothing changes. */
export function printableStrings<T>(value: T, done?: ReadonlySet<string>): T {
  if (typeof value === 'string') return printable(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  let copy: T | undefined;
  for (const key of Object.keys(value) as (keyof T & string)[]) {
    if (done?.has(key) === true) continue;
    const given = value[key];
    const clean = printableStrings(given);
    if (clean === given) continue;
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as T;
    copy[key] = clean;
  }
  return copy ?? value;
}
