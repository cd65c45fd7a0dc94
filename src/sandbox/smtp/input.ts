// Reading side of an SMTP connection: lines, a message up to its dot, or a counted chunk (BDAT), whichever the dialogue needs next.
import type { Socket } from 'node:net';

/** Lines longer than this end the connection; XOAUTH2 responses of 12 KB must pass (RFC 4954 §4). Bytes. */
const MAX_LINE = 32_768;
/** Buffered and not yet taken, before the socket is paused. Bytes. */
const HIGH_WATER = 1_048_576;

const DOT = Buffer.from('\r\n.\r\n');

export type Input = ReturnType<typeof createInput>;

export function createInput(socket: Socket) {
  let chunks: Buffer[] = [];
  let size = 0;
  let closed = false;
  let wake: (() => void) | undefined;

  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > HIGH_WATER) socket.pause();
    wake?.();
  };
  const onClose = (): void => {
    closed = true;
    wake?.();
  };
  socket.on('data', onData);
  socket.once('close', onClose);
  socket.once('end', onClose);

  /** The next bytes as they came; undefined at the end of the connection. */
  const take = async (): Promise<Buffer | undefined> => {
    while (chunks.length === 0) {
      if (closed) return undefined;
      if (socket.isPaused()) socket.resume();
      const more = Promise.withResolvers<void>();
      wake = more.resolve;
      await more.promise;
      wake = undefined;
    }
    const chunk = chunks.shift();
    size -= chunk?.length ?? 0;
    return chunk;
  };
  const putBack = (chunk: Buffer): void => {
    if (chunk.length === 0) return;
    chunks.unshift(chunk);
    size += chunk.length;
  };

  return {
    /** The next line without its end; undefined at the end of the connection or beyond the limit. */
    async line(): Promise<string | undefined> {
      let line = Buffer.alloc(0);
      for (;;) {
        const chunk = await take();
        if (!chunk || line.length > MAX_LINE) return undefined;
        const end = chunk.indexOf(10);
        if (end >= 0) {
          putBack(chunk.subarray(end + 1));
          return Buffer.concat([line, chunk.subarray(0, end)])
            .toString('utf8')
            .replace(/\r$/, '');
        }
        line = Buffer.concat([line, chunk]);
      }
    },
    /** A message up to its dot, un-stuffed (RFC 5321 §4.5.2); undefined at the end of the connection or beyond `most` bytes. */
    async message(most = Number.POSITIVE_INFINITY): Promise<Buffer | undefined> {
      const parts: Buffer[] = [];
      let total = 0;
      // The line end before the first line counts, so that an empty message is found too.
      let tail: Buffer = Buffer.from('\r\n');
      for (;;) {
        const chunk = await take();
        if (!chunk) return undefined;
        const seam = Buffer.concat([tail, chunk]);
        const end = seam.indexOf(DOT);
        if (end >= 0) {
          const last = end + 2 - tail.length;
          if (last >= 0) parts.push(chunk.subarray(0, last));
          putBack(chunk.subarray(end + DOT.length - tail.length));
          const whole = Buffer.concat(parts);
          return unstuff(last < 0 ? whole.subarray(0, whole.length + last) : whole);
        }
        parts.push(chunk);
        total += chunk.length;
        tail = seam.subarray(Math.max(0, seam.length - (DOT.length - 1)));
        if (total > most) return undefined;
      }
    },
    /** Exactly this many bytes (BDAT). */
    async exactly(count: number): Promise<Buffer | undefined> {
      const parts: Buffer[] = [];
      let missing = count;
      while (missing > 0) {
        const chunk = await take();
        if (!chunk) return undefined;
        parts.push(chunk.subarray(0, missing));
        putBack(chunk.subarray(missing));
        missing -= Math.min(missing, chunk.length);
      }
      return Buffer.concat(parts);
    },
    /** Stops listening and forgets what was buffered: nothing sent before STARTTLS may count after it (RFC 3207 §5). */
    detach(): void {
      socket.off('data', onData);
      chunks = [];
    },
  };
}

function unstuff(bytes: Buffer): Buffer {
  if (bytes[0] !== 46 && bytes.indexOf('\n.') < 0) return bytes;
  const text = bytes
    .toString('latin1')
    .replace(/^\./, '')
    .replace(/\r\n\./g, '\r\n');
  return Buffer.from(text, 'latin1');
}
