// Dry run of a credential before it is promoted: a token is asked for with exactly this one. Nothing is kept, nothing in force is touched.
import type { OAuthApplication, OAuthCredential } from '../../domain/email-server.ts';
import { issueAppOnly } from './identity.ts';
import { readToken, type TokenClaims } from './probe.ts';
import { scopesOf } from './scopes.ts';

export interface CredentialProof {
  expiresAt: Date;
  /** Undefined: the provider gives opaque tokens. */
  claims: TokenClaims | undefined;
}

/**
 * By client credentials, also where people sign in: Microsoft proves the application's credential by it in either case.
 * @throws MailroomError OAUTH_… judged by the provider's answer
 */
export async function tryCredential(
  application: OAuthApplication,
  credential: OAuthCredential,
  timeoutMs: number,
): Promise<CredentialProof> {
  const scopes = scopesOf(application, 'appOnly', 'imap');
  const issued = await issueAppOnly(application, credential, scopes, { timeoutMs, metadata: new Map() });
  return { expiresAt: new Date(issued.expiresAt), claims: readToken(issued.accessToken) };
}
