// Token bucket over the sign-ins of a tenant: whatever happens (start of 1,000 mailboxes, an outage that ends), logins leave at an allowed
// pace, in the order they were asked for.

export interface LoginGate {
  /** Resolves when this sign-in may start. Rejects when the signal aborts first. */
  enter(key: string, signal: AbortSignal): Promise<void>;
}

/** @param perSecond sign-ins a second for each key; bursts up to one second's worth */
export function loginGate(perSecond: number, now: () => number = Date.now): LoginGate {
  // Generic cell rate algorithm: one number a key, the theoretical time of the next sign-in at an even pace.
  const theoretical = new Map<string, number>();
  const interval = 1000 / perSecond;
  const burst = Math.max(1000, interval);
  return {
    async enter(key, signal) {
      const at = now();
      const next = Math.max(at, theoretical.get(key) ?? at) + interval;
      theoretical.set(key, next);
      const wait = next - burst - at;
      if (wait > 0) await sleep(wait, signal);
    },
  };
}

/** Resolves after ms; rejects with the signal's reason when it aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
