// Which raw mails the daily sweep deletes: none that an open job refers to.
import { describe, expect, it } from 'vitest';
import { emptyLedger, type LedgerMeta } from '../../../src/domain/ledger.ts';
import { sweepBlobs } from '../../../src/operations/maintenance.ts';

const DAY = 86_400_000;
const NOW = 100 * DAY;

async function swept(
  oldestJob: Record<string, number | undefined>,
  oldestOpen?: number,
  jobRetentionDays = 8,
): Promise<number> {
  let before = 0;
  await sweepBlobs({
    blobs: {
      sweep: async (date) => {
        before = date.getTime();
        return 0;
      },
    },
    flows: { oldestOpen: async (flow) => oldestJob[flow] },
    ledgers: {
      mailboxIds: async () => ['a', 'b'],
      load: async (id) => ({ ...emptyLedger(), meta: { emailFlows: [id] } as unknown as LedgerMeta }),
    },
    journal: { oldestOpen: async () => oldestOpen },
    retentionDays: 30,
    jobRetentionDays,
    now: () => NOW,
  });
  return before / DAY;
}

describe('retention of raw mails', () => {
  it.each([
    ['nothing waits', {}, 70],
    ['all waiting jobs are recent', { a: 99 * DAY }, 70],
    ['a job waits longer than the retention', { a: 99 * DAY, b: 40 * DAY }, 39],
  ])('%s', async (_name, waiting, day) => {
    expect(await swept(waiting)).toBe(day);
  });

  it('keeps the raw mails of completed jobs when those are kept longer', async () => {
    expect(await swept({}, undefined, 60)).toBe(39);
  });

  it('keeps the rendered mail of a held reply that is older than the retention', async () => {
    expect(await swept({}, 20 * DAY)).toBe(19);
    expect(await swept({}, 99 * DAY)).toBe(70);
  });
});
