// Repeated work: when it runs, that runs do not overlap, and what its end waits for.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { every } from '../../../src/lib/every.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A task whose runs end when told. */
function subject() {
  const open: (() => void)[] = [];
  const runs = { begun: 0 };
  const task = () => {
    runs.begun += 1;
    return new Promise<void>((resolve) => open.push(resolve));
  };
  const finish = async () => {
    open.shift()?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { task, runs, finish };
}

test('runs periodically, and not while a run lasts', async () => {
  const { task, runs, finish } = subject();
  const end = every(100, task);
  expect(runs.begun).toBe(0);
  await vi.advanceTimersByTimeAsync(350);
  expect(runs.begun).toBe(1);
  await finish();
  await vi.advanceTimersByTimeAsync(100);
  expect(runs.begun).toBe(2);
  await end();
  await vi.advanceTimersByTimeAsync(1000);
  expect(runs.begun).toBe(2);
});

test('runs at once when asked to, and survives a failure', async () => {
  let begun = 0;
  const end = every(100, async () => Promise.reject(new Error(`run ${begun++}`)), { now: true });
  expect(begun).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(begun).toBe(3);
  await end();
});

test('with a last run, the end waits for the current one and runs once more', async () => {
  const { task, runs, finish } = subject();
  const end = every(100, task, { now: true, lastRun: true });
  let isOver = false;
  const ended = end().then(() => {
    isOver = true;
  });
  await finish();
  expect([runs.begun, isOver]).toEqual([2, false]);
  await finish();
  await ended;
  expect(isOver).toBe(true);
});
