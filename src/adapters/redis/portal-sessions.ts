// Who is signed in to the portal: sessions, one-time secrets and failed attempts in Redis, so that all replicas know the same. Only digests
// of session ids and secrets are stored: who reads Redis cannot sign in with what he finds.
import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { PREFIX } from '../../contract/names.ts';

const SESSION_SECONDS = 8 * 3600;
const INVITATION_SECONDS = 15 * 60;
const LOCK_SECONDS = 15 * 60;

export interface PortalSession {
  /** Stands in the audit log. */
  name: string;
  scope: 'admin' | 'read';
  /** Comes back with every form. */
  csrf: string;
  /** SHA-256 of the API token that was used: a token that is taken away ends its sessions. */
  token?: string;
}

export interface PortalSessions {
  /** @returns the id for the cookie, 256 bits */
  create(session: Omit<PortalSession, 'csrf'>): Promise<string>;
  read(id: string): Promise<PortalSession | undefined>;
  end(id: string): Promise<void>;
  /** A secret that signs in once, within 15 minutes. */
  invite(person: { name: string; scope: 'admin' | 'read' }): Promise<string>;
  /** Undefined when there is no such secret, or it was used. */
  redeem(secret: string): Promise<{ name: string; scope: 'admin' | 'read' } | undefined>;
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
      return text === null ? undefined : (JSON.parse(text) as PortalSession);
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
      return text === null ? undefined : (JSON.parse(text) as { name: string; scope: 'admin' | 'read' });
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
