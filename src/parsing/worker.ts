// A parser worker: one request after the other, one item after the other. Everything that reads the bytes of strangers runs here, where the pool
// can end it (pool.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { htmlToText, type ParseOptions, parseHeadersOnly, parseMessage } from '../mime/index.ts';
import type { Answer, Kind, Request, Work, WorkerSetup } from './protocol.ts';
import { replyBodies } from './reply-bodies.ts';

const { progress } = workerData as WorkerSetup;

const work: { [K in Kind]: (item: Work[K]['item'], options: ParseOptions) => Work[K]['result'] } = {
  message: parseMessage,
  headers: parseHeadersOnly,
  text: (html) => htmlToText(Buffer.from(html).toString()).text,
  reply: replyBodies,
};

function answer<K extends Kind>(kind: K, item: Work[K]['item'], options: ParseOptions): Answer<K> {
  try {
    return { result: work[kind](item, options) };
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown.name : 'unknown' };
  }
}

parentPort?.on('message', ({ kind, items, options }: Request) => {
  const answers = items.map((item, i) => {
    Atomics.store(progress, 0, i);
    return answer(kind, item, options);
  });
  for (const item of items) letGo(item);
  parentPort?.postMessage(answers);
});

/** Frees memory that was handed over: the garbage collector would keep it for long, because the object that holds it is small. */
function letGo(item: Work[Kind]['item']): void {
  if (item instanceof Uint8Array && item.buffer instanceof ArrayBuffer) item.buffer.transfer(0);
}
