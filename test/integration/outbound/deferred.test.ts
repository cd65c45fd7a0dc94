// A recipient that is deferred beside accepted ones is tried again alone: same Message-ID, the others never again, whatever breaks in between.

import { describe, expect, it } from 'vitest';
import { replyKey } from '../../../src/adapters/redis/journal-entry.ts';
import { PREFIX } from '../../../src/contract/names.ts';
import type { OutboundSettings } from '../../../src/outbound/ports.ts';
import type { TestOutbound } from '../../support/outbound.ts';
import { smtpServer } from '../../support/servers.ts';
import { header } from '../../support/smtp-sink.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica, replyMaker } from './room.ts';

const room = openRoom();
const made = replyMaker('deferred');
const reply = (to: string[]) => made({ to });

const replica = (
  settings: Partial<OutboundSettings> = {},
  change: (one: TestOutbound) => void = () => {},
): Promise<Replica> =>
  room.replica({
    servers: [smtpServer(room.sink.port, { uncertain: 'resend' })],
    settings: { waitScale: 0.005, ...settings },
    change,
  });

const EASY = 'easy@example.net';
const GREY = 'grey@example.net';
const GONE = 'unknown@example.net';
const GREYLISTED = '450 4.2.0 Greylisted, try again later';

/** Deferred so often, then taken. */
function greylist(times: number, address = GREY): void {
  let left = times;
  room.sink.answerRcpt = (asked) => (asked === address && left-- > 0 ? GREYLISTED : undefined);
}

/** Everybody got it at most once. */
function eachOnce(): string[] {
  const got = room.sink.received.flatMap(({ envelope }) => envelope.to);
  expect(new Set(got).size).toBe(got.length);
  return got.toSorted();
}

describe('deferred recipients beside accepted and refused ones', () => {
  it('are retried alone until settled, with each step visible', async () => {
    greylist(2);
    const one = await replica();
    const input = reply([EASY, GREY, GONE]);
    await one.replies.submitReply(input);
    const between = await waitFor(
      async () => {
        const now = await one.replies.getReply(input.replyId);
        return now?.state === 'prepared' && now.recipients?.length === 2 ? now : undefined;
      },
      { describe: 'partly accepted' },
    );
    expect(between).toMatchObject({
      state: 'prepared',
      recipients: [
        { address: EASY, state: 'accepted', attempts: 1 },
        { address: GONE, state: 'rejected', code: 'RECIPIENT_UNKNOWN' },
      ],
      openRecipients: [{ address: GREY, code: 'SMTP_TRANSIENT', remote: { enhancedCode: '4.2.0' } }],
    });
    expect(Date.parse(between.acceptedAt ?? '')).toBeLessThanOrEqual(Date.now());
    expect(Date.parse(between.expectedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(between.acceptedAt ?? ''));
    await one.reached(input.replyId, 'accepted');
    expect((await one.replies.getReply(input.replyId))?.recipients).toMatchObject([
      { address: EASY, state: 'accepted', attempts: 1 },
      { address: GREY, state: 'accepted', attempts: 3 },
      { address: GONE, state: 'rejected', attempts: 1 },
    ]);
    expect(room.sink.received.map(({ envelope }) => envelope.to)).toEqual([[EASY], [GREY]]);
    const ids = room.sink.received.map(({ raw }) => header(raw, 'Message-ID'));
    expect(ids[1]).toBe(ids[0]);
    const names = one.events.map(({ name }) => name);
    expect(names.filter((name) => name === 'ReplyAccepted')).toHaveLength(1);
    expect(names).toContain('ReplyPartlyDeferred');
    expect(names).toContain('ReplyPartlyRefused');
    expect((await one.deps.queues.find('sink', input.replyId))?.result?.recipients).toHaveLength(3);
  });

  it('that are refused for good later leave the reply accepted for the others, and are reported', async () => {
    const answers = [GREYLISTED, '550 5.7.1 no'];
    room.sink.answerRcpt = (asked) => (asked === GREY ? answers.shift() : undefined);
    const one = await replica();
    const input = reply([EASY, GREY]);
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(await one.replies.getReply(input.replyId)).toMatchObject({
      warnings: ['1 of 2 recipients were refused'],
      recipients: [
        { address: EASY, state: 'accepted', attempts: 1 },
        { address: GREY, state: 'rejected', attempts: 2, code: 'RECIPIENT_REFUSED' },
      ],
    });
    expect(eachOnce()).toEqual([EASY]);
  });

  it('beside refused ones only: the refused recipient is not retried', async () => {
    greylist(1);
    const one = await replica();
    const input = reply([GONE, GREY]);
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect((await one.replies.getReply(input.replyId))?.recipients).toMatchObject([
      { address: GONE, state: 'rejected', attempts: 1 },
      { address: GREY, state: 'accepted', attempts: 2 },
    ]);
  });

  it('a limit of the account at one recipient fails no reply', async () => {
    const answers = ['550 5.4.5 Daily user sending quota exceeded'];
    room.sink.answerRcpt = (asked) => (asked === GREY ? answers.shift() : undefined);
    const one = await replica({ waitScale: 0.00005 });
    const input = reply([EASY, GREY]);
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(eachOnce()).toEqual([EASY, GREY].toSorted());
  });

  it('deferred for five days: gives up, and the reply is accepted for the others', async () => {
    greylist(1_000);
    const one = await replica({ waitScale: 0.02 });
    const input = reply([EASY, GREY]);
    await one.replies.submitReply(input);
    const since = async () => (await one.deps.journal.read(input.replyId))?.deferredSince;
    await waitFor(async () => (await since()) !== undefined, { describe: 'deferred' });
    await room.redis
      .client()
      .hset(replyKey(PREFIX, input.replyId), 'deferredSince', ((await since()) ?? 0) - 6 * 86_400_000);
    await one.reached(input.replyId, 'accepted');
    expect((await one.replies.getReply(input.replyId))?.recipients?.[1]).toMatchObject({ state: 'rejected' });
  });

  it('refused after the dot when sent alone: the first recipient keeps the mail', async () => {
    greylist(1);
    room.sink.nextFault = () => (room.sink.received.length === 1 ? { at: 'dot', reply: '554 5.6.0 no' } : undefined);
    const one = await replica();
    const input = reply([EASY, GREY]);
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect((await one.replies.getReply(input.replyId))?.recipients).toMatchObject([
      { state: 'accepted' },
      { state: 'rejected' },
    ]);
    expect(eachOnce()).toEqual([EASY]);
  });
});

describe('interruptions with deferred recipients', () => {
  it('no answer after the first DATA: found in Sent; the accepted one has it, and the deferred one is retried alone', async () => {
    greylist(1);
    room.sink.faults.push('accepted-unanswered');
    const one = await replica();
    const input = reply([EASY, GREY]);
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(eachOnce()).toEqual([EASY, GREY].toSorted());
  });

  it('no answer after the second DATA: the copy of the first in Sent proves nothing; held, and never resent by policy', async () => {
    greylist(1);
    room.sink.nextFault = () => (room.sink.received.length === 1 ? 'dropped-after-dot' : undefined);
    const one = await replica();
    const input = reply([EASY, GREY]);
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'held');
    expect(await one.replies.getReply(input.replyId)).toMatchObject({
      recipients: [{ address: EASY, state: 'accepted' }],
      openRecipients: [{ address: GREY, state: 'uncertain' }],
    });
    expect(eachOnce()).toEqual([EASY]);
    room.sink.nextFault = () => undefined;
    await one.replies.releaseHeld(input.replyId);
    await one.reached(input.replyId, 'accepted');
    expect(eachOnce()).toEqual([EASY, GREY].toSorted());
  });

  const steps = ['submitting', 'data-begun', 'prepared', 'accepted'] as const;
  it.each(
    steps.flatMap((to) => [1, 2].flatMap((time) => [['before', to, time] as const, ['after', to, time] as const])),
  )(
    'the process ends %s the journal says %s, time %i: no recipient gets it twice, and every one is settled',
    async (when, to, time) => {
      greylist(2);
      let seen = 0;
      let ended = false;
      const first = await replica({}, ({ deps }) => {
        const { transition } = deps.journal;
        const gone = () => Promise.reject(new Error('the process ended here'));
        deps.journal.renew = async () => false;
        deps.journal.transition = async (replyId, plan) => {
          if (ended) return gone();
          const here = plan.to === to && ++seen === time;
          if (here && when === 'before') ended = true;
          if (ended) return gone();
          const moved = await transition(replyId, plan);
          if (here) ended = true;
          return ended ? gone() : moved;
        };
        const { release } = deps.journal;
        deps.journal.release = (replyId, fence) => (ended ? gone() : release(replyId, fence));
        deps.settings = { ...deps.settings, insistMs: 100 };
      });
      const input = reply([EASY, GREY]);
      await first.deps.queues.add('sink', input.replyId, input, { priority: 10, delayMs: 0 });
      const { journal } = first.deps;
      await waitFor(async () => ended || (await journal.read(input.replyId))?.state === 'accepted', {
        describe: 'it ended, or all is done',
      });
      await room.end();
      const two = await replica();
      const states = ['accepted', 'held'];
      await waitFor(async () => states.includes((await two.replies.getReply(input.replyId))?.state ?? ''), {
        describe: 'settled',
      });
      const result = await two.replies.getReply(input.replyId);
      const got = eachOnce();
      for (const { address, state } of result?.recipients ?? [])
        expect(got.includes(address)).toBe(state === 'accepted');
      if (result?.state === 'accepted') expect(got).toEqual([EASY, GREY].toSorted());
    },
  );
});
