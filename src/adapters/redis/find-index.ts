// Finds messages and replies by address or conversation: hashes in a fixed number of bounded lists, newest first. Written beside the commit and the
// journal, never in their scripts: nothing waits for it, and what it misses (Redis away for a moment) is still found by its ids. A look-up reads one
// list. At most 4,096 lists of 256 entries of about 70 bytes: 70 MB, however much mail there is.
import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { normalAddress } from '../../domain/address.ts';
import { FIND_DAYS, type FindIndex, type Found, type Indexed } from '../../domain/found.ts';
import { findKey } from '../../domain/keys.ts';
import type { Journal } from '../../domain/reply-journal.ts';
import { DAY_SECONDS } from '../../lib/time.ts';
import { scanKeys } from './scan.ts';
import { script } from './script.ts';

/** Digits of a digest that name the list: 4,096 lists. */
const LIST_DIGITS = 3;
const DIGITS = 16;
/** Entries of one list; the oldest is removed. */
const MOST = 256;

/** KEYS: a list for each entry. ARGV: most, seconds, entries. */
const ADD = script(`
for i, key in ipairs(KEYS) do
  if redis.call('LPUSH', key, ARGV[2 + i]) > tonumber(ARGV[1]) then redis.call('LTRIM', key, 0, tonumber(ARGV[1]) - 1) end
  redis.call('EXPIRE', key, ARGV[2])
end
return #KEYS`);

/** KEYS: a list, oldest last. ARGV: oldest that stays, epoch seconds. */
const EXPIRE = script(`
local removed = 0
while true do
  local last = redis.call('LINDEX', KEYS[1], -1)
  if not last then return removed end
  local at = tonumber(string.match(last, '^[^:]*:([^:]*):') or '', 36)
  if at and at >= tonumber(ARGV[1]) then return removed end
  redis.call('RPOP', KEYS[1])
  removed = removed + 1
end`);

/** Where the entries of a term are, and what they begin with. */
function placeOf(term: string): { list: string; mark: string } {
  const digest = hash('sha256', normalAddress(term) ?? term);
  return { list: digest.slice(0, LIST_DIGITS), mark: digest.slice(LIST_DIGITS, DIGITS) };
}

const entryOf = (mark: string, { kind, id }: Indexed, seconds: number) =>
  `${mark}:${seconds.toString(36)}:${kind === 'message' ? 'm' : 'r'}:${id}`;

function foundIn(entry: string): (Found & { mark: string }) | undefined {
  const [mark = '', seconds = '', kind = '', ...rest] = entry.split(':');
  const at = Number.parseInt(seconds, 36) * 1000;
  return rest.length === 0 || !Number.isFinite(at)
    ? undefined
    : { mark, at, kind: kind === 'm' ? 'message' : 'reply', id: rest.join(':') };
}

/** The journal, which also indexes the recipients once a reply is prepared. */
export const indexReplies = (journal: Journal, index: FindIndex): Journal => ({
  ...journal,
  async transition(replyId, transition) {
    const moved = await journal.transition(replyId, transition);
    const { to = [] } = transition.change?.envelope ?? {};
    if (moved.moved && to.length > 0) index.add([{ kind: 'reply', id: replyId, terms: to }]).catch(() => {});
    return moved;
  },
});

/** @param now epoch ms */
export function createFindIndex(redis: Redis, now: () => number = Date.now): FindIndex {
  return {
    async add(all) {
      const seconds = Math.floor(now() / 1000);
      const rows = all.flatMap((one) =>
        [...new Set(one.terms)].map((term) => {
          const { list, mark } = placeOf(term);
          return { key: findKey(redis, list), entry: entryOf(mark, one, seconds) };
        }),
      );
      if (rows.length === 0) return;
      const values = [MOST, FIND_DAYS * DAY_SECONDS, ...rows.map(({ entry }) => entry)];
      await ADD(
        redis,
        rows.map(({ key }) => key),
        values,
      );
    },
    async find(term) {
      const { list, mark } = placeOf(term);
      const entries = (await redis.lrange(findKey(redis, list), 0, -1)).flatMap((entry) => foundIn(entry) ?? []);
      const found = new Map<string, Found>();
      for (const { mark: theirs, ...one } of entries)
        if (theirs === mark && !found.has(`${one.kind} ${one.id}`)) found.set(`${one.kind} ${one.id}`, one);
      const oldest = entries.at(-1)?.at;
      return {
        found: [...found.values()],
        ...(entries.length < MOST || oldest === undefined ? {} : { since: oldest }),
      };
    },
    async removeExpired() {
      const oldest = Math.floor(now() / 1000) - FIND_DAYS * DAY_SECONDS;
      let removed = 0;
      for await (const key of scanKeys(redis, 'find:*', 1_000)) removed += Number(await EXPIRE(redis, [key], [oldest]));
      return removed;
    },
    async forget(term) {
      const { list, mark } = placeOf(term);
      const key = findKey(redis, list);
      const entries = (await redis.lrange(key, 0, -1)).filter((entry) => entry.startsWith(`${mark}:`));
      for (const entry of new Set(entries)) await redis.lrem(key, 0, entry);
      return entries.length;
    },
  };
}
