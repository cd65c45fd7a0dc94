// Child processes of the tests: each in a process group of its own, remembered, and stopped by pid with all it started.
// Whatever a test forgets is ended when the test process exits; leak-watch.ts makes forgetting an error.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { waitFor } from './temp.ts';

export interface StartedProcess {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  running(): boolean;
  /** Signal to the process alone. */
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL to the whole group, and waits until the process is gone. */
  kill9(): Promise<void>;
  /** SIGTERM, waits, then SIGKILL to what is left of the group. Resolves with the exit code (null after a signal). */
  stop(graceMs?: number): Promise<number | null>;
}

const started = new Set<StartedProcess>();

/** Processes started by this test process that still run. */
export function runningProcesses(): StartedProcess[] {
  return [...started].filter((process) => process.running());
}

/** Whether any process of the group lives. Zombies do not count: an orphan is reaped by init, which may take its time. */
export function groupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
  } catch {
    return false;
  }
  let processes: string[];
  try {
    processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    // No /proc (macOS): what the signal said.
    return true;
  }
  return processes.some((name) => {
    try {
      // pid (command) state parent group …; the command may hold spaces and parentheses.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(group) === pid && state !== 'Z' && state !== 'X';
    } catch {
      return false;
    }
  });
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: already gone.
  }
}

interface SpawnOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** File that takes stdout and stderr; without it both are piped. */
  logFile?: string;
}

/** Set by scripts/test.ts, so that it can find at the end what a run left behind. */
const mark = () => (process.env.TEST_RUN_DIR ? { TEST_RUN_DIR: process.env.TEST_RUN_DIR } : {});

/** Spawns a program in a process group of its own. Output goes to a file or to pipes, never to our terminal (an inherited pipe never ends). */
export function startProcess(
  name: string,
  command: string,
  args: string[],
  options: SpawnOptions = {},
): StartedProcess {
  const log = options.logFile === undefined ? 'pipe' : openSync(options.logFile, 'a');
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...(options.env ?? process.env), ...mark() },
    detached: true,
    stdio: ['ignore', log, log],
  });
  if (typeof log === 'number') closeSync(log);
  const pid = child.pid;
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  if (pid === undefined)
    throw new Error(`${name}: ${command} did not start; is it installed? (npm test installs it)`, { cause: failure });
  const running = () => child.exitCode === null && child.signalCode === null;
  const gone = async () => {
    if (running()) await once(child, 'exit');
  };
  const groupGone = () => waitFor(() => !groupAlive(pid), { describe: `process group ${pid} of ${name} to end` });
  const self: StartedProcess = {
    name,
    pid,
    child,
    running,
    signal: (signal) => {
      if (running()) child.kill(signal);
    },
    kill9: async () => {
      killGroup(pid, 'SIGKILL');
      await gone();
      await groupGone();
    },
    stop: async (graceMs = 10_000) => {
      if (running()) {
        child.kill('SIGTERM');
        const timer = setTimeout(() => killGroup(pid, 'SIGKILL'), graceMs);
        await gone();
        clearTimeout(timer);
      }
      killGroup(pid, 'SIGKILL');
      await groupGone();
      started.delete(self);
      return child.exitCode;
    },
  };
  started.add(self);
  return self;
}

// A test run that dies half-way must not leave servers behind: `exit` handlers run synchronously, a group kill is enough.
process.on('exit', () => {
  for (const { pid } of started) killGroup(pid, 'SIGKILL');
});

/** The last lines of a log file, for error messages. */
export function tail(file: string, lines = 15): string {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
