// Who belongs to a conversation: hashes of addresses, salted with the conversation so that they reveal nothing elsewhere, 64 at most, for 30 days from
// its last message. A message that names a conversation without proof joins it only if its sender is among them.
import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { prefixOf, type Scope } from '../../domain/keys.ts';
import { DAY_SECONDS } from '../../lib/time.ts';
import { gathered } from './gathered.ts';
import { script } from './script.ts';

const KEEP_SECONDS = 30 * DAY_SECONDS;
const MOST = 64;
/** Characters of base64url: 48 bits. */
const WIDTH = 8;

/**
 * KEYS: participants of each conversation. ARGV: seconds kept, most characters, then of each conversation: 1 if proven, how many hashes, and these, the
 * sender's first. Read and written in one step, so that only one of two strangers can be the first.
 */
const ADMIT = script(`
local standings, a = {}, 2
for k = 1, #KEYS do
  local list = redis.call('GET', KEYS[k]) or ''
  local function has(one)
    for i = 1, #list, ${WIDTH} do if string.sub(list, i, i + ${WIDTH - 1}) == one then return true end end
    return false
  end
  local proven, hashes = ARGV[a + 1], tonumber(ARGV[a + 2])
  a = a + 2
  local standing = 'stranger'
  if list == '' then standing = 'first' elseif has(ARGV[a + 1]) then standing = 'member' end
  if standing ~= 'stranger' or proven == '1' then
    for i = a + 1, a + hashes do
      if #list < tonumber(ARGV[2]) and not has(ARGV[i]) then list = list .. ARGV[i] end
    end
    redis.call('SET', KEYS[k], list, 'EX', ARGV[1])
  end
  a = a + hashes
  standings[k] = standing
end
return standings`);

const participantsKey = (of: Scope, conversationId: string) =>
  `${prefixOf(of)}:participants:${hash('sha256', conversationId, 'base64url').slice(0, 22)}`;
const markOf = (conversationId: string, address: string): string =>
  hash('sha256', `${conversationId}\n${address.toLowerCase()}`, 'base64url').slice(0, WIDTH);

/** KEYS: participants. ARGV: hash. */
const FORGET = script(`
local list, rest = redis.call('GET', KEYS[1]) or '', ''
for i = 1, #list, ${WIDTH} do
  local one = string.sub(list, i, i + ${WIDTH - 1})
  if one ~= ARGV[1] then rest = rest .. one end
end
if rest == '' then redis.call('DEL', KEYS[1]) elseif rest ~= list then redis.call('SET', KEYS[1], rest, 'KEEPTTL') end
return 1`);

export async function forgetParticipant(redis: Redis, conversationId: string, address: string): Promise<void> {
  await FORGET(redis, [participantsKey(redis, conversationId)], [markOf(conversationId, address)]);
}

type Standing = 'first' | 'member' | 'stranger';

export type Participants = ReturnType<typeof createParticipants>;

export function createParticipants(redis: Redis) {
  const run = async (
    admissions: readonly {
      conversationId: string;
      from: string;
      /** The other addresses of the message. */
      others: readonly string[];
      proven: boolean;
    }[],
  ): Promise<Standing[]> => {
    const keys: string[] = [];
    const argv: (string | number)[] = [KEEP_SECONDS, MOST * WIDTH];
    for (const { conversationId, from, others, proven } of admissions) {
      const mark = (address: string) => markOf(conversationId, address);
      keys.push(participantsKey(redis, conversationId));
      const marks = new Set([mark(from), ...others.slice(0, MOST).map(mark)]);
      argv.push(proven ? '1' : '0', marks.size, ...marks);
    }
    return (await ADMIT(redis, keys, argv)) as Standing[];
  };
  return {
    /**
     * Whether the sender belongs to the conversation. `first`: nobody did so far. The addresses of the message belong to it from now on, unless the
     * sender is a stranger and the message is not proven to belong there.
     */
    admit: gathered(run),
  };
}
