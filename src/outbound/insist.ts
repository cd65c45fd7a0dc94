// Writes that must not be lost: a server's answer is known only once, and a Redis that refuses writes for a moment (full, demoted, its disk
// away) must not turn an accepted reply into an uncertain one.

/** Retries while it throws, for this many ms, then throws the last error. The write must be safe to repeat. */
export async function insist<T>(write: () => Promise<T>, forMs: number): Promise<T> {
  const began = performance.now();
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    try {
      return await write();
    } catch (error) {
      if (performance.now() - began + waitMs > forMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
