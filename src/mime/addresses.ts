// Address headers → addresses. RFC 5322 §3.4 with groups and the obsolete syntax of §4.4, and what clients write instead.
import { domainToUnicode } from 'node:url';
import type { Address } from '../contract/message.ts';
import { trimEndOf, trimStartOf } from '../lib/text.ts';
import { decodeHeaderText, singleLine, type TextRepairs } from './encoded-words.ts';

/** Quoted words are added to a name up to this length. */
const MAX_PHRASE = 8000;
/** More recipients than this are not listed. */
export const MAX_ADDRESSES = 2000;

/**
 * Addresses of an unfolded header value (latin1 view), groups flattened, names decoded. A part without `@` becomes a name with an empty
 * address. Never throws; linear time.
 */
export function parseAddresses(input: string, hint?: string, repairs?: TextRepairs, depth = 0): Address[] {
  const out: Address[] = [];
  // Runs of blanks would make the patterns below quadratic.
  const value = /\s\s/.test(input) ? input.replace(/\s+/g, ' ') : input;
  const quotes: Quotes = { closed: true };
  let i = 0;
  const n = value.length;
  while (i < n && out.length < MAX_ADDRESSES) {
    const c = value[i];
    if (c === ',' || c === ';' || c === ' ' || c === '\t' || c === '\r' || c === '\n') {
      i++;
      continue;
    }
    i = mailbox(value, i, out, hint, repairs, depth, quotes);
  }
  return out;
}

/** `closed`: false once a quote was searched to the end in vain; the next ones are not searched again. */
interface Quotes {
  closed: boolean;
}

/** One mailbox, or the name of a group, from `start`; returns where the next begins. A hand-written scanner: one case a special character. */
function mailbox(
  value: string,
  start: number,
  out: Address[],
  hint: string | undefined,
  repairs: TextRepairs | undefined,
  depth: number,
  quotes: Quotes,
): number {
  const n = value.length;
  let i = start;
  let phrase = '';
  let comment = '';
  let angle: string | undefined;
  let quotedPhrase = false;
  /** Whether the phrase holds an `@`: asked of each piece once, not of the whole each time. */
  let hasAt = false;
  const append = (piece: string): void => {
    phrase += piece;
    hasAt ||= piece.includes('@');
  };
  // Length of the phrase when the angle brackets, and when the last comment, came.
  let angleAt = 0;
  let commentAt = 0;
  scan: while (i < n) {
    const c = value[i];
    switch (c) {
      case '"': {
        const end = endOfQuoted(value, i + 1, quotes);
        const inner = value.slice(i + 1, end).replace(/\\(.)/gs, '$1');
        // Looking at the end of a long phrase after each addition would be quadratic; names are cut to 4,000 anyway.
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
        if (phrase.length > commentAt && commentAt > 0) comment = ''; // within an address, not after it
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
          if (out.length < MAX_ADDRESSES)
            add(out, phrase.slice(0, angleAt).trim(), comment, angle, quotedPhrase, hint, repairs, depth);
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
        // An encoded word is opaque: raw commas, quotes and angle brackets within belong to it.
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
        if (angle === undefined && !hasAt && depth < 1 && phrase.trim() !== '') {
          // Group: its members follow as ordinary mailboxes; its name is dropped.
          return i + 1;
        }
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
  add(out, phrase.trim(), comment, angle, quotedPhrase, hint, repairs, depth);
  return i + 1;
}

const specials = new Set([...'"(<[=:;,>'].map((c) => c.charCodeAt(0)));
const isSpecial = (code: number): boolean => code < 0x5c && specials.has(code);

/**
 * `Doe, John <j@d.e>` without quotes: the comma belongs to the name when no `@` came before it and what follows up to the next comma is
 * a name with an address in angle brackets.
 */
function commaInName(value: string, at: number, phrase: string): boolean {
  if (phrase.includes('@') || phrase.trim() === '' || phrase.length > 60) return false;
  const ahead = value.slice(at + 1, at + 120);
  return /^[^,;<>"@:]{1,60}<[^<>@\s]{1,64}@[^<>\s]+>/.test(ahead);
}

function add(
  out: Address[],
  spaced: string,
  comment: string,
  angle: string | undefined,
  quoted: boolean,
  hint: string | undefined,
  repairs: TextRepairs | undefined,
  depth: number,
): void {
  // Comments leave blanks, and nobody reads a name of more than this.
  const phrase = (spaced.includes('  ') ? spaced.replace(/\s+/g, ' ') : spaced).slice(0, MAX_PHRASE);
  if (angle !== undefined) {
    const one = withAngle(phrase, comment, angle, hint, repairs);
    if (one !== undefined) out.push(one);
    return;
  }
  if (phrase === '') {
    if (comment.includes('@') && depth === 0) out.push(...parseAddresses(comment, hint, repairs, 1));
    return;
  }
  if (phrase.includes('@')) {
    const compact = phrase.startsWith('"')
      ? withoutBlanksInDomain(phrase)
      : phrase.replace(/\s?([@.])\s?(?=\S)/g, '$1');
    if (depth === 0 && SEVERAL.test(compact)) {
      // Nothing but addresses, and no comma between them.
      const words = new Set(compact.split(/\s+/, MAX_ADDRESSES - out.length));
      for (const word of words) out.push({ name: '', address: cleanAddress(word) });
      return;
    }
    const found = phrase.startsWith('"')
      ? cleanAddress(compact)
      : (compact.split(/\s+/).find((word) => word.includes('@')) ?? compact);
    const rest = phrase.startsWith('"') ? '' : compact.replace(found, '').trim();
    out.push({ name: decodeName(rest === '' ? comment : rest, hint, repairs), address: cleanAddress(found) });
    return;
  }
  if (phrase.includes('=?')) {
    // The whole mailbox, brackets and all, was put into an encoded word.
    const decoded = decodeHeaderText(phrase, hint, repairs);
    if (decoded.includes('@') && depth === 0) {
      const inner = parseAddresses(decoded, hint, repairs, 1);
      if (inner.some((a) => a.address !== '')) {
        out.push(...inner);
        return;
      }
    }
  }
  if (!quoted && /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$/.test(phrase) && !phrase.includes('=?')) {
    // A local part alone: `root`, `MAILER-DAEMON (Mail Delivery)`.
    out.push({ name: decodeName(comment, hint, repairs), address: phrase });
    return;
  }
  const name = decodeName(quoted || comment === '' ? phrase : `${phrase} (${comment})`, hint, repairs);
  if (name !== '') out.push({ name, address: '' });
}

/** `Name <address>`. @returns undefined if both are empty */
function withAngle(
  phrase: string,
  comment: string,
  angle: string,
  hint: string | undefined,
  repairs: TextRepairs | undefined,
): Address | undefined {
  let address = cleanAddress(angle);
  let name = phrase;
  if (!address.includes('@') && name.includes('@')) {
    // `a@b.c <Name>` or `"a@b.c" <>`: the wrong way round.
    const swapped = name.split(/[\s<>"',;]+/).find((word) => {
      const at = word.indexOf('@', 1);
      return at !== -1 && at < word.length - 1;
    });
    if (swapped !== undefined) {
      name = `${name.replace(swapped, '').trim()} ${address}`.trim();
      address = cleanAddress(swapped);
    }
  }
  const display = decodeName(name === '' ? comment : name, hint, repairs);
  if (address.includes('=?')) address = singleLine(decodeHeaderText(address, hint, repairs));
  return address === '' && display === '' ? undefined : { name: display, address };
}

/** `"a b" @ c.d` → `"a b"@c.d`. */
function withoutBlanksInDomain(phrase: string): string {
  const quote = phrase.lastIndexOf('"') + 1;
  const domain = phrase.slice(quote);
  return domain.trimStart().startsWith('@') ? phrase.slice(0, quote) + domain.replace(/\s+/g, '') : phrase;
}

/** Display name: decoded, one line, without a pair of quotes around it. */
function decodeName(value: string, hint: string | undefined, repairs: TextRepairs | undefined): string {
  const bounded = value.slice(0, 4000);
  const raw = (ODD_BLANKS.test(bounded) ? bounded.replace(/\s+/g, ' ') : bounded).trim();
  let name = singleLine(decodeHeaderText(raw, hint, repairs));
  if (name.length > 1 && name.startsWith('"') && name.endsWith('"'))
    name = name.slice(1, -1).replace(/\\(.)/g, '$1').trim();
  return name;
}

const SEVERAL = /^[^\s"<>@]{1,64}@[^\s"<>@]{3,255}(?:\s+[^\s"<>@]{1,64}@[^\s"<>@]{3,255})+$/;

/** White space other than single blanks. */
const ODD_BLANKS = /[^\S ]| {2}/;
/** Nearly every address: nothing to clean. */
const PLAIN = /^[A-Za-z0-9._+-]{1,64}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){0,10}[A-Za-z0-9-]{1,63}$/;

/** addr-spec: source route and blanks around dots and `@` dropped (§4.4), domain in Unicode. */
function cleanAddress(value: string): string {
  if (PLAIN.test(value) && !/xn--/i.test(value)) return value;
  let address = value.slice(0, 1000);
  // Comments, also within each other.
  for (let k = 0; k < 5 && address.includes('('); k++) address = address.replace(/\([^()]*\)/g, '');
  if (/^\s*mailto:/i.test(address)) address = address.replace(/^\s*mailto:/i, '');
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
  // The dot of the root, as in a zone file.
  if (address.endsWith('.') && address.includes('@')) address = address.slice(0, -1);
  // Raw 8-bit (RFC 6532), as long as it is a view of bytes: a domain in Unicode is text.
  if (/[\x80-\xff]/.test(address)) address = decodeHeaderText(address);
  const at = address.lastIndexOf('@');
  if (at !== -1 && /xn--/i.test(address.slice(at))) {
    const unicode = domainToUnicode(address.slice(at + 1));
    if (unicode !== '') address = address.slice(0, at + 1) + unicode;
  }
  return singleLine(address);
}

/** Closing quote, or — when it is missing — the place before the next `<`, else the end. */
function endOfQuoted(value: string, from: number, quotes: Quotes): number {
  for (let i = from; quotes.closed && i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (c === 0x22) return i;
  }
  quotes.closed = false;
  const angle = value.indexOf('<', from);
  return angle === -1 ? value.length : Math.max(angle - 1, from);
}

function endOfComment(value: string, from: number): number {
  let depth = 0;
  for (let i = from; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (c === 0x28) depth++;
    else if (c === 0x29 && --depth === 0) return i + 1;
  }
  return value.length + 1;
}

/** The `>`; when it is missing, the next comma or the end. A quoted local part may hold anything. */
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
