// The history on a real Redis: several replicas add up, nothing is written by a process that has nothing to say, keys end; and what API and page make
// of it, empty and full. And the page of one email server, with the events of all replicas.
import { beforeAll, describe, expect, it } from 'vitest';
import { createHistoryStore } from '../../../src/adapters/redis/history.ts';
import { createServerLogStore } from '../../../src/adapters/redis/server-log.ts';
import { mailboxId } from '../../../src/contract/names.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import type { HistoryAddition } from '../../../src/domain/history.ts';
import { leaseKey } from '../../../src/domain/keys.ts';
import { type ServerEvent, serverLogBounds } from '../../../src/domain/server-log.ts';
import { createHistoryRecorder } from '../../../src/operations/history.ts';
import { createHistoryCounter } from '../../../src/telemetry/history-counter.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { collectServerLog } from '../../../src/telemetry/server-log.ts';
import { waitFor } from '../../support/temp.ts';
import { fileServer, portalRoom, TOKENS } from './gateway.ts';

const MINUTE = 60_000;

const portal = portalRoom({ flush: true });
// What the portal notes of its own start is written before the first test empties Redis, not in the midst of one.
beforeAll(() => waitFor(async () => (await createServerLogStore(portal.redis).newest(fileServer.name)) !== ''));

/** A process of its own, at a time that the test sets. */
function replica(roles: string[], at: number, store: Parameters<typeof createHistoryRecorder>[0]['store']) {
  const [counter, metrics] = [createHistoryCounter(), createMetrics()];
  const clock = { now: () => at, sync: async () => at };
  return { counter, metrics, ...createHistoryRecorder({ counter, metrics, roles, clock, store }) };
}
const keys = async () =>
  (await portal.redis.keys('{mailroom}:history:*')).map((key) => key.replace('{mailroom}:', '')).sort();

interface Shown {
  since?: number;
  points: { values: Record<string, number>; times: Record<string, { count: number; p50: number }> }[];
}
const history = async (query = '') =>
  (await (await portal.api('viewer', 'GET', `/v1/history?period=2h${query}`)).json()) as Shown;
/** The last minute in which somebody counted. */
const lastOf = ({ points }: Shown) => points.findLast(({ values }) => Object.keys(values).length > 0);

describe('recording', () => {
  it('replicas add up; levels are the highest that any saw; keys end', async () => {
    const store = createHistoryStore(portal.redis);
    const now = Date.now();
    for (const backlog of [7, 9, 8]) {
      const { counter, metrics, poll } = replica(['ingest', 'send'], now, store);
      metrics.gauge('mailroom_email_flow_backlog').set({ email_flow: fileServer.emailFlow }, backlog);
      metrics.gauge('mailroom_replies_jobs').set({ server: 'Out', state: 'waiting' }, 2);
      metrics.gauge('mailroom_replies_jobs').set({ server: 'Out', state: 'completed' }, 50);
      metrics.counter('mailroom_mailbox_blind_seconds_total').inc({ server: fileServer.name }, 4.6);
      const named = { server: fileServer.name, emailFlow: fileServer.emailFlow };
      for (const durationMs of [100, 3_000]) counter.observe('MessageEnqueued', { ...named, durationMs }, true);
      counter.observe('ReplyAccepted', { server: 'Out', durationMs: 100 }, true);
      await poll();
    }
    const all = lastOf(await history());
    expect(all?.values).toMatchObject({ messages: 6, backlog: 9, blindSeconds: 12, replies: 3, waiting: 2, failed: 0 });
    expect(all?.times).toMatchObject({ arrival: { count: 6, p50: 0.25 }, acceptance: { count: 3 } });
    const flow = await history(`&emailFlow=${encodeURIComponent(fileServer.emailFlow)}`);
    expect(lastOf(flow)?.values).toEqual({ messages: 6, backlog: 9, quarantined: 0 });
    const server = await history(`&server=${encodeURIComponent(fileServer.name)}`);
    expect(lastOf(server)?.values).toEqual({ messages: 6, blindSeconds: 12, quarantined: 0, disconnected: 0 });
    const ends = await Promise.all(
      (await keys()).map(async (key) => [key, await portal.redis.ttl(`{mailroom}:${key}`)]),
    );
    expect(ends.filter(([key, seconds]) => (key === 'history:since') !== (seconds === -1))).toEqual([]);
    expect(Math.max(...ends.map(([, seconds]) => Number(seconds)))).toBeLessThanOrEqual(41 * 86_400);
  });

  it('an idle process writes once a minute, and a portal alone nothing', async () => {
    const written: (readonly HistoryAddition[])[] = [];
    const store = { add: async (additions: readonly HistoryAddition[]) => void written.push(additions) };
    const idle = replica(['ingest'], Date.now(), store);
    for (let i = 0; i < 12; i++) await idle.poll();
    await replica(['portal'], Date.now(), store).poll();
    expect(written).toEqual([[{ series: 'all', code: 'i', value: 1, high: true }]]);
  });

  it('what Redis did not take is written with the next', async () => {
    const store = createHistoryStore(portal.redis);
    let away = true;
    const flaky: typeof store = {
      ...store,
      add: async (...given) => {
        if (away) throw new Error('away');
        await store.add(...given);
      },
    };
    const { counter, poll } = replica(['send'], Date.now(), flaky);
    counter.observe('ReplyRejected', { server: 'Out' }, true);
    await expect(poll()).rejects.toThrow('away');
    away = false;
    counter.observe('ReplyRejected', { server: 'Out' }, true);
    await poll();
    expect(lastOf(await history())?.values).toEqual({ replies: 0, waiting: 0, failed: 2 });
  });

  it('a hash that holds something else is no history, and hides no other', async () => {
    const store = createHistoryStore(portal.redis);
    const now = Date.now();
    await store.add(
      [
        { series: 'all', code: 'm', value: 2 },
        { series: 'all', code: 'i', value: 1, high: true },
      ],
      now,
    );
    const hash = (await keys()).find((key) => key.startsWith('history:m:')) ?? '';
    await portal.redis.hset(`{mailroom}:${hash}`, { '99zz': '1', '3m': 'x', nonsense: '5' });
    const records = await store.read('all', 'minute', now - 2 * MINUTE, now);
    expect(records.map(({ code, value }) => `${code}${value}`).sort()).toEqual(['i1', 'm2']);
  });
});

describe('page and API', () => {
  it('say that nothing was counted, and since when something was', async () => {
    expect(await history()).toMatchObject({ points: expect.any(Array) });
    const person = await portal.signIn(TOKENS.viewer, 'de');
    expect(await (await person.get('/portal/history')).text()).toContain('Noch nichts gezählt');
    await createHistoryStore(portal.redis).add([{ series: 'all', code: 'o', value: 1, high: true }], Date.now());
    const page = await (await person.get('/portal/history?period=30d')).text();
    expect(page).toContain('Gezählt seit <time');
    expect(page).toContain('nicht gezählt');
    expect(page.match(/<svg class="plot"/g)).toHaveLength(10);
  });

  it('of a flow or server by name, escaped; 404 for what there is not', async () => {
    await createHistoryStore(portal.redis).add([{ series: 'all', code: 'i', value: 1, high: true }], Date.now());
    const person = await portal.signIn(TOKENS.viewer);
    const page = await (
      await person.get(`/portal/history?of=${encodeURIComponent(`flow:${fileServer.emailFlow}`)}`)
    ).text();
    expect(page).toContain('History: File &lt;b&gt;flow&lt;/b&gt;');
    expect(page.match(/<svg class="plot"/g)).toHaveLength(4);
    for (const of of ['flow:x', 'server:x']) expect((await person.get(`/portal/history?of=${of}`)).status).toBe(404);
    expect((await portal.api('viewer', 'GET', '/v1/history?server=x')).status).toBe(404);
    expect((await portal.api('viewer', 'GET', '/v1/history?period=1y')).status).toBe(422);
  });
});

describe('the page of an email server', () => {
  const path = `/portal/email-servers/status?name=${encodeURIComponent(fileServer.name)}`;
  /** What a replica notes of events, as it goes to Redis. */
  function noted(
    replicaName: string,
    ...events: Readonly<Parameters<ReturnType<typeof collectServerLog>['observe']>>[]
  ) {
    const collector = collectServerLog();
    for (const event of events) collector.observe(...event);
    const all = [...collector.take()].map(
      ([server, own]) => [server, own.map((event): ServerEvent => ({ ...event, replica: replicaName }))] as const,
    );
    return createServerLogStore(portal.redis).add(new Map(all));
  }
  const server = fileServer.name;

  it('shows who fetches, recent errors with what to do in the language of the reader, and the log of all replicas', async () => {
    const person = await portal.signIn(TOKENS.operator, 'de');
    const empty = await (await person.get(path)).text();
    for (const shown of ['derzeit von keiner Instanz', 'Noch keine Ereignisse.', 'Keine in den letzten 30 Tagen.'])
      expect(empty).toContain(shown);
    const err = new MailroomError('IMAP_AUTH_FAILED', {
      remote: { system: 'imap', text: 'AUTHENTICATE <b>failed</b> for kim@customer.example' },
    });
    await noted(
      'host-1',
      ['MailboxConnected', { server }, true],
      ['MailboxDisconnected', { server, err, attempts: 3 }, true],
    );
    await noted(
      'host-2',
      ['MessageEnqueued', { server, uid: 7, jobId: 'm-1-2-3', messageId: '<secret@customer.example>' }, true],
      ['MessageEnqueued', { server: 'Another', jobId: 'm-9-9-9' }, true],
      ['ReplyPrepared', { server, replyId: 'not-shown' }, false],
      ['MailboxTraced', { server, kind: 'server', reason: '* 5 EXISTS' }, true],
    );
    const { host, user } = fileServer;
    await portal.redis.set(leaseKey('{mailroom}', mailboxId({ host, user, folder: 'INBOX' })), '7:host-1');
    const page = await (await person.get(path)).text();
    for (const shown of [
      '<code>host-1</code>',
      'IMAP_AUTH_FAILED',
      '<q lang="en">AUTHENTICATE &lt;b&gt;failed&lt;/b&gt; for (address)</q>',
      'Was zu tun ist',
      'href="/portal/timeline?kind=message&amp;id=m-1-2-3"',
      '* 5 EXISTS',
      'host-2',
    ])
      expect(page).toContain(shown);
    for (const hidden of ['customer.example', 'm-9-9-9', 'not-shown']) expect(page).not.toContain(hidden);
    const viewer = await (await (await portal.signIn(TOKENS.viewer)).get(path)).text();
    expect(viewer).toContain('m-1-2-3');
    expect(viewer).not.toContain('/portal/timeline');
    expect(viewer).not.toContain('name="what"');
    expect((await person.get('/portal/email-servers/status?name=x')).status).toBe(404);
  });

  it('keeps a bounded log, and errors beyond a flood of messages; a log of something else hides nothing', async () => {
    await noted('host-1', ['MailboxDisconnected', { server, code: 'IMAP_TIMEOUT' }, true]);
    for (let i = 0; i < 12; i++)
      await noted(
        'host-1',
        ...Array.from({ length: 60 }, (_, uid) => ['MessageEnqueued', { server, uid }, true] as const),
      );
    const store = createServerLogStore(portal.redis);
    expect(await store.log(server)).toHaveLength(serverLogBounds.log.most);
    expect((await store.faults(server)).map(({ code }) => code)).toEqual(['IMAP_TIMEOUT']);
    await portal.redis.lpush(`{mailroom}:server-log:${encodeURIComponent(server)}`, 'nonsense', '{}', '[1]');
    expect((await store.log(server)).length).toBeGreaterThan(190);
    const page = await (await (await portal.signIn(TOKENS.viewer)).get(path)).text();
    expect(page.length).toBeLessThan(60_000);
    expect(page).toContain('&amp;all=true#log');
  });

  it('starts and stops a trace, for those who may', async () => {
    const person = await portal.signIn(TOKENS.operator);
    const trace = path.replace('status', 'trace');
    for (const [what, expected] of [
      ['answers', [{ server, trace: 'answers' }]],
      ['debug', [{ server, level: 'debug' }]],
      ['off', []],
    ] as const) {
      const answer = await person.post(trace, { what });
      expect(answer.status).toBe(303);
      const { switches } = (await (await portal.api('viewer', 'GET', '/v1/log-level')).json()) as {
        switches: object[];
      };
      expect(switches).toMatchObject(expected);
      const page = await (await person.get(answer.headers.get('location') ?? '')).text();
      expect(page).toContain(what === 'off' ? 'was stopped' : 'value="off"');
    }
    expect((await (await portal.signIn(TOKENS.viewer)).post(trace, { what: 'answers' })).status).toBe(403);
  });
});

describe('the page of the API', () => {
  it('shows every route of the document with its permission, and each one with its fields', async () => {
    const person = await portal.signIn(TOKENS.viewer, 'de');
    const document = (await (await portal.api(undefined, 'GET', '/v1/openapi.json')).json()) as {
      paths: Record<string, Record<string, { operationId: string; 'x-permission'?: string }>>;
    };
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const list = await (await person.get('/portal/api')).text();
    const linked = [...list.matchAll(/\?route=(\w+)"/g)].map(([, id]) => id);
    expect(linked.sort()).toEqual(operations.map(({ operationId }) => operationId).sort());
    for (const permission of operations.flatMap((one) => one['x-permission'] ?? []))
      expect(list).toContain(`<code>${permission}</code>`);
    const shown = await (await person.get('/portal/api?route=getHistory')).text();
    for (const text of [
      '<code>status:read</code>',
      'viewer, operator, administrator, backend',
      '<code>period</code>',
      '&quot;2h&quot; | &quot;24h&quot; | &quot;30d&quot;',
      '<code>points[].values.messages</code>',
      '<strong>404</strong>',
    ])
      expect(shown).toContain(text);
    expect(await (await person.get('/portal/api?route=submitReply')).text()).toContain('<h2 id="body">');
    expect((await person.get('/portal/api?route=x')).status).toBe(404);
    const sizes = await Promise.all(
      linked.map(async (id) => (await (await person.get(`/portal/api?route=${id}`)).text()).length),
    );
    expect(Math.max(list.length, ...sizes)).toBeLessThan(60_000);
  });
});
