// Sealed values open with their full tag alone: a shortened one is easier to forge, and Node would take it.
import { expect, it } from 'vitest';
import { createSeal } from '../../../src/adapters/redis/sealed.ts';

const seal = createSeal([{ id: 'k1', key: new Uint8Array(32).fill(7) }]);

it('opens what was sealed under the same name', () => {
  expect(seal.open('a', seal.seal('a', 'secret'))).toEqual({ text: 'secret', stale: false });
  expect(() => seal.open('b', seal.seal('a', 'secret'))).toThrow();
});

it.each([4, 8, 12, 13, 14, 15, 17])('refuses a tag of %i bytes', (length) => {
  const parts = seal.seal('a', 'secret').split(' ');
  const tag = Buffer.concat([Buffer.from(parts[3] ?? '', 'base64url'), Buffer.alloc(1)]).subarray(0, length);
  parts[3] = tag.toString('base64url');
  expect(() => seal.open('a', parts.join(' '))).toThrow(/does not open/);
});
