// The index by address and conversation: finds without regard to case, stays bounded, says how far back it reaches, and forgets a person.
import { expect, it } from 'vitest';
import { createFindIndex } from '../../../src/adapters/redis/find-index.ts';
import { findKey } from '../../../src/domain/keys.ts';
import { redisRoom } from '../../support/redis.ts';

let now = Date.UTC(2026, 10, 30);
const room = redisRoom();
const index = () => createFindIndex(room.redis, () => now);

it('finds messages and replies by address and by conversation, each once, newest first', async () => {
  const { add, find } = index();
  await add([{ kind: 'message', id: 'm-1', terms: ['Kim@Example.org', 'c-1'] }]);
  now += 1_000;
  const reply = { kind: 'reply', id: 'desk:1', terms: ['kim@example.org', 'kim@example.org'] } as const;
  await add([reply, reply]);
  expect(await find('KIM@example.org')).toEqual({
    found: [
      { kind: 'reply', id: 'desk:1', at: now },
      { kind: 'message', id: 'm-1', at: now - 1_000 },
    ],
  });
  expect((await find('c-1')).found.map(({ id }) => id)).toEqual(['m-1']);
  expect(await find('nobody@example.org')).toEqual({ found: [] });
});

it('keeps a bounded list, reports the time it reaches back to, and expires', async () => {
  const { add, find } = index();
  for (let i = 0; i < 300; i++) {
    now += 1_000;
    await add([{ kind: 'message', id: `m-${i}`, terms: ['kim@example.org'] }]);
  }
  const { found, since } = await find('kim@example.org');
  expect(found).toHaveLength(256);
  expect(since).toBe(now - 255_000);
  const [key = ''] = await room.redis.keys(findKey(room.redis, '*').replaceAll(/[{}]/g, '?'));
  expect(await room.redis.ttl(key)).toBeGreaterThan(29 * 86_400);
  expect(await room.redis.lindex(key, 0)).not.toContain('kim');
});

it('forgets one address and nothing else', async () => {
  const { add, find, forget } = index();
  await add([{ kind: 'message', id: 'm-1', terms: ['kim@example.org', 'c-1'] }]);
  await add([{ kind: 'message', id: 'm-2', terms: ['kim@example.org'] }]);
  expect(await forget('kim@example.org')).toBe(2);
  expect((await find('kim@example.org')).found).toEqual([]);
  expect((await find('c-1')).found).toHaveLength(1);
});
