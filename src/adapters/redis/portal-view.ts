// What only the portal's pages look at: which replicas live, when the last message came or went, how many replies
// are in a state. Reads; the keys are written where pace, leases, ledgers and journal are.
import type { Redis } from 'ioredis';
import { fingerprintsKey, leaseKey, quarantineKey, replicasKey } from '../../domain/keys.ts';
import type { ReplyState } from '../../domain/reply-journal.ts';
import type { ListPage, ReplyFilter } from '../../http/ports.ts';
import { sorted } from '../../lib/sort.ts';
import { replyKey, stateKey } from './journal.ts';
import { script } from './script.ts';
import { objectIn } from './structures.ts';

export interface PortalView {
  /** Replicas that fetch mail and were heard of within this many ms. */
  replicasAlive(aliveMs: number): Promise<number>;
  /** The replica that watches this mailbox. */
  holderOf(mailboxId: string): Promise<string | undefined>;
  /** INTERNALDATE of the newest message recorded of each folder, in order, epoch ms. */
  lastArrivals(mailboxIds: readonly string[]): Promise<(number | undefined)[]>;
  /** Messages in quarantine, over all of these folders. */
  quarantined(mailboxIds: readonly string[]): Promise<number>;
  repliesIn(state: ReplyState): Promise<number>;
  /** Those that came into this state within the last `ms`. */
  repliesSince(state: ReplyState, ms: number): Promise<number>;
  /** Replies that were tried and wait to be tried again. */
  retryingReplies(): Promise<number>;
  /** How many held replies each SMTP server has. */
  heldByServer(): Promise<Map<string, number>>;
  /** replyIds in a state that fit, and how many fit; by anything but their time the 10,000 newest are looked at. */
  replyIds(state: ReplyState, filter: ReplyFilter, page: { offset: number; limit: number }): Promise<ListPage<string>>;
}

// One call for all mailboxes: every minute a thousand single ones would cost this process more than it spends on the mailboxes themselves.
const NEWEST = script(`
local found = {}
for i, key in ipairs(KEYS) do
  -- One that holds something else is its own mailbox's trouble.
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

/** Replies that a filter looks at. */
const MOST_FILTERED = 10_000;
/** Replies of a state that are looked at one by one; more are a flood. */
const MOST_READ = 1_000;

export function createPortalView(redis: Redis): PortalView {
  /** Redis' own clock: what is compared was written by it. */
  async function redisNow(): Promise<number> {
    const [seconds, micros] = (await redis.time()).map(Number) as [number, number];
    return seconds * 1000 + Math.floor(micros / 1000);
  }
  /** One field of the newest replies in a state. */
  async function fieldOfAll(state: ReplyState, field: string): Promise<string[]> {
    const ids = await redis.zrevrange(stateKey(redis, state), 0, MOST_READ - 1);
    if (ids.length === 0) return [];
    const pipeline = redis.pipeline();
    for (const id of ids) pipeline.hget(replyKey(redis, id), field);
    return ((await pipeline.exec()) ?? []).flatMap(([, value]) => (typeof value === 'string' ? [value] : []));
  }
  async function rowsOf(ids: readonly string[]): Promise<ReplyRow[]> {
    const pipeline = redis.pipeline();
    for (const id of ids) pipeline.hmget(replyKey(redis, id), 'server', 'createdAt', 'result', 'envelope');
    return ((await pipeline.exec()) ?? []).map(([, fields], i) => {
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
    async replicasAlive(aliveMs) {
      return redis.zcount(replicasKey(redis), (await redisNow()) - aliveMs, '+inf');
    },
    async holderOf(mailboxId) {
      // `<fence>:<replica>`
      const lease = await redis.get(leaseKey(redis, mailboxId));
      return lease?.slice(lease.indexOf(':') + 1);
    },
    async lastArrivals(mailboxIds) {
      const found = (await NEWEST(
        redis,
        mailboxIds.map((id) => fingerprintsKey(redis, id)),
        [],
      )) as string[][];
      return found.map(([, seconds]) => (seconds === undefined ? undefined : Number(seconds) * 1000));
    },
    async quarantined(mailboxIds) {
      const pipeline = redis.pipeline();
      for (const id of mailboxIds) pipeline.hlen(quarantineKey(redis, id));
      return ((await pipeline.exec()) ?? []).reduce((sum, [, count]) => sum + Number(count ?? 0), 0);
    },
    repliesIn: (state) => redis.zcard(stateKey(redis, state)),
    repliesSince: async (state, ms) => redis.zcount(stateKey(redis, state), (await redisNow()) - ms, '+inf'),
    retryingReplies: async () =>
      (await fieldOfAll('prepared', 'attempts')).filter((attempts) => Number(attempts) > 0).length,
    async heldByServer() {
      const counts = new Map<string, number>();
      for (const server of await fieldOfAll('held', 'server')) counts.set(server, (counts.get(server) ?? 0) + 1);
      return counts;
    },
    async replyIds(state, filter, { offset, limit }) {
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
