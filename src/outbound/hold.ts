// A reply that is not submitted because a person must decide: its sender, its composition, or a colleague's answer. A release agrees to the sender
// that is offered here.
import type { BlobReference } from '../contract/message.ts';
import type { AnsweredElsewhere } from '../domain/answered.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import type { JobEnding } from '../domain/reply-queues.ts';
import type { EventName } from '../telemetry/events/index.ts';
import { failureOf, type ResultFields, resultOf } from './results.ts';
import type { SenderVerdict } from './sender-check.ts';
import { later, move, report, type Work } from './work.ts';

export async function holdForPerson(
  work: Work,
  entry: JournalEntry,
  { failure, offered }: Pick<SenderVerdict & { verdict: 'hold' }, 'failure' | 'offered'>,
  event: EventName,
  more: ResultFields = {},
): Promise<JobEnding> {
  const source = entry.source ?? (await storeReply(work));
  const result = resultOf({ ...entry, state: 'held' }, { failure, ...more });
  const { moved } = await move(work, {
    from: ['queued', 'prepared', 'submitting'],
    to: 'held',
    release: work.fence,
    change: {
      result,
      source,
      offered: offered ?? null,
      evidence: `held for a person: ${failure.code} ${failure.message}`,
    },
  });
  if (!moved) return later();
  report(work, event, { code: failure.code });
  return { end: 'failed', result };
}

export const holdForCollision = (work: Work, entry: JournalEntry, answeredElsewhere: AnsweredElsewhere) =>
  holdForPerson(work, entry, { failure: failureOf('REPLY_ANSWERED_ELSEWHERE') }, 'ReplyHeldForAnswer', {
    answeredElsewhere,
  });

async function storeReply({ deps, reply }: Work): Promise<string> {
  const {
    references: [reference],
    durable,
  } = await deps.blobs.putBatch([Buffer.from(JSON.stringify(reply))]);
  await durable;
  return (reference as BlobReference).blob;
}
