// Hostile grammars: what delimits something in a mail, repeated, nested, left open and mixed at random, in each place a stranger writes to. The oracle
// is the cost: CPU in proportion to the size. FUZZ_SEED sets where the numbers begin, FUZZ_GRAMMARS how many; a failure names its grammar.
import { expect, test } from 'vitest';
import { parseMessage } from '../../src/mime/index.ts';
import { costlyGrowth } from '../support/cpu.ts';
import { fill } from '../support/hostile.ts';
import { seededRandom } from '../support/random.ts';

const random = seededRandom(Number(process.env.FUZZ_SEED ?? 1));
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const delimiters = [
  ...[
    '<',
    '>',
    '"',
    '(',
    ')',
    '[',
    ']',
    '{',
    ':',
    ';',
    ',',
    '@',
    '.',
    '=',
    '?',
    '\\',
    "'",
    '/',
    '%',
    '&',
    '#',
    '-',
    '_',
  ],
  ...[
    '*',
    '|',
    '+',
    ' ',
    '\t',
    '\n',
    '\n ',
    '\n\n',
    '\r',
    '--',
    '=?',
    '?=',
    '=?u?q?',
    "*0*=''",
    '\x1b$B',
    '\x01',
    '\xe4',
  ],
  ...[
    'a',
    '1',
    'a@b',
    'a@b.c',
    '> ',
    '550 5.1.1 ',
    'On 1 ',
    ' wrote:\n',
    'From: ',
    'To: a\n',
    'Re: ',
    'http://',
    'cid:',
  ],
  ...[
    '<a ',
    '</a>',
    '<div>',
    '<STYLE>',
    '</style>',
    '<!--',
    '-->',
    '<blockquote>',
    'class="',
    'id=',
    '&amp;',
    '<![if ',
  ],
  ...[
    'begin 644 a\n',
    'end\n',
    'user ',
    'mail ',
    'unknown ',
    'deliver of ',
    'mailto:',
    'message-id: <',
    'rfc822;',
    'smtp=',
  ],
];
const shapes: ((length: number, one: string, two: string) => string)[] = [
  (n, one) => fill(one, n),
  (n, one, two) => fill(one + two, n),
  (n, one, two) => fill(one, n / 2) + fill(two, n / 2),
  (n, one, two) => `x${fill(one, n)}${two}`,
  (n, one, two) => fill(`${fill(one, 590)}${two}\n`, n),
  (n, one, two) => fill(`${one}${fill(two, 60)}`, n),
];
const places: ((text: string) => string)[] = [
  ...[
    'To',
    'From',
    'Subject',
    'References',
    'Date',
    'Content-Type',
    'Content-Disposition',
    'Authentication-Results',
  ].map((name) => (text: string) => `${name}: ${text.replace(/\n(?! )/g, '\n ')}\n\nhi\n`),
  (text) => `Subject: Re: x\n\n${text}\n`,
  (text) => `Subject: Re: x\n\nhi\n> a\n${text}\n> b\n`,
  (text) => `Subject: x\nContent-Type: text/html\n\n${text}\n`,
  (text) => `Subject: x\nContent-Type: text/html\n\n<div ${text}>\n`,
  (text) =>
    `From: MAILER-DAEMON@b.example\nReturn-Path: <>\nSubject: Undelivered mail\n\ncould not be delivered\n${text}\n`,
  (text) =>
    `Subject: x\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;a@b.c\nDiagnostic-Code: ${text}\n--b--\n`,
];

test('delimiter grammars cost CPU time in proportion to their size', () => {
  for (let k = 0; k < Number(process.env.FUZZ_GRAMMARS ?? 150); k++) {
    const [one, two, shape, place] = [pick(delimiters), pick(delimiters), pick(shapes), pick(places)];
    const problem = costlyGrowth((size) => {
      const raw = Buffer.from(place(shape(size, one, two)), 'latin1');
      return () => parseMessage(raw);
    });
    const grammar = `${JSON.stringify([one, two])} shape ${shapes.indexOf(shape)} place ${places.indexOf(place)}`;
    expect(problem, `grammar ${k}: ${grammar}`).toBeUndefined();
  }
}, 600_000);
