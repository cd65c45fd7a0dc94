// One worker thread and the request it has in work.
import { type ResourceLimits, Worker } from 'node:worker_threads';
import type { Answer, Request, WorkerSetup } from './protocol.ts';

/** How a worker ended unasked, with the name or code of its error. */
interface Death {
  ending: 'memory' | 'crash';
  detail: string;
}

interface LaneEvents {
  answered(answers: readonly Answer[]): void;
  /** Once, unless `end` was called. */
  died(death: Death): void;
}

/** Memory that the mails of one request are copied to, used again by the next; a batch is 1 MiB. What does not fit has memory of its own. */
const ARENA_BYTES = 2 * 2 ** 20;

export type Lane = ReturnType<typeof openLane>;

export function openLane(script: URL, resourceLimits: ResourceLimits, events: LaneEvents) {
  const progress = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const arena = new Uint8Array(new SharedArrayBuffer(ARENA_BYTES));
  const setup: WorkerSetup = { progress };
  const worker = new Worker(script, { workerData: setup, resourceLimits, env: {} });
  let death: Death | undefined;
  let ended = false;
  worker.on('error', (error: NodeJS.ErrnoException) => {
    const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    death ??= { ending: outOfMemory ? 'memory' : 'crash', detail: error.code ?? error.name };
  });
  worker.on('exit', (code) => {
    if (!ended) events.died(death ?? { ending: 'crash', detail: `exit ${code}` });
  });
  worker.on('message', (answers: Answer[]) => {
    if (!ended) events.answered(answers);
  });

  return {
    send(request: Request, handOver: boolean): void {
      Atomics.store(progress, 0, -1);
      const [items, transfer] = handOver ? handedOver(request) : copied(request, arena);
      worker.postMessage({ ...request, items }, transfer);
    },
    /** Index of the item in work; -1 while the worker starts, or has not seen the request yet. */
    item: (): number => Atomics.load(progress, 0),
    /** Ends the worker, also in the middle of an item. Resolves when it reads no memory any more. */
    async end(): Promise<void> {
      ended = true;
      await worker.terminate();
    },
    /** Whether the process must stay alive for this lane. */
    keepsProcess(keeps: boolean): void {
      if (keeps) worker.ref();
      else worker.unref();
    },
  };
}

/**
 * The items with copies of their bytes, which end up in the worker; the originals stay, so that a request can be sent again. A copy costs a
 * hundredth of what parsing does, and the memory of the copy is the worker's alone: no mail that is still read can be overwritten or freed.
 */
function copied({ items }: Request, arena: Uint8Array): [items: Request['items'], transfer: ArrayBuffer[]] {
  const transfer: ArrayBuffer[] = [];
  let used = 0;
  const copies = items.map((item) => {
    if (!(item instanceof Uint8Array)) return item;
    if (used + item.length > arena.length) {
      const copy = new Uint8Array(item);
      transfer.push(copy.buffer);
      return copy;
    }
    arena.set(item, used);
    used += item.length;
    return arena.subarray(used - item.length, used);
  });
  return [copies, transfer];
}

const handedOver = ({ items }: Request): [items: Request['items'], transfer: ArrayBuffer[]] => [
  items,
  items.flatMap((item) => (item instanceof Uint8Array ? [item.buffer as ArrayBuffer] : [])),
];
