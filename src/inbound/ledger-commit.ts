// The watcher's way into queue and ledger: items become messages (ingest-message.ts), and one script enqueues them and records their outcome.
import { ANSWER_SECONDS } from '../domain/answered.ts';
import type { LedgerMeta } from '../domain/ledger.ts';
import { DAY_MS } from '../lib/time.ts';
import { takeCopy } from './copies.ts';
import { fingerprintOf, messageIdHash } from './fingerprint.ts';
import { type Item, ingest, quarantineReason, type Ready } from './ingest-message.ts';
import type { Watched } from './watched.ts';

/**
 * Processes in a row that began to parse a message and did not end it, after which the message counts as the cause and is not parsed any more. The first
 * of them had it in a batch, the others alone: processes that are killed for other reasons hardly ever meet the same message this often.
 */
const MOST_CRASHES = 4;

/**
 * Each item ends enqueued, matched or quarantined, or none of its effects is written. The items' bytes are not read after this has ended.
 * @param turn nothing is related or committed before it resolves; it rejects when the batch before failed
 */
export async function commitItems(watched: Watched, items: readonly Item[], turn?: Promise<void>): Promise<void> {
  const { ports, mailboxId, parseAttempts } = watched;
  if (watched.ledger.meta?.rescannedAt !== undefined) await turn;
  const fresh = await withoutMatched(watched, items);
  if (fresh.length === 0) return;
  const suspects = fresh.filter(({ uid }) => parseAttempts.deaths(uid) > 0);
  if (suspects.length > 0 && fresh.length > 1) {
    // Each suspect alone: only the guilty one is noted again. And last: the others do not wait for what it does.
    const others = fresh.filter((item) => !suspects.includes(item));
    for (const part of [others, ...suspects.map((one) => [one])])
      if (part.length > 0) await commitItems(watched, part, turn);
    return;
  }
  const [suspect] = suspects;
  if (suspect !== undefined && parseAttempts.deaths(suspect.uid) >= MOST_CRASHES)
    suspect.unreadable ??= { reason: 'parser-crashed' };
  const toParse = fresh.filter((item) => item.unreadable === undefined).map(({ uid }) => uid);
  const noting = parseAttempts.begin(toParse);
  noting.catch(() => {});
  // Sent to Redis before parsing begins, but awaited only where an earlier process may have died.
  if (suspect !== undefined) await noting;
  const target = { server: watched.server, mailboxId, meta: watched.ledger.meta as LedgerMeta };
  try {
    await ingest(ports, target, fresh, (ready, durable) => enqueue(watched, ready, durable), turn);
  } catch (error) {
    await parseAttempts.survived(toParse).catch(() => {}); // a Redis that takes nothing keeps the notes
    throw error;
  }
  await noting;
  parseAttempts.end(toParse);
}

/** The server's clock may differ from ours by this much without harm, ms. */
const CLOCK_SLACK_MS = 600_000;

const printOf = ({ source, internalDate, size }: Item): string => fingerprintOf(source, internalDate, size);

/**
 * After UIDs were reset, a message that arrived earlier may already have its job under another UID, if the rescan could not see it. Those are recorded as
 * matched; the rest is returned.
 */
async function withoutMatched(watched: Watched, items: readonly Item[]): Promise<readonly Item[]> {
  const { ports, ledger, mailboxId, server, copies } = watched;
  const rescannedAt = ledger.meta?.rescannedAt;
  if (rescannedAt === undefined) return items;
  const old = items.filter(
    ({ internalDate, unreadable }) =>
      unreadable === undefined && (internalDate?.getTime() ?? 0) < rescannedAt + CLOCK_SLACK_MS,
  );
  const prints = old.map(printOf);
  const known = await ports.ledgers.knownCopies(mailboxId, prints);
  const left = new Map(prints.map((print, i) => [print, (known[i] ?? 0) - copies.of(print)]));
  const matched = new Map(
    old.flatMap((item, i) => {
      const print = prints[i] as string;
      return takeCopy(left, print) ? [[item, print]] : [];
    }),
  );
  if (matched.size === 0) return items;
  const uids = [...matched.keys()].map(({ uid }) => uid);
  await watched.commit({ outcomes: [{ outcome: 'matched', uids }] });
  copies.add(matched.values());
  for (const uid of uids) ports.emit('MessageMatched', { server: server.name, uid });
  return items.filter((item) => !matched.has(item));
}

/** Messages that failed to parse are quarantined: flagged, alerted, and enqueued all the same. */
async function enqueue(watched: Watched, items: readonly Ready[], durable: Promise<void>): Promise<void> {
  const { ports, server, ledger } = watched;
  const meta = ledger.meta as LedgerMeta;
  const good = items.filter((item) => quarantineReason(item) === undefined).map(({ uid }) => uid);
  const bad = items.flatMap((item) => {
    const reason = quarantineReason(item);
    return reason === undefined ? [] : [{ item, reason }];
  });
  const prints = items.flatMap(({ message: { fingerprint, receivedAt } }) =>
    fingerprint === undefined ? [] : [{ value: fingerprint, internalDate: new Date(receivedAt) }],
  );
  const newFlows = [...new Set(items.map(({ message }) => message.emailFlow))].filter(
    (flow) => !meta.emailFlows.includes(flow),
  );
  await watched.commit(
    {
      outcomes: [
        { outcome: 'enqueued', uids: good },
        { outcome: 'quarantined', uids: bad.map(({ item }) => item.uid) },
      ],
      ...(newFlows.length === 0 ? {} : { meta: { ...meta, emailFlows: [...meta.emailFlows, ...newFlows] } }),
    },
    {
      messages: items.map(({ message, parsed: { bodies } }) => ({ message, bodies })),
      after: durable,
      parsed: items.map(({ uid }) => uid),
      fingerprints: prints,
      quarantined: bad.map(({ item, reason }) => ({
        uid: item.uid,
        entry: {
          reason,
          at: new Date(ports.now()).toISOString(),
          messageKey: item.message.messageKey,
        },
      })),
      siblings: items.flatMap(({ message: { threading, messageKey } }) =>
        threading.messageId === undefined ? [] : [{ hash: messageIdHash(threading.messageId), messageKey }],
      ),
      ...(server.mailboxEvents === 'flags-and-sent' ? { keepSiblingsSeconds: ANSWER_SECONDS } : {}),
      ...(server.afterQueued.action === 'leave' ? {} : { afterCare: good }),
    },
  );
  const comparedUntil = (meta.rescannedAt ?? 0) + CLOCK_SLACK_MS;
  watched.copies.add(
    prints.flatMap(({ value, internalDate }) => (internalDate.getTime() < comparedUntil ? [value] : [])),
  );
  observeDelays(watched, items);
  for (const item of items) {
    const { messageKey, threading, emailFlow } = item.message;
    const fields = { server: server.name, emailFlow, uid: item.uid, jobId: messageKey };
    const messageId = threading.messageId === undefined ? {} : { messageId: threading.messageId };
    const reason = quarantineReason(item);
    const say = () => {
      if (reason !== undefined) ports.emit('MessageQuarantined', { ...fields, reason });
      else
        ports.emit('MessageEnqueued', { ...fields, ...messageId, ...arrivedFor(watched, item), bytes: item.raw.size });
    };
    if (ports.tracing === undefined || item.trace === undefined) say();
    else ports.tracing.within(item.trace.mail, say);
  }
}

/** Older than this when it is enqueued, ms: somebody moved an old mail in. */
const OLD_MAIL_MS = DAY_MS;

/** How long they took from the mailbox to the queue. */
function observeDelays(watched: Watched, items: readonly Ready[]): void {
  const { ports } = watched;
  const arrival = ports.metrics.histogram('mailroom_message_arrival_seconds');
  const ingested = ports.metrics.histogram('mailroom_message_ingest_seconds');
  const monotonic = ports.monotonic();
  for (const item of items) {
    const { seenAt = monotonic, message } = item;
    const labels = { email_flow: message.emailFlow };
    ingested.observe(labels, (monotonic - seenAt) / 1000);
    const { durationMs } = arrivedFor(watched, item);
    if (durationMs !== undefined) arrival.observe(labels, durationMs / 1000);
  }
}

/** How long it has been in the mailbox; nothing for a message that was there before the first connect, or is old. */
function arrivedFor({ ports, firstConnectAt }: Watched, { internalDate }: Ready): { durationMs?: number } {
  const arrivedAt = internalDate?.getTime() ?? 0;
  const age = ports.now() - arrivedAt;
  // INTERNALDATE has full seconds.
  return arrivedAt + 1_000 > firstConnectAt && age <= OLD_MAIL_MS ? { durationMs: Math.max(0, age) } : {};
}
