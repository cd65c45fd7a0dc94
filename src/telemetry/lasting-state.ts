// A lasting state is one event when it begins and one when it ends; repetitions in between are counted.

interface Lasted {
  /** Number of observations. */
  count: number;
  durationMs: number;
}

/** @param now monotonic, ms */
export function lastingState<Fields>(
  begin: (fields: Fields) => void,
  end: (lasted: Lasted) => void,
  now: () => number = () => performance.now(),
) {
  let count = 0;
  let since = 0;
  return {
    /** The state was observed. The first observation since its end is its beginning. */
    seen(fields: Fields): void {
      count += 1;
      if (count > 1) return;
      since = now();
      begin(fields);
    },
    over(): void {
      if (count === 0) return;
      const lasted = { count, durationMs: Math.round(now() - since) };
      count = 0;
      end(lasted);
    },
    get lasts(): boolean {
      return count > 0;
    },
  };
}
