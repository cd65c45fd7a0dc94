// CPU time of a piece of work: a loaded machine makes wall clocks lie. Of this thread alone, so that neither the garbage collector's nor the
// compiler's threads count.

/** Some kernels count by ticks of several ms: shorter work is repeated until it took as long as this. */
const WHILE = 12;
const MOST_RUNS = 300;

/** CPU of one run of `work` on this thread, in milliseconds. */
export function cpuMillis(work: () => void): number {
  const before = process.threadCpuUsage();
  let spent = 0;
  let runs = 0;
  do {
    work();
    runs++;
    const { user, system } = process.threadCpuUsage(before);
    spent = (user + system) / 1000;
  } while (spent < WHILE && runs < MOST_RUNS);
  return spent / runs;
}

/** CPU in ms that 100 KB may cost. */
const MOST_MILLIS = 20;
/** What twice the size may cost of once. */
const MOST_GROWTH = 2.6;
/** Below this many ms at twice the size, growth cannot be told from noise, and does not matter. */
const MEASURABLE = 3;
const ATTEMPTS = 8;

/** A run that took less than is measurable by the clock took no more CPU. */
function isQuick(work: () => void): boolean {
  for (let run = 0; run < 3; run++) {
    const at = performance.now();
    work();
    if (performance.now() - at <= MEASURABLE) return true;
  }
  return false;
}

/**
 * What is wrong with the cost of `work(size)`, or undefined: more than {@link MOST_MILLIS} per 100 KB, or more than {@link MOST_GROWTH} times as much for twice
 * the size. Believed only if no attempt shows better.
 */
export function costlyGrowth(work: (size: number) => () => void, size = 100_000): string | undefined {
  const small = work(size);
  const large = work(2 * size);
  if (isQuick(large)) return undefined;
  const most = (MOST_MILLIS * size) / 100_000;
  let problem = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const once = cpuMillis(small);
    if (once > most) {
      problem = `${once.toFixed(1)} ms for ${size} bytes`;
      if (once > 10 * most) break; // no noise
      continue;
    }
    const twice = cpuMillis(large);
    if (twice <= MEASURABLE || twice <= MOST_GROWTH * once) return undefined;
    problem = `${once.toFixed(2)} ms becomes ${twice.toFixed(2)} ms for twice ${size} bytes`;
  }
  return problem;
}

/** CPU of this thread from now on: in all, and the most between two turns of its event loop, ms. A loaded machine does not change it. */
export function watchBlocks(): { end(): { total: number; longest: number } } {
  const since = (before: NodeJS.CpuUsage) => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  const began = process.threadCpuUsage();
  let last = began;
  let longest = 0;
  const look = () => {
    longest = Math.max(longest, since(last));
    last = process.threadCpuUsage();
  };
  const timer = setInterval(look, 5);
  timer.unref();
  return {
    end() {
      clearInterval(timer);
      look();
      return { total: since(began), longest };
    },
  };
}
