// Process signals: the first one starts a graceful stop, the second one ends the process at once.

/** Milliseconds within which a repeated signal counts as the first one: npm and wrappers forward what Ctrl-C has already sent to the whole group. */
const SAME_SIGNAL_MS = 300;

/** Resolves with the first SIGINT or SIGTERM; a second signal, or `graceMs` without an end, exits with 1. */
export function firstSignal(graceMs: number): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked !== undefined && performance.now() - asked < SAME_SIGNAL_MS) return;
      if (asked !== undefined) process.exit(1);
      asked = performance.now();
      setTimeout(() => process.exit(1), graceMs).unref();
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
