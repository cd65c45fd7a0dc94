// One poll of a mailbox compares three accounts: the ledger in Redis, the folder as the server reports it (STATUS), and the folder as this session sees
// it (SEARCH). The kind of difference shows which one is stale.
import { MailroomError } from '../domain/errors.ts';
import { VIEW_WINDOW } from '../domain/folder-view.ts';
import { settled } from '../domain/ledger.ts';
import { highest } from '../domain/uid-set.ts';
import { DAY_MS } from '../lib/time.ts';
import type { FolderStatus, Mailbox } from './ports.ts';
import type { Watched } from './watched.ts';

/** Frequent polls cover this many UIDs below the newest known one: UIDs that become visible late or out of order. */
const WINDOW = VIEW_WINDOW;

/** State that the polls of one connection share. */
export interface PollState {
  /** Contradictory polls in a row. */
  doubts: number;
  /** The connection contradicted itself from the start: another one would too. */
  doubtfulFromStart: boolean;
  last: FolderStatus | undefined;
  /** Of the latest poll, unless it was contradictory. */
  window?: PollWindow | undefined;
}

/** The newest messages of the folder. */
export interface PollWindow {
  low: number;
  uids: readonly number[];
  modseq: string | undefined;
}

export const pollState = (mailbox: Mailbox, uids: readonly number[]): PollState => ({
  doubts: 0,
  doubtfulFromStart: mailbox.count() !== uids.length,
  last: undefined,
});

/**
 * UIDs to compare with the ledger: the newest window, and in full polls also everything that arrived in the last three days.
 * @throws MailroomError LEDGER_STALE, LEDGER_SET_BACK: Redis has another ledger than this process wrote; IMAP_SESSION_STALE: the folder is not the one that was opened
 */
export async function poll(watched: Watched, mailbox: Mailbox, full: boolean, state: PollState): Promise<number[]> {
  const { ledger, ports, mailboxId } = watched;
  checkVersion(watched, await ports.ledgers.version(mailboxId));
  state.window = undefined;
  const newest = highest(settled(ledger));
  const low = Math.max(1, newest - WINDOW);
  const before = await mailbox.status();
  checkFolder(mailbox, before);
  const uids = await mailbox.uids(low);
  const agrees = (status: FolderStatus | undefined) => isConsistent(status, state.last, uids, low, newest);
  // A mail that came between the two answers is no contradiction: a second STATUS counts it.
  const status = agrees(before) ? before : await mailbox.status();
  if (agrees(status)) {
    state.doubts = 0;
    watched.proven();
    state.last = status;
  } else doubt(watched, state, status);
  const exists = (uid: number) => status?.uidNext === undefined || uid < status.uidNext;
  if (state.doubts === 0) state.window = { low, uids: uids.filter(exists), modseq: before?.modseq };
  // Also those that are not listed any more: the next try finds out whether they are gone.
  const listed = new Set(ledger.pending.size === 0 ? [] : uids);
  const pending = [...ledger.pending.keys()].filter((uid) => !listed.has(uid));
  if (!full) return [...pending, ...uids.filter(exists)];
  const recent = await mailbox.uidsSince(new Date(ports.now() - 3 * DAY_MS));
  return [...new Set([...pending, ...recent.filter(exists), ...uids.filter(exists)])].sort((a, b) => a - b);
}

/** UIDs of the folder when it is opened, without those that the server cannot have assigned yet. */
export async function allUids(mailbox: Mailbox): Promise<number[]> {
  const uids = await mailbox.uids();
  if (mailbox.uidNext === 0 || (uids.at(-1) ?? 0) < mailbox.uidNext) return uids;
  // A mail that came since the folder was opened, or an invented UID: the server's own UIDNEXT decides.
  const uidNext = (await mailbox.status())?.uidNext ?? Number.POSITIVE_INFINITY;
  return uids.filter((uid) => uid < uidNext);
}

function checkVersion({ ledger }: Watched, version: number): void {
  if (version < ledger.version) throw ledgerSetBack(version, ledger.version);
  if (version > ledger.version)
    throw new MailroomError('LEDGER_STALE', {
      message: `ledger is at version ${version}, expected ${ledger.version}`,
    });
}

/** Redis lost writes that it had confirmed: it crashed before the fsync, or a replica that lagged was promoted. */
export const ledgerSetBack = (version: number, confirmed: number): MailroomError =>
  new MailroomError('LEDGER_SET_BACK', {
    message: `ledger is at version ${version}, Redis had confirmed ${confirmed}`,
  });

function checkFolder(mailbox: Mailbox, status: FolderStatus | undefined): void {
  const { uidValidity = mailbox.uidValidity, uidNext = mailbox.uidNext } = status ?? {};
  const changed =
    uidValidity !== mailbox.uidValidity
      ? `UIDVALIDITY is ${uidValidity}, this session opened ${mailbox.uidValidity}`
      : uidNext < mailbox.uidNext
        ? `UIDNEXT is ${uidNext}, this session opened with ${mailbox.uidNext}`
        : undefined;
  if (changed === undefined) return;
  throw new MailroomError('IMAP_SESSION_STALE', { message: changed, remote: { system: 'imap', command: 'STATUS' } });
}

function isConsistent(
  status: FolderStatus | undefined,
  last: FolderStatus | undefined,
  uids: readonly number[],
  low: number,
  newest: number,
): boolean {
  if (status === undefined) return true;
  const { messages, uidNext } = status;
  // UIDs start over: when the folder is opened again, start-point.ts compares all messages.
  if (uidNext !== undefined && uidNext <= newest && (uids.at(-1) ?? 0) < newest) return false;
  if (uidNext !== undefined && (uids.at(-1) ?? 0) >= uidNext) return false;
  if (messages === undefined) return true;
  if (low === 1 ? uids.length !== messages : uids.length > messages) return false;
  // More messages and higher UIDs than in the last poll, and this session shows none of them.
  const lastNext = last?.uidNext ?? Number.POSITIVE_INFINITY;
  const more = (uidNext ?? 0) > lastNext && messages > (last?.messages ?? Number.POSITIVE_INFINITY);
  return !more || uids.some((uid) => uid >= lastNext);
}

/** One contradiction may be chance; after two in a row the session is replaced, unless it was like that from its start. */
function doubt(watched: Watched, state: PollState, status: FolderStatus | undefined): void {
  state.doubts++;
  watched.doubted();
  if (state.doubts !== 2) return;
  const { server, ports } = watched;
  const message = `SEARCH and STATUS contradict each other: ${status?.messages ?? 'unknown'} messages by STATUS`;
  if (!state.doubtfulFromStart)
    throw new MailroomError('IMAP_SESSION_STALE', { message, remote: { system: 'imap', command: 'UID SEARCH' } });
  ports.emit('MailboxDoubted', { server: server.name, reason: 'search-and-status-differ' });
}
