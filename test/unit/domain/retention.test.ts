// The table of what is kept for how long: it agrees with the structures in Redis and with the settings.
import { expect, it } from 'vitest';
import { structures } from '../../../src/adapters/redis/structures.ts';
import { entries } from '../../../src/config/load.ts';
import { type Retention, retention } from '../../../src/domain/retention.ts';

const rows = Object.entries<Retention>(retention);

it('every kind in Redis has its structures, except what lies under many names', () => {
  const named = new Set<string>(structures.flatMap(({ kept }) => kept));
  expect(rows.flatMap(([kind, { where }]) => (where === 'redis' && !named.has(kind) ? [kind] : []))).toEqual([
    'set-aside',
  ]);
});

it('every setting exists and is a time', () => {
  const known = new Map(entries().map(({ path, setting }) => [path, setting.default]));
  const wrong = rows.flatMap(([, { settings = [] }]) => settings).filter((path) => typeof known.get(path) !== 'number');
  expect(wrong).toEqual([]);
});

it('every kind that is deleted daily has a time', () => {
  const without = rows.filter(
    ([, { deletedBy, settings, days }]) => deletedBy === 'daily' && (settings ?? days) === undefined,
  );
  expect(without).toEqual([]);
});
