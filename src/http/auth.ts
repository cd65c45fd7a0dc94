// Authentication of the API by the bearer tokens of the configuration. Roles and permissions are one table, domain/access.ts.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type AccessRole, may, type Permission, permissions, type TokenScope } from '../domain/access.ts';
import { MailroomError } from '../domain/errors.ts';
import type { apiLockOut } from './lock-out.ts';

export { type Permission, permissions };

export interface ApiToken {
  name: string;
  role: AccessRole;
  /** SHA-256 of the token, hex. */
  digest: string;
  scope?: TokenScope;
}

export const namespacesOf = (tokens: readonly ApiToken[]): ReadonlySet<string> =>
  new Set(tokens.flatMap(({ scope }) => scope?.replyNamespace ?? []));

export interface Principal {
  /** Name of the token or person; shown in logs and the audit log. */
  name: string;
  may(permission: Permission): boolean;
  /** Absent: bound to nothing. */
  scope?: TokenScope;
}

/** Compares with every known token, also after a match: the time taken reveals nothing. */
export function tokenFinder(tokens: readonly ApiToken[]): (offered: string) => ApiToken | undefined {
  const known = tokens.map((token) => ({ token, digest: Buffer.from(token.digest, 'hex') }));
  return (offered) => {
    const digest = createHash('sha256').update(offered).digest();
    let found: ApiToken | undefined;
    for (const candidate of known) if (timingSafeEqual(candidate.digest, digest)) found = candidate.token;
    return found;
  };
}

/** Finds the principal that a request's bearer token names. */
export function bearerTokens(tokens: readonly ApiToken[]): Gate['authenticate'] {
  const find = tokenFinder(tokens);
  return (request) => {
    const [, given] = /^Bearer +([\x21-\x7e]{1,4096}) *$/i.exec(request.headers.authorization ?? '') ?? [];
    const found = given === undefined ? undefined : find(given);
    if (found === undefined) return undefined;
    const { name, role, scope } = found;
    return { name, may: (permission) => may(role, permission), ...(scope === undefined ? {} : { scope }) };
  };
}

export interface Gate {
  authenticate: (request: FastifyRequest) => Principal | undefined;
  hasTokens: boolean;
  lockOut: ReturnType<typeof apiLockOut>;
}

const principals = new WeakMap<FastifyRequest, Principal>();

/** The principal of the token, also if the request was refused; undefined on public routes and in the portal. */
export const principalOf = (request: FastifyRequest): Principal | undefined => principals.get(request);

/** @throws MailroomError HTTP_UNAUTHENTICATED, HTTP_FORBIDDEN, HTTP_LOCKED */
export async function authorise(request: FastifyRequest, gate: Gate, permission: Permission): Promise<Principal> {
  const { authenticate, hasTokens, lockOut } = gate;
  const principal = authenticate(request);
  if (principal !== undefined) {
    principals.set(request, principal);
    if (principal.may(permission)) return principal;
    throw new MailroomError('HTTP_FORBIDDEN', {
      message: `Token ${JSON.stringify(principal.name)} lacks the permission ${permission} (role ${permissions[permission].join(' or ')}).`,
    });
  }
  if (request.headers.authorization !== undefined) await lockOut.failed(request.ip);
  if (!hasTokens) {
    throw new MailroomError('HTTP_UNAUTHENTICATED', {
      message: 'No API token is configured, so this API answers nobody.',
      hint: 'Set http.apiTokens (MAILROOM_HTTP_API_TOKENS or MAILROOM_HTTP_API_TOKENS_FILE), e.g. `desk:backend:<token>` made by `mailroom token --name desk --role backend`, and restart.',
    });
  }
  throw new MailroomError('HTTP_UNAUTHENTICATED');
}
