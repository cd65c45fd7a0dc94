// Who asks, and what they may: bearer tokens of the configuration. The portal adds its sessions as a further way to be known.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { MailroomError } from '../domain/errors.ts';

export interface ApiToken {
  name: string;
  token: string;
  scope: Scope;
}

export type Scope = 'admin' | 'backend' | 'read';

export const permissions = {
  'status:read': ['admin', 'backend', 'read'],
  'senders:read': ['admin', 'backend', 'read'],
  'replies:read': ['admin', 'backend', 'read'],
  'replies:write': ['admin', 'backend'],
  'messages:read': ['admin', 'backend'],
  'replies:release': ['admin'],
  'email-servers:read': ['admin', 'read'],
  'email-servers:write': ['admin'],
} as const satisfies Record<string, readonly Scope[]>;
export type Permission = keyof typeof permissions;

export interface Principal {
  /** Name of the token or person; stands in logs and the audit log. */
  name: string;
  may(permission: Permission): boolean;
}

/** Resolves with who asks, undefined when this way of signing in does not apply. */
export type Authenticate = (request: FastifyRequest) => Principal | undefined | Promise<Principal | undefined>;

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Tokens are kept as digests only, and each request is compared with all of them, whichever fits: time tells nothing. */
export function bearerTokens(tokens: readonly ApiToken[]): Authenticate {
  const known = tokens.map(({ name, token, scope }) => ({ name, scope, digest: digest(token) }));
  return (request) => {
    const [, given] = /^Bearer +([\x21-\x7e]{1,4096}) *$/i.exec(request.headers.authorization ?? '') ?? [];
    if (given === undefined) return undefined;
    const offered = digest(given);
    let found: (typeof known)[number] | undefined;
    for (const candidate of known) if (timingSafeEqual(candidate.digest, offered)) found = candidate;
    if (found === undefined) return undefined;
    const { name, scope } = found;
    return { name, may: (permission) => (permissions[permission] as readonly Scope[]).includes(scope) };
  };
}

/** @throws MailroomError HTTP_UNAUTHENTICATED, HTTP_FORBIDDEN */
export async function authorise(
  request: FastifyRequest,
  ways: readonly Authenticate[],
  permission: Permission,
  hasTokens: boolean,
): Promise<Principal> {
  for (const authenticate of ways) {
    const principal = await authenticate(request);
    if (principal === undefined) continue;
    if (principal.may(permission)) return principal;
    const scopes = permissions[permission].join(' or ');
    throw new MailroomError('HTTP_FORBIDDEN', {
      message: `Token ${JSON.stringify(principal.name)} lacks the permission ${permission} (scope ${scopes}).`,
    });
  }
  if (!hasTokens) {
    throw new MailroomError('HTTP_UNAUTHENTICATED', {
      message: 'No API token is configured, so this API answers nobody.',
      hint: 'Set http.apiTokens (HTTP_API_TOKENS or HTTP_API_TOKENS_FILE), e.g. `desk:backend:<token>` with a token from `openssl rand -base64 32`, and restart.',
    });
  }
  throw new MailroomError('HTTP_UNAUTHENTICATED');
}
