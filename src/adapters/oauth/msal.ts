// Real MSAL for Microsoft's identity platform. A client is built for each token request, because credentials may have been rotated; sign-ins
// are stored by Mailroom, encrypted. Network traffic goes through our own module: private CA, proxy, and the real cause
// of a failure, which MSAL's errors omit.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  type AuthenticationResult,
  ConfidentialClientApplication,
  type Configuration,
  type ICachePlugin,
  type INetworkModule,
  LogLevel,
  type NetworkRequestOptions,
  type NetworkResponse,
  PublicClientApplication,
} from '@azure/msal-node';
import type { OAuthApplication, OAuthCredential } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { authorityOf } from '../../domain/oauth-scopes.ts';
import { contextOf, networkCode, readAnswer, textOf } from './answers.ts';
import { type OAuthFailure, oauthError } from './errors.ts';
import type { AuthorizeParameters, Grant, ProviderSettings, TokenRequest } from './grants.ts';
import { type HttpAnswer, send } from './http.ts';

const METADATA_MS = 3_600_000;

/**
 * One token request. Without a credential the application acts as a public client (delegated only).
 * @throws MailroomError OAUTH_… judged by the provider's answer; no token and no secret is in it.
 */
export async function askMsal(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  ask: TokenRequest,
  settings: ProviderSettings,
): Promise<Grant> {
  const trace: Trace = {};
  const cache = { text: ask.kind === 'silent' ? ask.signIn.msal?.cache : undefined };
  try {
    const configuration = configurationOf(application, credential, settings, trace, cache);
    const result = await request(configuration, credential !== undefined, ask);
    if (!result?.accessToken) throw oauthError({ error: 'no_token' }, contextOf(application, credential));
    return {
      accessToken: result.accessToken,
      expiresAt: result.expiresOn?.getTime() ?? Date.now() + 3_600_000,
      ...(result.account && cache.text !== undefined
        ? { session: { person: result.account.username, msal: { account: result.account, cache: cache.text } } }
        : {}),
    };
  } catch (error) {
    throw trace.thrown ?? (error instanceof MailroomError ? error : failed(error, application, credential, trace));
  }
}

interface Trace {
  /** The last failed response. */
  failure?: OAuthFailure;
  /** An error of our own that MSAL would have wrapped. */
  thrown?: MailroomError;
}

async function request(
  configuration: Configuration,
  confidential: boolean,
  ask: TokenRequest,
): Promise<AuthenticationResult | null> {
  if (ask.kind === 'appOnly') {
    // skipCache: the validity of a token has been decided before this call.
    return new ConfidentialClientApplication(configuration).acquireTokenByClientCredential({
      scopes: ask.scopes,
      skipCache: true,
    });
  }
  if (ask.kind === 'device') {
    return new PublicClientApplication(configuration).acquireTokenByDeviceCode({
      scopes: ask.scopes,
      timeout: ask.timeoutSeconds,
      deviceCodeCallback: ({ userCode, verificationUri, expiresIn }) =>
        ask.prompt({ userCode, verificationUri, expiresInSeconds: expiresIn }),
    });
  }
  const client = confidential
    ? new ConfidentialClientApplication(configuration)
    : new PublicClientApplication(configuration);
  if (ask.kind === 'silent') {
    const account = ask.signIn.msal?.account;
    if (account === undefined) throw new MailroomError('OAUTH_SIGN_IN_NEEDED');
    return client.acquireTokenSilent({ scopes: ask.scopes, account, forceRefresh: true });
  }
  const { scopes, code, redirectUri, verifier, nonce } = ask;
  return client.acquireTokenByCode({ scopes, code, redirectUri, codeVerifier: verifier, nonce });
}

/** URL that a browser opens for the authorization code with PKCE. */
export async function authorizeUrl(
  application: OAuthApplication,
  scopes: string[],
  { challenge, person, ...parameters }: AuthorizeParameters,
  settings: ProviderSettings,
): Promise<string> {
  const trace: Trace = {};
  const client = new PublicClientApplication(configurationOf(application, undefined, settings, trace));
  try {
    return await client.getAuthCodeUrl({
      ...{ scopes, ...parameters, loginHint: person },
      ...{ codeChallenge: challenge, codeChallengeMethod: 'S256' },
    });
  } catch (error) {
    throw failed(error, application, undefined, trace);
  }
}

/** The failed answer, or what MSAL itself refused without one. */
function failed(
  thrown: unknown,
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  { failure }: Trace,
): MailroomError {
  const said = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  const own = { error: textOf(said.errorCode), description: textOf(said.errorMessage) };
  return oauthError(failure ?? own, contextOf(application, credential));
}

function configurationOf(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  settings: ProviderSettings,
  trace: Trace,
  cache?: SerializedCache,
): Configuration {
  const authority = authorityOf(application);
  return {
    auth: {
      clientId: application.clientId,
      authority,
      // Otherwise MSAL asks login.microsoftonline.com whether the authority is genuine; the administrator configured it.
      knownAuthorities: [new URL(authority).host],
      ...(credential ? proofOf(credential, trace) : {}),
    },
    system: {
      networkClient: network(application, settings, trace),
      disableInternalRetries: true,
      // MSAL's log lines may contain addresses; Mailroom uses events.
      loggerOptions: { loggerCallback: () => {}, piiLoggingEnabled: false, logLevel: LogLevel.Error },
    },
    ...(cache ? { cache: { cachePlugin: cachePlugin(cache) } } : {}),
  };
}

function proofOf(credential: OAuthCredential, trace: Trace): Partial<Configuration['auth']> {
  if (credential.kind === 'secret') return { clientSecret: credential.secret };
  if (credential.kind === 'federated') {
    const { assertionFile } = credential;
    return {
      // Read at each request: workload identity renews the file about every hour.
      clientAssertion: async () => {
        try {
          return (await readFile(assertionFile, 'utf8')).trim();
        } catch {
          trace.thrown = new MailroomError('OAUTH_ASSERTION_UNREADABLE', {
            message: `The file with the federated assertion cannot be read: ${assertionFile}`,
          });
          throw trace.thrown;
        }
      },
    };
  }
  const { certificate, privateKey } = credential;
  const thumbprintSha256 = thumbprintOfPair(certificate, privateKey);
  if (thumbprintSha256 === undefined) throw new MailroomError('OAUTH_CREDENTIAL_UNUSABLE');
  return { clientCertificate: { thumbprintSha256, privateKey, x5c: certificate } };
}

/** Undefined when either is unreadable, or they do not match: MSAL would fail later with unclear words. */
function thumbprintOfPair(certificate: string, privateKey: string): string | undefined {
  try {
    const parsed = new X509Certificate(certificate);
    const fits = parsed.checkPrivateKey(createPrivateKey(privateKey));
    return fits ? parsed.fingerprint256.replaceAll(':', '').toLowerCase() : undefined;
  } catch {
    return undefined;
  }
}

interface SerializedCache {
  text: string | undefined;
}

function cachePlugin(cache: SerializedCache): ICachePlugin {
  return {
    beforeCacheAccess: async (context) => {
      if (cache.text !== undefined) context.tokenCache.deserialize(cache.text);
    },
    afterCacheAccess: async (context) => {
      if (context.cacheHasChanged) cache.text = context.tokenCache.serialize();
    },
  };
}

function network(application: OAuthApplication, settings: ProviderSettings, trace: Trace): INetworkModule {
  const { ca, proxy } = application;
  const { metadata, timeoutMs } = settings;
  async function go<T>(
    method: 'GET' | 'POST',
    url: string,
    { headers, body }: NetworkRequestOptions = {},
  ): Promise<NetworkResponse<T>> {
    const key = `${application.name} ${url}`;
    const known = method === 'GET' ? metadata.get(key) : undefined;
    if (known && known.until > Date.now()) return responseOf<T>(known.answer, trace);
    const answer = await send(method, url, { headers, body }, { ca, proxy, timeoutMs }).catch((error: unknown) => {
      trace.failure = { network: networkCode(error) };
      throw new Error('token endpoint not reached');
    });
    if (method === 'GET' && answer.status === 200) metadata.set(key, { answer, until: Date.now() + METADATA_MS });
    return responseOf<T>(answer, trace);
  }
  return {
    sendGetRequestAsync: (url, options) => go('GET', url, options),
    sendPostRequestAsync: (url, options) => go('POST', url, options),
  };
}

/** MSAL judges a refusal by its JSON; what is no JSON ends the request here. */
function responseOf<T>(answer: HttpAnswer, trace: Trace): NetworkResponse<T> {
  const { json, failure } = readAnswer(answer);
  if (failure === undefined) delete trace.failure;
  else trace.failure = failure;
  if (failure?.error === 'no_json') throw new Error('token endpoint did not answer with JSON');
  return { status: answer.status, headers: answer.headers, body: json as T };
}
