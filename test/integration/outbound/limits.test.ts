// The limits of a sending mailbox, watched ahead on Redis' own counts: what is shown is what is enforced, and one of several replicas says it, once.
import { expect, it } from 'vitest';
import { createPace, paceKey } from '../../../src/adapters/redis/pace.ts';
import { PREFIX } from '../../../src/contract/names.ts';
import { recipientsUsed } from '../../../src/domain/recipient-limit.ts';
import { sendingMailbox } from '../../../src/domain/reply-pace.ts';
import { createLimitWatch } from '../../../src/outbound/watch-limits.ts';
import type { EventFields } from '../../../src/telemetry/events.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { redisRoom } from '../../support/redis.ts';
import { smtpServer } from '../../support/servers.ts';

const room = redisRoom();

const server = smtpServer(25, { pace: { perMinute: 1_000, connections: 3, recipientsPerDay: 100 } });
const mailbox = sendingMailbox(server);
const day = paceKey(PREFIX, 'day', mailbox);

async function hour(): Promise<number> {
  const [seconds] = await room.redis.time();
  return Math.floor(Number(seconds) / 3_600);
}
const send = (token: string, recipients: number) =>
  createPace(room.redis).acquire({ mailbox, token, perMinute: 1_000, recipients, recipientsPerDay: 100 });

function replica() {
  const events: [string, EventFields][] = [];
  const metrics = createMetrics();
  const watch = createLimitWatch({
    pace: createPace(room.redis),
    emit: (name, fields = {}) => void events.push([name, fields]),
    metrics,
  });
  const shown = async () =>
    (await metrics.text())
      .split('\n')
      .flatMap((line) => /^mailroom_sender_(\w+)\{.*\} (.+)$/.exec(line)?.slice(1, 3).join(' ') ?? []);
  return { ...watch, events, shown };
}

it('shows what is enforced: it reports that nothing is left exactly when that is true', async () => {
  await room.redis.hset(day, { [(await hour()) - 24]: 40, [(await hour()) - 25]: 1_000 });
  expect((await send('a', 59)).granted).toBe(true);
  expect(recipientsUsed(await createPace(room.redis).used(mailbox))).toBe(99);
  expect((await send('b', 2)).granted).toBe(false);
  expect((await send('c', 1)).granted).toBe(true);
  expect(recipientsUsed(await createPace(room.redis).used(mailbox))).toBe(100);
});

it('says once before the limit that it is near, whatever number of replicas and replies, and again after it was far', async () => {
  const [one, other] = [replica(), replica()];
  const looks = async () => void (await Promise.all([one.measure(server), other.measure(server), one.measure(server)]));
  // Long ago, so that no forecast is near.
  await room.redis.hset(day, (await hour()) - 20, 70);
  await looks();
  expect([...one.events, ...other.events]).toEqual([]);
  await room.redis.hset(day, (await hour()) - 20, 81);
  await looks();
  await looks();
  const said = [...one.events, ...other.events];
  expect(said).toEqual([['RecipientsNearLimit', { server: server.name, count: 81, detail: { limit: 100 } }]]);
  expect((await send('a', 19)).granted).toBe(true);
  await room.redis.hset(day, (await hour()) - 20, 10);
  await room.redis.hdel(day, String(await hour()));
  await looks();
  await room.redis.hset(day, (await hour()) - 20, 90);
  await looks();
  expect(one.events.length + other.events.length).toBe(2);
});

it('says when the limit is reached at the present rate, as long as it is', async () => {
  const { measure, shown, events, forget } = replica();
  await send('a', 60);
  await measure(server);
  const names = async () => (await shown()).map((line) => line.split(' ')[0]);
  expect(await names()).toContain('recipients_limit_timestamp_seconds');
  expect(events[0]?.[1].delayMs).toBeGreaterThan(0);
  expect(events[0]?.[1].delayMs).toBeLessThan(2 * 3_600_000);
  await room.redis.del(day);
  await measure(server);
  expect(await shown()).toEqual(['submissions 1', 'submissions_limit 1000', 'recipients 0', 'recipients_limit 100']);
  forget(server.name);
  expect(await shown()).toEqual([]);
});
