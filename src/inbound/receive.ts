// Receives a list of UIDs: fetch → parse → store raw → commit, in batches. The next batch is fetched while the last one is parsed and
// committed; memory is bounded by two batches.
//
// Invariant: the ledger advances only in the same transaction that enqueues (ports.commit is the one place that does either).
import type { Message } from '../contract/message.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { asError } from '../domain/errors.ts';
import { type Ledger, type LedgerChange, type LedgerMeta, nextTry, type Pending, settled } from '../domain/ledger.ts';
import { highest } from '../domain/uid-set.ts';
import { unreadable } from '../mime/index.ts';
import { receiveLarge } from './large-message.ts';
import { fingerprintOf, isReplacementText, messageIdHash, type Received, toMessage } from './message.ts';
import type { FetchedMessage, InboundPorts, Mailbox, ParsedMessage, Related } from './ports.ts';

export interface Watched {
  server: ImapServer;
  mailboxId: string;
  /** Token of the lease held for this mailbox. */
  leaseToken: () => string;
  ledger: Ledger;
  /** UIDs whose parsing other processes began and did not end, with how many in a row (ledgers.unfinished). */
  unfinished: ReadonlyMap<number, number>;
  /** What this process noted in the same way and has not committed yet. It lives, so these are no deaths. */
  begun: Map<number, number>;
  ports: InboundPorts;
  /** Asked to stop: what is in hand is committed, nothing more is fetched. */
  signal: AbortSignal;
  /** Told whenever the server answered: the mailbox is provably watched now. */
  proven(): void;
}

type Readable = FetchedMessage & { source: Buffer };

/** UIDs of one FETCH: between two of them back-pressure is looked at, and a stop takes effect. */
const TURN = 500;

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
  rows: AsyncGenerator<FetchedMessage>,
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
    inFlight = commitBatch(watched, full).then(
      () => {
        for (const message of full) message.release?.();
      },
      (error: unknown) => {
        failure = error;
      },
    );
  };

  for await (const message of rows) {
    watched.proven();
    // A row without content: OK without data, or flags that somebody changed just now; content may still come.
    if (message.source === undefined || got.has(message.uid) || !wanted(message.uid)) continue;
    got.add(message.uid);
    if (message.source.length >= ports.settings.bufferBytes) {
      large.push({ ...message, source: Buffer.from(message.source.subarray(0, 65_536)) });
      message.release?.();
    } else {
      batch.push(message as Readable);
      bytes += message.source.length;
      if (batch.length >= batchCount || bytes >= batchBytes) await flush();
    }
    if (failure !== undefined || watched.signal.aborted) break;
  }
  await flush();
  await inFlight;
  if (failure !== undefined) throw failure;

  for (const message of large) {
    if (watched.signal.aborted) return got;
    const { raw, ...received } = await receiveLarge(ports, server, mailbox, message);
    const print = fingerprintOf(message.source, message.internalDate, message.size);
    await commitReceived(watched, [received], Promise.resolve([raw]), [print]);
  }
  return got;
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

/**
 * Processes in a row that began to parse a message and never ended it, after which the message counts as their killer and is not parsed any
 * more. The first of them had it in a batch, the others alone: whoever is killed for other reasons hardly ever hits the same one so often.
 */
const MOST_CRASHES = 4;

async function commitBatch(watched: Watched, batch: readonly Readable[]): Promise<void> {
  const { ports, mailboxId } = watched;
  const poison = batch.filter((message) => isReplacementText(message.source));
  for (const message of poison) await quarantine(watched, message, 'replacement-text');
  const readable = poison.length === 0 ? batch : batch.filter((message) => !poison.includes(message));
  const good = await withoutMatched(watched, readable);
  if (good.length === 0) return;
  const suspects = good.filter(({ uid }) => watched.unfinished.has(uid));
  if (suspects.length > 0 && good.length > 1) {
    // Each suspect alone, so that only the guilty one is noted again; and last, so that the others do not wait for what it does.
    const others = good.filter((message) => !suspects.includes(message));
    for (const part of [others, ...suspects.map((one) => [one])]) if (part.length > 0) await commitBatch(watched, part);
    return;
  }
  const uids = good.map(({ uid }) => uid);
  const [suspect] = suspects;
  if (suspect !== undefined && (watched.unfinished.get(suspect.uid) ?? 0) >= MOST_CRASHES)
    return quarantine(watched, suspect, 'parser-crashed', uids);
  for (const uid of uids) watched.begun.set(uid, (watched.unfinished.get(uid) ?? 0) + 1);
  const noting = ports.ledgers.parsing(mailboxId, new Map(uids.map((uid) => [uid, watched.begun.get(uid) as number])));
  noting.catch(() => {});
  // On its way to Redis before parsing begins; its arrival is waited for only where an earlier process may have died.
  if (suspect !== undefined) await noting;
  // Raw mail is durable before its job exists: a consumer that is told of a blob always finds it.
  const storing = ports.blobs.putBatch(good.map((message) => message.source));
  storing.catch(() => {});
  const parsed: ParsedMessage[] = [];
  for (const message of good) parsed.push(await parseSafely(watched, message));
  const received = good.map(({ uid, internalDate, size }, i) => ({
    uid,
    internalDate,
    size,
    parsed: parsed[i] as ParsedMessage,
  }));
  const prints = good.map((message) => fingerprintOf(message.source, message.internalDate, message.size));
  await commitReceived(watched, received, storing, prints, { parsed: uids });
  await noting;
  for (const uid of uids) watched.begun.delete(uid);
}

/** The server's clock may differ from ours by this much without harm. */
const CLOCK_SLACK_MS = 600_000;

/**
 * After UIDs began anew, a message that arrived before may be one that had its job under another UID, and that the rescan could not see. Those
 * are recorded as matched; the rest is returned.
 */
async function withoutMatched(watched: Watched, messages: readonly Readable[]): Promise<readonly Readable[]> {
  const { ports, ledger, mailboxId, server } = watched;
  const rescannedAt = ledger.meta?.rescannedAt;
  if (rescannedAt === undefined) return messages;
  const old = messages.filter(({ internalDate }) => internalDate.getTime() < rescannedAt + CLOCK_SLACK_MS);
  const known = await ports.ledgers.knownFingerprints(
    mailboxId,
    old.map((message) => fingerprintOf(message.source, message.internalDate, message.size)),
  );
  const matched = old.filter((_, i) => known[i] === true);
  if (matched.length === 0) return messages;
  await commit(watched, { outcomes: [{ outcome: 'matched', uids: matched.map(({ uid }) => uid) }] });
  for (const { uid } of matched) ports.emit('MessageMatched', { server: server.name, uid });
  return messages.filter((message) => !matched.includes(message));
}

/** A message that the parser cannot bear is a job with its raw bytes and `parse: failed`; the mailbox goes on. */
async function parseSafely(watched: Watched, message: Readable): Promise<ParsedMessage> {
  try {
    return await watched.ports.parse(message.source);
  } catch (error) {
    return unreadable('parser-failed', asError(error).name);
  }
}

async function quarantine(
  watched: Watched,
  message: Readable,
  reason: string,
  parsedUids: readonly number[] = [],
): Promise<void> {
  const storing = watched.ports.blobs.put(message.source).then((raw) => [raw]);
  const parsed = unreadable(reason);
  const { uid, internalDate, size } = message;
  await commitReceived(
    watched,
    [{ uid, internalDate, size, parsed }],
    storing,
    [fingerprintOf(message.source, internalDate, size)],
    { reason, parsed: parsedUids },
  );
}

/** Enqueues and records. Messages that failed to parse are quarantined: flagged, alerted, and on the queue all the same. */
async function commitReceived(
  watched: Watched,
  unstored: readonly Omit<Received, 'raw'>[],
  storing: Promise<readonly Received['raw'][]>,
  fingerprints: readonly string[],
  extra: { reason?: string; parsed?: readonly number[] } = {},
): Promise<void> {
  const { ports, server, mailboxId, ledger } = watched;
  const meta = ledger.meta as LedgerMeta;
  const hashes = unstored.map(({ parsed }) => messageIdHash(parsed.threading.messageId ?? ''));
  // All of this waits for somebody else: at the same time, then.
  const [siblings, raws, related] = await Promise.all([
    ports.ledgers.siblings(hashes),
    storing,
    Promise.all(unstored.map(({ parsed }) => ports.relate(parsed))),
  ]);
  const received = unstored.map((one, i) => ({ ...one, raw: raws[i] as Received['raw'] }));
  const messages = received.map((one, i) => {
    const others = one.parsed.threading.messageId === undefined ? [] : (siblings[i] ?? []);
    return toMessage(server, mailboxId, meta, one, related[i] as Related, others.slice(0, 20));
  });
  const failed = (one: Received) => one.parsed.parse === 'failed';
  const reasonOf = (one: Received) => extra.reason ?? one.parsed.warnings[0]?.code ?? 'parser-failed';
  const bad = received.filter(failed);
  const knownFlow = meta.emailFlows.includes(server.emailFlow);
  await commit(
    watched,
    {
      outcomes: [
        { outcome: 'enqueued', uids: received.filter((one) => !failed(one)).map(({ uid }) => uid) },
        { outcome: 'quarantined', uids: bad.map(({ uid }) => uid) },
      ],
      ...(knownFlow ? {} : { meta: { ...meta, emailFlows: [...meta.emailFlows, server.emailFlow] } }),
    },
    {
      messages,
      ...(extra.parsed === undefined ? {} : { parsed: extra.parsed }),
      fingerprints: received.map((one, i) => ({ value: fingerprints[i] as string, internalDate: one.internalDate })),
      quarantined: bad.map((one) => ({
        uid: one.uid,
        entry: {
          reason: reasonOf(one),
          at: new Date(ports.now()).toISOString(),
          messageKey: messages[received.indexOf(one)]?.messageKey,
        },
      })),
      siblings: messages.flatMap((message, i) =>
        message.threading.messageId === undefined
          ? []
          : [{ hash: hashes[i] as string, messageKey: message.messageKey }],
      ),
      ...(server.afterQueued.action === 'leave'
        ? {}
        : { afterCare: received.filter((one) => !failed(one)).map(({ uid }) => uid) }),
    },
  );
  for (const [i, one] of received.entries()) {
    const message = messages[i] as Message;
    const fields = { server: server.name, emailFlow: server.emailFlow, uid: one.uid, jobId: message.messageKey };
    if (failed(one)) ports.emit('MessageQuarantined', { ...fields, reason: reasonOf(one) });
    else if (message.threading.messageId === undefined)
      ports.emit('MessageEnqueued', { ...fields, bytes: one.raw.size });
    else ports.emit('MessageEnqueued', { ...fields, messageId: message.threading.messageId, bytes: one.raw.size });
  }
}

/** The only way to the ledger: one script; the state in memory follows what was written. */
export async function commit(
  watched: Watched,
  change: LedgerChange,
  rest: Partial<Omit<Parameters<InboundPorts['commit']>[0], 'change'>> = {},
): Promise<void> {
  const { ports, mailboxId } = watched;
  watched.ledger = await ports.commit({
    mailboxId,
    leaseToken: watched.leaseToken(),
    ledger: watched.ledger,
    change,
    ...rest,
  });
}
