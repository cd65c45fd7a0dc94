// Two installations on one Redis, each with its prefix: neither sees the other, and all that one writes is in one slot of a cluster. The Redis is
// a cluster of one node, which refuses any command or script over several slots.
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openCommit } from '../../../src/adapters/queue/commit.ts';
import { openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { openReplyQueues } from '../../../src/adapters/queue/replies.ts';
import { tailEmailFlow } from '../../../src/adapters/queue/tail.ts';
import { writeFault } from '../../../src/adapters/redis/check.ts';
import { closeRedis, connectRedis } from '../../../src/adapters/redis/client.ts';
import { createDailyTurn } from '../../../src/adapters/redis/daily-turn.ts';
import { openDisk } from '../../../src/adapters/redis/disk.ts';
import { createFindIndex } from '../../../src/adapters/redis/find-index.ts';
import { guardKeys, quarantinedKeys, setAside } from '../../../src/adapters/redis/guard.ts';
import { createHistoryStore } from '../../../src/adapters/redis/history.ts';
import { createJournal } from '../../../src/adapters/redis/journal.ts';
import { createLeases } from '../../../src/adapters/redis/lease.ts';
import { createLedgers } from '../../../src/adapters/redis/ledgers.ts';
import { createLogSwitches } from '../../../src/adapters/redis/log-switches.ts';
import { createLoginSlots } from '../../../src/adapters/redis/login-slots.ts';
import { createPace } from '../../../src/adapters/redis/pace.ts';
import { createParticipants } from '../../../src/adapters/redis/participants.ts';
import { createPauses } from '../../../src/adapters/redis/pauses.ts';
import { createPeople } from '../../../src/adapters/redis/people.ts';
import { createPortalAudit } from '../../../src/adapters/redis/portal-audit.ts';
import { createPortalServers } from '../../../src/adapters/redis/portal-servers.ts';
import { createPortalSessions } from '../../../src/adapters/redis/portal-sessions.ts';
import { createPortalView } from '../../../src/adapters/redis/portal-view.ts';
import { createQuarantine } from '../../../src/adapters/redis/quarantine.ts';
import { openSchema } from '../../../src/adapters/redis/schema.ts';
import { createServerLogStore } from '../../../src/adapters/redis/server-log.ts';
import { createServerRegister } from '../../../src/adapters/redis/smtp-servers.ts';
import { createSignInNotes } from '../../../src/adapters/redis/smtp-sign-ins.ts';
import { structureOf, structures } from '../../../src/adapters/redis/structures.ts';
import { createTokenCache } from '../../../src/adapters/redis/token-cache.ts';
import { createWake } from '../../../src/adapters/redis/wake.ts';
import { consumeMessages } from '../../../src/consumer/index.ts';
import type { MailboxEvent } from '../../../src/contract/mailbox-event.ts';
import type { Message } from '../../../src/contract/message.ts';
import { emptyView } from '../../../src/domain/folder-view.ts';
import { schemaLockKey, siblingsKey } from '../../../src/domain/keys.ts';
import { emptyLedger } from '../../../src/domain/ledger.ts';
import { NEWEST_FIRST } from '../../../src/lib/sort.ts';
import { firstOf } from '../../../src/lib/streams.ts';
import { resultOf } from '../../../src/outbound/results.ts';
import { fixture } from '../../support/fixture.ts';
import { KEPT, META } from '../../support/ledger.ts';
import { startRedis } from '../../support/redis.ts';
import { waitFor } from '../../support/temp.ts';

const OURS = '{mailroom-emea}';
const THEIRS = '{mailroom}';
const KEYS = [{ id: 'k', key: new Uint8Array(32) }];
const MAILBOX = '0123456789abcdef';

let node: Redis;
const server = fixture(() => startRedis({ args: ['--cluster-enabled', 'yes'] }));
beforeAll(async () => {
  node = connectRedis({ url: server.url }, () => {});
  await node.cluster('ADDSLOTSRANGE', 0, 16_383);
  await waitFor(async () => (await node.cluster('INFO')).includes('cluster_state:ok'));
});
beforeEach(() => node.flushall());
afterAll(async () => {
  closeRedis(node);
});

function installation(prefix: string) {
  const redis = guardKeys(
    connectRedis({ url: server.url, prefix }, () => {}),
    { emit: () => {} },
  );
  const flows = openEmailFlows(redis);
  const replies = openReplyQueues(redis, () => {});
  return {
    redis,
    flows,
    replies,
    journal: createJournal(redis),
    ledgers: createLedgers(redis),
    pauses: createPauses(redis),
    wake: createWake(redis),
    tokens: createTokenCache({ redis, keys: KEYS }),
    portalServers: createPortalServers({ redis, keys: KEYS }),
    async close() {
      this.wake.stop();
      this.portalServers.stop();
      await Promise.all([flows.close(), replies.close()]);
      closeRedis(redis);
    },
  };
}
type Installation = ReturnType<typeof installation>;

/** Writes every structure there is. */
async function writeAll(one: Installation): Promise<void> {
  const { redis, flows, journal, ledgers } = one;
  const commit = await openCommit(redis, flows, KEPT);
  const leases = createLeases(redis, 'replica', 60_000);
  await leases.heartbeat(60_000);
  const leaseToken = (await leases.acquire(MAILBOX)) ?? '';
  await ledgers.parsing(MAILBOX, new Map([[9, 1]]));
  await ledgers.writeState(MAILBOX, { state: 'watching' });
  const pending = { reason: 'no-data', attempts: 1, firstAt: 1, nextAt: 1 } as const;
  const messageKey = `m-${MAILBOX}-1-1`;
  await commit({
    mailboxId: MAILBOX,
    leaseToken,
    ledger: emptyLedger(),
    change: {
      outcomes: [{ outcome: 'enqueued', uids: [1] }],
      pending: [{ uid: 2, entry: pending }],
      meta: META,
    },
    messages: [1, 3, 4].map((uid) => ({
      message: { messageKey: `m-${MAILBOX}-1-${uid}`, emailFlow: uid === 4 ? 'G' : 'F', uid } as Message,
    })),
    fingerprints: [{ value: 'A'.repeat(16), internalDate: new Date() }],
    siblings: [{ hash: 'h', messageKey }],
    quarantined: [{ uid: 3, entry: { messageKey, reason: 'parse-timeout', at: 'now' } }],
    afterCare: [1],
    events: [{ eventId: 'e-1', emailFlow: 'F' } as unknown as MailboxEvent],
    view: emptyView('1', 1),
    answered: [{ messageKey, answered: { by: 'flag' } }],
  });
  const people = createPeople(redis);
  await people.noteOwnActs(MAILBOX, ['seen:1']);
  await people.addMark(messageKey, 'r');
  await openSchema(redis, { emit: () => {}, migrates: true });
  await redis.set(schemaLockKey(redis), 'somebody', 'PX', 60_000);
  await openDisk(redis)();
  await writeFault(redis, 1_000);

  const claim = await journal.claim({ replyId: 'r', digest: 'd', server: 'S', owner: 'o', leaseMs: 60_000 });
  if (claim.claim !== 'yours') throw new Error(claim.claim);
  await journal.transition('r', {
    from: ['queued'],
    to: 'prepared',
    fence: claim.fence,
    change: { messageId: '<r@x>' },
  });
  await createServerRegister(redis).record([{ name: 'S', mailbox: 'u at h' }]);
  await createLogSwitches(redis).set({ level: 'debug', until: Date.now() + 60_000 });
  await createFindIndex(redis).add([{ kind: 'message', id: 'm-1', terms: ['a@b.example'] }]);
  await createHistoryStore(redis).add([{ series: 'all', code: 'm', value: 1 }], Date.now());
  const event = { at: 1, event: 'MailboxConnected', level: 'warn', replica: 'r' } as const;
  await createServerLogStore(redis).add(new Map([['S', [event]]]));
  await createParticipants(redis).admit({ conversationId: 'c', from: 'a@b.example', others: [], proven: true });
  await one.pauses.hold('S', { by: 'person', code: 'PAUSED', hint: '' });
  const signIns = createSignInNotes(redis);
  await signIns.succeeded('S', 'u at h');
  await signIns.claim('S', 60_000);
  const pace = createPace(redis);
  await pace.acquire({ mailbox: 'm', token: 't', perMinute: 9, recipients: 1, recipientsPerDay: 9 });
  await pace.wait({ mailbox: 'm', ms: 60_000 });
  await pace.takeSlot({ mailbox: 'm', slot: 's', limit: 1, ttlMs: 60_000, hasNone: true });
  await pace.takeSlot({ mailbox: 'm', slot: 'other', limit: 1, ttlMs: 60_000, hasNone: true });
  const budget = {
    correspondents: ['a@b.example'],
    conversation: 'c',
    perCorrespondent: 9,
    perConversation: 9,
    windowMs: 60_000,
  };
  await pace.automaticBudget({ token: 't', ...budget });
  await createLoginSlots(redis, 0.01)('tenant');
  await one.tokens.write('token', 'secret');
  await one.portalServers.put({ name: 'Server' });
  const sessions = createPortalSessions(redis);
  await sessions.create({ name: 'p', role: 'viewer' } as never);
  await sessions.invite({ name: 'p', role: 'viewer' } as never);
  await sessions.attempt('192.0.2.1');
  await createDailyTurn(redis).take();
  for (const action of ['x', 'sign-in']) await createPortalAudit(redis).write({ action } as never);
  // What the guard keeps of a key that held something else.
  await setAside(redis, siblingsKey(redis, 'h'), 'for the test');
  await ledgers.siblings(['h']);
  await commit({
    mailboxId: MAILBOX,
    leaseToken,
    ledger: { ...emptyLedger(), version: 1 },
    change: { outcomes: [{ outcome: 'enqueued', uids: [5] }] },
    siblings: [{ hash: 'h', messageKey }],
  });
  await writeQueues(one);
}

/** All lists and counters of BullMQ: jobs that end in each way, one that waits with a priority, and a pause. */
async function writeQueues({ redis, replies, flows }: Installation): Promise<void> {
  const ends = ['completed', 'failed', 'later', 'rate-limited'] as const;
  const options = { priority: 5, delayMs: 0 };
  for (const end of ends) await replies.add('S', end, { end }, options);
  const seen = new Set<string>();
  const worker = await replies.work('S', 1, async ({ payload }) => {
    const { end } = payload as { end: (typeof ends)[number] };
    seen.add(end);
    const result = resultOf({ replyId: end, server: 'S', state: 'accepted' });
    if (end === 'later') return { end, at: Date.now() + 60_000 };
    return end === 'rate-limited' ? { end, ms: 20_000 } : { end, result };
  });
  await waitFor(() => seen.size === ends.length);
  await worker.stop(5_000);
  await replies.add('S', 'next', {}, options);
  await replies.pause('S');
  const flow = await flows.queueOf('F');
  await flow.pause();
  // One at work and one that waits.
  const other = await flows.queueOf('G');
  await other.add('message', {}, { jobId: 'second' });
  const taker = new Worker(other.name, null, { connection: redis, prefix: other.opts.prefix ?? '' });
  taker.on('error', () => {});
  await taker.getNextJob('token');
  await taker.startStalledCheckTimer();
  await taker.close(true);
}

/** Key → slot, of all that there is. */
async function keysOf(redis: Redis): Promise<Map<string, number>> {
  const keys = await redis.keys('*');
  return new Map(
    await Promise.all(keys.map(async (key) => [key, Number(await redis.cluster('KEYSLOT', key))] as const)),
  );
}

it('keeps an installation in one slot, separate from another installation', async () => {
  const ours = installation(OURS);
  const theirs = installation(THEIRS);
  try {
    await writeAll(ours);
    const written = await keysOf(ours.redis);
    expect([...written.keys()].filter((key) => !key.startsWith(`${OURS}:`))).toEqual([]);
    expect(new Set(written.values()).size).toBe(1);
    // The walk is complete: each structure was written, and each key has its row.
    const found = [...written.keys()].map((key) => structureOf(ours.redis, key)?.structure);
    const neverWritten = structures.filter((structure) => !found.includes(structure)).map(({ key }) => key.source);
    // BullMQ 6 pauses without a list of its own, and nobody here uses its flows.
    expect(neverWritten.map((key) => key.split(':').at(-1))).toEqual(['paused$', 'waiting-children$']);
    const rest = [...written.keys()].filter((key) => structureOf(ours.redis, key) === undefined);
    // Jobs with their locks, and what the guard keeps for itself.
    const known = /(?:-\d+|:r-\w+|:second)(?::lock)?$|:set-aside:|:quarantined-keys$/;
    expect(rest.filter((key) => !known.test(key))).toEqual([]);
    expect(await seen(theirs)).toEqual(NOTHING);
    expect(await seen(ours)).not.toEqual(NOTHING);

    await writeAll(theirs);
    const slots = await keysOf(ours.redis);
    expect(new Set(slots.values()).size).toBe(2);
    // Some keys end after a while.
    const left = [...slots.keys()].filter((key) => key.startsWith(`${OURS}:`));
    expect([...written.keys()]).toEqual(expect.arrayContaining(left));
  } finally {
    await Promise.all([ours.close(), theirs.close()]);
  }
});

/** What an installation sees of the structures, by the functions that read them. */
async function seen({ redis, flows, replies, journal, ledgers, pauses, tokens, portalServers }: Installation) {
  const view = createPortalView(redis);
  return {
    mailboxes: await ledgers.mailboxIds(),
    version: await ledgers.version(MAILBOX),
    state: await ledgers.readState(MAILBOX),
    siblings: await ledgers.siblings(['h']),
    quarantined: await createQuarantine(redis).list(MAILBOX),
    replicas: await view.replicasAlive(60_000),
    replies: (await view.replyIds('prepared', { sort: NEWEST_FIRST }, { offset: 0, limit: 10 })).entries,
    journal: await journal.read('r'),
    alias: await journal.byMessageId('<r@x>'),
    job: await replies.find('S', 'next'),
    jobs: Object.values(await flows.counts('F')).reduce((sum, count) => sum + count, 0),
    pause: await pauses.read('S'),
    paceWait: await createPace(redis).waitMs('m'),
    token: await tokens.read('token'),
    servers: await portalServers.list(),
    audit: await firstOf(createPortalAudit(redis).entries({}), 10),
    gone: await createServerRegister(redis).gone(),
    damaged: await quarantinedKeys(redis),
    log: [await createServerLogStore(redis).log('S'), await createServerLogStore(redis).newest('S')].flat(),
    history: await createHistoryStore(redis).read('all', 'hour', Date.now() - 3_600_000, Date.now()),
  };
}
const NOTHING = {
  ...{ mailboxes: [], version: 0, state: {}, siblings: [[]], quarantined: [], replicas: 0, replies: [] },
  ...{ journal: undefined, alias: undefined, job: undefined, jobs: 0, pause: undefined, paceWait: 0, token: undefined },
  ...{ servers: [], audit: [], gone: [], damaged: [], history: [], log: [''] },
};

it('reaches no other installation: channels, queue events and consumers', async () => {
  const ours = installation(OURS);
  const theirs = installation(THEIRS);
  const heard: string[] = [];
  const note = (what: string) => (name: string) => void heard.push(`${what} ${name}`);
  theirs.wake.subscribe(note('wake'));
  ours.wake.subscribe(note('our wake'));
  const tail = await tailEmailFlow(theirs.redis, 'H', ({ messageKey }) => note('tail')(messageKey));
  const consumers = [undefined, OURS].map((prefix) =>
    consumeMessages({
      redis: { host: '127.0.0.1', port: server.port },
      emailFlow: 'H',
      ...(prefix === undefined ? {} : { prefix }),
      onMessage: async () => note('message')(prefix ?? 'default'),
      onError: () => note('job')(prefix ?? 'default'),
    }),
  );
  try {
    await Promise.all(consumers.map((consumer) => consumer.ready()));
    await waitFor(async () => {
      await ours.wake.publish('S');
      return heard.includes('our wake S');
    });
    await (await ours.flows.queueOf('H')).add('message', {}, { jobId: 'm-1' });
    await waitFor(() => heard.includes(`job ${OURS}`)); // {} is no message: its consumer hears of it as an error
    await (await theirs.flows.queueOf('H')).add('message', { messageKey: 'last' }, { jobId: 'm-2' });
    await waitFor(() => heard.includes('tail last') && heard.includes('job default'));
    expect([...new Set(heard)].sort()).toEqual(['job default', `job ${OURS}`, 'our wake S', 'tail last']);
  } finally {
    await tail.close();
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await Promise.all([ours.close(), theirs.close()]);
  }
});
