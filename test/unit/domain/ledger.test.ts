// The ledger as a set of UIDs with their outcomes: changes, chunks, the audit, and what is tried next.
import { describe, expect, it } from 'vitest';
import {
  applyChange,
  audit,
  changedChunks,
  emptyLedger,
  type LedgerChange,
  outcomes,
  setsFromChunks,
  workOf,
} from '../../../src/domain/ledger.ts';
import { seededRandom } from '../../support/random.ts';

const enqueue = (...uids: number[]): LedgerChange => ({ outcomes: [{ outcome: 'enqueued', uids }] });

describe('ledger', () => {
  it('lists UIDs without an outcome that are not waiting as work', () => {
    let ledger = applyChange(emptyLedger(), enqueue(1, 2, 3));
    ledger = applyChange(ledger, {
      outcomes: [],
      pending: [{ uid: 5, entry: { reason: 'no-data', attempts: 1, firstAt: 0, nextAt: 1_000 } }],
    });
    expect(workOf(ledger, [1, 2, 3, 4, 5, 6], 500)).toEqual([4, 6]);
    expect(workOf(ledger, [6, 5, 4], 1_000)).toEqual([4, 5, 6]);
  });

  it('treats a wait longer than any of ours as due, because a wrong clock wrote it', () => {
    const entry = { reason: 'no-data', attempts: 1, firstAt: 0, nextAt: 90_000 };
    const ledger = applyChange(emptyLedger(), { outcomes: [], pending: [{ uid: 5, entry }] });
    expect(workOf(ledger, [5], 30_000, 60_000)).toEqual([]);
    expect(workOf(ledger, [5], 29_999, 60_000)).toEqual([5]);
    expect(workOf(ledger, [5], 90_000, 60_000)).toEqual([5]);
  });

  it('removes a pending UID when it gets an outcome', () => {
    const entry = { reason: 'no-data', attempts: 1, firstAt: 0, nextAt: 0 };
    const waiting = applyChange(emptyLedger(), { outcomes: [], pending: [{ uid: 9, entry }] });
    expect(applyChange(waiting, enqueue(9)).pending.size).toBe(0);
  });

  it('processes a vanished UID again when it is seen again', () => {
    const gone = applyChange(emptyLedger(), { outcomes: [{ outcome: 'vanished', uids: [4, 5] }] });
    expect(workOf(gone, [4], 0)).toEqual([4]);
    expect(audit(gone, [4])).toMatchObject({ unaccounted: [4], counts: { vanished: 2 } });
    const change = enqueue(4);
    const back = applyChange(gone, change);
    expect(audit(back, [4])).toMatchObject({ unaccounted: [], counts: { vanished: 1, enqueued: 1 } });
    expect(changedChunks(gone, back, change)).toEqual({ 'enqueued:0': '4', 'vanished:0': '5' });
    expect(workOf(back, [4], 0)).toEqual([]);
  });

  it('counts every UID exactly once in the audit', () => {
    let ledger = applyChange(emptyLedger(), {
      outcomes: [
        { outcome: 'before-start', uids: [1, 2] },
        { outcome: 'enqueued', uids: [3] },
      ],
    });
    ledger = applyChange(ledger, {
      outcomes: [],
      pending: [{ uid: 4, entry: { reason: 'x', attempts: 1, firstAt: 0, nextAt: 9 } }],
    });
    expect(audit(ledger, [1, 2, 3, 4, 5])).toMatchObject({ unaccounted: [5], pending: [4], inMailbox: 5 });
  });

  it('forgets outcomes and pending UIDs on reset, and continues the version count', () => {
    const old = applyChange(emptyLedger(), enqueue(1, 2));
    const fresh = applyChange(old, { reset: true, outcomes: [{ outcome: 'matched', uids: [7] }] });
    expect(fresh.version).toBe(2);
    expect(fresh.sets.enqueued).toEqual([]);
    expect(fresh.sets.matched).toEqual([[7, 7]]);
  });

  it('writes chunks that read back as the same sets', () => {
    const random = seededRandom(3);
    let ledger = emptyLedger();
    const stored: Record<string, string> = {};
    for (let i = 0; i < 50; i++) {
      const outcome = outcomes[Math.floor(random() * outcomes.length)] ?? 'enqueued';
      const change: LedgerChange = {
        outcomes: [{ outcome, uids: Array.from({ length: 30 }, () => 1 + Math.floor(random() * 20_000)) }],
      };
      const after = applyChange(ledger, change);
      Object.assign(stored, changedChunks(ledger, after, change));
      ledger = after;
    }
    expect(setsFromChunks(stored)).toEqual(ledger.sets);
  });
});
