// Sign-in to the portal: an API token of the configuration, a one-time secret or an OpenID provider's word becomes a session; attempts are
// counted over all replicas and end in a pause.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isPortalRole } from '../../domain/access.ts';
import { MailroomError } from '../../domain/errors.ts';
import { tokenFinder } from '../auth.ts';
import { addressKey } from '../lock-out.ts';
import type { NewSession, PortalDeps, Session } from './deps.ts';

const SESSION_COOKIE = 'mailroom_session';
/** Attempts from one address, or of one person at the provider, within 15 minutes. */
const ATTEMPTS = 10;

export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/**
 * With the prefix a browser takes the cookie from this very host over https only, and from no neighbour of its domain (RFC 6265bis §4.1.3).
 * For every cookie that proves something.
 */
export const hostCookie = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name);

/** Lax: the provider's redirect back to us carries it, a form of another site does not. `seconds` 0 takes the cookie away. */
export function setCookie(
  reply: FastifyReply,
  name: string,
  value: string,
  options: { secure: boolean; seconds?: number },
): void {
  const age = options.seconds === undefined ? '' : `; Max-Age=${options.seconds}`;
  const cookie = `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${age}${options.secure ? '; Secure' : ''}`;
  const before = reply.getHeader('set-cookie');
  reply.removeHeader('set-cookie');
  reply.header('set-cookie', before === undefined ? cookie : [...[before].flat().map(String), cookie]);
}

type SignInDeps = Pick<PortalDeps, 'apiTokens' | 'sessions' | 'emit' | 'record' | 'publicUrl'>;

export function signIns({ apiTokens, sessions, emit, record, publicUrl }: SignInDeps) {
  const secure = publicUrl.startsWith('https:');
  const cookie = hostCookie(SESSION_COOKIE, secure);
  // A token of a back-end is no person's and does not open the portal; one that is bound would see there what it may not.
  const tokens = apiTokens.flatMap(({ role, scope, ...token }) =>
    isPortalRole(role) && scope === undefined ? [{ ...token, role }] : [],
  );
  const find = tokenFinder(apiTokens);

  async function count(from: string, by: string): Promise<void> {
    const { count, forgottenInMs } = await sessions.attempt(from);
    if (count <= ATTEMPTS) return;
    if (count === ATTEMPTS + 1) await record({ by, action: 'sign-in-locked', server: '', changes: [] });
    throw new MailroomError('PORTAL_LOCKED', { retryAfterMs: forgottenInMs });
  }

  /** A new session under a new id; the one that this browser had before ends. */
  async function begin(request: FastifyRequest, reply: FastifyReply, session: NewSession, by: string): Promise<void> {
    const before = cookieOf(request, cookie);
    if (before !== undefined) await sessions.end(before);
    const id = await sessions.create(session);
    setCookie(reply, cookie, id, { secure });
    emit('PortalSignedIn', { detail: { by: session.name, role: session.role, how: by } });
    await record({
      by: session.name,
      action: 'sign-in',
      server: '',
      changes: [
        { field: 'role', from: '', to: session.role },
        { field: 'by', from: '', to: by },
      ],
    });
  }

  return {
    secure,
    async session(request: FastifyRequest): Promise<Session | undefined> {
      const id = cookieOf(request, cookie);
      if (id === undefined || !/^[\w-]{43}$/.test(id)) return undefined;
      // A page that refreshes itself is no person at work: the idle time goes on.
      const bySelf = request.method === 'GET' && request.headers['sec-fetch-dest'] === 'empty';
      const session = await sessions.read(id, !bySelf);
      if (session?.token === undefined) return session;
      return tokens.some(({ digest }) => digest === session.token) ? session : undefined;
    },
    /** @throws MailroomError PORTAL_LOCKED, PORTAL_SIGN_IN_REFUSED */
    async enter(request: FastifyRequest, reply: FastifyReply, given: string): Promise<void> {
      const from = addressKey(request.ip);
      // What is valid enters, whoever guesses behind the same address; what is not is counted.
      const token = find(given.trim());
      const found = tokens.find(({ name }) => name === token?.name);
      const person = found ?? (/^[\w-]{43}$/.test(given.trim()) ? await sessions.redeem(given.trim()) : undefined);
      if (person === undefined) {
        await count(from, from);
        throw new MailroomError('PORTAL_SIGN_IN_REFUSED');
      }
      await sessions.forgive(from);
      const { name, role } = person;
      if (found === undefined) await begin(request, reply, { name, role }, 'one-time secret');
      else await begin(request, reply, { name, role, token: found.digest }, 'API token');
    },
    /** Name of an API token, also of one that does not open the portal. */
    tokenName: (given: string): string | undefined => find(given.trim())?.name,
    /** @param subject who it is at the provider: refused people are counted as well @throws MailroomError PORTAL_LOCKED */
    countSubject: (subject: string) => count(`subject:${subject}`, subject),
    countAddress: (request: FastifyRequest) => count(addressKey(request.ip), addressKey(request.ip)),
    begin,
    /** Signed in after all: what was counted before is forgotten. */
    async forgive(request: FastifyRequest, subject: string): Promise<void> {
      await Promise.all([sessions.forgive(addressKey(request.ip)), sessions.forgive(`subject:${subject}`)]);
    },
    /** @returns the session that ended */
    async leave(request: FastifyRequest, reply: FastifyReply): Promise<Session | undefined> {
      const id = cookieOf(request, cookie);
      const session = id === undefined ? undefined : await sessions.read(id, false);
      if (id !== undefined) await sessions.end(id);
      setCookie(reply, cookie, '', { secure, seconds: 0 });
      if (session !== undefined) await record({ by: session.name, action: 'sign-out', server: '', changes: [] });
      return session;
    },
  };
}
