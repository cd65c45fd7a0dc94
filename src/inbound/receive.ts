// Receives a list of UIDs: fetch → parse → store raw → commit, in batches (batch.ts). The next batch is fetched while the last one is parsed and
// committed; memory is bounded by two batches here, and by adapters/imap/read-budget.ts over all mailboxes.
import { stored } from '../domain/blob-store.ts';
import { nextTry, type Pending, settled } from '../domain/ledger.ts';
import { limited } from '../domain/limited.ts';
import { highest } from '../domain/uid-set.ts';
import { commitBatch } from './batch.ts';
import { receiveLarge } from './large-message.ts';
import { fingerprintOf } from './message.ts';
import type { FetchedMessage, Mailbox } from './ports.ts';
import { commit, commitReceived, quarantine } from './record.ts';
import type { Readable, Watched } from './watched.ts';

/** UIDs of one FETCH: between two of them back-pressure is looked at, and a stop takes effect. */
const TURN = 500;

/** Batches of all mailboxes that are parsed and committed at once: in a storm the messages of a thousand would fill the memory, and Redis takes one after the other. */
const inTurn = limited(16);

/** Fetches and commits the first of the given UIDs; each ends enqueued, vanished, quarantined, or pending. Resolves with the rest. */
export async function receive(watched: Watched, mailbox: Mailbox, work: readonly number[]): Promise<readonly number[]> {
  const uids = work.slice(0, TURN);
  const rest = work.slice(TURN);
  const got = await receiveRows(watched, mailbox, mailbox.fetch(uids, watched.ports.settings.bufferBytes));
  if (watched.signal.aborted) return rest; // the list is short because we stopped, not because the server gave less
  const unread = uids.filter((uid) => !got.has(uid));
  if (unread.length > 0) await settleUnread(watched, mailbox, unread);
  return rest;
}

/**
 * What came in since the newest known UID, in one round trip: nobody has listed it before. Resolves with how many messages were taken, by which
 * the caller sees whether there is more that FETCH did not give.
 */
export async function receiveNew(watched: Watched, mailbox: Mailbox): Promise<number> {
  const { ledger, ports } = watched;
  const done = settled(ledger);
  const newest = highest(done);
  const rows = mailbox.fetchFrom(newest + 1, ports.settings.bufferBytes);
  return (await receiveRows(watched, mailbox, rows, (uid) => uid > newest && !ledger.pending.has(uid))).size;
}

async function receiveRows(
  watched: Watched,
  mailbox: Mailbox,
  rows: AsyncGenerator<FetchedMessage | 'lull'>,
  wanted: (uid: number) => boolean = () => true,
): Promise<ReadonlySet<number>> {
  const { ports, server } = watched;
  const { batchCount, batchBytes } = ports.settings;
  const got = new Set<number>();
  const large: FetchedMessage[] = [];
  let batch: Readable[] = [];
  let bytes = 0;
  let inFlight: Promise<void> = Promise.resolve();
  let failure: unknown;

  const flush = async () => {
    const full = batch;
    batch = [];
    bytes = 0;
    await inFlight; // at most one batch in the making while the next is fetched
    if (failure !== undefined) throw failure;
    if (full.length === 0) return;
    inFlight = inTurn(() => commitBatch(watched, full)).then(
      () => release(full),
      (error: unknown) => {
        failure = error;
        release(full);
      },
    );
  };

  try {
    for await (const message of rows) {
      if (message === 'lull') await flush();
      else {
        watched.proven();
        // A row without content: OK without data, or flags that somebody changed just now; content may still come.
        if (message.source === undefined || got.has(message.uid) || !wanted(message.uid)) release([message]);
        else {
          got.add(message.uid);
          if (message.source.length >= ports.settings.bufferBytes) {
            large.push({ ...message, source: Buffer.from(message.source.subarray(0, 65_536)) });
            release([message]);
          } else {
            batch.push(message as Readable);
            bytes += message.source.length;
            if (batch.length >= batchCount || bytes >= batchBytes) await flush();
          }
        }
      }
      if (failure !== undefined || watched.signal.aborted) break;
    }
    await flush();
  } finally {
    await inFlight;
    release(batch);
  }
  if (failure !== undefined) throw failure;

  for (const message of large) {
    if (watched.signal.aborted) return got;
    const { raw, ...received } = await receiveLarge(ports, server, mailbox, message);
    const print = fingerprintOf(message.source, message.internalDate, message.size);
    await commitReceived(watched, [received], Promise.resolve(stored([raw])), [print]);
  }
  return got;
}

function release(messages: readonly FetchedMessage[]): void {
  for (const message of messages) message.release?.();
}

/** A short list (`NO Some of the requested messages no longer exist`) or OK without data: gone, or not readable yet? The folder says. */
async function settleUnread(watched: Watched, mailbox: Mailbox, unread: readonly number[]): Promise<void> {
  const { ports, server } = watched;
  const present = new Set(await mailbox.uids(Math.min(...unread)));
  const vanished = unread.filter((uid) => !present.has(uid));
  const now = ports.now();
  const pending: { uid: number; entry: Pending }[] = [];
  const given: number[] = [];
  for (const uid of unread.filter((u) => present.has(u))) {
    const entry = nextTry(watched.ledger.pending.get(uid), 'no-data', now, ports.settings.pendingDelays);
    if (entry === 'quarantine') given.push(uid);
    else pending.push({ uid, entry });
  }
  await commit(watched, { outcomes: [{ outcome: 'vanished', uids: vanished }], pending });
  for (const uid of vanished) ports.emit('MessageVanished', { server: server.name, uid });
  for (const { uid, entry } of pending) {
    ports.emit('MessagePending', {
      server: server.name,
      uid,
      reason: 'no-data',
      attempts: entry.attempts,
      delayMs: entry.nextAt - now,
    });
  }
  for (const uid of given) {
    const marker = Buffer.from(
      `X-Mailroom-Unreadable: UID ${uid}\r\n\r\nThe server never gave this message's content.\r\n`,
    );
    await quarantine(
      watched,
      { uid, internalDate: new Date(now), size: 0, flags: new Set(), source: marker },
      'no-data',
    );
  }
}
