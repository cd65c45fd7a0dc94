// SIGTERM at random moments while mails arrive and replies leave: each stop ends with exit code 0 within the grace and without a stack trace, and
// afterwards nothing is lost or doubled.

import { seededRandom } from './random.ts';
import type { TestRedis } from './redis.ts';
import { type Counts, openTraffic } from './steady-traffic.ts';
import { waitFor } from './temp.ts';

interface StopsResult extends Counts {
  seed: number;
  stops: number;
  /** Longest time from SIGTERM to the end, ms. */
  slowestMs: number;
}

/** Longest time that a stop may take, ms: `lifecycle` grace as shipped is what the orchestrator is told. */
const GRACE_MS = 30_000;

/** @throws naming the seed and the stop that was not orderly */
export async function stopsAtRandom(options: {
  redis: TestRedis;
  stops: number;
  seed: number;
  entry?: string;
}): Promise<StopsResult> {
  const { redis, stops, seed } = options;
  const random = seededRandom(seed);
  const traffic = await openTraffic({
    redis,
    mailboxes: 12,
    flows: 2,
    mailsPerSecond: 20,
    answered: 0.3,
    seed,
    perMinute: 1_000,
  });
  try {
    const end = traffic.begin();
    let slowestMs = 0;
    for (let n = 1; n <= stops; n++) {
      const one = traffic.gateway.start(['serve'], [], options.entry);
      // From its first line on it knows the signal; half of the stops come while it is still starting.
      await waitFor(() => one.lines.length > 0, { timeoutMs: 30_000, describe: 'the first line of the log' });
      await new Promise((resolve) => setTimeout(resolve, random() ** 2 * 4_000));
      const asked = performance.now();
      const code = await one.stop(GRACE_MS);
      slowestMs = Math.max(slowestMs, Math.round(performance.now() - asked));
      if (code !== 0 || /^\s+at .+:\d+:\d+\)?$/m.test(one.output()))
        throw new Error(`seed ${seed}, stop ${n}: exit code ${code}\n${one.output().slice(-3_000)}`);
    }
    end();
    traffic.gateway.start(['serve'], [], options.entry);
    const counts = await traffic.settled(120_000);
    return { seed, stops, slowestMs, ...counts };
  } finally {
    await traffic.stop();
  }
}
