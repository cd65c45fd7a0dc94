// A cached answer: however many callers request it, it is read once.

/**
 * @param ms how long an answer is valid; a failure is not cached
 * @param now ms of a monotonic clock
 */
export function keptFor<T>(ask: () => Promise<T>, ms: number, now = () => performance.now()): () => Promise<T> {
  let kept: { at: number; answer: Promise<T> } | undefined;
  return () => {
    if (kept === undefined || now() - kept.at >= ms) {
      const mine = { at: now(), answer: ask() };
      kept = mine;
      mine.answer.catch(() => {
        if (kept === mine) kept = undefined;
      });
    }
    return kept.answer;
  };
}
