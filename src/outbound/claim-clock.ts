// How long a claim is valid. A process may sleep past its end (stopped, swapped out, its machine suspended) and wake up with half a mail sent,
// while another worker already handles the reply. So the claim is checked before each piece of a mail.

/** Milliseconds passed, by the clock that advanced further: the monotonic clock stops while a machine sleeps, the system clock may be set. */
export function stopwatch(now: () => number = Date.now, ticks: () => number = () => performance.now()): () => number {
  const began = { now: now(), ticks: ticks() };
  return () => Math.max(now() - began.now, ticks() - began.ticks);
}

interface ClaimClock {
  /** False once the claim may have lapsed. */
  claimStillValid(): boolean;
  /** Renews in the background until stopped. */
  stop(): void;
}

/**
 * @param asked stopwatch started before the claim was requested, from when the lease counts
 * @param renew resolves true when the lease was extended
 */
export function startClaimClock(asked: () => number, leaseMs: number, renew: () => Promise<boolean>): ClaimClock {
  let since = asked;
  const timer = setInterval(() => {
    const again = stopwatch();
    void renew().then(
      (held) => {
        if (held) since = again;
      },
      () => {}, // Redis is away: the clock expires anyway
    );
  }, leaseMs / 3);
  return { claimStillValid: () => since() < leaseMs, stop: () => clearInterval(timer) };
}
