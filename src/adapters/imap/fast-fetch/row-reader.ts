// Takes whole messages out of the bytes of a running UID FETCH before imapflow parses them: its parser spends more CPU on a message than TLS and our MIME
// parser together. Only rows of the one requested shape are taken; every other byte goes to imapflow as it came.

import type { FetchedMessage } from '../../../inbound/ports.ts';
import type { Allocate, Piece } from '../../../lib/slabs.ts';
import type { Ticket } from './read-budget.ts';

const ROW = /^\* \d{1,10} FETCH \(/i;
/** The literal of the whole message, or of its beginning: BODY[] {n} or BODY[]<0> {n} (RFC 9051 §7.5.2). */
const SOURCE = /[ (]BODY\[\](?:<0>)? \{\d{1,10}\}\r\n$/i;
const ANNOUNCED = /\{(\d{1,10})\}\r\n$/;
const NOTHING = Buffer.alloc(0);
/** Longest text of a row before its literal, bytes. */
const MOST_TEXT = 4_096;

interface Pushed {
  /** Bytes that belong to no row, in order. */
  rest: readonly Buffer[];
  /** A message that must wait for budget: `left` must be pushed then, and nothing before. */
  blocked?: { ready: Promise<void>; left: Buffer };
}

export type RowReader = ReturnType<typeof rowReader>;

/**
 * @param maxLiteral largest literal taken, bytes; larger ones are left to imapflow and its own bound
 * @param allocate memory of the messages; the row's `release` returns it
 * @param ask requests budget for this many bytes
 */
export function rowReader(
  maxLiteral: number,
  onRow: (row: FetchedMessage) => void,
  allocate: Allocate,
  ask: (bytes: number) => Ticket,
) {
  /** The beginning of an incomplete line. */
  let partial: Buffer | undefined;
  /** Our row: its text up to the literal, and the received part of the literal. */
  let head: Buffer | undefined;
  let ticket: Ticket | undefined;
  let lent: Piece | undefined;
  let source: Buffer = NOTHING;
  let filled = 0;
  /** Announced bytes of our row's literal. */
  let length = 0;
  /** Bytes to come of a literal that is not ours. */
  let foreign = 0;
  /** In a row with two messages: the first literal was longer than its message, and imapflow would take the second for it. */
  let dropping = false;
  const forget = (): void => {
    head = undefined;
    ticket = undefined;
    lent = undefined;
    source = NOTHING;
    filled = 0;
  };

  return {
    /** Hands on the rows that end in these bytes. The incomplete rest is copied and waits for the next bytes; the chunk is not kept. */
    push(chunk: Buffer): Pushed {
      const rest: Buffer[] = [];
      for (let at = 0; at < chunk.length; ) {
        if (head !== undefined && lent === undefined) {
          lent = allocate(length);
          source = lent.memory;
          filled = 0;
        }
        if (head !== undefined && filled < source.length) {
          const taken = chunk.copy(source, filled, at);
          filled += taken;
          at += taken;
          continue;
        }
        if (foreign > 0) {
          const passed = chunk.subarray(at, at + foreign);
          if (!dropping) rest.push(passed);
          foreign -= passed.length;
          at += passed.length;
          continue;
        }
        const lineFeed = chunk.indexOf(0x0a, at);
        const piece = chunk.subarray(at, lineFeed === -1 ? chunk.length : lineFeed + 1);
        at += piece.length;
        const line: Buffer = partial === undefined ? piece : Buffer.concat([partial, piece]);
        partial = undefined;
        if (lineFeed === -1) {
          // A line too long for a row is passed on: its beginning shows that it is not ours.
          if (line.length > MOST_TEXT && head === undefined) rest.push(line);
          else partial = Buffer.from(line);
          continue;
        }
        const text = line.toString('latin1', Math.max(0, line.length - MOST_TEXT));
        const literal = Number(ANNOUNCED.exec(text)?.[1] ?? -1);
        if (dropping) {
          dropping = literal !== -1;
          foreign = Math.max(0, literal);
          continue;
        }
        if (head !== undefined) {
          // After the literal: further items, and the end of the row.
          const row = literal === -1 ? rowOf(head.toString('latin1'), text, source) : undefined;
          const [piece, bytes] = [lent, ticket];
          if (row === undefined) {
            dropping = literal !== -1 && SOURCE.test(text);
            if (!dropping) rest.push(head, source, line);
            bytes?.give();
          } else {
            row.release = () => {
              piece?.release();
              bytes?.give();
            };
            onRow(row);
          }
          if (literal > 0) foreign = literal;
          forget();
          continue;
        }
        if (line.length <= MOST_TEXT && literal >= 0 && literal <= maxLiteral && ROW.test(text) && SOURCE.test(text)) {
          head = Buffer.from(line);
          length = literal;
          ticket = ask(literal);
          if (ticket.ready !== undefined) return { rest, blocked: { ready: ticket.ready, left: chunk.subarray(at) } };
        } else {
          rest.push(line);
          if (literal > 0) foreign = literal;
        }
      }
      return { rest };
    },
    /** Returns the incomplete rest. */
    drain(): readonly Buffer[] {
      const held = head === undefined ? [] : [head, source.subarray(0, filled)];
      if (partial !== undefined) held.push(partial);
      partial = undefined;
      ticket?.give();
      forget();
      return held;
    },
  };
}

/** @returns undefined when the text is not the requested row */
function rowOf(before: string, after: string, source: Buffer): FetchedMessage | undefined {
  if (!/\)\r?\n$/.test(after)) return undefined;
  const items = `${before.slice(before.indexOf('(') + 1, before.lastIndexOf('BODY['))}${after}`;
  const uid = Number(/(?:^|[ )"])UID (\d{1,10})(?=[ )])/i.exec(items)?.[1] ?? 0);
  if (uid === 0) return undefined;
  return {
    uid,
    internalDate: dateOf(/INTERNALDATE "([^"]{1,40})"/i.exec(items)?.[1] ?? ''),
    size: Number(/RFC822\.SIZE (\d{1,12})/i.exec(items)?.[1] ?? 0) || undefined,
    source: source.length === 0 ? undefined : source,
  };
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * date-time of RFC 9051 §9: "17-Jul-1996 02:44:25 -0700", the day with a blank before it when it has one digit.
 * @returns undefined for anything else
 */
export function dateOf(text: string): Date | undefined {
  const match = /^ ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [, day, month = '', year, hour, minute, second, sign, zoneHours, zoneMinutes] = match;
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -60_000 : 60_000);
  const monthIndex = MONTHS.indexOf(month.toLowerCase());
  if (monthIndex === -1) return undefined;
  const local = Date.UTC(Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second));
  return new Date(local - zone);
}
