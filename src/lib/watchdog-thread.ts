// The thread of watchdog.ts. It counts checks, not time: a process that was suspended as a whole has not stalled.
import { writeSync } from 'node:fs';
import { type Debugger, Session } from 'node:inspector';
import { workerData } from 'node:worker_threads';
import { LOOK_MS, STALLED_EXIT_CODE, type WatchdogSetup } from './watchdog.ts';

const { beats, looks } = workerData as WatchdogSetup;

/** Longest time of one step of ending the process, ms: a main thread in a system call does not react to any. */
const STEP_MS = 2_000;

let last = Atomics.load(beats, 0);
let without = 0;
const timer = setInterval(() => {
  const now = Atomics.load(beats, 0);
  without = now === last ? without + 1 : 0;
  last = now;
  if (without < looks) return;
  clearInterval(timer);
  void end();
}, LOOK_MS);

async function end(): Promise<void> {
  const session = new Session();
  session.connectToMainThread();
  const frames = await within(stackOf(session));
  const stack = frames ?? ['(not to be had: not in JavaScript, but in a system call or a native function)'];
  const seconds = (looks * LOOK_MS) / 1_000;
  const lines = [
    `mailroom: the main thread has not answered for ${seconds} s; the process ends with code ${STALLED_EXIT_CODE}. It is at:`,
    ...stack.map((line) => `    at ${line}`),
  ];
  writeSync(2, `${lines.join('\n')}\n`);
  // An exit here would end only this thread.
  session.post('Runtime.evaluate', { expression: `process.reallyExit(${STALLED_EXIT_CODE})` });
  await within(new Promise(() => {}));
  process.kill(process.pid, 'SIGKILL');
}

/** Pauses the main thread as a debugger does, wherever it is. */
function stackOf(session: Session): Promise<string[]> {
  const urls = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
  const line = ({ functionName, location }: Debugger.CallFrame) =>
    `${functionName || '(anonymous)'} (${urls.get(location.scriptId) ?? ''}:${location.lineNumber + 1})`;
  return new Promise((resolve) => {
    session.on('Debugger.paused', ({ params }) => resolve(params.callFrames.slice(0, 30).map(line)));
    session.post('Debugger.enable', () => session.post('Debugger.pause'));
  });
}

function within<T>(answer: Promise<T>): Promise<T | undefined> {
  return Promise.race([answer, new Promise<undefined>((resolve) => setTimeout(resolve, STEP_MS, undefined))]);
}
