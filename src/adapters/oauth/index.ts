// Sign-in at identity providers: access tokens for IMAP and SMTP by app-only or delegated OAuth2. SMTP and IMAP receive getToken as a
// function. A single path: server → application and identity → memory, shared cache, or the provider (MSAL or plain endpoints).
import { type EmailServer, isDelegated, isSmtp, type OAuthApplication } from '../../domain/email-server.ts';
import { type Protocol, personOf, xoauth2User } from '../../domain/oauth-scopes.ts';
import type { TokenCache } from '../../domain/token-cache.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { Emit } from '../../telemetry/events.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { createCredentialChoice, credentialId, warnOfExpiry } from './credentials.ts';
import { expiryGauges, SIGN_IN_MS } from './expiry-gauges.ts';
import type { ProviderSettings } from './grants.ts';
import { identityKey } from './identity.ts';
import { createSignIns } from './sign-ins.ts';
import { applicationAmong, createSources } from './sources.ts';
import { createTokens } from './tokens.ts';

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

export type TokenProvider = ReturnType<typeof createTokenProvider>;

export function createTokenProvider(settings: TokenProviderSettings) {
  const { applications, cache, emit, servers = () => [], redirectUris = [], onRecovered } = settings;
  const { renewAheadSeconds = 600, requestTimeoutMs = 30_000, now = Date.now, random = Math.random } = settings;
  const { wrongApplications = () => new Map(), monotonic = () => performance.now() } = settings;
  const applicationOf = (server: EmailServer) => applicationAmong(server, applications(), wrongApplications());
  const provider: ProviderSettings = { timeoutMs: requestTimeoutMs, metadata: new Map() };
  const withCredential = createCredentialChoice(emit, (application, credential) => {
    const text = JSON.stringify({ id: credentialId(credential), at: now() });
    cache.write(`credential:${application.name}`, text).catch(() => {}); // only for people to look at
  });
  const expiry = settings.metrics === undefined ? undefined : expiryGauges(settings.metrics, applications, servers);
  const tokens = createTokens({
    ...{ cache, emit, now, monotonic, random, onRecovered, onToken: expiry?.token },
    renewAheadMs: renewAheadSeconds * 1000,
  });
  const onSignedIn = (identity: string) => {
    tokens.forget(identity);
    settings.onSignedIn?.((server) => identityOf(server) === identity);
  };
  const signIns = createSignIns({ applicationOf, cache, emit, withCredential, provider, redirectUris, onSignedIn });
  const onSignIn = (server: string, refreshedAt: number) => expiry?.signIn(server, refreshedAt);
  const { identityOf, sourceOf } = createSources({ applicationOf, withCredential, provider, signIns, onSignIn });
  const anySource = (server: EmailServer) => sourceOf(server, isSmtp(server) ? 'smtp' : 'imap');
  const signInOf = (server: EmailServer) => signIns.load(identityKey(applicationOf(server), personOf(server)));

  /** Once a day: renews unused sign-ins, and reports credentials that expire soon. */
  async function daily(isFirst = false): Promise<void> {
    warnOfExpiry(applications(), new Date(now()), emit, isFirst);
    for (const server of servers().filter(isDelegated)) {
      try {
        const signIn = await signInOf(server);
        if (signIn) onSignIn(server.name, signIn.refreshedAt);
        if (!signIn || now() - signIn.refreshedAt < DAY_MS) continue;
        await tokens.get(anySource(server), { renew: true });
        emit('SignInKeptAlive', { server: server.name, application: applicationOf(server).name });
      } catch {
        // Reported by the event of the token request; retried on the next day.
      }
    }
  }
  const first = setTimeout(() => void daily(true), 60_000 * (1 + random())).unref();
  const repeated = setInterval(() => void daily(), DAY_MS).unref();

  return {
    /**
     * A token that is valid now. `user`: `user=` of XOAUTH2.
     * @param options.renew the mail server refused the last one: a new one is requested (or taken, if a replica already has it)
     * @throws MailroomError OAUTH_… with class, hint and the provider's words; never with a token or secret
     */
    async getToken(server: EmailServer, protocol: Protocol, options?: { renew?: boolean; refused?: string }) {
      const { accessToken, expiresAt } = await tokens.get(sourceOf(server, protocol), options);
      return { accessToken, expiresAt: new Date(expiresAt), user: xoauth2User(server) };
    },
    beginSignIn: signIns.begin,
    completeSignIn: signIns.complete,
    deviceSignIn: signIns.device,
    /** The signed-in person of a delegated server, since when, and when the sign-in ends unless it is renewed. */
    async signedIn(server: EmailServer) {
      const signIn = await signInOf(server);
      return signIn === undefined
        ? undefined
        : {
            person: signIn.person,
            signedInAt: new Date(signIn.signedInAt),
            refreshedAt: new Date(signIn.refreshedAt),
            endsAt: new Date(signIn.refreshedAt + SIGN_IN_MS),
          };
    },
    /** When the access token that all replicas use for a server expires; sends no request. */
    async tokenEndsAt(server: EmailServer): Promise<Date | undefined> {
      const at = await tokens.endsAt(anySource(server));
      return at === undefined ? undefined : new Date(at);
    },
    /** The credential by which any replica last obtained a token: its number in the list, from 1. */
    async credentialInUse({ name, credentials }: OAuthApplication) {
      const text = await cache.read(`credential:${name}`);
      if (text === undefined) return undefined;
      const { id, at } = JSON.parse(text) as { id: string; at: number };
      const index = credentials.findIndex((credential) => credentialId(credential) === id);
      return index < 0 ? undefined : { number: index + 1, since: new Date(at) };
    },
    /** Forgets cached failures of a server, whose cause may be gone. */
    retry(server: EmailServer): void {
      const identity = identityOf(server);
      if (identity !== undefined) tokens.retry(identity);
    },
    stop(): void {
      clearTimeout(first);
      clearInterval(repeated);
      expiry?.stop();
      tokens.stop();
    },
  };
}
