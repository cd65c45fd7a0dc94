// Shape of one entry of the error catalogue. docs/errors.md is generated from the catalogue.
import type { FailureClass } from '../../contract/result.ts';

/** What Mailroom does about it by itself. */
export type Action =
  | 'retry' // again with back-off
  | 'renew-token' // new token, one retry at once, then as auth
  | 'back-off' // this mailbox or server waits, long
  | 'pause-server' // no submissions on this server until it is healed; its jobs are kept
  | 'hold' // kept for a person, or until a stated time
  | 'fail' // this reply or request ends here
  | 'quarantine' // message kept aside with its raw bytes, flagged
  | 'settle' // looked up in Sent before anything else happens
  | 'refuse' // input is not taken
  | 'warn' // goes on, says so
  | 'stop'; // the process does not start

export interface CatalogueEntry {
  class: FailureClass;
  action: Action;
  /** One sentence, no content of mails, no secrets. */
  message: string;
  /** For the administrator: what to do, whoever runs the server. */
  hint: Hint;
  /** What to do at a provider that has tools and names of its own (domain/mail-provider.ts); `hintFor` picks. */
  hintAt?: Partial<Readonly<Record<'microsoft' | 'google', Hint>>>;
}

export interface Hint {
  en: string;
  de: string;
}

export const section = <const T extends Record<string, CatalogueEntry>>(entries: T): T => entries;
