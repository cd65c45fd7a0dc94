// What an access token contains, for the doctor and for the test of a credential: audience, permissions, identity and expiry, read from the
// JWT without verifying it (the mail server verifies it). No other part of the token leaves this file.
import type { EmailServer, OAuthApplication } from './email-server.ts';
import { clouds, delegatedNames, type Protocol, personOf } from './oauth-scopes.ts';

export interface TokenClaims {
  audience: string;
  /** Application roles (app-only) or delegated scopes. */
  permissions: string[];
  /** The person of a delegated token. */
  person: string | undefined;
  tenant: string | undefined;
  /** Object id of the token's subject: with app-only the service principal (Enterprise application), with delegated sign-in the person. */
  objectId: string | undefined;
  expiresAt: Date | undefined;
}

/** Undefined when the token is not a JWT: providers other than Microsoft issue opaque tokens. */
export function readToken(accessToken: string): TokenClaims | undefined {
  try {
    const [, body = ''] = accessToken.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    const roles = Array.isArray(claims.roles) ? claims.roles.map(String) : [];
    return {
      audience: String(claims.aud ?? ''),
      permissions: [...roles, ...(text(claims.scp)?.split(' ') ?? [])].filter((name) => name !== ''),
      person: text(claims.upn) ?? text(claims.preferred_username) ?? text(claims.unique_name),
      tenant: text(claims.tid),
      objectId: text(claims.oid),
      expiresAt: typeof claims.exp === 'number' ? new Date(claims.exp * 1000) : undefined,
    };
  } catch {
    return undefined;
  }
}

/** The permission that a protocol needs (MSOAUTH). */
export const permissionOf = (signIn: 'appOnly' | 'delegated', protocol: Protocol): string =>
  signIn === 'appOnly' ? { imap: 'IMAP.AccessAsApp', smtp: 'SMTP.SendAsApp' }[protocol] : delegatedNames[protocol];

/** The first problem of the token for this server; undefined if it has none. Pure. */
export function classifyToken(
  claims: TokenClaims,
  server: EmailServer,
  application: OAuthApplication,
  protocol: Protocol,
): 'audience' | 'permission' | 'identity' | undefined {
  if (application.generic || server.authentication.type !== 'OAuth2') return undefined;
  const { resource, delegated } = clouds[application.cloud];
  // By URL, or by the GUID of Office 365 Exchange Online, which is the same in all tenants.
  const audiences = [resource, delegated, '00000002-0000-0ff1-ce00-000000000000'];
  if (!audiences.includes(claims.audience.replace(/\/$/, ''))) return 'audience';
  const { signIn } = server.authentication;
  if (!claims.permissions.includes(permissionOf(signIn, protocol))) return 'permission';
  if (signIn === 'delegated' && claims.person?.toLowerCase() !== personOf(server).toLowerCase()) return 'identity';
  return undefined;
}
