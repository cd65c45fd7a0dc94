// Redis behind three sentinels, of real processes: a planned failover, a primary that is killed, and one that says nothing any more.
import { afterAll, expect, it } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { startSentinels } from '../support/redis-groups.ts';
import { NOTHING_LOST, startSteadyFlow } from '../support/steady-flow.ts';

const MASTER = 'mailroom-primary';
const PASSWORD = 'password-of-the-sentinels';
/** Milliseconds from the end of the fault until mail and replies continue. */
const CONTINUES_MS = 10_000;

const sentinels = fixture(() => startSentinels(MASTER, PASSWORD));
const flow = fixture(() =>
  startSteadyFlow({
    env: {
      MAILROOM_REDIS_SENTINELS: sentinels.addresses.join(','),
      MAILROOM_REDIS_SENTINEL_MASTER: MASTER,
      MAILROOM_REDIS_SENTINEL_PASSWORD: PASSWORD,
    },
    redis: {
      sentinels: sentinels.addresses.map((one) => ({ host: '127.0.0.1', port: Number(one.split(':')[1]) })),
      name: MASTER,
      sentinelPassword: PASSWORD,
      maxRetriesPerRequest: null,
    },
  }),
);
afterAll(async () => {
  for (const node of sentinels?.nodes ?? []) node.thaw();
});

it('mail and replies continue within ten seconds after each failover, with none lost or duplicated', async () => {
  await flow.through();
  const times: number[] = [];

  await sentinels.failover();
  times.push(await flow.through());

  await sentinels.redundant();
  const killed = await sentinels.primary();
  await killed?.kill9();
  times.push(await flow.through());

  await killed?.restart();
  await sentinels.redundant();
  const frozen = await sentinels.primary();
  frozen?.freeze();
  expect(await flow.through()).toBeLessThan(3 * CONTINUES_MS); // silence is noticed only by waiting, 6 s here and 12 s in the consumer
  frozen?.thaw();

  expect(await flow.counts()).toEqual(NOTHING_LOST);
  for (const time of times) expect(time).toBeLessThan(CONTINUES_MS);
  const audit = await flow.j.run('audit', '--json');
  expect(JSON.parse(audit.output)).toMatchObject({ unaccounted: 0 });
  expect(await flow.gateway.stop()).toBe(0);
});
