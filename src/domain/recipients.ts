// The recipients of one reply across its submissions: accepted, rejected, or to be tried again. Pure.
// Invariant: an `accepted` or `rejected` recipient keeps this state, and no later envelope names it.
import type { RecipientState } from '../contract/result.ts';
import { defined } from '../lib/defined.ts';
import type { RecipientOutcome } from './submission.ts';

const FINAL: ReadonlySet<RecipientState['state']> = new Set(['accepted', 'rejected']);

export interface Recipients {
  envelope?: { to: readonly string[] };
  /** Undefined: no answer has distinguished between them yet. */
  recipients?: readonly RecipientState[];
}

const known = ({ envelope, recipients }: Recipients): readonly RecipientState[] =>
  recipients ?? (envelope?.to ?? []).map((address) => ({ address, state: 'pending' }));

/** The envelope of the next submission. */
export const openRecipients = (entry: Recipients): string[] =>
  known(entry)
    .filter(({ state }) => !FINAL.has(state))
    .map(({ address }) => address);

/** The answers to RCPT, recorded before DATA: an accepted recipient is `uncertain` until the final dot is answered. */
export function afterRcpt(entry: Recipients, said: readonly RecipientOutcome[]): RecipientState[] {
  const byAddress = new Map(said.map((one) => [one.address, one]));
  return known(entry).map((before) => {
    const one = byAddress.get(before.address);
    if (one === undefined || FINAL.has(before.state)) return before;
    return {
      address: one.address,
      state: one.state === 'accepted' ? 'uncertain' : one.state,
      attempts: (before.attempts ?? 0) + 1,
      ...defined({ code: one.code, remote: one.remote }),
    };
  });
}

/** The same recipients with one state replaced by another, and the details of the new one. */
export function moveRecipients(
  recipients: readonly RecipientState[],
  from: readonly RecipientState['state'][],
  more: Pick<RecipientState, 'state'> & Partial<RecipientState>,
): RecipientState[] {
  return recipients.map((one) => (from.includes(one.state) ? { ...one, ...more } : one));
}

export const some = (recipients: readonly RecipientState[] | undefined, state: RecipientState['state']): boolean =>
  recipients?.some((one) => one.state === state) === true;
