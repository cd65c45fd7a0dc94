// Rows taken out of a FETCH's bytes: which are taken, what is left for imapflow, and that it does not matter where the chunks are cut.
import { describe, expect, test } from 'vitest';
import { createReadBudget } from '../../../src/adapters/imap/fast-fetch/read-budget.ts';
import { dateOf, rowReader } from '../../../src/adapters/imap/fast-fetch/row-reader.ts';
import type { FetchedMessage } from '../../../src/inbound/ports.ts';
import { createSlabs } from '../../../src/lib/slabs.ts';

const MAIL = 'Subject: a\r\n\r\n* 9 FETCH (UID 9 BODY[] {3}\r\nabc)\r\nA1 OK not the end\r\n';
const literal = (text: string): string => `{${Buffer.byteLength(text, 'latin1')}}\r\n${text}`;

interface Case {
  what: string;
  wire: string;
  rows?: { uid: number; source?: string | undefined; size?: number; date?: string }[];
  /** Bytes that imapflow gets; none when absent. */
  rest?: string;
}

const cases: Case[] = [
  {
    what: 'items before the message, as requested',
    wire: `* 1 FETCH (UID 45 FLAGS (\\Seen $x) INTERNALDATE " 7-Jul-2026 02:44:25 -0700" RFC822.SIZE 4286 BODY[]<0> ${literal(MAIL)})\r\n`,
    rows: [{ uid: 45, source: MAIL, size: 4286, date: '2026-07-07T09:44:25.000Z' }],
  },
  {
    what: 'items after the message, in lower case',
    wire: `* 1 fetch (body[] ${literal(MAIL)} uid 45 rfc822.size 12 flags ())\r\n`,
    rows: [{ uid: 45, source: MAIL, size: 12 }],
  },
  {
    what: 'two rows, with other responses around them',
    wire: `* 12 EXISTS\r\n* 1 FETCH (UID 1 BODY[] ${literal('a')})\r\n* 2 EXPUNGE\r\n* 3 FETCH (UID 7 BODY[] ${literal('b')})\r\nA5 OK FETCH completed.\r\n`,
    rows: [
      { uid: 1, source: 'a' },
      { uid: 7, source: 'b' },
    ],
    rest: '* 12 EXISTS\r\n* 2 EXPUNGE\r\nA5 OK FETCH completed.\r\n',
  },
  {
    what: 'a literal that is longer than its message: neither that nor the row it swallows is taken for it',
    wire: `* 1 FETCH (UID 3 BODY[] {${MAIL.length + 12}}\r\n${MAIL})\r\n* 2 FETCH (UID 4 BODY[] ${literal('b')})\r\n* 3 FETCH (UID 5 BODY[] ${literal('c')})\r\nA1 OK\r\n`,
    rows: [{ uid: 5, source: 'c' }],
    rest: 'A1 OK\r\n',
  },
  { what: 'an empty message', wire: '* 1 FETCH (UID 3 BODY[] {0}\r\n)\r\n', rows: [{ uid: 3, source: undefined }] },
  ...[
    ['only flags', '* 1 FETCH (FLAGS (\\Seen) UID 4)\r\n'],
    ['message as a quoted string', '* 1 FETCH (UID 3 BODY[] "abc")\r\n'],
    ['no message', '* 1 FETCH (UID 3 BODY[] NIL)\r\n'],
    ['header fields only', `* 1 FETCH (UID 3 BODY[HEADER.FIELDS (SUBJECT)] ${literal('Subject: x\r\n\r\n')})\r\n`],
    ['a second literal', `* 1 FETCH (UID 3 BODY[] ${literal('a')} BODY[1] ${literal('b')})\r\n`],
    ['no UID', `* 1 FETCH (BODY[] ${literal(MAIL)})\r\n`],
    ['a message over the bound', `* 1 FETCH (UID 3 BODY[] ${literal('x'.repeat(5_000))})\r\n`],
    ['a row that does not end', `* 1 FETCH (UID 3 BODY[] ${literal('a')} FLAGS (\r\n`],
    ['a literal of another answer', `* LIST () "/" ${literal('* 1 FETCH (UID 1 BODY[] {1}\r\na')}\r\n`],
    ['a line longer than a row', `* OK ${'x'.repeat(9_000)}\r\n* BYE Session invalidated\r\n`],
  ].map(([what = '', wire = '']) => ({ what, wire, rest: wire })),
];

function read(wire: string, size: number): { rows: FetchedMessage[]; rest: string } {
  const rows: FetchedMessage[] = [];
  const reader = rowReader(4_000, (row) => rows.push(row), createSlabs(4 << 20), createReadBudget(1e9).ask);
  const bytes = Buffer.from(wire, 'latin1');
  let rest = '';
  // Every chunk comes in the same memory: what is kept must be a copy.
  const shared = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = shared.subarray(0, bytes.copy(shared, 0, at, at + size));
    for (const piece of reader.push(chunk).rest) rest += piece.toString('latin1');
  }
  for (const piece of reader.drain()) rest += piece.toString('latin1');
  return { rows, rest };
}

describe('row reader', () => {
  test.each(cases)('$what', ({ wire, rows = [], rest = '' }) => {
    for (const size of [wire.length, 1, 2, 3, 7, 64]) {
      const got = read(wire, size);
      expect(got.rest).toBe(rest);
      expect(got.rows.length).toBe(rows.length);
      for (const [i, want] of rows.entries()) {
        const row = got.rows[i];
        expect(row?.uid).toBe(want.uid);
        expect(row?.source?.toString('latin1')).toBe(want.source);
        if (want.size !== undefined) expect(row?.size).toBe(want.size);
        if (want.date !== undefined) expect(row?.internalDate?.toISOString()).toBe(want.date);
      }
    }
  });

  test('holds a message without budget back, whole and in order, together with everything behind it', () => {
    const wire = `* 1 FETCH (UID 1 BODY[] ${literal('a'.repeat(60))})\r\n* 2 EXISTS\r\n* 2 FETCH (UID 2 BODY[] ${literal('b'.repeat(60))})\r\n`;
    for (const size of [wire.length, 1, 7, 64]) {
      const budget = createReadBudget(100);
      const rows: FetchedMessage[] = [];
      const reader = rowReader(4_000, (row) => rows.push(row), createSlabs(4 << 20), budget.ask);
      let rest = '';
      let waits = 0;
      const push = (bytes: Buffer): void => {
        const pushed = reader.push(bytes);
        for (const piece of pushed.rest) rest += piece.toString('latin1');
        if (pushed.blocked === undefined) return;
        waits++;
        expect(rows.map(({ uid }) => uid)).toEqual([1]);
        expect(rest).toBe('* 2 EXISTS\r\n');
        rows[0]?.release?.();
        push(pushed.blocked.left);
      };
      for (let at = 0; at < wire.length; at += size) push(Buffer.from(wire.slice(at, at + size), 'latin1'));
      expect(waits).toBe(1);
      expect(rows[1]?.source?.toString()).toBe('b'.repeat(60));
      rows[1]?.release?.();
      expect(budget.held()).toBe(0);
    }
  });

  test('keeps no bytes of rows that it does not pass on', () => {
    const budget = createReadBudget(100);
    for (const wire of ['* 1 FETCH (UID 1 BODY[] {50}\r\nabc', `* 1 FETCH (BODY[] ${literal('no UID')})\r\n`]) {
      const reader = rowReader(4_000, () => {}, createSlabs(4 << 20), budget.ask);
      reader.push(Buffer.from(wire));
      reader.drain();
      expect(budget.held()).toBe(0);
    }
  });

  test('returns the bytes of incomplete rows', () => {
    for (const wire of ['* 5 EXI', '* 1 FETCH (UID 1 BODY[] {10}\r\nabc', '* 1 FETCH (UID 1 BODY[] {3}\r\nabc FLAGS ('])
      expect(read(wire, wire.length)).toEqual({ rows: [], rest: wire });
  });

  test.each([
    ['17-Jul-1996 02:44:25 -0700', '1996-07-17T09:44:25.000Z'],
    [' 1-jan-2027 00:00:00 +1400', '2026-12-31T10:00:00.000Z'],
    ['17-Xyz-1996 02:44:25 -0700', undefined],
    ['yesterday', undefined],
    ['', undefined],
  ])('INTERNALDATE %s', (text, want) => expect(dateOf(text)?.toISOString()).toBe(want));
});
