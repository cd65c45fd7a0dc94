// How long a worker may trust its claim. A process can sleep through it (stopped, swapped out, its machine suspended) and wake up with a
// connection on which half the mail is sent, while another worker already handles the reply. So everything is checked here before it is sent.

/** Milliseconds that have passed, by the clock that advanced further: the monotonic one stops while a machine sleeps, the other may be set. */
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
 * @param asked stopwatch started before the claim was requested: the lease counts from there at the earliest
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
