// Which INFO is of a Redis that keeps jobs, and how often a change of it is said.
import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { fitnessIn, watchFitness } from '../../../src/adapters/redis/fitness.ts';

const info = (fields: Record<string, string> = {}) =>
  Object.entries({ redis_version: '7.4.1', maxmemory_policy: 'noeviction', aof_enabled: '1', ...fields })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('');

it.each([
  [{}, undefined, undefined],
  [{ maxmemory_policy: 'volatile-ttl' }, 'maxmemory-policy volatile-ttl', undefined],
  [{ aof_enabled: '0' }, undefined, 'appendonly is no'],
  [{ redis_version: '7.0.15' }, undefined, 'no WAITAOF before Redis 7.2'],
  [{ redis_version: '6.0.16' }, 'Redis 6.0.16 is too old', 'no WAITAOF before Redis 7.2'],
  [{ os: 'mocked redis' }, 'the embedded Redis of the demo', undefined],
])('%j', (fields, unfit, limited) => {
  const found = fitnessIn(info(fields), false);
  expect(found.limited).toBe(limited);
  if (unfit === undefined) expect(found.unfit).toBeUndefined();
  else expect(found.unfit?.message).toContain(unfit);
});

it('is good enough for the demo as it is', () => {
  const demo = info({ os: 'mocked redis', maxmemory_policy: 'allkeys-lru', aof_enabled: '0' });
  expect(fitnessIn(demo, true)).toEqual({ unfit: undefined, limited: 'appendonly is no' });
});

it('tells once what became worse, and once that it is over; what was so at the start counts as no loss', async () => {
  const said: string[] = [];
  let answer: Promise<string> = Promise.resolve(info());
  const redis = Object.assign(new EventEmitter(), { status: 'ready', info: () => answer });
  const watch = watchFitness(redis as unknown as Redis, fitnessIn(await answer, false), {
    embedded: false,
    emit: (name, { reason } = {}) => void said.push(reason === undefined ? name : `${name}: ${reason}`),
  });
  const reconnect = async (text: Promise<string>) => {
    answer = text;
    redis.emit('ready');
    await new Promise(setImmediate);
    return watch.current();
  };
  const bad = Promise.resolve(info({ maxmemory_policy: 'allkeys-lru', aof_enabled: '0' }));
  try {
    for (let times = 0; times < 2; times++) expect(await reconnect(bad)).toEqual({ unfit: true, durabilityLost: true });
    // INFO that is refused says nothing new.
    expect(await reconnect(Promise.reject(new Error('NOPERM')))).toEqual({ unfit: true, durabilityLost: true });
    expect(await reconnect(Promise.resolve(info()))).toEqual({ unfit: false, durabilityLost: false });
  } finally {
    watch.stop();
  }
  expect(said).toEqual([
    'RedisFoundUnfit',
    'RedisDurabilityLimited: appendonly is no',
    'RedisFoundFit',
    'RedisDurabilityRestored',
  ]);
  expect(redis.listenerCount('ready')).toBe(0);
  const weak = fitnessIn(info({ aof_enabled: '0' }), false);
  const other = watchFitness(redis as unknown as Redis, weak, { embedded: false, emit: () => {} });
  expect(other.current()).toEqual({ unfit: false, durabilityLost: false });
  other.stop();
});
