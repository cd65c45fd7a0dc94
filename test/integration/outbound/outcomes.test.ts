// The queue reply-outcomes: each settled reply and each later report is there once, added by the script that makes it so.
import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { openOutcomes } from '../../../src/adapters/queue/outcomes.ts';
import { createJournal } from '../../../src/adapters/redis/journal.ts';
import { replyKey } from '../../../src/adapters/redis/journal-entry.ts';
import { PREFIX, REPLY_OUTCOMES_QUEUE } from '../../../src/contract/names.ts';
import { type Outcome, outcomeSchema } from '../../../src/contract/outcome.ts';
import { learn } from '../../../src/domain/delivery.ts';
import type { Journal } from '../../../src/domain/reply-journal.ts';
import { smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica, replyMaker } from './room.ts';

const room = openRoom();
const reply = replyMaker('outcome');

const replica = (settings = {}): Promise<Replica> =>
  room.replica({
    servers: [smtpServer(room.sink.port)],
    outcomes: true,
    settings: { settleMs: 300, firstLookMs: 50, ...settings },
  });

/** All that were told, each valid by its contract. */
async function told(): Promise<Outcome[]> {
  const queue = new Queue(REPLY_OUTCOMES_QUEUE, { connection: room.redis.client(), prefix: PREFIX });
  const jobs = await queue.getJobs(undefined, 0, -1, true);
  await queue.close();
  for (const { id, data } of jobs) expect(outcomeSchema.parse(data).outcomeKey).toBe(id);
  return jobs.map(({ data }) => data as Outcome);
}

/** `replyId state` of the settled ones, sorted. */
const settled = async () =>
  (await told())
    .filter(({ kind }) => kind === 'settled')
    .map(({ replyId, result }) => [replyId, result?.state, result?.ended].filter(Boolean).join(' '))
    .sort();

it('reports each way in which a reply can end, once', async () => {
  const one = await replica();
  const [accepted, rejected, cancelled, expired] = [
    reply(),
    reply({ to: ['unknown@example.net'] }),
    reply({ notBefore: '2099-01-01T00:00:00Z' }),
    reply({ expiresAt: '2020-01-01T00:00:00Z' }),
  ];
  for (const input of [accepted, rejected, cancelled, expired]) await one.replies.submitReply(input);
  await one.replies.cancelReply(cancelled.replyId);
  await waitFor(async () => (await settled()).length === 4, { describe: 'all ended' });
  room.sink.faults.push('dropped-after-dot');
  const held = reply();
  await one.replies.submitReply(held);
  await one.reached(held.replyId, 'held');
  await one.replies.dropHeld(held.replyId);
  await one.deps.queues.add('sink', 'broken', { replyId: 'broken', body: 'x' }, { priority: 1, delayMs: 0 });
  await waitFor(async () => (await settled()).length === 7, { describe: 'malformed' });
  expect(await settled()).toEqual(
    [
      `${accepted.replyId} accepted`,
      `${rejected.replyId} rejected`,
      `${cancelled.replyId} dropped cancelled`,
      `${expired.replyId} dropped expired`,
      `${held.replyId} held`,
      `${held.replyId} dropped`,
      'broken rejected',
    ].sort(),
  );
  const of = (replyId: string) => one.replies.getReply(replyId);
  expect(await of(cancelled.replyId)).toMatchObject({ state: 'dropped', failure: { code: 'REPLY_CANCELLED' } });
  expect(await of(expired.replyId)).toMatchObject({ state: 'dropped', failure: { code: 'REPLY_EXPIRED' } });
  expect((await of(accepted.replyId))?.recipients).toMatchObject([
    { address: accepted.to[0], state: 'accepted', delivery: 'unknown' },
  ]);
  expect(room.sink.received.map(({ replyId }) => replyId)).toEqual([accepted.replyId]);
});

it('are not written when the setting is off', async () => {
  const one = await room.replica({ servers: [smtpServer(room.sink.port)] });
  const input = reply();
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'accepted');
  expect((await room.redis.client().keys('*')).filter((key) => key.includes(REPLY_OUTCOMES_QUEUE))).toEqual([]);
});

describe('a report about a reply that was sent', () => {
  const KIM = 'kim@example.net';
  const LEE = 'lee@example.net';
  const failed = (recipient: string, status = '5.1.1') => ({
    recipient,
    action: 'failed' as const,
    permanent: true,
    status,
  });
  const learnt = (journal: Journal, replyId: string, ...recipients: ReturnType<typeof failed>[]) =>
    journal.learn(replyId, ({ deliveries = {}, envelope }) =>
      learn(deliveries, envelope?.to ?? [], {
        deliveryStatus: { recipients },
        isReceipt: false,
        learntAt: new Date().toISOString(),
      }),
    );

  async function accepted(to: string[]): Promise<{ one: Replica; replyId: string }> {
    const one = await replica();
    const input = reply({ to });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    return { one, replyId: input.replyId };
  }
  const deliveries = async () =>
    (await told())
      .filter(({ kind }) => kind === 'delivery')
      .flatMap(({ recipients }) => recipients?.map(({ address, delivery }) => `${address} ${delivery}`) ?? [])
      .sort();

  it('is in the result and reported once, however many deliveries and concurrent readers there are', async () => {
    const { one, replyId } = await accepted([KIM, LEE]);
    const { journal } = one.deps;
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => learnt(journal, replyId, failed(i % 2 === 0 ? KIM : LEE, `5.${i}.0`))),
    );
    expect(await deliveries()).toEqual([`${KIM} bounced`, `${LEE} bounced`]);
    expect((await learnt(journal, replyId, failed(KIM)))?.learnt).toEqual([]);
    expect((await one.replies.getReply(replyId))?.recipients).toMatchObject([
      { address: KIM, state: 'accepted', delivery: 'bounced', report: { hint: expect.stringMatching(/\w/) } },
      { address: LEE, state: 'accepted', delivery: 'bounced' },
    ]);
    expect(await one.replies.evidenceOf(replyId)).toContainEqual(expect.stringContaining('report: bounced'));
  });

  it('adds no entry for a forgotten reply', async () => {
    const journal = createJournal(room.redis.client());
    expect(await learnt(journal, 'never was', failed(KIM))).toBeUndefined();
    expect(await room.redis.client().exists(replyKey(room.redis.client(), 'never was'))).toBe(0);
  });

  it('is written together with its outcome or not at all', async () => {
    const { one, replyId } = await accepted([KIM]);
    const redis = room.redis.client();
    const key = `${PREFIX}:${REPLY_OUTCOMES_QUEUE}:wait`;
    await redis.rename(key, 'aside');
    await redis.set(key, 'garbage');
    await expect(learnt(one.deps.journal, replyId, failed(KIM))).rejects.toMatchObject({ code: 'REDIS_KEY_DAMAGED' });
    expect((await one.replies.getReply(replyId))?.recipients?.[0]?.delivery).toBe('unknown');
    await redis.rename('aside', key);
    await learnt(one.deps.journal, replyId, failed(KIM));
    expect(await deliveries()).toEqual([`${KIM} bounced`]);
  });
});

it('removes outcomes that nobody took within the retention time', async () => {
  const queueFor = async (seconds: number) => {
    const one = await openOutcomes(room.redis.client(), { keepCompletedSeconds: seconds, keepFailedSeconds: seconds });
    room.onEnd(one.close);
    return one;
  };
  const [queue, brief] = [await queueFor(3_600), await queueFor(0)];
  await queue.publish({
    schema: 'mailroom.outcome/1',
    outcomeKey: 'o-1-accepted',
    kind: 'settled',
    at: '2020-01-01T00:00:00.000Z',
    replyId: 'r',
    server: 'sink',
  });
  expect(await queue.clean()).toBe(0);
  expect(await queue.counts()).toEqual({ waiting: 1, failed: 0 });
  await waitFor(async () => (await brief.clean()) === 1, { describe: 'it is older than nothing' });
  expect(await queue.counts()).toEqual({ waiting: 0, failed: 0 });
});

it('a receipt request is in the header, and the result names a server without delivery reports', async () => {
  const one = await replica();
  const [asking, plain] = [reply({ requestReceipt: true, dsn: ['success', 'failure'] }), reply()];
  for (const input of [asking, plain]) {
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
  }
  const [first = '', second = ''] = room.sink.received.map(({ raw }) => raw.split('\r\n\r\n')[0]?.replaceAll('\r', ''));
  expect(first).toMatch(/^Disposition-Notification-To: <support@contoso\.example>$/m);
  expect(second).not.toContain('Disposition-Notification-To');
  const warned = 'the server does not offer delivery reports (dsn)';
  expect((await one.replies.getReply(asking.replyId))?.warnings).toContain(warned);
  expect((await one.replies.getReply(plain.replyId))?.warnings ?? []).not.toContain(warned);
});
