// A measured child process: product and peers run as processes of their own and are measured in one and the same way, from /proc.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type LogLine, type MailroomProcess, startMailroom } from '../test/support/mailroom.ts';

/** The product as it is shipped: compiled, which bench.ts does before it measures. */
export const PRODUCT = 'dist/main.js';
/** Node's flags as the image sets them (Dockerfile, ENTRYPOINT). */
export const SHIPPED = ['--max-semi-space-size=4', '--initial-old-space-size=48'];

/** What a process has used: CPU seconds (user and system) since its start, largest and present resident memory in MB. */
export interface Usage {
  cpuSeconds: number;
  peakMb: number;
  rssMb: number;
}

/** Clock ticks a second in /proc/<pid>/stat; Linux shows 100 on every architecture that Node runs on. */
const TICKS = 100;

export function usageOf(pid: number): Usage {
  return parseUsage(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** What the process uses now, or what it was last seen to use: one that has just ended shows no memory any more. */
export function latestUsage(one: Pick<MailroomProcess, 'pid' | 'running'>, last: Usage): Usage {
  const now = one.running() ? usageOf(one.pid) : last;
  return now.peakMb > 0 ? now : last;
}

export function parseUsage(stat: string, status: string): Usage {
  // pid (command) state …: the command may hold spaces. utime and stime are fields 14 and 15 (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    peakMb: Math.round(kilobytes('VmHWM') / 1024),
    rssMb: Math.round(kilobytes('VmRSS') / 1024),
  };
}

/** Starts a peer of bench/peers/ with its settings as one JSON argument; it writes events as JSON lines, as the product does. */
export function startPeer(name: string, settings: object, caFile?: string): MailroomProcess {
  return startMailroom({
    entry: `bench/peers/${name}.ts`,
    args: [JSON.stringify(settings)],
    cwd: fileURLToPath(new URL('../', import.meta.url)),
    ...(caFile === undefined ? {} : { caFile }),
  });
}

/** Milliseconds since the epoch at which the process wrote the line: exact, however late we read it. */
export function timeOf(line: LogLine | undefined): number {
  return Date.parse(String(line?.time));
}
