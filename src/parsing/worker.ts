// A parser worker: one request after another, one item after another. All parsing of strangers' bytes runs here, where the pool can end it (pool.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { htmlToText, type ParseOptions, parseHeadersOnly, parseMessage } from '../mime/index.ts';
import { packed } from './packed.ts';
import type { Answer, Kind, Request, Work, WorkerSetup } from './protocol.ts';
import { replyBodies } from './reply-bodies.ts';

const { progress } = workerData as WorkerSetup;

/** Bodies are written to this memory at once, and never reach the old generation here; transferred with the answers. */
let chunks: Buffer<ArrayBuffer>[] = [];
let used = 0;
/** Bodies of a batch, as a rule. */
const CHUNK_BYTES = 1 << 18;

function write(json: string): Uint8Array {
  const bytes = Buffer.byteLength(json);
  let chunk = chunks.at(-1);
  if (chunk === undefined || used + bytes > chunk.length) {
    chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes));
    chunks.push(chunk);
    used = 0;
  }
  chunk.write(json, used);
  used += bytes;
  return new Uint8Array(chunk.buffer, used - bytes, bytes);
}

const work: { [K in Kind]: (item: Work[K]['item'], options: ParseOptions) => Work[K]['result'] } = {
  message: (raw, options) => packed(parseMessage(raw, options), write),
  headers: (head, options) => packed(parseHeadersOnly(head, options), write),
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
  // Transferred items are freed at once (up to 40 MB): the garbage collector does not know how much memory such a small object holds.
  for (const item of items)
    if (item instanceof Uint8Array && item.buffer instanceof ArrayBuffer) item.buffer.transfer(0);
  parentPort?.postMessage(
    answers,
    chunks.map(({ buffer }) => buffer),
  );
  chunks = [];
});
