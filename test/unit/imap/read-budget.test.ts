// Room for fetched mails over all connections: the bound holds, waiting is in order, and what is given back is given once.
import { expect, test } from 'vitest';
import { createReadBudget } from '../../../src/adapters/imap/fast-fetch/read-budget.ts';

const settled = async (ready: Promise<void> | undefined) => {
  const nothing = new Promise<boolean>((resolve) => setImmediate(resolve, false));
  return ready === undefined || (await Promise.race([ready.then(() => true), nothing]));
};

test('grants requests within the limit at once; the next one waits until bytes are returned', async () => {
  const budget = createReadBudget(100);
  const first = budget.ask(60);
  const second = budget.ask(40);
  const third = budget.ask(10);
  expect([first.ready, second.ready]).toEqual([undefined, undefined]);
  expect(await settled(third.ready)).toBe(false);
  second.give();
  second.give();
  expect(await settled(third.ready)).toBe(true);
  expect(budget.held()).toBe(70);
});

test('a small request does not overtake an earlier large one', async () => {
  const budget = createReadBudget(100);
  const first = budget.ask(90);
  const large = budget.ask(80);
  const small = budget.ask(5);
  expect(await settled(small.ready)).toBe(false);
  first.give();
  expect([await settled(large.ready), await settled(small.ready)]).toEqual([true, true]);
  expect(budget.held()).toBe(85);
});

test('a request larger than the limit runs alone', async () => {
  const budget = createReadBudget(100);
  const first = budget.ask(10);
  const huge = budget.ask(500);
  expect(await settled(huge.ready)).toBe(false);
  first.give();
  expect(await settled(huge.ready)).toBe(true);
  const next = budget.ask(1);
  expect(await settled(next.ready)).toBe(false);
  huge.give();
  expect(await settled(next.ready)).toBe(true);
});

test('a waiter that gives up holds nothing, and lets the next one through', async () => {
  const budget = createReadBudget(100);
  const first = budget.ask(60);
  const second = budget.ask(50);
  const third = budget.ask(40);
  second.give();
  expect([await settled(second.ready), await settled(third.ready)]).toEqual([true, true]);
  expect(budget.held()).toBe(100);
  first.give();
  third.give();
  expect(budget.held()).toBe(0);
});
