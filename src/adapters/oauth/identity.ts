// One interface to identity providers, whether by MSAL or by plain endpoints, and the stored form of a delegated sign-in.

import { createHash } from 'node:crypto';
import type { AccountInfo } from '@azure/msal-node';
import type { OAuthApplication, OAuthCredential } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { authorityOf } from '../../domain/oauth-scopes.ts';
import { askGeneric, type GenericAsk, type GenericGrant } from './generic.ts';
import { type Ask, askMsal, type DevicePrompt, type MsalSettings } from './msal.ts';

/** A delegated sign-in as stored (encrypted) in the token cache. */
export interface SignIn {
  person: string;
  /** The kind of client that redeems it: tokens from a device code belong to the public client. */
  client: 'public' | 'confidential';
  msal?: { account: AccountInfo; cache: string };
  refreshToken?: string;
  /** Milliseconds since the epoch. */
  signedInAt: number;
  refreshedAt: number;
}

export interface Issued {
  accessToken: string;
  expiresAt: number;
  signIn?: SignIn;
}

interface CodeAnswer {
  code: string;
  redirectUri: string;
  verifier: string;
  nonce: string;
}

const isGeneric = (
  application: OAuthApplication,
): application is OAuthApplication & { generic: NonNullable<OAuthApplication['generic']> } =>
  application.generic !== undefined;

export async function issueAppOnly(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  scopes: string[],
  settings: MsalSettings,
): Promise<Issued> {
  if (isGeneric(application))
    return askGeneric(application, credential, { kind: 'appOnly' }, settings.timeoutMs).then(tokenOnly);
  if (!credential) throw new MailroomError('OAUTH_CREDENTIAL_MISSING');
  return askMsal(application, credential, { kind: 'appOnly', scopes }, settings).then(tokenOnly);
}

/** Renews silently; the returned sign-in replaces the stored one (refresh tokens rotate). */
export async function issueDelegated(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  signIn: SignIn,
  scopes: string[],
  settings: MsalSettings,
): Promise<Issued> {
  const proof = signIn.client === 'public' ? undefined : credential;
  const renewed = (extra: Partial<SignIn>) => ({ ...signIn, ...extra, refreshedAt: Date.now() });
  if (isGeneric(application)) {
    if (signIn.refreshToken === undefined) throw new MailroomError('OAUTH_SIGN_IN_EXPIRED');
    const grant = await askGeneric(
      application,
      credential,
      { kind: 'silent', refreshToken: signIn.refreshToken },
      settings.timeoutMs,
    );
    return { ...tokenOnly(grant), signIn: renewed(grant.refreshToken ? { refreshToken: grant.refreshToken } : {}) };
  }
  if (!signIn.msal) throw new MailroomError('OAUTH_SIGN_IN_NEEDED');
  const grant = await askMsal(application, proof, { kind: 'silent', scopes, ...signIn.msal }, settings);
  return { ...tokenOnly(grant), signIn: renewed(grant.signIn ? { msal: grant.signIn } : {}) };
}

export async function issueByCode(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  answer: CodeAnswer,
  scopes: string[],
  settings: MsalSettings,
): Promise<Issued> {
  const ask = { kind: 'code', ...answer } as const;
  return firstSignIn(
    application,
    credential,
    ask,
    { ...ask, scopes },
    credential ? 'confidential' : 'public',
    settings,
  );
}

export async function issueByDevice(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  device: { prompt: (prompt: DevicePrompt) => void; timeoutSeconds: number },
  scopes: string[],
  settings: MsalSettings,
): Promise<Issued> {
  const ask = { kind: 'device', ...device } as const;
  return firstSignIn(application, credential, ask, { ...ask, scopes }, 'public', settings);
}

async function firstSignIn(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  plain: GenericAsk,
  ask: Ask,
  client: SignIn['client'],
  settings: MsalSettings,
): Promise<Issued> {
  const at = { client, signedInAt: Date.now(), refreshedAt: Date.now() };
  if (isGeneric(application)) {
    const grant = await askGeneric(application, credential, plain, settings.timeoutMs);
    if (grant.refreshToken === undefined) {
      throw new MailroomError('OAUTH_REFUSED', {
        message: 'The provider gave no refresh token; the sign-in would end within the hour',
      });
    }
    return { ...tokenOnly(grant), signIn: { ...at, person: grant.person ?? '', refreshToken: grant.refreshToken } };
  }
  const grant = await askMsal(application, credential, ask, settings);
  if (!grant.signIn) throw new MailroomError('OAUTH_REFUSED', { message: 'The provider did not say who signed in' });
  return { ...tokenOnly(grant), signIn: { ...at, person: grant.signIn.account.username, msal: grant.signIn } };
}

const tokenOnly = ({ accessToken, expiresAt }: GenericGrant | Issued): Issued => ({ accessToken, expiresAt });

/** Key of an identity in the cache: the person or service, and the application and authority. A changed tenant or client has another key. */
export function identityKey(application: OAuthApplication, person: string | undefined): string {
  const who = person === undefined ? 'app' : `person ${samePerson(person)}`;
  const provider = application.generic?.tokenUrl ?? authorityOf(application);
  return createHash('sha256').update([provider, application.clientId, who].join('\n')).digest('hex').slice(0, 24);
}

/** User principal names are compared without case. */
export const samePerson = (person: string): string => person.trim().normalize('NFC').toLowerCase();
