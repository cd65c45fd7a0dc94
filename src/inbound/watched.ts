// One watched mailbox, as the supervisor hands it through the watcher to the code that receives and records. Nobody assigns to it: what changes is
// kept by the object that is named for it.
import type { ImapServer } from '../domain/email-server.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { Copies } from './copies.ts';
import type { Isolation } from './isolation.ts';
import type { openLedger } from './ledger.ts';
import type { parseAttempts } from './parse-attempts.ts';
import type { InboundPorts } from './ports.ts';

export interface Watched {
  readonly server: ImapServer;
  readonly mailboxId: string;
  /** As it is now (ledger.ts). */
  readonly ledger: Ledger;
  readonly firstConnectAt: number;
  readonly commit: ReturnType<typeof openLedger>['commit'];
  readonly copies: Copies;
  readonly parseAttempts: ReturnType<typeof parseAttempts>;
  /** Which UIDs are fetched alone, because FETCH failed somewhere near them. */
  readonly isolation: Isolation;
  /** The server whose folder has this mailboxId, while it is watched by any replica. */
  serverOf(mailboxId: string): ImapServer | undefined;
  /** Waits for the turn of a further sign-in. */
  signInTurn(): Promise<void>;
  readonly ports: InboundPorts;
  /** The mailbox stops: work in hand is committed, nothing more is fetched. */
  readonly signal: AbortSignal;
  /** Called whenever the server answered: the mailbox is provably watched now. */
  proven(): void;
  /** The server answered, but contradicts itself: not watched, as long as that lasts. */
  doubted(): void;
}
