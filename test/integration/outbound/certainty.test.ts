// What must not lead to a second mail, nor to a lost one, although the journal alone would not notice: Redis that forgot its tail or everything,
// a worker that slept through its claim, a job that is gone, a server that signs in as another mailbox since.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openReplyQueues } from '../../../src/adapters/queue/replies.ts';
import { createJournal } from '../../../src/adapters/redis/journal.ts';
import { replyKey } from '../../../src/adapters/redis/journal-entry.ts';
import { PREFIX } from '../../../src/contract/names.ts';
import { replySchema } from '../../../src/contract/reply.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import { dataBegunMark, replyDigest } from '../../../src/domain/reply-journal.ts';
import { LATE_ACCEPTANCE_FROM } from '../../../src/outbound/conclude.ts';
import { smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type ReplicaOptions, replyMaker } from './room.ts';

const room = openRoom();
const reply = replyMaker('certain');

const replica = (options: Partial<ReplicaOptions> = {}) =>
  room.replica({ servers: [smtpServer(room.sink.port)], ...options });

describe('when Redis forgets that DATA began', () => {
  it.each(['prepared', 'submitting'])('and returns to %s: looks in Sent and does not send again', async (state) => {
    const one = await replica();
    const input = reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    const client = room.redis.client();
    await client.hset(replyKey(PREFIX, input.replyId), 'state', state);
    await client.hdel(
      replyKey(PREFIX, input.replyId),
      ...['begins', 'dataFence', 'dataBegunAt', 'result', 'recipients', 'acceptances'],
    );
    await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
    await one.reached(input.replyId, 'accepted');
    expect(one.events.map(({ name }) => name)).toContain('ReplyForgotten');
    expect((await one.replies.getReply(input.replyId))?.warnings?.[0]).toContain('found in Sent by reply-id');
    expect(room.sink.received).toHaveLength(1);
  });

  it('and everything else, and the backend adds the reply again: accepted by the copy in Sent', async () => {
    const one = await replica();
    const input = reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    await room.redis.client().flushall();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(room.sink.received).toHaveLength(1);
  });

  it('for a mail without a marker of an earlier attempt: looks in Sent all the same', async () => {
    const one = await replica({
      change({ deps: { blobs } }) {
        const { createMarker } = blobs;
        // The first DATA begins in the journal alone: no marker, so not a byte left. The second goes through.
        blobs.createMarker = async () => {
          blobs.createMarker = createMarker;
          throw new MailroomError('BLOB_STORE_UNAVAILABLE');
        };
      },
    });
    const input = reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect((await one.deps.journal.read(input.replyId))?.begins).toBe(2);
    await room.redis.client().flushall();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(one.events.map(({ name }) => name)).toContain('ReplyForgotten');
    expect(room.sink.received).toHaveLength(1);
  });

  it('for a mail that is not in Sent: holds the reply; once released it is sent without another doubt', async () => {
    const one = await replica();
    const input = reply();
    for (const times of [1, 2, 3]) await one.deps.blobs.createMarker(dataBegunMark(input.replyId, times));
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'held');
    expect((await one.replies.evidenceOf(input.replyId)).join('\n')).toContain('which Redis has forgotten');
    expect(room.sink.received).toHaveLength(0);
    await one.replies.releaseHeld(input.replyId);
    await one.reached(input.replyId, 'accepted');
    expect(room.sink.received).toHaveLength(1);
  });

  it('while another worker submits: creates no second marker, and the second worker becomes uncertain', async () => {
    const input = reply();
    const one = await replica({
      change({ deps: { blobs } }) {
        const { createMarker } = blobs;
        // Another worker begins after this one has found no marker and before it creates its own.
        blobs.createMarker = async (name) => {
          blobs.createMarker = createMarker;
          await createMarker(name);
          return createMarker(name);
        };
      },
    });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'held');
    expect(room.sink.received).toHaveLength(0);
  });
});

it('never reuses a claim number that Redis forgot', async () => {
  const client = room.redis.client();
  const journal = createJournal(client);
  const claim = async (owner: string) => {
    const given = await journal.claim({ replyId: 'twin', digest: 'd', server: 'sink', owner, leaseMs: 60_000 });
    return given.claim === 'yours' ? given.fence : 0;
  };
  await journal.admit({ replyId: 'twin', digest: 'd', server: 'sink' });
  const before = await client.dumpBuffer(replyKey(PREFIX, 'twin'));
  const forgotten = await claim('first');
  await client.restore(replyKey(PREFIX, 'twin'), 0, before, 'REPLACE');
  const fence = await claim('second');
  for (const [from, to] of [
    ['queued', 'prepared'],
    ['prepared', 'submitting'],
    ['submitting', 'data-begun'],
  ] as const)
    expect(await journal.transition('twin', { from: [from], to, fence })).toMatchObject({ moved: true });
  // The first knows not a byte of its own has left; the second one's mail is on its way.
  const back = await journal.transition('twin', {
    from: ['submitting', 'data-begun'],
    to: 'prepared',
    fence: forgotten,
  });
  expect(back).toMatchObject({ moved: false, state: 'data-begun' });
  expect(await journal.renew('twin', forgotten, 1_000)).toBe(false);
});

it('a reply that is recorded without a job is not reported as queued: the backend adds it again, and it is sent', async () => {
  const one = await replica();
  const input = reply();
  const digest = replyDigest(replySchema.parse(input));
  await one.deps.journal.admit({ replyId: input.replyId, digest, server: 'sink' });
  expect(await one.replies.getReply(input.replyId)).toBeUndefined();
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'accepted');
  expect(room.sink.received).toHaveLength(1);
});

it.each([
  ['the first time', 0],
  ['again', 1],
])(
  'a reply that is submitted %s, and that Redis forgets before it is on disk, is not reported as accepted for sending',
  async (_when, before) => {
    const one = await replica();
    const input = { ...reply(), notBefore: new Date(Date.now() + 3_600_000).toISOString() };
    for (let i = 0; i < before; i++) await one.replies.submitReply(input);
    const { onDisk } = one.deps.journal;
    one.deps.journal.onDisk = async () => {
      await room.redis.client().flushall();
      return onDisk();
    };
    await expect(one.replies.submitReply(input)).rejects.toThrow(
      expect.objectContaining({ code: 'REDIS_UNREACHABLE' }),
    );
  },
);

it('a reply that Redis forgets while it is submitted again counts as the same reply, and is sent once', async () => {
  const one = await replica();
  const input = reply();
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'accepted');
  const { read } = one.deps.journal;
  one.deps.journal.read = async (replyId) => {
    const entry = await read(replyId);
    one.deps.journal.read = read;
    await room.redis.client().flushall();
    return entry;
  };
  expect(await one.replies.submitReply(input)).toMatchObject({ replyId: input.replyId });
  await one.reached(input.replyId, 'accepted');
  expect(room.sink.received).toHaveLength(1);
});

it('sends nothing while the blob store refuses markers; sends once afterwards', async () => {
  let refused = 0;
  const one = await replica({
    change({ deps: { blobs } }) {
      const { createMarker } = blobs;
      blobs.createMarker = async (name) => {
        refused += 1;
        if (refused < 3) throw new MailroomError('BLOB_STORE_UNAVAILABLE');
        return createMarker(name);
      };
    },
  });
  const input = reply();
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'accepted');
  expect(refused).toBe(4); // refused twice, then the one that is missing, and that of this time
  expect(room.sink.received).toHaveLength(1);
});

it('a missing rendered mail ends its reply with the reason, and other replies continue', async () => {
  const one = await replica();
  const input = reply();
  room.sink.faults.push('dropped-after-dot');
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'held');
  await one.deps.blobs.delete((await one.deps.journal.read(input.replyId))?.rendered ?? '');
  await one.replies.releaseHeld(input.replyId);
  await one.reached(input.replyId, 'rejected');
  expect((await one.replies.getReply(input.replyId))?.failure?.code).toBe('BLOB_NOT_FOUND');
  const other = reply();
  await one.replies.submitReply(other);
  await one.reached(other.replyId, 'accepted');
  expect(room.sink.received).toHaveLength(1);
});

it('a damaged rendered mail ends its reply with that reason; a store that fails inside the mail does not', async () => {
  const failures = [new MailroomError('BLOB_STORE_UNAVAILABLE'), new MailroomError('BLOB_DAMAGED')];
  const one = await replica({
    settings: { waitScale: 0.01 },
    change: ({ deps }) => {
      const open = deps.openSubmitter;
      deps.openSubmitter = (server) => {
        const submitter = open(server);
        async function* damaged(mail: AsyncIterable<Uint8Array>) {
          for await (const bytes of mail) yield bytes.subarray(0, 100);
          throw failures.shift();
        }
        return { ...submitter, submit: (mail) => submitter.submit({ ...mail, bytes: () => damaged(mail.bytes()) }) };
      };
    },
  });
  const input = reply();
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'rejected');
  expect(await one.replies.getReply(input.replyId)).toMatchObject({ attempts: 2, failure: { code: 'BLOB_DAMAGED' } });
  expect((await one.deps.journal.read(input.replyId))?.evidence).toContainEqual(
    expect.stringContaining('withheld before its end: The blob store cannot be read or written'),
  );
  expect(room.sink.received).toEqual([]);
});

it.each([
  ['before the first byte', 0],
  ['inside the mail', 1],
])('a worker that slept past its claim %s sends no final dot', async (_when, piece) => {
  let slept = false;
  let awake = false;
  async function* sleepy(mail: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let at = 0;
    for await (const bytes of mail) {
      for (let i = 0; i < bytes.length; i += 64, at++) {
        if (at === piece && !slept) {
          slept = true;
          await new Promise((resolve) => setTimeout(resolve, 2_000));
          awake = true;
        }
        yield bytes.subarray(i, i + 64);
      }
    }
  }
  const one = await replica({
    settings: { leaseMs: 1_200, waitScale: 0.02 },
    change: ({ deps }) => {
      const { renew } = deps.journal;
      deps.journal.renew = async (...claim) => awake && renew(...claim);
      const open = deps.openSubmitter;
      deps.openSubmitter = (server) => {
        const submitter = open(server);
        return { ...submitter, submit: (mail) => submitter.submit({ ...mail, bytes: () => sleepy(mail.bytes()) }) };
      };
    },
  });
  const input = reply();
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'accepted');
  expect(slept).toBe(true);
  expect(room.sink.received).toHaveLength(1);
  expect((await one.deps.journal.read(input.replyId))?.begins).toBeGreaterThan(1);
});

it('a late acceptance settles what another worker doubts, a person decided, or Redis forgot', async () => {
  const journal = createJournal(room.redis.client());
  // All but data-begun, which every acceptance comes from.
  for (const state of LATE_ACCEPTANCE_FROM.filter((one) => one !== 'data-begun')) {
    const replyId = `late-${state}`;
    await journal.admit({ replyId, digest: 'd', server: 'sink' });
    await journal.transition(replyId, { from: ['queued'], to: state });
    const accepted = await journal.transition(replyId, {
      from: LATE_ACCEPTANCE_FROM,
      to: 'accepted',
    });
    expect([state, accepted]).toMatchObject([state, { state: 'accepted', moved: true }]);
  }
});

it('a reply without its job gets a new one after a crash between release and queue', async () => {
  const one = await replica({ settings: { restingMs: 0, tickMs: 20 } });
  const input = reply();
  room.sink.faults.push('dropped-after-dot');
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'held');
  await one.deps.journal.transition(input.replyId, { from: ['held'], to: 'prepared' });
  await one.reached(input.replyId, 'accepted');
  expect(one.events.map(({ name }) => name)).toContain('ReplyTakenUp');
  expect(room.sink.received).toHaveLength(1);
});

it('when the server signs in as another mailbox, Sent proves nothing, and the policy resend does not send', async () => {
  const first = smtpServer(room.sink.port, { uncertain: 'resend' });
  const one = await replica({ servers: [first], settings: { settleMs: 1_500, firstLookMs: 400 } });
  const input = reply();
  room.sink.faults.push('dropped-after-dot');
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'uncertain');
  one.change([{ ...first, user: 'other@contoso.example', additionalFromAddresses: [first.user] }]);
  await one.reached(input.replyId, 'held');
  expect((await one.replies.evidenceOf(input.replyId)).join('\n')).toContain('another mailbox');
  expect(room.sink.received).toHaveLength(0);
});

it('a replica with a fast clock does not decide early: the journal’s clock counts', async () => {
  const one = await replica({ settings: { settleMs: 3_000, firstLookMs: 200 } });
  const input = reply();
  room.sink.faults.push('dropped-after-dot');
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'uncertain');
  const looks = async () => (await one.deps.journal.read(input.replyId))?.looks ?? 0;
  const before = await looks();
  const { now } = Date;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
  onTestFinished(() => void vi.restoreAllMocks());
  // Who decides by that clock does it at the first look.
  await waitFor(async () => (await looks()) >= before + 2, { describe: 'two looks' });
  await one.reached(input.replyId, 'held');
});

it('a replyId used on two servers is one reply', async () => {
  const two = [smtpServer(room.sink.port), smtpServer(room.sink.port, { name: 'second' })];
  const one = await replica({ servers: two });
  const input = reply();
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'accepted');
  await expect(one.replies.submitReply({ ...input, server: 'second' })).rejects.toThrow(
    expect.objectContaining({ code: 'REPLY_ID_REUSED' }),
  );
  const queues = openReplyQueues(room.redis.client(), () => {});
  await queues.add('second', input.replyId, { ...input, server: 'second' }, { priority: 1, delayMs: 0 });
  await waitFor(async () => (await queues.find('second', input.replyId))?.state === 'failed', {
    describe: 'refused there',
  });
  await queues.close();
  expect(room.sink.received).toHaveLength(1);
});
