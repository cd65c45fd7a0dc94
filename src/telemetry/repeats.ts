// Repeated faults: a full disk fails every reply, a Redis without memory every request. One line when it begins, one a minute with the count since the
// last line, one after a minute without it.
import type { Logger } from 'pino';
import { type EventName, eventDefinitions } from './events/index.ts';

export interface RepeatClock {
  /** Calls back each minute until stopped; must not keep the process alive. */
  everyMinute(tick: () => void): () => void;
  /** Monotonic, ms. */
  now(): number;
}

const realClock: RepeatClock = {
  everyMinute(tick) {
    const timer = setInterval(tick, 60_000);
    timer.unref();
    return () => clearInterval(timer);
  },
  now: () => performance.now(),
};

interface Repeated {
  name: EventName;
  labels: Record<string, string>;
  since: number;
  /** Occurrences in total, and since the last line. */
  total: number;
  fresh: number;
}

/** @returns whether this one is a repetition, which is counted and not logged */
export function countRepeats(
  logger: Logger,
  clock: RepeatClock = realClock,
): (name: EventName, labels: Record<string, string>, err: unknown) => boolean {
  const running = new Map<string, Repeated>();
  let stop: (() => void) | undefined;

  function tick(): void {
    for (const [key, one] of running) {
      const { level, message } = eventDefinitions[one.name];
      const over = one.fresh === 0;
      const count = over ? one.total : one.fresh;
      one.fresh = 0;
      if (over) running.delete(key);
      // A single occurrence has had its line.
      if (over && one.total === 1) continue;
      const durationMs = Math.round(clock.now() - one.since);
      const line = { event: one.name, ...one.labels, count, durationMs, state: over ? 'over' : 'lasts' };
      logger[over ? 'info' : level](line, message);
    }
    if (running.size > 0) return;
    stop?.();
    stop = undefined;
  }

  return (name, labels, err) => {
    // The first words distinguish faults; later ones name a job or a reply.
    const words = err instanceof Error ? err.message.split(' ', 2) : [];
    const key = JSON.stringify([name, labels, words]);
    const one = running.get(key);
    if (one !== undefined) {
      one.total += 1;
      one.fresh += 1;
      return true;
    }
    running.set(key, { name, labels, since: clock.now(), total: 1, fresh: 0 });
    stop ??= clock.everyMinute(tick);
    return false;
  };
}
