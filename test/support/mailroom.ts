// Mailroom as a process of its own: spawned as an operator would start it, its JSON log lines read, killed or stopped by pid.
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type StartedProcess, startProcess } from './processes.ts';
import { type WaitOptions, waitFor } from './temp.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** One line of the log; `event` is the event's name (src/telemetry/events). */
export interface LogLine {
  readonly level?: string;
  readonly event?: string;
  readonly time?: string;
  readonly [field: string]: unknown;
}

interface MailroomOptions {
  /** Command line after `mailroom`, e.g. ['serve', '--roles', 'ingest']. */
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** CA file for NODE_EXTRA_CA_CERTS, which Node reads once, when the process starts. */
  caFile?: string;
  /** Another entry file than src/main.ts, relative to the project. */
  entry?: string;
  nodeArgs?: string[];
}

export interface MailroomProcess {
  readonly pid: number;
  readonly lines: readonly LogLine[];
  /** Everything it ever wrote to stdout and stderr, for the secrecy test. */
  output(): string;
  running(): boolean;
  exitCode(): number | null;
  events(name: string): LogLine[];
  /** The first line with that event (and predicate), past or coming. @throws with the log's tail when it ends or time is over. */
  waitForEvent(name: string, predicate?: (line: LogLine) => boolean, options?: WaitOptions): Promise<LogLine>;
  waitForExit(timeoutMs?: number): Promise<number | null>;
  kill9(): Promise<void>;
  sigstop(): void;
  sigcont(): void;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, waits for the graceful end; resolves with the exit code. */
  stop(graceMs?: number): Promise<number | null>;
}

/** Environment without what a parent npm or vitest left there: Mailroom must see only what the test gives. */
function cleanEnv(extra: Record<string, string>): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'USER'];
  const base = Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  return { ...base, ...extra };
}

export function startMailroom(options: MailroomOptions): MailroomProcess {
  const started: StartedProcess = startProcess(
    `mailroom ${options.args.join(' ')}`,
    process.execPath,
    [...(options.nodeArgs ?? []), `${root}${options.entry ?? 'src/main.ts'}`, ...options.args],
    {
      cwd: options.cwd ?? root,
      env: cleanEnv({ ...(options.caFile ? { NODE_EXTRA_CA_CERTS: options.caFile } : {}), ...options.env }),
    },
  );
  const lines: LogLine[] = [];
  const chunks: string[] = [];
  let rest = '';
  started.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    chunks.push(chunk);
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part.startsWith('{')) lines.push(parse(part));
  });
  started.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  const output = () => chunks.join('');
  const end = () => output().split('\n').slice(-25).join('\n');

  return {
    pid: started.pid,
    lines,
    output,
    running: started.running,
    exitCode: () => started.child.exitCode,
    events: (name) => lines.filter((line) => line.event === name),
    waitForEvent: (name, predicate = () => true, wait = {}) =>
      waitFor(() => lines.find((line) => line.event === name && predicate(line)), {
        timeoutMs: 60_000,
        hopeless: () => !started.running(),
        describe: () =>
          `event ${name} (process ${started.running() ? 'runs' : 'has ended'}); its last lines:\n${end()}`,
        ...wait,
      }),
    waitForExit: async (timeoutMs = 60_000) => {
      await waitFor(() => !started.running(), {
        timeoutMs,
        describe: () => `mailroom to end; its last lines:\n${end()}`,
      });
      // The process is gone; what it wrote last may still be in the pipes.
      await Promise.all(
        [started.child.stdout, started.child.stderr].map(
          (stream) => stream && !stream.readableEnded && finished(stream).catch(() => {}),
        ),
      );
      return started.child.exitCode;
    },
    kill9: () => started.kill9(),
    sigstop: () => started.signal('SIGSTOP'),
    sigcont: () => started.signal('SIGCONT'),
    signal: started.signal,
    stop: async (graceMs = 20_000) => {
      started.signal('SIGCONT');
      return started.stop(graceMs);
    },
  };
}

function parse(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return {};
  }
}
