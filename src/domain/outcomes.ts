// Builds mailroom.outcome/1 for a reply. The same fact always gets the same outcomeKey. Pure.
import { outcomeKey } from '../contract/names.ts';
import { OUTCOME_SCHEMA, type Outcome } from '../contract/outcome.ts';
import type { Result } from '../contract/result.ts';
import { defined } from '../lib/defined.ts';
import { type LearntDelivery, withHint } from './delivery.ts';
import { type JournalEntry, settledStates } from './reply-journal.ts';

/**
 * Undefined if the state is not settled. Accepted, rejected and dropped happen once; a reply may be held several times.
 * @param fence of the claim under which it was held
 */
export function settledOutcome(result: Result, fence: number | undefined, at: Date): Outcome | undefined {
  const { replyId, server, state, messageId } = result;
  if (!settledStates.includes(state)) return undefined;
  return {
    schema: OUTCOME_SCHEMA,
    outcomeKey: outcomeKey(replyId, state === 'held' ? `held ${fence ?? 0}` : state),
    kind: 'settled',
    at: at.toISOString(),
    replyId,
    server,
    ...defined({ messageId }),
    result,
  };
}

export function deliveryOutcome(
  { replyId, server, messageId }: Pick<JournalEntry, 'replyId' | 'server' | 'messageId'>,
  learnt: readonly LearntDelivery[],
  at: Date,
): Outcome {
  const facts = learnt.map(({ address, delivery }) => `${delivery} ${address}`).sort();
  return {
    schema: OUTCOME_SCHEMA,
    outcomeKey: outcomeKey(replyId, facts.join('\n')),
    kind: 'delivery',
    at: at.toISOString(),
    replyId,
    server,
    ...defined({ messageId }),
    recipients: learnt.map(({ address, delivery, report }) => ({ address, delivery, report: withHint(report) })),
  };
}
