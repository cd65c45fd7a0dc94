// A batch of fetched mails on its way to the queue: what came before is told apart, the rest is parsed and stored, then recorded (record.ts).
import { fingerprintOf, isReplacementText } from './message.ts';
import type { ParsedMessage } from './ports.ts';
import { commit, commitReceived, letGo, quarantine } from './record.ts';
import type { Readable, Watched } from './watched.ts';

/**
 * Processes in a row that began to parse a message and never ended it, after which the message counts as their killer and is not parsed any
 * more. The first of them had it in a batch, the others alone: whoever is killed for other reasons hardly ever hits the same one so often.
 */
const MOST_CRASHES = 4;

/** Each of these ends enqueued, matched or quarantined, or nothing of it does. Their bytes are nobody's when this has ended. */
export async function commitBatch(watched: Watched, batch: readonly Readable[]): Promise<void> {
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
  // Rejects only when no worker can be started: then the bytes must stay until they are stored.
  const parsed = await ports.parse(good.map((message) => message.source)).catch(async (error: unknown) => {
    await storing.then(({ durable }) => durable).catch(() => {});
    throw error;
  });
  const received = good.map(({ uid, internalDate, size }, i) => ({
    uid,
    internalDate,
    size,
    parsed: parsed[i] as ParsedMessage,
  }));
  const prints = good.map((message) => fingerprintOf(message.source, message.internalDate, message.size));
  await commitReceived(watched, received, storing, prints, { parsed: uids });
  letGo(parsed, received);
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
