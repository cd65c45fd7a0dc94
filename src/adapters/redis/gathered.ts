// Combines the calls of one turn of the event loop: a command to Redis costs more than its content.

/**
 * @param run does the work of all of them; resolves with their results, in order
 * @returns makes one call; resolves or rejects as `run` does
 */
export function gathered<T, R>(run: (inputs: readonly T[]) => Promise<readonly R[]>): (input: T) => Promise<R> {
  let waiting: T[] = [];
  let running: Promise<readonly R[]> | undefined;
  return async (input) => {
    const at = waiting.push(input) - 1;
    running ??= new Promise<void>((resolve) => process.nextTick(resolve)).then(() => {
      const inputs = waiting;
      waiting = [];
      running = undefined;
      return run(inputs);
    });
    return (await running)[at] as R;
  };
}
