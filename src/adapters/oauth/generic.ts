// Generic OAuth2 by plain endpoints (Google and others): refresh token, authorization code with PKCE, device code, client credentials
// (RFC 6749, RFC 7636, RFC 8628). The same interface as msal.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import type { OAuthApplication, OAuthCredential } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { oauthError } from './errors.ts';
import { send } from './http.ts';
import { contextOf, type DevicePrompt, failureOfAnswer, networkCode } from './msal.ts';

export interface GenericGrant {
  accessToken: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  refreshToken?: string;
  /** Address in the id_token, if the provider includes one. */
  person?: string;
}

export type GenericAsk =
  | { kind: 'appOnly' }
  | { kind: 'silent'; refreshToken: string }
  | { kind: 'code'; code: string; redirectUri: string; verifier: string }
  | { kind: 'device'; prompt: (prompt: DevicePrompt) => void; timeoutSeconds: number };

type Endpoints = NonNullable<OAuthApplication['generic']>;

export async function askGeneric(
  application: OAuthApplication & { generic: Endpoints },
  credential: OAuthCredential | undefined,
  ask: GenericAsk,
  timeoutMs: number,
): Promise<GenericGrant> {
  const { tokenUrl, scopes } = application.generic;
  const client = {
    client_id: application.clientId,
    ...(credential?.kind === 'secret' ? { client_secret: credential.secret } : {}),
  };
  const post = (url: string, form: Record<string, string>) =>
    exchange(application, credential, url, { ...client, ...form }, timeoutMs);
  const scope = scopes.join(' ');
  if (ask.kind === 'appOnly') return grantOf(await post(tokenUrl, { grant_type: 'client_credentials', scope }));
  if (ask.kind === 'silent') {
    const grant = grantOf(await post(tokenUrl, { grant_type: 'refresh_token', refresh_token: ask.refreshToken }));
    // RFC 6749 §6: without a new refresh token the old one remains valid.
    return { refreshToken: ask.refreshToken, ...grant };
  }
  if (ask.kind === 'code') {
    const { code, redirectUri, verifier } = ask;
    return grantOf(
      await post(tokenUrl, {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      }),
    );
  }
  return device(application.generic, ask, scope, post);
}

type Post = (url: string, form: Record<string, string>) => Promise<Record<string, unknown>>;

async function device(
  { deviceUrl, tokenUrl }: Endpoints,
  ask: GenericAsk & { kind: 'device' },
  scope: string,
  post: Post,
) {
  if (deviceUrl === undefined) {
    throw new MailroomError('CONFIG_INVALID', { message: 'generic.deviceUrl: is required for a device code' });
  }
  const begun = await post(deviceUrl, { scope });
  const expires = Math.min(Number(begun.expires_in ?? 900), ask.timeoutSeconds);
  ask.prompt({
    userCode: String(begun.user_code ?? ''),
    verificationUri: String(begun.verification_uri ?? begun.verification_url ?? ''),
    expiresInSeconds: expires,
  });
  let intervalMs = Math.max(1, Number(begun.interval ?? 5)) * 1000;
  const until = Date.now() + expires * 1000;
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  while (Date.now() < until) {
    await sleep(intervalMs);
    try {
      return grantOf(await post(tokenUrl, { grant_type, device_code: String(begun.device_code ?? '') }));
    } catch (error) {
      const code = error instanceof MailroomError ? error.code : undefined;
      // RFC 8628 §3.5: slow_down adds five seconds.
      if (code === 'OAUTH_THROTTLED') intervalMs += 5000;
      else if (code !== 'OAUTH_DEVICE_CODE_PENDING') throw error;
    }
  }
  throw new MailroomError('OAUTH_DEVICE_CODE_EXPIRED');
}

async function exchange(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  url: string,
  form: Record<string, string>,
  timeoutMs: number,
): Promise<Record<string, unknown>> {
  const context = contextOf(application, credential);
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const { ca, proxy } = application;
  const answer = await send(
    'POST',
    url,
    { headers, body: new URLSearchParams(form).toString() },
    { ca, proxy, timeoutMs },
  ).catch((error: unknown) => {
    throw oauthError({ network: networkCode(error) }, context);
  });
  let said: Record<string, unknown>;
  try {
    said = JSON.parse(answer.body) as Record<string, unknown>;
  } catch {
    throw oauthError({ status: answer.status, error: 'no_json' }, context);
  }
  if (answer.status >= 400 || said.error !== undefined)
    throw oauthError(failureOfAnswer(answer.status, answer.headers, said), context);
  return said;
}

function grantOf(said: Record<string, unknown>): GenericGrant {
  if (typeof said.access_token !== 'string')
    throw new MailroomError('OAUTH_REFUSED', { message: 'The provider answered without an access token' });
  const person = typeof said.id_token === 'string' ? emailIn(said.id_token) : undefined;
  return {
    accessToken: said.access_token,
    expiresAt: Date.now() + Number(said.expires_in ?? 3600) * 1000,
    ...(typeof said.refresh_token === 'string' ? { refreshToken: said.refresh_token } : {}),
    ...(person === undefined ? {} : { person }),
  };
}

/** The id_token came straight from the token endpoint over TLS, so its signature need not be checked (OpenID Connect Core §3.1.3.7). */
function emailIn(idToken: string): string | undefined {
  try {
    const claims = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<
      string,
      unknown
    >;
    const person = claims.email ?? claims.preferred_username;
    return typeof person === 'string' ? person : undefined;
  } catch {
    return undefined;
  }
}

/** URL that a browser opens. `access_type` and `prompt` are Google's conditions for a refresh token; others ignore them. */
export function genericAuthorizeUrl(
  application: OAuthApplication & { generic: Endpoints },
  parameters: { redirectUri: string; state: string; nonce: string; challenge: string; person: string },
): string {
  const { authorizeUrl, scopes } = application.generic;
  if (authorizeUrl === undefined) {
    throw new MailroomError('CONFIG_INVALID', {
      message: 'generic.authorizeUrl: is required to sign in with a browser',
    });
  }
  const url = new URL(authorizeUrl);
  const query = {
    response_type: 'code',
    client_id: application.clientId,
    redirect_uri: parameters.redirectUri,
    scope: scopes.join(' '),
    state: parameters.state,
    nonce: parameters.nonce,
    code_challenge: parameters.challenge,
    code_challenge_method: 'S256',
    login_hint: parameters.person,
    access_type: 'offline',
    prompt: 'consent',
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
