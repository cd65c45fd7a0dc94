// From an email server to where its token comes from: application, identity, scopes, and the request that issues it.
import { type EmailServer, isDelegated, type OAuthApplication } from '../../domain/email-server.ts';
import { MailroomError } from '../../domain/errors.ts';
import { type Protocol, personOf, scopesOf } from '../../domain/oauth-scopes.ts';
import type { WithCredential } from './credentials.ts';
import type { ProviderSettings } from './grants.ts';
import { identityKey, issueAppOnly, issueDelegated } from './identity.ts';
import type { Source } from './obtain-token.ts';
import type { SignIns } from './sign-ins.ts';

interface SourcesSettings {
  applicationOf: (server: EmailServer) => OAuthApplication;
  withCredential: WithCredential;
  provider: ProviderSettings;
  signIns: Pick<SignIns, 'load' | 'save'>;
  /** The sign-in of a server was renewed at this time, epoch ms. */
  onSignIn: (server: string, refreshedAt: number) => void;
}

/** @throws MailroomError OAUTH_APPLICATION_NOT_CONFIGURED */
export function applicationAmong(
  server: EmailServer,
  applications: readonly OAuthApplication[],
  wrong: ReadonlyMap<string, string>,
): OAuthApplication {
  const { authentication } = server;
  if (authentication.type !== 'OAuth2') {
    throw new MailroomError('OAUTH_APPLICATION_NOT_CONFIGURED', {
      message: `"${server.name}" signs in by password, not by OAuth2`,
    });
  }
  const application = applications.find(({ name }) => name === authentication.application);
  if (application) return application;
  const problem = wrong.get(authentication.application);
  const state = problem === undefined ? 'not in the configuration' : `wrong in the configuration (${problem})`;
  throw new MailroomError('OAUTH_APPLICATION_NOT_CONFIGURED', {
    message: `"${server.name}" names the OAuth2 application "${authentication.application}", which is ${state}`,
  });
}

export function createSources({ applicationOf, withCredential, provider, signIns, onSignIn }: SourcesSettings) {
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
    onSignIn(server.name, signIn.refreshedAt);
    const issued = await withCredential(application, (credential) =>
      issueDelegated(application, credential, signIn, scopes, provider),
    );
    await signIns.save(identity, issued.signIn);
    onSignIn(server.name, issued.signIn.refreshedAt);
    return issued;
  }

  /** Undefined: it does not sign in by a known application. */
  function identityOf(server: EmailServer): string | undefined {
    try {
      return identityKey(applicationOf(server), isDelegated(server) ? personOf(server) : undefined);
    } catch {
      return undefined;
    }
  }

  function sourceOf(server: EmailServer, protocol: Protocol): Source {
    const application = applicationOf(server);
    const delegated = isDelegated(server);
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
          : withCredential(application, (credential) => issueAppOnly(application, credential, scopes, provider)),
    };
  }

  return { identityOf, sourceOf };
}
