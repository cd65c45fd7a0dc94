// Display names that imitate another sender. Pure. One rule: a name that a reader could take for an address is refused, unless it is the sender's own.
// The search uses the name's compatibility form, reads letters in circles and boxes as letters, and ignores characters that may surround the @.
import { hasInvisible, normalAddress } from './address.ts';

/** Invisible letters, of which a name may consist. */
const BLANK = /\u2800/u;
/** Latin letters in negative circles, negative squares and as regional indicators; NFKC folds the others. */
const BOXED = /[\u{1f150}-\u{1f169}\u{1f170}-\u{1f189}\u{1f1e6}-\u{1f1ff}]/gu;
const BOXED_A = [0x1f1e6, 0x1f170, 0x1f150];
/** An a in a circle or box is read as an @ as well. */
const ROUND_A = /[ⓐⒶ⒜🄐🄰🅐🅰]/gu;
/** `(at)`, `[ät]`, `{@}`; after NFKC. */
const BRACKETED_AT = /[([{<«"'*_|~-]\s?(?:at|ät|arroba|@)\s?[)\]}>»"'*_|~-]/giu;
const BRACKETED_DOT = /\s?[([{<]\s?(?:dot|punkt|point|punto|\.)\s?[)\]}>]\s?/giu;
/** Dots of other scripts, centred or single, between letters. */
const DOTS = /(?<=[\p{L}\p{N}])(?:[。｡․‧·•∙⋅・]|\s\.\s)(?=[\p{L}\p{N}])/gu;
/** What separates words in a name. */
const BETWEEN = /[\s"'(),:;<>[\]@]/u;
const WORD = /[\p{L}\p{N}]/u;

/** Why a display name is not shown as given; undefined if it is harmless. `own` is the normalised address that the name precedes. */
export function nameProblem(name: string, own: string): 'other-address' | 'invisible' | 'encoded-word' | undefined {
  if (hasInvisible(name) || BLANK.test(name)) return 'invisible';
  if (/=\?[^?]+\?[bq]\?/i.test(name)) return 'encoded-word';
  for (const reading of new Set([name, name.replace(ROUND_A, '@')])) {
    const shown = unboxed(reading).normalize('NFKC');
    if (/[<>]/.test(shown)) return 'other-address';
    const plain = shown.replace(BRACKETED_DOT, '.').replace(DOTS, '.').replace(BRACKETED_AT, '@');
    if (hasOtherAddress(plain, own)) return 'other-address';
  }
  return undefined;
}

function unboxed(text: string): string {
  return text.replace(BOXED, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const first = BOXED_A.find((a) => code >= a) ?? code;
    return String.fromCharCode(0x61 + code - first);
  });
}

/**
 * Whether any part of it reads like an address other than `own`. With blanks, quotes or brackets beside the @, the right side must have a dot: `ceo @ contoso.example` is
 * read as an address, `Sales @ Contoso` as a name. Stops at the first match.
 */
function hasOtherAddress(text: string, own: string): boolean {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let end = at;
    while (end > 0 && !WORD.test(text[end - 1] ?? '') && text[end - 1] !== '@') end--;
    let start = end;
    while (start > 0 && !BETWEEN.test(text[start - 1] ?? '')) start--;
    if (start === end) continue;
    let from = at + 1;
    while (from < text.length && !WORD.test(text[from] ?? '') && text[from] !== '@') from++;
    const domain = /^[\p{L}\p{N}\p{M}_-]+(?:\.[\p{L}\p{N}\p{M}_-]+)*/u.exec(text.slice(from, from + 260))?.[0] ?? '';
    if (domain === '') continue;
    const apart = end < at || from > at + 1;
    if (!domain.includes('.') && apart) continue;
    const read = `${text.slice(start, end)}@${domain}`;
    if (read !== own && normalAddress(read) !== own) return true;
  }
  return false;
}
