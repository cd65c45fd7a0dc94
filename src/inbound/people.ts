// People work in the watched mailbox too: after a poll, their acts are read from its flags and from Sent (notice-changes.ts, sent-answers.ts).
// Nothing here may keep mail from coming in: a failure is reported once, and the next poll tries again.
import { asError, MailroomError } from '../domain/errors.ts';
import type { FolderView } from '../domain/folder-view.ts';
import { lastingState } from '../telemetry/lasting-state.ts';
import { noticeChanges } from './notice-changes.ts';
import type { PollWindow } from './poll.ts';
import type { Mailbox } from './ports.ts';
import { noticeAnswers } from './sent-answers.ts';
import type { Watched } from './watched.ts';

/** Without HIGHESTMODSEQ, the flags of the whole window are fetched this often, ms. */
const DEEP_MS = 600_000;

/** What ends the watch as a whole. */
const OF_THE_LEDGER: readonly string[] = ['LEASE_LOST', 'LEDGER_STALE', 'LEDGER_SET_BACK'];

/**
 * For the life of one connection.
 * @returns compares the folder with its last view. @param window result of the poll @param full read Sent too @throws what ends the watch: lease lost, ledger stale
 */
export function watchPeople(watched: Watched, mailbox: Mailbox): (window: PollWindow, full: boolean) => Promise<void> {
  const { server, ports, mailboxId } = watched;
  if (server.mailboxEvents === undefined) return async () => {};
  const failing = lastingState<Error>(
    (err) => ports.emit('MailboxLookFailed', { server: server.name, err }),
    () => {},
    ports.monotonic,
  );
  let deepAt = Number.NEGATIVE_INFINITY;
  let noticed: PollWindow | undefined;
  /** The folder as it was last compared; undefined: not read from Redis yet. */
  let last: { view: FolderView | undefined } | undefined;
  return async (window, full) => {
    if (window === noticed) return;
    noticed = window;
    try {
      last ??= { view: await ports.people.view(mailboxId) };
      const deep = ports.monotonic() - deepAt >= DEEP_MS;
      last.view = await noticeChanges(watched, mailbox, last.view, window, deep);
      if (deep) deepAt = ports.monotonic();
      if (full && server.mailboxEvents === 'flags-and-sent')
        last.view = await noticeAnswers(watched, mailbox, last.view);
      failing.over();
    } catch (error) {
      if (error instanceof MailroomError && OF_THE_LEDGER.includes(error.code)) throw error;
      failing.seen(asError(error));
    }
  };
}
