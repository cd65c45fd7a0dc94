// Finds the address of a person: in texts, in JSON that contains JSON, in raw mails with their encodings. Whole addresses only: a search for
// anna@x.example does not find joanna@x.example. Pure.
import { domainToUnicode } from 'node:url';
import { bufferOf } from '../lib/streams.ts';
import { parseAddress } from './address.ts';

export interface PersonMatcher {
  /** As it is compared: case folded, domain in ASCII. */
  address: string;
  inText(text: string): boolean;
  /** In any string of a JSON value, JSON texts within strings included. */
  inValue(value: unknown): boolean;
  /** In a raw mail: headers and all parts, quoted-printable and base64 decoded. */
  inMail(raw: Uint8Array): boolean;
  /** The text with another one in place of the address. */
  replaced(text: string, by: string): string;
}

const BEFORE = /[\p{L}\p{N}._+-]$/u;
const AFTER = /^(?:[\p{L}\p{N}_-]|\.[\p{L}\p{N}])/u;
/** Of a line of base64. */
const BASE64 = /^[A-Za-z0-9+/]{4,}={0,2}$/;

/** Undefined when the text is not an address. */
export function personMatcher(text: string): PersonMatcher | undefined {
  const parsed = parseAddress(text);
  if (!parsed.ok) return undefined;
  const { normal } = parsed.value;
  const at = normal.lastIndexOf('@');
  const unicode = `${normal.slice(0, at)}@${domainToUnicode(normal.slice(at + 1))}`;
  const needles = [...new Set([normal, unicode])];
  const byteNeedles = needles.map((needle) => Buffer.from(needle).toString('latin1').toLowerCase());

  const inText = (given: string) => holds(given.toLowerCase().normalize('NFC'), needles);
  const inBytes = (latin1: string) => holds(latin1.toLowerCase(), byteNeedles);
  function inValue(value: unknown): boolean {
    if (typeof value === 'string') return inText(value) || (/^\s*["[{]/.test(value) && inValue(jsonIn(value)));
    if (typeof value !== 'object' || value === null) return false;
    return Object.entries(value).some(([name, one]) => inText(name) || inValue(one));
  }

  return {
    address: normal,
    inText,
    inValue,
    inMail(raw) {
      const text = bufferOf(raw).toString('latin1');
      return inBytes(text) || inBytes(unquoted(text)) || base64In(text).some(inBytes);
    },
    replaced(given, by) {
      const lower = given.toLowerCase();
      let rest = given;
      // From the end, so that earlier positions remain valid. A text whose length changes in lower case is replaced as a whole.
      if (lower.length !== given.length) return inText(given) ? by : given;
      for (const { start, end } of placesOf(lower, needles).sort((a, b) => b.start - a.start))
        rest = rest.slice(0, start) + by + rest.slice(end);
      return rest;
    },
  };
}

function placesOf(lower: string, needles: readonly string[]): { start: number; end: number }[] {
  const places: { start: number; end: number }[] = [];
  for (const needle of needles) {
    for (let start = lower.indexOf(needle); start >= 0; start = lower.indexOf(needle, start + 1)) {
      const end = start + needle.length;
      if (BEFORE.test(lower.slice(Math.max(0, start - 2), start)) || AFTER.test(lower.slice(end, end + 3))) continue;
      places.push({ start, end });
    }
  }
  return places;
}

/** Also within a URL. */
const holds = (lower: string, needles: readonly string[]): boolean =>
  placesOf(lower, needles).length > 0 || (lower.includes('%40') && placesOf(decoded(lower), needles).length > 0);

/** Of an address within a URL. */
const decoded = (text: string): string => text.replaceAll('%40', '@').replaceAll(/%[0-9a-f]{2}/g, ' ');

const unquoted = (text: string): string =>
  text
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Decoded content of runs of base64 lines, and of encoded words. */
function base64In(text: string): string[] {
  const found: string[] = [];
  const decode = (base64: string) => found.push(Buffer.from(base64, 'base64').toString('latin1'));
  for (const [, word = ''] of text.matchAll(/=\?[^?\s]{1,60}\?[bB]\?([A-Za-z0-9+/=]{4,200})\?=/g)) decode(word);
  let run: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (BASE64.test(line)) run.push(line);
    else if (run.length > 0) {
      decode(run.join(''));
      run = [];
    }
  }
  if (run.length > 0) decode(run.join(''));
  return found;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
