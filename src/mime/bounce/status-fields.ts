// message/delivery-status (RFC 3464), message/disposition-notification (RFC 8098), message/feedback-report (RFC 5965): groups of fields.

import { trimEndOf } from '../../lib/text.ts';

export type FieldGroup = Map<string, string>;

/** UTF-16 units kept per field. */
const MAX_VALUE = 4000;
/** Longest address: 64 + 1 + 255 (RFC 5321 §4.5.3.1), and room for a source route. */
const MAX_RECIPIENT = 500;

/** Groups of fields, separated by blank lines or, where a system omits them, by a repeated recipient field. Linear. */
export function fieldGroups(text: string): FieldGroup[] {
  const groups: FieldGroup[] = [];
  let group: FieldGroup = new Map();
  let last = '';
  const close = (): void => {
    if (group.size > 0) groups.push(group);
    group = new Map();
    last = '';
  };
  for (const line of text.split(/\r?\n|\r/, 20_000)) {
    if (line.trim() === '') {
      close();
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    // Some systems do not indent the lines of a wrapped diagnostic.
    if ((/^[ \t]/.test(line) && last !== '') || colon > 80 || !/^[a-z0-9-]+$/.test(name)) {
      const value = group.get(last) ?? '';
      if (last !== '' && value.length < MAX_VALUE) group.set(last, `${value} ${line.trim()}`.slice(0, MAX_VALUE));
      continue;
    }
    if ((name === 'final-recipient' || name === 'original-recipient') && group.has(name)) close();
    const value = line.slice(colon + 1).trim();
    if (!group.has(name)) group.set(name, value.slice(0, MAX_VALUE));
    last = name;
  }
  close();
  return groups;
}

/** `rfc822;user@host` → `user@host`, without brackets and comments. */
export function recipientAddress(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  let address = value.includes(';') ? value.slice(value.indexOf(';') + 1) : value;
  address = address.replace(/\([^()]*\)/g, '').trim();
  const angle = /<([^<>\s]+)>/.exec(address);
  if (angle !== null) address = angle[1] ?? '';
  address = trimEndOf(address.replace(/^["'<]+/, ''), `>"',;.`);
  return address === '' || address.length > MAX_RECIPIENT || address.startsWith('@') || /\s/.test(address)
    ? undefined
    : address;
}

/** Enhanced status codes (RFC 3463) within a text, in order. */
export const statusesIn = (text: string): string[] =>
  Array.from(text.matchAll(/(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\.?\d)/g), (m) => m[1] as string);

export const statusIn = (text: string): string | undefined => mostExact(statusesIn(text));

/** The most exact code: x.y.z rather than x.y.0 ("other, undefined"), and x.y.0 rather than x.0.0. */
export function mostExact(codes: readonly string[]): string | undefined {
  if (codes.length < 2) return codes[0];
  return codes.find((code) => !/\.0(?:\.|$)/.test(code)) ?? codes.find((code) => !code.endsWith('.0.0')) ?? codes[0];
}

/** Status codes of failures, classes 4 and 5 (RFC 3463 §2). */
export const failuresIn = (text: string): string[] => statusesIn(text).filter((status) => status[0] !== '2');

/** A reply code with an enhanced code: `550 5.1.1`, `550-5.1.1`, `550 #5.1.1`. */
const ANSWER = /(?<![\d.])([45][0-5]\d)[ -]#?([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\.?\d)/g;

/** The answers within a text that name both codes, of one class, in order. */
export const answersIn = (text: string): { replyCode: number; status: string }[] =>
  [...text.matchAll(ANSWER)].flatMap(([, code = '', status = '']) =>
    code[0] === status[0] ? [{ replyCode: Number(code), status }] : [],
  );

/** SMTP reply code (RFC 5321 §4.2) within a text. */
export function replyCodeIn(text: string): number | undefined {
  const match =
    /(?:^|[\s;:(#'"[>=-])([45][0-5]\d)(?=[\s-]+[245]\.\d{1,3}\.\d|[- ]#?[245]\.\d)/.exec(text) ??
    /(?:^|smtp;\s*|said:\s*|[;:(#'"[>]\s*|\s)([45][0-5]\d)(?=[\s:;,.)\]"'-]|$)(?!-?byte)/i.exec(text);
  return match === null ? undefined : Number(match[1]);
}
