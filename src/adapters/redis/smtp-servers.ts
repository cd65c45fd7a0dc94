// Which SMTP servers there were, and which account each name had: replies wait on the queue of a name. One hash, shared by the replicas.
import type { Redis } from 'ioredis';
import { prefixOf } from '../../domain/keys.ts';
import type { ServerRegister } from '../../domain/server-register.ts';
import { DAY_MS } from '../../lib/time.ts';
import { soundFields } from './guard.ts';
import { NOW, script } from './script.ts';

/** A name that is gone is kept for longer than any reply waits. */
const KEEP_MS = 90 * DAY_MS;

/**
 * A name is replaced when it comes back with another account after it was gone, or when its account is found under a new name (renamed and given
 * to another in one step). Another account under a name that stayed is the same server, changed. KEYS: the hash. ARGV: JSON {name: mailbox}, ms kept.
 */
const RECORD = script(`
${NOW}
local defined = cjson.decode(ARGV[1])
local known, gone = {}, {}
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do known[flat[i]] = cjson.decode(flat[i + 1]) end
local movedTo = {}
for name, mailbox in pairs(defined) do
  if not known[name] or known[name].mailbox ~= mailbox then movedTo[mailbox] = true end
end
for name, mailbox in pairs(defined) do
  local old = known[name]
  local record = { mailbox = mailbox, replacedAt = old and old.replacedAt or nil }
  if old and old.mailbox ~= mailbox and (old.goneAt or movedTo[old.mailbox]) then record.replacedAt = now end
  redis.call('HSET', KEYS[1], name, cjson.encode(record))
end
for name, old in pairs(known) do
  if defined[name] == nil then
    if not old.goneAt then
      old.goneAt = now
      redis.call('HSET', KEYS[1], name, cjson.encode(old))
      gone[#gone + 1] = name
    elseif now - old.goneAt > tonumber(ARGV[2]) then redis.call('HDEL', KEYS[1], name) end
  end
end
return gone`);

interface Row {
  mailbox: string;
  goneAt?: number;
  replacedAt?: number;
}

export function createServerRegister(redis: Redis): ServerRegister {
  const registerKey = `${prefixOf(redis)}:smtp-servers`;
  const rowsIn = async (fields: Record<string, string>) =>
    (await soundFields(redis, registerKey, fields)).map(([name, text]) => [name, JSON.parse(text) as Row] as const);
  return {
    async record(defined) {
      const byName = Object.fromEntries(defined.map(({ name, mailbox }) => [name.normalize('NFC'), mailbox]));
      // cjson reads an empty table as a list, so an impossible name represents it.
      const names = defined.length === 0 ? { '': '' } : byName;
      return (await RECORD(redis, [registerKey], [JSON.stringify(names), KEEP_MS])) as string[];
    },
    async replacedAt(name) {
      const field = name.normalize('NFC');
      const row = await redis.hget(registerKey, field);
      return row === null ? undefined : (await rowsIn({ [field]: row }))[0]?.[1].replacedAt;
    },
    async gone() {
      const rows = await rowsIn(await redis.hgetall(registerKey));
      return rows.flatMap(([name, { goneAt }]) =>
        goneAt === undefined || name === '' ? [] : [{ name, since: goneAt }],
      );
    },
  };
}
