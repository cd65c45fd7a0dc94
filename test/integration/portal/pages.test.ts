// The portal's pages on a real gateway and Redis, as a browser without script sees them: connection test, replies, quarantine, pause, long
// lists; who may what on each; what is shown of customers to whom.
import { describe, expect, it } from 'vitest';
import { replyKey, stateKey } from '../../../src/adapters/redis/journal-entry.ts';
import { paceKey } from '../../../src/adapters/redis/pace.ts';
import { PREFIX, repliesQueue } from '../../../src/contract/names.ts';
import { sendingMailbox } from '../../../src/domain/reply-pace.ts';
import { freePort } from '../../support/temp.ts';
import { portalRoom, TOKENS } from './gateway.ts';

const portal = portalRoom({ env: { MAILROOM_SECURITY_PORTAL_ALLOWED_HOSTS: '127.0.0.0/8' } });

const LIST = '/portal/email-servers';
const text = async (answer: Response | Promise<Response>) => (await answer).text();
let count = 0;
async function created(fields: object = {}) {
  count += 1;
  const definition = {
    serverType: 'SMTP',
    name: `Page ${count}`,
    host: '127.0.0.1',
    port: await freePort(), // nobody listens
    tls: 'enabled',
    authenticationType: 'Password',
    user: `page${count}@contoso.example`,
    password: 'a-secret-password-2',
    additionalEmailFromAddresses: [`shared-page${count}@contoso.example`],
    enabled: true,
    ...fields,
  };
  const answer = await portal.api('administrator', 'POST', '/v1/email-servers', definition);
  expect(answer.status, await answer.clone().text()).toBe(201);
  return definition;
}
/** A definition as the form sends it. */
const fieldsOf = (definition: Record<string, unknown>, more: Record<string, string> = {}) => ({
  ...Object.fromEntries(Object.entries(definition).map(([field, value]) => [field, String(value)])),
  password: '',
  ...more,
});
const at = (action: string, name: string) => `${LIST}/${action}?name=${encodeURIComponent(name)}`;

/** A reply as the journal has it. */
async function noted(replyId: string, state: string, more: Record<string, string> = {}): Promise<void> {
  const now = Date.now();
  await portal.redis.hset(replyKey(PREFIX, replyId), {
    replyId,
    state,
    server: 'Page 1',
    from: 'shared@contoso.example',
    createdAt: now - 60_000,
    updatedAt: now - 30_000,
    attempts: 1,
    fence: 1,
    digest: 'x',
    envelope: JSON.stringify({ from: 'shared@contoso.example', to: ['jane.doe@customer.example'], smtpUtf8: false }),
    evidence: '2026-11-25T10:00:00.000Z look 1: not in Sent Items (3 mails compared)\n',
    ...more,
  });
  await portal.redis.zadd(stateKey(PREFIX, state), now, replyId);
}

describe('connection test', () => {
  it('of a stored server: shows the steps on a waiting page, or line by line as they finish', async () => {
    const { name } = await created();
    const operator = await portal.signIn(TOKENS.operator, 'de');
    const page = await text(operator.post(at('test', name), { _action: 'test' }));
    expect(page).toContain('Port erreichbar');
    expect(page).toContain('SMTP_UNREACHABLE');
    expect(page).toContain('Was zu tun ist');
    expect(page).not.toContain('a-secret-password');

    const lines = await operator.post(at('test', name), { _action: 'test' }, { accept: 'application/x-ndjson' });
    expect(lines.headers.get('content-type')).toContain('application/x-ndjson');
    const told = (await text(lines))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(told[0]).toEqual({ next: 'Definition …' });
    expect(told.filter(({ step }) => step?.includes('class="failed"')).length).toBe(1);
    expect(told.at(-1)).toMatchObject({ next: '', summary: expect.stringContaining('1 Schritt ist fehlgeschlagen.') });
  });

  it('of entered values: saves nothing, uses the stored password where none is given, shows problems at their fields', async () => {
    const definition = await created();
    const admin = await portal.signIn(TOKENS.administrator);
    const existing = { _existing: definition.name, _revision: 'x', _action: 'test' };
    const page = await text(admin.post(`${LIST}/edit`, fieldsOf(definition, { ...existing, perMinute: '7' })));
    expect(page).toContain('SMTP_UNREACHABLE');
    expect(page).toContain('value="7"');
    const stored = await text(portal.api('viewer', 'GET', `/v1/email-servers/${encodeURIComponent(definition.name)}`));
    expect(stored).not.toContain('"perMinute":7');

    // To another host the stored password does not go: it has to be entered.
    const elsewhere = fieldsOf(definition, { ...existing, host: 'other.example' });
    const refused = await admin.post(`${LIST}/edit`, elsewhere);
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain('Not tested. Please correct:');
    const lines = await admin.post(`${LIST}/edit`, elsewhere, { accept: 'application/x-ndjson' });
    expect(lines.status).toBe(422);
    expect(JSON.parse(await lines.text())).toMatchObject({ summary: expect.stringContaining('#password') });
  });

  it('is refused to viewers, and of unsaved definitions to operators', async () => {
    const definition = await created();
    const viewer = await portal.signIn(TOKENS.viewer);
    const operator = await portal.signIn(TOKENS.operator);
    expect((await viewer.get(at('test', definition.name))).status).toBe(403);
    expect((await viewer.post(at('test', definition.name), {})).status).toBe(403);
    expect((await operator.get(at('test', definition.name))).status).toBe(200);
    expect((await operator.post(`${LIST}/new`, fieldsOf(definition, { _action: 'test' }))).status).toBe(403);
    expect((await operator.get(at('test', 'nobody'))).status).toBe(404);
  });
});

describe('replies', () => {
  it('show what is known, to viewers without the customer’s name; a person releases or drops one once', async () => {
    const XSS = 'r"><img src=x onerror=alert(1)>';
    await portal.redis.del(stateKey(PREFIX, 'held')); // whatever other tests left there
    const unsure = { failure: { code: 'REPLY_HELD', class: 'ambiguous', message: 'x' } };
    await noted('held-one', 'held', { result: JSON.stringify(unsure) });
    await noted(XSS, 'held');
    await noted('failed-one', 'rejected', {
      result: JSON.stringify({ failure: { code: 'FROM_NOT_PERMITTED', class: 'invalid', message: 'x' } }),
    });
    const operator = await portal.signIn(TOKENS.operator);
    const viewer = await portal.signIn(TOKENS.viewer);
    const seen = await text(operator.get('/portal/replies'));
    expect(seen).toContain('Held (2)');
    expect(seen).toContain('jane.doe@customer.example');
    expect(seen).toContain('look 1: not in Sent Items');
    expect(seen).not.toContain('<img src=x');
    const masked = await text(viewer.get('/portal/replies'));
    expect(masked).toContain('j•••@customer.example');
    expect(masked).not.toContain('jane.doe');
    expect(masked).not.toContain('/portal/replies/release');
    expect(await text(viewer.get('/portal/replies?state=rejected'))).toContain('FROM_NOT_PERMITTED');
    // What to do is said in words that lead to the buttons here, not to a command line.
    for (const [language, words] of [
      ['en', 'Then release the reply'],
      ['de', 'Wählen Sie dann „Erneut senden“'],
    ] as const) {
      const page = await text((await portal.signIn(TOKENS.operator, language)).get('/portal/replies'));
      expect([language, page.includes(words), page.includes('mailroom repl')]).toEqual([language, true, false]);
    }

    const asked = await text(operator.get('/portal/replies/drop?id=held-one'));
    expect(asked).toContain('Drop this reply?');
    for (const action of ['release', 'drop']) {
      expect((await viewer.get(`/portal/replies/${action}?id=held-one`)).status).toBe(403);
      expect((await viewer.post(`/portal/replies/${action}`, { id: 'held-one' })).status).toBe(403);
      expect((await operator.post(`/portal/replies/${action}`, { id: 'held-one', _csrf: 'forged' })).status).toBe(403);
      expect((await operator.post(`/portal/replies/${action}`, { id: 'failed-one' })).status).toBe(409);
    }
    const both = await Promise.all([1, 2].map(() => operator.post('/portal/replies/drop', { id: 'held-one' })));
    expect(both.map(({ status }) => status).sort()).toEqual([303, 409]);
    expect(await text(operator.get('/portal/replies'))).toContain('Held (1)');
    const audit = await text(portal.api('administrator', 'GET', '/v1/audit'));
    expect(audit).toContain('"field":"held-one","from":"held","to":"dropped"');
  });

  it.each([
    ['en', 'Answered in Outlook by', 'Read the colleague’s answer'],
    ['de', 'In Outlook beantwortet von', 'Lesen Sie die Antwort des Kollegen'],
  ] as const)('show who answered in Outlook (%s); viewers see no name', async (language, label, advice) => {
    const failure = { code: 'REPLY_ANSWERED_ELSEWHERE', class: 'ambiguous', message: 'x' };
    const answeredElsewhere = { by: 'sent', who: 'alex.smith@contoso.example', at: '2026-11-29T10:00:00.000Z' };
    await noted(`answered-${language}`, 'held', { result: JSON.stringify({ failure, answeredElsewhere }) });
    const operator = await text((await portal.signIn(TOKENS.operator, language)).get('/portal/replies'));
    for (const words of [label, advice, 'alex.smith@contoso.example']) expect(operator).toContain(words);
    const viewer = await text((await portal.signIn(TOKENS.viewer, language)).get('/portal/replies'));
    expect(viewer).toContain('a•••@contoso.example');
    expect(viewer).not.toContain('alex.smith');
  });

  it('are paged', async () => {
    for (let i = 0; i < 45; i += 1) await noted(`uncertain-${i}`, 'uncertain');
    const viewer = await portal.signIn(TOKENS.viewer);
    const ids = new Set<string>();
    for (const page of [1, 2, 3, 99]) {
      const shown = await text(viewer.get(`/portal/replies?state=uncertain&page=${page}`));
      for (const [id] of shown.matchAll(/uncertain-\d+/g)) ids.add(id);
      expect(shown.length).toBeLessThan(70_000);
    }
    expect(ids.size).toBe(45);
  });
});

describe('operation', () => {
  it('an operator pauses and resumes sending from the page; viewers are refused', async () => {
    const { name } = await created();
    const operator = await portal.signIn(TOKENS.operator);
    const viewer = await portal.signIn(TOKENS.viewer);
    expect(await text(operator.get(at('pause', name)))).toContain('Pause sending by this server?');
    for (const action of ['pause', 'resume']) expect((await viewer.post(at(action, name), {})).status).toBe(403);
    expect((await operator.post(at('pause', name), {})).status).toBe(303);
    const paused = await text(operator.get(`${LIST}?search=${encodeURIComponent(name)}`));
    expect(paused).toContain('Paused by <strong>operator-person</strong>');
    expect(paused).toContain('Resume sending');
    expect((await operator.post(at('resume', name), {})).status).toBe(303);
    expect(await text(operator.get(`${LIST}?search=${encodeURIComponent(name)}`))).not.toContain('Paused by');
  });

  it('the overview shows pace, held replies and the time of the last accepted reply', async () => {
    const { name, host, user } = await created({ name: '0 first of a long list' });
    const mailbox = sendingMailbox({ host, user });
    const now = Date.now();
    await portal.redis.zadd(
      paceKey(PREFIX, 'minute', mailbox),
      now - 90_000,
      'old',
      now - 5_000,
      'a',
      now - 4_000,
      'b',
    );
    await portal.redis.hset(paceKey(PREFIX, 'day', mailbox), String(Math.floor(now / 3_600_000)), 12);
    const queue = `${PREFIX}:${repliesQueue(name)}`;
    await portal.redis.hset(`${queue}:job`, {
      name: 'reply',
      data: '{}',
      opts: '{}',
      timestamp: now,
      finishedOn: now - 120_000,
    });
    await portal.redis.zadd(`${queue}:completed`, now - 120_000, 'job');
    await noted('held-by-server', 'held', { server: name });
    const viewer = await portal.signIn(TOKENS.viewer);
    const page = await text(viewer.get('/portal'));
    const row = page.split('<tr>').find((part) => part.includes(`>${name}</a>`) && part.includes('<meter')) ?? '';
    expect(row).toContain('2 of 30');
    expect(row).toContain('12 of 10,000');
    expect(row).toContain('<a href="/portal/replies">1</a>');
    expect(row).not.toContain('Limit reached');
    // At the present rate the limit is met within the day: on both pages, and on the list of what needs attention.
    await portal.redis.hset(paceKey(PREFIX, 'day', mailbox), String(Math.floor(now / 3_600_000)), 9_000);
    const own = await text(viewer.get(at('status', name)));
    expect(own).toContain('9,000 of 10,000');
    expect(own).toMatch(/Limit reached at this rate: <time/);
    const overview = await text(viewer.get('/portal?all=true'));
    expect(overview).toMatch(
      /9,000 of 10,000 recipients in 24 hours; at the present rate the limit is reached in \d+ minutes/,
    );
    await portal.redis.del(paceKey(PREFIX, 'day', mailbox));
    expect(await text(viewer.get(`${LIST}?search=${encodeURIComponent(name)}`))).toContain('2 min. ago');
  });

  it('a long list is paged and searchable, and its pages stay small', async () => {
    for (let i = 0; i < 60; i += 1) await created({ enabled: false, name: `Filiale Überlingen ${i}` });
    const admin = await portal.signIn(TOKENS.administrator);
    const first = await text(admin.get(LIST));
    const links = [...first.matchAll(/(?:href|src)="(\/portal\/assets\/[^"]+)"/g)].map(([, path]) => path);
    expect(links).toHaveLength(2);
    const assets = await Promise.all(links.map((path) => text(fetch(portal.base + path))));
    expect(first.length + assets.join('').length).toBeLessThan(100_000);
    expect(first.match(/<tbody>/g)?.length).toBe(25);
    const names = new Set<string>();
    for (const page of [1, 2, 3, 4]) {
      const shown = await text(admin.get(`${LIST}?search=filiale&page=${page}`));
      for (const [, name = ''] of shown.matchAll(/>(Filiale Überlingen \d+)<\/a>/g)) names.add(name);
    }
    expect(names.size).toBe(60);
    const found = await text(admin.get(`${LIST}?search=ÜBERLINGEN+59`));
    expect(found).toContain('>Filiale Überlingen 59</a>');
    expect(found).not.toContain('>Filiale Überlingen 3</a>');
    expect(await text(admin.get(`${LIST}?search=no-such-thing`))).toContain('No email server matches');
  });

  it('personal data: an address is taken as it is pasted, and anything else is refused at the field', async () => {
    const admin = await portal.signIn(TOKENS.administrator, 'de');
    const found = await admin.post('/portal/privacy', { address: '\u200bJane <jane@customer.example>; ' });
    expect(await text(found)).toContain('value="jane@customer.example"');
    const refused = await admin.post('/portal/privacy', { address: 'jane, john' });
    expect(refused.status).toBe(422);
    const page = await text(refused);
    expect(page).toContain('value="jane, john"');
    expect(page).toContain('data-error="address">Geben Sie eine E-Mail-Adresse wie support@example.com ein.');
  });

  it('an unknown address is a page of the portal in the user’s language', async () => {
    const admin = await portal.signIn(TOKENS.administrator, 'de');
    const answer = await admin.get('/portal/nowhere');
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('<h1>Diese Seite gibt es nicht</h1>');
  });
});
