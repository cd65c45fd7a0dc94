// One running FETCH as a stream of rows, for connection.ts: imapflow sends the command, watches over it and ends it. Rows with a whole message are
// taken out of its input by row-reader.ts (tap.ts); all others come by its own generator, so that what is unusual is slower and nothing else.
import type { FetchMessageObject, FetchQueryObject, ImapFlow } from 'imapflow';
import type { FetchedMessage } from '../../../inbound/ports.ts';
import { createSlabs } from '../../../lib/slabs.ts';
import { createReadBudget, type ReadBudget, type Ticket } from './read-budget.ts';
import { rowReader } from './row-reader.ts';
import { tap } from './tap.ts';

/** What may wait for the consumer before the server is made to wait. */
const MOST_ROWS = 64;
const MOST_BYTES = 2 * 1024 * 1024;
/** What all connections of this process together may hold of mails that are not committed yet, bytes. */
const MOST_HELD = 32 * 1024 * 1024;
/** A batch is handed on as it is when nothing has come for so long, ms, or when its first message has waited for so long. */
const LULL_MS = 250;
const MOST_WAIT_MS = 1_000;

/**
 * The switch. Off, a mail costs a fifth more CPU: 1.18–1.34 instead of 0.95–1.08 s / 1,000, four pairs on a quiet machine; 1.54 instead of 1.21 on
 * 2026-11-30, one pair (docs/performance.md).
 */
const FAST = true;

interface FetchOptions {
  /** Largest batch, messages and bytes; default: what may wait. */
  batch?: { count: number; bytes: number };
  fast?: boolean;
  aside?: () => void;
  budget?: ReadBudget;
}

/** Attachments are three quarters of all bytes: they must fit. */
const allocate = createSlabs(4 << 20, 3);
const processBudget = createReadBudget(MOST_HELD);

/**
 * Rows of `UID FETCH range` in batches, in the order of their arrival. A batch is empty when others have held all the room for a while: they release it
 * without anybody's doing. Anyone who stops early leaves the command running: what still comes is thrown away.
 * @param range set of UIDs
 * @param maxLiteral bytes of the largest message that may come at once
 * @param rowOf imapflow's row → ours; null: it is left out
 * @param fast false: every row comes by imapflow's own way
 * @param aside called where imapflow's inside is not what the fast path was written against, and its own way is taken
 * @param budget of all connections together
 * @throws what imapflow throws: the server's refusal, a lost connection; all that came before has been handed on then
 */
export async function* fetchRows(
  client: ImapFlow,
  range: string,
  query: FetchQueryObject,
  maxLiteral: number,
  rowOf: (message: FetchMessageObject) => FetchedMessage | null,
  { batch, fast = FAST, aside = () => {}, budget = processBudget }: FetchOptions = {},
): AsyncGenerator<FetchedMessage[]> {
  let rows: FetchedMessage[] = [];
  let bytes = 0;
  let ended = false;
  let stopped = false;
  let failure: { error: unknown } | undefined;
  let arrived: (() => void) | undefined;
  let waiting: (() => void)[] = [];
  /** A message that others keep from being read. */
  let blocked: Ticket | undefined;
  /** When the first of `rows` came. */
  let since = 0;
  const mostRows = Math.min(batch?.count ?? MOST_ROWS, MOST_ROWS);
  const mostBytes = Math.min(batch?.bytes ?? MOST_BYTES, MOST_BYTES);

  const put = (row: FetchedMessage): void => {
    if (stopped) {
      row.release?.();
      return;
    }
    if (rows.length === 0) since = performance.now();
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

  const ask = (wanted: number): Ticket => {
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

  const tapped = fast ? tap(client, rowReader(maxLiteral, put, allocate, ask), room) : undefined;
  if (fast && tapped === undefined) aside();
  const command = async (): Promise<void> => {
    try {
      for await (const message of client.fetch(range, query, { uid: true })) {
        const row = rowOf(message);
        if (row !== null) put(row);
        await room();
      }
    } catch (error) {
      failure = { error };
    } finally {
      tapped?.();
      ended = true;
      arrived?.();
    }
  };
  void command();

  /** The next batch, by its bounds: one message at least. */
  const take = (): FetchedMessage[] => {
    let count = 0;
    for (let sum = 0; count < rows.length && count < mostRows && sum < mostBytes; count++)
      sum += rows[count]?.source?.length ?? 0;
    const taken = rows.splice(0, count);
    bytes -= taken.reduce((sum, { source }) => sum + (source?.length ?? 0), 0);
    if (rows.length < MOST_ROWS / 2 && bytes < MOST_BYTES / 2) release();
    return taken;
  };
  /** How long what is in hand may wait for more, ms; undefined: there is nothing that could be handed on. */
  const patience = (): number | undefined => {
    if (rows.length === 0) return blocked && LULL_MS;
    return blocked === undefined ? Math.min(LULL_MS, since + MOST_WAIT_MS - performance.now()) : 0;
  };

  try {
    for (;;) {
      const isFull = rows.length >= mostRows || bytes >= mostBytes;
      if (isFull || (ended && rows.length > 0)) yield take();
      else if (failure !== undefined) throw failure.error;
      else if (ended) return;
      else if (!(await arrival(patience()))) yield take();
    }
  } finally {
    stopped = true;
    for (const row of rows) row.release?.();
    rows = [];
    blocked?.give();
    release();
  }
}
