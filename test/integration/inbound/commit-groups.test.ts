// A batch whose jobs are too large for one commit: several commits in order, each with jobs and ledger together. One that fails leaves those before it
// as they are, and its own messages come again.
import { expect, it } from 'vitest';
import { parseNothing, parsingBy } from '../../support/inbound.ts';
import { scriptedMailboxes } from '../../support/scripted-mailbox.ts';
import { waitFor } from '../../support/temp.ts';

const { start } = scriptedMailboxes('groups');
const COUNT = 50;
const MOST_BYTES = 4_000_000;

/** Jobs of nearly a megabyte. */
const large = parsingBy((raw) => ({
  ...parseNothing(raw),
  text: { value: 'x'.repeat(980_000), length: 980_000, truncated: true },
}));

type Failure = 'nothing' | 'refused' | 'without an answer';
it.each<Failure>(['nothing', 'refused', 'without an answer'])(
  'fifty jobs of a megabyte, where the third commit fails: %s',
  async (failure) => {
    const commits: { uids: number[]; bytes: number }[] = [];
    let failures = 0;
    const one = await start(COUNT, {
      settings: { batchCount: COUNT, batchBytes: 8_000_000, leaseMs: 60_000 },
      ports: large,
      commit: (commit) => async (request) => {
        const { messages = [] } = request;
        if (messages.length === 0) return commit(request);
        const bytes = messages.reduce((sum, { message }) => sum + Buffer.byteLength(JSON.stringify(message)), 0);
        commits.push({ uids: messages.map(({ message: { uid } }) => uid), bytes });
        if (failure === 'nothing' || commits.length !== 3) return commit(request);
        failures++;
        if (failure === 'without an answer') await commit(request);
        throw new Error('the connection to Redis is closed');
      },
    });
    const jobs = await one.jobsAre(COUNT);
    await one.isIdle();
    await waitFor(async () => (await one.unaccounted()).length === 0);

    // Nothing lost, nothing twice, in the order of the mailbox.
    expect(jobs).toHaveLength(COUNT);
    expect(new Set(jobs.map(({ uid }) => uid)).size).toBe(COUNT);
    const enqueued = one.events('MessageEnqueued').map(({ uid }) => uid as number);
    expect(new Set(enqueued).size).toBe(enqueued.length);
    expect(failures).toBe(failure === 'nothing' ? 0 : 1);
    expect(Math.max(...commits.map(({ bytes }) => bytes))).toBeLessThanOrEqual(MOST_BYTES);
    expect(commits.length).toBeGreaterThanOrEqual(13);
    for (const { uids } of commits) expect(uids).toEqual([...uids].sort((a, b) => a - b));
    // What was committed before the failure was not done again.
    const before = commits.slice(0, 2).flatMap(({ uids }) => uids);
    const after = commits.slice(failure === 'without an answer' ? 3 : 2).flatMap(({ uids }) => uids);
    expect(after.filter((uid) => before.includes(uid))).toEqual([]);
  },
);
