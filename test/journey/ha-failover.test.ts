// A managed Redis behind one name: a planned FAILOVER, and a replica that is promoted although it lags, so that the last writes are lost: ledger,
// jobs and journal rewind together, the mail is fetched again, and the markers in the blob store keep replies from being sent twice.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { fixture } from '../support/fixture.ts';
import { startPair } from '../support/redis-groups.ts';
import { NOTHING_LOST, type SteadyFlow, startSteadyFlow } from '../support/steady-flow.ts';
import { waitFor } from '../support/temp.ts';

/** Milliseconds until mail and replies continue. */
const CONTINUES_MS = 10_000;

let name: FaultProxy;
let flow: SteadyFlow;
const target = { port: 0 };
const pair = fixture(startPair);
beforeAll(async () => {
  target.port = pair.nodes[0].port;
  name = await startFaultProxy({ target });
  const url = `redis://127.0.0.1:${name.port}`;
  flow = await startSteadyFlow({ env: { MAILROOM_REDIS_URL: url }, redis: url });
});
afterAll(async () => {
  await flow?.stop();
  await name?.stop();
});

it('mail and replies continue after FAILOVER and after promotion of a lagging replica, with none lost or duplicated', async () => {
  const [first, second] = pair.nodes;
  await flow.through();

  await first.admin.call('FAILOVER', 'TO', '127.0.0.1', second.port);
  await waitFor(async () => /role:master/.test(await second.admin.info('replication')));
  target.port = second.port;
  expect(await flow.through()).toBeLessThan(CONTINUES_MS);

  // From here on the replica gets nothing any more.
  await waitFor(async () => /master_link_status:up/.test(await first.admin.info('replication')));
  await first.admin.replicaof('NO', 'ONE');
  for (let n = 0; n < 10; n++) await flow.through();
  await second.kill9();
  target.port = first.port;
  expect(await flow.through()).toBeLessThan(CONTINUES_MS);

  expect(await flow.counts()).toEqual(NOTHING_LOST);
  expect(flow.gateway.events('ReplyForgotten').length).toBeGreaterThan(0);
  // The lease is the first to be missed if the replica lagged for longer than a lease lives.
  const noticed = ['LedgerSetBack', 'LedgerReloaded', 'LeaseLost'].flatMap((event) => flow.gateway.events(event));
  expect(noticed.length).toBeGreaterThan(0);
  const audit = await flow.j.run('audit', '--json');
  expect(JSON.parse(audit.output)).toMatchObject({ unaccounted: 0 });
  expect(await flow.gateway.stop()).toBe(0);
});
