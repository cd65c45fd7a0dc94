// Blind time: the seconds in which we could not prove to be watching a mailbox. A closed measure: it runs from the last proof before a
// connection was lost to the first proof after it, so a dead connection that was found late counts from when it was last heard.

interface BlindTime {
  /** The server answered or spoke. */
  proven(): void;
  /** The connection is gone. */
  lost(): void;
  /** ms of blindness so far, the open interval included. */
  totalMs(): number;
  /** Epoch ms. */
  lastProvenAt(): number | undefined;
}

/** @param monotonic ms, for durations @param now epoch ms, for what people read */
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
