// An answer that is kept for a while: however many ask, the question is put once.

/**
 * @param ms so long an answer counts; a failure is not kept
 * @param now ms of a clock that never goes back
 */
export function keptFor<T>(ask: () => Promise<T>, ms: number, now: () => number): () => Promise<T> {
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
