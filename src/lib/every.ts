// Repeated work of a process, never two runs at a time.

interface Options {
  /** true: the first run is now, not after the first `ms`. */
  now?: boolean;
  /** true: the end waits for a run and does one more, which takes along what has come since. */
  lastRun?: boolean;
}

/**
 * Runs `task` every `ms`. A failed run is repeated with the next one; nothing is reported here, because the usual cause, that Redis is away,
 * has an event of its own.
 * @returns what ends it
 */
export function every(ms: number, task: () => Promise<unknown>, { now, lastRun }: Options = {}): () => Promise<void> {
  let running: Promise<unknown> | undefined;
  const run = (): Promise<unknown> => {
    running ??= task()
      .catch(() => {})
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  if (now) void run();
  const timer = setInterval(() => void run(), ms);
  return async () => {
    clearInterval(timer);
    if (!lastRun) return;
    await running;
    await run();
  };
}
