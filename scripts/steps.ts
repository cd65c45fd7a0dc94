// The steps behind `npm test` and `npm run check`: static checks, vitest projects, servers. Each runs as a process, says what it does,
// and gives back counts; closing() prints the table and the last line `N passed, N failed`.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));
const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const say = (line: string) => process.stdout.write(`${line}\n`);

export interface Outcome {
  step: string;
  ok: boolean;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  /** Failing tests or reasons, one line each. */
  complaints: string[];
}

export interface Run {
  /** Folder that all temporary files of the run lie in (TMPDIR of its processes). */
  readonly tmp: string;
  readonly env: NodeJS.ProcessEnv;
  readonly seed: number;
}

/** Prepares a run: a temp folder of its own, by which its processes are recognised at the end, and the seed of the test order. */
export function startRun(seed = Math.floor(Math.random() * 2 ** 31)): Run {
  // Short: unix sockets below it must stay under 108 characters.
  const tmp = mkdtempSync(join(tmpdir(), 'mr-'));
  chmodSync(tmp, 0o755);
  const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: tmp, TEST_RUN_DIR: tmp };
  if (!process.stdout.isTTY && env.FORCE_COLOR === undefined) env.NO_COLOR = '1';
  passSignalsOn();
  return { tmp, seed, env };
}

let current: ChildProcess | undefined;
let interrupted = false;
export const wasInterrupted = () => interrupted;

/** Ctrl-C and kill end the step in hand; the closing line still comes. */
function passSignalsOn(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted = true;
      current?.kill(signal);
    });
  }
}

/** Runs a command with our own output; null when it was ended by a signal or by the time limit. */
function command(run: Run, file: string, args: string[], limitMinutes: number): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, env: run.env, stdio: ['ignore', 'inherit', 'inherit'] });
    current = child;
    const timer = setTimeout(() => {
      say(`[test] no end after ${limitMinutes} minutes: stopped`);
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 5_000).unref();
    }, limitMinutes * 60_000);
    const done = (code: number | null) => {
      clearTimeout(timer);
      current = undefined;
      resolve(code);
    };
    child.once('error', (error) => {
      say(`[test] ${file}: ${error.message}`);
      done(null);
    });
    child.once('exit', (code) => done(code));
  });
}

/** A check that is right or wrong as a whole: counts nothing when right, one failure when wrong. */
export async function check(run: Run, step: string, what: string, file: string, args: string[]): Promise<Outcome> {
  say(`\n[test] ${step}: ${what}`);
  const begin = performance.now();
  const code = await command(run, bin(file), args, 10);
  const ok = code === 0;
  const complaints = ok ? [] : [`${step}: ${file} ended with ${code ?? 'a signal'}`];
  return {
    step,
    ok,
    passed: 0,
    failed: ok ? 0 : 1,
    skipped: 0,
    seconds: (performance.now() - begin) / 1000,
    complaints,
  };
}

export const lint = (run: Run) =>
  check(run, 'lint', 'format and lint (biome check)', 'biome', ['check', '--error-on-warnings', '.']);
export const types = (run: Run) => check(run, 'types', 'types (tsc)', 'tsc', ['-p', 'tsconfig.json']);
/** What the types step does not see: declarations that cannot be named. */
export const build = (run: Run) =>
  check(run, 'build', 'what npm run build would say (tsc, declarations)', 'tsc', [
    ...['-p', 'tsconfig.build.json', '--outDir', join(run.tmp, 'dist')],
  ]);

/** The part of vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

export interface ProjectOptions {
  /** Skipped tests are accepted (a corpus that is not on this machine). */
  maySkip?: boolean;
  limitMinutes?: number;
  /** Test files at the same time; default: the cores, at most 4. */
  workers?: number;
}

/** One vitest project, counted by its JSON report. No tests, a skipped test or an unhandled error make it fail. */
export async function project(run: Run, name: string, what: string, options: ProjectOptions = {}): Promise<Outcome> {
  say(`\n[test] ${name}: ${what} (order: seed ${run.seed})`);
  const begin = performance.now();
  const file = join(run.tmp, `report-${name}.json`);
  const workers = options.workers ?? Math.min(4, Math.max(1, availableParallelism()));
  const args = [
    ...['run', '--project', name, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
    ...[`--sequence.seed=${run.seed}`, `--maxWorkers=${workers}`],
  ];
  const code = await command(run, bin('vitest'), args, options.limitMinutes ?? 15);
  const outcome = judge(name, code, readReport(file), options.maySkip ?? false);
  rmSync(file, { force: true });
  return { ...outcome, step: name, seconds: (performance.now() - begin) / 1000 };
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

/** Pure judgement of one project's run: exit code and report to counts and complaints. */
export function judge(
  name: string,
  code: number | null,
  report: Report | undefined,
  maySkip: boolean,
): Omit<Outcome, 'step' | 'seconds'> {
  if (report === undefined) {
    return {
      ok: false,
      passed: 0,
      failed: 1,
      skipped: 0,
      complaints: [`${name}: no report; vitest ended with ${code ?? 'a signal'}`],
    };
  }
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  const complaints = report.testResults.flatMap((file) => {
    const failing = file.assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName);
    // A file that does not load has no tests to fail.
    if (file.status === 'failed' && failing.length === 0) failing.push(`(file) ${(file.message ?? '').split('\n')[0]}`);
    return failing.map((test) => `${name}: ${file.name.replace(root, '')} > ${test}`);
  });
  if (skipped > 0 && !maySkip) complaints.push(`${name}: ${skipped} skipped; a test runs or does not exist`);
  if (passed + report.numFailedTests === 0 && !(maySkip && skipped > 0)) complaints.push(`${name}: no test ran`);
  if (code !== 0 && complaints.length === 0)
    complaints.push(`${name}: vitest ended with ${code ?? 'a signal'} (unhandled error?)`);
  return {
    ok: complaints.length === 0,
    passed,
    failed: Math.max(report.numFailedTests, complaints.length),
    skipped,
    complaints,
  };
}

/** A step that was not run because of an earlier one. */
export const notRun = (step: string, why: string): Outcome => ({
  ...{ step, ok: false, passed: 0, failed: 1, skipped: 0, seconds: 0 },
  complaints: [`${step}: not run, ${why}`],
});

/** Processes that belong to the run and still live: they carry its mark or name its folder. Linux only; elsewhere none. */
export function strays(run: Run): { pid: number; command: string }[] {
  const text = (pid: number, what: string) => {
    try {
      return readFileSync(`/proc/${pid}/${what}`, 'utf8');
    } catch {
      return '';
    }
  };
  let pids: number[];
  try {
    pids = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
  return pids.flatMap((pid) => {
    const line = text(pid, 'cmdline').replaceAll('\0', ' ').trim();
    const ours = text(pid, 'environ').includes(`TEST_RUN_DIR=${run.tmp}\0`) || line.includes(run.tmp);
    return ours && pid !== process.pid ? [{ pid, command: line.slice(0, 160) }] : [];
  });
}

/** Checks that nothing of the run is left, and ends what is. */
export async function cleanUp(run: Run): Promise<Outcome | undefined> {
  let left = strays(run);
  for (let i = 0; i < 30 && left.length > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    left = strays(run);
  }
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
  const folders = readdirSync(run.tmp).filter((name) => name.startsWith('mailroom-'));
  rmSync(run.tmp, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  if (folders.length > 0) say(`[test] temp folders left by tests, removed: ${folders.join(', ')}`);
  if (left.length === 0) return undefined;
  return {
    ...{ step: 'leftovers', ok: false, passed: 0, failed: left.length, skipped: 0, seconds: 0 },
    complaints: left.map(({ pid, command }) => `left running, now ended: ${command} (pid ${pid})`),
  };
}

/** Prints complaints, table and, as the very last line, `N passed, N failed`. @returns the exit code. */
export function closing(outcomes: readonly Outcome[]): number {
  const complaints = outcomes.flatMap((outcome) => outcome.complaints);
  if (complaints.length > 0) say(`\n[test] what is wrong:\n${complaints.map((line) => `  ${line}`).join('\n')}`);
  const row = (cells: string[]) => cells.map((cell, i) => (i < 2 ? cell.padEnd(12) : cell.padStart(8))).join(' ');
  say(`\n${row(['step', 'result', 'passed', 'failed', 'skipped', 'seconds'])}`);
  for (const { step, ok, passed, failed, skipped, seconds } of outcomes) {
    say(row([step, ok ? 'ok' : 'FAILED', `${passed}`, `${failed}`, `${skipped}`, seconds.toFixed(1)]));
  }
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const [passed, failed] = [sum((o) => o.passed), sum((o) => o.failed)];
  say(`${passed} passed, ${failed} failed`);
  return failed === 0 && outcomes.every((outcome) => outcome.ok) && !interrupted ? 0 : 1;
}
