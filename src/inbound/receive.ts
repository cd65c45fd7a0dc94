// Receives UIDs: FETCH, then batches on their way to the queue (ledger-commit.ts). The next batch is fetched while the last one is parsed and
// committed; memory is bounded by two batches here, and by the read budget over all mailboxes (adapters/imap/fast-fetch).
//
// Whatever the server does at one message, the rows that came are committed, and only that message has to wait: isolation.ts finds it, unread.ts
// settles it.
import { asError } from '../domain/errors.ts';
import { settled } from '../domain/ledger.ts';
import { highest } from '../domain/uid-set.ts';
import { type Item, itemOf, memoryBytes } from './ingest-message.ts';
import { faultOf, outlives } from './isolation.ts';
import { commitItems } from './ledger-commit.ts';
import type { FetchedMessage, FetchLimits, Mailbox } from './ports.ts';
import { isExhausted, quarantineUnread, recordVanished, settlePending } from './unread.ts';
import type { Watched } from './watched.ts';

/** UIDs this far above the newest known one and UIDNEXT are taken only once a poll has listed them: a broken row may contain any number. */
const MOST_JUMP = 1_000;

/**
 * Fetches and commits some of the given UIDs; each ends enqueued, vanished, quarantined, or pending. Resolves with the UIDs that are left.
 * @throws the connection's error once all that came is committed; what the commit throws
 */
export async function receive(watched: Watched, mailbox: Mailbox, work: readonly number[]): Promise<readonly number[]> {
  const { isolation, ledger } = watched;
  const asked = isolation.next(work, (uid) => ledger.pending.has(uid));
  const askedSet = new Set(asked);
  const rest = work.filter((uid) => !askedSet.has(uid));
  const [first] = asked;
  if (first === undefined) return rest;
  if (asked.length === 1 && isExhausted(watched, first)) {
    await quarantineUnread(watched, mailbox, first);
    return rest;
  }

  const limits = limitsOf(watched);
  const batches = mailbox.fetch(asked, limits);
  const { got, error } = await receiveBatches(watched, mailbox, batches, limits, (uid) => askedSet.has(uid));
  if (watched.signal.aborted) return rest; // the list is short because of the stop, not because of the server
  const missing = asked.filter((uid) => !got.has(uid));
  if (error === undefined) {
    isolation.succeeded();
    // A short list (`NO Some of the requested messages no longer exist`) or OK without data: the folder shows which are gone and which not readable yet.
    const present = await recordVanished(watched, mailbox, missing);
    // As long as each fetch returns some of them, the others are fetched again at once.
    if (got.size > 0 && present.length > 1) return [...present, ...rest].sort((a, b) => a - b);
    await settlePending(watched, present, 'no-data');
    return rest;
  }

  const reason = faultOf(error);
  if (reason === undefined) throw error;
  const answers = outlives(reason);
  const left = answers ? await recordVanished(watched, mailbox, missing) : missing;
  const guilty = isolation.failed(asked, left, error);
  if (guilty !== undefined) await settlePending(watched, [guilty], reason, error);
  if (!answers || !isolation.isSearching(error)) throw error;
  return [...left.filter((uid) => uid !== guilty), ...rest].sort((a, b) => a - b);
}

/**
 * Fetches mail above the newest known UID in one round trip, without listing it first. Resolves with the number of messages taken, from which the caller
 * sees whether FETCH left any out.
 */
export async function receiveNew(watched: Watched, mailbox: Mailbox): Promise<number> {
  const { ledger, isolation } = watched;
  // A message that makes FETCH fail is not fetched again with each new mail.
  const newest = Math.max(highest(settled(ledger)), ...ledger.pending.keys(), ...isolation.suspects);
  const limits = limitsOf(watched);
  const batches = mailbox.fetchFrom(newest + 1, limits);
  const most = Math.max(newest, mailbox.uidNext) + MOST_JUMP;
  const isNew = (uid: number) => uid > newest && uid <= most;
  const { got, error } = await receiveBatches(watched, mailbox, batches, limits, isNew);
  if (error === undefined) return got.size;
  if (faultOf(error) !== undefined) isolation.failed([], [], error);
  throw error;
}

interface Received {
  /** UIDs that came with content and are committed. */
  got: ReadonlySet<number>;
  /** What the fetch ended with. */
  error?: unknown;
}

const limitsOf = ({ server, ports: { settings } }: Watched): FetchLimits => ({
  maxBytes: memoryBytes(server, settings.bufferBytes),
  batchCount: settings.batchCount,
  batchBytes: settings.batchBytes,
});

/** @throws what the commit throws */
async function receiveBatches(
  watched: Watched,
  mailbox: Mailbox,
  batches: AsyncGenerator<FetchedMessage[]>,
  { maxBytes }: FetchLimits,
  wanted: (uid: number) => boolean,
): Promise<Received> {
  const { ports, isolation } = watched;
  const got = new Set<number>();
  const large: Item[] = [];
  const commits = openCommits(watched);
  let fetchError: { error: unknown } | undefined;
  const seenAt = ports.monotonic();
  let waitedMs = 0;
  try {
    for (;;) {
      const asked = ports.monotonic();
      const next = await batches.next().catch((error: unknown) => {
        fetchError = { error };
      });
      waitedMs += ports.monotonic() - asked;
      if (next === undefined || next.done === true) break;
      const items: Item[] = [];
      for (const row of next.value) {
        watched.proven();
        const { uid, source } = row;
        // A row without content (OK without data, or a flag that was just changed): content may still come.
        if (source === undefined || got.has(uid) || !wanted(uid)) row.release?.();
        else {
          got.add(uid);
          isolation.arrived(uid);
          const item = itemOf({ ...row, source }, mailbox, maxBytes, seenAt);
          (item.download === undefined ? items : large).push(item);
        }
      }
      if (items.length > 0) await commits.begin(items);
      if (commits.failed() || watched.signal.aborted) break;
    }
    ports.metrics.histogram('mailroom_fetch_seconds').observe(waitedMs / 1000);
  } finally {
    // First: a command whose rows nobody reads would block all that follow on this connection.
    await batches.return(undefined).catch(() => {});
    await commits.end();
  }

  for (const item of large) {
    if (watched.signal.aborted) break;
    // If the connection was lost, the next one fetches it.
    fetchError ??= await receiveLarge(watched, item);
    if (fetchError !== undefined) got.delete(item.uid);
  }
  return { got, ...fetchError };
}

/** @returns the connection's error @throws what the commit throws */
async function receiveLarge(watched: Watched, item: Item): Promise<{ error: unknown } | undefined> {
  try {
    // Without a batch slot: waiting for the server must not keep other mailboxes from committing.
    await commitItems(watched, [item]);
    return undefined;
  } catch (error) {
    if (faultOf(error) === undefined) throw error;
    return { error };
  }
}

/** One batch is stored and parsed while the one before is committed, and the next is fetched. */
function openCommits(watched: Watched) {
  /** The last batch but one, and the last: each resolves when it has ended, even by a failure. */
  let [older, newest]: [Promise<void>, Promise<void>] = [Promise.resolve(), Promise.resolve()];
  let failure: { error: unknown } | undefined;
  const release = (items: Item[]) => {
    for (const item of items) item.release?.();
    items.length = 0;
  };
  return {
    /** Resolves when the next batch may be fetched. The items are released when their commit has ended, even by a failure. @throws the error of an earlier one */
    async begin(items: Item[]): Promise<void> {
      await older;
      if (failure !== undefined) {
        release(items);
        throw failure.error;
      }
      const turn = newest.then(() => {
        if (failure !== undefined) throw failure.error;
      });
      turn.catch(() => {}); // the batch awaits it later
      older = newest;
      newest = watched.ports.limits
        .batchSlots(() => commitItems(watched, items, turn))
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .then(() => release(items));
    },
    failed: (): boolean => failure !== undefined,
    /** Waits for the last one. @throws the error of any */
    async end(): Promise<void> {
      await newest;
      if (failure !== undefined) throw asError(failure.error);
    },
  };
}
