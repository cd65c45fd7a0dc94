// Blind time: the seconds for which there is no proof that a mailbox was watched. It runs from the last proof before a connection was lost to the first
// proof after it: a dead connection that was noticed late counts from its last answer.

/** @param monotonic ms, for durations @param now epoch ms, for people to read */
export function blindTime(
  monotonic: () => number,
  now: () => number = monotonic,
  onEnd: (ms: number) => void = () => {},
) {
  let last: number | undefined;
  let lastAt: number | undefined;
  let blindSince: number | undefined = monotonic();
  let total = 0;
  return {
    /** The server answered. */
    proven(): void {
      const at = monotonic();
      if (blindSince !== undefined) {
        total += at - blindSince;
        if (last !== undefined) onEnd(at - blindSince);
        blindSince = undefined;
      }
      last = at;
      lastAt = now();
    },
    /** The connection is gone. */
    lost(): void {
      blindSince ??= last ?? monotonic();
    },
    /** ms so far, the open interval included. */
    totalMs: () => total + (blindSince === undefined ? 0 : monotonic() - blindSince),
    /** Epoch ms. */
    lastProvenAt: () => lastAt,
  };
}
