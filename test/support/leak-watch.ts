// Fails a test file that leaves a child process or a listening server of ours behind. `leakWatch()` at the top of the file.
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll } from 'vitest';
import { runningProcesses } from './processes.ts';
import { waitFor } from './temp.ts';

/** Kinds of handles that mean something of ours still works; vitest's own channel to its parent is a pipe, not in the list. */
const OURS = new Set(['TCPServerWrap', 'ProcessWrap', 'TCPSocketWrap']);

/** What is left now: names of processes, kinds of open handles. */
export function leftovers(before: readonly string[] = []): string[] {
  const handles = process.getActiveResourcesInfo().filter((kind) => OURS.has(kind));
  for (const kind of before) {
    const at = handles.indexOf(kind);
    if (at >= 0) handles.splice(at, 1);
  }
  return [...runningProcesses().map(({ name, pid }) => `${name} (pid ${pid})`), ...handles];
}

/** Registers an afterAll hook; call it before the hooks that stop servers (afterAll hooks run last-registered-first). */
export function leakWatch(): void {
  const before = process.getActiveResourcesInfo().filter((kind) => OURS.has(kind));
  afterAll(async () => {
    await waitFor(() => leftovers(before).length === 0, {
      timeoutMs: 5_000,
      describe: () => `nothing to be left running by this test file, but: ${leftovers(before).join(', ')}`,
    });
  });
}

/**
 * Processes of the machine that carry the mark of a test run in their environment (MAILROOM_TEST_RUN, which
 * startProcess hands down); scripts/test.ts asks at the end of a run. Linux only; elsewhere the list is empty.
 */
export function strayProcesses(mark: string): { pid: number; command: string }[] {
  const own = new Set([process.pid, process.ppid]);
  const read = (pid: number, what: string) => readFileSync(`/proc/${pid}/${what}`, 'utf8');
  let pids: number[];
  try {
    pids = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
  return pids.flatMap((pid) => {
    try {
      if (own.has(pid) || !read(pid, 'environ').includes(`MAILROOM_TEST_RUN=${mark}\0`)) return [];
      return [{ pid, command: read(pid, 'cmdline').replaceAll('\0', ' ').trim().slice(0, 200) }];
    } catch {
      return [];
    }
  });
}
