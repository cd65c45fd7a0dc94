// Who is signed in to the portal: sessions, one-time secrets and failed attempts in Redis, so that all replicas know the same. Only digests
// of session ids and secrets are stored: who reads Redis cannot sign in with what he finds.
import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { PREFIX } from '../../contract/names.ts';
import { isPortalRole, type PortalRole } from '../../domain/access.ts';

const SESSION_SECONDS = 8 * 3600;
const INVITATION_SECONDS = 15 * 60;
const LOCK_SECONDS = 15 * 60;

export interface PortalSession {
  /** Stands in the audit log. */
  name: string;
  role: PortalRole;
  /** Comes back with every form. */
  csrf: string;
  /** SHA-256 of the API token that was used: a token that is taken away ends its sessions. */
  token?: string;
}

/** Whom a one-time secret is for. */
export interface Invited {
  name: string;
  role: PortalRole;
}

export interface PortalSessions {
  /** @returns the id for the cookie, 256 bits */
  create(session: Omit<PortalSession, 'csrf'>): Promise<string>;
  read(id: string): Promise<PortalSession | undefined>;
  end(id: string): Promise<void>;
  /** A secret that signs in once, within 15 minutes. */
  invite(person: Invited): Promise<string>;
  /** Undefined when there is no such secret, or it was used. */
  redeem(secret: string): Promise<Invited | undefined>;
  /** Counts an attempt from there; resolves with how many there were in the last 15 minutes. */
  attempt(from: string): Promise<number>;
  forgive(from: string): Promise<void>;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const random = (): string => randomBytes(32).toString('base64url');

export function createPortalSessions(redis: Redis): PortalSessions {
  const session = (id: string) => `${PREFIX}:portal:session:${digest(id)}`;
  const invitation = (secret: string) => `${PREFIX}:portal:invitation:${digest(secret)}`;
  const attempts = (from: string) => `${PREFIX}:portal:attempts:${digest(from)}`;
  return {
    async create(given) {
      const id = random();
      const stored: PortalSession = { ...given, csrf: random() };
      await redis.set(session(id), JSON.stringify(stored), 'EX', SESSION_SECONDS);
      return id;
    },
    async read(id) {
      const text = await redis.get(session(id));
      const stored = text === null ? undefined : (JSON.parse(text) as PortalSession);
      // What an earlier version wrote has no role that we know.
      return stored !== undefined && isPortalRole(stored.role) ? stored : undefined;
    },
    async end(id) {
      await redis.del(session(id));
    },
    async invite(person) {
      const secret = random();
      await redis.set(invitation(secret), JSON.stringify(person), 'EX', INVITATION_SECONDS);
      return secret;
    },
    async redeem(secret) {
      const text = await redis.getdel(invitation(secret));
      const invited = text === null ? undefined : (JSON.parse(text) as Invited);
      return invited !== undefined && isPortalRole(invited.role) ? invited : undefined;
    },
    async attempt(from) {
      const count = await redis.incr(attempts(from));
      if (count === 1) await redis.expire(attempts(from), LOCK_SECONDS);
      return count;
    },
    async forgive(from) {
      await redis.del(attempts(from));
    },
  };
}
