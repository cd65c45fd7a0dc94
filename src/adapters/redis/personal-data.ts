// All that an installation keeps in Redis, key by key, for those who look for a person in it; and what is taken away of a person outside the queues.
import type { Redis } from 'ioredis';
import { answeredKey, globOf, prefixOf, siblingsKey } from '../../domain/keys.ts';
import { openStates, type ReplyState } from '../../domain/reply-journal.ts';
import { createFindIndex } from './find-index.ts';
import { aliasKey, replyKey, stateKey } from './journal.ts';
import { forgetParticipant } from './participants.ts';
import { isAuditStream } from './portal-audit.ts';
import { script } from './script.ts';
import { structureOf } from './structures.ts';

export interface KeptRecord {
  key: string;
  /** The key without the installation's prefix. */
  rest: string;
  type: string;
  /** What the table of structures says that it is. */
  what: string;
  /** A stream of the audit log. */
  isAudit: boolean;
  /** Field and value of a hash; id and JSON of its fields of a stream's entries; members with '' in front. */
  items: [string, string][];
}

export interface PersonalData {
  /** Every key; what is added or removed meanwhile may be among them or not. */
  everyRecord(): AsyncGenerator<KeptRecord>;
  /** Undefined when it is gone. */
  readHash(key: string): Promise<Record<string, string> | undefined>;
  /**
   * Leaves of an ended reply what keeps it from being sent again.
   * @param shown its replyId from now on: another where the own one names the person
   * @returns false: it is not ended
   */
  stripReply(replyId: string, shown: string, result: object): Promise<boolean>;
  /** @param key of the stream @param changed id → the entry as it reads from now on */
  rewriteAudit(key: string, changed: Readonly<Record<string, string>>): Promise<void>;
  /** What was noted beside a message: its siblings, who answered it, that the address belongs to its conversation. */
  forgetMessage(traces: MessageTraces): Promise<void>;
  /** Nothing is found by this address any more. */
  forgetAddress(address: string): Promise<void>;
  remove(key: string): Promise<void>;
  removeMembers(key: string, members: readonly string[]): Promise<void>;
}

export const createPersonalData = (redis: Redis): PersonalData => ({
  everyRecord: () => everyRecord(redis),
  readHash: (key) => readHash(redis, key),
  stripReply: (replyId, shown, result) => stripReply(redis, replyId, shown, result),
  rewriteAudit: (key, changed) => rewriteAudit(redis, key, changed),
  forgetMessage: (traces) => forgetMessage(redis, traces),
  forgetAddress: async (address) => void (await createFindIndex(redis).forget(address)),
  remove: async (key) => void (await redis.del(key)),
  async removeMembers(key, members) {
    const isList = (await redis.type(key)) === 'list';
    for (const member of members) await (isList ? redis.lrem(key, 0, member) : redis.zrem(key, member));
  },
});

/** Keys read at once: some hundred jobs of 40 KB. */
const AT_ONCE = 200;

async function* everyRecord(redis: Redis): AsyncGenerator<KeptRecord> {
  const prefix = `${prefixOf(redis)}:`;
  for await (const batch of redis.scanStream({ match: `${globOf(prefix)}*`, count: AT_ONCE })) {
    const keys = [...new Set(batch as string[])];
    const types = redis.pipeline();
    for (const key of keys) types.type(key);
    const found = ((await types.exec()) ?? []).map(([, type]) => String(type));
    const reads = redis.pipeline();
    for (const [i, key] of keys.entries()) {
      if (found[i] === 'string') reads.get(key);
      else if (found[i] === 'hash') reads.hgetall(key);
      else if (found[i] === 'list') reads.lrange(key, 0, -1);
      else if (found[i] === 'set') reads.smembers(key);
      else if (found[i] === 'zset') reads.zrange(key, '0', '-1');
      else if (found[i] === 'stream') reads.xrange(key, '-', '+');
      else reads.exists(key);
    }
    const values = (await reads.exec()) ?? [];
    for (const [i, key] of keys.entries()) {
      const [error, value] = values[i] ?? [];
      const type = found[i] ?? 'none';
      if (error || value === null || type === 'none') continue; // gone meanwhile
      const what = structureOf(redis, key)?.structure.what ?? 'key';
      const rest = key.slice(prefix.length);
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
    return (value as [string, string[]][]).map(([id, fields]) => {
      const pairs = fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ''] as const] : []));
      return [id, JSON.stringify(Object.fromEntries(pairs))];
    });
  return (Array.isArray(value) ? value : [value]).map((one): [string, string] => ['', String(one)]);
}

/** All that the gate needs to refuse the same reply again, and what became of it. */
const STAYS = [
  'state',
  'digest',
  'server',
  'createdAt',
  'updatedAt',
  'fence',
  'dataFence',
  'attempts',
  'begins',
  'nonce',
];

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
const ENDED: readonly ReplyState[] = ['accepted', 'rejected', 'dropped'];

async function stripReply(redis: Redis, replyId: string, shown: string, result: object): Promise<boolean> {
  const key = replyKey(redis, replyId);
  const { messageId, result: before = '{}' } = (await readHash(redis, key)) ?? {};
  const keys = [key, ...ENDED.map((state) => stateKey(redis, state))];
  const stripped = await STRIP(redis, keys, [replyId, shown, JSON.stringify(result), OPEN.join(','), STAYS.join(',')]);
  if (stripped === 0) return false;
  const serverMessageId = /"serverMessageId":"([^"]+)"/.exec(before)?.[1];
  const ids = [messageId, serverMessageId].filter((id) => id !== undefined);
  if (ids.length > 0) await redis.del(ids.map((id) => aliasKey(redis, id)));
  return true;
}

/** KEYS: stream. ARGV: JSON {id: text}. Entries keep their ids. */
const REWRITE = script(`
local changed = cjson.decode(ARGV[1])
local entries = redis.call('XRANGE', KEYS[1], '-', '+')
redis.call('DEL', KEYS[1])
for _, entry in ipairs(entries) do
  if changed[entry[1]] then redis.call('XADD', KEYS[1], entry[1], 'entry', changed[entry[1]])
  else redis.call('XADD', KEYS[1], entry[1], unpack(entry[2])) end
end
return #entries`);

async function rewriteAudit(redis: Redis, key: string, changed: Readonly<Record<string, string>>): Promise<void> {
  await REWRITE(redis, [key], [JSON.stringify(changed)]);
}

interface MessageTraces {
  messageKey: string;
  messageIdHash: string | undefined;
  conversationId: string | undefined;
  address: string;
}

async function forgetMessage(redis: Redis, traces: MessageTraces): Promise<void> {
  const { messageKey, messageIdHash, conversationId, address } = traces;
  await redis.del(answeredKey(redis, messageKey));
  if (messageIdHash !== undefined) await redis.del(siblingsKey(redis, messageIdHash));
  if (conversationId !== undefined) await forgetParticipant(redis, conversationId, address);
}
