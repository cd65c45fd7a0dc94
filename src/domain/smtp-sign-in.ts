// Whether an SMTP server is known to let us in, and the state that is shown of it: nothing is "ready to send" that has not signed in. Pure.
import { createHash } from 'node:crypto';
import type { SmtpServer } from './email-server.ts';

/** What the last sign-in of any replica came to. Times in epoch ms. */
export interface SignInNote {
  /** Where and as whom it was ({@link signInTarget}): of another definition it says nothing. */
  target: string;
  /** Last sign-in that succeeded. */
  provenAt?: number;
  /** Set by a failure after that. */
  failure?: { code: string; said?: string; since: number; nextAt: number };
}

/** Port of the notes, as outbound and operations use them; adapters/redis/smtp-sign-ins.ts keeps them. */
export interface SignInNotes {
  read(server: string): Promise<SignInNote | undefined>;
  succeeded(server: string, target: string): Promise<void>;
  failed(server: string, target: string, failure: NonNullable<SignInNote['failure']>): Promise<void>;
  /** Another definition has the name: what was known is forgotten. */
  forget(server: string): Promise<void>;
  /** True for one of the replicas that ask within this many ms. */
  claim(server: string, ms: number): Promise<boolean>;
  /** The turn of an earlier claim is not waited for. */
  free(server: string): Promise<void>;
}

/** Without the password: who reads Redis must not be able to try passwords against it. A changed one is a changed definition, which is forgotten. */
export function signInTarget({ host, port, tls, user, authentication, proxy, ca }: SmtpServer): string {
  const { type } = authentication;
  const how = type === 'OAuth2' ? authentication : { type };
  return createHash('sha256')
    .update(JSON.stringify([host, port, tls, user, how, proxy, ca]))
    .digest('hex')
    .slice(0, 32);
}

/** A person has to sign in: no retry will help. */
const PERSON_NEEDED: readonly string[] = [
  'OAUTH_SIGN_IN_NEEDED',
  'OAUTH_SIGN_IN_EXPIRED',
  'OAUTH_MFA_REQUIRED',
  'OAUTH_PASSWORD_EXPIRED',
  'OAUTH_PASSWORD_WRONG',
  'OAUTH_WRONG_IDENTITY',
];

interface KnownPause {
  code: string;
  since: number;
  until: number;
  by?: string;
}

interface SmtpState {
  state: 'paused' | 'sign-in-needed' | 'retrying' | 'sending' | 'unproven';
  code?: string;
  /** The server's own words. */
  said?: string;
  since?: number;
  expectedAt?: number;
  pausedBy?: string;
  lastProvenAt?: number;
}

/**
 * - `paused`: by a person, until a person resumes it
 * - `sign-in-needed`: a person has to sign in (again)
 * - `retrying`: the last sign-in or submission failed, and is tried again
 * - `sending`: a sign-in succeeded, or a reply was accepted
 * - `unproven`: none of these yet
 */
export function smtpState(
  target: string,
  { pause, note }: { pause: KnownPause | undefined; note: SignInNote | undefined },
): SmtpState {
  const known = note?.target === target ? note : undefined;
  const proven = known?.provenAt === undefined ? {} : { lastProvenAt: known.provenAt };
  if (pause?.by !== undefined)
    return { state: 'paused', code: pause.code, since: pause.since, pausedBy: pause.by, ...proven };
  const failure = known?.failure;
  const trouble = pause === undefined ? failure && { ...failure, until: failure.nextAt } : pause;
  if (trouble === undefined) return { state: known?.provenAt === undefined ? 'unproven' : 'sending', ...proven };
  // "No token" is the submission's view: the check that follows it knows why.
  const code = pause?.code === 'SMTP_TOKEN_UNAVAILABLE' && failure !== undefined ? failure.code : trouble.code;
  return {
    state: PERSON_NEEDED.includes(code) ? 'sign-in-needed' : 'retrying',
    code,
    ...(failure?.said === undefined || failure.code !== code ? {} : { said: failure.said }),
    since: trouble.since,
    expectedAt: trouble.until,
    ...proven,
  };
}
