// The entries that read a stranger's or a backend's text besides the parser of mails: each costs time in proportion to the length of what it is given,
// whatever that repeats, nests or leaves open.
import { describe, expect, test, vi } from 'vitest';
import { answering } from '../../../src/consumer/answering.ts';
import { readMessage } from '../../../src/consumer/message.ts';
import { flatIssues, unknownKeys } from '../../../src/contract/issues.ts';
import { messageSchema } from '../../../src/contract/message.ts';
import { parseReply, replySchema } from '../../../src/contract/reply.ts';
import { asciiDomain, normalAddress, parseAddress } from '../../../src/domain/address.ts';
import { baseSubject, matchConversation, readSignedMessageId } from '../../../src/domain/conversation.ts';
import { nameProblem } from '../../../src/domain/display-name.ts';
import { parseMessage } from '../../../src/mime/index.ts';
import { attachmentType } from '../../../src/outbound/compose/attachment-type.ts';
import { headerText, messageIdsIn } from '../../../src/outbound/compose/header-text.ts';
import { threadIndex, threadTopic } from '../../../src/outbound/threading.ts';
import { replyBodies } from '../../../src/parsing/reply-bodies.ts';
import { costlyGrowth } from '../../support/cpu.ts';
import { fill } from '../../support/hostile.ts';

// The oracle counts CPU and repeats what is over its bound: wall time is the machine's.
vi.setConfig({ testTimeout: 120_000 });

/** What delimits something to one of these entries. */
const units = [
  ...[
    '<',
    '>',
    '"',
    '\\',
    '\\"',
    '(',
    '()',
    ',',
    ':',
    '@',
    'a@',
    '.',
    'a.',
    ' ',
    '\t',
    '\n',
    '\r',
    '-',
    '_',
    '=',
    ';',
    '/',
  ],
  ...[
    '"<>',
    '<a@b>',
    'a@b.example,',
    '@.',
    "'",
    '[1]',
    'Re:',
    're [1] : ',
    'Re :',
    '=?u?q?',
    '(at)',
    ' (dot) ',
    'ⓐ',
    '。',
    '\u0301',
    '🅰',
    '\u200b',
  ],
  ...[
    'mr2.',
    'mr2.aaaa.',
    'mr2.a.aaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaa@',
    'xn--',
    '%00',
    '1.',
    '> ',
    '>\n',
    '</script',
    '<script>',
    '<a onx=',
    '<style>',
    ' onx="',
    '&',
    'spf=',
    'AAAA',
  ],
];
const shapes: ((unit: string, length: number) => string)[] = [
  (unit, length) => fill(unit, length),
  (unit, length) => `a${fill(unit, length)}!`,
];

const signing = { keys: ['one', 'two'], installation: 'test' };
const date = new Date('2026-11-24T10:00:00Z');
const random = (size: number) => Buffer.alloc(size);
const quoted = (text: string | undefined, html: string | undefined) => ({
  message: { from: [{ name: 'Ann', address: 'ann@customer.example' }], receivedAt: date.toISOString() },
  text,
  html,
});
const conversation = (fields: Partial<Parameters<typeof matchConversation>[0]>) =>
  matchConversation(
    { threading: { inReplyTo: [], references: [] }, emailFlow: 'F', from: 'a@b.example', subject: '', ...fields },
    signing,
    { lookupSubject: () => undefined },
  );
const inField = (field: string, text: string) =>
  parseMessage(Buffer.from(`From: a@b.example\r\n${field}: ${text.replace(/\r\n?|\n/g, '\r\n ')}\r\n\r\nhi\r\n`));

const entries: [name: string, entry: (text: string) => unknown][] = [
  ['an address', (text) => parseAddress(text)],
  ['an address with its name apart', (text) => parseAddress({ name: text, address: text })],
  ['the address behind a name', (text) => parseAddress(`${text} <a@b.example>`)],
  ['the domain of an address', (text) => [asciiDomain(text), normalAddress(`a@${text}`)]],
  ['a display name', (text) => nameProblem(text, 'a@b.example')],
  ['prefixes of a subject, outbound', (text) => threadTopic(text)],
  ['prefixes of a subject, inbound', (text) => baseSubject(text)],
  ['the thread index of a parent', (text) => threadIndex(text, date, random)],
  ['text of a header', (text) => [headerText(text), messageIdsIn(text)]],
  ['the type of an attachment', (text) => attachmentType({ filename: text, contentType: text, content: random(1) })],
  ['an attachment that is a mail', (text) => attachmentType({ filename: 'a.eml', content: Buffer.from(text) })],
  ['a quoted text', (text) => replyBodies({ text: 'x', quoted: quoted(text, undefined) })],
  ['a quoted html', (text) => replyBodies({ text: 'x', html: '<p>x', quoted: quoted('x', text) })],
  ['a quoted html without text', (text) => replyBodies({ text: 'x', quoted: quoted(undefined, text) })],
  ['html of a backend', (text) => replyBodies({ html: text })],
  ['a signed token within a text', (text) => readSignedMessageId(text, signing)],
  ['the conversation of a body', (text) => conversation({ bodyToken: text, subject: text })],
  [
    'the conversation of a thread index',
    (text) => conversation({ threading: { inReplyTo: [], references: [], threadIndex: text } }),
  ],
  [
    'a reply',
    (text) =>
      parseReply({
        schema: 'mailroom.reply/1',
        replyId: text,
        to: [text],
        subject: text,
        text,
        html: text,
        headers: { [text]: text },
        attachments: [{ filename: text, content: text }],
      }),
  ],
];

describe('a single text', () => {
  test.each(entries)('%s', (_name, entry) => {
    const problems = units.flatMap((unit) =>
      shapes.flatMap((shape, k) => {
        const problem = costlyGrowth((size) => {
          const text = shape(unit, size);
          return () => entry(text);
        });
        return problem === undefined ? [] : [`${JSON.stringify(unit)} (${k}): ${problem}`];
      }),
    );
    expect(problems).toEqual([]);
  });

  // The whole mail is the entry: field parsing comes before it.
  test.each(['Authentication-Results', 'ARC-Authentication-Results', 'Received-SPF'])('%s', (field) => {
    const problems = units.flatMap((unit) => {
      const problem = costlyGrowth((size) => {
        const text = fill(unit, size);
        return () => inField(field, text);
      });
      return problem === undefined ? [] : [`${JSON.stringify(unit)}: ${problem}`];
    });
    expect(problems).toEqual([]);
  });
});

const many = <T>(size: number, each: number, one: (k: number) => T): T[] =>
  Array.from({ length: Math.floor(size / each) }, (_, k) => one(k));
const table = (size: number, value: unknown) => Object.fromEntries(many(size, 10, (k) => [`key${k}`, value]));
const reply = (fields: object) => ({
  schema: 'mailroom.reply/1',
  replyId: 'r',
  to: ['a@b.example'],
  subject: 's',
  text: 't',
  ...fields,
});
const message = inField('Subject', 'x');
const jobData = (fields: object) => ({
  schema: 'mailroom.message/1',
  ...{
    messageKey: 'm-a-1-1',
    emailFlow: 'F',
    server: 'S',
    mailbox: 'm@b.example',
    folder: 'INBOX',
    uidValidity: '1',
    uid: 1,
  },
  ...{ receivedAt: date.toISOString(), conversation: { id: 'c', matchedBy: 'new' }, siblings: [] },
  ...{ raw: { blob: 'b', size: 1, sha256: '0' } },
  ...message,
  ...fields,
});

/** Of about `size` bytes. */
const lists: [name: string, made: (size: number) => unknown, entry: (input: unknown) => unknown][] = [
  ['recipients of a reply', (size) => reply({ to: many(size, 15, (k) => `a${k}@b.example`) }), parseReply],
  ['wrong recipients', (size) => reply({ to: many(size, 5, (k) => ({ k })) }), parseReply],
  [
    'wrong recipients, not counted before',
    (size) => reply({ to: many(size, 15, (k) => ({ [`wrong${k}`]: k })) }),
    (input) => {
      const parsed = replySchema.safeParse(input);
      return flatIssues(parsed.error?.issues ?? []);
    },
  ],
  ['headers of a reply', (size) => reply({ headers: table(size, 'x') }), parseReply],
  ['unknown keys of a reply', (size) => reply(table(size, 'x')), parseReply],
  ['unknown keys beside a wrong one', (size) => reply({ ...table(size, 'x'), subject: 1 }), parseReply],
  ['unknown keys within', (size) => reply({ agent: { id: 'a', ...table(size, 1) } }), parseReply],
  ['keys that were kept', (size) => table(size, { a: 1 }), (input) => unknownKeys(input, input)],
  [
    'references of a reply',
    (size) => reply({ answers: { references: many(size, 10, (k) => `<${k}@x>`) } }),
    parseReply,
  ],
  ['a list for a text', (size) => reply({ subject: many(size, 2, () => 1) }), parseReply],
  ['lists within lists', (size) => JSON.parse(`{"to":${'['.repeat(size / 2)}${']'.repeat(size / 2)}}`), parseReply],
  [
    'references of a conversation',
    (size) => many(size, 20, (k) => `<mr2.${k}.aaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaa@x>`),
    (input) => conversation({ threading: { inReplyTo: [], references: input as string[] } }),
  ],
  [
    'a message for a consumer',
    (size) =>
      jobData({ subject: fill('Re: ', size), to: many(size, 40, (k) => ({ name: '', address: `a${k}@b.example` })) }),
    (input) => answering(readMessage(input)),
  ],
  [
    'what it is answered from',
    (size) =>
      jobData({
        subject: fill('\u0001', size),
        replyTo: many(size, 40, () => ({ name: fill('\u2028 ', 100), address: '' })),
        threading: { inReplyTo: [], references: many(size, 20, () => fill('\u0001', 15)) },
      }),
    (input) => answering(readMessage(input)),
  ],
  [
    'a wrong message for a consumer',
    (size) => jobData({ to: many(size, 10, (k) => k) }),
    (input) => messageSchema.safeParse(input),
  ],
];

describe('lists and tables', () => {
  test.each(lists)('%s', (_name, made, entry) => {
    const problem = costlyGrowth((size) => {
      const input = made(size);
      return () => entry(input);
    });
    expect(problem).toBeUndefined();
  });
});
