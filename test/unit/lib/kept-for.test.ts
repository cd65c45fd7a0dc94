// A kept answer: one question however many ask, a new one after its time, and no failure is kept.
import { expect, it } from 'vitest';
import { keptFor } from '../../../src/lib/kept-for.ts';

it('reads once within the time, again after it, and at once after a failure', async () => {
  let now = 0;
  let asked = 0;
  let fails = false;
  const ask = keptFor(
    async () => {
      asked += 1;
      if (fails) throw new Error('away');
      return asked;
    },
    100,
    () => now,
  );
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
  now = 99;
  expect(await ask()).toBe(1);
  now = 100;
  fails = true;
  await expect(ask()).rejects.toThrow('away');
  fails = false;
  expect(await ask()).toBe(3);
});
