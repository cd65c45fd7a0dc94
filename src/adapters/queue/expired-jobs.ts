// Removes jobs that ended longer ago than they are kept, and the entries of the queue's event stream of that time. BullMQ removes both only when another
// job of the queue ends: in a queue that fell silent the last ones would stay for good.
import type { Redis } from 'ioredis';
import { REPLY_OUTCOMES_QUEUE } from '../../contract/names.ts';
import { globOf, prefixOf } from '../../domain/keys.ts';
import type { DailyKind } from '../../domain/retention.ts';
import { openQueue } from './open-queue.ts';
import type { KeepJobs } from './record-job.ts';

/** What the names of the queues begin with. */
const QUEUES = {
  messages: 'email-flow.',
  'mailbox-events': 'mailbox-events.',
  replies: 'replies.',
  'reply-outcomes': REPLY_OUTCOMES_QUEUE,
} as const satisfies Partial<Record<DailyKind, string>>;

/** Names of the existing queues of a kind, with or without a server or flow. */
async function queuesOf(client: Redis, kind: keyof typeof QUEUES): Promise<Set<string>> {
  const prefix = `${prefixOf(client)}:`;
  const names = new Set<string>();
  for await (const keys of client.scanStream({ match: `${globOf(prefix)}*:meta`, count: 1_000 }))
    for (const key of keys as string[]) {
      const name = key.slice(prefix.length, -':meta'.length);
      if (name.startsWith(QUEUES[kind])) names.add(name);
    }
  return names;
}

/** @returns how many were removed */
export async function removeExpiredJobs(client: Redis, kind: keyof typeof QUEUES, keep: KeepJobs): Promise<number> {
  let removed = 0;
  for (const name of await queuesOf(client, kind)) {
    const queue = openQueue(client, name);
    try {
      removed += (await queue.clean(keep.keepCompletedSeconds * 1000, 0, 'completed')).length;
      removed += (await queue.clean(keep.keepFailedSeconds * 1000, 0, 'failed')).length;
      // Events repeat what consumers returned or threw.
      await client.xtrim(queue.toKey('events'), 'MINID', Date.now() - keep.keepCompletedSeconds * 1000);
    } finally {
      await queue.close();
    }
  }
  return removed;
}
