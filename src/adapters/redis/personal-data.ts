// Everything that an installation keeps in Redis, key by key, to search it for a person; and the removal of a person's data outside the queues.
import type { ChainableCommander, Redis } from 'ioredis';
import { answeredKey, prefixOf, siblingsKey } from '../../domain/keys.ts';
import { endedStates, openStates, type ReplyState } from '../../domain/reply-journal.ts';
import { pipelined } from '../../lib/pipelined.ts';
import { createFindIndex } from './find-index.ts';
import { aliasKey, replyKey, stateKey } from './journal-entry.ts';
import { forgetParticipant } from './participants.ts';
import { isAuditStream } from './portal-audit.ts';
import { scanBatches } from './scan.ts';
import { fieldsOf, script } from './script.ts';
import { structureOf } from './structures.ts';

export interface KeptRecord {
  key: string;
  /** The key without the installation's prefix. */
  rest: string;
  type: string;
  /** What it is, by the table of structures. */
  what: string;
  /** A stream of the audit log. */
  isAudit: boolean;
  /** Field and value of a hash; id and JSON of its fields of a stream's entries; members with '' in front. */
  items: [string, string][];
}

export type PersonalData = ReturnType<typeof createPersonalData>;

export const createPersonalData = (redis: Redis) => ({
  /** Every key; one that is added or removed meanwhile may be included or not. */
  everyRecord: () => everyRecord(redis),
  /** Undefined when it is gone. */
  readHash: (key: string) => readHash(redis, key),
  /**
   * Leaves of an ended reply only what keeps it from being sent again.
   * @param shown its replyId from now on: a new one where its own names the person
   * @returns false: it has not ended
   */
  stripReply: (replyId: string, shown: string, result: object) => stripReply(redis, replyId, shown, result),
  /** Entries keep their ids. @param key of the stream @param changed id → the entry as it reads from now on */
  async rewriteAudit(key: string, changed: Readonly<Record<string, string>>): Promise<void> {
    await REWRITE(redis, [key], [JSON.stringify(changed)]);
  },
  /** Forgets what was noted beside a message: its siblings, who answered it, that the address belongs to its conversation. */
  async forgetMessage({ messageKey, messageIdHash, conversationId, address }: MessageTraces): Promise<void> {
    await redis.del(answeredKey(redis, messageKey));
    if (messageIdHash !== undefined) await redis.del(siblingsKey(redis, messageIdHash));
    if (conversationId !== undefined) await forgetParticipant(redis, conversationId, address);
  },
  /** Afterwards nothing is found by this address. */
  forgetAddress: async (address: string) => void (await createFindIndex(redis).forget(address)),
  remove: async (key: string) => void (await redis.del(key)),
  async removeMembers(key: string, members: readonly string[]): Promise<void> {
    const isList = (await redis.type(key)) === 'list';
    for (const member of members) await (isList ? redis.lrem(key, 0, member) : redis.zrem(key, member));
  },
});

interface MessageTraces {
  messageKey: string;
  messageIdHash: string | undefined;
  conversationId: string | undefined;
  address: string;
}

/** Keys read at once: some hundred jobs of 40 KB. */
const AT_ONCE = 200;

/** How a key of each type is read whole. */
const READ: Readonly<Record<string, (pipeline: ChainableCommander, key: string) => unknown>> = {
  string: (pipeline, key) => pipeline.get(key),
  hash: (pipeline, key) => pipeline.hgetall(key),
  list: (pipeline, key) => pipeline.lrange(key, 0, -1),
  set: (pipeline, key) => pipeline.smembers(key),
  zset: (pipeline, key) => pipeline.zrange(key, '0', '-1'),
  stream: (pipeline, key) => pipeline.xrange(key, '-', '+'),
};

/** A key that is gone, or has a type that Mailroom does not write. */
const OTHER = (pipeline: ChainableCommander, key: string) => pipeline.exists(key);

async function* everyRecord(redis: Redis): AsyncGenerator<KeptRecord> {
  for await (const batch of scanBatches(redis, '*', AT_ONCE)) {
    const keys = [...new Set(batch)];
    const types = (await pipelined(redis.pipeline(), keys, (pipeline, key) => pipeline.type(key))).map(String);
    const values = await pipelined(redis.pipeline(), keys.entries(), (pipeline, [i, key]) =>
      (READ[types[i] ?? ''] ?? OTHER)(pipeline, key),
    );
    for (const [i, key] of keys.entries()) {
      const [type, value] = [types[i] ?? 'none', values[i] ?? null];
      if (value === null || type === 'none') continue; // gone meanwhile
      const what = structureOf(redis, key)?.structure.what ?? 'key';
      const rest = key.slice(prefixOf(redis).length + 1);
      yield { key, rest, type, what, isAudit: isAuditStream(rest), items: itemsOf(type, value) };
    }
  }
}

async function readHash(redis: Redis, key: string): Promise<Record<string, string> | undefined> {
  const fields = await redis.hgetall(key);
  return Object.keys(fields).length === 0 ? undefined : fields;
}

function itemsOf(type: string, value: unknown): [string, string][] {
  if (type === 'hash') return Object.entries(value as Record<string, string>);
  if (type === 'stream')
    return (value as [string, string[]][]).map(([id, fields]) => [id, JSON.stringify(fieldsOf(fields))]);
  return (Array.isArray(value) ? value : [value]).map((one): [string, string] => ['', String(one)]);
}

/** Everything that is needed to refuse the same reply again, and what became of it. */
const STAYS = 'state,digest,server,createdAt,updatedAt,fence,dataFence,attempts,begins,nonce';

/** KEYS: entry, indexes of ended replies. ARGV: replyId, replyId to be shown, JSON of the result, open states by comma, fields that stay by comma. 0: it is open. */
const STRIP = script(`
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return 1 end
if string.find(',' .. ARGV[4] .. ',', ',' .. state .. ',', 1, true) then return 0 end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if not string.find(',' .. ARGV[5] .. ',', ',' .. field .. ',', 1, true) then redis.call('HDEL', KEYS[1], field) end
end
redis.call('HSET', KEYS[1], 'replyId', ARGV[2], 'result', ARGV[3])
if ARGV[1] ~= ARGV[2] then for i = 2, #KEYS do redis.call('ZREM', KEYS[i], ARGV[1]) end end
return 1`);

const OPEN: readonly ReplyState[] = ['queued', ...openStates];

async function stripReply(redis: Redis, replyId: string, shown: string, result: object): Promise<boolean> {
  const key = replyKey(redis, replyId);
  const { messageId, result: before = '{}' } = (await readHash(redis, key)) ?? {};
  const keys = [key, ...endedStates.map((state) => stateKey(redis, state))];
  const stripped = await STRIP(redis, keys, [replyId, shown, JSON.stringify(result), OPEN.join(','), STAYS]);
  if (stripped === 0) return false;
  const serverMessageId = /"serverMessageId":"([^"]+)"/.exec(before)?.[1];
  const ids = [messageId, serverMessageId].filter((id) => id !== undefined);
  if (ids.length > 0) await redis.del(ids.map((id) => aliasKey(redis, id)));
  return true;
}

/** KEYS: stream. ARGV: JSON {id: text}. */
const REWRITE = script(`
local changed = cjson.decode(ARGV[1])
local entries = redis.call('XRANGE', KEYS[1], '-', '+')
redis.call('DEL', KEYS[1])
for _, entry in ipairs(entries) do
  if changed[entry[1]] then redis.call('XADD', KEYS[1], entry[1], 'entry', changed[entry[1]])
  else redis.call('XADD', KEYS[1], entry[1], unpack(entry[2])) end
end
return #entries`);
