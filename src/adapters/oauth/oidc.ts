// Sign-in of people to the portal by OpenID Connect: authorization code with PKCE, state and nonce, over openid-client. Its requests go through
// our own module (private CA, proxy). An error contains only codes of the provider's answers.

import * as client from 'openid-client';
import { asError, MailroomError } from '../../domain/errors.ts';
import { claimValues, isOverage, type RoleMapping, roleOf } from '../../domain/role-claims.ts';
import type { OidcSignIn } from '../../http/ports.ts';
import { HOUR_MS } from '../../lib/time.ts';
import { isTlsCode } from '../../lib/tls-codes.ts';
import { send } from './http.ts';

interface OidcSettings {
  issuer: string;
  clientId: string;
  /** Undefined: a public client, with PKCE only. */
  clientSecret: string | undefined;
  /** Scopes, `openid` among them. */
  scopes: readonly string[];
  /** Claim of the id token that contains roles or groups. */
  rolesClaim: string;
  roles: readonly RoleMapping[];
  ca: string | undefined;
  proxy: string | undefined;
  redirectUri: string;
  /** Where the provider sends the browser after signing out there. */
  afterSignOut: string;
  timeoutMs: number;
}

export function createOidc(settings: OidcSettings, now: () => number = Date.now): OidcSignIn {
  const { issuer, clientId, clientSecret, redirectUri } = settings;
  let known: { configuration: client.Configuration; at: number } | undefined;

  const viaOurs: client.CustomFetch = async (url, options) => {
    const { status, headers, body } = await send(
      options.method === 'POST' ? 'POST' : 'GET',
      url,
      {
        headers: options.headers,
        ...(options.body === undefined || options.body === null ? {} : { body: String(options.body) }),
      },
      { ca: settings.ca, proxy: settings.proxy, timeoutMs: settings.timeoutMs },
    );
    return new Response(body === '' ? null : body, { status, headers });
  };

  /** The provider's metadata, read again every hour, because keys and addresses change. @throws MailroomError PORTAL_OIDC_UNAVAILABLE */
  async function configuration(): Promise<client.Configuration> {
    if (known !== undefined && now() - known.at < HOUR_MS) return known.configuration;
    try {
      const found = await client.discovery(
        new URL(issuer),
        clientId,
        { ...(clientSecret === undefined ? {} : { client_secret: clientSecret }), [client.clockTolerance]: 60 },
        clientSecret === undefined ? client.None() : undefined,
        { [client.customFetch]: viaOurs, timeout: settings.timeoutMs / 1000 },
      );
      // The id token arrives over TLS from the token endpoint; its signature is checked all the same.
      client.enableNonRepudiationChecks(found);
      known = { configuration: found, at: now() };
      return found;
    } catch (error) {
      throw failure(error);
    }
  }

  return {
    async begin() {
      const found = await configuration();
      const flow = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      };
      const { state, nonce } = flow;
      const url = client.buildAuthorizationUrl(found, {
        ...{ redirect_uri: redirectUri, scope: settings.scopes.join(' '), state, nonce },
        code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, flow };
    },
    async complete(query, flow, onSubject) {
      const found = await configuration();
      const back = new URL(redirectUri);
      back.search = query;
      // Distinguished from the library's other refusals, because only starting again helps.
      if (back.searchParams.get('state') !== flow.state) throw new MailroomError('OAUTH_STATE_INVALID');
      const checks = { expectedState: flow.state, expectedNonce: flow.nonce, pkceCodeVerifier: flow.verifier };
      const tokens = await client
        .authorizationCodeGrant(found, back, { ...checks, idTokenExpected: true })
        .catch((error: unknown) => {
          throw failure(error);
        });
      const claims: Record<string, unknown> = { ...tokens.claims() };
      const subject = `${issuer} ${String(claims.sub)}`;
      await onSubject?.(subject);
      const name = [claims.preferred_username, claims.email, claims.name, claims.sub].find(
        (value) => typeof value === 'string' && value.trim() !== '',
      );
      const person = String(name).slice(0, 200);
      const role = roleOf(claimValues(claims, settings.rolesClaim), settings.roles);
      if (role === undefined) throw noRole(person, claims, settings);
      return { name: person, subject, role, idToken: String(tokens.id_token) };
    },
    async signOutUrl(idToken) {
      const found = await configuration();
      if (found.serverMetadata().end_session_endpoint === undefined) return undefined;
      return client.buildEndSessionUrl(found, {
        id_token_hint: idToken,
        post_logout_redirect_uri: settings.afterSignOut,
      }).href;
    },
  };
}

function noRole(person: string, claims: Record<string, unknown>, { rolesClaim, roles }: OidcSettings): MailroomError {
  if (isOverage(claims, rolesClaim)) return new MailroomError('PORTAL_OIDC_GROUPS_OMITTED');
  return new MailroomError('PORTAL_OIDC_NO_ROLE', {
    message: `You are signed in as ${person}, but have no role in Mailroom.`,
    permitted: roles.map(({ role, value }) => `${value} (${role})`),
  });
}

/** Codes of openid-client and of Node that mean: the provider was not reached or did not answer as one. */
const UNREACHED =
  /^(E[A-Z]+|OAUTH_TIMEOUT|OAUTH_ABORT|OAUTH_RESPONSE_IS_NOT_.*|OAUTH_PARSE_ERROR|OAUTH_HTTP_REQUEST_FORBIDDEN)$/;

function failure(thrown: unknown): MailroomError {
  const error = asError(thrown) as Error & { code?: string; error?: string; cause?: unknown };
  const codes = [error.code, (error.cause as { code?: string } | undefined)?.code].filter((code) => code !== undefined);
  // The provider's own refusal: a code of OAuth 2.0 (RFC 6749 §4.1.2.1, §5.2). Its description may contain names and is omitted.
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
    const said = /^[\w.-]{1,64}$/.test(error.error) ? error.error : 'error';
    return new MailroomError('PORTAL_OIDC_REFUSED', {
      message: `The identity provider refused the sign-in: ${said}.`,
      remote: { system: 'oauth', code: said },
      cause: error,
    });
  }
  const unreached = codes.find((one) => UNREACHED.test(one) || isTlsCode(one));
  if (unreached !== undefined)
    return new MailroomError('PORTAL_OIDC_UNAVAILABLE', {
      message: `The identity provider cannot be reached (${unreached}).`,
      remote: { system: 'oauth', code: unreached },
      cause: error,
    });
  const [code] = codes;
  return new MailroomError('PORTAL_OIDC_REFUSED', {
    message: `The identity provider's answer is not valid (${code ?? error.name}).`,
    ...(code === undefined ? {} : { remote: { system: 'oauth', code } }),
    cause: error,
  });
}
