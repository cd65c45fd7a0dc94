// The limit of recipients in 24 hours: what counts, and when it is reached at the present rate.
import { describe, expect, it } from 'vitest';
import { limitReachedAt, nearnessOf, recipientsUsed } from '../../../src/domain/recipient-limit.ts';

const HOUR = 3_600_000;
const BASE = 400_000;
/** Half past an hour; keys of `hours` are hours ago. */
const at = (hours: Record<number, number>, minutes = 30) => ({
  now: BASE * HOUR + minutes * 60_000,
  hours: new Map(Object.entries(hours).map(([ago, count]) => [BASE - Number(ago), count])),
});

it.each([
  ['nothing', {}, 0],
  ['an hour counts until its last minute is 24 hours old', { 0: 1, 23: 10, 24: 100, 25: 1_000 }, 111],
  ['never less than nothing, whatever was given back', { 0: -3 }, 0],
])('counts %s', (_, hours, used) => {
  expect(recipientsUsed(at(hours))).toBe(used);
});

describe('the forecast', () => {
  it.each<[string, Record<number, number>, number, number | undefined]>([
    ['nothing is sent', {}, 100, undefined],
    ['nothing is sent any more', { 5: 90 }, 100, undefined],
    // 60 in an hour and a half: 40 an hour.
    ['20 are left at 40 an hour', { 0: 20, 1: 40 }, 80, 30],
    ['it is reached', { 0: 50, 1: 50 }, 100, 0],
    ['it is more than reached', { 0: 150 }, 100, 0],
    // 40 are left at 40 an hour; but half an hour on, 460 leave.
    ['what leaves the 24 hours makes room', { 0: 20, 1: 40, 24: 460 }, 560, 750],
    [
      'a steady rate that never reaches it',
      Object.fromEntries(Array.from({ length: 25 }, (_, i) => [i, i === 0 ? 5 : 10])),
      300,
      undefined,
    ],
    ['a rate that reaches it after a day has passed', { 0: 2, 1: 1 }, 1_000, undefined],
  ])('%s', (_, hours, limit, minutes) => {
    const sent = at(hours);
    const reached = limitReachedAt(sent, limit);
    expect(reached === undefined ? undefined : Math.round((reached - sent.now) / 60_000)).toBe(minutes);
  });

  it('never lies in the past', () => {
    for (let minutes = 0; minutes < 60; minutes += 7)
      for (const limit of [1, 10, 50, 100]) {
        const sent = at({ 0: 9, 1: 9, 12: 40, 24: 9 }, minutes);
        expect(limitReachedAt(sent, limit) ?? sent.now).toBeGreaterThanOrEqual(sent.now);
      }
  });
});

it.each<[number, number | undefined, string]>([
  [79, undefined, 'between'],
  [80, undefined, 'near'],
  [75, undefined, 'between'],
  [74, undefined, 'far'],
  [10, 2, 'near'],
  [10, 2.5, 'between'],
  [10, 3.1, 'far'],
  [100, 0, 'near'],
])('%d of 100 used, reached in %s hours: %s', (used, hours, expected) => {
  expect(nearnessOf(used, 100, hours === undefined ? undefined : 1_000 + hours * HOUR, 1_000)).toBe(expected);
});
