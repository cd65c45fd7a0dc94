// inbound.stamps: texts with stars, bounded; no regular expressions.
import { describe, expect, it } from 'vitest';
import { parseStamps } from '../../../src/config/access.ts';
import { matchesPattern, patternOf } from '../../../src/mime/stamps/patterns.ts';

describe('inbound.stamps', () => {
  it('is a list, or a text with one entry a line', () => {
    expect(parseStamps(['  Contoso IT says, that *'])).toEqual(['Contoso IT says, that *']);
    expect(parseStamps('first words here\n\nsecond words, here\n')).toEqual(['first words here', 'second words, here']);
    expect(parseStamps('')).toEqual([]);
  });

  it.each([
    ['too short', ['short']],
    ['stars alone', ['***********']],
    ['too long', ['x'.repeat(301)]],
    ['too many stars', ['*a'.repeat(11)]],
    ['no text', [7]],
    ['too many', Array.from({ length: 51 }, () => 'words enough here')],
  ])('refuses %s', (_what, value) => expect(() => parseStamps(value)).toThrow(/must be/));
});

describe('a pattern', () => {
  it.each([
    ['sent by * of contoso', 'sent by kim of contoso', true],
    ['sent by * of contoso', 'sent by kim of contoso today', false],
    ['sent by *', 'sent by', false],
    ['* of contoso *', 'a mail of contoso here', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['ab*b', 'ab', false],
    ['Exact  Words', 'exact words', true],
    ['exact words', 'exact words.', false],
  ])('%s: %s %s', (pattern, text, fits) => expect(matchesPattern(patternOf(pattern), text)).toBe(fits));
});
