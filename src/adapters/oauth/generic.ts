// Generic OAuth2 by plain endpoints (Google and others): refresh token, authorization code with PKCE, device code, client credentials
// (RFC 6749, RFC 7636, RFC 8628).
import { setTimeout as sleep } from 'node:timers/promises';
import type { OAuthApplication, OAuthCredential } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { contextOf, networkCode, readAnswer, textOf } from './answers.ts';
import { oauthError } from './errors.ts';
import type { AuthorizeParameters, Grant, TokenRequest } from './grants.ts';
import { send } from './http.ts';

type Generic = OAuthApplication & { generic: NonNullable<OAuthApplication['generic']> };
type Post = (url: string, form: Record<string, string>) => Promise<Record<string, unknown>>;

export const isGeneric = (application: OAuthApplication): application is Generic => application.generic !== undefined;

/** One token request. @throws MailroomError OAUTH_… judged by the provider's answer */
export async function askGeneric(
  application: Generic,
  credential: OAuthCredential | undefined,
  ask: TokenRequest,
  timeoutMs: number,
): Promise<Grant> {
  const client = {
    client_id: application.clientId,
    ...(credential?.kind === 'secret' ? { client_secret: credential.secret } : {}),
  };
  const post: Post = (url, form) => exchange(application, credential, url, { ...client, ...form }, timeoutMs);
  const scope = ask.scopes.join(' ');
  const { tokenUrl } = application.generic;
  switch (ask.kind) {
    case 'appOnly':
      return grantOf(await post(tokenUrl, { grant_type: 'client_credentials', scope }));
    case 'silent': {
      const { refreshToken } = ask.signIn;
      if (refreshToken === undefined) throw new MailroomError('OAUTH_SIGN_IN_EXPIRED');
      // RFC 6749 §6: without a new refresh token the old one remains valid.
      return grantOf(await post(tokenUrl, { grant_type: 'refresh_token', refresh_token: refreshToken }), refreshToken);
    }
    case 'code': {
      const { code, redirectUri: redirect_uri, verifier: code_verifier } = ask;
      return grantOf(await post(tokenUrl, { grant_type: 'authorization_code', code, redirect_uri, code_verifier }));
    }
    case 'device':
      return device(application.generic, ask, scope, post);
  }
}

async function device(
  { deviceUrl, tokenUrl }: Generic['generic'],
  ask: TokenRequest & { kind: 'device' },
  scope: string,
  post: Post,
): Promise<Grant> {
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
  const body = new URLSearchParams(form).toString();
  const answer = await send('POST', url, { headers, body }, { ca, proxy, timeoutMs }).catch((error: unknown) => {
    throw oauthError({ network: networkCode(error) }, context);
  });
  const { json, failure } = readAnswer(answer);
  if (failure !== undefined) throw oauthError(failure, context);
  return json;
}

/** @param current refresh token that stays valid unless the provider sends a new one */
function grantOf(said: Record<string, unknown>, current?: string): Grant {
  if (typeof said.access_token !== 'string')
    throw new MailroomError('OAUTH_REFUSED', { message: 'The provider answered without an access token' });
  const refreshToken = textOf(said.refresh_token) ?? current;
  return {
    accessToken: said.access_token,
    expiresAt: Date.now() + Number(said.expires_in ?? 3600) * 1000,
    ...(refreshToken === undefined ? {} : { session: { person: personIn(textOf(said.id_token)), refreshToken } }),
  };
}

/** The id_token came straight from the token endpoint over TLS, so its signature need not be checked (OpenID Connect Core §3.1.3.7). */
function personIn(idToken = ''): string {
  try {
    const claims = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return textOf(claims.email ?? claims.preferred_username) ?? '';
  } catch {
    return '';
  }
}

/** URL that a browser opens. `access_type` and `prompt` are Google's conditions for a refresh token; others ignore them. */
export function genericAuthorizeUrl(
  application: Generic,
  { redirectUri, state, nonce, challenge, person }: AuthorizeParameters,
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
    redirect_uri: redirectUri,
    scope: scopes.join(' '),
    state,
    nonce,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    login_hint: person,
    access_type: 'offline',
    prompt: 'consent',
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
