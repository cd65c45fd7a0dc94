// Garbage in Redis stops one thing, by name. A command that Redis refuses because a key holds something else than it must (a wrong type, text for
// a number) is looked into: the key is found and judged by the table (structures.ts). What can be lost is set aside, noted, said once, and the
// command repeated; what must not be lost stays, and the error names it. Readers that find garbage in a value report it with setAside().
import { Command, type Redis } from 'ioredis';
import { MailroomError } from '../../domain/errors.ts';
import { prefixOf } from '../../domain/keys.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { Emit } from '../../telemetry/events.ts';
import { keysBehind, type Structure, structureOf } from './structures.ts';

/** Hash: key (and item) → JSON of {@link QuarantinedKey}. */
const notesKey = (redis: Redis) => `${prefixOf(redis)}:quarantined-keys`;
const asideKey = (redis: Redis, rest: string, key: string) =>
  `${prefixOf(redis)}:set-aside:${rest}:${key.slice(prefixOf(redis).length + 1)}`;
/** What was set aside is kept for this many ms. */
const KEEP_MS = 30 * DAY_MS;
/** A key that stays in its place is shown so long after it was last met, ms. */
const SHOWN_MS = 3_600_000;

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

/** Every command of this client is guarded from now on. Commands of a pipeline are not repeated; their keys are put right for the next time. */
export function guardKeys(redis: Redis, options: GuardOptions): Redis {
  const send = redis.sendCommand.bind(redis);
  const seen = new WeakSet<Command>();
  redis.sendCommand = (command, stream) => {
    const result = send(command, stream) as Promise<unknown>;
    // Commands that wait for the connection come by again.
    if (seen.has(command)) return result;
    seen.add(command);
    if (stream !== undefined) {
      // A pipeline hears of its commands in another way; nobody waits for what we return.
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

/** @returns whether anything was put right @throws MailroomError that names the key which must stay */
async function repair(redis: Redis, keys: readonly string[], cause: unknown): Promise<boolean> {
  let repaired = false;
  let damaged: MailroomError | undefined;
  for (const key of keys) {
    const found = structureOf(redis, key);
    if (found === undefined) continue;
    const { structure } = found;
    const type = await redis.type(key);
    if (type === 'none') continue;
    if (type !== structure.type) {
      const reason = `is a ${type}, must be a ${structure.type}`;
      damaged ??= await misfit(redis, key, reason, cause);
      repaired = true;
    } else if (await repairContent(redis, key, structure)) repaired = true;
  }
  if (damaged !== undefined) throw damaged;
  return repaired;
}

/** A key as a whole. @returns the error when it must stay */
async function misfit(redis: Redis, key: string, reason: string, cause?: unknown): Promise<MailroomError | undefined> {
  const structure = structureOf(redis, key)?.structure;
  if (structure?.keep !== undefined) {
    await note(redis, key, { reason });
    return new MailroomError(structure.keep, { message: `${key} (${structure.what}) ${reason}`, field: key, cause });
  }
  await setAside(redis, key, reason);
  return undefined;
}

async function repairContent(redis: Redis, key: string, structure: Structure): Promise<boolean> {
  const { item, entry, type } = structure;
  if (type === 'string') {
    const value = await redis.get(key);
    if (item === undefined || value === null || item(value, '')) return false;
    await setAside(redis, key, 'holds a value that cannot be read');
    return true;
  }
  if (type === 'set' && item !== undefined) {
    const wrong = (await redis.smembers(key)).filter((member) => !item(member, ''));
    for (const member of wrong) await setAsideItem(redis, key, member, 'cannot be read');
    return wrong.length > 0;
  }
  if (type !== 'hash' || (item === undefined && entry === undefined)) return false;
  const fields = await redis.hgetall(key);
  if (entry !== undefined && Object.keys(fields).length > 0 && !entry(fields)) {
    await setAside(redis, key, 'holds fields that cannot be read');
    return true;
  }
  const wrong = Object.entries(fields).filter(([field, value]) => item !== undefined && !item(value, field));
  for (const [field] of wrong) await setAsideItem(redis, key, field, 'cannot be read');
  return wrong.length > 0;
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

/** Moves one field of a hash or one member of a set out of the way; the rest of the key stays in use. */
const MOVE_ITEM = `
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
return 1`;

export async function setAsideItem(redis: Redis, key: string, item: string, reason: string): Promise<void> {
  const movedTo = asideKey(redis, 'items', key);
  if ((await redis.eval(MOVE_ITEM, 2, key, movedTo, item, KEEP_MS)) === 0) return;
  await note(redis, key, { item: item.slice(0, 100), reason, movedTo });
}

/** Notes a value that cannot be read and stays in its place. */
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
  const entry: QuarantinedKey = {
    key,
    ...found,
    what: place?.structure.what ?? 'key',
    ...(place?.mailbox === undefined ? {} : { mailbox: place.mailbox }),
    ...(server === undefined ? {} : { server }),
    at: new Date().toISOString(),
  };
  const field = found.item === undefined ? key : `${key} ${found.item}`;
  // A key that stays is met again and again: said when it is new, shown as long as it is met.
  const isNew = await redis.hset(notesKey(redis), field, JSON.stringify(entry)).catch(() => 1);
  if (isNew === 0 && found.movedTo === undefined) return;
  options?.emit('RedisKeyQuarantined', {
    key,
    kind: found.movedTo === undefined ? 'kept' : found.item === undefined ? 'set-aside' : 'item',
    reason: found.reason,
    ...(place?.mailbox === undefined ? {} : { mailbox: place.mailbox }),
    ...(server === undefined ? {} : { server }),
  });
}

/** What was found, newest first. */
export async function quarantinedKeys(redis: Redis): Promise<QuarantinedKey[]> {
  const notes = await redis.hgetall(notesKey(redis)).catch(() => ({}));
  const found: QuarantinedKey[] = [];
  for (const [field, text] of Object.entries(notes)) {
    const entry = read(text);
    const shownMs = entry?.movedTo === undefined ? SHOWN_MS : KEEP_MS;
    if (entry !== undefined && Date.parse(entry.at) > Date.now() - shownMs) found.push(entry);
    else await redis.hdel(notesKey(redis), field).catch(() => 0);
  }
  return found.sort((left, right) => right.at.localeCompare(left.at));
}

function read(text: string): QuarantinedKey | undefined {
  try {
    const entry = JSON.parse(text) as QuarantinedKey;
    return typeof entry.key === 'string' && typeof entry.at === 'string' ? entry : undefined;
  } catch {
    return undefined;
  }
}
