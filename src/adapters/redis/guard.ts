// Garbage in Redis stops one thing only, and that is named. When Redis refuses a command because of what a key holds (a wrong type, text instead of
// a number), the key is found and checked against the table (structures.ts). What may be lost is set aside, recorded and reported once, and the
// command is repeated; what must not be lost stays where it is, and the error names it. Readers use the same table for single values.
import { Command, type Redis } from 'ioredis';
import { MailroomError } from '../../domain/errors.ts';
import { prefixOf } from '../../domain/keys.ts';
import { DAY_MS, HOUR_MS } from '../../lib/time.ts';
import type { Emit } from '../../telemetry/events.ts';
import { script } from './script.ts';
import { keysBehind, objectIn, type Structure, structureOf } from './structures.ts';

/** Hash: key (and item) → JSON of {@link QuarantinedKey}. */
const notesKey = (redis: Redis) => `${prefixOf(redis)}:quarantined-keys`;
const asideKey = (redis: Redis, rest: string, key: string) =>
  `${prefixOf(redis)}:set-aside:${rest}:${key.slice(prefixOf(redis).length + 1)}`;
/** How long values that were set aside are kept, ms. */
const KEEP_MS = 30 * DAY_MS;
/** How long a key that stays in its place is shown after it was last found, ms. */
const SHOWN_MS = HOUR_MS;

export interface QuarantinedKey {
  key: string;
  /** Field of a hash or member of a set, when the rest of the key is sound. */
  item?: string;
  what: string;
  mailbox?: string;
  server?: string;
  reason: string;
  /** Where its content is kept; absent: it stays in its place. */
  movedTo?: string;
  /** ISO 8601. */
  at: string;
}

interface GuardOptions {
  emit: Emit;
  /** Name of the email server that watches a mailbox. */
  serverOf?: (mailboxId: string) => string | undefined;
}

const guarded = new WeakMap<Redis, GuardOptions>();

/** Errors about what a key holds, not about Redis, the connection or the memory. */
const ABOUT_CONTENT =
  /WRONGTYPE|not an integer|not a valid float|would overflow|hash value is not|user_script|running script/i;
const ABOUT_REDIS =
  /\b(?:OOM|READONLY|MISCONF|NOSCRIPT|LOADING|BUSY|MOVED|ASK|NOPERM|NOAUTH|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|NOREPLICAS|non local key)\b/;

const isAboutContent = (error: unknown): boolean =>
  error instanceof Error && ABOUT_CONTENT.test(error.message) && !ABOUT_REDIS.test(error.message);

/** Guards every later command of this client. Commands of a pipeline are not repeated; their keys are repaired for the next time. */
export function guardKeys(redis: Redis, options: GuardOptions): Redis {
  const send = redis.sendCommand.bind(redis);
  const seen = new WeakSet<Command>();
  redis.sendCommand = (command, stream) => {
    const result = send(command, stream) as Promise<unknown>;
    // Commands that wait for the connection pass here again.
    if (seen.has(command)) return result;
    seen.add(command);
    if (stream !== undefined) {
      // A pipeline gets the answers to its commands in another way; nobody awaits what this returns.
      result
        .catch((error: unknown) => (isAboutContent(error) ? repair(redis, keysOf(command), error) : false))
        .catch(() => {});
      return result;
    }
    return result.catch(async (error: unknown) => {
      if (!isAboutContent(error) || !(await repair(redis, keysOf(command), error))) throw error;
      return send(new Command(command.name, command.args, { replyEncoding: encodingOf(command) }));
    });
  };
  guarded.set(redis, options);
  return redis;
}

const encodingOf = (command: Command): BufferEncoding | null =>
  (command as unknown as { replyEncoding: BufferEncoding | null }).replyEncoding;

function keysOf(command: Command): string[] {
  try {
    return [...new Set(command.getKeys().map(String).flatMap(keysBehind))];
  } catch {
    return [];
  }
}

/** @returns whether anything was repaired @throws MailroomError that names the key which must stay */
async function repair(redis: Redis, keys: readonly string[], cause: unknown): Promise<boolean> {
  let repaired = false;
  let damaged: MailroomError | undefined;
  for (const key of keys) {
    const structure = structureOf(redis, key)?.structure;
    if (structure === undefined) continue;
    const type = await redis.type(key);
    if (type === 'none') continue;
    if (type !== structure.type) {
      const reason = `is a ${type}, must be a ${structure.type}`;
      if (structure.keep === undefined) await setAside(redis, key, reason);
      else {
        await noteDamaged(redis, key, reason);
        const message = `${key} (${structure.what}) ${reason}`;
        damaged ??= new MailroomError(structure.keep, { message, field: key, cause });
      }
      repaired = true;
    } else if (await repairContent(redis, key, structure)) repaired = true;
  }
  if (damaged !== undefined) throw damaged;
  return repaired;
}

async function repairContent(redis: Redis, key: string, { item, entry, type }: Structure): Promise<boolean> {
  if (type === 'string') {
    const value = await redis.get(key);
    if (item === undefined || value === null || item(value, '')) return false;
    await setAside(redis, key, 'holds a value that cannot be read');
    return true;
  }
  if (type === 'set' && item !== undefined) {
    const members = await redis.smembers(key);
    return (await soundMembers(redis, key, members)).length < members.length;
  }
  if (type !== 'hash' || (item === undefined && entry === undefined)) return false;
  const fields = await redis.hgetall(key);
  if (entry !== undefined && Object.keys(fields).length > 0 && !entry(fields)) {
    await setAside(redis, key, 'holds fields that cannot be read');
    return true;
  }
  return (await soundFields(redis, key, fields)).length < Object.keys(fields).length;
}

/** The fields of a hash whose values are as structures.ts says; the others are set aside. */
export async function soundFields(
  redis: Redis,
  key: string,
  fields: Readonly<Record<string, string>>,
): Promise<[field: string, value: string][]> {
  const item = structureOf(redis, key)?.structure.item ?? (() => true);
  const sound: [string, string][] = [];
  for (const [field, value] of Object.entries(fields)) {
    if (item(value, field)) sound.push([field, value]);
    else await setAsideItem(redis, key, field);
  }
  return sound;
}

/** The members of a set that are as structures.ts says; the others are set aside. */
export async function soundMembers(redis: Redis, key: string, members: readonly string[]): Promise<string[]> {
  const item = structureOf(redis, key)?.structure.item ?? (() => true);
  for (const member of members) if (!item(member, '')) await setAsideItem(redis, key, member);
  return members.filter((member) => item(member, ''));
}

/** Moves a key out of the way, whatever it holds, and puts in its place what the table says. */
export async function setAside(redis: Redis, key: string, reason: string): Promise<void> {
  const movedTo = asideKey(redis, String(Date.now()), key);
  try {
    await redis.rename(key, movedTo);
  } catch (error) {
    // Another replica was faster.
    if (error instanceof Error && /no such key/i.test(error.message)) return;
    throw error;
  }
  await redis.pexpire(movedTo, KEEP_MS);
  await structureOf(redis, key)?.structure.instead?.(redis, key);
  await note(redis, key, { reason, movedTo });
}

/** KEYS: hash or set, where to. ARGV: field or member, ms to keep. */
const MOVE_ITEM = script(`
if redis.call('TYPE', KEYS[1]).ok == 'set' then
  if redis.call('SREM', KEYS[1], ARGV[1]) == 0 then return 0 end
  redis.call('HSET', KEYS[2], ARGV[1], '')
else
  local value = redis.call('HGET', KEYS[1], ARGV[1])
  if not value then return 0 end
  redis.call('HSET', KEYS[2], ARGV[1], value)
  redis.call('HDEL', KEYS[1], ARGV[1])
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1`);

/** Moves one field of a hash or one member of a set out of the way; the rest of the key stays in use. */
async function setAsideItem(redis: Redis, key: string, item: string): Promise<void> {
  const movedTo = asideKey(redis, 'items', key);
  if ((await MOVE_ITEM(redis, [key, movedTo], [item, KEEP_MS])) === 0) return;
  await note(redis, key, { item: item.slice(0, 100), reason: 'cannot be read', movedTo });
}

/** Records a value that cannot be read and stays in its place. */
export async function noteDamaged(redis: Redis, key: string, reason: string, item?: string): Promise<void> {
  await note(redis, key, { reason, ...(item === undefined ? {} : { item: item.slice(0, 100) }) });
}

async function note(
  redis: Redis,
  key: string,
  found: Pick<QuarantinedKey, 'item' | 'reason' | 'movedTo'>,
): Promise<void> {
  const options = guarded.get(redis);
  const place = structureOf(redis, key);
  const server = place?.server ?? (place?.mailbox === undefined ? undefined : options?.serverOf?.(place.mailbox));
  const about = {
    ...(place?.mailbox === undefined ? {} : { mailbox: place.mailbox }),
    ...(server === undefined ? {} : { server }),
  };
  const what = place?.structure.what ?? 'key';
  const entry: QuarantinedKey = { key, ...found, what, ...about, at: new Date().toISOString() };
  const field = found.item === undefined ? key : `${key} ${found.item}`;
  // A key that stays is found again and again: reported when it is new, shown as long as it is found.
  const isNew = await redis.hset(notesKey(redis), field, JSON.stringify(entry)).catch(() => 1);
  if (isNew === 0 && found.movedTo === undefined) return;
  const kind = found.movedTo === undefined ? 'kept' : found.item === undefined ? 'set-aside' : 'item';
  options?.emit('RedisKeyQuarantined', { key, kind, reason: found.reason, ...about });
}

/** Keys and items that were found unsound, newest first. */
export async function quarantinedKeys(redis: Redis): Promise<QuarantinedKey[]> {
  const notes = await redis.hgetall(notesKey(redis)).catch(() => ({}));
  const found: QuarantinedKey[] = [];
  for (const [field, text] of Object.entries(notes)) {
    const entry = objectIn(text) as Partial<QuarantinedKey> | undefined;
    const shownMs = entry?.movedTo === undefined ? SHOWN_MS : KEEP_MS;
    if (typeof entry?.key === 'string' && Date.parse(String(entry.at)) > Date.now() - shownMs)
      found.push(entry as QuarantinedKey);
    else await redis.hdel(notesKey(redis), field).catch(() => 0);
  }
  return found.sort((left, right) => right.at.localeCompare(left.at));
}
