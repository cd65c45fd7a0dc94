// Messages that FETCH did not return: gone from the folder, to be tried again later, or, when all tries are over, quarantined with what is known.
import { MailroomError } from '../domain/errors.ts';
import { nextTry, type Pending } from '../domain/ledger.ts';
import { faultOf, outlives } from './isolation.ts';
import { commitItems } from './ledger-commit.ts';
import type { FetchedMessage, Mailbox } from './ports.ts';
import type { Watched } from './watched.ts';

/** Records those that are no longer in the folder; resolves with the others. */
export async function recordVanished(
  watched: Watched,
  mailbox: Mailbox,
  missing: readonly number[],
): Promise<readonly number[]> {
  if (missing.length === 0) return [];
  const inFolder = new Set(await mailbox.uids(Math.min(...missing)));
  const vanished = missing.filter((uid) => !inFolder.has(uid));
  if (vanished.length === 0) return missing;
  await watched.commit({ outcomes: [{ outcome: 'vanished', uids: vanished }] });
  for (const uid of vanished) {
    watched.isolation.vanished(uid);
    watched.ports.emit('MessageVanished', { server: watched.server.name, uid });
  }
  return missing.filter((uid) => inFolder.has(uid));
}

/**
 * Notes one more failed try of each. A try while hardly any other message comes is not counted: then the server is to blame.
 * @param reason no-data, connection-closed, server-silent, fetch-refused
 */
export async function settlePending(
  watched: Watched,
  uids: readonly number[],
  reason: string,
  error?: unknown,
): Promise<void> {
  if (uids.length === 0) return;
  const { ports, server, ledger, isolation } = watched;
  const delays = ports.settings.pendingDelays;
  const now = ports.now();
  const pending = uids.map((uid): { uid: number; entry: Pending } => {
    const previous = ledger.pending.get(uid);
    const counted = isolation.isToBlame() || previous === undefined;
    const next = nextTry(counted ? previous : { ...previous, attempts: previous.attempts - 1 }, reason, now, delays);
    // Its headers are still to be fetched, over a connection that works.
    const exhausted = { reason, attempts: delays.length + 1, firstAt: previous?.firstAt ?? now, nextAt: now };
    return { uid, entry: next === 'quarantine' ? exhausted : next };
  });
  await watched.commit({ outcomes: [], pending });
  for (const { uid, entry } of pending) {
    if (entry.attempts > delays.length) continue;
    const { attempts, nextAt } = entry;
    const words = error instanceof MailroomError ? { code: error.code, err: error } : {};
    ports.emit('MessagePending', { server: server.name, uid, reason, attempts, delayMs: nextAt - now, ...words });
  }
}

/** Whether all tries of the message are over. */
export function isExhausted({ ledger, ports }: Watched, uid: number): boolean {
  return (ledger.pending.get(uid)?.attempts ?? 0) > ports.settings.pendingDelays.length;
}

/** @throws the connection's error; the next connection does not fetch the headers again */
export async function quarantineUnread(watched: Watched, mailbox: Mailbox, uid: number): Promise<void> {
  const { isolation } = watched;
  let header: FetchedMessage | undefined;
  if (isolation.mayFetchHeader(uid)) {
    try {
      header = await mailbox.fetchHeader(uid);
    } catch (error) {
      isolation.headerFailed(error);
      const fault = faultOf(error);
      if (fault === undefined || !outlives(fault)) throw error;
    }
  }
  const present = header !== undefined ? [uid] : await recordVanished(watched, mailbox, [uid]);
  if (present.length > 0) {
    const reason = watched.ledger.pending.get(uid)?.reason ?? 'no-data';
    const given = header?.source;
    const marker = `X-Mailroom-Unreadable: UID ${uid}\r\n\r\nThe server never gave this message's content.\r\n`;
    const source = given ?? Buffer.from(marker);
    const { internalDate, size } = header ?? { internalDate: undefined, size: undefined };
    await commitItems(watched, [
      { uid, internalDate, size, source, unreadable: { reason, headers: given !== undefined } },
    ]);
  }
  isolation.quarantined(uid);
}
