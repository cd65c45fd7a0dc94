// At most a given number of pieces of work at once; the others wait in the order of their coming. For work that only this process's own means are needed
// for (its memory, its CPU, its stores): whoever waits for a remote side must not stand in others' way.

/** @returns runs the work when it is its turn; resolves or rejects as the work does */
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
      else next(); // its place goes to the next one
    }
  };
}
