// What an access token says of itself, for the doctor and the test of a credential: audience, permissions, identity, expiry, read from the JWT without verifying it (that
// is the mail server's part). Nothing of the token leaves here but these claims.
import type { EmailServer, OAuthApplication } from './email-server.ts';
import { clouds, type Protocol, personOf } from './oauth-scopes.ts';

export interface TokenClaims {
  audience: string;
  /** Application roles (app-only) or delegated scopes. */
  permissions: string[];
  /** The person of a delegated token. */
  person: string | undefined;
  tenant: string | undefined;
  /** Object id of who the token is for: app-only the service principal (Enterprise application), delegated the person. */
  objectId: string | undefined;
  expiresAt: Date | undefined;
}

/** Undefined when it is no JWT: providers other than Microsoft give opaque tokens. */
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
  signIn === 'appOnly'
    ? { imap: 'IMAP.AccessAsApp', smtp: 'SMTP.SendAsApp' }[protocol]
    : { imap: 'IMAP.AccessAsUser.All', smtp: 'SMTP.Send' }[protocol];

/** First thing that is wrong with the token for this server; undefined: nothing. Pure. */
export function classifyToken(
  claims: TokenClaims,
  server: EmailServer,
  application: OAuthApplication,
  protocol: Protocol,
): 'audience' | 'permission' | 'identity' | undefined {
  if (application.generic || server.authentication.type !== 'OAuth2') return undefined;
  const { resource, delegated } = clouds[application.cloud];
  // By URL, or by the GUID of Office 365 Exchange Online, which is the same in every tenant.
  const audiences = [resource, delegated, '00000002-0000-0ff1-ce00-000000000000'];
  if (!audiences.includes(claims.audience.replace(/\/$/, ''))) return 'audience';
  const { signIn } = server.authentication;
  if (!claims.permissions.includes(permissionOf(signIn, protocol))) return 'permission';
  if (signIn === 'delegated' && claims.person?.toLowerCase() !== personOf(server).toLowerCase()) return 'identity';
  return undefined;
}
