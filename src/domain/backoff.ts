// Full-jitter exponential back-off (AWS architecture blog, "Exponential Backoff And Jitter"). Pure: randomness is passed in.

export interface Backoff {
  /** Milliseconds. */
  baseMs: number;
  capMs: number;
}

/**
 * Milliseconds to wait before the given attempt (1 = first retry): uniform in [0, min(cap, base·2^(attempt-1))], but at least a tenth of
 * that upper limit, so that a fleet spreads out and a single mailbox does not spin.
 */
export function backoffMs(attempt: number, { baseMs, capMs }: Backoff, random: () => number = Math.random): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(30, Math.max(0, attempt - 1)));
  return Math.round(ceiling * (0.1 + 0.9 * random()));
}
