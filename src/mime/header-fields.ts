// Header fields → the part of the message that follows from them alone: subject, addresses, ids, date, importance.
import type { Address } from '../contract/message.ts';
import { MAX_ADDRESSES, parseAddresses } from './addresses.ts';
import { headerHint } from './charset.ts';
import { parseDate } from './dates.ts';
import { decodeHeaderText, singleLine, type TextRepairs, unfold } from './encoded-words.ts';
import type { HeaderField } from './headers.ts';
import { parseMessageIds } from './message-ids.ts';
import type { ParsedMessage } from './parsed-message.ts';

export type Warn = (code: string, detail?: string) => void;

export interface Headers {
  /** Unfolded values, latin1 view, in order. */
  all(name: string): readonly string[];
  /** The first non-empty one. */
  first(name: string): string | undefined;
}

export function headersOf(fields: readonly HeaderField[]): Headers {
  const byName = new Map<string, string[]>();
  for (const { name, value } of fields) {
    const list = byName.get(name);
    if (list === undefined) byName.set(name, [unfold(value)]);
    else if (list.length < MAX_VALUES) list.push(unfold(value));
  }
  return {
    all: (name) => byName.get(name) ?? NONE,
    first: (name) => byName.get(name)?.find((value) => value !== ''),
  };
}
const NONE: readonly string[] = [];
/** Values kept per name. */
const MAX_VALUES = 500;

/** Address fields read per name; RFC 5322 §3.6 allows one. */
const MAX_REPEATED = 20;

/** Fields with people's names and words. */
const SHOWN = ['subject', 'from', 'sender', 'reply-to', 'to', 'cc'];

/** Fields in which servers name the recipient. */
const DELIVERY = [
  'delivered-to',
  'x-original-to',
  'x-envelope-to',
  'envelope-to',
  'x-delivered-to',
  'x-rcpt-to',
  'x-forwarded-to',
];
const MAX_DELIVERED_TO = 50;

/** The part of the message that follows from the header block alone. `charset`: the one that the mail's texts declare. */
export function fromHeaders(headers: Headers, charset: string | undefined, warn: Warn) {
  const hint = headerHint(SHOWN.flatMap(headers.all), charset);
  const decode = (name: string, value: string): string => {
    const repairs: TextRepairs = {};
    const text = singleLine(decodeHeaderText(value, hint, repairs));
    report(name, repairs);
    return text;
  };
  const report = (name: string, repairs: TextRepairs): void => {
    if (repairs.charsets !== undefined) warn('charset-repaired', `${name}: ${[...repairs.charsets].join(', ')}`);
    if (repairs.malformedWord === true) warn('encoded-word-malformed', name);
  };
  const addresses = (name: string): Address[] => {
    const values = headers.all(name);
    if (values.length === 0) return [];
    const repairs: TextRepairs = {};
    let list: Address[] = [];
    if (values.length === 1) list = parseAddresses(values[0] ?? '', hint, repairs);
    else {
      const known = new Set<string>();
      for (const value of values.slice(0, MAX_REPEATED)) {
        for (const address of list.length < MAX_ADDRESSES ? parseAddresses(value, hint, repairs) : []) {
          const key = `${address.address}\n${address.name}`;
          if (!known.has(key)) list.push(address);
          known.add(key);
        }
      }
    }
    if (list.length >= MAX_ADDRESSES) {
      list.length = MAX_ADDRESSES;
      warn('addresses-limit', name);
    }
    report(name, repairs);
    if (values.length > 1) warn('header-repeated', name);
    if (list.some((a) => a.address === '' || !a.address.includes('@'))) warn('address-malformed', name);
    return list;
  };
  let from = addresses('from');
  // Of several From fields, those without an address are broken.
  if (from.length > 1 && headers.all('from').length > 1) {
    const whole = from.filter((a) => a.address.includes('@'));
    if (whole.length > 0) from = whole;
  }
  const [sender] = addresses('sender');
  const dateText = headers.first('date');
  const date = dateText === undefined ? undefined : parseDate(decodeHeaderText(dateText, hint));
  if (dateText !== undefined && date === undefined) warn('date-unreadable');
  const subject = headers.first('subject');
  if (headers.all('subject').length > 1) warn('header-repeated', 'subject');
  const ids = (name: string): string[] => {
    const values = headers.all(name);
    const [only] = values;
    if (only === undefined) return [];
    return values.length === 1 ? parseMessageIds(only) : [...new Set(values.flatMap(parseMessageIds))];
  };
  const [messageId] = ids('message-id');
  const threadTopic = headers.first('thread-topic');
  const threadIndex = headers.first('thread-index');
  const line = (value: string): string => singleLine(decodeHeaderText(value, hint));
  const deliveredTo = new Set<string>();
  for (const name of DELIVERY) for (const value of headers.all(name)) deliveredTo.add(line(value));
  deliveredTo.delete('');
  return {
    subject: subject === undefined ? '' : decode('subject', subject),
    ...(date && { date }),
    from,
    ...(sender && { sender }),
    replyTo: addresses('reply-to'),
    to: addresses('to'),
    cc: addresses('cc'),
    deliveredTo: [...deliveredTo].slice(0, MAX_DELIVERED_TO),
    threading: {
      ...(messageId && { messageId }),
      inReplyTo: ids('in-reply-to'),
      references: ids('references'),
      ...(threadTopic && { threadTopic: decode('thread-topic', threadTopic) }),
      ...(threadIndex && { threadIndex: threadIndex.replace(/\s+/g, '') }),
    },
    importance: importance(headers),
    authenticationResults: headers
      .all('authentication-results')
      .slice(0, MAX_REPEATED)
      .map((value) => line(value).slice(0, 4000)),
  };
}

function importance(headers: Headers): ParsedMessage['importance'] {
  for (const name of ['importance', 'x-msmail-priority', 'priority', 'x-priority']) {
    const value = headers.first(name)?.toLowerCase();
    if (value === undefined) continue;
    if (/^(?:high|urgent|[12]\b)/.test(value)) return 'high';
    if (/^(?:low|non-urgent|[45]\b)/.test(value)) return 'low';
    if (/^(?:normal|3\b)/.test(value)) return 'normal';
  }
  return 'normal';
}
