// Process signals: the first one asks for a graceful stop, the second one ends the process at once.

/** Resolves with the first SIGINT or SIGTERM; a second signal, or `graceMs` without an end, exits with 1. */
export function firstSignal(graceMs: number): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(1);
      asked = true;
      setTimeout(() => process.exit(1), graceMs).unref();
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
