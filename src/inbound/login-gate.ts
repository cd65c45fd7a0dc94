// Paces the sign-ins of a tenant: whatever happens (start of 1,000 mailboxes, an outage that ends), logins leave at an allowed rate. The slots
// are shared by all replicas (adapters/redis/login-slots.ts); this is the waiting for one.

export interface LoginGate {
  /** Resolves when this sign-in may start. Rejects when the signal aborts first. */
  enter(key: string, signal: AbortSignal): Promise<void>;
}

/** @param reserve takes the next slot of a key; resolves with the ms to wait for it */
export function loginGate(reserve: (key: string) => Promise<number>): LoginGate {
  return {
    async enter(key, signal) {
      const wait = await reserve(key);
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
