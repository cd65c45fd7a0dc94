// Receives a list of UIDs: fetch → parse → store raw → commit, in batches. The next batch is fetched while the last one is parsed and
// committed; memory is bounded by two batches.
//
// Invariant: the ledger advances only in the same transaction that enqueues (ports.commit is the one place that does either).
import type { Message } from '../contract/message.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { asError } from '../domain/errors.ts';
import { type Ledger, type LedgerChange, type LedgerMeta, nextTry, type Pending } from '../domain/ledger.ts';
import { unreadable } from '../mime/index.ts';
import { receiveLarge } from './large-message.ts';
import { fingerprintOf, isReplacementText, messageIdHash, type Received, toMessage } from './message.ts';
import type { FetchedMessage, InboundPorts, Mailbox, ParsedMessage } from './ports.ts';

export interface Watched {
  server: ImapServer;
  mailboxId: string;
  /** Token of the lease held for this mailbox. */
  leaseToken: () => string;
  ledger: Ledger;
  ports: InboundPorts;
  /** Asked to stop: what is in hand is committed, nothing more is fetched. */
  signal: AbortSignal;
  /** Told whenever the server answered: the mailbox is provably watched now. */
  proven(): void;
}

type Readable = FetchedMessage & { source: Buffer };

/** Fetches and commits all given UIDs; each ends enqueued, vanished, quarantined, or pending. */
export async function receive(watched: Watched, mailbox: Mailbox, uids: readonly number[]): Promise<void> {
  const { settings } = watched.ports;
  for (let i = 0; i < uids.length && !watched.signal.aborted; i += 500) {
    await receiveSome(watched, mailbox, uids.slice(i, i + 500), settings.batchCount, settings.batchBytes);
  }
}

async function receiveSome(
  watched: Watched,
  mailbox: Mailbox,
  uids: readonly number[],
  batchCount: number,
  batchBytes: number,
) {
  const { ports, server } = watched;
  const got = new Set<number>();
  const large: FetchedMessage[] = [];
  const empty: number[] = [];
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
    inFlight = commitBatch(watched, full).catch((error: unknown) => {
      failure = error;
    });
  };

  for await (const message of mailbox.fetch(uids, ports.settings.bufferBytes)) {
    watched.proven();
    if (got.has(message.uid)) continue;
    got.add(message.uid);
    if (message.source === undefined) {
      empty.push(message.uid);
    } else if (message.source.length >= ports.settings.bufferBytes) {
      large.push({ ...message, source: message.source.subarray(0, 65_536) });
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
    if (watched.signal.aborted) return;
    const received = await receiveLarge(ports, server, mailbox, message);
    await commitReceived(watched, [received], [fingerprintOf(message.source, message.internalDate, message.size)]);
  }
  if (watched.signal.aborted) return; // the list is short because we stopped, not because the server gave less
  const missing = uids.filter((uid) => !got.has(uid));
  if (missing.length > 0 || empty.length > 0) await settleUnread(watched, mailbox, missing, empty);
}

/** A short list (`NO Some of the requested messages no longer exist`) or OK without data: gone, or not readable yet? The folder says. */
async function settleUnread(
  watched: Watched,
  mailbox: Mailbox,
  missing: readonly number[],
  empty: readonly number[],
): Promise<void> {
  const { ports, server } = watched;
  const unread = [...missing, ...empty];
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

/** Parses begun without an end after which a message counts as one that ends processes: it is not parsed any more. */
const MOST_CRASHES = 3;

async function commitBatch(watched: Watched, batch: readonly Readable[]): Promise<void> {
  const { ports, mailboxId } = watched;
  const poison = batch.filter((message) => isReplacementText(message.source));
  for (const message of poison) await quarantine(watched, message, 'replacement-text');
  const readable = poison.length === 0 ? batch : batch.filter((message) => !poison.includes(message));
  const good = await withoutMatched(watched, readable);
  if (good.length === 0) return;
  const uids = good.map(({ uid }) => uid);
  // Raw mail is durable before its job exists: a consumer that is told of a blob always finds it.
  const storing = ports.blobs.putMany(good.map((message) => message.source));
  storing.catch(() => {});
  const begun = await ports.ledgers.parsing(mailboxId, uids);
  if (good.length > 1 && begun.some((count) => count > 1)) {
    // A process ended while it parsed some of these: one by one now, so that only the guilty one stays noted.
    for (const message of good) await commitBatch(watched, [message]);
    return;
  }
  if (good.length === 1 && (begun[0] ?? 0) > MOST_CRASHES) {
    await quarantine(watched, good[0] as Readable, 'parser-crashed');
    return ports.ledgers.parsed(mailboxId, uids);
  }
  const parsed: ParsedMessage[] = [];
  for (const message of good) parsed.push(await parseSafely(watched, message));
  const noted = ports.ledgers.parsed(mailboxId, uids);
  noted.catch(() => {});
  const raws = await storing;
  const received = good.map((message, i) => ({
    uid: message.uid,
    internalDate: message.internalDate,
    size: message.size,
    parsed: parsed[i] as ParsedMessage,
    raw: raws[i] as Received['raw'],
  }));
  const prints = good.map((message) => fingerprintOf(message.source, message.internalDate, message.size));
  await commitReceived(watched, received, prints);
  await noted;
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

async function quarantine(watched: Watched, message: Readable, reason: string): Promise<void> {
  const raw = await watched.ports.blobs.put(message.source);
  const parsed = unreadable(reason);
  const { uid, internalDate, size } = message;
  await commitReceived(
    watched,
    [{ uid, internalDate, size, parsed, raw }],
    [fingerprintOf(message.source, internalDate, size)],
    reason,
  );
}

/** Enqueues and records. Messages that failed to parse are quarantined: flagged, alerted, and on the queue all the same. */
async function commitReceived(
  watched: Watched,
  received: readonly Received[],
  fingerprints: readonly string[],
  quarantineReason?: string,
): Promise<void> {
  const { ports, server, mailboxId, ledger } = watched;
  const meta = ledger.meta as LedgerMeta;
  const hashes = received.map(({ parsed }) => messageIdHash(parsed.threading.messageId ?? ''));
  const siblings = await ports.ledgers.siblings(hashes);
  const messages: Message[] = [];
  for (const [i, one] of received.entries()) {
    const related = await ports.relate(one.parsed);
    const others = one.parsed.threading.messageId === undefined ? [] : (siblings[i] ?? []);
    messages.push(toMessage(server, mailboxId, meta, one, related, others.slice(0, 20)));
  }
  const failed = (one: Received) => one.parsed.parse === 'failed';
  const reasonOf = (one: Received) => quarantineReason ?? one.parsed.warnings[0]?.code ?? 'parser-failed';
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
