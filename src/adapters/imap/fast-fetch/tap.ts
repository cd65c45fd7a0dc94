// Where the bytes of a connection come in, before any stream of Node's or imapflow's sees them: during a FETCH of whole messages a row reader takes
// its rows out here (fetch-rows.ts), and copies them to where they stay. That saves a fresh buffer for every 16 KB, two streams' bookkeeping, and the
// collections for both: a sixth of what a message costs in all (docs/performance.md).
import type { Socket } from 'node:net';
import type { Transform } from 'node:stream';
import type { ImapFlow } from 'imapflow';
import type { RowReader } from './row-reader.ts';

/** What is used of imapflow's inside (pinned; fetch-rows.test.ts fails when a new version looks different). */
interface Inside {
  socket?: Socket;
  streamer?: Transform & { state?: number; lineBytes?: number; inputBuffer?: unknown[] };
  /** imapflow's own sign that silence is this side's: its socket time-out waits. */
  _processingResponse?: boolean;
}

/** ImapStream between two lines. */
const LINE = 1;

/**
 * For tls.connect (net.Socket's `onread`): all connections read into one buffer. What is not tapped gets a copy of its own. Node leaves it aside
 * when TLS is begun on a socket that is there already (STARTTLS, a proxy): then each read has a buffer of its own.
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
 * @param room when nobody takes the rows: what is to be waited for before more is read
 * @returns what takes it away again; undefined where imapflow's inside looks different, and nothing was put there
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
  /** All that came before is with imapflow, and it is between two answers. In the middle of one the bytes could not be told apart. */
  const between = () =>
    socket.readableLength === 0 &&
    streamer.writableLength === 0 &&
    streamer.state === LINE &&
    streamer.lineBytes === 0 &&
    streamer.inputBuffer?.length === 0;
  let begun = false;
  /** What came while there was no room, in order; null is the end. */
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
    // The stream does not know that it was kept waiting: only reading on wakes the socket.
    if (!waiting && !socket.destroyed) socket._read(0);
  };

  socket.push = (chunk: Buffer | null): boolean => {
    begun ||= between();
    if (begun && !waiting) return take(chunk);
    // The memory of the chunk is used for the next one.
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
