// A colleague may already have answered the message in Outlook: the customer would get two different answers. Checked twice: before the connection, with
// one bounded search in the mailbox if the known state is old, and directly before DATA with the state known then. A failed search never delays a
// reply; it is recorded as evidence. An answer that a colleague sends between the second check and DATA cannot be detected.
import type { AnsweredElsewhere } from '../domain/answered.ts';
import { asError } from '../domain/errors.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { defined } from '../lib/defined.ts';
import { resultOf } from './results.ts';
import { report, type Work } from './work.ts';

interface Collision {
  answered?: AnsweredElsewhere | undefined;
  /** The mailbox could not be searched. */
  evidence?: string;
}

/** Thrown directly before DATA. */
export class AnsweredMeanwhile extends Error {
  readonly answered: AnsweredElsewhere;
  constructor(answered: AnsweredElsewhere) {
    super('a colleague has answered meanwhile');
    this.answered = answered;
  }
}

/** The message to check; undefined: nothing to check. */
function messageOf({ deps, server, reply }: Work, entry: JournalEntry): string | undefined {
  const isForced = reply.force || entry.forced === true || server.answeredElsewhere === 'send';
  // Some recipients already have it: the others must get it too.
  const isOut = (entry.acceptances ?? 0) > 0;
  return isForced || isOut || deps.answers === undefined ? undefined : reply.answers?.messageKey;
}

/** Before the connection. Never throws; its longest time is that of the search. */
export async function findCollision(work: Work, entry: JournalEntry): Promise<Collision> {
  const { answers } = work.deps;
  const messageKey = messageOf(work, entry);
  if (messageKey === undefined || answers === undefined) return {};
  try {
    const known = await answers.known(messageKey);
    if (known === undefined) return {};
    if (known.answered !== undefined) return { answered: known.answered };
    if (known.ageMs !== undefined && known.ageMs <= work.settings.answersFreshMs) return {};
    return { answered: await answers.look(messageKey) };
  } catch (error) {
    const err = asError(error);
    report(work, 'AnswerLookFailed', { err });
    return { evidence: `not known whether a colleague has answered: ${err.message.slice(0, 200)}` };
  }
}

/** Directly before DATA. @throws AnsweredMeanwhile */
export async function refuseCollision(work: Work, entry: JournalEntry): Promise<void> {
  const messageKey = messageOf(work, entry);
  if (messageKey === undefined || isWarned(work)) return;
  const known = await work.deps.answers?.known(messageKey).catch(() => undefined);
  if (known?.answered !== undefined) throw new AnsweredMeanwhile(known.answered);
}

export const isWarned = ({ server }: Work): boolean => server.answeredElsewhere === 'warn';

/** The record, in journal and result, of a reply that is sent nevertheless. */
export const warningOf = (
  entry: JournalEntry,
  { answered, evidence }: Collision,
): Pick<JournalEntry, 'result'> & { evidence?: string } => ({
  ...defined({ evidence }),
  ...(answered === undefined
    ? {}
    : {
        result: resultOf(entry, {
          answeredElsewhere: answered,
          warnings: ['answered-elsewhere: a colleague had answered the message in Outlook before this reply was sent'],
        }),
        evidence: 'a colleague had answered the message: sent with a warning by policy',
      }),
});
