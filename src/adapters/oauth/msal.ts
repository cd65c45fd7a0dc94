// Real MSAL for Microsoft's identity platform. A client is built for each token request, because credentials may have been rotated; sign-ins
// are stored by Mailroom, encrypted. Network traffic goes through our own module: private CA, proxy, and the real cause
// of a failure, which MSAL's errors omit.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  type AccountInfo,
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
import { adminConsentUrl, authorityOf } from '../../domain/oauth-scopes.ts';
import type { OAuthFailure } from './errors.ts';
import { oauthError } from './errors.ts';
import { type HttpAnswer, send } from './http.ts';

/** The content of a successful response. */
export interface Grant {
  accessToken: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** Delegated only. */
  signIn?: { account: AccountInfo; cache: string };
}

export interface DevicePrompt {
  userCode: string;
  verificationUri: string;
  expiresInSeconds: number;
}

export type Ask =
  | { kind: 'appOnly'; scopes: string[] }
  | { kind: 'silent'; scopes: string[]; account: AccountInfo; cache: string }
  | { kind: 'code'; scopes: string[]; code: string; redirectUri: string; verifier: string; nonce: string }
  | { kind: 'device'; scopes: string[]; prompt: (prompt: DevicePrompt) => void; timeoutSeconds: number };

export interface MsalSettings {
  timeoutMs: number;
  /** Cached metadata documents, by URL: one process requests each of them rarely. */
  metadata: Map<string, { answer: HttpAnswer; until: number }>;
}

const METADATA_MS = 3_600_000;

/**
 * One token request. Without a credential the application acts as a public client (delegated only).
 * @throws MailroomError OAUTH_… judged by the provider's answer; no token and no secret is in it.
 */
export async function askMsal(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  ask: Ask,
  settings: MsalSettings,
): Promise<Grant> {
  const trace: Trace = {};
  const cache: { text: string | undefined } = { text: ask.kind === 'silent' ? ask.cache : undefined };
  try {
    const configuration = configurationOf(
      application,
      credential,
      cachePlugin(cache),
      network(application, settings, trace),
      trace,
    );
    const result = await request(configuration, credential !== undefined, ask);
    if (!result?.accessToken) throw oauthError({ error: 'no_token' }, contextOf(application, credential));
    return {
      accessToken: result.accessToken,
      expiresAt: result.expiresOn?.getTime() ?? Date.now() + 3_600_000,
      ...(result.account && cache.text !== undefined ? { signIn: { account: result.account, cache: cache.text } } : {}),
    };
  } catch (error) {
    if (trace.thrown) throw trace.thrown;
    if (error instanceof MailroomError) throw error;
    throw oauthError(trace.failure ?? failureOf(error), contextOf(application, credential));
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
  ask: Ask,
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
  if (ask.kind === 'silent')
    return client.acquireTokenSilent({ scopes: ask.scopes, account: ask.account, forceRefresh: true });
  const { scopes, code, redirectUri, verifier, nonce } = ask;
  return client.acquireTokenByCode({ scopes, code, redirectUri, codeVerifier: verifier, nonce });
}

/** URL that a browser opens for the authorization code with PKCE. */
export async function authorizeUrl(
  application: OAuthApplication,
  parameters: {
    scopes: string[];
    redirectUri: string;
    state: string;
    nonce: string;
    challenge: string;
    person: string;
  },
  settings: MsalSettings,
): Promise<string> {
  const trace: Trace = {};
  const { scopes, redirectUri, state, nonce, challenge, person } = parameters;
  const client = new PublicClientApplication(
    configurationOf(application, undefined, undefined, network(application, settings, trace), trace),
  );
  try {
    return await client.getAuthCodeUrl({
      scopes,
      redirectUri,
      state,
      nonce,
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
      loginHint: person,
    });
  } catch (error) {
    throw oauthError(trace.failure ?? failureOf(error), contextOf(application, undefined));
  }
}

function configurationOf(
  application: OAuthApplication,
  credential: OAuthCredential | undefined,
  plugin: ICachePlugin | undefined,
  networkClient: INetworkModule,
  trace: Trace,
): Configuration {
  const authority = authorityOf(application);
  return {
    auth: {
      clientId: application.clientId,
      authority,
      // Without it, MSAL asks login.microsoftonline.com whether the authority is genuine: the administrator has configured it.
      knownAuthorities: [new URL(authority).host],
      ...(credential ? proofOf(credential, trace) : {}),
    },
    system: {
      networkClient,
      disableInternalRetries: true,
      // MSAL's log lines may contain addresses; Mailroom uses events.
      loggerOptions: { loggerCallback: () => {}, piiLoggingEnabled: false, logLevel: LogLevel.Error },
    },
    ...(plugin ? { cache: { cachePlugin: plugin } } : {}),
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

function cachePlugin(cache: { text: string | undefined }): ICachePlugin {
  return {
    beforeCacheAccess: async (context) => {
      if (cache.text !== undefined) context.tokenCache.deserialize(cache.text);
    },
    afterCacheAccess: async (context) => {
      if (context.cacheHasChanged) cache.text = context.tokenCache.serialize();
    },
  };
}

function network(application: OAuthApplication, settings: MsalSettings, trace: Trace): INetworkModule {
  const { ca, proxy } = application;
  async function go<T>(
    method: 'GET' | 'POST',
    url: string,
    options?: NetworkRequestOptions,
  ): Promise<NetworkResponse<T>> {
    const key = `${application.name} ${url}`;
    const known = method === 'GET' ? settings.metadata.get(key) : undefined;
    if (known && known.until > Date.now()) return parsed<T>(known.answer, trace);
    let answer: HttpAnswer;
    try {
      answer = await send(
        method,
        url,
        { headers: options?.headers, body: options?.body },
        { ca, proxy, timeoutMs: settings.timeoutMs },
      );
    } catch (error) {
      trace.failure = { network: networkCode(error) };
      throw new Error('token endpoint not reached');
    }
    if (method === 'GET' && answer.status === 200)
      settings.metadata.set(key, { answer, until: Date.now() + METADATA_MS });
    return parsed<T>(answer, trace);
  }
  return {
    sendGetRequestAsync: (url, options) => go('GET', url, options),
    sendPostRequestAsync: (url, options) => go('POST', url, options),
  };
}

export const networkCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'ENETWORK';

function parsed<T>({ status, headers, body }: HttpAnswer, trace: Trace): NetworkResponse<T> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    trace.failure = { status, error: 'no_json', ...retryAfter(headers) };
    throw new Error('token endpoint did not answer with JSON');
  }
  const said = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  if (status >= 400 || said.error !== undefined) trace.failure = failureOfAnswer(status, headers, said);
  else delete trace.failure;
  return { status, headers, body: json as T };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export function failureOfAnswer(
  status: number,
  headers: Record<string, string>,
  said: Record<string, unknown>,
): OAuthFailure {
  return {
    status,
    error: textOf(said.error),
    subError: textOf(said.suberror),
    description: textOf(said.error_description),
    ...retryAfter(headers),
  };
}

/** Retry-After in seconds or as a date (RFC 9110 §10.2.3). */
function retryAfter(headers: Record<string, string>): { retryAfterMs?: number } {
  const given = headers['retry-after'];
  if (given === undefined) return {};
  const ms = /^\d+$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return Number.isFinite(ms) ? { retryAfterMs: Math.max(0, ms) } : {};
}

/** What MSAL itself refused, without any answer: its code and words. */
function failureOf(error: unknown): OAuthFailure {
  const said = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  return { error: textOf(said.errorCode), subError: textOf(said.subError), description: textOf(said.errorMessage) };
}

/** Secrets that must not appear, and hints with the real names. */
export function contextOf(application: OAuthApplication, credential: OAuthCredential | undefined) {
  const secrets = credential?.kind === 'secret' ? [credential.secret] : [];
  return {
    application: application.name,
    secrets,
    credential: credential?.kind,
    hintFor: (code: string) =>
      code === 'OAUTH_CONSENT_MISSING' && !application.generic
        ? `An administrator opens ${adminConsentUrl(application, 'smtp', 'https://localhost')} and accepts (for IMAP the scope https://ps.outlook.com/.default as well); then Mailroom continues automatically.`
        : undefined,
  };
}
