// A result has a reason exactly when its state has one, and lists settled and open recipients apart.
import { expect, it } from 'vitest';
import { resultSchema } from '../../../src/contract/result.ts';
import { failureOf, remoteLine, resultOf } from '../../../src/outbound/results.ts';

const entry = { replyId: 'r', server: 's', state: 'rejected' as const };
const failure = failureOf('REPLY_HELD');

it('a rejected reply always has a failure', () => {
  expect(resultOf(entry).failure?.code).toBe('REPLY_JOB_FAILED');
  expect(resultOf(entry, { failure }).failure).toEqual(failure);
  expect(resultOf({ ...entry, result: { ...resultOf(entry), failure } }).failure).toEqual(failure);
});

it.each(resultSchema.shape.state.options.filter((state) => !['rejected', 'held', 'dropped'].includes(state)))(
  '%s has no failure, although it was held before',
  (state) => {
    const held = resultOf({ ...entry, state: 'held' }, { failure });
    expect(held.failure).toEqual(failure);
    expect(resultOf({ ...entry, state, result: held })).not.toHaveProperty('failure');
  },
);

it('recipients are listed as settled and as open, and a list without entries is left out', () => {
  const kim = { address: 'kim@customer.example', state: 'rejected' } as const;
  const lee = { address: 'lee@customer.example', state: 'deferred' } as const;
  const of = (...recipients: (typeof kim | typeof lee)[]) => resultOf({ ...entry, state: 'prepared', recipients });
  expect(of(kim, lee)).toMatchObject({ recipients: [kim], openRecipients: [lee] });
  expect(of(kim)).not.toHaveProperty('openRecipients');
  expect(of(lee)).not.toHaveProperty('recipients');
});

it('an answer of a server is one line of at most 300 characters', () => {
  expect(remoteLine({ system: 'smtp', code: '550', enhancedCode: '5.1.1', text: 'x'.repeat(400) })).toBe(
    `550 5.1.1 ${'x'.repeat(290)}`,
  );
  expect(remoteLine(undefined)).toBe('');
});
