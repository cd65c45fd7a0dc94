// Delegated sign-ins: begun in the portal (authorization code with PKCE) or on the command line (device code), checked against the expected
// person, stored encrypted, renewed daily even when unused (a refresh token expires after 90 days without use).
import { createHash, randomBytes } from 'node:crypto';
import type { EmailServer, OAuthApplication, OAuthCredential } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { personOf, signInScopes, tokenKeys } from '../../domain/oauth-scopes.ts';
import type { TokenCache } from '../../domain/token-cache.ts';
import type { Emit } from '../../telemetry/events.ts';
import type { WithCredential } from './credentials.ts';
import { oauthError } from './errors.ts';
import { genericAuthorizeUrl, isGeneric } from './generic.ts';
import type { DevicePrompt, ProviderSettings, SignIn } from './grants.ts';
import { identityKey, issueSignIn, samePerson } from './identity.ts';
import { authorizeUrl } from './msal.ts';

interface SignInsSettings {
  applicationOf: (server: EmailServer) => OAuthApplication;
  cache: TokenCache;
  emit: Emit;
  withCredential: WithCredential;
  provider: ProviderSettings;
  /** Redirect addresses that a sign-in may return to. */
  redirectUris: readonly string[];
  onSignedIn: (identity: string) => void;
}

/** Milliseconds for a person to sign in. */
const STATE_MS = 15 * 60_000;
const DEVICE_SECONDS = 15 * 60;

/** Stored while a person is at the provider. */
interface Begun {
  server: EmailServer;
  redirectUri: string;
  nonce: string;
  verifier: string;
}

export type SignIns = ReturnType<typeof createSignIns>;

export function createSignIns(settings: SignInsSettings) {
  const { applicationOf, cache, emit, withCredential, provider, redirectUris, onSignedIn } = settings;

  const save = (identity: string, signIn: SignIn) => cache.write(`sign-in:${identity}`, JSON.stringify(signIn));

  async function keep(
    server: EmailServer,
    application: OAuthApplication,
    signIn: SignIn,
    kind: 'code' | 'device',
  ): Promise<{ server: string; person: string }> {
    const expected = personOf(server);
    const actual = signIn.person;
    // A provider that does not name the person (generic, without id_token) leaves it to IMAP and SMTP to refuse the wrong one.
    if (actual !== '' && samePerson(actual) !== samePerson(expected)) {
      emit('SignInRefused', { server: server.name, application: application.name, code: 'OAUTH_WRONG_IDENTITY' });
      throw new MailroomError('OAUTH_WRONG_IDENTITY', {
        message: `Signed in as ${actual}, but "${server.name}" asks for ${expected}`,
      });
    }
    const identity = identityKey(application, expected);
    await save(identity, { ...signIn, person: expected });
    // Tokens of the previous sign-in may belong to a revoked session.
    for (const key of tokenKeys(identity)) await cache.remove(`token:${key}`);
    onSignedIn(identity);
    emit('SignInCompleted', { server: server.name, application: application.name, kind });
    return { server: server.name, person: expected };
  }

  return {
    /** URL for the browser, and the state that comes back with it (to be bound to the browser by a cookie). @throws OAUTH_REDIRECT_REFUSED */
    async begin(server: EmailServer, redirectUri: string): Promise<{ url: string; state: string }> {
      if (!redirectUris.includes(redirectUri)) throw new MailroomError('OAUTH_REDIRECT_REFUSED');
      const application = applicationOf(server);
      const [state, nonce, verifier] = [random(), random(), random()];
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      const parameters = { redirectUri, state, nonce, challenge, person: personOf(server) };
      const url = isGeneric(application)
        ? genericAuthorizeUrl(application, parameters)
        : await authorizeUrl(application, signInScopes(application), parameters, provider);
      const begun: Begun = { server, redirectUri, nonce, verifier };
      await cache.write(`state:${state}`, JSON.stringify(begun), STATE_MS);
      return { url, state };
    },

    /** The browser returned. @throws OAUTH_STATE_INVALID, OAUTH_WRONG_IDENTITY, OAUTH_… by the provider's answer */
    async complete(answer: {
      state: string;
      code?: string | undefined;
      error?: string | undefined;
      error_description?: string | undefined;
    }) {
      const text = /^[\w-]{20,100}$/.test(answer.state) ? await cache.take(`state:${answer.state}`) : undefined;
      if (text === undefined) throw new MailroomError('OAUTH_STATE_INVALID');
      const { server, redirectUri, nonce, verifier } = JSON.parse(text) as Begun;
      const application = applicationOf(server);
      const { code, error, error_description: description } = answer;
      if (code === undefined) {
        const failure = oauthError({ error: error ?? 'access_denied', description });
        emit('SignInRefused', { server: server.name, application: application.name, err: failure });
        throw failure;
      }
      const request = { kind: 'code', scopes: signInScopes(application), code, redirectUri, nonce, verifier } as const;
      const signIn = await withCredential(application, (credential) =>
        issueSignIn(application, credential, request, provider),
      );
      return keep(server, application, signIn, 'code');
    },

    /** Device code: prints the prompt, resolves when the person has signed in. */
    async device(server: EmailServer, prompt: (prompt: DevicePrompt) => void) {
      const application = applicationOf(server);
      const scopes = signInScopes(application);
      const request = { kind: 'device', scopes, prompt, timeoutSeconds: DEVICE_SECONDS } as const;
      const issue = (credential: OAuthCredential | undefined) =>
        issueSignIn(application, credential, request, provider);
      // Microsoft: a public client, without a credential; generic providers require the secret here as well.
      const signIn = application.generic ? await withCredential(application, issue) : await issue(undefined);
      return keep(server, application, signIn, 'device');
    },

    async load(identity: string): Promise<SignIn | undefined> {
      const text = await cache.read(`sign-in:${identity}`);
      return text === undefined ? undefined : (JSON.parse(text) as SignIn);
    },

    save,
  };
}

const random = (): string => randomBytes(32).toString('base64url');
