// Finders of many phrases at once.
import { describe, expect, test } from 'vitest';
import { phraseFinder } from '../../../src/lib/text.ts';

const phrases = ['avg', 'trend micro', 'касперск', 'からのメール', "you don't often"];

describe('a phrase finder', () => {
  test.each([
    ['', false],
    ['av', false],
    ['avg', true],
    ['scanned by AVG.', true],
    ['Trend Micro', true],
    ['trend  micro', false],
    ['Касперского', true],
    ['КАСПЕРСКИЙ', true],
    ['kunde@x.exampleからのメールです', true],
    ["Hello. You don't often get", true],
    ['averages of the day', false],
    ['xavg', true],
  ])('%j: %s', (text, found) => {
    expect(phraseFinder(phrases)(text)).toBe(found);
  });

  test.each([
    ['avg', true],
    ['(avg)', true],
    ['2avg', true],
    ['xavg', false],
    ['éavg', false],
    ['xavg and AVG', true],
  ])('of words, %j: %s', (text, found) => {
    expect(phraseFinder(phrases, true)(text)).toBe(found);
  });

  test('finds each phrase wherever it is in a long text', () => {
    const find = phraseFinder(phrases);
    for (const phrase of phrases)
      for (const at of [0, 1, 2, 999, 65_533, 65_534, 65_535, 65_536, 131_070])
        expect(find(`${'x'.repeat(at)}${phrase.toUpperCase()}`)).toBe(true);
  });
});
