// The audit log in Redis: changes and sign-ins apart, in order of time over all pages, each removed by its own time, bounded in count.
import { expect, it } from 'vitest';
import { createPortalAudit } from '../../../src/adapters/redis/portal-audit.ts';
import type { AuditQuery } from '../../../src/domain/audit.ts';
import { redisRoom } from '../../support/redis.ts';

const room = redisRoom();

const CHANGES = '{mailroom}:portal:audit';
const SIGN_INS = '{mailroom}:portal:sign-ins';
const DAY = 86_400_000;
/** An entry of that day, as a version wrote it. */
async function at(day: number, stream: string, action: string, n = 0): Promise<void> {
  const ms = day * DAY;
  const entry = { at: new Date(ms).toISOString(), by: 'Kim', action, server: `${day}/${n}`, changes: [] };
  await room.redis.xadd(stream, `${ms}-${n + 1}`, 'entry', JSON.stringify(entry));
}
async function found(query: AuditQuery): Promise<string[]> {
  const names: string[] = [];
  for await (const { action, server: name } of createPortalAudit(room.redis).entries(query))
    names.push(`${action} ${name}`);
  return names;
}

it('keeps sign-ins apart from changes, and reads both in order', async () => {
  await at(1, CHANGES, 'pause');
  await at(2, SIGN_INS, 'sign-in');
  await at(3, SIGN_INS, 'sign-in');
  await at(3, CHANGES, 'resume', 1);
  await at(4, SIGN_INS, 'sign-out');
  const all = ['sign-out 4/0', 'resume 3/1', 'sign-in 3/0', 'sign-in 2/0', 'pause 1/0'];
  expect(await found({})).toEqual(all);
  expect(await found({ order: 'oldest' })).toEqual(all.toReversed());
  expect(await found({ kind: 'changes' })).toEqual(['resume 3/1', 'pause 1/0']);
  expect(await found({ kind: 'sign-ins', order: 'oldest' })).toEqual(['sign-in 2/0', 'sign-in 3/0', 'sign-out 4/0']);
  expect(await found({ from: 2 * DAY, to: 3 * DAY })).toEqual(['resume 3/1', 'sign-in 3/0', 'sign-in 2/0']);
});

it('writes each entry to the stream of its kind and hands it on', async () => {
  const written: string[] = [];
  const audit = createPortalAudit(room.redis, {
    onWritten: ({ action, at: time }) => written.push(`${action} ${time}`),
    now: () => 0,
  });
  for (const action of ['sign-in', 'create', 'sign-in-locked', 'release', 'sign-out'])
    await audit.write({ by: 'Kim', action, server: '', changes: [] });
  expect([await room.redis.xlen(CHANGES), await room.redis.xlen(SIGN_INS)]).toEqual([2, 3]);
  expect(written).toHaveLength(5);
  expect(written[1]).toBe('create 1970-01-01T00:00:00.000Z');
});

it('reads over all pages, in both orders', async () => {
  const pipeline = room.redis.pipeline();
  for (let n = 1; n <= 1_201; n++)
    pipeline.xadd(
      n % 3 === 0 ? SIGN_INS : CHANGES,
      `${DAY}-${n}`,
      'entry',
      JSON.stringify({ at: '1970-01-02', server: `${n}`, action: n % 3 === 0 ? 'sign-in' : 'pause' }),
    );
  await pipeline.exec();
  const names = (await found({ order: 'oldest' })).map((name) => Number(name.split(' ')[1]));
  expect(names).toEqual(Array.from({ length: 1_201 }, (_, i) => i + 1));
  expect((await found({})).map((name) => Number(name.split(' ')[1]))).toEqual(names.toReversed());
});

it('removes what is too old of one kind, and says how much', async () => {
  for (const day of [1, 2, 3]) {
    await at(day, CHANGES, 'pause');
    await at(day, SIGN_INS, 'sign-in', 1);
  }
  const { removeBefore } = createPortalAudit(room.redis);
  expect(await removeBefore('sign-ins', 3 * DAY)).toBe(2);
  expect(await found({})).toEqual(['sign-in 3/1', 'pause 3/0', 'pause 2/0', 'pause 1/0']);
  expect(await removeBefore('changes', 2 * DAY)).toBe(1);
  expect(await found({ kind: 'changes' })).toEqual(['pause 3/0', 'pause 2/0']);
  expect(await removeBefore('changes', 2 * DAY)).toBe(0);
});

it('is bounded in count, however young its entries are', async () => {
  const audit = createPortalAudit(room.redis, { most: 100 });
  for (let i = 0; i < 500; i++) await audit.write({ by: 'Kim', action: 'pause', server: '', changes: [] });
  expect(await room.redis.xlen(CHANGES)).toBeLessThan(250);
});
