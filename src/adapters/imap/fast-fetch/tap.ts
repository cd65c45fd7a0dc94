// Intercepts the bytes of a connection before any stream of Node or imapflow: during a FETCH of whole messages, a row reader takes its rows out here
// (fetch-rows.ts) and copies them to where they stay. That saves a fresh buffer for every 16 KB, two streams' bookkeeping, and their collection: a sixth of
// a message's whole cost (docs/performance.md).
import type { Socket } from 'node:net';
import type { Transform } from 'node:stream';
import type { ImapFlow } from 'imapflow';
import type { RowReader } from './row-reader.ts';

/** The internals of imapflow that are used (pinned; fetch-rows.test.ts fails when a new version differs). */
interface Inside {
  socket?: Socket;
  streamer?: Transform & { state?: number; lineBytes?: number; inputBuffer?: unknown[] };
  /** imapflow's flag that it is busy itself: its socket time-out does not count. */
  _processingResponse?: boolean;
}

/** ImapStream between two lines. */
const LINE = 1;

/**
 * For tls.connect (net.Socket's `onread`): all connections read into one buffer, and a connection that is not tapped gets copies. Node ignores it when
 * TLS starts on an existing socket (STARTTLS, a proxy): then each read has a buffer of its own.
 */
export const sharedRead = {
  buffer: Buffer.allocUnsafeSlow(65_536),
  callback(this: Socket, length: number, buffer: Uint8Array): boolean {
    const bytes = buffer.subarray(0, length);
    return this.push(Object.hasOwn(this, 'push') ? bytes : Buffer.from(bytes));
  },
};

/**
 * Puts a row reader before the connection's stream.
 * @param room what to await before more is read, when nobody takes the rows
 * @returns what removes it again; undefined where imapflow's internals differ, and nothing was changed
 */
export function tap(
  client: ImapFlow,
  reader: RowReader,
  room: () => Promise<void> | undefined,
): (() => void) | undefined {
  const inside = client as unknown as Inside;
  const { socket, streamer } = inside;
  if (typeof socket?.push !== 'function' || typeof streamer?.state !== 'number') return undefined;
  if (typeof streamer.lineBytes !== 'number' || !Array.isArray(streamer.inputBuffer)) return undefined;
  const pass = socket.push;
  /** imapflow has received all bytes so far, and is between two answers; in the middle of one, rows could not be recognised. */
  const between = () =>
    socket.readableLength === 0 &&
    streamer.writableLength === 0 &&
    streamer.state === LINE &&
    streamer.lineBytes === 0 &&
    streamer.inputBuffer?.length === 0;
  let begun = false;
  /** Chunks that came while there was no room, in order; null is the end. */
  let late: (Buffer | null)[] = [];
  let waiting = false;

  /** @returns whether more may come */
  const take = (chunk: Buffer | null): boolean => {
    if (chunk === null) return pass.call(socket, null);
    const { rest, blocked } = reader.push(chunk);
    const more = rest.length === 0 || pass.call(socket, Buffer.concat(rest));
    const wait = blocked?.ready ?? room();
    if (wait === undefined) return more;
    if (blocked !== undefined && blocked.left.length > 0) late.unshift(Buffer.from(blocked.left));
    waiting = true;
    inside._processingResponse = true;
    void wait.then(goOn);
    return false;
  };
  const goOn = (): void => {
    waiting = false;
    inside._processingResponse = false;
    while (!waiting) {
      const next = late.shift();
      if (next === undefined) break;
      take(next);
    }
    // The stream is not aware of the wait: only a further read wakes the socket.
    if (!waiting && !socket.destroyed) socket._read(0);
  };

  socket.push = (chunk: Buffer | null): boolean => {
    begun ||= between();
    if (begun && !waiting) return take(chunk);
    // The memory of the chunk is reused for the next one.
    const kept = chunk === null ? null : Buffer.from(chunk);
    if (!begun) return pass.call(socket, kept);
    late.push(kept);
    return false;
  };
  return () => {
    delete (socket as Partial<Socket>).push;
    const held = [...reader.drain(), ...late];
    late = [];
    if (socket.destroyed) return;
    for (const chunk of held) socket.push(chunk);
  };
}
