// Sign-in to the portal: an API token of the configuration or a one-time secret becomes a session; attempts are counted and end in a pause.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isPortalRole } from '../../domain/access.ts';
import { MailroomError } from '../../domain/errors.ts';
import { tokenFinder } from '../auth.ts';
import type { PortalDeps, Session } from './deps.ts';

const SESSION_COOKIE = 'mailroom_session';
/** Attempts from one address within 15 minutes. */
const ATTEMPTS = 10;

export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** Lax: the provider's redirect back to us carries it, a form of another site does not. `seconds` 0 takes the cookie away. */
export function setCookie(
  reply: FastifyReply,
  name: string,
  value: string,
  options: { secure: boolean; seconds: number },
): void {
  const cookie = `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${options.seconds}${options.secure ? '; Secure' : ''}`;
  const before = reply.getHeader('set-cookie');
  reply.removeHeader('set-cookie');
  reply.header('set-cookie', before === undefined ? cookie : [...[before].flat().map(String), cookie]);
}

export function signIns({ apiTokens, sessions, emit }: Pick<PortalDeps, 'apiTokens' | 'sessions' | 'emit'>) {
  // A token of a back-end is no person's and does not open the portal.
  const tokens = apiTokens.flatMap(({ role, ...token }) => (isPortalRole(role) ? [{ ...token, role }] : []));
  const find = tokenFinder(tokens);

  return {
    async session(request: FastifyRequest): Promise<Session | undefined> {
      const id = cookieOf(request, SESSION_COOKIE);
      if (id === undefined || !/^[\w-]{43}$/.test(id)) return undefined;
      const session = await sessions.read(id);
      if (session?.token === undefined) return session;
      return tokens.some(({ digest }) => digest === session.token) ? session : undefined;
    },
    /** @throws MailroomError PORTAL_LOCKED, PORTAL_SIGN_IN_REFUSED. @returns the session's id */
    async enter(from: string, given: string): Promise<string> {
      if ((await sessions.attempt(from)) > ATTEMPTS)
        throw new MailroomError('PORTAL_LOCKED', { retryAfterMs: 900_000 });
      const token = find(given.trim());
      const found = tokens.find(({ name }) => name === token?.name);
      const person = found ?? (given.trim() === '' ? undefined : await sessions.redeem(given.trim()));
      if (person === undefined) throw new MailroomError('PORTAL_SIGN_IN_REFUSED');
      await sessions.forgive(from);
      emit('PortalSignedIn', { detail: { by: person.name, role: person.role } });
      return sessions.create({
        name: person.name,
        role: person.role,
        ...(found === undefined ? {} : { token: found.digest }),
      });
    },
    give: (reply: FastifyReply, id: string, secure: boolean) =>
      setCookie(reply, SESSION_COOKIE, id, { secure, seconds: 8 * 3600 }),
    async leave(request: FastifyRequest, reply: FastifyReply, secure: boolean): Promise<void> {
      const id = cookieOf(request, SESSION_COOKIE);
      if (id !== undefined) await sessions.end(id);
      setCookie(reply, SESSION_COOKIE, '', { secure, seconds: 0 });
    },
  };
}
