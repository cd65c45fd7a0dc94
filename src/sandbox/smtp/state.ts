// One submission connection: its state, and the one place where the faults of a stage strike.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { normalise } from '../addresses.ts';
import type { Tenant } from '../tenant.ts';
import type { Envelope, Exchange, SignedIn } from './exchange.ts';
import type { Input } from './input.ts';
import type { Pace } from './pace.ts';
import type { SmtpStage } from './replies.ts';

export interface Connection {
  readonly tenant: Tenant;
  readonly exchange: Exchange;
  readonly pace: Pace;
  readonly raw: Socket;
  /** The server's side of TLS over the raw socket. */
  readonly wrap: (raw: Socket) => Socket;
  /** The raw socket, or TLS over it after STARTTLS. */
  socket: Socket;
  input: Input;
  secure: boolean;
  who: SignedIn | undefined;
  envelope: Envelope | undefined;
  /** What BDAT has transferred of the message. */
  chunks: Buffer[];
}

/** Several lines of text make a multi-line reply (RFC 5321 §4.2.1). */
export interface Reply {
  code: number;
  text: string | string[];
}

/** Thrown to leave the dialogue of a connection that a fault or the client has ended. */
const GONE = Symbol('connection is over');

/** @throws GONE for undefined, which an input returns at its end */
export function present<T>(read: T | undefined): T {
  if (read === undefined) throw GONE;
  return read;
}

export function send({ socket }: Connection, { code, text }: Reply): void {
  const lines = [text].flat();
  socket.write(lines.map((line, i) => `${code}${i === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join(''));
}

/** @throws GONE */
export function cut({ socket, raw }: Connection): never {
  socket.destroy();
  raw.destroy();
  throw GONE;
}

/** Keeps the connection open and silent until the client closes it. @throws GONE */
export async function stall({ raw }: Connection): Promise<never> {
  if (!raw.destroyed) await once(raw, 'close');
  throw GONE;
}

/** Of the signed-in user, to select faults. */
export const mailboxOf = ({ who }: Connection) => (who ? { mailbox: normalise(who.user) } : {});

/** @returns the reply in place of the server's own, if there is one @throws GONE */
export async function faultAt(connection: Connection, at: SmtpStage, recipient?: string): Promise<Reply | undefined> {
  const { faults } = connection.tenant;
  if (faults.none) return undefined;
  const circumstances = { ...mailboxOf(connection), at, ...(recipient ? { recipient } : {}) };
  const slow = faults.take('slowSmtp', circumstances);
  if (slow) await sleep(slow.milliseconds ?? 1000);
  // After the dot the message is accepted or thrown away first.
  if (at !== 'afterDot' && faults.take('stallSmtp', circumstances)) await stall(connection);
  if (faults.take('dropBeforeData', circumstances)) cut(connection);
  const reply = faults.take('smtpReply', circumstances);
  const { code = 451, text = '4.3.2 Temporary server error. Please try again later' } = reply ?? {};
  return reply && { code, text };
}
