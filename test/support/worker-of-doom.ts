// A parser worker in which a mail or the html of a reply says what becomes of its worker, because the real parser has no killers that anybody knows.
// Everything else is parsed as ever.
import { parentPort, workerData } from 'node:worker_threads';
import { parseMessage } from '../../src/mime/index.ts';
import type { Request, WorkerSetup } from '../../src/parsing/protocol.ts';
import { replyBodies } from '../../src/parsing/reply-bodies.ts';

const { progress } = workerData as WorkerSetup;
const hoard: unknown[] = [];

const dooms: Record<string, () => void> = {
  loop: () => {
    for (;;) progress.byteLength;
  },
  // Exponential: the engine itself does not return.
  expression: () => void /^(a+)+$/.test(`${'a'.repeat(64)}b`),
  memory: () => {
    for (;;) hoard.push(new Array(10_000).fill({ ...hoard }));
  },
  exit: () => process.exit(3),
  /** The whole process, as a fault of the engine or the kernel's hunt for memory ends it. */
  kill: () => {
    process.kill(process.pid, 'SIGKILL');
    for (;;) progress.byteLength;
  },
  error: () => {
    throw new RangeError('of doom');
  },
};

parentPort?.on('message', ({ items, options }: Request) => {
  const answers = items.map((item, i) => {
    Atomics.store(progress, 0, i);
    try {
      const text = item instanceof Uint8Array ? Buffer.from(item.subarray(0, 200)).toString() : (item.html ?? '');
      dooms[/^X-Doom: (\w+)/m.exec(text)?.[1] ?? '']?.();
      return { result: item instanceof Uint8Array ? parseMessage(item, options) : replyBodies(item) };
    } catch (thrown) {
      return { error: (thrown as Error).name };
    }
  });
  parentPort?.postMessage(answers);
});
