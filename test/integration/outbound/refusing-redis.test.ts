// No fault of ours ends a reply: a Redis that refuses writes (full, demoted, its disk failing), a throw anywhere in a worker, a job that ended
// without a result. Judged at the sink: every reply that was taken arrives once, whatever its job went through.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { PREFIX, repliesQueue, replyJobId } from '../../../src/contract/names.ts';
import type { OutboundSettings } from '../../../src/outbound/ports.ts';
import type { TestOutbound } from '../../support/outbound.ts';
import { smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica } from './room.ts';

const room = openRoom();

const replica = (
  settings: Partial<OutboundSettings> = {},
  change: (one: TestOutbound) => void = () => {},
): Promise<Replica> =>
  room.replica({
    servers: [
      smtpServer(room.sink.port, { pace: { perMinute: 100_000, connections: 5, recipientsPerDay: 1_000_000 } }),
    ],
    settings: { waitScale: 0.02, seekMs: 500, restingMs: 500, ...settings },
    change,
  });

const reply = (replyId: string, more: object = {}) => ({
  schema: 'mailroom.reply/1' as const,
  replyId,
  server: 'sink',
  to: [`${replyId}@example.net`],
  subject: 'Re',
  text: 'x',
  ...more,
});

/** Each way in which a living Redis refuses writes, and its end. */
const refusals: Record<string, { begin(admin: Redis): Promise<unknown>; end(admin: Redis): Promise<unknown> }> = {
  'OOM: over maxmemory': {
    begin: (admin) => admin.config('SET', 'maxmemory', '1'),
    end: (admin) => admin.config('SET', 'maxmemory', '0'),
  },
  'READONLY: demoted in place': {
    begin: (admin) => admin.replicaof('127.0.0.1', 1),
    end: (admin) => admin.replicaof('NO', 'ONE'),
  },
  'MISCONF: its snapshots fail': {
    async begin(admin) {
      const ended = async () => /rdb_bgsave_in_progress:0/.test(await admin.info('persistence'));
      await waitFor(ended, { describe: 'the last snapshot to end' });
      const snapshot = join(await folderOf(admin), 'dump.rdb');
      rmSync(snapshot, { recursive: true, force: true }); // one that was being written when the last refusal ended
      mkdirSync(snapshot);
      await admin.config('SET', 'save', '3600 1');
      await admin.bgsave();
      await waitFor(ended, { describe: 'the snapshot to end' });
      await waitFor(async () => /rdb_last_bgsave_status:err/.test(await admin.info('persistence')), {
        describe: 'the snapshot fails',
      });
    },
    async end(admin) {
      await admin.config('SET', 'save', '');
      rmSync(join(await folderOf(admin), 'dump.rdb'), { recursive: true, force: true });
    },
  },
};
const folderOf = async (admin: Redis) => ((await admin.config('GET', 'dir')) as string[])[1] ?? '';

it.each(Object.keys(refusals))('%s, repeatedly: of 115 replies, none is lost and none arrives twice', async (kind) => {
  const { begin, end } = refusals[kind] as (typeof refusals)[string];
  const admin = room.redis.client();
  room.onEnd(() => end(admin));
  const [one, two] = await Promise.all([replica(), replica()]);
  let over = false;
  const weather = (async () => {
    for (let refusing = 0; !over && refusing < 12; refusing++) {
      await begin(admin);
      const refused = room.sink.received.length;
      const began = performance.now();
      await waitFor(() => performance.now() - began > 120 + (refusing % 3) * 150, { describe: 'a while' });
      await end(admin);
      // Something gets through before it refuses again.
      await waitFor(() => over || room.sink.received.length >= Math.min(115, refused + 3), {
        describe: 'something',
      });
    }
  })();
  const ids = Array.from({ length: 115 }, (_, i) => `taken-${i}`);
  // A backend hands in until it is answered.
  for (const id of ids) {
    await waitFor(
      () =>
        one.replies.submitReply(reply(id)).then(
          () => true,
          () => false,
        ),
      { describe: `${id} is taken` },
    );
  }
  await waitFor(() => new Set(room.sink.received.map(({ replyId }) => replyId)).size === ids.length, {
    describe: 'each arrived',
    timeoutMs: 60_000,
  });
  over = true;
  await weather;
  await waitFor(
    async () => {
      const results = await Promise.all(ids.map((id) => one.replies.getReply(id)));
      const jobs = await Promise.all(ids.map((id) => one.deps.queues.find('sink', id)));
      return (
        results.every((result) => result?.state === 'accepted') &&
        jobs.every((job) => job?.result?.state === 'accepted')
      );
    },
    { describe: 'each is accepted, and its job says it', timeoutMs: 60_000 },
  );
  // It did refuse while they were at work.
  expect([...one.events, ...two.events].map(({ name }) => name)).toContain('ReplyWorkerFailed');
  expect(room.sink.received.map(({ replyId }) => replyId).toSorted()).toEqual(ids.toSorted());
});

describe('an exception in a worker', () => {
  const faults: Record<string, (one: TestOutbound) => void> = {
    'while claiming the reply': ({ deps }) => throwOnce(deps.journal, 'claim'),
    'while releasing the claim': ({ deps }) => {
      throwOnce(deps.journal, 'transition');
      throwOnce(deps.journal, 'release');
    },
    'while requesting a pace slot': ({ deps }) => throwOnce(deps.pace, 'acquire'),
    'while reading the pause': ({ deps }) => throwOnce(deps.pauses, 'read'),
    'while writing to the blob store': ({ deps }) => throwOnce(deps.blobs, 'putBatch'),
  };
  it.each(Object.keys(faults))('%s: the reply is sent all the same', async (name) => {
    const one = await replica({}, faults[name]);
    await one.replies.submitReply(reply('thrown'));
    await one.reached('thrown', 'accepted');
    expect(room.sink.received).toHaveLength(1);
  });

  it.each([
    ['an acceptance', [], 'accepted'],
    ['a refusal', ['550 5.7.60 Client does not have permissions to send as this sender'], 'rejected'],
    ['a refusal for now', ['451 4.3.2 Try again later'], 'accepted'],
  ])('%s that Redis refuses to record is recorded a moment later, and causes no doubt', async (_, answers, state) => {
    for (const answer of answers) room.sink.faults.push({ at: 'dot', reply: answer });
    const one = await replica({ waitScale: 0.01 }, ({ deps }) => {
      const { transition } = deps.journal;
      let begun = false;
      let refused = 0;
      deps.journal.transition = async (replyId, plan) => {
        if (begun && refused++ < 3) throw new Error('OOM command not allowed');
        begun ||= plan.to === 'data-begun';
        return transition(replyId, plan);
      };
    });
    await one.replies.submitReply(reply('noted'));
    await one.reached('noted', state);
    expect(one.events.map(({ name }) => name)).not.toContain('ReplyUncertain');
    expect(room.sink.received).toHaveLength(state === 'accepted' ? 1 : 0);
  });
});

function throwOnce(port: object, method: string): void {
  const methods = port as Record<string, (...args: unknown[]) => unknown>;
  const real = methods[method] as (...args: unknown[]) => unknown;
  let thrown = false;
  methods[method] = async (...args) => {
    if (thrown) return real(...args);
    thrown = true;
    throw new Error('OOM command not allowed when used memory > maxmemory');
  };
}

describe('a job that ended without a result', () => {
  /** As another program, or an earlier version, leaves it behind. */
  async function failForeign(replyId: string, payload: object): Promise<void> {
    const queue = new Queue(repliesQueue('sink'), { connection: room.redis.client(), prefix: PREFIX });
    const job = await queue.add('reply', payload, { jobId: replyJobId(replyId), delay: 3_600_000 });
    const client = room.redis.client();
    await client.zrem(queue.toKey('delayed'), job.id ?? '');
    await client.zadd(queue.toKey('failed'), Date.now(), job.id ?? '');
    await client.hset(queue.toKey(job.id ?? ''), 'failedReason', 'OOM command not allowed', 'finishedOn', Date.now());
    await queue.close();
  }

  it('is found and queued again, whichever way it was submitted', async () => {
    const one = await replica();
    await failForeign('foreign', reply('foreign'));
    // Not asked for: GET puts it back as well.
    await waitFor(() => room.sink.received.length === 1, { describe: 'sent' });
    const taken = one.events.filter(({ name }) => name === 'ReplyTakenUp');
    expect(taken.map(({ fields }) => fields.jobId)).toEqual([replyJobId('foreign')]);
    await one.reached('foreign', 'accepted');
  });

  it('runs again when its result is requested or the reply is submitted again', async () => {
    const one = await replica({ seekMs: 600_000 });
    await one.deps.journal.admit({ replyId: 'asked', digest: 'of another version', server: 'sink' });
    await failForeign('again', reply('again'));
    expect((await one.replies.submitReply(reply('again'))).state).not.toBe('rejected');
    await waitFor(() => room.sink.received.some(({ replyId }) => replyId === 'again'), { describe: 'sent' });
    await failForeign('asked', reply('asked'));
    await one.replies.getReply('asked');
    // It ran: its content is not the one that the journal has under this replyId.
    await waitFor(async () => (await one.replies.getReply('asked'))?.failure?.code === 'REPLY_ID_REUSED', {
      describe: 'its end',
    });
  });
});

it('a reply whose job was lost and that returns with another text: REPLY_ID_REUSED, until the first text returns', async () => {
  const { replies: early } = await room.waiting({ servers: [smtpServer(room.sink.port)] });
  await early.submitReply(reply('lost', { text: 'first' }));
  const queue = new Queue(repliesQueue('sink'), { connection: room.redis.client(), prefix: PREFIX });
  room.onEnd(() => queue.close());
  await queue.remove(replyJobId('lost'));
  expect(await early.getReply('lost')).toBeUndefined();
  await expect(early.submitReply(reply('lost', { text: 'second' }))).rejects.toMatchObject({ code: 'REPLY_ID_REUSED' });
  await queue.add('reply', reply('lost', { text: 'second' }), { jobId: replyJobId('lost') });
  const one = await replica();
  await waitFor(async () => (await one.replies.getReply('lost'))?.failure?.code === 'REPLY_ID_REUSED', {
    describe: 'refused',
  });
  expect((await one.replies.getReply('lost'))?.state).toBe('rejected');
  expect(room.sink.received).toHaveLength(0);
  await one.replies.submitReply(reply('lost', { text: 'first' }));
  await one.reached('lost', 'accepted');
  expect(room.sink.received.map(({ replyId, raw }) => [replyId, /first/.test(raw)])).toEqual([['lost', true]]);
});
