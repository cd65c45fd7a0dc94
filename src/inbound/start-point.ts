// Decides what the UIDs of a folder mean when it is opened: a first connect (where to start), the same folder as before, or UIDs that start over
// (UIDVALIDITY changed, mailbox moved or restored). Afterwards the ledger's meta fits the folder.
import type { ImapServer } from '../domain/email-server.ts';
import { type LedgerMeta, settled } from '../domain/ledger.ts';
import { highest } from '../domain/uid-set.ts';
import { DAY_MS } from '../lib/time.ts';
import { takeCopy } from './copies.ts';
import { fingerprintOf } from './fingerprint.ts';
import { allUids } from './poll.ts';
import type { Mailbox } from './ports.ts';
import type { Watched } from './watched.ts';

/** @returns UIDs of the folder at this moment */
export async function settleStart(watched: Watched, mailbox: Mailbox): Promise<number[]> {
  const { ledger } = watched;
  if (ledger.meta === undefined) return firstConnect(watched, mailbox);
  const uids = await allUids(mailbox);
  if (ledger.meta.uidValidity !== mailbox.uidValidity) await rescan(watched, mailbox, uids, 'uidvalidity-changed');
  else if (wentBack(watched, mailbox, uids)) await rescan(watched, mailbox, uids, 'uidnext-went-back');
  return uids;
}

/** UIDNEXT under a UID that already has an outcome: the folder was restored under its old UIDVALIDITY (chatmail/core#2188). */
function wentBack({ ledger }: Watched, mailbox: Mailbox, uids: readonly number[]): boolean {
  const known = highest(settled(ledger));
  return mailbox.uidNext > 0 && mailbox.uidNext <= known && (uids.at(-1) ?? 0) < known;
}

async function firstConnect(watched: Watched, mailbox: Mailbox): Promise<number[]> {
  const { server, ports } = watched;
  const uids = await allUids(mailbox);
  const before = await beforeStart(server, mailbox, uids);
  const meta: LedgerMeta = {
    uidValidity: mailbox.uidValidity,
    era: '',
    startedAt: startInstant(server, ports.now()),
    start: typeof server.startFrom === 'string' ? server.startFrom : `since:${server.startFrom.since}`,
    emailFlows: [server.emailFlow],
    user: server.user,
    host: server.host,
    folder: server.folder,
  };
  await watched.commit(
    { outcomes: [{ outcome: 'before-start', uids: before }], meta },
    { fingerprints: await recentHeads(mailbox, before, ports.now()) },
  );
  ports.emit('MailboxStartChosen', {
    server: server.name,
    kind: meta.start,
    uidValidity: meta.uidValidity,
    detail: { inFolder: uids.length, skippedBeforeStart: before.length },
  });
  return uids;
}

/** Epoch ms from which a message counts as ours when only its date is known (after a rescan). */
function startInstant(server: ImapServer, now: number): number {
  if (server.startFrom === 'all') return 0;
  if (typeof server.startFrom === 'object') return Date.parse(server.startFrom.since);
  return now;
}

async function beforeStart(server: ImapServer, mailbox: Mailbox, uids: readonly number[]): Promise<number[]> {
  if (server.startFrom === 'all') return [];
  if (server.startFrom === 'now') return [...uids];
  if (server.startFrom === 'unseen') {
    const unseen = new Set(await mailbox.unseenUids());
    return uids.filter((uid) => !unseen.has(uid));
  }
  // SINCE knows days only, in the server's zone: a day early by SEARCH, then exactly by INTERNALDATE.
  const since = Date.parse(server.startFrom.since);
  const candidates = new Set(await mailbox.uidsSince(new Date(since - DAY_MS)));
  const before = uids.filter((uid) => !candidates.has(uid));
  const inFolder = new Set(uids);
  const close = [...candidates].filter((uid) => inFolder.has(uid));
  if (close.length > 0) {
    // One without a date is taken.
    for await (const head of mailbox.fetchHeads(close))
      if (head.internalDate !== undefined && head.internalDate.getTime() < since) before.push(head.uid);
  }
  return before;
}

/** Fingerprints of what was skipped in the last two days: near the start, dates alone would not separate old from new after a rescan. */
async function recentHeads(mailbox: Mailbox, before: readonly number[], now: number) {
  const skipped = new Set(before);
  const recent =
    before.length === 0
      ? []
      : (await mailbox.uidsSince(new Date(now - 2 * DAY_MS))).filter((uid) => skipped.has(uid)).slice(-5_000);
  const prints: { value: string; internalDate: Date }[] = [];
  if (recent.length === 0) return prints;
  for await (const head of mailbox.fetchHeads(recent)) {
    const internalDate = head.internalDate ?? new Date(now);
    prints.push({ value: fingerprintOf(head.source, head.internalDate, head.size), internalDate });
  }
  return prints;
}

/**
 * UIDs were reset: every message of the folder is matched with the known ones by fingerprint, in one commit, without replay or loss. A message that the
 * server does not return now is compared when it comes (ledger-commit.ts): a rescan does not wait for it.
 */
async function rescan(watched: Watched, mailbox: Mailbox, uids: readonly number[], reason: string): Promise<void> {
  const { ports, server, mailboxId } = watched;
  const previous = watched.ledger.meta as LedgerMeta;
  const known = await ports.ledgers.fingerprints(mailboxId);
  const matched = new Map<number, string>();
  const before: number[] = [];
  const unknown: number[] = [];
  if (uids.length > 0) {
    for await (const head of mailbox.fetchHeads(uids)) {
      watched.proven();
      const print = fingerprintOf(head.source, head.internalDate, head.size);
      if (takeCopy(known, print)) matched.set(head.uid, print);
      else if ((head.internalDate?.getTime() ?? Number.POSITIVE_INFINITY) < previous.startedAt - DAY_MS)
        before.push(head.uid);
      else unknown.push(head.uid);
    }
  }
  const meta: LedgerMeta = {
    ...previous,
    uidValidity: mailbox.uidValidity,
    era: `.${Number(previous.era.slice(1) || '1') + 1}`,
    rescannedAt: ports.now(),
  };
  await watched.commit({
    reset: true,
    meta,
    outcomes: [
      { outcome: 'matched', uids: [...matched.keys()] },
      { outcome: 'before-start', uids: before },
    ],
  });
  watched.copies.startOver(matched.values());
  await watched.parseAttempts.load();
  ports.emit('MailboxRescanned', {
    server: server.name,
    reason,
    uidValidity: meta.uidValidity,
    detail: {
      matched: matched.size,
      beforeStart: before.length,
      new: unknown.length,
      unread: uids.length - matched.size - before.length - unknown.length,
    },
  });
}
