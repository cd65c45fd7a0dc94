// Who belongs to a conversation: hashes of addresses, bound to the conversation so that they tell nothing elsewhere, 64 at most, for 30 days from its
// last message. A message that names a conversation without proof joins it only if its sender is among them.
import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { prefixOf } from '../../domain/keys.ts';
import { DAY_SECONDS } from '../../lib/time.ts';
import { script } from './script.ts';

const KEEP_SECONDS = 30 * DAY_SECONDS;
const MOST = 64;
/** Characters of base64url: 48 bits. */
const WIDTH = 8;

/**
 * KEYS: participants, hashes one after another. ARGV: seconds kept, most characters, 1 if proven, the sender's hash, then those to add (his first).
 * Read and written in one step: of two strangers who come first, one is the first.
 */
const ADMIT = script(`
local list = redis.call('GET', KEYS[1]) or ''
local function has(one)
  for i = 1, #list, ${WIDTH} do if string.sub(list, i, i + ${WIDTH - 1}) == one then return true end end
  return false
end
local standing = 'stranger'
if list == '' then standing = 'first' elseif has(ARGV[4]) then standing = 'member' end
if standing == 'stranger' and ARGV[3] ~= '1' then return standing end
for i = 5, #ARGV do
  if #list < tonumber(ARGV[2]) and not has(ARGV[i]) then list = list .. ARGV[i] end
end
redis.call('SET', KEYS[1], list, 'EX', ARGV[1])
return standing`);

export interface Participants {
  /**
   * Whether the sender belongs to the conversation. `first`: nobody did. A stranger is left out, unless the message is proven to belong there; else the
   * addresses of the message belong from now on.
   */
  admit(input: {
    conversationId: string;
    from: string;
    /** Others of the message. */
    others: readonly string[];
    proven: boolean;
  }): Promise<'first' | 'member' | 'stranger'>;
}

export function createParticipants(redis: Redis): Participants {
  return {
    async admit({ conversationId, from, others, proven }) {
      const mark = (address: string) =>
        hash('sha256', `${conversationId}\n${address.toLowerCase()}`, 'base64url').slice(0, WIDTH);
      const key = `${prefixOf(redis)}:participants:${hash('sha256', conversationId, 'base64url').slice(0, 22)}`;
      const sender = mark(from);
      const added = [...new Set([sender, ...others.slice(0, MOST).map(mark)])];
      const argv = [KEEP_SECONDS, MOST * WIDTH, proven ? '1' : '0', sender, ...added];
      return (await ADMIT(redis, [key], argv)) as 'first' | 'member' | 'stranger';
    },
  };
}
