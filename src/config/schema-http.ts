// Settings of the HTTP server: API, portal, sign-in of people.
import { parseIssuer, parseNetworks, parseRoleMappings, parseScopes } from './access.ts';
import { parseApiTokens } from './secrets.ts';
import * as s from './setting.ts';

const MiB = 1024 * 1024;

export const httpSettings = {
  host: s.listen('127.0.0.1')('Address that the HTTP server listens on.'),
  port: s.integer({ initial: 8080, min: 0, max: 65535 })('Port of the HTTP server; 0 picks a free one.'),
  publicUrl: s.url('http://localhost:8080', ['http', 'https'])(
    'Base URL under which people reach the portal; the redirect address of delegated sign-in is below it.',
  ),
  apiTokens: s.custom({ kind: 'list of name:role:token', parse: parseApiTokens, secret: true })(
    'Bearer tokens of the API, each `name:role:token` with the role viewer, operator, administrator or backend; instead of the token you can give its `sha256:<hex>` (`mailroom token`). In a file also `{ token: name:role:token, emailFlows: [...], emailServers: [...] }`, which restricts the token to messages and senders of these flows and to replies through these servers; `replyNamespace: desk` keeps the replyIds of this token apart from those of all others. Without tokens, the API answers 401.',
  ),
  bodyLimit: s.integer({ initial: 40 * MiB, min: 1024, max: 1024 * MiB })('Largest request body in bytes.'),
  streamsPerClient: s.integer({ initial: 50, min: 1, max: 10_000 })(
    'Downloads and connection tests that one client (token and address) may have open at once.',
  ),
  trustedProxies: s.custom({ kind: 'list of addresses and networks (CIDR)', parse: parseNetworks })(
    'Addresses and networks of your reverse proxies; their X-Forwarded-For header supplies the client address that lock-outs count.',
  ),
  sessions: {
    idleMinutes: s.integer({ initial: 60, min: 1, max: 1440 })(
      'Minutes without a request after which a portal session ends.',
    ),
    longestHours: s.integer({ initial: 8, min: 1, max: 168 })('Hours after which a portal session ends in any case.'),
  },
  oidc: {
    issuer: s.optional(
      s.custom({ kind: 'https://…', parse: parseIssuer, initial: null })(
        'Sign-in to the portal by OpenID Connect: the issuer, e.g. https://login.microsoftonline.com/<tenant id>/v2.0.',
      ),
    ),
    clientId: s.optionalString('Client ID of the application at the issuer.'),
    clientSecret: s.secret('Secret of that application; leave it out for a public client.'),
    scopes: s.custom({ kind: 'list of scopes', parse: parseScopes, initial: 'openid profile email' })(
      'Requested scopes; must include `openid`.',
    ),
    rolesClaim: s.string('roles')(
      'Claim of the ID token that contains roles or groups: `roles` (Entra app roles), `groups`, `realm_access.roles` (Keycloak).',
    ),
    roles: s.custom({ kind: 'list of role=value', parse: parseRoleMappings })(
      'Maps claim values to roles: `administrator=<value of the claim>`, likewise operator and viewer; `viewer=*` makes every user of the issuer a viewer. The highest role applies; users without a role are refused.',
    ),
    ca: s.pem('Private CA that signs the certificate of the issuer (PEM).'),
    proxy: s.optional(s.url('', ['http', 'socks5'])('Proxy for connections to the issuer.')),
  },
};
