// Who is signed in to the portal: sessions, one-time secrets and failed attempts in Redis, shared by all replicas. Only digests of session ids and
// secrets are stored: nobody can sign in with what is read from Redis.
import { hash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { isPortalRole } from '../../domain/access.ts';
import { prefixOf } from '../../domain/keys.ts';
import type { Invited, Session, Sessions } from '../../http/ports.ts';
import { setAside } from './guard.ts';
import { script } from './script.ts';
import { objectIn } from './structures.ts';

const INVITATION_SECONDS = 15 * 60;
const LOCK_MS = 15 * 60_000;

/** `endsAt`: epoch ms at which it ends in any case. */
type PortalSession = Session & { endsAt: number };

interface SessionTimes {
  /** Ms without a request after which a session ends. */
  idleMs: number;
  /** Ms after which it ends in any case. */
  longestMs: number;
}

/** KEYS: count. ARGV: ms until it is forgotten. */
const ATTEMPT = script(`
redis.call('SET', KEYS[1], 0, 'PX', ARGV[1], 'NX')
local left = redis.call('PTTL', KEYS[1])
-- Without a time to live it would lock out for ever.
if left < 0 or left > tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {redis.call('INCR', KEYS[1]), redis.call('PTTL', KEYS[1])}`);

const digest = (text: string): string => hash('sha256', text);
const random = (): string => randomBytes(32).toString('base64url');

export function createPortalSessions(
  redis: Redis,
  { idleMs, longestMs }: SessionTimes = { idleMs: 30 * 60_000, longestMs: 8 * 3_600_000 },
  now: () => number = Date.now,
): Sessions {
  const prefix = prefixOf(redis);
  const session = (id: string) => `${prefix}:portal:session:${digest(id)}`;
  const invitation = (secret: string) => `${prefix}:portal:invitation:${digest(secret)}`;
  const attempts = (from: string) => `${prefix}:portal:attempts:${digest(from)}`;
  return {
    async create(given) {
      const id = random();
      const stored: PortalSession = { ...given, csrf: random(), endsAt: now() + longestMs };
      await redis.set(session(id), JSON.stringify(stored), 'PX', Math.min(idleMs, longestMs));
      return id;
    },
    async read(id, touch) {
      const text = await redis.get(session(id));
      if (text === null) return undefined;
      const stored = objectIn(text) as PortalSession | undefined;
      if (stored === undefined) await setAside(redis, session(id), 'is no session');
      // A session of an earlier version has no known role.
      if (stored === undefined || !isPortalRole(stored.role)) return undefined;
      const left = Math.min(Number(stored.endsAt) - now(), longestMs);
      if (!(left > 0)) return undefined;
      if (touch) await redis.pexpire(session(id), Math.min(idleMs, left));
      return stored;
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
      const invited = objectIn((await redis.getdel(invitation(secret))) ?? '') as Invited | undefined;
      return typeof invited?.name === 'string' && isPortalRole(invited.role) ? invited : undefined;
    },
    async attempt(from) {
      const [count, forgottenInMs] = (await ATTEMPT(redis, [attempts(from)], [LOCK_MS])) as [number, number];
      return { count, forgottenInMs: Math.max(0, forgottenInMs) };
    },
    async attempts(from) {
      const [count, left] = await Promise.all([redis.get(attempts(from)), redis.pttl(attempts(from))]);
      return { count: Number(count ?? 0), forgottenInMs: Math.max(0, left) };
    },
    async forgive(from) {
      await redis.del(attempts(from));
    },
  };
}
