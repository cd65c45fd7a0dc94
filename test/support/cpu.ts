// CPU time of a piece of work: a loaded machine makes wall clocks lie. Of this thread alone, so that neither the garbage collector's nor the
// compiler's threads count.

/** CPU of this thread in milliseconds. */
export function cpuMillis(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** The least of several runs; enough of them when one took no longer than `enough` ms. */
export function leastCpuMillis(work: () => void, runs = 5, enough = 0): number {
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < runs && least > enough; k++) least = Math.min(least, cpuMillis(work));
  return least;
}

export interface Growth {
  /** CPU in ms at the size, and at twice the size. */
  once: number;
  twice: number;
}

/** Below this many ms at twice the size, growth cannot be told from noise, and does not matter. */
const MEASURABLE = 3;
/** CPU in ms that 100 KB may cost. */
export const MOST_MILLIS = 20;
/** What twice the size may cost of once. */
export const MOST_GROWTH = 2.6;

/**
 * What is wrong with the cost of `work(size)`, or undefined: more than {@link MOST_MILLIS} per 100 KB, or more than {@link MOST_GROWTH} times as much for twice
 * the size. Measured up to three times before it is believed.
 */
export function costlyGrowth(work: (size: number) => () => void, size = 100_000): string | undefined {
  const once = work(size);
  const twice = work(2 * size);
  const most = (MOST_MILLIS * size) / 100_000;
  let problem: string | undefined;
  for (let attempt = 0; attempt < 3; attempt++) {
    const growth: Growth = { once: leastCpuMillis(once, 5, most / 8), twice: leastCpuMillis(twice, 5, MEASURABLE) };
    const rate = growth.twice / growth.once;
    problem =
      growth.once > most
        ? `${growth.once.toFixed(1)} ms for ${size} bytes`
        : growth.twice > MEASURABLE && rate > MOST_GROWTH
          ? `${growth.once.toFixed(1)} ms becomes ${growth.twice.toFixed(1)} ms for twice ${size} bytes`
          : undefined;
    if (problem === undefined) return undefined;
  }
  return problem;
}
