// An announced wait is kept: what a server's answer asks for is what passes before the next try, over all replicas, and expectedAt says it.
// Judged at the sink, which counts the attempts and their times.
import { describe, expect, it } from 'vitest';
import { createJournal } from '../../../src/adapters/redis/journal.ts';
import { replyKey } from '../../../src/adapters/redis/journal-entry.ts';
import { createPace, paceKey } from '../../../src/adapters/redis/pace.ts';
import { createPauses } from '../../../src/adapters/redis/pauses.ts';
import { PREFIX, repliesQueue, replyJobId } from '../../../src/contract/names.ts';
import { LONGEST_WAIT_MS, sendingMailbox } from '../../../src/domain/reply-pace.ts';
import type { Replies } from '../../../src/outbound/index.ts';
import type { OutboundSettings } from '../../../src/outbound/ports.ts';
import { smtpServer } from '../../support/servers.ts';
import type { Fault } from '../../support/smtp-sink.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica, replyMaker } from './room.ts';

const room = openRoom();
const reply = replyMaker('wait');
let started: Replica[] = [];

/** One connection over all replicas: no attempt is under way when the server's answer comes, so that each one counts. */
const server = () =>
  smtpServer(room.sink.port, { pace: { perMinute: 1_000, connections: 1, recipientsPerDay: 10_000 } });

async function replicas(count: number, settings: Partial<OutboundSettings>, servers = [server()]): Promise<Replies[]> {
  started = await Promise.all(Array.from({ length: count }, () => room.replica({ servers, settings })));
  return started.map(({ replies }) => replies);
}

/** The one replica of a test. */
function only(): Replica {
  const [one] = started;
  if (one === undefined) throw new Error('no replica');
  return one;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** How long each wait is here, ms. */
const WAIT = 2_000;

interface Answer {
  name: string;
  fault: Fault;
  /** What the answer asks for in production, ms; undefined: until the server's next probe. */
  asks?: number;
  /** The whole server waits, not this reply alone. */
  all: boolean;
}

const answers: Answer[] = [
  {
    name: 'busy',
    fault: { at: 'rcpt', reply: '451 4.7.500 Access denied, please try again later' },
    asks: 10 * MINUTE,
    all: true,
  },
  {
    name: 'too many connections',
    fault: { at: 'dot', reply: '432 4.3.2 Concurrent connections limit exceeded' },
    asks: 45 * SECOND,
    all: true,
  },
  {
    name: 'queue quota',
    fault: { at: 'mail', reply: '450 4.7.3 Organization queue quota exceeded' },
    asks: 5 * MINUTE,
    all: true,
  },
  {
    name: 'daily limit',
    fault: { at: 'rcpt', reply: '550 5.1.90 reached your daily limit for message recipients' },
    asks: 2 * HOUR,
    all: true,
  },
  { name: 'paused', fault: { at: 'dot', reply: '550 5.1.8 Access denied, bad outbound sender' }, all: true },
  {
    name: 'greylisted',
    fault: { at: 'rcpt', reply: '450 4.2.0 Greylisted, try again later' },
    asks: MINUTE,
    all: false,
  },
  {
    name: 'recipient’s rate',
    fault: { at: 'rcpt', reply: '554 5.2.122 The recipient has exceeded their limit' },
    asks: HOUR,
    all: false,
  },
];
const cases = answers.flatMap((answer) => [1, 2].map((count) => ({ ...answer, count })));

describe('a wait that an answer requests', () => {
  it.each(cases)('$name, $count replicas: kept, visible, and ended', async ({ fault, asks, all, count }) => {
    const settings = asks === undefined ? { pauseProbeMs: WAIT } : { waitScale: WAIT / asks };
    const [replies] = (await replicas(count, settings)) as [Replies];
    room.sink.nextFault = () => fault;
    const inputs = [reply(), reply(), reply()];
    for (const input of inputs) await replies.submitReply(input);
    const expected = all ? 1 : inputs.length;
    await waitFor(() => room.sink.attempts.length >= expected, { describe: 'the first attempts' });
    const began = room.sink.attempts[0] ?? 0;
    // All replies behind it say when they go.
    await waitFor(
      async () => {
        const results = await Promise.all(inputs.map(({ replyId }) => replies.getReply(replyId)));
        return results.every((result) => Date.parse(result?.expectedAt ?? '') >= began + WAIT - 20);
      },
      { describe: 'expectedAt of each' },
    );
    for (const { replyId } of inputs) {
      const expectedAt = Date.parse((await replies.getReply(replyId))?.expectedAt ?? '');
      expect(expectedAt).toBeLessThan((room.sink.attempts.at(-1) ?? 0) + WAIT * 1.25 + 4_000);
    }
    room.sink.nextFault = () => undefined;
    await waitFor(() => room.sink.attempts.length > expected, {
      describe: 'the next attempt',
      timeoutMs: WAIT * 1.25 + 25_000,
    });
    expect((room.sink.attempts[expected] ?? 0) - began).toBeGreaterThanOrEqual(WAIT - 20);
    await waitFor(
      async () => {
        const results = await Promise.all(inputs.map(({ replyId }) => replies.getReply(replyId)));
        return results.every((result) => result?.state === 'accepted');
      },
      { describe: 'all accepted', timeoutMs: 4 * WAIT + 30_000 },
    );
    expect(room.sink.received).toHaveLength(inputs.length);
  });

  it.each([
    ['two hours', '550 5.4.5 Daily user sending limit exceeded', 2],
    ['six hours', '550 5.7.232 Tenant external recipient limit', 6],
    ['a day', '452 4.3.1 Sending quota exceeded, try again in 24 hours', 24],
  ])('%s at one of two recipients: kept in full length', async (_, answer, hours) => {
    const [replies] = (await replicas(1, { restingMs: 0, seekMs: 100 })) as [Replies];
    const { deps } = only();
    const [taken, refused] = ['taken@example.net', 'refused@example.net'];
    room.sink.answerRcpt = (address) => (address === refused ? answer : undefined);
    const input = reply({ to: [taken, refused] });
    await replies.submitReply(input);
    const expected = async () => Date.parse((await replies.getReply(input.replyId))?.expectedAt ?? '');
    await waitFor(async () => (await expected()) >= Date.now() + (hours - 0.01) * HOUR, { describe: 'it waits' });
    const sleeps = async () => (await deps.queues.state('sink', input.replyId)) === 'delayed';
    await waitFor(sleeps, { describe: 'delayed' });
    expect(await deps.queues.putBack('sink')).toEqual([]);
    // A worker with a fast clock takes it early.
    await deps.queues.again('sink', input.replyId, input, { priority: 1 });
    await waitFor(sleeps, { describe: 'delayed again' });
    expect(await expected()).toBeGreaterThan(Date.now() + (hours - 0.01) * HOUR);
    expect(room.sink.attempts).toHaveLength(1);
  });

  it('recipients of the day used up: no attempt, and the expected time is reported', async () => {
    const one = smtpServer(room.sink.port, { pace: { perMinute: 1_000, connections: 1, recipientsPerDay: 1 } });
    const [replies] = (await replicas(2, {}, [one])) as [Replies];
    const [first, second] = [reply(), reply()];
    await replies.submitReply(first);
    await waitFor(async () => (await replies.getReply(first.replyId))?.state === 'accepted', { describe: 'accepted' });
    await replies.submitReply(second);
    await waitFor(
      async () => Date.parse((await replies.getReply(second.replyId))?.expectedAt ?? '') > Date.now() + 22 * HOUR,
      { describe: 'the day is said' },
    );
    expect(room.sink.attempts).toHaveLength(1);
  });
});

it('421 on a connection that was in use for a while: reconnects at once within the same submission', async () => {
  const [replies] = (await replicas(1, {})) as [Replies];
  const [first, second] = [reply(), reply()];
  const ends = (replyId: string) =>
    waitFor(async () => (await replies.getReply(replyId))?.state === 'accepted', { describe: 'accepted' });
  await replies.submitReply(first);
  await ends(first.replyId);
  room.sink.faults.push({ at: 'mail', reply: '421 4.7.0 too many messages in this connection' });
  await replies.submitReply(second);
  await ends(second.replyId);
  expect((await replies.getReply(second.replyId))?.attempts).toBe(1);
  // The first mail, the refused try and the one on a new connection.
  expect(room.sink.attempts).toHaveLength(3);
  expect(room.sink.received.map(({ replyId }) => replyId)).toEqual([first.replyId, second.replyId]);
  expect(only().events.map(({ name }) => name)).not.toContain('ReplyRetried');
});

describe('clocks that jump', () => {
  it('a worker whose clock is fast takes a waiting reply early: the reply waits all the same', async () => {
    const [replies] = (await replicas(1, { waitScale: WAIT / MINUTE })) as [Replies];
    room.sink.nextFault = () => ({ at: 'rcpt', reply: '450 4.2.0 Greylisted' });
    const input = reply();
    await replies.submitReply(input);
    await waitFor(() => room.sink.attempts.length === 1, { describe: 'one attempt' });
    await waitFor(async () => (await only().deps.journal.read(input.replyId))?.dueAt !== undefined, {
      describe: 'it waits',
    });
    // What such a worker does: its job is due by its own clock.
    await waitFor(async () => (await only().deps.queues.state('sink', input.replyId)) === 'delayed', {
      describe: 'delayed',
    });
    await only().deps.queues.again('sink', input.replyId, input, { priority: 1 });
    await waitFor(() => room.sink.attempts.length === 2, { describe: 'the second attempt' });
    expect((room.sink.attempts[1] ?? 0) - (room.sink.attempts[0] ?? 0)).toBeGreaterThanOrEqual(WAIT - 20);
  });

  it('a reply delayed by a clock that was a day ahead runs within a minute; its own notBefore is kept', async () => {
    const [replies] = (await replicas(1, { waitScale: 0.001 })) as [Replies];
    const { deps } = only();
    await deps.queues.pause('sink');
    const [far, wanted] = [reply(), { ...reply(), notBefore: new Date(Date.now() + 30 * HOUR).toISOString() }];
    await deps.queues.add('sink', far.replyId, far, { priority: 10, delayMs: 24 * HOUR });
    await replies.submitReply(wanted);
    await deps.queues.resume('sink');
    // The replica's own sweep may have put it back first; neither touches the other reply.
    expect([replyJobId(far.replyId)]).toEqual(expect.arrayContaining(await deps.queues.putBack('sink')));
    await waitFor(() => room.sink.received.length === 1, { describe: 'sent' });
    expect(room.sink.received[0]?.replyId).toBe(far.replyId);
    expect(await deps.queues.state('sink', wanted.replyId)).toBe('delayed');
  });

  it('a due reply that was delayed by a fast clock is processed', async () => {
    const [replies] = (await replicas(1, { waitScale: WAIT / MINUTE, restingMs: 0, seekMs: 500 })) as [Replies];
    const { deps } = only();
    room.sink.faults.push({ at: 'rcpt', reply: '450 4.2.0 Greylisted' });
    const input = reply();
    await replies.submitReply(input);
    await waitFor(async () => (await deps.queues.state('sink', input.replyId)) === 'delayed', { describe: 'delayed' });
    const client = room.redis.client();
    // An hour ahead in the queue, and long due by the journal.
    await client.zadd(
      `{mailroom}:${repliesQueue('sink')}:delayed`,
      (Date.now() + HOUR) * 4_096,
      replyJobId(input.replyId),
    );
    await client.hset(replyKey(PREFIX, input.replyId), 'dueAt', Date.now() - 2 * MINUTE);
    await waitFor(async () => (await replies.getReply(input.replyId))?.state === 'accepted', {
      describe: 'accepted',
      timeoutMs: 40_000,
    });
  });

  it('shortens leases, pauses, waits and pace entries that lie ahead of Redis’ clock, and none that an answer can ask for', async () => {
    const client = room.redis.client();
    const ahead = Date.now() + 24 * HOUR;
    const journal = createJournal(client);
    const ask = { replyId: 'ahead', digest: 'd', server: 'sink', leaseMs: 400 };
    expect(await journal.claim({ ...ask, owner: 'first' })).toMatchObject({ claim: 'yours' });
    await client.hset(replyKey(PREFIX, 'ahead'), 'leaseUntil', ahead);
    expect(await journal.claim({ ...ask, owner: 'second' })).toMatchObject({ claim: 'busy', retryAfterMs: 400 });
    await waitFor(async () => (await journal.claim({ ...ask, owner: 'third' })).claim === 'yours', {
      describe: 'it lapses',
    });

    const pauses = createPauses(client);
    await pauses.set('daily', { code: 'SUBMISSION_QUOTA', hint: '', probeMs: LONGEST_WAIT_MS });
    expect((await pauses.read('daily'))?.leftMs).toBeGreaterThan(LONGEST_WAIT_MS - MINUTE);
    expect(await pauses.lift('daily')).toBe(false);
    await client.flushall();
    await pauses.set('sink', { code: 'SMTP_AUTH_FAILED', hint: '', probeMs: 1_000 });
    const [pauseKey = ''] = await client.keys('*smtp-pause*');
    await client.hset(pauseKey, 'until', Date.now() + 48 * HOUR);
    expect(await pauses.read('sink')).toMatchObject({ leftMs: 0 });
    expect(await pauses.lift('sink')).toBe(true);

    const pace = createPace(client, 1_000);
    const mailbox = sendingMailbox(server());
    await client.zadd(paceKey(PREFIX, 'minute', mailbox), ahead, 'old');
    await client.hset(paceKey(PREFIX, 'day', mailbox), String(Math.floor(ahead / HOUR) + 1), '1');
    const want = { mailbox, token: 't', perMinute: 1, recipients: 1, recipientsPerDay: 10 };
    expect(await pace.acquire(want)).toMatchObject({ granted: false, reason: 'minute' });
    await waitFor(async () => (await pace.acquire(want)).granted, { describe: 'a minute later' });
    await client.set(paceKey(PREFIX, 'wait', mailbox), '1', 'PX', 24 * HOUR);
    expect(await pace.acquire({ ...want, token: 'u' })).toEqual({ granted: false, reason: 'asked', waitMs: 2 * HOUR });
    expect(await client.pttl(paceKey(PREFIX, 'wait', mailbox))).toBeLessThanOrEqual(2 * HOUR);
  });
});
