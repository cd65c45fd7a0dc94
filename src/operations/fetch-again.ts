// Fetches and reads one message of a mailbox again for a person, on a connection separate from the watcher's. Callers for the same mailbox
// share the connection, one after the other, because a server admits few.
import { mailboxId, partsOfMessageKey } from '../contract/names.ts';
import type { ImapServer } from '../domain/email-server.ts';
import { type Item, type Mailbox, memoryBytes } from '../inbound/index.ts';
import { fetchOne, type ReplayDeps, settledMeta } from './replay.ts';

/** @returns what `use` returns; `item` is undefined when the mailbox no longer has the message */
export type FetchAgain = <T>(
  server: ImapServer,
  messageKey: string,
  use: (item: Item | undefined) => Promise<T>,
) => Promise<T>;

interface Shared {
  mailbox: Promise<Mailbox>;
  /** Callers that use it or wait for it. */
  users: number;
  last: Promise<unknown>;
}

interface FetchAgainDeps extends Pick<ReplayDeps, 'ledgers'> {
  openMailbox(server: ImapServer): Promise<Mailbox>;
}

/** @throws MailroomError REPLAY_REFUSED where UIDs and ledger do not match; errors of the connection */
export function createFetchAgain({ ledgers, openMailbox }: FetchAgainDeps): FetchAgain {
  const open = new Map<string, Shared>();

  return async (server, messageKey, use) => {
    const id = mailboxId(server);
    const shared = open.get(id) ?? { mailbox: openMailbox(server), users: 0, last: Promise.resolve() };
    open.set(id, shared);
    shared.users += 1;
    const turn = shared.last.then(async () => {
      const mailbox = await shared.mailbox;
      const { uidValidity, era } = await settledMeta(ledgers, id, mailbox);
      const parts = partsOfMessageKey(messageKey);
      const isThere = parts !== undefined && parts.uidValidity === uidValidity && parts.era === era;
      const item = isThere ? await fetchOne(mailbox, parts.uid, memoryBytes(server)) : undefined;
      try {
        return await use(item);
      } finally {
        item?.release?.();
      }
    });
    shared.last = turn.catch(() => {
      // The next caller does not get a lost connection.
      if (open.get(id) === shared) open.delete(id);
    });
    try {
      return await turn;
    } finally {
      shared.users -= 1;
      if (shared.users === 0) {
        if (open.get(id) === shared) open.delete(id);
        await shared.mailbox.then((mailbox) => mailbox.close()).catch(() => {});
      }
    }
  };
}
