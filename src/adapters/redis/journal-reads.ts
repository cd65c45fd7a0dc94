// Reads of the journal of replies: single entries, and lists by the indexes of the states.
import type { Redis } from 'ioredis';
import { type JournalEntry, openStates, type ReplyState } from '../../domain/reply-journal.ts';
import { redisNow } from './clock.ts';
import { setAside } from './guard.ts';
import { aliasKey, entryOf, isReplyEntry, replyKey, stateKey } from './journal-entry.ts';

/** An entry that cannot be read counts as forgotten by Redis: whether its DATA began is marked in the blob store as well. */
export async function readEntry(
  redis: Redis,
  replyId: string,
  fields: Record<string, string>,
): Promise<JournalEntry | undefined> {
  if (isReplyEntry(fields)) return entryOf(fields);
  await setAside(redis, replyKey(redis, replyId), 'is no entry of the journal');
  return undefined;
}

/** Parts of the journal's port (domain/reply-journal.ts) that move no reply. */
export function journalReads(redis: Redis) {
  async function read(replyId: string): Promise<JournalEntry | undefined> {
    const fields = await redis.hgetall(replyKey(redis, replyId));
    return Object.keys(fields).length === 0 ? undefined : readEntry(redis, replyId, fields);
  }
  const readAll = async (ids: readonly string[]): Promise<JournalEntry[]> =>
    (await Promise.all(ids.map(read))).filter((entry) => entry !== undefined);

  return {
    read,
    now: () => redisNow(redis),
    async digestOf(replyId: string) {
      return (await redis.hget(replyKey(redis, replyId), 'digest')) ?? undefined;
    },
    async list(state: ReplyState, limit = 200) {
      const entries = await readAll(await redis.zrevrange(stateKey(redis, state), 0, limit - 1));
      return entries.filter((entry) => entry.state === state);
    },
    count: (state: ReplyState) => redis.zcard(stateKey(redis, state)),
    async resting(states: readonly ReplyState[], forMs: number, { offset, limit }: { offset: number; limit: number }) {
      const before = String((await redisNow(redis)) - forMs);
      const ids = await Promise.all(states.map((state) => redis.zrangebyscore(stateKey(redis, state), '-inf', before)));
      return readAll(ids.flat().slice(offset, offset + limit));
    },
    async oldestOpen() {
      const ids = await Promise.all(openStates.map((state) => redis.zrange(stateKey(redis, state), '0', '-1')));
      const made = await Promise.all(ids.flat().map((replyId) => redis.hget(replyKey(redis, replyId), 'createdAt')));
      const times = made.filter((at) => at !== null).map(Number);
      return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
    },
    async byMessageId(messageId: string) {
      return (await redis.get(aliasKey(redis, messageId))) ?? undefined;
    },
  };
}
