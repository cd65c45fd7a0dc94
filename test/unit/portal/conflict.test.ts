// Two people change one email server: what each field is offered as, and what is stored of a choice.
import { describe, expect, it } from 'vitest';
import { conflictOf, mergedWith } from '../../../src/http/portal/conflict.ts';

const entry = (by: string, ...changes: [field: string, from: string, to: string][]) => ({
  at: '2026-11-29T10:00:00.000Z',
  by,
  action: 'replace',
  server: 'Support',
  changes: changes.map(([field, from, to]) => ({ field, from, to })),
});

describe('a conflict', () => {
  const base = { host: 'a.example', port: 993, folder: 'INBOX', aliases: ['a@b.example'] };
  it.each([
    ['only they changed it: uses theirs', { ...base }, { ...base, host: 'their.example' }, [['host', 'theirs']]],
    [
      'both changed it: offers a choice, mine first',
      { ...base, host: 'my.example' },
      { ...base, host: 'their.example' },
      [['host', 'mine']],
    ],
    [
      'both changed it to the same value: no choice',
      { ...base, host: 'their.example' },
      { ...base, host: 'their.example' },
      [],
    ],
    [
      'only I changed another field: no choice for it',
      { ...base, folder: 'Other', host: 'their.example' },
      { ...base, host: 'their.example' },
      [],
    ],
  ])('%s', (_, mine, theirs, expected) => {
    const { contested } = conflictOf(mine, theirs, [entry('Lee', ['host', 'a.example', 'their.example'])]);
    expect(contested.map(({ field, take }) => [field, take])).toEqual(expected);
  });

  it('compares several changes with what the form was opened with', () => {
    const changes = [entry('Lee', ['port', '994', '995']), entry('Kim', ['port', '993', '994'])];
    const { contested } = conflictOf({ ...base }, { ...base, port: 995 }, changes);
    expect(contested).toMatchObject([{ field: 'port', take: 'theirs', mine: 993, theirs: 995 }]);
  });

  it('does not use values that the log cut', () => {
    const long = Array.from({ length: 50 }, (_, i) => `a${i}@b.example`);
    const logged = `${JSON.stringify(long).slice(0, 300)}…`;
    const mine = { ...base, aliases: [...long, 'mine@b.example'] };
    const { contested } = conflictOf(mine, { ...base, aliases: [] }, [entry('Lee', ['aliases', logged, '[]'])]);
    expect(contested).toMatchObject([{ field: 'aliases', take: 'mine' }]);
  });

  it('never offers a password', () =>
    expect(conflictOf({ ...base }, base, [entry('Lee', ['password', '••••', '••••'])]).contested).toEqual([]));
});

describe('a choice', () => {
  const theirs = { host: 'their.example', port: 995 };
  it.each([
    ['_take.host=theirs&_take.port=mine', { host: 'their.example', port: 1, folder: 'F' }],
    ['_take.folder=theirs', { host: 'my.example', port: 1 }],
    ['_take.password=theirs&_take.host.x=theirs', { host: 'my.example', port: 1, folder: 'F' }],
    ['_take.__proto__=theirs', { host: 'my.example', port: 1, folder: 'F' }],
  ])('%s', (form, stored) =>
    expect(mergedWith({ host: 'my.example', port: 1, folder: 'F' }, new URLSearchParams(form), theirs)).toEqual(stored),
  );
});
