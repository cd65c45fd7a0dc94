// Text from outside as it may be shown: control characters are removed, line ends stay.
import { describe, expect, test } from 'vitest';
import { printable, printableStrings } from '../../../src/lib/printable.ts';

const units = Array.from({ length: 256 }, (_, unit) => unit);
const isControl = (unit: number): boolean => /\p{Cc}/u.test(String.fromCharCode(unit)) && ![9, 10, 13].includes(unit);

describe('printable text', () => {
  test.each([
    ['', ''],
    ['Grüße\r\n\tKim', 'Grüße\r\n\tKim'],
    ['a\u0000b', 'ab'],
    ['a\u000bb\u000cc\u0085d', 'a\nb\nc\nd'],
    ['a\u007f\u0080\u009fb', 'ab'],
    ['“a’s” – Жук…\u0001', '“a’s” – Жук…'],
    ['a\ud800b', 'a\ufffdb'],
    ['漢字\u0007', '漢字'],
  ])('%j: %j', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test('sees every control character at every place, and no other character', () => {
    for (const unit of units)
      for (const before of [0, 1, 2, 3, 41]) {
        const text = `${'x'.repeat(before)}${String.fromCharCode(unit)}${'y'.repeat(45)}`;
        expect(printable(text) !== text, `U+${unit.toString(16)} behind ${before}`).toBe(isControl(unit));
      }
  });

  test('keeps units whose low byte looks like a control character', () => {
    const text = units.map((low) => String.fromCharCode(0x400 + low)).join('');
    expect(printable(text)).toBe(text);
  });

  test.each([0, 65_535, 65_536, 65_537, 131_072])('sees one in a long text, behind %i units', (before) => {
    expect(printable(`${'x'.repeat(before)}\u0000y`)).toBe(`${'x'.repeat(before)}y`);
  });

  test('cleans values where they need it, and returns the same object otherwise', () => {
    const clean = { a: 'x', list: ['y', { b: 1 }] };
    expect(printableStrings(clean)).toBe(clean);
    expect(printableStrings({ a: 'x\u0000', list: ['y', { b: '\u0001' }], done: '\u0002' }, new Set(['done']))).toEqual(
      {
        a: 'x',
        list: ['y', { b: '' }],
        done: '\u0002',
      },
    );
  });
});
