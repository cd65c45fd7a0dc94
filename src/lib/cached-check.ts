// The answer to "may we continue?", asked rarely however many ask often: nobody who comes with a single mail waits for a question that was answered
// with yes a while ago. It is asked again meanwhile, and a no counts from then on.

/** Milliseconds that a yes counts while it is asked again. */
const TRUSTED_MS = 60_000;

/**
 * @param ask resolves with true: continue
 * @param freshMs so long after an answer nothing is asked, ms; after a no half a second at most
 * @param now ms of a clock that never goes back: else an answer would be as old as the step
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
