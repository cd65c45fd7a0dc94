// Many commands of Redis in one round trip.

interface Pipeline {
  exec(): Promise<[error: Error | null, result: unknown][] | null>;
}

/**
 * @param add adds the command for one item to the pipeline
 * @returns the answers in order; undefined where a command failed
 */
export async function pipelined<P extends Pipeline, T>(
  pipeline: P,
  items: Iterable<T>,
  add: (pipeline: P, item: T) => unknown,
): Promise<unknown[]> {
  for (const item of items) add(pipeline, item);
  return ((await pipeline.exec()) ?? []).map(([error, result]) => (error === null ? result : undefined));
}
