// Cancelling, expiring and hurrying a reply against a worker that has it: of cancel and DATA exactly one wins, whenever they meet.
import { describe, expect, it } from 'vitest';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import { dataBegunMark } from '../../../src/domain/reply-journal.ts';
import type { OutboundDeps, OutboundSettings } from '../../../src/outbound/ports.ts';
import { smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica, replyMaker } from './room.ts';

const room = openRoom();
const reply = replyMaker('cancel');
const FAR = '2099-01-01T00:00:00Z';

const replica = (
  change: (deps: OutboundDeps) => void = () => {},
  { settings = {}, server = {} }: { settings?: Partial<OutboundSettings>; server?: Partial<SmtpServer> } = {},
): Promise<Replica> =>
  room.replica({
    servers: [smtpServer(room.sink.port, server)],
    settings: { waitScale: 0.005, ...settings },
    change: ({ deps }) => change(deps),
  });

/** How a cancel ended. */
const cancel = (one: Replica, replyId: string): Promise<string> =>
  one.replies.cancelReply(replyId).then(
    () => 'cancelled',
    (error: unknown) => (error instanceof MailroomError ? error.code : String(error)),
  );

/** Runs this at the first time that a reply is about to be, or has been, moved to a state. */
function atStep(deps: OutboundDeps, when: 'before' | 'after', state: string, run: () => Promise<void>): void {
  const { journal } = deps;
  const { transition } = journal;
  let met = false;
  const meet = async (to: string) => {
    if (met || to !== state) return;
    met = true;
    await run();
  };
  deps.journal = {
    ...journal,
    async transition(replyId, plan) {
      if (when === 'before') await meet(plan.to);
      const moved = await transition(replyId, plan);
      if (when === 'after') await meet(plan.to);
      return moved;
    },
  };
}

describe('a cancellation during processing', () => {
  it.each([
    ['before', 'prepared', 'cancelled'],
    ['after', 'prepared', 'cancelled'],
    ['before', 'submitting', 'cancelled'],
    ['after', 'submitting', 'cancelled'],
    ['before', 'data-begun', 'cancelled'],
    ['after', 'data-begun', 'REPLY_TOO_LATE'],
    ['before', 'accepted', 'REPLY_TOO_LATE'],
    ['after', 'accepted', 'REPLY_TOO_LATE'],
  ] as const)('%s %s: %s, and the customer’s mailbox matches', async (when, state, expected) => {
    const input = reply();
    const ended: string[] = [];
    // Another replica is asked, as a backend's request may be.
    const other = await replica(() => {}, { server: { name: 'other' } });
    const one = await replica((deps) =>
      atStep(deps, when, state, async () => void ended.push(await cancel(other, input.replyId))),
    );
    await one.replies.submitReply(input);
    await waitFor(
      async () => {
        const known = (await other.replies.getReply(input.replyId))?.state;
        return ended.length > 0 && (known === 'accepted' || known === 'dropped');
      },
      { describe: 'ended' },
    );
    expect(ended).toEqual([expected]);
    expect(room.sink.received).toHaveLength(expected === 'cancelled' ? 0 : 1);
    const result = await other.replies.getReply(input.replyId);
    expect([result?.state, result?.ended]).toEqual(
      expected === 'cancelled' ? ['dropped', 'cancelled'] : ['accepted', undefined],
    );
  });

  it('by many callers on two replicas: each reply is either cancelled or sent', async () => {
    const one = await replica();
    const two = await replica();
    const inputs = Array.from({ length: 40 }, () => reply());
    const asked = await Promise.all(
      inputs.map(async (input, i) => {
        await one.replies.submitReply(input);
        if (i % 2 === 0)
          await waitFor(async () => (await two.deps.journal.read(input.replyId))?.fence !== 0, { describe: 'taken' });
        return [input.replyId, await cancel(i % 3 === 0 ? one : two, input.replyId)] as const;
      }),
    );
    await waitFor(
      async () => {
        const states = await Promise.all(inputs.map(({ replyId }) => one.replies.getReply(replyId)));
        return states.every((result) => result?.state === 'accepted' || result?.state === 'dropped');
      },
      { describe: 'all ended' },
    );
    const sent = room.sink.received.map(({ replyId }) => replyId).sort();
    expect(sent).toEqual(
      asked
        .filter(([, how]) => how !== 'cancelled')
        .map(([replyId]) => replyId)
        .sort(),
    );
    expect(new Set(asked.map(([, how]) => how)).size).toBeLessThanOrEqual(2);
  });
});

describe('a cancellation', () => {
  it('within the undo window takes effect at once, and is idempotent', async () => {
    const one = await replica();
    const input = reply({ notBefore: FAR });
    await one.replies.submitReply(input);
    expect(await cancel(one, input.replyId)).toBe('cancelled');
    // Its job ends now, not in 2099.
    await waitFor(async () => (await one.deps.queues.find('sink', input.replyId))?.ended === true, {
      describe: 'job ended',
    });
    expect((await one.deps.queues.find('sink', input.replyId))?.result).toMatchObject({
      state: 'dropped',
      ended: 'cancelled',
      failure: { code: 'REPLY_CANCELLED' },
    });
    expect(await cancel(one, input.replyId)).toBe('cancelled');
    // Handed in again it stays what it is.
    expect(await one.replies.submitReply(input)).toMatchObject({ state: 'dropped', ended: 'cancelled' });
  });

  it('removes a reply that a backend queued itself and no worker has taken', async () => {
    const one = await replica();
    const input = reply({ notBefore: FAR });
    await one.deps.queues.add('sink', input.replyId, input, { priority: 10, delayMs: 1_000_000 });
    expect(await cancel(one, input.replyId)).toBe('cancelled');
    expect(await one.replies.getReply(input.replyId)).toMatchObject({ state: 'dropped', ended: 'cancelled' });
  });

  it.each([
    ['never was', async () => 'unknown-reply', 'REPLY_UNKNOWN'],
    [
      'a reply that some recipients already have',
      async (one: Replica) => {
        room.sink.answerRcpt = (address) => (address === 'grey@example.net' ? '450 4.2.0 later' : undefined);
        const input = reply({ to: ['easy@example.net', 'grey@example.net'] });
        await one.replies.submitReply(input);
        await waitFor(async () => (await one.replies.getReply(input.replyId))?.acceptedAt !== undefined, {
          describe: 'partly',
        });
        return input.replyId;
      },
      'REPLY_TOO_LATE',
    ],
    [
      'a reply that may have been sent and that Redis forgot',
      async (one: Replica) => {
        const input = reply({ notBefore: FAR });
        await one.replies.submitReply(input);
        await one.deps.blobs.createMarker(dataBegunMark(input.replyId, 1));
        return input.replyId;
      },
      'REPLY_TOO_LATE',
    ],
    [
      'a reply held because its delivery is uncertain',
      async (one: Replica) => {
        room.sink.faults.push('dropped-after-dot');
        const input = reply();
        await one.replies.submitReply(input);
        await one.reached(input.replyId, 'held');
        return input.replyId;
      },
      'REPLY_TOO_LATE',
    ],
  ])('is refused for %s', async (_, made, code) => {
    const one = await replica(() => {}, { settings: { settleMs: 200, firstLookMs: 50, waitScale: 1 } });
    expect(await cancel(one, await made(one))).toBe(code);
  });

  it('by a job on the queue ends with the reply’s result, or with the reason why it is too late', async () => {
    const one = await replica();
    const [waiting, sent] = [reply({ notBefore: FAR }), reply()];
    await one.replies.submitReply(waiting);
    await one.replies.submitReply(sent);
    await one.reached(sent.replyId, 'accepted');
    const ended = async (jobId: string, cancels: string) => {
      const job = { schema: 'mailroom.reply/1', cancel: cancels };
      await one.deps.queues.add('sink', jobId, job, { priority: 1, delayMs: 0 });
      await waitFor(async () => (await one.deps.queues.find('sink', jobId))?.result !== undefined, { describe: jobId });
      return (await one.deps.queues.find('sink', jobId))?.result;
    };
    expect(await ended('c1', waiting.replyId)).toMatchObject({ replyId: waiting.replyId, ended: 'cancelled' });
    expect(await ended('c2', sent.replyId)).toMatchObject({
      replyId: sent.replyId,
      state: 'accepted',
      failure: { code: 'REPLY_TOO_LATE' },
    });
    expect(await ended('c3', 'never was')).toMatchObject({ state: 'rejected', failure: { code: 'REPLY_UNKNOWN' } });
  });
});

describe('expiresAt', () => {
  const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

  it('reached between RCPT and DATA: sends nothing', async () => {
    const input = reply({ expiresAt: soon(700) });
    const one = await replica((deps) =>
      atStep(deps, 'after', 'submitting', async () => {
        await waitFor(() => Date.now() > Date.parse(input.expiresAt ?? ''), { describe: 'expired' });
      }),
    );
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'dropped');
    expect(await one.replies.getReply(input.replyId)).toMatchObject({ ended: 'expired' });
    expect(room.sink.received).toEqual([]);
  });

  it('is reported in time although its server is paused', async () => {
    const one = await replica(() => {}, { settings: { restingMs: 50, seekMs: 100 } });
    await one.deps.pauses.set('sink', { code: 'SMTP_AUTH_FAILED', hint: '', probeMs: 60_000 });
    await waitFor(() => one.deps.queues.paused('sink'), { describe: 'paused' });
    const input = reply({ expiresAt: soon(200) });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'dropped');
    expect(one.events.map(({ name }) => name)).toContain('ReplyExpired');
  });

  it('ends a reply for recipients that are still deferred; the others keep theirs', async () => {
    room.sink.answerRcpt = (address) => (address === 'grey@example.net' ? '450 4.2.0 later' : undefined);
    const one = await replica();
    const input = reply({ to: ['easy@example.net', 'grey@example.net'], expiresAt: soon(3_000) });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect((await one.replies.getReply(input.replyId))?.recipients).toMatchObject([
      { address: 'easy@example.net', state: 'accepted' },
      { address: 'grey@example.net', state: 'rejected', code: 'REPLY_EXPIRED' },
    ]);
  });

  it('before notBefore: drops the reply at that time and not later', async () => {
    const one = await replica();
    const input = reply({ notBefore: FAR, expiresAt: soon(150) });
    await one.deps.queues.add('sink', input.replyId, input, { priority: 10, delayMs: 0 });
    await one.reached(input.replyId, 'dropped');
  });
});

describe('an expiresAt long ago', () => {
  // The first is the date of nobody in .NET; both are negative in epoch ms.
  it.each(['0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z'])(
    '%s: drops the reply, submitted or added',
    async (expiresAt) => {
      const one = await replica();
      const [submitted, added] = [reply({ expiresAt }), reply({ expiresAt })];
      await one.replies.submitReply(submitted);
      await one.deps.queues.add('sink', added.replyId, added, { priority: 10, delayMs: 0 });
      for (const { replyId } of [submitted, added]) {
        await one.reached(replyId, 'dropped');
        expect(await one.replies.getReply(replyId)).toMatchObject({ ended: 'expired' });
      }
      expect(one.events.map(({ name }) => name)).not.toContain('RedisKeyQuarantined');
    },
  );
});

describe('priority', () => {
  it('is raised while the reply waits, never lowered, and does not change the reply', async () => {
    const one = await replica();
    await one.deps.pauses.set('sink', { code: 'SMTP_AUTH_FAILED', hint: '', probeMs: 60_000 });
    await waitFor(() => one.deps.queues.paused('sink'), { describe: 'paused' });
    const [first, second, third] = [reply(), reply(), reply({ priority: 'low' })];
    for (const input of [first, second, third]) await one.replies.submitReply(input);
    await one.replies.raisePriority(third.replyId, 'high');
    await one.replies.raisePriority(first.replyId, 'low');
    expect(await one.replies.submitReply(third)).toMatchObject({ state: 'queued' });
    // In the queue; on the way, several workers have them at once.
    const ahead = async ({ replyId }: { replyId: string }) => (await one.deps.queues.find('sink', replyId))?.ahead;
    expect(await Promise.all([third, first, second].map(ahead))).toEqual([0, 1, 2]);
    await one.deps.pauses.lift('sink', true);
    await waitFor(() => room.sink.received.length === 3, { describe: 'all sent' });
    await one.reached(third.replyId, 'accepted');
    await expect(one.replies.raisePriority(third.replyId, 'high')).rejects.toMatchObject({ code: 'REPLY_TOO_LATE' });
    await expect(one.replies.raisePriority('never was', 'high')).rejects.toMatchObject({ code: 'REPLY_UNKNOWN' });
  });
});

it('replies of several states are listed newest first, by when they came into their state', async () => {
  const { replies } = await room.waiting({ servers: [smtpServer(room.sink.port)] });
  const client = room.redis.client();
  const clock = async () => {
    const [seconds, micros] = await client.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  };
  const ids: string[] = [];
  for (const act of ['queue', 'cancel', 'queue', 'cancel']) {
    const given = reply();
    ids.unshift(given.replyId);
    await replies.submitReply(given);
    if (act === 'cancel') await replies.cancelReply(given.replyId);
    // States are ordered by the millisecond of Redis' clock.
    const at = await clock();
    await waitFor(async () => (await clock()) > at, { describe: 'the next millisecond' });
  }
  expect((await replies.listReplies(['dropped', 'queued'], 10)).map(({ replyId }) => replyId)).toEqual(ids);
});
