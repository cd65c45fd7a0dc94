// message/delivery-status (RFC 3464), message/disposition-notification (RFC 8098), message/feedback-report (RFC 5965): groups of fields.

import { trimEndOf } from '../../lib/text.ts';

export type FieldGroup = Map<string, string>;

/** UTF-16 units kept of one field. */
const MAX_VALUE = 4000;
/** More of an address is none (RFC 5321 §4.5.3.1: 64 + 1 + 255, and room for a source route). */
const MAX_RECIPIENT = 500;

/**
 * Groups of fields, separated by blank lines. A group also ends where a recipient's first field comes again: some systems forget the blank line,
 * others put several. Linear.
 */
export function fieldGroups(text: string): FieldGroup[] {
  const groups: FieldGroup[] = [];
  let group: FieldGroup = new Map();
  let last = '';
  const close = (): void => {
    if (group.size > 0) groups.push(group);
    group = new Map();
    last = '';
  };
  const carryOn = (line: string): void => {
    const value = group.get(last) ?? '';
    if (last !== '' && value.length < MAX_VALUE) group.set(last, `${value} ${line.trim()}`.slice(0, MAX_VALUE));
  };
  for (const line of text.split(/\r?\n|\r/, 20_000)) {
    if (line.trim() === '') {
      close();
      continue;
    }
    if (/^[ \t]/.test(line) && last !== '') {
      carryOn(line);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1 || colon > 80) {
      carryOn(line); // a wrapped diagnostic without the indent
      continue;
    }
    const name = line.slice(0, colon).trim().toLowerCase();
    if (!/^[a-z0-9-]+$/.test(name)) {
      carryOn(line);
      continue;
    }
    if ((name === 'final-recipient' || name === 'original-recipient') && group.has(name)) close();
    if (!group.has(name))
      group.set(
        name,
        line
          .slice(colon + 1)
          .trim()
          .slice(0, MAX_VALUE),
      );
    last = name;
  }
  close();
  return groups;
}

/** `rfc822;user@host` → `user@host`; brackets and comments dropped. */
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

/** The most exact of them: not x.0.0 if there is another, and sooner x.y.z than x.y.0 ("other, undefined"). */
export function statusIn(text: string): string | undefined {
  return mostExact(statusesIn(text));
}

export function mostExact(codes: readonly string[]): string | undefined {
  if (codes.length < 2) return codes[0];
  return codes.find((code) => !/\.0(?:\.|$)/.test(code)) ?? codes.find((code) => !code.endsWith('.0.0')) ?? codes[0];
}

/** Those of failures, classes 4 and 5 (RFC 3463 §2): an answer of success before them is none. */
export const failuresIn = (text: string): string[] => statusesIn(text).filter((status) => status[0] !== '2');

/** A reply code and the enhanced one beside it, of one class: `550 5.1.1`, `550-5.1.1`, `550 #5.1.1`. */
const ANSWER = /(?<![\d.])([45][0-5]\d)[ -]#?([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\.?\d)/g;

/** The answers within a text that name both codes, in order. */
export const answersIn = (text: string): { replyCode: number; status: string }[] =>
  Array.from(text.matchAll(ANSWER), ([, code, status]) => ({
    replyCode: Number(code),
    status: status as string,
  })).filter(({ replyCode, status }) => String(replyCode)[0] === status[0]);

/** SMTP reply code (RFC 5321 §4.2) within a text. */
export function replyCodeIn(text: string): number | undefined {
  const match =
    /(?:^|[\s;:(#'"[>=-])([45][0-5]\d)(?=[\s-]+[245]\.\d{1,3}\.\d|[- ]#?[245]\.\d)/.exec(text) ??
    /(?:^|smtp;\s*|said:\s*|[;:(#'"[>]\s*|\s)([45][0-5]\d)(?=[\s:;,.)\]"'-]|$)(?!-?byte)/i.exec(text);
  return match === null ? undefined : Number(match[1]);
}
