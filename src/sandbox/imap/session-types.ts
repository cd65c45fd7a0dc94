// What the commands know of the session they run in.

import type { Settings } from '../config.ts';
import type { Directory, Principal } from '../directory.ts';
import type { Faults } from '../faults.ts';
import type { Tokens } from '../oauth/tokens.ts';
import type { Folder, Mailbox, Store, StoredMessage } from '../store.ts';
import type { Output } from './output.ts';
import type { Token } from './tokens.ts';

/** The tenant as the servers see it. */
export interface Tenant {
  settings: Settings;
  directory: Directory;
  store: Store;
  tokens: Tokens;
  faults: Faults;
}

interface Selected {
  folder: Folder;
  readOnly: boolean;
  /** What this session has been notified of, by sequence number (index + 1). */
  view: StoredMessage[];
}

export interface Session {
  tenant: Tenant;
  output: Output;
  mailbox: Mailbox | undefined;
  principal: Principal | undefined;
  /** The mailbox could be opened; otherwise every command fails although sign-in succeeded. */
  connected: boolean;
  /** Milliseconds since the epoch; set with token sign-ins. */
  tokenExpiresAt: number | undefined;
  selected: Selected | undefined;
  /** IMAP4rev2 was enabled on the new front end. */
  rev2: boolean;
  newFrontEnd: boolean;
  secure: boolean;
  /** The next line belongs to this command (IDLE's DONE, AUTHENTICATE's response). */
  continuation: ((line: string) => Promise<void>) | undefined;
  idling: boolean;
  open(folder: Folder, readOnly: boolean): void;
  close(): void;
  signedIn(mailbox: Mailbox, principal: Principal, grant?: { expiresAt: number; serial: number }): void;
  /** Enters IDLE (RFC 2177); the tagged answer comes after DONE. */
  startIdle(tag: string): Promise<void>;
  /** BYE with this text, then the end. */
  bye(text: string): Promise<void>;
  /** The end after everything written has gone out. */
  end(): void;
  /** The end without BYE; by TCP reset when asked. */
  drop(reset?: boolean): void;
}

export interface Command {
  tag: string;
  name: string;
  byUid: boolean;
  args: Token[];
}

/** Tagged answer without the tag: `OK …`, `NO …`, `BAD …`; undefined when the command answers on its own. */
export type Answer = string | undefined;
export type CommandFunction = (session: Session, command: Command) => Answer | Promise<Answer>;
