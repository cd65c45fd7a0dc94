// Release stack: code that opens something registers its release on the next line; releases run last-in-first-out (after graphile/worker's
// withReleasers). Releasing twice counts once; a release that throws does not prevent the others.

export type Release = () => void | Promise<void>;

export interface ReleaseStack {
  /** Registers a release under a name that a log line can show. */
  defer(name: string, release: Release): void;
  /** Runs all releases, last first; rejects with the first error after all have run. */
  release(): Promise<void>;
}

export function releaseStack(onError: (name: string, error: unknown) => void = () => {}): ReleaseStack {
  const releases: { name: string; release: Release }[] = [];
  let running: Promise<void> | undefined;

  async function runAll(): Promise<void> {
    let first: unknown;
    for (let next = releases.pop(); next !== undefined; next = releases.pop()) {
      try {
        await next.release();
      } catch (error) {
        first ??= error;
        onError(next.name, error);
      }
    }
    if (first !== undefined) throw first;
  }

  return {
    defer: (name, release) => void releases.push({ name, release }),
    release: () => {
      running ??= runAll();
      return running;
    },
  };
}
