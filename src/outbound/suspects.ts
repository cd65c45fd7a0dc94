// The reply that ends processes. Composing a mail is work on what a backend wrote; should it take the process with it (memory, a fault of a library),
// BullMQ gives the job to the next one, and so on through all replicas. As for mails (inbound's parsing notes): a claim that ran out with nothing
// prepared makes a suspect. Suspects are prepared one at a time in a process, with a note in the journal before and after; who has been noted twice
// without an end is held for a person. A reply that was never left in this way costs nothing.
import type { Failure } from '../contract/result.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { failureOf } from './results.ts';
import type { Work } from './work.ts';

/** Preparations without an end until a reply is held. */
const MOST = 2;

/** One after the other, whatever becomes of those before. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
}

export const isSuspect = ({ lapses = 0, rendered }: JournalEntry): boolean => lapses > 0 && rendered === undefined;

/** @returns the failure to hold it with; undefined: the claim was lost */
export async function prepareSuspect<T>(
  { deps, reply, fence, isolate }: Work,
  entry: JournalEntry,
  prepare: () => Promise<T>,
): Promise<T | { failure: Failure } | undefined> {
  const { preparations = 0, state } = entry;
  if (preparations >= MOST) {
    const message = `${preparations} processes ended while they prepared this reply; nothing was sent`;
    return { failure: failureOf('REPLY_CRASHED', { message }) };
  }
  const note = (count: number) =>
    deps.journal.transition(reply.replyId, { from: [state], to: state, fence, change: { preparations: count } });
  return isolate(async () => {
    if (!(await note(preparations + 1)).moved) return undefined;
    try {
      return await prepare();
    } catch (error) {
      // It came to an end, whatever that was.
      await note(preparations);
      throw error;
    }
  });
}
