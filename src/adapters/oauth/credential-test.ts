// Dry run of a credential before it is promoted: requests a token with exactly this credential. Stores nothing and does not affect running sign-ins.
import { readToken, type TokenClaims } from '../../domain/access-token.ts';
import type { OAuthApplication, OAuthCredential } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { scopesOf } from '../../domain/oauth-scopes.ts';
import type { ProviderSettings } from './grants.ts';
import { issueAppOnly, issueDelegated } from './identity.ts';

interface CredentialProof {
  /** Undefined: the provider accepts client and secret, and issues tokens to people only. */
  expiresAt: Date | undefined;
  /** Undefined: the provider issues opaque tokens, or issued none. */
  claims: TokenClaims | undefined;
}

/**
 * Uses client credentials, also where people sign in: with Microsoft this proves the application's credential in either case.
 * @throws MailroomError OAUTH_… judged by the provider's answer
 */
export async function tryCredential(
  application: OAuthApplication,
  credential: OAuthCredential,
  timeoutMs: number,
): Promise<CredentialProof> {
  const settings = { timeoutMs, metadata: new Map() };
  if (application.generic && credential.kind !== 'secret') {
    throw new MailroomError('OAUTH_CREDENTIAL_UNUSABLE', {
      message: `"${application.name}" is reached by plain endpoints (generic), which take a client secret; this is a ${credential.kind}`,
    });
  }
  try {
    const scopes = scopesOf(application, 'appOnly', 'imap');
    const issued = await issueAppOnly(application, credential, scopes, settings);
    return { expiresAt: new Date(issued.expiresAt), claims: readToken(issued.accessToken) };
  } catch (error) {
    if (application.generic && isRefusedGrant(error)) return provedByGarbage(application, credential, settings);
    throw error;
  }
}

/** The provider issues no tokens to programs, whatever their secret (Google: unsupported_grant_type). This proves nothing about the secret. */
const isRefusedGrant = (error: unknown): boolean =>
  error instanceof MailroomError &&
  error.remote?.system === 'oauth' &&
  !['OAUTH_SECRET_WRONG', 'OAUTH_SECRET_EXPIRED', 'OAUTH_THROTTLED', 'OAUTH_PROVIDER_FAILED'].includes(error.code);

/** No provider has issued this refresh token. */
const GARBAGE = 'mailroom-tests-a-credential';

/**
 * A refresh token that was never issued: the provider checks client and secret first (RFC 6749 §5.2, invalid_client), and only then rejects the
 * token (invalid_grant).
 */
async function provedByGarbage(
  application: OAuthApplication,
  credential: OAuthCredential,
  settings: ProviderSettings,
): Promise<CredentialProof> {
  const signIn = { person: '', client: 'confidential', refreshToken: GARBAGE, signedInAt: 0, refreshedAt: 0 } as const;
  try {
    await issueDelegated(application, credential, signIn, [], settings);
  } catch (error) {
    if (error instanceof MailroomError && error.code === 'OAUTH_SIGN_IN_EXPIRED')
      return { expiresAt: undefined, claims: undefined };
    throw error;
  }
  throw new MailroomError('OAUTH_REFUSED', { message: 'The provider gave a token for a refresh token that is none' });
}
