// The definition of a server changes while a reply waits: what leaves, header and envelope, is what the definition of that moment decides.
// Nothing has left: prepared again. A copy may have left: held, until a person agrees to exactly the sender that is offered.
import { expect, it } from 'vitest';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { createReplies } from '../../../src/outbound/index.ts';
import type { OutboundDeps } from '../../../src/outbound/ports.ts';
import { smtpServer } from '../../support/servers.ts';
import { type Fault, header } from '../../support/smtp-sink.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica, replyMaker } from './room.ts';

const room = openRoom();
let one: Replica;

const SHARED = 'info@contoso.example';
const JANE = 'jane@contoso.example';
const OMAR = 'omar@contoso.example';
/** Delegated: a person submits for the shared address. */
const delegated = (more: Partial<SmtpServer> = {}) =>
  smtpServer(room.sink.port, { user: JANE, additionalFromAddresses: [SHARED, 'sales@contoso.example'], ...more });

async function start(server: SmtpServer, change: (deps: OutboundDeps) => void = () => {}): Promise<void> {
  one = await room.replica({
    servers: [server],
    settings: { waitScale: 0.005 },
    change: ({ deps }) => change(deps),
  });
}

const reply = replyMaker('sender', { from: SHARED });
const left = (at = -1) => {
  const mail = room.sink.received.at(at);
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
  room.sink.nextFault = () => fault;
  if (stage === 'queued') await one.deps.queues.pause('sink');
  await one.replies.submitReply(input);
  if (stage !== 'queued')
    await waitFor(() => one.events.some(({ name }) => name === 'ReplyRetried'), { describe: 'refused once' });
  await room.end();
  room.sink.nextFault = () => undefined;
  room.sink.faults.length = 0;
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
)('$stage, then $what: sent according to the current definition', async ({ stage, more, expected }) => {
  await start(delegated());
  const input = reply();
  await waitingAt(stage, input);
  await start(delegated(more));
  await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
  await one.reached(input.replyId, 'accepted');
  expect(left()).toEqual({ sender: undefined, ...expected });
  expect(room.sink.received).toHaveLength(1);
  const changed = one.events.filter(({ name }) => name === 'ReplySenderChanged').length;
  expect(changed).toBe(stage === 'queued' ? 0 : 1);
});

it.each([
  ['the From now requires a role that the agent lacks', { fromRoles: { [SHARED]: ['lead'] } }, 'FROM_ROLE_REQUIRED'],
  ['the From is no longer permitted', { additionalFromAddresses: [] }, 'FROM_NOT_PERMITTED'],
] as const)('prepared, then %s: refused with the reason; nothing is sent', async (_what, more, code) => {
  await start(delegated());
  const input = reply({ agent: { id: 'a', roles: ['clerk'] } });
  await waitingAt('prepared', input);
  await start(delegated(more));
  await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
  await one.reached(input.replyId, 'rejected');
  expect((await one.replies.getReply(input.replyId))?.failure?.code).toBe(code);
  expect(room.sink.received).toHaveLength(0);
});

it('unchanged, or changed without effect on the sender: sends the prepared mail, byte for byte', async () => {
  await start(delegated());
  const input = reply();
  await waitingAt('prepared', input);
  await start(delegated({ pace: { perMinute: 99, connections: 2, recipientsPerDay: 999 }, uncertain: 'resend' }));
  const rendered = (await one.deps.journal.read(input.replyId))?.rendered ?? '';
  await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
  await one.reached(input.replyId, 'accepted');
  let mail = '';
  for await (const piece of one.deps.blobs.read(rendered)) mail += Buffer.from(piece).toString('latin1');
  expect(room.sink.received[0]?.raw).toBe(mail);
  expect(one.events.map(({ name }) => name)).not.toContain('ReplySenderChanged');
});

it('a copy may have been sent: held with the change named; released, it is sent only under the sender that was agreed to', async () => {
  await start(delegated());
  const input = reply();
  room.sink.faults.push('dropped-after-dot');
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'held');
  const failure = async () => (await one.replies.getReply(input.replyId))?.failure;
  expect((await failure())?.code).toBe('REPLY_HELD');
  await room.end();

  await start(delegated({ sendMode: 'onBehalf' }));
  const heldAgain = async () => {
    const before = one.events.filter(({ name }) => name === 'ReplyHeldForSender').length;
    await one.replies.releaseHeld(input.replyId);
    await waitFor(() => one.events.filter(({ name }) => name === 'ReplyHeldForSender').length > before, {
      describe: 'held again',
    });
    await one.reached(input.replyId, 'held');
  };
  await heldAgain();
  expect(await failure()).toMatchObject({
    code: 'REPLY_SENDER_CHANGED',
    message: expect.stringContaining('Sender, MAIL FROM'),
  });
  // Agreed to Jane on behalf; Omar has taken over before it went.
  await room.end();
  await start(delegated({ sendMode: 'onBehalf', user: OMAR }));
  await heldAgain();
  expect(room.sink.received).toHaveLength(0);
  // What is not permitted at all is not for a release to allow.
  await room.end();
  await start(delegated({ additionalFromAddresses: [] }));
  await heldAgain();
  expect((await failure())?.code).toBe('FROM_NOT_PERMITTED');
  await room.end();
  await start(delegated({ sendMode: 'onBehalf', user: OMAR }));
  // Omar on behalf was agreed to before.
  await one.replies.releaseHeld(input.replyId);
  await one.reached(input.replyId, 'accepted');
  expect(left()).toEqual({ from: SHARED, sender: OMAR, envelope: OMAR });
  expect(await one.replies.getReply(input.replyId)).not.toHaveProperty('failure');
  expect(room.sink.received).toHaveLength(1);
});

it('changed during the envelope: no byte of the mail is sent, and the next attempt uses the current definition', async () => {
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
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'accepted');
  expect(left()).toEqual({ from: SHARED, sender: JANE, envelope: JANE });
  expect(room.sink.received).toHaveLength(1);
});

it('a reply prepared by an older version is checked by its recorded From and MAIL FROM', async () => {
  await start(delegated());
  const input = reply();
  await waitingAt('prepared', input);
  const client = room.redis.client();
  const [key = ''] = await client.keys('{mailroom}:reply:*');
  await client.hdel(key, 'decided');
  await start(delegated({ sendMode: 'onBehalf' }));
  await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
  await one.reached(input.replyId, 'accepted');
  expect(left()).toEqual({ from: SHARED, sender: JANE, envelope: JANE });
});

it('one reply through all stages, its server changed between each: the last definition decides every byte that is sent', async () => {
  const input = reply();
  const prepared = async () => {
    const { journal, blobs } = (await room.waiting({ servers: [] })).deps;
    const { decided, rendered = '' } = (await journal.read(input.replyId)) ?? {};
    let mail = '';
    for await (const piece of blobs.read(rendered)) mail += Buffer.from(piece).toString('latin1');
    return { decided, mail };
  };
  /** Under this definition, with the sink answering so, until the reply is there. */
  const under = async (server: SmtpServer, fault: Fault | undefined, there: () => Promise<boolean>) => {
    await room.end();
    room.sink.nextFault = () => fault;
    room.sink.faults.length = 0;
    await start(server);
    await one.deps.queues.again('sink', input.replyId, input, { priority: 1 });
    await waitFor(there, { describe: 'the next stage' });
    await room.end();
    room.sink.faults.length = 0;
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
  room.sink.nextFault = () => undefined;
  await start(delegated({ user: OMAR, displayNames: { [SHARED]: 'Service' } }));
  await one.replies.releaseHeld(input.replyId);
  await waitFor(async () => one.events.some(({ name }) => name === 'ReplyHeldForSender'), { describe: 'held again' });
  await one.reached(input.replyId, 'held');
  expect(await prepared()).toEqual(doubtful);
  await one.replies.releaseHeld(input.replyId);
  await one.reached(input.replyId, 'accepted');
  expect(room.sink.received).toHaveLength(1);
  expect(left()).toEqual({ from: `Service <${SHARED}>`, sender: undefined, envelope: SHARED });
  expect(room.sink.received[0]).toMatchObject({
    envelope: { from: SHARED, to: input.to },
    raw: (await prepared()).mail,
  });
});

it('a release agrees to the sender that its person saw, not to the one of a later hold', async () => {
  await start(delegated({ enabled: false }));
  const { journal, blobs, queues } = one.deps;
  const payload = reply();
  const { references, durable } = await blobs.putBatch([Buffer.from(JSON.stringify(payload))]);
  await durable;
  const source = references[0]?.blob ?? '';
  const offers = (from: string) => ({ name: '', from, envelopeFrom: from, mailbox: from });
  const hold = async (offered: ReturnType<typeof offers>) => {
    const { replyId } = payload;
    const claim = await journal.claim({ replyId, digest: 'd', server: 'sink', owner: offered.from, leaseMs: 1_000 });
    if (claim.claim !== 'yours') throw new Error(claim.claim);
    const { fence } = claim;
    const change = { source, offered };
    return journal.transition(replyId, { from: ['queued', 'prepared'], to: 'held', fence, release: fence, change });
  };
  expect((await hold(offers(JANE))).moved).toBe(true);
  const slow = createReplies({
    ...one.deps,
    allServers: () => [],
    queues,
    blobs: {
      ...blobs,
      async *read(key: string) {
        // While this person's release reads the reply, another one's is over, and the reply is held again.
        await one.replies.releaseHeld(payload.replyId);
        expect((await hold(offers(OMAR))).moved).toBe(true);
        yield* blobs.read(key);
      },
    },
  });
  await expect(slow.releaseHeld(payload.replyId)).rejects.toMatchObject({ code: 'REPLY_NOT_HELD' });
  expect(await journal.read(payload.replyId)).toMatchObject({
    state: 'held',
    agreed: offers(JANE),
    offered: offers(OMAR),
  });
});
