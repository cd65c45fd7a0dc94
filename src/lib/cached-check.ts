// The answer to "may we continue?", checked rarely however often it is requested: a caller with a single mail does not wait for a check that succeeded
// a while ago. The check is repeated in the background, and a no takes effect from then on.

/** Milliseconds that a yes remains valid while the check is repeated. */
const TRUSTED_MS = 60_000;

/**
 * @param ask resolves with true: continue
 * @param freshMs time after an answer without a new check, ms; after a no half a second at most
 * @param now ms of a monotonic clock; otherwise a clock step would change the age of an answer
 * @returns rejects as `ask` does, unless an older yes is still trusted
 */
export function cachedCheck(ask: () => Promise<boolean>, freshMs: number, now: () => number): () => Promise<boolean> {
  let last = { at: Number.NEGATIVE_INFINITY, yes: false };
  let asking: Promise<boolean> | undefined;

  async function askAgain(): Promise<boolean> {
    try {
      last = { yes: await ask(), at: now() };
      return last.yes;
    } catch (error) {
      last = { at: Number.NEGATIVE_INFINITY, yes: false };
      throw error;
    } finally {
      asking = undefined;
    }
  }

  return async () => {
    const age = now() - last.at;
    if (age < (last.yes ? freshMs : Math.min(freshMs, 500))) return last.yes;
    asking ??= askAgain();
    if (!last.yes || age >= TRUSTED_MS) return asking;
    asking.catch(() => {}); // the code that needs it reports the error
    return true;
  };
}
