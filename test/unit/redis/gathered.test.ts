// Calls of one turn of the event loop as one.
import { expect, test } from 'vitest';
import { gathered } from '../../../src/adapters/redis/gathered.ts';

function rig() {
  const runs: number[][] = [];
  const call = gathered(async (inputs: readonly number[]) => {
    runs.push([...inputs]);
    if (inputs.includes(13)) throw new Error('refused');
    return inputs.map((input) => 2 * input);
  });
  return { runs, call };
}

test('combines the calls of one turn, and separates those of later turns', async () => {
  const { runs, call } = rig();
  expect(await Promise.all([call(1), call(2), Promise.resolve().then(() => call(3))])).toEqual([2, 4, 6]);
  expect(await call(4)).toBe(8);
  expect(runs).toEqual([[1, 2, 3], [4]]);
});

test('passes a failure to all calls of its turn, and to no later ones', async () => {
  const { runs, call } = rig();
  const settled = await Promise.allSettled([call(1), call(13)]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await call(1)).toBe(2);
  expect(runs).toEqual([[1, 13], [1]]);
});
