// Replies that end processes. Composing a mail processes a backend's input; if it ends the process (memory, a fault of a library), BullMQ gives the job
// to the next process, and so on through all replicas. As in inbound/isolation.ts, a claim that lapsed before anything was prepared makes a suspect.
// A process prepares suspects one at a time, with a note in the journal before and after; a reply with two unfinished preparations is held for a
// person. Other replies cost nothing.
import type { Failure } from '../contract/result.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { failureOf } from './results.ts';
import { move, type Work } from './work.ts';

/** Unfinished preparations until a reply is held. */
const MOST = 2;

/** Runs its work one after the other, also after a failure. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
}

export const isSuspect = ({ lapses = 0, rendered }: JournalEntry): boolean => lapses > 0 && rendered === undefined;

/** @returns the failure to hold the reply with; undefined: the claim was lost */
export async function prepareSuspect<T>(
  work: Work,
  { preparations = 0, state }: JournalEntry,
  prepare: () => Promise<T>,
): Promise<T | { failure: Failure } | undefined> {
  if (preparations >= MOST) {
    const message = `${preparations} processes ended while they prepared this reply; nothing was sent`;
    return { failure: failureOf('REPLY_CRASHED', { message }) };
  }
  const note = (count: number) => move(work, { from: [state], to: state, change: { preparations: count } });
  return work.isolate(async () => {
    if (!(await note(preparations + 1)).moved) return undefined;
    try {
      return await prepare();
    } catch (error) {
      await note(preparations); // a failure is an end, too
      throw error;
    }
  });
}
