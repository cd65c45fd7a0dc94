// The definition of a server changes while a reply waits: what leaves, header and envelope, is what the definition of that moment decides.
// Nothing has left: prepared again. A copy may have left: held, until a person agrees to exactly the sender that is offered.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Reply } from '../../../src/contract/reply.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { createReplies, type Outbound, type Replies, startOutbound } from '../../../src/outbound/index.ts';
import {
  type Fault,
  header,
  memoryBlobs,
  type Rig,
  rig,
  type Sink,
  sentOf,
  smtpServer,
  startRedis,
  startSink,
  type TestRedis,
  until,
} from './rig.ts';

let redis: TestRedis;
let sink: Sink;
let one: Rig;
let replies: Replies;
let outbound: Outbound | undefined;
let n = 0;
let blobs = memoryBlobs();

const SHARED = 'info@contoso.example';
const JANE = 'jane@contoso.example';
const OMAR = 'omar@contoso.example';
/** Delegated: a person submits for the shared address. */
const delegated = (more: Partial<SmtpServer> = {}) =>
  smtpServer(sink.port, { user: JANE, additionalFromAddresses: [SHARED, 'sales@contoso.example'], ...more });

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  sink = await startSink();
  blobs = memoryBlobs();
});
afterEach(async () => {
  await end();
  await sink.stop();
  await redis.client().flushall();
});

async function start(server: SmtpServer, change: (deps: Rig['deps']) => void = () => {}): Promise<void> {
  one = rig(redis.client(), [server], sentOf(sink), { waitScale: 0.005 }, blobs);
  change(one.deps);
  outbound = await startOutbound(one.deps);
  replies = createReplies({ ...one.deps, allServers: () => one.deps.servers() });
}
async function end(): Promise<void> {
  if (outbound === undefined) return;
  await outbound.stop();
  await one.close();
  outbound = undefined;
}

function reply(more: Partial<Reply> = {}) {
  n += 1;
  const replyId = `sender-${n}`;
  return { replyId, server: 'sink', from: SHARED, to: ['customer@example.net'], subject: 'Re', text: 'x', ...more };
}
const ends = (replyId: string, state: string) =>
  until(`${replyId} ${state}`, async () => (await replies.getReply(replyId))?.state === state);
const left = (at = -1) => {
  const mail = sink.received.at(at);
  return {
    from: header(mail?.raw ?? '', 'From'),
    sender: header(mail?.raw ?? '', 'Sender'),
    envelope: mail?.envelope.from,
  };
};

/** Hands in a reply, lets the sink refuse it until `stage` is reached, and leaves it there, with nothing running. */
async function waitingAt(stage: 'queued' | 'prepared' | 'refused after the dot', input: ReturnType<typeof reply>) {
  const faults: Record<typeof stage, Fault[]> = {
    queued: [],
    prepared: [{ at: 'mail', reply: '451 4.3.2 not now' }],
    'refused after the dot': [{ at: 'dot', reply: '451 4.3.2 not now' }],
  };
  const [fault] = faults[stage];
  sink.nextFault = () => fault;
  if (stage === 'queued') await one.deps.queues.pause('sink');
  await replies.submitReply(input);
  if (stage !== 'queued') await until('refused once', () => one.events.some(({ name }) => name === 'ReplyRetried'));
  await end();
  sink.nextFault = () => undefined;
  sink.faults.length = 0;
}

const changes: [string, Partial<SmtpServer>, { from: string; sender?: string; envelope: string }][] = [
  ['on behalf instead of send as', { sendMode: 'onBehalf' }, { from: SHARED, sender: JANE, envelope: JANE }],
  ['another User and on behalf', { sendMode: 'onBehalf', user: OMAR }, { from: SHARED, sender: OMAR, envelope: OMAR }],
  ['a display name', { displayNames: { [SHARED]: 'Contoso' } }, { from: `Contoso <${SHARED}>`, envelope: SHARED }],
  ['another User who sends as', { user: OMAR }, { from: SHARED, envelope: SHARED }],
];

it.each(
  (['queued', 'prepared', 'refused after the dot'] as const).flatMap((stage) =>
    changes.map(([what, more, expected]) => ({ stage, what, more, expected })),
  ),
)('$stage, then $what: leaves as the definition of now says', async ({ stage, more, expected }) => {
  await start(delegated());
  const input = reply();
  await waitingAt(stage, input);
  await start(delegated(more));
  await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
  await ends(input.replyId, 'accepted');
  expect(left()).toEqual({ sender: undefined, ...expected });
  expect(sink.received).toHaveLength(1);
  const changed = one.events.filter(({ name }) => name === 'ReplySenderChanged').length;
  expect(changed).toBe(stage === 'queued' ? 0 : 1);
});

it.each([
  ['a role that its agent lacks', { fromRoles: { [SHARED]: ['lead'] } }, 'FROM_ROLE_REQUIRED'],
  ['a From that is permitted no more', { additionalFromAddresses: [] }, 'FROM_NOT_PERMITTED'],
] as const)('prepared, then %s: refused with the reason, nothing leaves', async (_what, more, code) => {
  await start(delegated());
  const input = reply({ agent: { id: 'a', roles: ['clerk'] } });
  await waitingAt('prepared', input);
  await start(delegated(more));
  await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
  await ends(input.replyId, 'rejected');
  expect((await replies.getReply(input.replyId))?.failure?.code).toBe(code);
  expect(sink.received).toHaveLength(0);
});

it('unchanged, or changed in what the sender does not show: the mail that was prepared, byte by byte', async () => {
  await start(delegated());
  const input = reply();
  await waitingAt('prepared', input);
  const rendered = (await one.deps.journal.read(input.replyId))?.rendered ?? '';
  await start(delegated({ pace: { perMinute: 99, connections: 2, recipientsPerDay: 999 }, uncertain: 'resend' }));
  await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
  await ends(input.replyId, 'accepted');
  let mail = '';
  for await (const piece of one.deps.blobs.read(rendered)) mail += Buffer.from(piece).toString('latin1');
  expect(sink.received[0]?.raw).toBe(mail);
  expect(one.events.map(({ name }) => name)).not.toContain('ReplySenderChanged');
});

it('a copy may have left: held with what changed; released it goes under the sender agreed to, and under no other', async () => {
  await start(delegated());
  const input = reply();
  sink.faults.push('dropped-after-dot');
  await replies.submitReply(input);
  await ends(input.replyId, 'held');
  const failure = async () => (await replies.getReply(input.replyId))?.failure;
  expect((await failure())?.code).toBe('REPLY_HELD');
  await end();

  await start(delegated({ sendMode: 'onBehalf' }));
  const heldAgain = async () => {
    const before = one.events.filter(({ name }) => name === 'ReplyHeldForSender').length;
    await replies.releaseHeld(input.replyId);
    await until('held again', () => one.events.filter(({ name }) => name === 'ReplyHeldForSender').length > before);
    await ends(input.replyId, 'held');
  };
  await heldAgain();
  expect(await failure()).toMatchObject({
    code: 'REPLY_SENDER_CHANGED',
    message: expect.stringContaining('Sender, MAIL FROM'),
  });
  // Agreed to Jane on behalf; Omar has taken over before it went.
  await end();
  await start(delegated({ sendMode: 'onBehalf', user: OMAR }));
  await heldAgain();
  expect(sink.received).toHaveLength(0);
  // What is not permitted at all is not for a release to allow.
  await end();
  await start(delegated({ additionalFromAddresses: [] }));
  await heldAgain();
  expect((await failure())?.code).toBe('FROM_NOT_PERMITTED');
  await end();
  await start(delegated({ sendMode: 'onBehalf', user: OMAR }));
  // Omar on behalf was agreed to before.
  await replies.releaseHeld(input.replyId);
  await ends(input.replyId, 'accepted');
  expect(left()).toEqual({ from: SHARED, sender: OMAR, envelope: OMAR });
  expect(await replies.getReply(input.replyId)).not.toHaveProperty('failure');
  expect(sink.received).toHaveLength(1);
});

it('changed while the envelope is said: not a byte leaves, and the next try is under the definition of now', async () => {
  const changed = delegated({ sendMode: 'onBehalf' });
  await start(delegated(), (deps) => {
    const open = deps.openSubmitter;
    deps.openSubmitter = (server) => {
      const submitter = open(server);
      return {
        ...submitter,
        submit: (mail) =>
          submitter.submit({
            ...mail,
            onDataBegin: (recipients) => {
              if (server.sendMode === 'sendAs') one.change([changed]);
              return mail.onDataBegin(recipients);
            },
          }),
      };
    };
  });
  const input = reply();
  await replies.submitReply(input);
  await ends(input.replyId, 'accepted');
  expect(left()).toEqual({ from: SHARED, sender: JANE, envelope: JANE });
  expect(sink.received).toHaveLength(1);
});

it('a reply that an older version prepared is judged by what it noted: From and MAIL FROM', async () => {
  await start(delegated());
  const input = reply();
  await waitingAt('prepared', input);
  const client = redis.client();
  const [key = ''] = await client.keys('{mailroom}:reply:*');
  await client.hdel(key, 'decided');
  await start(delegated({ sendMode: 'onBehalf' }));
  await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
  await ends(input.replyId, 'accepted');
  expect(left()).toEqual({ from: SHARED, sender: JANE, envelope: JANE });
});

it('one reply through all stages, its server changed between each: what leaves is what the last definition decides, byte by byte', async () => {
  const input = reply();
  const prepared = async () => {
    const { decided, rendered = '' } = (await one.deps.journal.read(input.replyId)) ?? {};
    let mail = '';
    for await (const piece of one.deps.blobs.read(rendered)) mail += Buffer.from(piece).toString('latin1');
    return { decided, mail };
  };
  /** Under this definition, with the sink answering so, until the reply is there. */
  const under = async (server: SmtpServer, fault: Fault | undefined, there: () => Promise<boolean>) => {
    await end();
    await start(server);
    sink.nextFault = () => fault;
    sink.faults.length = 0;
    await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
    await until('the next stage', there);
    await end();
    sink.faults.length = 0;
  };
  const retried = async () => one.events.some(({ name }) => name === 'ReplyRetried');
  await start(delegated());
  await waitingAt('queued', input);
  await under(
    delegated({ displayNames: { [SHARED]: 'Contoso' } }),
    { at: 'mail', reply: '451 4.3.2 not now' },
    retried,
  );
  expect((await prepared()).decided).toMatchObject({ name: 'Contoso', envelopeFrom: SHARED });
  await under(delegated({ sendMode: 'onBehalf' }), { at: 'dot', reply: '451 4.3.2 not now' }, retried);
  expect((await prepared()).decided).toMatchObject({ name: '', sender: JANE, envelopeFrom: JANE });
  await under(delegated({ sendMode: 'onBehalf', user: OMAR }), 'dropped-after-dot', async () =>
    one.events.some(({ name }) => name === 'ReplyHeld'),
  );
  const doubtful = await prepared();
  expect(doubtful.decided).toMatchObject({ sender: OMAR, envelopeFrom: OMAR });
  sink.nextFault = () => undefined;
  await start(delegated({ user: OMAR, displayNames: { [SHARED]: 'Service' } }));
  await replies.releaseHeld(input.replyId);
  await until('held again', async () => one.events.some(({ name }) => name === 'ReplyHeldForSender'));
  await ends(input.replyId, 'held');
  expect(await prepared()).toEqual(doubtful);
  await replies.releaseHeld(input.replyId);
  await ends(input.replyId, 'accepted');
  expect(sink.received).toHaveLength(1);
  expect(left()).toEqual({ from: `Service <${SHARED}>`, sender: undefined, envelope: SHARED });
  expect(sink.received[0]).toMatchObject({
    envelope: { from: SHARED, to: ['customer@example.net'] },
    raw: (await prepared()).mail,
  });
});
