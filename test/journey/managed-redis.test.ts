// Redis as a managed service has it: a user of the access control list with exactly the permissions that docs/operator.md names, behind a name
// that leads to the primary; the primary is demoted in place, and mail and replies continue on the other, whose settings are looked at.
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { JANE, openDesk, SUPPORT } from '../support/desk.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { replyJob } from '../support/journey.ts';
import { leakWatch } from '../support/leak-watch.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

leakWatch();

const REDIS_PASSWORD = 'password-of-the-redis-user';
const SUBJECT = 'Rechnung-fuer-Kim-0815';
let nodes: TestRedis[];
let admins: Redis[];
let name: FaultProxy;
const target = { port: 0 };

/** The rule in the manual is what is tried here. */
function documentedRule(): string[] {
  const manual = readFileSync(new URL('../../docs/operator.md', import.meta.url), 'utf8');
  const rule = /^ACL SETUSER mailroom (.*)$/m.exec(manual)?.[1];
  if (rule === undefined) throw new Error('docs/operator.md has no line "ACL SETUSER mailroom …"');
  return rule.replace('<password>', REDIS_PASSWORD).split(' ');
}

beforeAll(async () => {
  nodes = await Promise.all([startRedis({ aof: 'everysec' }), startRedis({ aof: 'everysec' })]);
  admins = nodes.map(({ url }) => new Redis(url));
  for (const admin of admins) await admin.call('ACL', 'SETUSER', 'mailroom', ...documentedRule());
  target.port = nodes[0]?.port ?? 0;
  name = await startFaultProxy({ target });
  await replicate(1, 0);
});
afterAll(async () => {
  for (const admin of admins) admin.disconnect();
  await name.stop();
  await Promise.all(nodes.map((node) => node.stop()));
});

async function replicate(replica: number, primary: number): Promise<void> {
  await admins[primary]?.replicaof('NO', 'ONE');
  await admins[replica]?.replicaof('127.0.0.1', nodes[primary]?.port ?? 0);
  const linked = async () => /master_link_status:up/.test((await admins[replica]?.info('replication')) ?? '');
  await waitFor(linked);
}

it('mail and replies continue when the primary is demoted in place, and again when it is promoted back', async () => {
  const { sandbox, j, stop } = await openDesk({
    // The journey itself looks at what the primary holds: Redis, unlike the name, answers it without a password.
    redisUrl: nodes[1]?.url ?? '',
    inbound: { startFrom: 'all' },
    env: {
      MAILROOM_REDIS_URL: `redis://mailroom:${REDIS_PASSWORD}@127.0.0.1:${name.port}`,
    },
    secrets: [REDIS_PASSWORD, SUBJECT, JANE],
  });
  const deliver = (n: number) =>
    sandbox.mailboxes.deliver(
      SUPPORT,
      Buffer.from(
        `From: ${JANE}\r\nTo: ${SUPPORT}\r\nSubject: ${SUBJECT}\r\nMessage-ID: <managed-${n}@customer.example>\r\n\r\nHello ${n}\r\n`,
      ),
      JANE,
    );
  let apiPort = 0;
  const api = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${apiPort}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${j.apiToken}`, 'content-type': 'application/json' },
    });
  /** A backend repeats what was answered 503, under the same replyId. */
  const reply = async (replyId: string) => {
    const body = JSON.stringify({
      schema: 'mailroom.reply/1',
      replyId,
      server: 'Out',
      from: SUPPORT,
      to: [JANE],
      subject: SUBJECT,
      text: 'Hello',
    });
    await waitFor(async () => (await api('/v1/replies', { method: 'POST', body })).status === 202, {});
    await waitFor(
      async () => ((await (await api(`/v1/replies/${replyId}`)).json()) as { state: string }).state === 'accepted',
    );
  };
  const ready = async () => (await api('/readyz')).status;
  try {
    const gateway = j.start();
    apiPort = await j.port(gateway);
    await gateway.waitForEvent('MailboxConnected');
    deliver(1);
    await reply('r-1');
    await j.waitForMessages('F', 1, 20_000); // as the replica got them

    // The other node is not set up as this one is: what a start would refuse is said once it is the primary.
    const settings = (policy: string, aof: string) =>
      admins[1]?.config('SET', 'maxmemory-policy', policy).then(() => admins[1]?.config('SET', 'appendonly', aof));
    await settings('allkeys-lru', 'no');
    await replicate(0, 1);
    await waitFor(async () => (await ready()) === 503);
    target.port = nodes[1]?.port ?? 0;
    await waitFor(async () => (await ready()) === 200);
    deliver(2);
    await j.waitForMessages('F', 2, 20_000);
    await reply('r-2');
    expect(await j.result('Out', replyJob('r-2'))).toMatchObject({ state: 'accepted' });
    const found = await gateway.waitForEvent('RedisFoundUnfit');
    expect(found.err).toMatchObject({ code: 'REDIS_UNFIT', message: expect.stringContaining('allkeys-lru') });
    await gateway.waitForEvent('RedisDurabilityLimited', ({ reason }) => reason === 'appendonly is no');
    const { attention } = (await (await api('/v1/status')).json()) as { attention: { code: string }[] };
    expect(attention.map(({ code }) => code)).toEqual(expect.arrayContaining(['REDIS_UNFIT', 'REDIS_DURABILITY_LOST']));
    expect(await (await api('/metrics')).text()).toMatch(/^mailroom_redis_fit 0$/m);
    await settings('noeviction', 'yes');

    // Demoted and promoted at the same address, without another one to go to.
    await admins[1]?.replicaof('127.0.0.1', nodes[0]?.port ?? 0);
    await waitFor(async () => (await ready()) === 503);
    await admins[1]?.replicaof('NO', 'ONE');
    await waitFor(async () => (await ready()) === 200);
    await gateway.waitForEvent('RedisFoundFit');
    await gateway.waitForEvent('RedisDurabilityRestored');
    expect(gateway.events('RedisFoundUnfit')).toHaveLength(1);
    deliver(3);
    await j.waitForMessages('F', 3, 20_000);
    await reply('r-3');

    const arrived = sandbox.mailboxes
      .list(JANE)
      .map(({ raw }) => /^X-Mailroom-Reply-Id:\s*(\S+)/im.exec(raw.toString('latin1'))?.[1]);
    expect(arrived.sort()).toEqual(['r-1', 'r-2', 'r-3']);
    const audit = await j.run('audit', '--json');
    expect(JSON.parse(audit.output)).toMatchObject({ unaccounted: 0, servers: [{ enqueued: 3 }] });
    for (const command of [['servers'], ['replies', 'list'], ['credentials'], ['invite']])
      expect((await j.run(...command)).output).not.toMatch(/NOPERM|REDIS_/);
    // The two may follow each other within a second: then they are one state.
    await waitFor(() => gateway.events('RedisWritesAccepted').length === gateway.events('RedisWritesRefused').length);
    expect(gateway.events('RedisWritesRefused').length).toBeGreaterThan(0);
    expect(gateway.events('RedisDisconnected')).toEqual([]);
    expect(gateway.output()).not.toMatch(/NOPERM|REDIS_PERMISSION_MISSING/);
    expect(await gateway.stop()).toBe(0);
  } finally {
    await stop();
  }
});
