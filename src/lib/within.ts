// Waits with a bound.

/**
 * The result of the work, or of `late` when the work takes longer than this many ms. The work continues, and its later result or failure is ignored.
 * @param late gives the result instead, or throws
 */
export async function within<T>(work: Promise<T>, ms: number, late: () => T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    return await Promise.race([work, promise.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
