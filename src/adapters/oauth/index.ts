// Sign-in at identity providers: access tokens for IMAP and SMTP by app-only or delegated OAuth2. SMTP and IMAP receive getToken as a
// function. A single path: server → application and identity → memory, shared cache, or the provider (MSAL or plain endpoints).
import { type EmailServer, isSmtp, type OAuthApplication } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { type Protocol, personOf, scopesOf, xoauth2User } from '../../domain/oauth-scopes.ts';
import type { TokenCache } from '../../domain/token-cache.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { Emit } from '../../telemetry/events.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { createCredentialChoice, credentialExpiry, credentialId, warnOfExpiry } from './credentials.ts';
import { identityKey, issueAppOnly, issueDelegated } from './identity.ts';
import type { DevicePrompt, MsalSettings } from './msal.ts';
import { createSignIns, type SignedIn } from './sign-ins.ts';
import { createTokens, type Source } from './tokens.ts';

export { adminConsentUrl } from '../../domain/oauth-scopes.ts';
export type { DevicePrompt, Protocol, SignedIn };

export interface Token {
  accessToken: string;
  expiresAt: Date;
  /** `user=` of XOAUTH2. */
  user: string;
}

export interface TokenProvider {
  /**
   * A token that is valid now.
   * @param options.renew the mail server refused the last one: a new one is requested (or taken, if a replica already has it)
   * @throws MailroomError OAUTH_… with class, hint and the provider's words; never with a token or secret
   */
  getToken(server: EmailServer, protocol: Protocol, options?: { renew?: boolean; refused?: string }): Promise<Token>;
  /** Delegated sign-in in a browser: URL to open; `state` has to be bound to the browser by a cookie. */
  beginSignIn(server: EmailServer, redirectUri: string): Promise<{ url: string; state: string }>;
  /** The query with which the browser returned. */
  completeSignIn(answer: {
    state: string;
    code?: string;
    error?: string;
    error_description?: string;
  }): Promise<SignedIn>;
  /** Delegated sign-in by device code; resolves once the person has signed in. */
  deviceSignIn(server: EmailServer, prompt: (prompt: DevicePrompt) => void): Promise<SignedIn>;
  /** The signed-in person of a delegated server, since when, and when the sign-in ends unless it is renewed. */
  signedIn(
    server: EmailServer,
  ): Promise<{ person: string; signedInAt: Date; refreshedAt: Date; endsAt: Date } | undefined>;
  /** When the access token that all replicas use for a server expires; sends no request. */
  tokenEndsAt(server: EmailServer): Promise<Date | undefined>;
  /** The credential by which any replica last obtained a token: its number in the list, from 1. */
  credentialInUse(application: OAuthApplication): Promise<{ number: number; since: Date } | undefined>;
  /** Forgets cached failures of a server, whose cause may be gone. */
  retry(server: EmailServer): void;
  stop(): void;
}

export interface TokenProviderSettings {
  /** Current applications; an unchanged one is the same object. */
  applications: () => readonly OAuthApplication[];
  /** Invalid ones in the configuration: name → problem. */
  wrongApplications?: () => ReadonlyMap<string, string>;
  /** An application obtains tokens again after a failure. */
  onRecovered?: (application: string) => void;
  /** A person signed in for all servers for which this is true. */
  onSignedIn?: (isMeant: (server: EmailServer) => boolean) => void;
  cache: TokenCache;
  emit: Emit;
  /** For a process that is scraped. */
  metrics?: Metrics | undefined;
  /** Servers whose delegated sign-in is kept alive although nothing uses it. */
  servers?: () => readonly EmailServer[];
  redirectUris?: readonly string[];
  renewAheadSeconds?: number;
  requestTimeoutMs?: number;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** ms that no step of the clock changes; default performance.now. */
  monotonic?: () => number;
  random?: () => number;
}

export function createTokenProvider(settings: TokenProviderSettings): TokenProvider {
  const { applications, cache, emit, servers = () => [], redirectUris = [] } = settings;
  const { renewAheadSeconds = 600, requestTimeoutMs = 30_000, now = Date.now, random = Math.random } = settings;
  const { wrongApplications = () => new Map(), onRecovered = () => {}, monotonic = () => performance.now() } = settings;
  const msal: MsalSettings = { timeoutMs: requestTimeoutMs, metadata: new Map() };
  const withCredential = createCredentialChoice(emit, (application, credential) => {
    const text = JSON.stringify({ id: credentialId(credential), at: now() });
    cache.write(`credential:${application.name}`, text).catch(() => {}); // only for people to look at
  });
  const expiry = settings.metrics === undefined ? undefined : expiryGauges(settings.metrics, applications);
  const tokens = createTokens({
    ...{ cache, emit, now, monotonic, random, onRecovered },
    ...(expiry === undefined ? {} : { onToken: expiry.token }),
    renewAheadMs: renewAheadSeconds * 1000,
  });
  const onSignedIn = (identity: string) => {
    tokens.forget(identity);
    settings.onSignedIn?.((server) => identityOf(server) === identity);
  };
  const signIns = createSignIns({ applicationOf, cache, emit, withCredential, msal, redirectUris, onSignedIn });

  function applicationOf(server: EmailServer): OAuthApplication {
    const { authentication } = server;
    if (authentication.type !== 'OAuth2') {
      throw new MailroomError('OAUTH_APPLICATION_NOT_CONFIGURED', {
        message: `"${server.name}" signs in by password, not by OAuth2`,
      });
    }
    const application = applications().find(({ name }) => name === authentication.application);
    if (application) return application;
    const problem = wrongApplications().get(authentication.application);
    throw new MailroomError('OAUTH_APPLICATION_NOT_CONFIGURED', {
      message: `"${server.name}" names the OAuth2 application "${authentication.application}", which is ${problem === undefined ? 'not' : 'wrong'} in the configuration${problem === undefined ? '' : ` (${problem})`}`,
    });
  }

  /** Undefined: it does not sign in by a known application. */
  function identityOf(server: EmailServer): string | undefined {
    try {
      const { authentication } = server;
      const delegated = authentication.type === 'OAuth2' && authentication.signIn === 'delegated';
      return identityKey(applicationOf(server), delegated ? personOf(server) : undefined);
    } catch {
      return undefined;
    }
  }

  function sourceOf(server: EmailServer, protocol: Protocol): Source {
    const application = applicationOf(server);
    const delegated = server.authentication.type === 'OAuth2' && server.authentication.signIn === 'delegated';
    const identity = identityKey(application, delegated ? personOf(server) : undefined);
    const scopes = scopesOf(application, delegated ? 'delegated' : 'appOnly', protocol);
    return {
      // An app-only token serves both protocols; delegated scopes differ.
      key: delegated ? `${identity}:${protocol}` : identity,
      lockKey: identity,
      version: application,
      application: application.name,
      issue: () =>
        delegated
          ? renewDelegated(server, application, identity, scopes)
          : withCredential(application, (credential) => issueAppOnly(application, credential, scopes, msal)),
    };
  }

  async function renewDelegated(
    server: EmailServer,
    application: OAuthApplication,
    identity: string,
    scopes: string[],
  ) {
    const signIn = await signIns.load(identity);
    if (!signIn) {
      throw new MailroomError('OAUTH_SIGN_IN_NEEDED', {
        message: `Nobody has signed in as ${personOf(server)} yet`,
        hint: `Sign in: \`mailroom login "${server.name}"\` or the portal. Mail and replies wait until then.`,
      });
    }
    expiry?.signIn(server.name, signIn.refreshedAt);
    const issued = await withCredential(application, (credential) =>
      issueDelegated(application, credential, signIn, scopes, msal),
    );
    if (issued.signIn) {
      await signIns.save(identity, issued.signIn);
      expiry?.signIn(server.name, issued.signIn.refreshedAt);
    }
    return issued;
  }

  /** Once a day: renews unused sign-ins, and reports credentials that expire soon. */
  async function daily(isFirst = false): Promise<void> {
    warnOfExpiry(applications(), new Date(now()), emit, isFirst);
    for (const server of servers()) {
      if (server.authentication.type !== 'OAuth2' || server.authentication.signIn !== 'delegated') continue;
      try {
        const application = applicationOf(server);
        const signIn = await signIns.load(identityKey(application, personOf(server)));
        if (signIn) expiry?.signIn(server.name, signIn.refreshedAt);
        if (!signIn || now() - signIn.refreshedAt < DAY_MS) continue;
        await tokens.get(sourceOf(server, isSmtp(server) ? 'smtp' : 'imap'), { renew: true });
        emit('SignInKeptAlive', { server: server.name, application: application.name });
      } catch {
        // Reported by the event of the token request; retried on the next day.
      }
    }
  }
  const first = setTimeout(() => void daily(true), 60_000 * (1 + random()));
  const repeated = setInterval(() => void daily(), DAY_MS);
  first.unref();
  repeated.unref();

  return {
    async getToken(server, protocol, options) {
      const { accessToken, expiresAt } = await tokens.get(sourceOf(server, protocol), options);
      return { accessToken, expiresAt: new Date(expiresAt), user: xoauth2User(server) };
    },
    beginSignIn: (server, redirectUri) => signIns.begin(server, redirectUri),
    completeSignIn: (answer) => signIns.complete(answer),
    deviceSignIn: (server, prompt) => signIns.device(server, prompt),
    async signedIn(server) {
      const signIn = await signIns.load(identityKey(applicationOf(server), personOf(server)));
      if (!signIn) return undefined;
      return {
        person: signIn.person,
        signedInAt: new Date(signIn.signedInAt),
        refreshedAt: new Date(signIn.refreshedAt),
        endsAt: new Date(signIn.refreshedAt + SIGN_IN_MS),
      };
    },
    async tokenEndsAt(server) {
      const at = await tokens.endsAt(sourceOf(server, isSmtp(server) ? 'smtp' : 'imap'));
      return at === undefined ? undefined : new Date(at);
    },
    async credentialInUse({ name, credentials }) {
      const text = await cache.read(`credential:${name}`);
      if (text === undefined) return undefined;
      const { id, at } = JSON.parse(text) as { id: string; at: number };
      const index = credentials.findIndex((credential) => credentialId(credential) === id);
      return index < 0 ? undefined : { number: index + 1, since: new Date(at) };
    },
    retry(server) {
      const identity = identityOf(server);
      if (identity !== undefined) tokens.retry(identity);
    },
    stop() {
      clearTimeout(first);
      clearInterval(repeated);
      expiry?.stop();
      tokens.stop();
    },
  };
}

/** An unused refresh token expires after this time (Entra: 90 days of inactivity), ms. */
const SIGN_IN_MS = 90 * DAY_MS;

/** Expiry of everything that Mailroom signs in with. */
function expiryGauges(metrics: Metrics, applications: () => readonly OAuthApplication[]) {
  const credentials = metrics.gauge('mailroom_credential_expires_timestamp_seconds');
  const tokens = metrics.gauge('mailroom_token_expires_timestamp_seconds');
  const signIns = metrics.gauge('mailroom_sign_in_expires_timestamp_seconds');
  const stop = metrics.onScrape(() => {
    credentials.reset(); // one that was removed is gone
    for (const { name, credentials: list } of applications()) {
      for (const [index, credential] of list.entries()) {
        const expires = Date.parse(credentialExpiry(credential) ?? '');
        if (!Number.isNaN(expires))
          credentials.set({ application: name, credential: String(index + 1) }, expires / 1000);
      }
    }
  });
  return {
    token: (application: string, expiresAt: number) => tokens.set({ application }, expiresAt / 1000),
    signIn: (server: string, refreshedAt: number) => signIns.set({ server }, (refreshedAt + SIGN_IN_MS) / 1000),
    stop,
  };
}
