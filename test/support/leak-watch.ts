// Fails a test file that leaves a child process or a listening server of ours behind. `leakWatch()` at the top of the file.
import { afterAll, beforeAll } from 'vitest';
import { runningProcesses } from './processes.ts';
import { waitFor } from './temp.ts';

/** Handles that mean something of ours still works: listening servers, children. Client sockets are not among them: HTTP keeps some alive. */
const OURS = new Set(['TCPServerWrap', 'PipeServerWrap', 'ProcessWrap']);

/** What is left now: names of processes, kinds of open handles. */
export function leftovers(before: readonly string[] = []): string[] {
  const handles = process.getActiveResourcesInfo().filter((kind) => OURS.has(kind));
  for (const kind of before) {
    const at = handles.indexOf(kind);
    if (at >= 0) handles.splice(at, 1);
  }
  return [...runningProcesses().map(({ name, pid }) => `${name} (pid ${pid})`), ...handles];
}

/** Registers hooks; call it before those that start and stop servers (afterAll hooks run last-registered-first). */
export function leakWatch(): void {
  let before: string[] = [];
  // Not at once: within a describe, servers of the file's own hooks are running by then, and stop later.
  beforeAll(() => {
    before = process.getActiveResourcesInfo().filter((kind) => OURS.has(kind));
  });
  afterAll(async () => {
    await waitFor(() => leftovers(before).length === 0, {
      describe: () => `nothing to be left running by this test file, but: ${leftovers(before).join(', ')}`,
    });
  });
}
