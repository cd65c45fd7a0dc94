// A result has a reason exactly when its state has one.
import { expect, it } from 'vitest';
import { resultSchema } from '../../../src/contract/result.ts';
import { failureOf, resultOf } from '../../../src/outbound/results.ts';

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
