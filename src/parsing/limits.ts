// How long one item may take. The first one that fails had the whole time; each failure halves it for a while, down to a floor that honest work of that
// size never reaches: a hundred killers cost a few minutes of one thread, not a quarter of an hour.

/** Most that honest work needs on a shared machine, ms: in any case, and for each MiB. A mail takes about 10 ms a MiB. */
const FLOOR_MS = 1_000;
const FLOOR_MS_PER_MIB = 200;
/** How long a failure counts, ms. */
const REMEMBERED_MS = 10 * 60_000;

export function timeLimits(timeoutMs: number, now: () => number) {
  let failures: number[] = [];
  return {
    /** Longest time for an item of this many bytes that is in work now, ms. */
    of(bytes: number): number {
      failures = failures.filter((at) => now() - at < REMEMBERED_MS);
      const floor = FLOOR_MS + (bytes / 2 ** 20) * FLOOR_MS_PER_MIB;
      return Math.min(timeoutMs, Math.max(floor, timeoutMs / 2 ** failures.length));
    },
    /** An item took longer than its limit. */
    exceeded: (): void => void failures.push(now()),
  };
}
