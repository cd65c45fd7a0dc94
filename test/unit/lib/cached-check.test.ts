// May we continue? Asked rarely, however many ask often; a yes is trusted for a while, a no is not.
import { expect, test } from 'vitest';
import { cachedCheck } from '../../../src/lib/cached-check.ts';

function subject(answers: (boolean | Error)[]) {
  let now = 0;
  let asked = 0;
  const may = cachedCheck(
    async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)] as boolean | Error;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    1_000,
    () => now,
  );
  return {
    asked: () => asked,
    at(ms: number) {
      now = ms;
      return may();
    },
  };
}

test('does not check again while a yes is fresh, and does not wait while it is trusted', async () => {
  const one = subject([true, false]);
  expect([await one.at(0), await one.at(999), one.asked()]).toEqual([true, true, 1]);
  expect([await one.at(1_000), one.asked()]).toEqual([true, 2]);
  expect(await one.at(1_001)).toBe(false);
});

test('waits when the last yes is old', async () => {
  const one = subject([true, false]);
  await one.at(0);
  expect(await one.at(60_000)).toBe(false);
});

test('checks again half a second after a no, and waits for the result', async () => {
  const one = subject([false, true]);
  expect([await one.at(0), await one.at(499)]).toEqual([false, false]);
  expect([await one.at(500), one.asked()]).toEqual([true, 2]);
});

test('runs one check for many concurrent callers', async () => {
  const one = subject([true]);
  await Promise.all(Array.from({ length: 1_000 }, () => one.at(0)));
  expect(one.asked()).toBe(1);
});

test('passes an error to waiting callers, hides it behind an older yes, and checks again at once', async () => {
  const one = subject([true, new Error('gone'), new Error('gone'), true]);
  await one.at(0);
  expect(await one.at(2_000)).toBe(true);
  await expect(one.at(2_001)).rejects.toThrow('gone');
  expect(await one.at(2_002)).toBe(true);
});
