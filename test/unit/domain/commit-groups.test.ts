// Groups of messages that one commit may carry.
import { expect, test } from 'vitest';
import { commitGroups, MAX_COMMIT_BYTES } from '../../../src/domain/commit-groups.ts';

test.each([
  [[], 10, []],
  [[1, 2, 3], 10, [[1, 2, 3]]],
  [[4, 4, 4], 10, [[4, 4], [4]]],
  [[5, 5, 1], 10, [[5, 5], [1]]],
  [[20, 1], 10, [[20], [1]]],
  [[1, 20, 1], 10, [[1], [20], [1]]],
] as [number[], number, number[][]][])('%j within %d', (items, max, groups) => {
  expect(commitGroups(items, (size) => size, max)).toEqual(groups);
});

test('a commit carries up to four megabytes', () => {
  expect(commitGroups(Array(50).fill(1_000_000) as number[], (size) => size)).toHaveLength(13);
  expect(MAX_COMMIT_BYTES).toBe(4_000_000);
});
