// What the tests ask of a mailbox server of another make than Dovecot (courier.ts, cyrus.ts).
/** What the tests ask of a mailbox server, whatever its make. */
export interface MailboxServer {
  readonly make: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
  readonly user: string;
  readonly password: string;
  /** Offers MOVE, or at least UIDPLUS. */
  readonly moves: boolean;
  deliver(raw: string | Uint8Array): Promise<void>;
  /** Mails of a folder below the mailbox, flags included where it can tell. */
  count(folder: string): Promise<number>;
  /** INBOX with the same mails under new UIDs, as after a restore. */
  renumber(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}
