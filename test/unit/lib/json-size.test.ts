// The cheap bound is never below what JSON takes.
import { expect, test } from 'vitest';
import { jsonBytes, jsonBytesAtMost } from '../../../src/lib/json-size.ts';

test.each<[unknown, number]>([
  ['', 2],
  ['\u0001\u0002', 14],
  ['€\ud800', 11],
  ['😀', 6],
  [[], 2],
  [{}, 2],
  [-1.7976931348623157e308, 24],
  [null, 4],
  [{ a: [1, 'b', null, true], '\u0001': { c: '"' } }, 43],
])('%j takes %d bytes', (value, bytes) => {
  expect(jsonBytes(value)).toBe(bytes);
  expect(jsonBytesAtMost(value)).toBeGreaterThanOrEqual(bytes);
});
