// A thread that ends the process when the main thread no longer responds. Such a process cannot even stop: SIGTERM and /healthz need the
// main thread too. In the meantime its leases expire and other replicas take its mailboxes; the orchestrator starts it again.
import { url as inspectorUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';

/** Handed to the watching thread. */
export interface WatchdogSetup {
  /** One element, which the main thread increments twice between two checks. */
  beats: Int32Array<SharedArrayBuffer>;
  /** Consecutive checks without a heartbeat before the process is ended. */
  looks: number;
}

export const LOOK_MS = 1_000;

/** Exit code of a process that was ended: EX_SOFTWARE of sysexits.h. */
export const STALLED_EXIT_CODE = 70;

const script = new URL(
  import.meta.url.endsWith('.ts') ? './watchdog-thread.ts' : './watchdog-thread.js',
  import.meta.url,
);

/**
 * @param stallSeconds time without a response before the process is ended; 0: never
 * @returns a function that stops the watchdog
 */
export function startWatchdog(stallSeconds: number): () => Promise<void> {
  // Under a debugger, an unresponsive main thread is at a breakpoint.
  if (stallSeconds === 0 || inspectorUrl() !== undefined) return async () => {};
  const setup: WatchdogSetup = {
    beats: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
    looks: Math.ceil((stallSeconds * 1_000) / LOOK_MS),
  };
  const timer = setInterval(() => Atomics.add(setup.beats, 0, 1), LOOK_MS / 2);
  timer.unref();
  const thread = new Worker(script, {
    workerData: setup,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
  });
  thread.unref();
  // Without its watchdog the process works as before.
  thread.on('error', (error) => process.stderr.write(`the watchdog ended: ${error.message}\n`));
  return async () => {
    clearInterval(timer);
    await thread.terminate();
  };
}
