// Bytes of a connection → whole commands (lines with their literals), in order, with back-pressure.
import type { Socket } from 'node:net';
import { LARGEST_MESSAGE } from '../tenant.ts';
import type { CommandPart } from './tokens.ts';

/** Longest line without its literals; tokens of 5 KB must pass, endless lines must not. Bytes. */
const MAX_LINE = 65_536;
interface ReaderEvents {
  /** A complete command. */
  command(parts: CommandPart[]): void;
  /** The client waits for permission to send a literal (RFC 3501 §7.5). */
  literalAnnounced(): void;
  /** Line or literal over the limit: the connection cannot continue. */
  overflow(): void;
}

/** Reads what the socket delivers; its pause and resume limit how many commands are handed out. */
export function readCommands(socket: Socket, events: ReaderEvents): void {
  let line: Buffer = Buffer.alloc(0);
  let parts: CommandPart[] = [];
  let literal: { chunks: Buffer[]; missing: number } | undefined;

  const takeLine = (bytes: Buffer): void => {
    const text = bytes.toString('latin1').replace(/\r$/, '');
    const announced = /\{(\d+)(\+?)\}$/.exec(text);
    if (!announced) {
      const whole = [...parts, text];
      parts = [];
      events.command(whole);
      return;
    }
    const missing = Number(announced[1]);
    if (missing > LARGEST_MESSAGE) {
      events.overflow();
      return;
    }
    parts.push(text.slice(0, announced.index));
    literal = { chunks: [], missing };
    if (announced[2] !== '+') events.literalAnnounced();
    if (missing === 0) endLiteral();
  };

  const endLiteral = (): void => {
    if (!literal) return;
    parts.push(Buffer.concat(literal.chunks));
    literal = undefined;
  };

  socket.on('data', (received: Buffer) => {
    let chunk = received;
    while (chunk.length > 0) {
      if (literal) {
        const taken = chunk.subarray(0, literal.missing);
        literal.chunks.push(taken);
        literal.missing -= taken.length;
        chunk = chunk.subarray(taken.length);
        if (literal.missing === 0) endLiteral();
        continue;
      }
      const end = chunk.indexOf(10);
      if (end < 0) {
        line = Buffer.concat([line, chunk]);
        if (line.length > MAX_LINE) events.overflow();
        return;
      }
      const whole = line.length === 0 ? chunk.subarray(0, end) : Buffer.concat([line, chunk.subarray(0, end)]);
      line = Buffer.alloc(0);
      chunk = chunk.subarray(end + 1);
      takeLine(whole);
    }
  });
}
