// The way into queue and ledger: messages as the contract says, siblings, related conversations, then one commit.
//
// Invariant: the ledger advances only in the same transaction that enqueues (ports.commit is the one place that does either).
import type { Message } from '../contract/message.ts';
import { type StoringBatch, stored } from '../domain/blob-store.ts';
import type { LedgerChange, LedgerMeta } from '../domain/ledger.ts';
import { unreadable } from '../mime/index.ts';
import { fingerprintOf, messageIdHash, type Received, toMessage } from './message.ts';
import type { InboundPorts, Related } from './ports.ts';
import type { Readable, Watched } from './watched.ts';

/** On the queue all the same, but flagged and alerted: somebody has to look at it. */
export async function quarantine(
  watched: Watched,
  message: Readable,
  reason: string,
  parsedUids: readonly number[] = [],
): Promise<void> {
  const storing = watched.ports.blobs.put(message.source).then((raw) => stored([raw]));
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

interface Extra {
  reason?: string;
  parsed?: readonly number[];
}

/**
 * Enqueues and records. Messages that failed to parse are quarantined: flagged, alerted, and on the queue all the same. However it ends, nobody
 * reads the bytes any more that are being stored.
 */
export async function commitReceived(
  watched: Watched,
  unstored: readonly Omit<Received, 'raw'>[],
  storing: Promise<StoringBatch>,
  fingerprints: readonly string[],
  extra: Extra = {},
): Promise<void> {
  try {
    await enqueue(watched, unstored, storing, fingerprints, extra);
  } finally {
    await storing.then(({ durable }) => durable).catch(() => {});
  }
}

async function enqueue(
  watched: Watched,
  unstored: readonly Omit<Received, 'raw'>[],
  storing: Promise<StoringBatch>,
  fingerprints: readonly string[],
  extra: Extra,
): Promise<void> {
  const { ports, server, mailboxId, ledger } = watched;
  const meta = ledger.meta as LedgerMeta;
  const hashes = unstored.map(({ parsed }) => messageIdHash(parsed.threading.messageId ?? ''));
  // All of this waits for somebody else: at the same time, then.
  const [siblings, { references, durable }, related] = await Promise.all([
    ports.ledgers.siblings(hashes),
    storing,
    Promise.all(unstored.map(({ parsed }) => ports.relate(parsed))),
  ]);
  const received = unstored.map((one, i) => ({ ...one, raw: references[i] as Received['raw'] }));
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
      after: durable,
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
  letGo(received, messages);
}

/**
 * Empties lists of what is done with. Without it, in every second run, what a batch held was carried over into the old generation, batch after batch
 * (10 MB a second at full speed, until the next full collection): a list that has grown old before it dies keeps what it holds.
 */
export function letGo(...lists: unknown[][]): void {
  for (const list of lists) list.length = 0;
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
