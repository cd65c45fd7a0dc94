// Garbage in the structures of a mailbox: for every structure and every kind of garbage two other mailboxes are watched, the event names the key, and
// nothing is thrown away unseen. What must not be lost stops its mailbox by name.

import { beforeEach, describe, expect, it } from 'vitest';
import { openCommit } from '../../../src/adapters/queue/commit.ts';
import { openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { type QuarantinedKey, quarantinedKeys } from '../../../src/adapters/redis/guard.ts';
import { createLeases } from '../../../src/adapters/redis/lease.ts';
import { createLedgers } from '../../../src/adapters/redis/ledgers.ts';
import { createPortalView } from '../../../src/adapters/redis/portal-view.ts';
import { createQuarantine } from '../../../src/adapters/redis/quarantine.ts';
import type { Message } from '../../../src/contract/message.ts';
import { PREFIX } from '../../../src/contract/names.ts';
import * as key from '../../../src/domain/keys.ts';
import type { LedgerMeta } from '../../../src/domain/ledger.ts';
import { KEPT } from '../../support/ledger.ts';
import { rig, type Type, typesBut } from './garbage.ts';

const at = rig();
const [BAD, B, C] = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc'] as const;
const ALL = [BAD, B, C];
const meta = (user: string) => ({
  ...{ uidValidity: '7', era: '', startedAt: 1, start: 'all', emailFlows: ['Service'] },
  ...{ user, host: 'imap.example.org', folder: 'INBOX' },
});

beforeEach(async () => {
  for (const id of ALL) {
    await at.plain.hset(key.ledgerKey(PREFIX, id), { version: '3', meta: JSON.stringify(meta(id)) });
    await at.plain.hset(key.ledgerUidsKey(PREFIX, id), 'enqueued:0', '1:9');
    await at.plain.zadd(key.fingerprintsKey(PREFIX, id), 1_700_000_000, '0123456789abcdef');
    await at.plain.sadd(key.mailboxesKey(PREFIX), id);
  }
});

/** What a replica does for its mailboxes in a round and before each watch. */
async function watch(): Promise<{ well: string[]; errors: string[] }> {
  const leases = createLeases(at.redis, 'replica', 2_000);
  const ledgers = createLedgers(at.redis);
  await leases.heartbeat(2_000);
  const tokens = new Map<string, string>();
  for (const id of ALL) {
    const token = await leases.acquire(id);
    if (token !== undefined) tokens.set(id, token);
  }
  await leases.renew(tokens);
  const well: string[] = [];
  const errors: string[] = [];
  for (const id of ALL) {
    try {
      await Promise.all([ledgers.load(id), ledgers.unfinished(id)]);
      await ledgers.knownCopies(id, ['0123456789abcdef']);
      await ledgers.siblings(['hash']);
      await ledgers.parsing(id, new Map([[1, 1]]));
      await ledgers.afterCare(id);
      await ledgers.writeState(id, { state: 'idle' });
      await createQuarantine(at.redis).list(id);
      if (tokens.has(id)) well.push(id);
    } catch (error) {
      errors.push((error as Error).message);
    }
  }
  await ledgers.mailboxIds();
  await createPortalView(at.redis).lastArrivals(ALL);
  for (const [id, token] of tokens) await leases.release(id, token);
  return { well, errors };
}

const byType = (rows: readonly (readonly [string, string, Type])[]) =>
  rows.flatMap(([name, one, right]) => typesBut(right).map((type) => [name, type, one] as const));

it.each(
  byType([
    ['lease', key.leaseKey(PREFIX, BAD), 'string'],
    ['fence', key.fenceKey(PREFIX, BAD), 'string'],
    ['pending', key.ledgerPendingKey(PREFIX, BAD), 'hash'],
    ['quarantined', key.quarantineKey(PREFIX, BAD), 'hash'],
    ['after-care', key.afterCareKey(PREFIX, BAD), 'set'],
    ['parsing', key.parsingKey(PREFIX, BAD), 'hash'],
    ['state', key.mailboxStateKey(PREFIX, BAD), 'hash'],
    ['mailboxes', key.mailboxesKey(PREFIX), 'set'],
    ['siblings', key.siblingsKey(PREFIX, 'hash'), 'set'],
  ]),
)('%s that is a %s is set aside and named, and no mailbox waits', async (name, type, one) => {
  await at.garble(one, type);
  expect(await watch()).toEqual({ well: ALL, errors: [] });
  expect(at.said(one)).toHaveLength(1);
  const note = (await quarantinedKeys(at.redis)).find((found) => found.key === one) as QuarantinedKey;
  expect(await at.plain.type(note.movedTo ?? '')).toBe(type);
  expect(await at.plain.pttl(note.movedTo ?? '')).toBeGreaterThan(29 * 86_400_000);
  if (name === 'mailboxes') expect((await createLedgers(at.redis).mailboxIds()).sort()).toEqual(ALL);
});

describe('an unreadable ledger', () => {
  async function stops(one: string): Promise<void> {
    const { well, errors } = await watch();
    expect(well).toEqual([B, C]);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(one);
    await watch();
    expect(at.said(one)).toMatchObject([{ server: `IMAP ${BAD}`, kind: 'kept' }]); // met again, said once
    expect(await quarantinedKeys(at.redis)).toMatchObject([{ key: one, server: `IMAP ${BAD}` }]);
  }

  it.each(
    byType([
      ['ledger', key.ledgerKey(PREFIX, BAD), 'hash'],
      ['uids', key.ledgerUidsKey(PREFIX, BAD), 'hash'],
      ['fingerprints', key.fingerprintsKey(PREFIX, BAD), 'zset'],
    ]),
  )('%s that is a %s is named and stops its mailbox, and no other', async (_, type, one) => {
    await at.garble(one, type);
    await stops(one);
    expect(await at.plain.type(one)).toBe(type);
  });

  const field = (name: string, value: string) => () => at.plain.hset(key.ledgerKey(PREFIX, BAD), name, value);
  it.each<[string, () => Promise<unknown>]>([
    ['a non-numeric version', field('version', 'three')],
    ['a version with a leading zero', field('version', '03')],
    ['a huge version', field('version', '9'.repeat(40))],
    ['no version', () => at.plain.hdel(key.ledgerKey(PREFIX, BAD), 'version')],
    ['meta that is not JSON', field('meta', '{')],
    ['meta that is a list', field('meta', '[]')],
    ['meta without UIDVALIDITY', field('meta', JSON.stringify({ era: '' }))],
    ['meta with invalid flows', field('meta', JSON.stringify({ ...meta(BAD), emailFlows: [7] }))],
    ['UIDs only', () => at.plain.del(key.ledgerKey(PREFIX, BAD))],
  ])('with %s does not restart from nothing', async (_, spoil) => {
    await spoil();
    await stops(key.ledgerKey(PREFIX, BAD));
  });

  it.each([
    ['enqueued:0', '1-x'],
    ['enqueud:0', '1:9'],
  ])('with UIDs %s → %s does not restart from nothing', async (name, text) => {
    await at.plain.hset(key.ledgerUidsKey(PREFIX, BAD), name, text);
    await stops(key.ledgerUidsKey(PREFIX, BAD));
  });
});

const note = (one: string, uid: string, text: string) => () => at.plain.hset(one, uid, text);
it.each<[string, () => Promise<unknown>, string, string]>([
  ['a pending note', note(key.ledgerPendingKey(PREFIX, BAD), '7', 'later'), key.ledgerPendingKey(PREFIX, BAD), '7'],
  [
    'a pending note without a UID',
    note(key.ledgerPendingKey(PREFIX, BAD), 'x', '{}'),
    key.ledgerPendingKey(PREFIX, BAD),
    'x',
  ],
  [
    'a pending note without times',
    note(key.ledgerPendingKey(PREFIX, BAD), '7', '{"reason":"x"}'),
    key.ledgerPendingKey(PREFIX, BAD),
    '7',
  ],
  [
    'a quarantine note',
    note(key.quarantineKey(PREFIX, BAD), '7', '{"messageKey":'),
    key.quarantineKey(PREFIX, BAD),
    '7',
  ],
  [
    'a quarantine note that is null',
    note(key.quarantineKey(PREFIX, BAD), '7', 'null'),
    key.quarantineKey(PREFIX, BAD),
    '7',
  ],
  ['a count of parsing', note(key.parsingKey(PREFIX, BAD), '7', 'often'), key.parsingKey(PREFIX, BAD), '7'],
  [
    'a UID of after-care',
    () => at.plain.sadd(key.afterCareKey(PREFIX, BAD), 'seven', '7'),
    key.afterCareKey(PREFIX, BAD),
    'seven',
  ],
])('an unreadable %s is set aside without the others', async (_, spoil, one, item) => {
  await at.plain.hset(
    key.ledgerPendingKey(PREFIX, BAD),
    '8',
    '{"reason":"no-data","attempts":1,"firstAt":1,"nextAt":2}',
  );
  await spoil();
  expect(await watch()).toEqual({ well: ALL, errors: [] });
  expect(at.said(one)).toHaveLength(1);
  const [found] = await quarantinedKeys(at.redis);
  expect(found).toMatchObject({ key: one, item });
  expect(await at.plain.hexists(found?.movedTo ?? '', item)).toBe(1);
  const ledgers = createLedgers(at.redis);
  expect([...(await ledgers.load(BAD)).pending.keys()]).toEqual([8]);
  expect(await ledgers.afterCare(BAD)).toEqual(one === key.afterCareKey(PREFIX, BAD) ? [7] : []);
});

it('a version that is no number is reported as damaged, wherever it is read', async () => {
  await at.plain.hset(key.ledgerKey(PREFIX, BAD), 'version', 'three');
  const ledgers = createLedgers(at.redis);
  const damaged = { code: 'LEDGER_DAMAGED', field: key.ledgerKey(PREFIX, BAD) };
  await expect(ledgers.version(BAD)).rejects.toMatchObject(damaged);
  await expect(ledgers.load(BAD)).rejects.toMatchObject(damaged);
});

it('a lease without a time to live, or with an impossible one, expires', async () => {
  const leases = createLeases(at.redis, 'replica', 100);
  for (const ttl of [undefined, 10 ** 12]) {
    await (ttl === undefined
      ? at.plain.set(key.leaseKey(PREFIX, BAD), '9:dead')
      : at.plain.set(key.leaseKey(PREFIX, BAD), '9:dead', 'PX', ttl));
    expect(await leases.acquire(BAD)).toBeUndefined();
    await expect.poll(() => leases.acquire(BAD), { timeout: 30_000 }).toMatch(/:replica$/);
  }
});

it.each(['many', '9223372036854775807', '1.5'])('a fence of %s is replaced by a higher one', async (value) => {
  await at.plain.set(key.fenceKey(PREFIX, BAD), value);
  const token = await createLeases(at.redis, 'replica', 1_000).acquire(BAD);
  expect(Number(token?.split(':')[0])).toBeGreaterThan(1e9);
  expect(at.said(key.fenceKey(PREFIX, BAD))).toHaveLength(1);
});

it('a heartbeat from the future gets no mailboxes assigned', async () => {
  await at.plain.zadd(key.replicasKey(PREFIX), Date.now() + 10 ** 9, 'ghost');
  expect(await createLeases(at.redis, 'replica', 1_000).heartbeat(1_000)).toEqual(['replica']);
  expect(await at.plain.zrange(key.replicasKey(PREFIX), 0, '-1')).toEqual(['replica']);
});

it.each(typesBut('zset'))('a list of replicas that is a %s is corrected in the next round', async (type) => {
  const leases = createLeases(at.redis, 'replica', 1_000);
  await at.garble(key.replicasKey(PREFIX), type);
  await expect.poll(() => leases.heartbeat(1_000), { timeout: 30_000 }).toEqual(['replica']);
  await expect.poll(() => at.said(key.replicasKey(PREFIX)), { timeout: 30_000 }).toHaveLength(1);
});

describe('the commit', () => {
  async function commitOne(leaseToken: string) {
    const flows = openEmailFlows(at.redis);
    try {
      const ledger = await createLedgers(at.redis).load(BAD);
      const commit = await openCommit(at.redis, flows, KEPT);
      const messageKey = `m-${BAD}-7-10`;
      await commit({
        mailboxId: BAD,
        leaseToken,
        ledger,
        change: { outcomes: [{ outcome: 'quarantined', uids: [10] }], meta: ledger.meta as LedgerMeta },
        messages: [{ message: { messageKey, emailFlow: 'Service' } as Message }],
        quarantined: [{ uid: 10, entry: { messageKey, reason: 'x', at: new Date().toISOString() } }],
        afterCare: [10],
        parsed: [10],
        siblings: [{ hash: 'hash', messageKey }],
      });
      return (await (await flows.queueOf('Service')).getJobCounts('waiting')).waiting;
    } finally {
      await flows.close();
    }
  }

  it('sets aside what blocks it, and enqueues once', async () => {
    const token = (await createLeases(at.redis, 'replica', 60_000).acquire(BAD)) ?? '';
    const spoilt = [
      key.quarantineKey(PREFIX, BAD),
      key.afterCareKey(PREFIX, BAD),
      key.parsingKey(PREFIX, BAD),
      key.mailboxesKey(PREFIX),
      key.siblingsKey(PREFIX, 'hash'),
    ];
    for (const one of spoilt) await at.garble(one, 'string');
    expect(await commitOne(token)).toBe(1);
    for (const one of spoilt) expect(at.said(one)).toHaveLength(1);
    expect(Object.keys(await at.plain.hgetall(key.quarantineKey(PREFIX, BAD)))).toEqual(['10']);
  });

  it.each([key.ledgerUidsKey(PREFIX, BAD), key.fingerprintsKey(PREFIX, BAD)])(
    'names %s when it cannot write',
    async (one) => {
      const token = (await createLeases(at.redis, 'replica', 60_000).acquire(BAD)) ?? '';
      const ledgers = createLedgers(at.redis);
      await ledgers.load(BAD);
      const flows = openEmailFlows(at.redis);
      const commit = await openCommit(at.redis, flows, KEPT);
      const ledger = await ledgers.load(BAD);
      await at.garble(one, 'list');
      const change = { outcomes: [{ outcome: 'enqueued' as const, uids: [10] }] };
      const fingerprints = [{ value: 'f'.repeat(16), internalDate: new Date() }];
      await expect(commit({ mailboxId: BAD, leaseToken: token, ledger, change, fingerprints })).rejects.toMatchObject({
        code: 'LEDGER_DAMAGED',
        field: one,
      });
      await flows.close();
    },
  );
});
