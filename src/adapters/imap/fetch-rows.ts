// One running FETCH as a stream of rows, for connection.ts: imapflow sends the command, watches over it and ends it. Rows with a whole message are
// taken out of its input by row-reader.ts; all others come by its own generator, so that what is unusual is slower and nothing else.
import type { Transform, TransformCallback } from 'node:stream';
import type { FetchMessageObject, FetchQueryObject, ImapFlow } from 'imapflow';
import type { FetchedMessage } from './connection.ts';
import { rowReader } from './row-reader.ts';
import { createSlabs } from './slabs.ts';

/** What may wait for the consumer before the server is made to wait. */
const MOST_ROWS = 64;
const MOST_BYTES = 2 * 1024 * 1024;

/** What is used of imapflow's inside (pinned; the test of this file fails when a new version looks different). */
interface Inside {
  streamer?: Transform & { state?: number; lineBytes?: number; inputBuffer?: unknown[] };
  /** imapflow's own sign that silence is this side's: its socket time-out waits. */
  _processingResponse?: boolean;
}
const allocate = createSlabs();

/** ImapStream between two lines. */
const LINE = 1;

/**
 * Rows of `UID FETCH range`, in the order of their arrival. Whoever stops early leaves the command running: what still comes is thrown away.
 * @param range set of UIDs
 * @param maxLiteral bytes of the largest message that may come at once
 * @param rowOf imapflow's row → ours
 * @throws what imapflow throws: the server's refusal, a lost connection
 */
export async function* fetchRows(
  client: ImapFlow,
  range: string,
  query: FetchQueryObject,
  maxLiteral: number,
  rowOf: (message: FetchMessageObject) => FetchedMessage,
): AsyncGenerator<FetchedMessage> {
  let rows: FetchedMessage[] = [];
  let bytes = 0;
  let ended = false;
  let stopped = false;
  let failure: { error: unknown } | undefined;
  let arrived: (() => void) | undefined;
  let waiting: (() => void)[] = [];

  const put = (row: FetchedMessage): void => {
    if (stopped) return;
    rows.push(row);
    bytes += row.source?.length ?? 0;
    arrived?.();
  };
  const room = (): Promise<void> | undefined =>
    !stopped && (rows.length >= MOST_ROWS || bytes >= MOST_BYTES)
      ? new Promise((resolve) => waiting.push(resolve))
      : undefined;
  const release = (): void => {
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve();
  };

  const untap = tap(client, maxLiteral, put, room);
  const command = async (): Promise<void> => {
    try {
      for await (const message of client.fetch(range, query, { uid: true })) {
        put(rowOf(message));
        await room();
      }
    } catch (error) {
      failure = { error };
    } finally {
      untap();
      ended = true;
      arrived?.();
    }
  };
  void command();

  try {
    for (;;) {
      const row = rows.shift();
      if (row !== undefined) {
        bytes -= row.source?.length ?? 0;
        if (rows.length < MOST_ROWS / 2 && bytes < MOST_BYTES / 2) release();
        yield row;
      } else if (failure !== undefined) throw failure.error;
      else if (ended) return;
      else
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
    }
  } finally {
    stopped = true;
    rows = [];
    release();
  }
}

/** Puts a row reader before imapflow's parser. @returns what takes it away again */
function tap(
  client: ImapFlow,
  maxLiteral: number,
  onRow: (row: FetchedMessage) => void,
  room: () => Promise<void> | undefined,
): () => void {
  const inside = client as unknown as Inside;
  const { streamer } = inside;
  // In the middle of an answer the bytes cannot be told apart: then imapflow reads all of them.
  if (streamer?.state !== LINE || streamer.lineBytes !== 0 || streamer.inputBuffer?.length !== 0) return () => {};
  const reader = rowReader(maxLiteral, onRow, allocate);
  const parse = streamer._transform;
  streamer._transform = (chunk: Buffer, encoding: BufferEncoding, next: TransformCallback): void => {
    const rest = reader.push(chunk);
    const done: TransformCallback = (...outcome) => {
      const wait = room();
      if (wait === undefined) return next(...outcome);
      inside._processingResponse = true;
      void wait.then(() => {
        inside._processingResponse = false;
        next(...outcome);
      });
    };
    if (rest.length === 0) done();
    else parse.call(streamer, rest.length === 1 ? rest[0] : Buffer.concat(rest), encoding, done);
  };
  return () => {
    streamer._transform = parse;
    const held = reader.drain();
    if (held.length > 0 && !streamer.destroyed) parse.call(streamer, Buffer.concat(held), 'binary', () => {});
  };
}
