// Work in limited numbers: never more at once, in order, and an error frees its place.
import { expect, test } from 'vitest';
import { limited } from '../../../src/lib/limited.ts';

test('runs no more tasks at once than allowed, in the order of their calls', async () => {
  const run = limited(3);
  const began: number[] = [];
  let now = 0;
  let most = 0;
  const work = (i: number) => async () => {
    began.push(i);
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
    return i * 2;
  };
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => run(work(i))));
  expect(most).toBe(3);
  expect(began).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(results[7]).toBe(14);
});

test('throws a task’s error to its caller, and frees its slot', async () => {
  const run = limited(1);
  const failing = run(async () => {
    throw new Error('no');
  });
  const after = run(async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await after).toBe('yes');
});
