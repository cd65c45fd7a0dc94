// A Redis Cluster of three primaries, of real processes: the slot of an installation is moved to another node while mail and replies flow.
import { expect, it } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { startCluster } from '../support/redis-groups.ts';
import { NOTHING_LOST, startSteadyFlow } from '../support/steady-flow.ts';

const PREFIX = '{mailroom-emea}';
/** Milliseconds until mail and replies continue. */
const CONTINUES_MS = 10_000;

const cluster = fixture(startCluster);
const flow = fixture(() =>
  startSteadyFlow({
    env: {
      MAILROOM_REDIS_CLUSTER: cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(','),
      MAILROOM_REDIS_PREFIX: PREFIX,
    },
    cluster: cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    prefix: PREFIX,
  }),
);

it('mail and replies continue within ten seconds after the slot moves, with none lost or duplicated', async () => {
  await flow.through();
  const { slot, node } = await cluster.holderOf(`${PREFIX}:mailboxes`);
  const other = cluster.nodes.find((one) => one !== node) ?? node;
  expect(await cluster.moveSlot(slot, node, other)).toBeGreaterThan(20);
  expect(await flow.through()).toBeLessThan(CONTINUES_MS);
  expect(await flow.counts()).toEqual(NOTHING_LOST);
  // All of an installation is on one node.
  const sizes = await Promise.all(cluster.nodes.map(({ admin }) => admin.dbsize()));
  expect(sizes.filter((size) => size > 0)).toHaveLength(1);
  const audit = await flow.j.run('audit', '--json');
  expect(JSON.parse(audit.output)).toMatchObject({ unaccounted: 0 });
  expect(await flow.gateway.stop()).toBe(0);
});
