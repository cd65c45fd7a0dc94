// The result of the last sign-in at each SMTP server, in Redis, shared by the replicas: one of them checks, all show it.
import type { Redis } from 'ioredis';
import { prefixOf } from '../../domain/keys.ts';
import type { SignInNotes } from '../../domain/smtp-sign-in.ts';
import { DAY_SECONDS } from '../../lib/time.ts';

const part = (server: string) => encodeURIComponent(server.normalize('NFC'));
/** A server that is no longer defined is forgotten after this time. */
const KEEP_SECONDS = 30 * DAY_SECONDS;

export function createSignInNotes(redis: Redis, now: () => number = Date.now): SignInNotes {
  const noteKey = (server: string) => `${prefixOf(redis)}:smtp-sign-in:${part(server)}`;
  const turnKey = (server: string) => `${prefixOf(redis)}:smtp-sign-in-turn:${part(server)}`;
  async function write(server: string, fields: Record<string, string | number>, remove: readonly string[]) {
    const pipeline = redis.multi().hset(noteKey(server), fields);
    if (remove.length > 0) pipeline.hdel(noteKey(server), ...remove);
    await pipeline.expire(noteKey(server), KEEP_SECONDS).exec();
  }
  return {
    async read(server) {
      const { target, provenAt, code, said, since, nextAt } = await redis.hgetall(noteKey(server));
      if (target === undefined) return undefined;
      const times = { since: Number(since ?? 0), nextAt: Number(nextAt ?? 0) };
      return {
        target,
        ...(provenAt === undefined ? {} : { provenAt: Number(provenAt) }),
        ...(code === undefined ? {} : { failure: { code, ...(said ? { said } : {}), ...times } }),
      };
    },
    succeeded: (server, target) => write(server, { target, provenAt: now() }, ['code', 'said', 'since', 'nextAt']),
    failed: (server, target, { code, said = '', since, nextAt }) =>
      write(server, { target, code, said, since, nextAt }, []),
    async forget(server) {
      await redis.del(noteKey(server), turnKey(server));
    },
    async claim(server, ms) {
      return (await redis.set(turnKey(server), '1', 'PX', ms, 'NX')) === 'OK';
    },
    async free(server) {
      await redis.del(turnKey(server));
    },
  };
}
