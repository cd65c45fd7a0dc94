// Address headers → addresses: RFC 5322 §3.4 with groups, the obsolete syntax of §4.4, and common deviations.
import { domainToUnicode } from 'node:url';
import type { Address } from '../contract/message.ts';
import { trimEndOf, trimStartOf } from '../lib/text.ts';
import { endOfComment } from './comments.ts';
import { decodeHeaderText, singleLine, type TextRepairs } from './encoded-words.ts';

/** Longest name, in UTF-16 units, to which quoted words are added. */
const MAX_PHRASE = 8000;
/** More recipients than this are not listed. */
export const MAX_ADDRESSES = 2000;

interface Parse {
  value: string;
  out: Address[];
  /** False for a text that came out of a comment or an encoded word: it is not taken apart again. */
  outermost: boolean;
  hint: string | undefined;
  repairs: TextRepairs | undefined;
  /** False once no closing quote was found: later quotes are not searched. */
  quotesClose: boolean;
}

/**
 * Addresses of an unfolded header value (latin1 view), with groups flattened and names decoded. A part without `@` becomes a name with an empty
 * address. Never throws; linear time.
 */
export function parseAddresses(input: string, hint?: string, repairs?: TextRepairs, outermost = true): Address[] {
  const out: Address[] = [];
  // Runs of blanks would make the patterns below quadratic.
  const value = /\s\s/.test(input) ? input.replace(/\s+/g, ' ') : input;
  const parse: Parse = { value, out, outermost, hint, repairs, quotesClose: true };
  for (let i = 0; i < value.length && out.length < MAX_ADDRESSES; )
    i = ',; \t\r\n'.includes(value[i] as string) ? i + 1 : mailbox(parse, i);
  return out;
}

/** Adds the mailbox at `start`, or skips a group's name there. Hand-written scanner: one case per special character. @returns where the next one begins */
function mailbox(parse: Parse, start: number): number {
  const { value, out, outermost } = parse;
  const n = value.length;
  let i = start;
  let phrase = '';
  let comment = '';
  let angle: string | undefined;
  let quotedPhrase = false;
  /** Whether the phrase holds an `@`, kept up to date by piece. */
  let hasAt = false;
  const append = (piece: string): void => {
    phrase += piece;
    hasAt ||= piece.includes('@');
  };
  // Length of the phrase at the angle brackets and at the last comment.
  let angleAt = 0;
  let commentAt = 0;
  scan: while (i < n) {
    const c = value[i];
    switch (c) {
      case '"': {
        const end = endOfQuoted(parse, i + 1);
        const inner = value.slice(i + 1, end).replace(/\\(.)/gs, '$1');
        // endsWith flattens the phrase, which would be quadratic on a long one; names are cut to 4,000 anyway.
        if (phrase.length > MAX_PHRASE) quotedPhrase = true;
        else if (value[end + 1] === '@' || (value[end + 1] === '.' && angle === undefined && phrase.endsWith('.')))
          append(value.slice(i, end + 1));
        else append(phrase === '' || phrase.endsWith(' ') ? inner : ` ${inner}`);
        quotedPhrase = true;
        i = end + 1;
        break;
      }
      case '(': {
        const end = endOfComment(value, i);
        const inner = value
          .slice(i + 1, end - 1)
          .replace(/\\(.)/gs, '$1')
          .trim();
        if (phrase.length > commentAt && commentAt > 0) comment = ''; // the last one was within the address
        if (inner !== '') comment = comment === '' ? inner : `${comment} ${inner}`;
        phrase += ' ';
        commentAt = phrase.length;
        i = end;
        break;
      }
      case '<': {
        const end = endOfAngle(value, i + 1);
        const inner = value.slice(i + 1, end).trim();
        if (angle === undefined || angle === '' || (!angle.includes('@') && inner.includes('@'))) {
          if (angle !== undefined && angle !== '') append(` ${angle}`);
          angle = inner;
          angleAt = phrase.length;
        } else if (inner.includes('@') && cleanAddress(inner).toLowerCase() !== cleanAddress(angle).toLowerCase()) {
          // `Jane <a@b.c> Joe <d@e.f>`: a second mailbox without a comma.
          if (out.length < MAX_ADDRESSES) add(parse, phrase.slice(0, angleAt).trim(), comment, angle, quotedPhrase);
          phrase = phrase.slice(angleAt);
          hasAt = phrase.includes('@');
          comment = '';
          angle = inner;
          angleAt = phrase.length;
          commentAt = 0;
        }
        i = value[end] === '>' ? end + 1 : end;
        break;
      }
      case '[': {
        const end = value.slice(i, i + 101).indexOf(']');
        const stop = end === -1 ? i + 1 : i + end + 1;
        append(value.slice(i, stop));
        i = stop;
        break;
      }
      case '=': {
        // An encoded word is opaque: commas, quotes and angle brackets within it belong to it.
        const word =
          value[i + 1] === '?' ? /^=\?[^?\s]{1,60}\?[bq]\?[^?\s]{0,800}\?=/i.exec(value.slice(i, i + 900)) : null;
        if (word === null) {
          phrase += c;
          i++;
        } else {
          append(word[0]);
          i += word[0].length;
        }
        break;
      }
      case ':':
        if (angle === undefined && phrase.length < 20 && phrase.trim().toLowerCase() === 'mailto') {
          phrase = '';
          i++;
          break;
        }
        // A group: its name is dropped, its members follow as ordinary mailboxes.
        if (angle === undefined && !hasAt && outermost && phrase.trim() !== '') return i + 1;
        phrase += c;
        i++;
        break;
      case ';':
      case ',':
        if (c === ',' && angle === undefined && commaInName(value, i, phrase)) {
          phrase += c;
          i++;
          break;
        }
        break scan;
      case '>':
        i++;
        break;
      default: {
        // A run of plain characters at once.
        let k = i + 1;
        while (k < n && !isSpecial(value.charCodeAt(k))) k++;
        append(value.slice(i, k));
        i = k;
      }
    }
  }
  if (angle === undefined && commentAt > 0 && phrase.length > commentAt && phrase.slice(0, commentAt).trim() !== '')
    comment = '';
  add(parse, phrase.trim(), comment, angle, quotedPhrase);
  return i + 1;
}

const specials = new Set([...'"(<[=:;,>'].map((c) => c.charCodeAt(0)));
const isSpecial = (code: number): boolean => code < 0x5c && specials.has(code);

/** Whether a comma belongs to a name (`Doe, John <j@d.e>` without quotes): no `@` before it, and a name with an angle address up to the next comma. */
function commaInName(value: string, at: number, phrase: string): boolean {
  if (phrase.includes('@') || phrase.trim() === '' || phrase.length > 60) return false;
  const ahead = value.slice(at + 1, at + 120);
  return /^[^,;<>"@:]{1,60}<[^<>@\s]{1,64}@[^<>\s]+>/.test(ahead);
}

function add(parse: Parse, spaced: string, comment: string, angle: string | undefined, quoted: boolean): void {
  const { out, outermost, hint, repairs } = parse;
  // Comments leave blanks.
  const phrase = (spaced.includes('  ') ? spaced.replace(/\s+/g, ' ') : spaced).slice(0, MAX_PHRASE);
  if (angle !== undefined) {
    const one = withAngle(parse, phrase, comment, angle);
    if (one !== undefined) out.push(one);
    return;
  }
  if (phrase === '') {
    if (comment.includes('@') && outermost) out.push(...parseAddresses(comment, hint, repairs, false));
    return;
  }
  if (phrase.includes('@')) {
    const compact = phrase.startsWith('"')
      ? withoutBlanksInDomain(phrase)
      : phrase.replace(/\s?([@.])\s?(?=\S)/g, '$1');
    if (outermost && SEVERAL.test(compact)) {
      const words = new Set(compact.split(/\s+/, MAX_ADDRESSES - out.length));
      for (const word of words) out.push({ name: '', address: cleanAddress(word) });
      return;
    }
    const found = phrase.startsWith('"')
      ? cleanAddress(compact)
      : (compact.split(/\s+/).find((word) => word.includes('@')) ?? compact);
    const rest = phrase.startsWith('"') ? '' : compact.replace(found, '').trim();
    out.push({ name: decodeName(parse, rest === '' ? comment : rest), address: cleanAddress(found) });
    return;
  }
  if (phrase.includes('=?')) {
    // The whole mailbox, angle brackets included, may be one encoded word.
    const decoded = decodeHeaderText(phrase, hint, repairs);
    if (decoded.includes('@') && outermost) {
      const inner = parseAddresses(decoded, hint, repairs, false);
      if (inner.some((a) => a.address !== '')) {
        out.push(...inner);
        return;
      }
    }
  }
  if (!quoted && /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$/.test(phrase) && !phrase.includes('=?')) {
    // A local part alone: `root`, `MAILER-DAEMON (Mail Delivery)`.
    out.push({ name: decodeName(parse, comment), address: phrase });
    return;
  }
  const name = decodeName(parse, quoted || comment === '' ? phrase : `${phrase} (${comment})`);
  if (name !== '') out.push({ name, address: '' });
}

/** `Name <address>`. @returns undefined if both are empty */
function withAngle(parse: Parse, phrase: string, comment: string, angle: string): Address | undefined {
  let address = cleanAddress(angle);
  let name = phrase;
  if (!address.includes('@') && name.includes('@')) {
    // `a@b.c <Name>` or `"a@b.c" <>`: swapped.
    const swapped = name.split(/[\s<>"',;]+/).find((word) => {
      const at = word.indexOf('@', 1);
      return at !== -1 && at < word.length - 1;
    });
    if (swapped !== undefined) {
      name = `${name.replace(swapped, '').trim()} ${address}`.trim();
      address = cleanAddress(swapped);
    }
  }
  const display = decodeName(parse, name === '' ? comment : name);
  if (address.includes('=?')) address = singleLine(decodeHeaderText(address, parse.hint, parse.repairs));
  return address === '' && display === '' ? undefined : { name: display, address };
}

/** `"a b" @ c.d` → `"a b"@c.d`. */
function withoutBlanksInDomain(phrase: string): string {
  const quote = phrase.lastIndexOf('"') + 1;
  const domain = phrase.slice(quote);
  return domain.trimStart().startsWith('@') ? phrase.slice(0, quote) + domain.replace(/\s+/g, '') : phrase;
}

/** Display name: decoded, on one line, without a pair of quotes around it. */
function decodeName({ hint, repairs }: Parse, value: string): string {
  const bounded = value.slice(0, 4000);
  const raw = (ODD_BLANKS.test(bounded) ? bounded.replace(/\s+/g, ' ') : bounded).trim();
  let name = singleLine(decodeHeaderText(raw, hint, repairs));
  if (name.length > 1 && name.startsWith('"') && name.endsWith('"'))
    name = name.slice(1, -1).replace(/\\(.)/g, '$1').trim();
  return name;
}

/** Nothing but addresses, without commas between them. */
const SEVERAL = /^[^\s"<>@]{1,64}@[^\s"<>@]{3,255}(?:\s+[^\s"<>@]{1,64}@[^\s"<>@]{3,255})+$/;

/** White space other than single blanks. */
const ODD_BLANKS = /[^\S ]| {2}/;
/** The form of nearly all addresses, which needs no cleaning. */
const PLAIN = /^[A-Za-z0-9._+-]{1,64}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){0,10}[A-Za-z0-9-]{1,63}$/;

/** addr-spec without a source route and blanks around dots and `@` (§4.4), domain in Unicode. */
function cleanAddress(value: string): string {
  if (PLAIN.test(value) && !/xn--/i.test(value)) return value;
  let address = value.slice(0, 1000);
  // Comments, also nested ones.
  for (let k = 0; k < 5 && address.includes('('); k++) address = address.replace(/\([^()]*\)/g, '');
  address = address.replace(/^\s*mailto:/i, '');
  if (address.startsWith('@') && address.includes(':')) address = address.slice(address.indexOf(':') + 1);
  address = address.trim();
  if (/\s/.test(address) && !address.startsWith('"')) {
    address = address.replace(/\s+/g, ' ').replace(/ ?([@.]) ?/g, '$1');
    const word = address.split(/\s+/).find((w) => w.includes('@'));
    if (word !== undefined) address = word;
  }
  address = trimEndOf(address, "'>");
  const bare = trimStartOf(address, "'<");
  if (bare !== address && /^[^'<>@]+@/.test(bare)) address = bare;
  // The root's dot, as in a zone file.
  if (address.endsWith('.') && address.includes('@')) address = address.slice(0, -1);
  // Raw 8-bit bytes (RFC 6532). Before the domain becomes Unicode, which is no longer a view of bytes.
  if (/[\x80-\xff]/.test(address)) address = decodeHeaderText(address);
  const at = address.lastIndexOf('@');
  if (at !== -1 && /xn--/i.test(address.slice(at))) {
    const unicode = domainToUnicode(address.slice(at + 1));
    if (unicode !== '') address = address.slice(0, at + 1) + unicode;
  }
  return singleLine(address);
}

/** Index of the closing quote; if it is missing, the place before the next `<`, else the end. */
function endOfQuoted(parse: Parse, from: number): number {
  const { value } = parse;
  for (let i = from; parse.quotesClose && i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (c === 0x22) return i;
  }
  parse.quotesClose = false;
  const angle = value.indexOf('<', from);
  return angle === -1 ? value.length : Math.max(angle - 1, from);
}

/** Index of the `>`; if it is missing, of the next comma, else the end. A quoted local part may hold anything. */
function endOfAngle(value: string, from: number): number {
  let at = false;
  let judged = false;
  for (let i = from; i < value.length; i++) {
    const c = value[i];
    if (c === '>') return i;
    if (c === '@') at = true;
    else if (c === ':') judged = true;
    else if (c === '"') {
      const close = value.slice(i + 1, i + 200).indexOf('"');
      if (close !== -1) i += 1 + close;
    } else if (c === '<') {
      if (i > from) return i;
    } else if ((c === ',' || c === ';') && at && !judged) {
      judged = true;
      const ahead = value.slice(i, i + 1000);
      const close = ahead.indexOf('>');
      const open = ahead.indexOf('<');
      if (close === -1 || (open !== -1 && open < close)) return i;
    }
  }
  return value.length;
}
