// The one-script commit on a real Redis: all or nothing, fenced, and never by separate commands.
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CommitMessages, openCommit } from '../../../src/adapters/queue/commit.ts';
import { type EmailFlows, openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { ADD_STANDARD_JOB_SHA256, bullmqScript } from '../../../src/adapters/queue/record-job.ts';
import { createLeases } from '../../../src/adapters/redis/lease.ts';
import { createLedgers } from '../../../src/adapters/redis/ledgers.ts';
import type { Message } from '../../../src/contract/message.ts';
import { emailFlowQueue, PREFIX } from '../../../src/contract/names.ts';
import { emptyLedger } from '../../../src/domain/ledger.ts';
import type { CommitRequest } from '../../../src/inbound/ports.ts';
import { fixture } from '../../support/fixture.ts';
import { KEPT, META } from '../../support/ledger.ts';
import { startRedis } from '../../support/redis.ts';
import { waitFor } from '../../support/temp.ts';

let redis: Redis;
let flows: EmailFlows;
let commit: CommitMessages;
let mailboxId: string;
let token: string;
let n = 0;

const server = fixture(startRedis);
beforeAll(async () => {
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  flows = openEmailFlows(redis);
  commit = await openCommit(redis, flows, KEPT);
});
afterAll(async () => {
  await flows.close();
  redis.disconnect();
});
beforeEach(async () => {
  mailboxId = (++n).toString(16).padStart(16, '0');
  token = (await createLeases(redis, 'replica-1', 60_000).acquire(mailboxId)) ?? 'no lease';
});

const message = (uid: number, emailFlow = `Flow ${n}`) => ({
  message: { messageKey: `m-${mailboxId}-1-${uid}`, emailFlow, uid } as unknown as Message,
});
const request = (uids: number[], fields: Partial<CommitRequest> = {}): CommitRequest => ({
  mailboxId,
  leaseToken: token,
  ledger: emptyLedger(),
  change: { outcomes: [{ outcome: 'enqueued', uids }], meta: META },
  messages: uids.map((uid) => message(uid)),
  ...fields,
});
const waiting = async (flow = `Flow ${n}`) => (await (await flows.queueOf(flow)).getJobCounts('waiting')).waiting;

describe('one-script commit', () => {
  it('is written for the installed BullMQ', () => {
    expect(bullmqScript(redis)).toContain('addJobInTargetList');
    expect(() => bullmqScript(redis, ADD_STANDARD_JOB_SHA256.replace(/^./, '0'))).toThrow(/digest/);
  });

  it('writes jobs and ledger together, for several flows', async () => {
    const messages = [message(1), message(2), message(3, `Other: ${n} & ü`)];
    const after = await commit(request([1, 2, 3], { messages }));
    expect(after.version).toBe(1);
    expect(await waiting()).toBe(2);
    expect(await waiting(`Other: ${n} & ü`)).toBe(1);
    const loaded = await createLedgers(redis).load(mailboxId);
    expect(loaded).toEqual({ ...after, meta: META });
  });

  it.each([
    ['a foreign lease', { leaseToken: '99:someone' }, 'LEASE_LOST'],
    ['a ledger older than the version in Redis', { ledger: { ...emptyLedger(), version: 7 } }, 'LEDGER_STALE'],
  ])('refuses %s and writes nothing', async (_name, fields, code) => {
    const before = (await redis.keys('*')).length;
    await expect(commit(request([1], fields as Partial<CommitRequest>))).rejects.toMatchObject({ code });
    expect(await waiting()).toBe(0);
    expect((await redis.keys('*')).filter((key) => key.includes(`ledger:${mailboxId}`))).toEqual([]);
    expect((await redis.keys('*')).length).toBeLessThanOrEqual(before + 2); // the queue's own meta
  });

  it('writes nothing before the raw mails are durable, and nothing at all if they never are', async () => {
    let written: (() => void) | undefined;
    const durable = new Promise<void>((resolve) => {
      written = resolve;
    });
    const committing = commit(request([1], { after: durable }));
    await redis.ping(); // behind everything that the commit would have sent
    expect(await waiting()).toBe(0);
    written?.();
    await committing;
    expect(await waiting()).toBe(1);
    const ledger = await createLedgers(redis).load(mailboxId);
    const full = Promise.reject(new Error('disk full'));
    await expect(commit(request([2], { ledger, after: full }))).rejects.toThrow('disk full');
    expect(await waiting()).toBe(1);
    expect(await createLedgers(redis).load(mailboxId)).toEqual(ledger);
  });

  it('is refused to a process that slept through its lease', async () => {
    const leases = createLeases(redis, 'replica-2', 5_000);
    await redis.del(`{mailroom}:lease:${mailboxId}`);
    const newer = await leases.acquire(mailboxId);
    await expect(commit(request([1]))).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await commit(request([1], { leaseToken: newer ?? '' }));
    expect(await waiting()).toBe(1);
  });

  it('adds a job once, however often it is repeated after a lost answer', async () => {
    await commit(request([5]));
    await expect(commit(request([5]))).rejects.toMatchObject({ code: 'LEDGER_STALE' });
    await redis.del(`{mailroom}:ledger:${mailboxId}`);
    await commit(request([5])); // as if the ledger alone had been lost: the job id still holds the door
    expect(await waiting()).toBe(1);
  });

  it('survives SCRIPT FLUSH', async () => {
    await redis.script('FLUSH');
    await commit(request([1, 2]));
    expect(await waiting()).toBe(2);
  });

  it('a reset of UIDs forgets what was noted under the old ones', async () => {
    const ledgers = createLedgers(redis);
    const pending = [{ uid: 7, entry: { reason: 'no-data', attempts: 1, firstAt: 0, nextAt: 0 } }];
    await ledgers.parsing(mailboxId, new Map([[7, 3]]));
    const ledger = await commit(
      request([1], { change: { outcomes: [{ outcome: 'enqueued', uids: [1] }], pending, meta: META }, afterCare: [1] }),
    );
    await commit({ mailboxId, leaseToken: token, ledger, change: { reset: true, outcomes: [], meta: META } });
    const { sets, pending: left } = await ledgers.load(mailboxId);
    expect([sets.enqueued, left.size, await ledgers.afterCare(mailboxId)]).toEqual([[], 0, []]);
    expect(await ledgers.unfinished(mailboxId)).toEqual(new Map());
  });

  it('keeps fingerprints as a multiset, and siblings for a limited time', async () => {
    const at = new Date();
    await commit(
      request([1, 2], {
        fingerprints: [
          { value: 'A'.repeat(16), internalDate: at },
          { value: 'A'.repeat(16), internalDate: at },
        ],
        siblings: [{ hash: `h${n}`, messageKey: 'k1' }],
      }),
    );
    const ledgers = createLedgers(redis);
    expect(await ledgers.fingerprints(mailboxId)).toEqual(new Map([['A'.repeat(16), 2]]));
    expect(await ledgers.siblings([`h${n}`, 'none'])).toEqual([['k1'], []]);
    expect(await redis.ttl(`{mailroom}:seen:h${n}`)).toBeGreaterThan(0);
  });

  it('removes completed jobs after their time while thousands complete', async () => {
    const brief = await openCommit(redis, flows, { ...KEPT, keepCompletedSeconds: 1 });
    const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null };
    const worker = new Worker(emailFlowQueue(`Flow ${n}`), async () => {}, {
      connection,
      prefix: PREFIX,
      concurrency: 50,
    });
    worker.on('error', () => {});
    let completed = 0;
    worker.on('completed', () => void completed++);
    const kept = async () => (await (await flows.queueOf(`Flow ${n}`)).getJobCounts('completed')).completed ?? 0;
    let ledger = emptyLedger();
    let uid = 0;
    const add = async (count: number) => {
      const uids = Array.from({ length: count }, () => ++uid);
      ledger = await brief({ ...request(uids), ledger });
    };
    // Under load all the time: who keeps all never comes below half.
    await waitFor(
      async () => {
        if (uid - completed < 500) await add(100);
        return completed > 1_000 && (await kept()) < completed / 2;
      },
      { intervalMs: 1 },
    );
    await waitFor(() => completed === uid);
    // The last ones go with what completes after their time.
    await waitFor(
      async () => {
        await add(1);
        return (await kept()) < 100;
      },
      { intervalMs: 50 },
    );
    await waitFor(() => completed === uid);
    const left = await redis.keys(`${PREFIX}:${emailFlowQueue(`Flow ${n}`)}:m-*`);
    expect(left.length).toBe(await kept());
    await worker.close();
  });

  it('never writes ledger and queue by separate commands', async () => {
    const monitor = await redis.monitor();
    const direct: string[][] = [];
    let ends = false;
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      if (args[1] === 'end-of-test') ends = true;
      if (source !== 'lua') direct.push(args);
    });
    await commit(request([1, 2, 3]));
    await redis.get('end-of-test');
    await waitFor(() => ends);
    monitor.disconnect();
    const writes = direct.filter(
      ([name = '', key = '']) => /ledger|email-flow/.test(key) && !/^(h?get|hgetall|exists|info)$/i.test(name),
    );
    // BullMQ marks a new queue's meta once; everything else that touches ledger or queue comes from the one script.
    expect(writes.filter(([, key = '']) => !key.endsWith(':meta'))).toEqual([]);
    expect(direct.filter(([name = '']) => /^eval/i.test(name))).toHaveLength(1);
  });
});
