// Flagging and moving come after the commit is safe, not after it was once seen: a Redis that crashed in between has forgotten job and ledger.
import { expect, it } from 'vitest';
import { afterCare } from '../../../src/inbound/after-care.ts';
import type { Mailbox } from '../../../src/inbound/ports.ts';
import type { Watched } from '../../../src/inbound/watched.ts';

/** @param noted UIDs as Redis holds them, before and after the wait for the disk */
function watched(noted: number[][], onDisk = true) {
  const done: number[][] = [];
  const moved: number[][] = [];
  const ledgers = {
    afterCare: async () => noted[0] ?? [],
    durable: async () => {
      noted.shift();
      return onDisk;
    },
    afterCareDone: async (_id: string, uids: number[]) => void done.push(uids),
  };
  const server = { name: 'in', afterQueued: { action: 'move', folder: 'Erledigt' } };
  const mailbox = { move: async (uids: number[]) => void moved.push(uids) };
  const run = () =>
    afterCare(
      { ports: { ledgers, emit: () => {} }, server, mailboxId: 'm' } as unknown as Watched,
      mailbox as unknown as Mailbox,
    );
  return { run, moved, done };
}

it.each([
  [
    'kept',
    [
      [4, 5],
      [4, 5],
    ],
    [[4, 5]],
  ],
  ['half forgotten', [[4, 5], [4]], [[4]]],
  ['forgotten: messages that are no longer queued stay in the folder', [[4, 5], []], []],
  ['followed by a newer one that may not be durable yet', [[4], [4, 9]], [[4]]],
])('a commit that Redis has %s', async (_what, noted, touched) => {
  const one = watched(noted);
  expect(await one.run()).toBe(true);
  expect(one.moved).toEqual(touched);
  expect(one.done).toEqual(touched);
});

it('waits while Redis’s disk is behind', async () => {
  const one = watched([[4], [4]], false);
  expect(await one.run()).toBe(false);
  expect([one.moved, one.done]).toEqual([[], []]);
});

it('asks nothing of Redis where messages are left alone', async () => {
  const left = { ports: {}, server: { afterQueued: { action: 'leave' } }, mailboxId: 'm' } as unknown as Watched;
  expect(await afterCare(left, {} as Mailbox, undefined)).toBe(true);
});
