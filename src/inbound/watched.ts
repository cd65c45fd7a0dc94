// What is known of one watched mailbox while it is watched: handed from the supervisor through the watcher to the code that receives and records.
import type { MailboxEvent } from '../contract/mailbox-event.ts';
import type { ImapServer } from '../domain/email-server.ts';
import type { FolderView } from '../domain/folder-view.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { Isolation } from './isolation.ts';
import type { InboundPorts } from './ports.ts';

export interface Watched {
  server: ImapServer;
  mailboxId: string;
  /** Token of the lease held for this mailbox. */
  leaseToken: () => string;
  ledger: Ledger;
  /** UIDs whose parsing other processes began and did not end, with how many in a row (ledgers.unfinished). */
  unfinished: ReadonlyMap<number, number>;
  /** What this process noted in the same way and has not committed yet. It lives, so these are no deaths. */
  begun: Map<number, number>;
  /** Which UIDs are fetched alone, because FETCH failed somewhere near them. Outlives a connection. */
  isolation: Isolation;
  /** When this process connected to the mailbox as the first one ever, epoch ms: what was there then was not late. */
  firstConnectAt?: number;
  /** What the latest fetch failed with: a failure that narrows the search is no reason for a back-off. */
  fetchError?: unknown;
  /** What the last look saw of what people do (mailboxEvents); undefined: nothing yet. */
  view: FolderView | undefined;
  /** Some accepted replies want their message marked as answered. */
  marksWaiting: boolean;
  /** The server whose folder has this mailboxId, while it is watched by any replica. */
  serverOf(mailboxId: string): ImapServer | undefined;
  /** Waits for the turn of a further sign-in. */
  signInTurn(): Promise<void>;
  ports: InboundPorts;
  /** Asked to stop: what is in hand is committed, nothing more is fetched. */
  signal: AbortSignal;
  /** Told whenever the server answered: the mailbox is provably watched now. */
  proven(): void;
  /** The server answered, but what it said contradicts itself: not watched, as long as it lasts. */
  doubted(): void;
}

/** What every event of a mailbox says of it. */
export const placeOf = ({ server }: Watched): Pick<MailboxEvent, 'server' | 'mailbox' | 'folder'> => ({
  server: server.name,
  mailbox: server.user,
  folder: server.folder,
});
