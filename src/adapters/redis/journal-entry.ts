// What an entry of the replies' journal must look like, and the indexes by state, made again from the entries.
import type { Redis } from 'ioredis';
import { resultSchema } from '../../contract/result.ts';
import { globOf, prefixOf } from '../../domain/keys.ts';

const STATES: ReadonlySet<string> = new Set(resultSchema.shape.state.options);
const NUMBERS = ['createdAt', 'updatedAt', 'fence', 'dataFence', 'leaseUntil', 'attempts', 'begins', 'renderedSize'];
const TIMES = ['dataBegunAt', 'uncertainSince', 'looks', 'dueAt', 'lapses', 'preparations', 'expiresAt'];
const JSONS = ['envelope', 'result', 'decided', 'doubted', 'forced', 'recipients', 'deliveries'];

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** False: nobody can tell what became of this reply. It is as good as forgotten, and the marks of its DATA in the blob store decide. */
export function isReplyEntry(fields: Readonly<Record<string, string>>): boolean {
  const envelope = fields.envelope === undefined ? undefined : (json(fields.envelope) as { to?: unknown } | undefined);
  return (
    STATES.has(fields.state ?? '') &&
    fields.digest !== undefined &&
    fields.replyId !== undefined &&
    [...NUMBERS, ...TIMES].every((name) => fields[name] === undefined || /^\d{1,20}(?:\.\d+)?$/.test(fields[name])) &&
    JSONS.every((name) => fields[name] === undefined || json(fields[name]) !== undefined) &&
    (fields.envelope === undefined || Array.isArray(envelope?.to)) &&
    (fields.result === undefined || typeof json(fields.result) === 'object')
  );
}

/** An index that was set aside is made again, entry by entry. */
export async function rebuildReplyIndexes(redis: Redis, index: string): Promise<void> {
  const state = index.slice(`${prefixOf(redis)}:replies-in:`.length);
  for await (const keys of redis.scanStream({ match: `${globOf(prefixOf(redis))}:reply:*`, count: 500 })) {
    for (const key of keys as string[]) {
      const [found, replyId, at] = await redis.hmget(key, 'state', 'replyId', 'updatedAt').catch(() => []);
      if (found === state && replyId) await redis.zadd(index, Number(at) || 0, replyId);
    }
  }
}
