// What the commands get: the session they run in, and the command itself.
import type { ActiveFault, FaultName, Faults } from '../faults.ts';
import type { Mailbox } from '../store.ts';
import type { Tenant } from '../tenant.ts';
import type { Output } from './output.ts';
import type { Selected } from './selected.ts';
import type { Token } from './tokens.ts';

type Circumstances = Omit<NonNullable<Parameters<Faults['take']>[1]>, 'mailbox'>;

export interface Session {
  readonly tenant: Tenant;
  readonly output: Output;
  readonly newFrontEnd: boolean;
  /** Undefined until sign-in. */
  mailbox: Mailbox | undefined;
  /** The mailbox could be opened; otherwise every command fails although sign-in succeeded. */
  connected: boolean;
  selected: Selected | undefined;
  /** IMAP4rev2 was enabled on the new front end. */
  rev2: boolean;
  /** The next line belongs to this command (IDLE's DONE, AUTHENTICATE's response). */
  continuation: ((line: string) => Promise<void>) | undefined;
  idling: boolean;
  lastCommand: string;
  /** The fault that strikes this session's mailbox here and now, counted; see Faults. */
  take(name: FaultName, circumstances?: Circumstances): ActiveFault | undefined;
  peek(name: FaultName, circumstances?: Circumstances): ActiveFault | undefined;
  /** Sends the tagged answer; closes the session after too many BAD in a row. */
  answer(tag: string, text: string): Promise<void>;
  /** The token of this session expires then, milliseconds since the epoch. */
  expireAt(time: number): void;
  /** BYE with this text, then the end. */
  bye(text: string): Promise<void>;
  /** The end after everything written has gone out. */
  end(): void;
  /** The end without BYE; by TCP reset when `reset` is true. */
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
export type Run<Given> = (session: Given, command: Command) => Answer | Promise<Answer>;
/** A session with an open mailbox, and one with a selected folder. */
export type SignedIn = Session & { mailbox: Mailbox };
export type InFolder = SignedIn & { selected: Selected };
