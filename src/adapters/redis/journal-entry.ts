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

/** False: nobody can tell what became of this reply. It is as good as forgotten, and the markers of its DATA in the blob store decide. */
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

/** Fields that an entry need not have, by how they are read. */
const OPTIONAL = [
  [(text: string) => text, ['from', 'messageId', 'rendered', 'source', 'mailbox']],
  [
    Number,
    [
      ...['renderedSize', 'dataBegunAt', 'uncertainSince', 'looks', 'lapses', 'preparations', 'dueAt', 'expiresAt'],
      ...['acceptances', 'deferredSince'],
    ],
  ],
  [
    (text: string): unknown => JSON.parse(text),
    ['recipients', 'deliveries', 'envelope', 'decided', 'doubted', 'offered', 'agreed', 'forced', 'result'],
  ],
] as const;

export function entryOf(fields: Readonly<Record<string, string>>): JournalEntry {
  const optional = OPTIONAL.flatMap(([read, names]) =>
    names.flatMap((name) => (fields[name] === undefined ? [] : [[name, read(fields[name])] as const])),
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
    ...Object.fromEntries(optional),
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
