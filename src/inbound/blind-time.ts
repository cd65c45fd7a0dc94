// Blind time: the seconds for which there is no proof that a mailbox was watched. It runs from the last proof before a connection was lost to the first
// proof after it: a dead connection that was noticed late counts from its last answer.

interface BlindTime {
  /** The server answered. */
  proven(): void;
  /** The connection is gone. */
  lost(): void;
  /** ms so far, the open interval included. */
  totalMs(): number;
  /** Epoch ms. */
  lastProvenAt(): number | undefined;
}

/** @param monotonic ms, for durations @param now epoch ms, for people to read */
export function blindTime(
  monotonic: () => number,
  now: () => number = monotonic,
  onEnd: (ms: number) => void = () => {},
): BlindTime {
  let last: number | undefined;
  let lastAt: number | undefined;
  let blindSince: number | undefined = monotonic();
  let total = 0;
  return {
    proven() {
      const at = monotonic();
      if (blindSince !== undefined) {
        total += at - blindSince;
        if (last !== undefined) onEnd(at - blindSince);
        blindSince = undefined;
      }
      last = at;
      lastAt = now();
    },
    lost() {
      blindSince ??= last ?? monotonic();
    },
    totalMs: () => total + (blindSince === undefined ? 0 : monotonic() - blindSince),
    lastProvenAt: () => lastAt,
  };
}
