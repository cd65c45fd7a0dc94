// How long a mail may be parsed after others have ended their workers.
import { expect, it } from 'vitest';
import { timeLimits } from '../../../src/parsing/limits.ts';

const MIB = 2 ** 20;

function limited(timeoutMs: number) {
  const clock = { now: 0 };
  return { clock, limits: timeLimits(timeoutMs, () => clock.now) };
}

it('each failure halves the time of later mails, down to what ordinary parsing never needs', () => {
  const { limits } = limited(10_000);
  const times = Array.from({ length: 6 }, () => {
    const ms = limits.of(0);
    limits.exceeded();
    return ms;
  });
  expect(times).toEqual([10_000, 5_000, 2_500, 1_250, 1_000, 1_000]);
  expect(limits.of(20 * MIB)).toBe(5_000);
  expect(limits.of(200 * MIB)).toBe(10_000);
});

it('a hundred mails that kill the parser cost less than three minutes of one thread', () => {
  const { limits } = limited(10_000);
  let spent = 0;
  for (let i = 0; i < 100; i++) {
    spent += limits.of(10_000);
    limits.exceeded();
  }
  expect(spent).toBeLessThan(180_000);
});

it('a failure is forgotten after ten minutes', () => {
  const { clock, limits } = limited(10_000);
  limits.exceeded();
  clock.now = 600_000;
  expect(limits.of(0)).toBe(10_000);
});

it('the time never exceeds the setting', () => {
  expect(limited(300).limits.of(100 * MIB)).toBe(300);
});
