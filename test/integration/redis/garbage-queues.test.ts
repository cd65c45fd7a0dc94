// Garbage in BullMQ's own keys of a queue: the key is named, other queues work, and what was refused arrives once the key is put right.
import { afterEach, describe, expect, it } from 'vitest';
import { type CommitMessages, openCommit } from '../../../src/adapters/queue/commit.ts';
import { type EmailFlows, openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { openReplyQueues } from '../../../src/adapters/queue/replies.ts';
import { createLeases } from '../../../src/adapters/redis/lease.ts';
import { createLedgers } from '../../../src/adapters/redis/ledgers.ts';
import type { Message } from '../../../src/contract/message.ts';
import { emailFlowQueue, PREFIX, repliesQueue } from '../../../src/contract/names.ts';
import { emptyLedger } from '../../../src/domain/ledger.ts';
import { KEPT } from '../../support/ledger.ts';
import { rig, type Type, typesBut } from './garbage.ts';

const at = rig();
const MAILBOX = '0123456789abcdef';
let flows: EmailFlows | undefined;
afterEach(async () => {
  await flows?.close();
  flows = undefined;
});

async function openFlows(): Promise<{ commit: CommitMessages; open: EmailFlows }> {
  const open = openEmailFlows(at.redis);
  flows = open;
  return { open, commit: await openCommit(at.redis, open, KEPT) };
}

/** Commits two messages of a flow on top of what the ledger has. */
async function commitTwo(commit: CommitMessages, emailFlow: string): Promise<unknown> {
  const leaseToken = (await at.plain.get(`${PREFIX}:lease:${MAILBOX}`)) ?? '';
  const messages = [1, 2].map((uid) => ({
    message: { messageKey: `m-${MAILBOX}-1-${uid}`, emailFlow, uid } as Message,
  }));
  const ledger = await createLedgers(at.redis).load(MAILBOX);
  const change = { outcomes: [{ outcome: 'enqueued' as const, uids: [1, 2] }] };
  return commit({ mailboxId: MAILBOX, leaseToken, ledger: ledger ?? emptyLedger(), change, messages });
}

const keyOf = (queue: string, name: string) => `${PREFIX}:${queue}:${name}`;
const rows = (names: Record<string, Type | 'stream' | 'none'>) =>
  Object.entries(names).flatMap(([name, right]) =>
    (right === 'none' ? [] : typesBut(right)).slice(0, 2).map((type): [string, Type] => [name, type]),
  );

describe('an email flow', () => {
  // `meta` is read before: opening the queue writes it.
  it.each(rows({ wait: 'list', active: 'list' }))(
    'whose %s is a %s accepts nothing, and the key is named; both messages arrive once it is repaired',
    async (name, type) => {
      const { open, commit } = await openFlows();
      const queue = await open.queueOf('F');
      await createLeases(at.redis, 'r', 60_000).acquire(MAILBOX);
      const key = keyOf(emailFlowQueue('F'), name);
      await at.garble(key, type);
      for (let tries = 0; tries < 2; tries++)
        await expect(commitTwo(commit, 'F')).rejects.toMatchObject({ code: 'REDIS_KEY_DAMAGED', field: key });
      expect(at.said(key)).toMatchObject([{ kind: 'kept' }]);
      expect(await at.plain.type(key)).toBe(type);
      expect((await createLedgers(at.redis).load(MAILBOX)).version).toBe(0);
      await at.plain.del(key);
      await commitTwo(commit, 'F');
      expect(await queue.getJobCounts('waiting')).toEqual({ waiting: 2 });
    },
  );

  it.each(rows({ events: 'stream', marker: 'zset', id: 'string' }))(
    'whose %s is a %s begins that key anew, and the key is named',
    async (name, type) => {
      const { open, commit } = await openFlows();
      const queue = await open.queueOf('F');
      await createLeases(at.redis, 'r', 60_000).acquire(MAILBOX);
      const key = keyOf(emailFlowQueue('F'), name);
      await at.garble(key, type);
      await commitTwo(commit, 'F');
      expect(at.said(key)).toMatchObject([{ kind: 'set-aside' }]);
      expect(await queue.getJobCounts('waiting')).toEqual({ waiting: 2 });
    },
  );
});

describe('the replies of a server', () => {
  const PRIORITY = { priority: 10, delayMs: 0 };
  it.each(rows({ prioritized: 'zset', meta: 'hash', active: 'list' }))(
    'whose %s is a %s wait, and the key is named; those of another server are added',
    async (name, type) => {
      const queues = openReplyQueues(at.redis, () => {});
      await queues.add('other', 'a', { replyId: 'a' }, PRIORITY);
      await queues.add('SMTP ü', 'a', { replyId: 'a' }, PRIORITY);
      const key = keyOf(repliesQueue('SMTP ü'), name);
      await at.garble(key, type);
      // Not every key is needed to add a reply; what needs it names it.
      const adding = queues.add('SMTP ü', 'b', { replyId: 'b' }, PRIORITY).then(() => queues.counts('SMTP ü'));
      await expect(adding).rejects.toMatchObject({ code: 'REDIS_KEY_DAMAGED', field: key });
      expect(at.said(key)).toMatchObject([{ kind: 'kept', server: 'SMTP ü' }]);
      await queues.add('other', 'b', { replyId: 'b' }, PRIORITY);
      expect(await queues.counts('other')).toMatchObject({ prioritized: 2 });
      await queues.close();
    },
  );
});
