// Runs a limited number of tasks at once; the others wait in order. For work that uses only this process's own resources
// (its memory, its CPU, its stores): a task that waits for a remote side must not delay the others.

/** @returns runs the work in its turn; resolves or rejects as the work does */
export function limited(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => queue.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next === undefined) running--;
      else next(); // its slot goes to the next one
    }
  };
}
