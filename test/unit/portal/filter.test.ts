// Filters of lists, the way back to one, and decisions on many.
import { describe, expect, it } from 'vitest';
import { changesOf } from '../../../src/http/portal/audit-page.ts';
import { backOf, bulkOf, decideAll } from '../../../src/http/portal/bulk.ts';
import { filterOf, queryText, rangeOf } from '../../../src/http/portal/filter.ts';
import { sorted } from '../../../src/lib/sort.ts';
import { firstOf } from '../../../src/lib/streams.ts';

describe('a filter', () => {
  it('keeps valid values, and is unchanged when read from its own query', () => {
    const filter = filterOf({
      server: 'Out',
      code: ' X ',
      from: '2026-11-01',
      to: '2026-13-01',
      sort: 'server',
      page: '3',
    });
    const sort = { by: 'server', descending: false };
    expect(filter).toEqual({ server: 'Out', flow: '', code: 'X', person: '', from: '2026-11-01', to: '', sort });
    expect(queryText(filter, { state: 'held' })).toBe('state=held&server=Out&code=X&from=2026-11-01&sort=server');
    expect(queryText(filterOf({ sort: '-server' }))).toBe('sort=-server');
    for (const preset of ['', '-when', '--x', '<b>']) expect(queryText(filterOf({ sort: preset }))).toBe('');
    expect(rangeOf({ from: '2026-11-01', to: '2026-11-01' })).toEqual({
      from: Date.UTC(2026, 10, 1),
      to: Date.UTC(2026, 10, 2) - 1,
    });
    expect(queryText(filterOf({}))).toBe('');
  });

  it('finds changes by person, server, action and day', async () => {
    const entry = (at: string, by: string, action: string, server: string) => ({ at, by, action, server, changes: [] });
    const all = [
      entry('2026-11-03T10:00:00Z', 'Kim', 'pause', 'Out'),
      entry('2026-11-02T10:00:00Z', 'Alex', 'pause', 'Out'),
      entry('2026-11-01T10:00:00Z', 'Kim', 'create', 'In'),
    ];
    async function* entries() {
      yield* all;
    }
    const found = async (query: Record<string, string>) =>
      (await firstOf(changesOf(entries(), filterOf(query)), 10)).map(({ at }) => at.slice(8, 10));
    expect(await found({})).toEqual(['03', '02', '01']);
    expect(await found({ person: 'kim' })).toEqual(['03', '01']);
    expect(await found({ code: 'pause', to: '2026-11-02' })).toEqual(['02']);
    expect(await found({ server: 'in' })).toEqual(['01']);
  });
});

describe('an order', () => {
  const all = [
    { id: '3', who: 'Kim', count: 10 },
    { id: '2', who: 'alex', count: 9 },
    { id: '1', who: 'Kim', count: 10 },
  ];
  it.each([
    ['who', '231'], // what is equal stays newest first
    ['-who', '312'],
    ['count', '231'],
    ['-count', '312'],
    ['when', '123'],
    ['-when', '321'],
    ['constructor', '321'],
    ['<b>', '321'],
  ])('%s', (sort, ids) => {
    const by = { who: ({ who }: (typeof all)[0]) => who, count: ({ count }: (typeof all)[0]) => count };
    expect(
      sorted(all, filterOf({ sort }).sort, by)
        .map(({ id }) => id)
        .join(''),
    ).toBe(ids);
  });
});

describe('the return address', () => {
  it.each([
    ['/portal/replies?state=held&page=2', '/portal/replies?state=held&page=2'],
    ['/portal/replies?page=2&done=x&about=y&proof=z', '/portal/replies?page=2'],
    ['/portal/replies', '/portal/replies'],
    ['https://evil.example/portal/replies?', '/portal/replies'],
    ['/portal/replies/../x', '/portal/replies'],
    ['//evil.example', '/portal/replies'],
    [undefined, '/portal/replies'],
  ])('%s', (given, back) => expect(backOf(given, '/portal/replies')).toBe(back));
});

describe('a bulk action', () => {
  it('names each id once, and is limited', () => {
    const ids = Array.from({ length: 2_000 }, (_, i): [string, string] => ['id', `r${i % 1_500}`]);
    const bulk = bulkOf(new URLSearchParams([['act', 'drop:marked'], ...ids]), '/portal/replies');
    expect(bulk).toMatchObject({ act: 'drop', scope: 'marked', confirmed: false, back: '/portal/replies' });
    expect(bulk.ids).toHaveLength(1_000);
  });

  it('continues after one that fails', async () => {
    const seen: string[] = [];
    const done = await decideAll(['a', 'b', 'c'], async (id) => {
      seen.push(id);
      if (id === 'b') throw new Error('gone');
    });
    expect([done, seen.sort()]).toEqual([2, ['a', 'b', 'c']]);
  });
});
