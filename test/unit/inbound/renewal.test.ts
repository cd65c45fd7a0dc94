// Planned renewal: the successor is open before the old connection goes.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MailroomError } from '../../../src/domain/errors.ts';
import type { Mailbox } from '../../../src/inbound/ports.ts';
import { type Connected, type RenewalDeps, renewal, renewInMs } from '../../../src/inbound/renewal.ts';

const MINUTE = 60_000;

describe('the time of a token renewal', () => {
  it.each([
    // The provider fetches the next token at a quarter of a life before its end (at most 10 minutes, + 25 %); we come after that.
    [60 * MINUTE, 1, 58 * MINUTE],
    [60 * MINUTE, 0, 59 * MINUTE],
    [6 * MINUTE, 0, 5 * MINUTE],
    [6 * MINUTE, 1, 5.5 * MINUTE],
    [90_000, 0, 75_000],
    [0, 0.5, 0],
    [-5_000, 0.5, 0],
  ])('%i ms of life, random %d: after %i ms', (life, random, expected) =>
    expect(renewInMs(1_000_000 + life, 1_000_000, () => random)).toBe(expected),
  );
});

describe('a token renewal', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const mailbox = () => ({ close: vi.fn(async () => {}) }) as unknown as Mailbox & { close: ReturnType<typeof vi.fn> };
  const connected = (life: number): Connected => ({
    mailbox: mailbox(),
    token: { accessToken: 't', expiresAt: Date.now() + life },
  });
  function start(deps: Partial<RenewalDeps>, life = 6 * MINUTE) {
    const failures: number[] = [];
    const one = renewal(connected(life), {
      open: async () => connected(life),
      onFailed: (_error, delayMs) => void failures.push(delayMs),
      now: Date.now,
      random: () => 0,
      ...deps,
    });
    return { one, failures };
  }

  it('opens the successor in time, and notifies every waiter', async () => {
    const { one } = start({});
    const told = vi.fn();
    one.ready.addEventListener('abort', told);
    await vi.advanceTimersByTimeAsync(5 * MINUTE - 1);
    expect(one.ready.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(one.ready.aborted).toBe(true);
    expect(told).toHaveBeenCalledOnce();
    expect(one.take()).toBeDefined();
    expect(one.take()).toBeUndefined();
    await one.stop();
  });

  it('requests again, without a sign-in, while the provider returns nothing newer', async () => {
    const open = vi.fn<RenewalDeps['open']>(async () => undefined);
    const { one, failures } = start({ open });
    await vi.advanceTimersByTimeAsync(5 * MINUTE + 20_000);
    expect(open).toHaveBeenCalledTimes(3);
    expect(failures).toEqual([]);
    expect(one.ready.aborted).toBe(false);
    await one.stop();
  });

  it('that was requested early and got nothing newer runs again when due', async () => {
    const open = vi.fn<RenewalDeps['open']>(async () => undefined);
    const { one } = start({ open });
    one.begin();
    await vi.advanceTimersByTimeAsync(5 * MINUTE - 1);
    expect(open).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(open).toHaveBeenCalledTimes(2);
    await one.stop();
  });

  it('that fails is reported and retried ever more slowly', async () => {
    const open = vi.fn<RenewalDeps['open']>(async () => Promise.reject(new MailroomError('IMAP_UNREACHABLE')));
    const { one, failures } = start({ open, random: () => 1 });
    await vi.advanceTimersByTimeAsync(5.5 * MINUTE + 69_999);
    expect(failures).toEqual([10_000, 20_000, 40_000]);
    await one.stop();
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(open).toHaveBeenCalledTimes(3);
  });

  it('begins at once when requested, only once', async () => {
    const open = vi.fn<RenewalDeps['open']>(async () => connected(MINUTE));
    const { one } = start({ open });
    one.begin();
    one.begin();
    await vi.advanceTimersByTimeAsync(0);
    expect(one.ready.aborted).toBe(true);
    one.begin();
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(open).toHaveBeenCalledOnce();
    await one.stop();
  });

  it('closes a successor that nobody takes, also a late one', async () => {
    const late = connected(MINUTE);
    let arrive = (_: Connected) => {};
    const { one } = start({ open: () => new Promise((resolve) => (arrive = resolve)) });
    one.begin();
    const stopped = one.stop();
    arrive(late);
    await stopped;
    expect(late.mailbox.close).toHaveBeenCalledOnce();
  });

  it('is never due for a password', async () => {
    const open = vi.fn<RenewalDeps['open']>();
    const one = renewal({ mailbox: mailbox() }, { open, onFailed: () => {}, now: Date.now, random: () => 0 });
    one.begin();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(open).not.toHaveBeenCalled();
    await one.stop();
  });
});
