// What the doctor's steps share: their input, their results, and how they fail.

import type { TokenClaims } from '../domain/access-token.ts';
import type { GuardOf } from '../domain/connect-guard.ts';
import type { StepName } from '../domain/doctor.ts';
import type { EmailServer, OAuthApplication } from '../domain/email-server.ts';
import type { MailroomError } from '../domain/errors.ts';
import type { GetToken } from '../domain/mailbox-credentials.ts';
import type { Words } from '../domain/words.ts';
import type { FixNames } from './fixes.ts';
import type { Dns, MailboxProbe, RemoteSystems } from './ports.ts';
import type { Turns } from './turns.ts';

export interface DoctorDeps {
  /** All defined servers, for checks of the whole set. */
  servers: readonly EmailServer[];
  applications: readonly OAuthApplication[];
  /** Invalid applications of the configuration: name → problem. */
  wrongApplications?: ReadonlyMap<string, string>;
  systems: RemoteSystems;
  dns: Dns;
  getToken: GetToken;
  /** Keeps the check from taking anything that a live gateway needs. */
  turns: Turns;
  /** Opt-in: sends a real mail from each permitted From to the mailbox that signs in. */
  sendProbe: boolean;
  redirectUri: string;
  ehloName: string | undefined;
  /** Servers whose targets are checked before connecting. */
  guardOf?: GuardOf | undefined;
  /** Milliseconds for one answer of a remote system. */
  timeoutMs: number;
  /** Milliseconds to search for the Sent copy; the copy of Exchange Online is slow. */
  sentCopyMs: number;
  /** Between two searches. */
  sentCopyEveryMs: number;
  now: () => number;
}

/** The result of a step. `skipped` here means that it does not apply or was not requested. A failure is thrown. */
export type Outcome = { detail?: Words } | { skipped: Words };

/** The check of one server: what its steps read, and what they leave for later ones. */
export interface Check<Server extends EmailServer = EmailServer> {
  readonly server: Server;
  readonly deps: DoctorDeps;
  /** Content of the access token. */
  claims?: TokenClaims;
  /** Open until the check ends. */
  mailbox?: MailboxProbe;
  /** Why the mailbox did not open although the sign-in succeeded. */
  notOpened?: MailroomError;
  /** The first probe that the SMTP server accepted. */
  probe?: { replyId: string; messageId: string; since: Date };
}

/** @param about sendAs: the From address; fromDomain: the domain; otherwise empty */
type Step<Server extends EmailServer> = (check: Check<Server>, about: string) => Promise<Outcome>;

export type Steps<Server extends EmailServer = EmailServer> = Partial<Record<StepName, Step<Server>>>;

/** A failure with a more specific fix than the table's: names to fill in, or the complete text. */
interface KnownFix {
  error: MailroomError;
  fix: Partial<FixNames> | Words;
}

/** For `throw`: an Error with the known fix. */
export const withFix = (error: MailroomError, fix: Partial<FixNames> | Words): Error =>
  Object.assign(new Error(error.message), { known: { error, fix } satisfies KnownFix });

export function knownFix(thrown: unknown): KnownFix | undefined {
  return thrown instanceof Error && 'known' in thrown ? (thrown.known as KnownFix) : undefined;
}

export const same = (text: string): Words => ({ en: text, de: text });

/** Defaults of the times. */
export const doctorDefaults = { timeoutMs: 10_000, sentCopyMs: 60_000, sentCopyEveryMs: 2_000, now: Date.now };
