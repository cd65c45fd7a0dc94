// Settings of the HTTP server: API, portal, sign-in of people.
import { parseIssuer, parseNetworks, parseRoleMappings, parseScopes } from './access.ts';
import { parseApiTokens } from './secrets.ts';
import * as s from './setting.ts';

const MiB = 1024 * 1024;

export const httpSettings = {
  host: s.listen('Address that the HTTP server listens on.', '127.0.0.1'),
  port: s.integer('Port of the HTTP server; 0 picks a free one.', 8080, 0, 65535),
  publicUrl: s.url(
    'Base URL under which people reach the portal; the redirect address of delegated sign-in is below it.',
    'http://localhost:8080',
    ['http', 'https'],
  ),
  apiTokens: s.custom(
    'Bearer tokens of the API, each `name:role:token` with the role viewer, operator, administrator or backend; instead of the token you can give its `sha256:<hex>` (`mailroom token`). In a file also `{ token: name:role:token, emailFlows: [...], emailServers: [...] }`, which restricts the token to messages and senders of these flows and to replies through these servers; `replyNamespace: desk` keeps the replyIds of this token apart from those of all others. Without tokens, the API answers 401.',
    'list of name:role:token',
    '',
    parseApiTokens,
    { secret: true },
  ),
  bodyLimit: s.integer('Largest request body in bytes.', 40 * MiB, 1024, 1024 * MiB),
  streamsPerClient: s.integer(
    'Downloads and connection tests that one client (token and address) may have open at once.',
    50,
    1,
    10_000,
  ),
  trustedProxies: s.custom(
    'Addresses and networks of your reverse proxies; their X-Forwarded-For header supplies the client address that lock-outs count.',
    'list of addresses and networks (CIDR)',
    '',
    parseNetworks,
  ),
  sessions: {
    idleMinutes: s.integer('Minutes without a request after which a portal session ends.', 60, 1, 1440),
    longestHours: s.integer('Hours after which a portal session ends in any case.', 8, 1, 168),
  },
  oidc: {
    issuer: s.optional(
      s.custom(
        'Sign-in to the portal by OpenID Connect: the issuer, e.g. https://login.microsoftonline.com/<tenant id>/v2.0.',
        'https://…',
        null,
        parseIssuer,
      ),
    ),
    clientId: s.optionalString('Client ID of the application at the issuer.'),
    clientSecret: s.optionalString('Secret of that application; leave it out for a public client.', { secret: true }),
    scopes: s.custom('Requested scopes; must include `openid`.', 'list of scopes', 'openid profile email', parseScopes),
    rolesClaim: s.string(
      'Claim of the ID token that contains roles or groups: `roles` (Entra app roles), `groups`, `realm_access.roles` (Keycloak).',
      'roles',
    ),
    roles: s.custom(
      'Maps claim values to roles: `administrator=<value of the claim>`, likewise operator and viewer; `viewer=*` makes every user of the issuer a viewer. The highest role applies; users without a role are refused.',
      'list of role=value',
      '',
      parseRoleMappings,
    ),
    ca: s.pem('Private CA that signs the certificate of the issuer (PEM).'),
    proxy: s.optional(s.url('Proxy for connections to the issuer.', '', ['http', 'socks5'])),
  },
};
