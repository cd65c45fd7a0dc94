// One entry of the replies' journal: its keys, what its hash must look like, how it is read, and how indexes are rebuilt from the entries.
import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { resultSchema } from '../../contract/result.ts';
import { prefixOf, type Scope } from '../../domain/keys.ts';
import type { JournalEntry, ReplyState } from '../../domain/reply-journal.ts';
import { scanKeys } from './scan.ts';

const sha = (text: string) => hash('sha256', text).slice(0, 32);
export const replyKey = (of: Scope, replyId: string) => `${prefixOf(of)}:reply:${sha(replyId)}`;
export const stateKey = (of: Scope, state: string) => `${prefixOf(of)}:replies-in:${state}`;
export const aliasKey = (of: Scope, messageId: string) => `${prefixOf(of)}:reply-by-message-id:${sha(messageId)}`;

const STATES: ReadonlySet<string> = new Set(resultSchema.shape.state.options);
/** Fields that an entry need not have, by how they are read. */
const NUMBERS = [
  ...['renderedSize', 'dataBegunAt', 'uncertainSince', 'looks', 'lapses', 'preparations', 'dueAt', 'expiresAt'],
  ...['acceptances', 'deferredSince'],
];
const TEXTS = ['from', 'messageId', 'rendered', 'source', 'mailbox'];
const JSONS = ['recipients', 'deliveries', 'envelope', 'decided', 'doubted', 'offered', 'agreed', 'forced', 'result'];
/** Numbers of each entry, and of its claim. */
const OTHER_NUMBERS = ['createdAt', 'updatedAt', 'fence', 'attempts', 'begins', 'dataFence', 'leaseUntil'];

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As Lua reads it, too. */
const isNumber = (text: string) => /^-?\d{1,20}(?:\.\d+)?$/.test(text);

/** False: nobody can tell what became of this reply. It is as good as forgotten, and the markers of its DATA in the blob store decide. */
export function isReplyEntry(fields: Readonly<Record<string, string>>): boolean {
  const lacksOr = (name: string, test: (text: string) => boolean) => {
    const text = fields[name];
    return text === undefined || test(text);
  };
  return (
    STATES.has(fields.state ?? '') &&
    fields.digest !== undefined &&
    fields.replyId !== undefined &&
    [...NUMBERS, ...OTHER_NUMBERS].every((name) => lacksOr(name, isNumber)) &&
    JSONS.every((name) => lacksOr(name, (text) => json(text) !== undefined)) &&
    lacksOr('envelope', (text) => Array.isArray((json(text) as { to?: unknown } | null)?.to)) &&
    lacksOr('recipients', (text) => Array.isArray(json(text))) &&
    lacksOr('result', (text) => typeof json(text) === 'object')
  );
}

export function entryOf(fields: Readonly<Record<string, string>>): JournalEntry {
  const read = <T>(names: readonly string[], reader: (text: string) => T) =>
    Object.fromEntries(
      names.flatMap((name) => (fields[name] === undefined ? [] : [[name, reader(fields[name])] as const])),
    );
  return {
    replyId: fields.replyId ?? '',
    state: fields.state as ReplyState,
    server: fields.server ?? '',
    createdAt: Number(fields.createdAt ?? 0),
    updatedAt: Number(fields.updatedAt ?? 0),
    fence: Number(fields.fence ?? 0),
    attempts: Number(fields.attempts ?? 0),
    begins: Number(fields.begins ?? 0),
    evidence: (fields.evidence ?? '').split('\n').filter((line) => line !== ''),
    ...read(TEXTS, (text) => text),
    ...read(NUMBERS, Number),
    ...read(JSONS, (text): unknown => JSON.parse(text)),
  };
}

/** Fills an index that was set aside, entry by entry. */
export async function rebuildReplyIndexes(redis: Redis, index: string): Promise<void> {
  const state = index.slice(stateKey(redis, '').length);
  for await (const key of scanKeys(redis, 'reply:*')) {
    const [found, replyId, at] = await redis.hmget(key, 'state', 'replyId', 'updatedAt').catch(() => []);
    if (found === state && replyId) await redis.zadd(index, Number(at) || 0, replyId);
  }
}
