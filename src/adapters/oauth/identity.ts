// Tokens and sign-ins of an identity, whether its provider is reached by MSAL or by plain endpoints.
import { createHash } from 'node:crypto';
import type { OAuthApplication, OAuthCredential } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { authorityOf } from '../../domain/oauth-scopes.ts';
import { askGeneric, isGeneric } from './generic.ts';
import type { Grant, ProviderSettings, SignIn, SignInRequest, TokenRequest } from './grants.ts';
import { askMsal } from './msal.ts';

type Issued = Omit<Grant, 'session'>;

const ask = (
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  request: TokenRequest,
  settings: ProviderSettings,
): Promise<Grant> =>
  isGeneric(application)
    ? askGeneric(application, credential, request, settings.timeoutMs)
    : askMsal(application, credential, request, settings);

export async function issueAppOnly(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  scopes: string[],
  settings: ProviderSettings,
): Promise<Issued> {
  if (!credential && !application.generic) throw new MailroomError('OAUTH_CREDENTIAL_MISSING');
  return ask(application, credential, { kind: 'appOnly', scopes }, settings);
}

/** Renews silently; the returned sign-in replaces the stored one (refresh tokens rotate). */
export async function issueDelegated(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  signIn: SignIn,
  scopes: string[],
  settings: ProviderSettings,
): Promise<Issued & { signIn: SignIn }> {
  // Microsoft's public clients have no credential; generic providers require the secret in either case.
  const proof = application.generic || signIn.client === 'confidential' ? credential : undefined;
  const { session, ...token } = await ask(application, proof, { kind: 'silent', scopes, signIn }, settings);
  return { ...token, signIn: { ...signIn, ...session, person: signIn.person, refreshedAt: Date.now() } };
}

/** A person signs in for the first time, or again. */
export async function issueSignIn(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  request: SignInRequest,
  settings: ProviderSettings,
): Promise<SignIn> {
  const { session } = await ask(application, credential, request, settings);
  if (session === undefined) {
    throw new MailroomError('OAUTH_REFUSED', {
      message: application.generic
        ? 'The provider gave no refresh token; the sign-in would end within the hour'
        : 'The provider did not say who signed in',
    });
  }
  const client = credential && request.kind === 'code' ? 'confidential' : 'public';
  return { ...session, client, signedInAt: Date.now(), refreshedAt: Date.now() };
}

/** Key of an identity in the cache: the person or service, and the application and authority. A changed tenant or client has another key. */
export function identityKey(application: OAuthApplication, person: string | undefined): string {
  const who = person === undefined ? 'app' : `person ${samePerson(person)}`;
  const provider = application.generic?.tokenUrl ?? authorityOf(application);
  return createHash('sha256').update([provider, application.clientId, who].join('\n')).digest('hex').slice(0, 24);
}

/** User principal names are compared without case. */
export const samePerson = (person: string): string => person.trim().normalize('NFC').toLowerCase();
