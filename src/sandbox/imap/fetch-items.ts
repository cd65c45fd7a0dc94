// The items of a FETCH command, read once per command, then rendered for each message (RFC 3501 §6.4.5).
import { headerFields, headerLength, splitFields } from '../addresses.ts';
import type { StoredMessage } from '../store.ts';
import { imapEnvelope } from './envelope.ts';
import { bodyStructure, findPart, parsePart } from './structure.ts';
import type { Token } from './tokens.ts';

/** What one item adds to the row. */
export interface FetchItem {
  /** Text up to the value. */
  label: string;
  /** @param size RFC822.SIZE, bytes */
  render(message: StoredMessage, raw: Buffer, size: number): string | Buffer;
  /** Value is sent as a literal. */
  literal: boolean;
  /** Reading it sets \Seen. */
  marksSeen: boolean;
}

const MACROS: Readonly<Record<string, string[]>> = {
  ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
  FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
  FULL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY'],
};

/** @returns undefined when an item is unknown. UID FETCH always answers with the UID. */
export function readFetchItems(token: Token | undefined, byUid: boolean): FetchItem[] | undefined {
  const atoms = token?.kind === 'list' ? token.items : token ? [token] : [];
  const names = atoms.flatMap((atom) => (atom.kind === 'atom' ? (MACROS[atom.text.toUpperCase()] ?? [atom.text]) : []));
  if (names.length === 0) return undefined;
  if (byUid && !names.some((name) => name.toUpperCase() === 'UID')) names.unshift('UID');
  const items = names.map(readItem).filter((item) => item !== undefined);
  return items.length < names.length ? undefined : items;
}

const PLAIN: Readonly<Record<string, FetchItem['render']>> = {
  FLAGS: ({ flags }) => `(${[...flags].join(' ')})`,
  UID: ({ uid }) => String(uid),
  INTERNALDATE: ({ internalDate }) => `"${imapDate(internalDate)}"`,
  'RFC822.SIZE': (_message, _raw, size) => String(size),
  ENVELOPE: (_message, raw) => imapEnvelope(headerFields(raw)),
  BODYSTRUCTURE: (_message, raw) => bodyStructure(parsePart(raw), true),
  BODY: (_message, raw) => bodyStructure(parsePart(raw), false),
};

/** Older names of sections. */
const SECTIONS: Readonly<Record<string, string>> = {
  RFC822: 'BODY[]',
  'RFC822.HEADER': 'BODY.PEEK[HEADER]',
  'RFC822.TEXT': 'BODY[TEXT]',
};

function readItem(given: string): FetchItem | undefined {
  const name = given.toUpperCase();
  const render = PLAIN[name];
  if (render) return { label: name, render, literal: false, marksSeen: false };
  const match = /^BODY(\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?$/i.exec(SECTIONS[name] ?? given);
  if (!match) return undefined;
  const [, peek, section = '', from, count] = match;
  const read = readSection(section);
  if (!read) return undefined;
  return {
    label: name in SECTIONS ? name : `BODY[${section}]${from === undefined ? '' : `<${from}>`}`,
    literal: true,
    marksSeen: peek === undefined,
    render(_message, raw) {
      const bytes = read(raw);
      return from === undefined ? bytes : bytes.subarray(Number(from), Number(from) + Number(count));
    },
  };
}

const EMPTY = Buffer.alloc(0);

function readSection(section: string): ((raw: Buffer) => Buffer) | undefined {
  if (section === '') return (raw) => raw;
  const match = /^(\d+(?:\.\d+)*)?\.?(HEADER|TEXT|MIME|HEADER\.FIELDS(?:\.NOT)? ?\(.*\))?$/i.exec(section);
  if (!match) return undefined;
  const path = match[1]?.split('.').map(Number) ?? [];
  const what = match[2]?.toUpperCase() ?? '';
  const fields = /^HEADER\.FIELDS(\.NOT)? ?\((.*)\)$/.exec(what);
  const names = new Set(fields?.[2]?.split(' ').map((name) => name.replaceAll('"', '').toLowerCase()));
  const pick = (header: Buffer): Buffer => {
    const kept = splitFields(header.toString('latin1')).filter(
      (field) => names.has(field.slice(0, field.indexOf(':')).trim().toLowerCase()) === (fields?.[1] === undefined),
    );
    return Buffer.from(`${kept.join('')}\r\n`, 'latin1');
  };
  if (path.length === 0) {
    if (what === 'HEADER') return (raw) => raw.subarray(0, headerLength(raw));
    if (what === 'TEXT') return (raw) => raw.subarray(headerLength(raw));
    return fields ? (raw) => pick(raw.subarray(0, headerLength(raw))) : undefined;
  }
  return (raw) => {
    const part = findPart(parsePart(raw), path);
    if (!part) return EMPTY;
    if (what === '') return part.body;
    if (what === 'MIME') return part.header;
    // HEADER and TEXT of a part are those of the message within it.
    const inner = part.type === 'message' ? part.parts[0] : part;
    if (!inner) return EMPTY;
    if (what === 'HEADER') return inner.header;
    return fields ? pick(inner.header) : inner.body;
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** date-time of RFC 3501 §9, in UTC. */
export function imapDate(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${String(date.getUTCDate()).padStart(2, ' ')}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** Reads a date-time (APPEND) or a date (SEARCH, at midnight UTC). */
export function parseImapDate(text: string): Date | undefined {
  const match = /^\s?(\d{1,2})-([A-Za-z]{3})-(\d{4})(?: (\d\d):(\d\d):(\d\d) ([+-]\d{4}))?$/.exec(text);
  const month = MONTHS.findIndex((name) => name.toLowerCase() === match?.[2]?.toLowerCase());
  if (!match || month < 0) return undefined;
  const [, day, , year, hours = '0', minutes = '0', seconds = '0', zone = '+0000'] = match;
  const offset = (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3)));
  return new Date(Date.UTC(Number(year), month, Number(day), Number(hours), Number(minutes) - offset, Number(seconds)));
}
