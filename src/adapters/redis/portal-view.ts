// What only the pages of the portal read: which replicas live, when the last message came or went, how many replies are in a state. The keys are
// written by pace, leases, ledgers and journal.
import type { Redis } from 'ioredis';
import { fingerprintsKey, leaseKey, quarantineKey, replicasKey } from '../../domain/keys.ts';
import type { ReplyState } from '../../domain/reply-journal.ts';
import type { ListPage, ReplyFilter } from '../../http/ports.ts';
import { pipelined } from '../../lib/pipelined.ts';
import { sorted } from '../../lib/sort.ts';
import { redisNow } from './clock.ts';
import { replyKey, stateKey } from './journal-entry.ts';
import { script } from './script.ts';
import { objectIn } from './structures.ts';

export type PortalView = ReturnType<typeof createPortalView>;

/**
 * KEYS: fingerprints of each mailbox. One call for all of them: a thousand single ones every minute would cost this process more than the mailboxes
 * themselves.
 */
const NEWEST = script(`
local found = {}
for i, key in ipairs(KEYS) do
  -- A key that holds something else affects its own mailbox only.
  local newest = redis.pcall('ZREVRANGE', key, 0, 0, 'WITHSCORES')
  found[i] = newest.err and {} or newest
end
return found`);

function failureCodeIn(result: string): string | undefined {
  const { code } = (objectIn(result)?.failure ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** What a list is filtered and sorted by. */
interface ReplyRow {
  id: string;
  server: string;
  /** Epoch ms. */
  createdAt: number;
  /** Of its failure. */
  code: string | undefined;
  to: readonly string[];
}

/** Replies that a filter reads. */
const MOST_FILTERED = 10_000;
/** Replies of a state that are read one by one, at once at most. */
const MOST_READ = 1_000;

export function createPortalView(redis: Redis) {
  /** One field of the newest replies in a state. */
  async function fieldOfAll(state: ReplyState, field: string): Promise<string[]> {
    const ids = await redis.zrevrange(stateKey(redis, state), 0, MOST_READ - 1);
    const values = await pipelined(redis.pipeline(), ids, (pipeline, id) => pipeline.hget(replyKey(redis, id), field));
    return values.filter((value) => typeof value === 'string');
  }
  async function rowsOf(ids: readonly string[]): Promise<ReplyRow[]> {
    const found = await pipelined(redis.pipeline(), ids, (pipeline, id) =>
      pipeline.hmget(replyKey(redis, id), 'server', 'createdAt', 'result', 'envelope'),
    );
    return found.map((fields, i) => {
      const [server, createdAt, result, envelope] = (fields ?? []) as (string | null)[];
      const to = (envelope ? objectIn(envelope) : undefined)?.to;
      return {
        id: ids[i] ?? '',
        server: server ?? '',
        createdAt: Number(createdAt ?? 0),
        code: result ? failureCodeIn(result) : undefined,
        to: Array.isArray(to) ? to.map(String) : [],
      };
    });
  }
  return {
    /** Replicas that fetch mail and sent a heartbeat within this many ms. */
    async replicasAlive(aliveMs: number): Promise<number> {
      return redis.zcount(replicasKey(redis), (await redisNow(redis)) - aliveMs, '+inf');
    },
    /** The replica that watches this mailbox. */
    async holderOf(mailboxId: string): Promise<string | undefined> {
      // `<fence>:<replica>`
      const lease = await redis.get(leaseKey(redis, mailboxId));
      return lease?.slice(lease.indexOf(':') + 1);
    },
    /** INTERNALDATE of the newest message recorded of each folder, in order, epoch ms. */
    async lastArrivals(mailboxIds: readonly string[]): Promise<(number | undefined)[]> {
      const keys = mailboxIds.map((id) => fingerprintsKey(redis, id));
      const found = (await NEWEST(redis, keys)) as string[][];
      return found.map(([, seconds]) => (seconds === undefined ? undefined : Number(seconds) * 1000));
    },
    /** Messages in quarantine, over all of these folders. */
    async quarantined(mailboxIds: readonly string[]): Promise<number> {
      const counts = await pipelined(redis.pipeline(), mailboxIds, (pipeline, id) =>
        pipeline.hlen(quarantineKey(redis, id)),
      );
      return counts.reduce<number>((sum, count) => sum + Number(count ?? 0), 0);
    },
    repliesIn: (state: ReplyState): Promise<number> => redis.zcard(stateKey(redis, state)),
    /** Those that came into this state within the last `ms`. */
    repliesSince: async (state: ReplyState, ms: number): Promise<number> =>
      redis.zcount(stateKey(redis, state), (await redisNow(redis)) - ms, '+inf'),
    /** Replies that were tried and wait to be tried again. */
    retryingReplies: async (): Promise<number> =>
      (await fieldOfAll('prepared', 'attempts')).filter((attempts) => Number(attempts) > 0).length,
    /** How many held replies each SMTP server has. */
    async heldByServer(): Promise<Map<string, number>> {
      const counts = new Map<string, number>();
      for (const server of await fieldOfAll('held', 'server')) counts.set(server, (counts.get(server) ?? 0) + 1);
      return counts;
    },
    /** replyIds in a state that fit, and how many fit; filters other than by time read only the 10,000 newest. */
    async replyIds(
      state: ReplyState,
      filter: ReplyFilter,
      { offset, limit }: { offset: number; limit: number },
    ): Promise<ListPage<string>> {
      const key = stateKey(redis, state);
      const { server, code, person, from = '-inf', to = '+inf', sort } = filter;
      const newest = (skip: number, count: number) => redis.zrevrangebyscore(key, to, from, 'LIMIT', skip, count);
      if (server === undefined && code === undefined && person === undefined && sort.by === 'when') {
        const page = sort.descending
          ? newest(offset, limit)
          : redis.zrangebyscore(key, from, to, 'LIMIT', offset, limit);
        const [entries, total] = await Promise.all([page, redis.zcount(key, from, to)]);
        return { entries, total };
      }
      const all = await newest(0, MOST_FILTERED);
      const rows: ReplyRow[] = [];
      for (let at = 0; at < all.length; at += MOST_READ) rows.push(...(await rowsOf(all.slice(at, at + MOST_READ))));
      const fits = rows.filter(
        (row) =>
          (server === undefined || row.server === server) &&
          (code === undefined || row.code === code) &&
          (person === undefined || row.to.some((address) => address.toLowerCase().includes(person.toLowerCase()))),
      );
      const inOrder = sorted(fits, sort, {
        reply: (row) => row.id,
        server: (row) => row.server,
        to: (row) => row.to[0] ?? '',
        received: (row) => row.createdAt,
        code: (row) => row.code ?? '',
      });
      return {
        entries: inOrder.slice(offset, offset + limit).map(({ id }) => id),
        total: fits.length,
        ...(all.length < MOST_FILTERED ? {} : { lookedAt: MOST_FILTERED }),
      };
    },
  };
}
