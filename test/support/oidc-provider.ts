// A real OpenID provider (oidc-provider) on a loopback port with TLS: people sign in with any password, their claims stand in a table.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { TestCertificate } from './tls.ts';

export interface TestProvider {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** By account: what the id token says besides `sub`. */
  people: Map<string, Record<string, unknown>>;
  /** Changes the claims of each id token before it leaves, signed again: with the provider's key, or with one that nobody knows. */
  forge: ((claims: Record<string, unknown>) => { claims: Record<string, unknown>; foreignKey?: boolean }) | undefined;
  stop(): Promise<void>;
}

interface ProviderOptions {
  redirectUri: string;
  afterSignOut: string;
}

export async function startOidcProvider(
  { certPem, keyPem }: TestCertificate,
  { redirectUri, afterSignOut }: ProviderOptions,
): Promise<TestProvider> {
  const server: Server = createServer({ cert: certPem, key: keyPem });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
  const [clientId, clientSecret] = ['mailroom', randomBytes(24).toString('hex')];
  const people: TestProvider['people'] = new Map();
  const { privateKey: own } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { privateKey: foreign } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [afterSignOut],
      },
    ],
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub', 'roles', '_claim_names'], profile: ['name', 'preferred_username'], email: ['email'] },
    conformIdTokenClaims: false, // claims stand in the id token, as with Entra ID
    jwks: { keys: [{ ...own.export({ format: 'jwk' }), kid: 'own', use: 'sig', alg: 'RS256' }] },
    ttl: { IdToken: 600, Session: 3600, Interaction: 600, Grant: 3600, AccessToken: 600 },
    pkce: { required: () => true },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...people.get(accountId) }),
    }),
  });
  provider.use(async (context, next) => {
    await next();
    const body = context.body as { id_token?: string } | undefined;
    if (context.path !== '/token' || body?.id_token === undefined || started.forge === undefined) return;
    const [head = '', payload = ''] = body.id_token.split('.');
    const before = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const { claims, foreignKey = false } = started.forge(before);
    const text = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
    const signature = sign('sha256', Buffer.from(text), foreignKey ? foreign : own).toString('base64url');
    context.body = { ...body, id_token: `${text}.${signature}` };
  });
  server.on('request', provider.callback());
  const started: TestProvider = {
    issuer,
    clientId,
    clientSecret,
    people,
    forge: undefined,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return started;
}
