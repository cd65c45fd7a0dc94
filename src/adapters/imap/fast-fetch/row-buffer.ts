// Rows of one FETCH between the connection, which puts them in, and the consumer, who takes them in batches. Bounded: when nobody takes them, the server is
// made to wait.
import type { FetchedMessage } from '../../../inbound/ports.ts';
import type { ReadBudget, Ticket } from './read-budget.ts';

/** What may wait for the consumer before the server is made to wait. */
const MOST_ROWS = 64;
const MOST_BYTES = 2 * 1024 * 1024;
/** A batch is handed on as it is when nothing has come for this long, ms, or when its first message has waited for the longer time. */
const LULL_MS = 250;
const MOST_WAIT_MS = 1_000;

/** Largest batch. */
export interface BatchLimits {
  count: number;
  bytes: number;
}

export function rowBuffer(budget: ReadBudget, batch: BatchLimits = { count: MOST_ROWS, bytes: MOST_BYTES }) {
  const mostRows = Math.min(batch.count, MOST_ROWS);
  const mostBytes = Math.min(batch.bytes, MOST_BYTES);
  let rows: FetchedMessage[] = [];
  let bytes = 0;
  /** When the first of `rows` came. */
  let since = 0;
  let ended: { failure: { error: unknown } | undefined } | undefined;
  let stopped = false;
  /** A message that others keep from being read. */
  let blocked: Ticket | undefined;
  let arrived: (() => void) | undefined;
  const waiting: (() => void)[] = [];

  const letRead = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  /** Resolves with whether something came within the time, which is endless when left out. */
  const arrival = (ms?: number): Promise<boolean> =>
    new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms, false);
      arrived = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  /** The next batch, by its bounds: one message at least. */
  const take = (): FetchedMessage[] => {
    let count = 0;
    let taken = 0;
    for (; count < rows.length && count < mostRows && taken < mostBytes; count++)
      taken += rows[count]?.source?.length ?? 0;
    bytes -= taken;
    const first = rows.splice(0, count);
    if (rows.length < MOST_ROWS / 2 && bytes < MOST_BYTES / 2) letRead();
    return first;
  };
  /** How long what is in hand may wait for more, ms; undefined: there is nothing that could be handed on. */
  const patience = (): number | undefined => {
    if (rows.length === 0) return blocked && LULL_MS;
    return blocked === undefined ? Math.min(LULL_MS, since + MOST_WAIT_MS - performance.now()) : 0;
  };

  return {
    put(row: FetchedMessage): void {
      if (stopped) {
        row.release?.();
        return;
      }
      if (rows.length === 0) since = performance.now();
      rows.push(row);
      bytes += row.source?.length ?? 0;
      arrived?.();
    },
    /** What has to be awaited before more is read; undefined: nothing. */
    room: (): Promise<void> | undefined =>
      !stopped && (rows.length >= MOST_ROWS || bytes >= MOST_BYTES)
        ? new Promise((resolve) => waiting.push(resolve))
        : undefined,
    /** Requests budget for a message of this many bytes. */
    ask(wanted: number): Ticket {
      const ticket = budget.ask(wanted);
      if (ticket.ready === undefined) return ticket;
      if (stopped) ticket.give();
      else {
        blocked = ticket;
        void ticket.ready.then(() => {
          blocked = undefined;
        });
        arrived?.();
      }
      return ticket;
    },
    /** No more rows come. @param failure what ended them */
    end(failure?: { error: unknown }): void {
      ended = { failure };
      arrived?.();
    },
    /** The next batch; empty when others have held all the budget for a while; undefined at the end. @throws the failure, once all rows are taken */
    async next(): Promise<FetchedMessage[] | undefined> {
      for (;;) {
        const isFull = rows.length >= mostRows || bytes >= mostBytes;
        if (isFull || (ended !== undefined && rows.length > 0)) return take();
        if (ended?.failure !== undefined) throw ended.failure.error;
        if (ended !== undefined) return undefined;
        if (!(await arrival(patience()))) return take();
      }
    },
    /** Nobody takes rows any more: those that still come are released. */
    stop(): void {
      stopped = true;
      for (const row of rows) row.release?.();
      rows = [];
      blocked?.give();
      letRead();
    },
  };
}
