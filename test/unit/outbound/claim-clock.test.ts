// A claim is checked by two clocks, so that neither a sleep nor a clock that was set lets it outlive its lease.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startClaimClock, stopwatch } from '../../../src/outbound/claim-clock.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('stopwatch', () => {
  it.each([
    ['both clocks advance', 500, 500, 500],
    ['the machine slept: the monotonic clock stood still', 60_000, 3, 60_000],
    ['the clock of the day was set back', -3_600_000, 700, 700],
  ])('%s', (_what, wall, monotonic, passed) => {
    let clock = { now: 1_000_000, ticks: 10 };
    const watch = stopwatch(
      () => clock.now,
      () => clock.ticks,
    );
    clock = { now: clock.now + wall, ticks: clock.ticks + monotonic };
    expect(watch()).toBe(passed);
  });
});

describe('claim', () => {
  it.each([
    ['is renewed', async () => true, true],
    ['belongs to another worker by now', async () => false, false],
    ['cannot be renewed while Redis is away', () => Promise.reject(new Error('away')), false],
  ])('%s', async (_what, renew, valid) => {
    vi.useFakeTimers();
    const clock = startClaimClock(stopwatch(), 3_000, renew);
    expect(clock.claimStillValid()).toBe(true);
    await vi.advanceTimersByTimeAsync(2_900);
    expect(clock.claimStillValid()).toBe(true);
    await vi.advanceTimersByTimeAsync(600);
    expect(clock.claimStillValid()).toBe(valid);
    clock.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is measured from before the request: a late answer shortens it accordingly', () => {
    vi.useFakeTimers();
    const asked = stopwatch();
    vi.advanceTimersByTime(2_500);
    const clock = startClaimClock(asked, 3_000, async () => true);
    expect(clock.claimStillValid()).toBe(true);
    vi.advanceTimersByTime(500);
    expect(clock.claimStillValid()).toBe(false);
    clock.stop();
  });
});
