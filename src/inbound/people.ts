// People work in the mailbox that we watch: after a poll their acts are looked for in its flags, and in Sent (notice-changes.ts, sent-answers.ts).
// Nothing here may keep mail from coming in: a look that fails is reported once and repeated with the next poll.
import { asError, MailroomError } from '../domain/errors.ts';
import { lastingState } from '../telemetry/lasting-state.ts';
import { noticeChanges } from './notice-changes.ts';
import type { PollWindow } from './poll.ts';
import type { Mailbox } from './ports.ts';
import { noticeAnswers } from './sent-answers.ts';
import type { Watched } from './watched.ts';

/** Where the server has no HIGHESTMODSEQ, the flags of the whole window are asked for this often, ms. */
const DEEP_MS = 600_000;

/** What ends a watch, and is not this file's to judge. */
const OF_THE_LEDGER: readonly string[] = ['LEASE_LOST', 'LEDGER_STALE', 'LEDGER_SET_BACK'];

interface PeopleWatch {
  /** @param window what the poll has seen @param full Sent is looked at too */
  notice(window: PollWindow, full: boolean): Promise<void>;
}

/** For the life of one connection. @throws (notice) what ends the watch: lease lost, ledger stale */
export function watchPeople(watched: Watched, mailbox: Mailbox): PeopleWatch {
  const { server, ports } = watched;
  if (server.mailboxEvents === undefined) return { notice: async () => {} };
  const failing = lastingState<Error>(
    (err) => ports.emit('MailboxLookFailed', { server: server.name, err }),
    () => {},
    ports.monotonic,
  );
  let deepAt = Number.NEGATIVE_INFINITY;
  let last: PollWindow | undefined;
  return {
    async notice(window, full) {
      if (window === last) return;
      last = window;
      try {
        const deep = ports.monotonic() - deepAt >= DEEP_MS;
        await noticeChanges(watched, mailbox, window, deep);
        if (deep) deepAt = ports.monotonic();
        if (full && server.mailboxEvents === 'flags-and-sent') await noticeAnswers(watched, mailbox);
        failing.over();
      } catch (error) {
        if (error instanceof MailroomError && OF_THE_LEDGER.includes(error.code)) throw error;
        failing.seen(asError(error));
      }
    },
  };
}
