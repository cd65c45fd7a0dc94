// Whether an SMTP server is known to accept our sign-in, and the state shown for it: no server is "ready to send" before a sign-in succeeded. Pure.
import { createHash } from 'node:crypto';
import type { SmtpServer } from './email-server.ts';

/** Result of the last sign-in of any replica. Times in epoch ms. */
export interface SignInNote {
  /** Target and account of the sign-in ({@link signInTarget}): it is irrelevant for another definition. */
  target: string;
  /** Last sign-in that succeeded. */
  provenAt?: number;
  /** Set by a failure after that. */
  failure?: { code: string; said?: string; since: number; nextAt: number };
}

/** Port of these records, as outbound and operations use them; adapters/redis/smtp-sign-ins.ts keeps them. */
export interface SignInNotes {
  read(server: string): Promise<SignInNote | undefined>;
  succeeded(server: string, target: string): Promise<void>;
  failed(server: string, target: string, failure: NonNullable<SignInNote['failure']>): Promise<void>;
  /** The name has another definition: the earlier record is removed. */
  forget(server: string): Promise<void>;
  /** True for one of the replicas that call within this many ms. */
  claim(server: string, ms: number): Promise<boolean>;
  /** Releases the claim early. */
  free(server: string): Promise<void>;
}

/** Without the password: a reader of Redis must not be able to test passwords against it. A changed password is a changed definition, whose record is removed. */
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
  // A submission only sees that there is no token; the check that follows finds the reason.
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
