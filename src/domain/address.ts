// Mail addresses as Mailroom compares them. Pure. Only single addresses are accepted: lists, groups, routes and comments are refused and not interpreted,
// because a difference between what our parser reads and what the recipient's program shows would allow From spoofing.
import { domainToASCII } from 'node:url';

export type AddressProblem =
  | 'empty'
  | 'line-break'
  | 'multiple'
  | 'group'
  | 'comment'
  | 'route'
  | 'syntax'
  | 'domain'
  | 'too-long';

export interface MailboxAddress {
  /** Display name, NFC, trimmed; empty if there is none. */
  name: string;
  /** local@domain as it is sent: local part NFC, domain in ASCII. */
  address: string;
  /** What is compared: case folded, domain in ASCII, NFC. */
  normal: string;
}

type ParsedAddress = { ok: true; value: MailboxAddress } | { ok: false; problem: AddressProblem };

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;
/** Format characters, invisible characters and direction overrides, which have no place in an address. */
const INVISIBLE = /\p{Cf}|\u034f|\u115f|\u1160|\u17b4|\u17b5|\u3164|\uffa0/u;
/** White space of any script, lone surrogates, private and unassigned code points. */
const UNWRITABLE = /[\p{White_Space}\p{Cs}\p{Co}\p{Cn}]/u;
const ATEXT =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\u{10ffff}]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\u{10ffff}]+)*$/u;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const bad = (problem: AddressProblem): ParsedAddress => ({ ok: false, problem });

/** Reads `a@b`, `Name <a@b>`, `"Name" <a@b>` or `{name, address}`. RFC 5322 §3.4 without lists, groups, comments and obsolete forms. */
export function parseAddress(input: string | { name?: string | undefined; address: string }): ParsedAddress {
  if (typeof input === 'string') {
    if (CONTROL.test(input)) return bad('line-break');
    return parseText(input.trim());
  }
  const name = input.name ?? '';
  if (CONTROL.test(name) || CONTROL.test(input.address)) return bad('line-break');
  return withName(name, input.address);
}

function parseText(text: string): ParsedAddress {
  if (text === '') return bad('empty');
  if (text.startsWith('"')) {
    const quoted = /^"((?:[^"\\]|\\.)*)"(.*)$/u.exec(text);
    if (quoted === null) return bad('syntax');
    const rest = (quoted[2] ?? '').trim();
    if (rest.startsWith('@')) return parseSpec(text);
    if (rest.includes(',') && !/^<[^<>]*>$/.test(rest)) return bad('multiple');
    const angle = /^<([^<>]*)>$/.exec(rest);
    if (angle === null) return bad('syntax');
    return withName((quoted[1] ?? '').replace(/\\(.)/gu, '$1'), angle[1] ?? '');
  }
  if (!text.includes('<') && !text.includes('>')) return parseSpec(text);
  const angle = /^([^<>"]*)<([^<>]*)>$/u.exec(text);
  if (angle === null) return bad((text.match(/@/g) ?? []).length > 1 && text.includes(',') ? 'multiple' : 'syntax');
  const name = (angle[1] ?? '').trim();
  if (name.includes(',') || name.includes(';')) return bad('multiple');
  if (/[()]/.test(name)) return bad('comment');
  if (name.includes(':')) return bad('group');
  return withName(name, angle[2] ?? '');
}

function withName(name: string, spec: string): ParsedAddress {
  const parsed = parseSpec(spec.trim());
  return parsed.ok ? { ok: true, value: { ...parsed.value, name: cleanName(name) } } : parsed;
}

const cleanName = (name: string) => name.normalize('NFC').replace(/\s+/gu, ' ').trim();

function parseSpec(spec: string): ParsedAddress {
  if (spec === '') return bad('empty');
  if (spec.length > 320) return bad('too-long');
  if (spec.startsWith('@')) return bad('route');
  let local: string;
  let domain: string;
  const quoted = /^"((?:[^"\\]|\\.)*)"@(.*)$/u.exec(spec);
  if (quoted !== null) {
    // RFC 5321 §4.1.2: the quotes are not part of the local part. A local part that needs them is refused: no real mailbox has one, but attacks do.
    local = (quoted[1] ?? '').replace(/\\(.)/gu, '$1');
    domain = quoted[2] ?? '';
  } else {
    if (spec.includes(',') || (spec.match(/@/g) ?? []).length > 1) return bad('multiple');
    if (/[:;]/.test(spec)) return bad('group');
    if (/[()]/.test(spec)) return bad('comment');
    const at = spec.lastIndexOf('@');
    if (at < 1) return bad('syntax');
    local = spec.slice(0, at);
    domain = spec.slice(at + 1);
  }
  local = local.normalize('NFC');
  if (!isLocalPart(local)) return bad('syntax');
  const ascii = asciiDomain(domain);
  if (ascii === undefined) return bad('domain');
  return {
    ok: true,
    value: { name: '', address: `${local}@${ascii}`, normal: `${local.toLowerCase().normalize('NFC')}@${ascii}` },
  };
}

/**
 * Unicode white space is atext in RFC 6532 and a separator for most parsers (including nodemailer), which would send to the part behind it. A character
 * that becomes a separator or an @ only by normalisation is refused as well.
 */
function isLocalPart(local: string): boolean {
  const folded = local.normalize('NFKC');
  if (UNWRITABLE.test(local) || INVISIBLE.test(local) || UNWRITABLE.test(folded)) return false;
  // Many programs decode an encoded word, although RFC 2047 §5 forbids one in an address; quotes of any kind around it are removed.
  if (folded.includes('=?') || folded.startsWith("'") || folded.endsWith("'")) return false;
  return ATEXT.test(local) && ATEXT.test(folded) && Buffer.byteLength(local) <= 64;
}

/** Domain in ASCII (UTS 46), lower case; undefined if it is invalid. IP literals are refused. */
export function asciiDomain(domain: string): string | undefined {
  // domainToASCII is a URL host parser that decodes %-escapes and shortens IP numbers, so those are refused first.
  if (domain === '' || INVISIBLE.test(domain) || /[\u0000-,/:-@[-`{-\u009f]/u.test(domain)) return undefined;
  const ascii = domainToASCII(domain.normalize('NFC'));
  const labels = ascii.split('.');
  if (ascii.length > 253 || labels.length < 1 || !labels.every((label) => LABEL.test(label))) return undefined;
  return /^\d+$/.test(labels.at(-1) ?? '') ? undefined : ascii;
}

/** Nearly every address: short enough for any label, in letters that nothing normalises, and not a number at the end. */
const PLAIN = /^[\w+.-]{1,60}@[a-z0-9.-]{1,60}\.[a-z]{2,20}$/i;
/** Exceptions that need the full parser: empty labels, a hyphen at either end of a label, and Punycode (`xn--`). */
const PLAIN_BUT = /^\.|\.[.@-]|@[.-]|-[.-]/;

/** The form in which two addresses are compared; undefined if it is not a single address. Plus-addressing is kept. */
export function normalAddress(text: string): string | undefined {
  if (text.length <= 64 && PLAIN.test(text) && !PLAIN_BUT.test(text)) return text.toLowerCase();
  const parsed = parseAddress(text);
  return parsed.ok ? parsed.value.normal : undefined;
}

export const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1);

/** True if the local part needs SMTPUTF8 (RFC 6531); a domain never does, because it is sent in ASCII. */
export const needsSmtpUtf8 = (address: string) => /[^\u0000-\u007f]/u.test(address.slice(0, address.lastIndexOf('@')));

/** Control, format and invisible characters, which have no place in an address or a name. */
export const hasInvisible = (text: string): boolean => INVISIBLE.test(text) || CONTROL.test(text);
