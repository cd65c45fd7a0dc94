// Shape of one entry of the error catalogue. docs/errors.md is generated from the catalogue.
import type { FailureClass } from '../../contract/result.ts';
import { type Words, words } from '../words.ts';

/** What Mailroom does automatically. */
export type Action =
  | 'retry' // again with back-off
  | 'renew-token' // new token, one retry at once, then as auth
  | 'back-off' // this mailbox or server waits for a long time
  | 'pause-server' // nothing is sent through this server until it works again; its jobs are kept
  | 'hold' // kept for a person, or until a given time
  | 'fail' // this reply or request ends here
  | 'quarantine' // the message is set aside with its raw bytes and reported
  | 'settle' // Sent is searched before anything else happens
  | 'refuse' // the input is refused
  | 'warn' // continues and reports it
  | 'stop'; // the process does not start

export interface CatalogueEntry {
  class: FailureClass;
  action: Action;
  /** One sentence, no content of mails, no secrets. */
  message: string;
  /** For the administrator: what to do, regardless of who runs the server. */
  hint: Words;
  /** What to do at a provider with its own tools and names (domain/mail-provider.ts); `hintFor` chooses. */
  hintAt?: Partial<Readonly<Record<'microsoft' | 'google', Words>>>;
}

export const section = <const T extends Record<string, CatalogueEntry>>(entries: T): T => entries;

/** One row: `entry(class, action)(what is wrong, what to do in English, in German, hints at providers …)`. */
export const entry =
  (failureClass: FailureClass, action: Action) =>
  (
    message: string,
    en: string,
    de: string,
    ...atProviders: NonNullable<CatalogueEntry['hintAt']>[]
  ): CatalogueEntry => ({
    class: failureClass,
    action,
    message,
    hint: words(en, de),
    ...(atProviders.length > 0 && { hintAt: Object.assign({}, ...atProviders) }),
  });

export const microsoft = (en: string, de: string) => ({ microsoft: words(en, de) });
export const google = (en: string, de: string) => ({ google: words(en, de) });
