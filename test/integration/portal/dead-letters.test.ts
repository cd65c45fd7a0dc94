// Dead letters on a real gateway, Redis and BullMQ: what a consumer gave up is listed with its words, tried again, moved or deleted, and only then.
import { Worker } from 'bullmq';
import { beforeEach, expect, it } from 'vitest';
import { type EmailFlows, openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { createFindIndex } from '../../../src/adapters/redis/find-index.ts';
import { emailFlowQueue, mailboxId, messageKey, PREFIX } from '../../../src/contract/names.ts';
import { ledgerKey, mailboxesKey } from '../../../src/domain/keys.ts';
import { fileServer, portalRoom, TOKENS } from './gateway.ts';

const portal = portalRoom({ flush: true });
let flows: EmailFlows;
const mailbox = mailboxId({ host: fileServer.host, user: fileServer.user, folder: 'INBOX' });
const FLOW = fileServer.emailFlow;
/** Fed once, and by no server any more. */
const OLD = 'Old';
const keyOf = (uid: number) => messageKey(mailbox, '1', uid);

beforeEach(async () => {
  flows = openEmailFlows(portal.redis);
  const place = { user: fileServer.user, host: fileServer.host, folder: 'INBOX' };
  const meta = { uidValidity: '1', era: '', startedAt: 0, start: 'all', emailFlows: [OLD, FLOW], ...place };
  await portal.redis.sadd(mailboxesKey(PREFIX), mailbox);
  await portal.redis.hset(ledgerKey(PREFIX, mailbox), { version: '1', meta: JSON.stringify(meta) });
});

/** Messages that a consumer took and gave up, each with these words. */
async function givenUp(emailFlow: string, reasons: Readonly<Record<string, string>>): Promise<void> {
  const queue = await flows.queueOf(emailFlow);
  const ids = Object.keys(reasons);
  for (const id of ids)
    await queue.add(
      'message',
      {
        ...{ messageKey: id, emailFlow, server: fileServer.name, receivedAt: '2026-11-25T10:00:00.000Z' },
        ...{ from: [{ address: `jane${id.at(-1)}@example.org` }], subject: 'secret subject' },
      },
      { jobId: id, attempts: 2 },
    );
  let failed = 0;
  const worker = new Worker(
    emailFlowQueue(emailFlow),
    async ({ id = '' }) => {
      throw new Error(reasons[id]);
    },
    { connection: portal.redis.duplicate(), prefix: PREFIX },
  );
  await new Promise<void>((resolve) => {
    worker.on('failed', (job) => {
      if (job?.attemptsMade === 2 && ++failed === ids.length) resolve();
    });
  });
  await worker.close();
}
const states = async (emailFlow: string) => {
  const { waiting, failed } = await flows.counts(emailFlow);
  return { waiting, failed };
};
const listed = (page: string) =>
  [...page.matchAll(/kind=message&amp;id=m-[0-9a-f]{16}-1-(\d+)/g)].map(([, uid]) => uid);
const field = (page: string, name: string) =>
  (new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

it('are shown with the consumer’s words, by flow, server, reason and person, in the order of a column', async () => {
  await givenUp(FLOW, { [keyOf(1)]: 'CRM answered <b>500</b>', [`${keyOf(2)}-again`]: 'no such queue' });
  await givenUp(OLD, { [keyOf(3)]: 'CRM timeout' });
  await createFindIndex(portal.redis).add([{ kind: 'message', id: keyOf(2), terms: ['jane2@example.org'] }]);
  const person = await portal.signIn(TOKENS.operator);
  const text = async (query: string) => (await person.get(`/portal/dead-letters?${query}`)).text();
  const page = await text('');
  expect(page).toContain('<q>CRM answered &lt;b&gt;500&lt;/b&gt;</q>');
  expect(page).toContain('<div>2</div>'); // attempts
  expect(page).toContain('jane1@example.org');
  expect(page).not.toMatch(/secret subject|<b>flow/);
  expect(listed(await text('sort=when')).at(-1)).toBe('3');
  for (const [query, uids] of [
    [`flow=${encodeURIComponent(FLOW)}&sort=reason`, ['1', '2']],
    ['sort=-reason', ['2', '3', '1']],
    ['code=crm&sort=flow', ['1', '3']],
    ['person=JANE2@example.org', ['2']],
    ['server=From%20file&code=timeout', ['3']],
    ['server=Nobody', []],
    ['to=2001-01-01', []],
  ] as const)
    expect([query, listed(await text(query))]).toEqual([query, uids]);
  expect((await person.get('/portal/dead-letters?flow=Nowhere')).status).toBe(404);
  expect(await (await person.get('/portal')).text()).toContain('/portal/dead-letters?flow=Old');
  const administrator = await portal.signIn(TOKENS.administrator);
  expect(await (await administrator.get('/portal/dead-letters')).text()).toContain('secret subject');
  const viewer = await portal.signIn(TOKENS.viewer);
  expect((await viewer.get('/portal/dead-letters')).status).toBe(403);
  const overview = await (await viewer.get('/portal')).text();
  expect(overview).toContain('Messages that their consumer gave up on');
  expect(overview).not.toContain('/portal/dead-letters');
  expect((await viewer.post('/portal/dead-letters/bulk', { act: 'delete:all' })).status).toBe(403);
  const { deadLetters, total } = (await (
    await portal.api('operator', 'GET', `/v1/email-flows/${encodeURIComponent(FLOW)}/dead-letters?limit=1`)
  ).json()) as { deadLetters: object[]; total: number };
  expect(total).toBe(2);
  expect(deadLetters).toEqual([
    expect.objectContaining({ emailFlow: FLOW, server: 'From file', attempts: 2, failedAt: expect.any(Number) }),
  ]);
  expect(JSON.stringify(deadLetters)).not.toMatch(/secret|jane/);
  await flows.close();
});

it('are decided on after one question that counts; what came later, or is dealt with already, stays as it is', async () => {
  await givenUp(FLOW, { [keyOf(1)]: 'a', [keyOf(2)]: 'a', [keyOf(3)]: 'b', [keyOf(4)]: 'c' });
  await givenUp(OLD, { [keyOf(5)]: 'a' });
  const person = await portal.signIn(TOKENS.operator);
  const back = '/portal/dead-letters?code=a&sort=flow&page=1';
  const ask = async (fields: Record<string, string>) =>
    (await person.post('/portal/dead-letters/bulk', { back, ...fields })).text();
  const confirm = async (asked: string, more: Record<string, string> = {}) => {
    const kept = Object.fromEntries(['act', 'back', 'asked', 'confirmed'].map((name) => [name, field(asked, name)]));
    const id = field(asked, 'id');
    const answer = await person.post('/portal/dead-letters/bulk', { ...kept, ...(id === '' ? {} : { id }), ...more });
    const location = answer.headers.get('location') ?? '';
    expect(location).toContain(back);
    return (await person.get(location)).text();
  };

  const moving = await ask({ act: 'move:all' });
  expect(moving).toContain('Move: 3?');
  expect(await states(FLOW)).toEqual({ waiting: 0, failed: 4 });
  // Of those that the question counted, one is dealt with meanwhile; the flow that it goes to has to be fed.
  expect(await confirm(moving, { to: OLD })).toContain('Done: 0 / 3.');
  expect(await confirm(moving, { to: FLOW })).toContain('Done: 3 / 3.');
  expect(await states(OLD)).toEqual({ waiting: 0, failed: 0 });
  expect(await states(FLOW)).toEqual({ waiting: 3, failed: 2 });
  const queue = await flows.queueOf(FLOW);
  expect((await queue.getJob(keyOf(5)))?.data).toMatchObject({ emailFlow: FLOW, subject: 'secret subject' });

  const retrying = await ask({ act: 'retry:marked', id: `${keyOf(3)}/${FLOW}` });
  expect(retrying).toContain('Try again: 1?');
  expect(await confirm(retrying)).toContain('Done: 1 / 1.');
  expect(await confirm(retrying)).toContain('Done: 0 / 1.');
  expect(await queue.getJob(keyOf(3))).toMatchObject({ attemptsMade: 0 });

  const api = (body: object) =>
    portal.api('operator', 'POST', `/v1/email-flows/${encodeURIComponent(FLOW)}/dead-letters/${keyOf(4)}`, body);
  expect((await api({ action: 'move', to: 'Nowhere' })).status).toBe(404);
  expect((await api({ action: 'delete' })).status).toBe(204);
  expect(((await (await api({ action: 'retry' })).json()) as { code: string }).code).toBe('DEAD_LETTER_UNKNOWN');
  expect(await states(FLOW)).toEqual({ waiting: 4, failed: 0 });
  // A job that waits is no dead letter.
  const waiting = await ask({ act: 'delete:marked', id: `${keyOf(1)}/${FLOW}` });
  expect(await confirm(waiting)).toContain('Done: 0 / 1.');
  expect(await ask({ act: 'retry:marked' })).toBe('');

  const administrator = await portal.signIn(TOKENS.administrator, 'de');
  const changes = await (await administrator.get('/portal/audit')).text();
  for (const did of ['in anderen Email Flow verschoben', 'erneut eingereiht', 'aufgegebene Nachricht: gelöscht'])
    expect(changes).toContain(did);
  await flows.close();
});
