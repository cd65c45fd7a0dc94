// One running FETCH as a stream of rows, for connection.ts: imapflow sends the command, watches over it and ends it. Rows with a whole message are
// taken out of its input by row-reader.ts (tap.ts); all others come from its own generator: what is unusual is slower, and nothing else.
import type { FetchMessageObject, FetchQueryObject, ImapFlow } from 'imapflow';
import type { FetchedMessage } from '../../../inbound/ports.ts';
import { createSlabs } from '../../../lib/slabs.ts';
import { createReadBudget, type ReadBudget } from './read-budget.ts';
import { type BatchLimits, rowBuffer } from './row-buffer.ts';
import { rowReader } from './row-reader.ts';
import { tap } from './tap.ts';

/** What all connections of this process together may hold of mails that are not committed yet, bytes. */
const MOST_HELD = 32 * 1024 * 1024;

/**
 * The switch. Off, a mail costs a fifth more CPU: 1.18–1.34 instead of 0.95–1.08 s / 1,000, four pairs on a quiet machine; 1.54 instead of 1.21 on
 * 2026-11-30, one pair (docs/performance.md).
 */
const FAST = true;

interface FetchOptions {
  /** Largest batch. */
  batch?: BatchLimits | undefined;
  /** False: every row comes by imapflow's own way. */
  fast?: boolean;
  /** Called where imapflow's internals differ from those that the fast path was written for, and its own way is taken. */
  aside?: () => void;
  /** Of all connections together. */
  budget?: ReadBudget;
}

/** Attachments are three quarters of all bytes: they must fit. */
const allocate = createSlabs(4 << 20);
const processBudget = createReadBudget(MOST_HELD);

/**
 * Rows of `UID FETCH range` in batches, in the order of their arrival. A batch is empty when others have held all the room for a while; they release it
 * on their own. If the consumer stops early, the command continues, and what still comes is thrown away.
 * @param range set of UIDs
 * @param maxLiteral bytes of the largest message that may come at once
 * @param rowOf imapflow's row → ours; null: it is left out
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
  const buffer = rowBuffer(budget, batch);
  const untap = fast ? tap(client, rowReader(maxLiteral, buffer.put, allocate, buffer.ask), buffer.room) : undefined;
  if (fast && untap === undefined) aside();

  async function runCommand(): Promise<void> {
    let failure: { error: unknown } | undefined;
    try {
      for await (const message of client.fetch(range, query, { uid: true })) {
        const row = rowOf(message);
        if (row !== null) buffer.put(row);
        await buffer.room();
      }
    } catch (error) {
      failure = { error };
    }
    untap?.();
    buffer.end(failure);
  }
  void runCommand();

  try {
    for (let rows = await buffer.next(); rows !== undefined; rows = await buffer.next()) yield rows;
  } finally {
    buffer.stop();
  }
}
