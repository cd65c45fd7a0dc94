// Stores that take nothing, clocks that jump, a Redis that forgets: the mailbox stays connected and says once why it waits; nothing is lost, doubled, or
// stored twice.

import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { PREFIX } from '../../../src/contract/names.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import { ledgerKey, ledgerPendingKey, ledgerUidsKey } from '../../../src/domain/keys.ts';
import { scriptedMail } from '../../support/scripted-imap.ts';
import { type ScriptedMailbox, scriptedMailboxes } from '../../support/scripted-mailbox.ts';
import { waitFor } from '../../support/temp.ts';

const { start, redisUrl } = scriptedMailboxes('refusing');

/** Paused once for this reason, still connected, and on its way again when it is over. */
async function pausedOnce(one: ScriptedMailbox, reason: string, cure: () => unknown, count: number): Promise<void> {
  expect(await one.eventIs('MailboxPaused')).toMatchObject({ reason });
  await waitFor(() => tries(one) >= 2, { describe: 'a second try' });
  expect(one.state()).toBe('paused');
  await cure();
  expect(await one.jobsAre(count)).toHaveLength(count);
  await one.eventIs('MailboxResumed');
  expect(one.events('MailboxPaused')).toHaveLength(1);
  expect(one.events('MailboxDisconnected')).toEqual([]);
  expect(one.imap.connections()).toBe(1);
}
const tries = ({ imap }: ScriptedMailbox) => imap.commands.filter((command) => command.includes('BODY.PEEK[]')).length;

describe('a store that refuses writes', () => {
  it('pauses the mailbox when the blob disk is full, and resumes when there is room', async () => {
    let full = true;
    const one = await start(60, {
      // More than waits in memory for the commit: what the server still sends must not hold up the connection.
      prepare({ messages }) {
        for (const message of messages) message.raw = scriptedMail(`full-${message.uid}`, 'x'.repeat(100_000));
      },
      blobs: (blobs) => ({
        ...blobs,
        putBatch: async (list) => {
          if (full) throw new MailroomError('BLOB_STORE_FULL', { remote: { system: 'blob', code: 'ENOSPC' } });
          return blobs.putBatch(list);
        },
      }),
    });
    await pausedOnce(
      one,
      'blob-store',
      async () => {
        // They were parsed, and this process lives: whoever stops it now must not find messages that seem to kill processes.
        await waitFor(async () => (await one.ledgers.unfinished(one.mailboxId)).size === 0, { describe: 'no notes' });
        full = false;
      },
      60,
    );
    expect(one.events('MailboxPaused')[0]).toMatchObject({ err: { code: 'BLOB_STORE_FULL' } });
  });

  it('polls no more often than a paused mailbox does, when the store is known to be full after the refusal', async () => {
    let full = false;
    const one = await start(0, {
      blobs: (blobs) => ({
        ...blobs,
        putBatch: async (list) => {
          if (full) throw new MailroomError('BLOB_STORE_FULL', { remote: { system: 'blob', code: 'ENOSPC' } });
          return blobs.putBatch(list);
        },
      }),
      ports: { pressure: async () => (full && refused() ? 'blob-store' : undefined) },
    });
    const refused = () => one.events('MailboxPaused').length > 0;
    await one.isIdle();
    full = true;
    one.imap.add({ uid: 1, raw: scriptedMail('full') });
    await one.eventIs('MailboxPaused');
    const polls = () => one.imap.commands.filter((command) => command.startsWith('STATUS')).length;
    const before = polls();
    // deadAfterMs allows a probe each 1.2 s; the first try is due after one second.
    await waitFor(() => polls() >= before + 2, { describe: 'two polls' });
    const begun = performance.now();
    await waitFor(() => polls() > before + 2, { describe: 'one more poll' });
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    full = false;
    expect(await one.jobsAre(1)).toHaveLength(1);
  });

  it('pauses when Redis is out of memory, and stores no raw mail twice', async () => {
    const stored: number[] = [];
    const admin = new Redis(redisUrl());
    const one = await start(0, {
      // Memory that runs out between the check and the commit.
      ports: { pressure: async () => undefined },
      blobs: (blobs) => ({
        ...blobs,
        putBatch: async (list) => {
          stored.push(list.length);
          return blobs.putBatch(list);
        },
      }),
    });
    await one.isIdle();
    await admin.config('SET', 'maxmemory', '1');
    try {
      for (let uid = 1; uid <= 5; uid++) one.imap.add({ uid, raw: scriptedMail(`oom-${uid}`) });
      await pausedOnce(one, 'redis-memory', () => admin.config('SET', 'maxmemory', '0'), 5);
      expect(stored.reduce((sum, count) => sum + count, 0)).toBe(5);
    } finally {
      await admin.config('SET', 'maxmemory', '0');
      admin.disconnect();
    }
  });
});

describe('clocks', () => {
  it('a clock set back by an hour stops nothing and loses no lease', async () => {
    let ahead = 0;
    const one = await start(2, { settings: { leaseMs: 2_000 }, ports: { now: () => Date.now() + ahead } });
    await one.jobsAre(2);
    await one.isIdle();
    ahead = -3_600_000;
    const rounds = tries(one);
    one.imap.add({ uid: 3, raw: scriptedMail('after the step') });
    await one.jobsAre(3);
    // Longer than a lease lives without renewal.
    const leaseEnds = performance.now() + 2_500;
    await waitFor(() => performance.now() > leaseEnds);
    one.imap.add({ uid: 4, raw: scriptedMail('after a lease') });
    await one.jobsAre(4);
    expect(tries(one)).toBeGreaterThan(rounds);
    expect(one.events('LeaseLost')).toEqual([]);
    expect(one.imap.connections()).toBe(1);
  });

  it('a wait written by a wrong clock is due at once', async () => {
    const one = await start(2, {
      prepare: ({ faults }) => faults.set(2, 'no-data'),
      settings: { pendingDelays: [600_000] }, // it stays pending until its time is written
    });
    await waitFor(async () => (await one.ledgers.load(one.mailboxId)).pending.has(2));
    one.imap.faults.delete(2);
    const day = { reason: 'no-data', attempts: 1, firstAt: Date.now() + 86_400_000, nextAt: Date.now() + 90_000_000 };
    await one.inbound.setServers([]);
    await one.redis.hset(ledgerPendingKey(PREFIX, one.mailboxId), '2', JSON.stringify(day));
    await one.redis.hdel(ledgerUidsKey(PREFIX, one.mailboxId), 'enqueued:0', 'quarantined:0');
    await one.inbound.setServers([one.server]);
    const jobs = await one.jobsAre(2);
    expect(jobs.find(({ uid }) => uid === 2)).toMatchObject({ parse: 'complete' });
  });
});

describe('a Redis that was restored to a state younger than the lease time', () => {
  it('is noticed without a new mail, and the forgotten messages are fetched again', async () => {
    const one = await start(3, { settings: { leaseMs: 60_000 } });
    await one.jobsAre(3);
    await one.isIdle();
    // As an older copy has it: the last commit is not there, neither job nor outcome.
    const { version } = await one.ledgers.load(one.mailboxId);
    const queue = await one.flows.queueOf(one.server.emailFlow);
    await Promise.all((await queue.getJobs(['waiting'])).map((job) => job.remove()));
    await one.redis
      .multi()
      .hdel(ledgerUidsKey(PREFIX, one.mailboxId), 'enqueued:0')
      .hset(ledgerKey(PREFIX, one.mailboxId), 'version', version - 1)
      .exec();
    expect(await one.eventIs('LedgerSetBack')).toMatchObject({ err: { code: 'LEDGER_SET_BACK' } });
    expect(await one.jobsAre(3)).toHaveLength(3);
    expect(one.events('LedgerSetBack')).toHaveLength(1);
  });

  it('is noticed at the renewal of the lease, long before the next poll', async () => {
    const one = await start(1, {
      settings: { leaseMs: 1_000, idleRenewMs: 600_000, deadAfterMs: 600_000, reconcileMs: 600_000 },
    });
    await one.jobsAre(1);
    await one.isIdle();
    await one.redis.hset(ledgerKey(PREFIX, one.mailboxId), 'version', 0);
    await one.eventIs('LedgerSetBack');
  });
});
