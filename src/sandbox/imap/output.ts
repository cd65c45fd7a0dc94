// What is sent to one client: small pieces are gathered into few TLS records, large ones are written with back-pressure. Two faults are
// implemented here: a stalled connection writes nothing more, a slow one trickles.
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Gathered up to here before a write; one TLS record holds 16 KB. Bytes. */
const GATHER = 65_536;

export type Output = ReturnType<typeof createOutput>;

export function createOutput(socket: Socket, bytesPerSecond: () => number | undefined) {
  let pieces: (string | Buffer)[] = [];
  let size = 0;
  let stalled = false;
  let trickling = Promise.resolve();

  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      const done = () => {
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      socket.once('drain', done);
      socket.once('close', done);
    });

  const send = async (bytes: Buffer): Promise<void> => {
    const rate = bytesPerSecond();
    if (rate === undefined) {
      if (!socket.write(bytes)) await drained();
      return;
    }
    // One after the other: a push in IDLE must not split an answer that still trickles.
    trickling = trickling.then(() => trickle(bytes, rate));
    await trickling;
  };

  const trickle = async (bytes: Buffer, rate: number): Promise<void> => {
    const step = Math.max(1, Math.floor(rate / 20));
    for (let at = 0; at < bytes.length && !socket.destroyed && !stalled; at += step) {
      socket.write(bytes.subarray(at, at + step));
      await sleep(50);
    }
  };

  const flush = async (): Promise<void> => {
    if (size === 0) return;
    const bytes =
      pieces.length === 1 && Buffer.isBuffer(pieces[0])
        ? pieces[0]
        : Buffer.concat(
            pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)),
            size,
          );
    pieces = [];
    size = 0;
    if (stalled || socket.destroyed || socket.writableEnded) return;
    await send(bytes);
  };

  return {
    /** Adds to what is sent at the next flush; strings are latin1. */
    put(...more: (string | Buffer)[]): void {
      for (const piece of more) {
        pieces.push(piece);
        size += piece.length;
      }
    },
    /** Whether enough has been gathered to send. */
    get full(): boolean {
      return size >= GATHER;
    },
    flush,
    line(text: string): Promise<void> {
      this.put(`${text}\r\n`);
      return flush();
    },
    /** Sends nothing more, ever; the connection stays open. */
    stall(): void {
      stalled = true;
      socket.pause();
    },
    get stalled(): boolean {
      return stalled;
    },
  };
}
