// Writes what must not be lost: a server's answer is known once, and a Redis that refuses writes for a moment (full, demoted, its disk
// away) must not turn an accepted reply into an uncertain one.

/** Longest time that a write is repeated, ms: less than the time in which a stopping process ends its jobs. */
const INSIST_MS = 15_000;

/** Runs it again while it throws, up to a quarter of a minute; then throws as it did last. The write must be safe to repeat. */
export async function insist<T>(write: () => Promise<T>, forMs = INSIST_MS): Promise<T> {
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
