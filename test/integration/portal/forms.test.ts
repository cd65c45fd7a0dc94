// The form of an email server on a real gateway and Redis, as a browser without script sends it: what people paste, a session that expired, two
// administrators at once, lists without end, flows that exist; and what waits in a flow without a server.

import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { emailFlowQueue, MESSAGE_JOB, PREFIX } from '../../../src/contract/names.ts';
import { ledgerKey, mailboxesKey } from '../../../src/domain/keys.ts';
import { portalRoom, TOKENS } from './gateway.ts';

const portal = portalRoom();

const NEW = '/portal/email-servers/new';
const EDIT = '/portal/email-servers/edit';
let count = 0;
const smtp = (more: Record<string, string> = {}) => {
  count += 1;
  return {
    ...{ serverType: 'SMTP', name: `Form ${count}`, host: 'smtp.example.net', port: '587', tls: 'enabled' },
    ...{ authenticationType: 'Password', user: `form${count}@contoso.example`, password: 'a-secret-password-9' },
    ...{ additionalEmailFromAddresses: '', perMinute: '30', enabled: 'true', _action: 'save' },
    ...more,
  };
};
const viewOf = async (name: string) =>
  (await (await portal.api('administrator', 'GET', `/v1/email-servers/${encodeURIComponent(name)}`)).json()) as {
    revision: string;
    definition: Record<string, unknown>;
  };
/** Hidden fields of the form in a page. */
const hidden = (page: string) =>
  Object.fromEntries(
    [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"'),
    ]),
  );

describe('pasted addresses', () => {
  it('are stored once each, with the names that the field has', async () => {
    const admin = await portal.signIn(TOKENS.administrator);
    const form = smtp({
      user: 'Alex Weber <mailto:Alex@Contoso.example>',
      additionalEmailFromAddresses:
        'Support, Team <support@contoso.example>; mailto:sales@contoso.example\nSUPPORT@contoso.example, info@contoso.example',
    });
    expect((await admin.post(NEW, form)).status).toBe(303);
    expect((await viewOf(form.name)).definition).toMatchObject({
      user: 'Alex@contoso.example',
      additionalEmailFromAddresses: ['support@contoso.example', 'sales@contoso.example', 'info@contoso.example'],
      displayNames: { 'alex@contoso.example': 'Alex Weber', 'support@contoso.example': 'Support, Team' },
    });
  });

  it('are refused, naming the piece that is not an address', async () => {
    const admin = await portal.signIn(TOKENS.administrator, 'de');
    const answer = await admin.post(NEW, smtp({ additionalEmailFromAddresses: 'a@b.example; <b>nobody</b>' }));
    const page = await answer.text();
    expect(answer.status).toBe(422);
    expect(page).toContain('Angegeben: &quot;&lt;b&gt;nobody&lt;/b&gt;&quot;');
    expect(page).toContain('<title>Fehler: ');
    expect(page).toMatch(/id="problems" role="alert" tabindex="-1" autofocus/);
    // The input with the wrong piece names the message that belongs to it.
    expect(page).toMatch(
      /id="address-1"[^>]* aria-invalid="true" aria-describedby="additionalEmailFromAddresses-error"/,
    );
    expect(page).toContain('<a href="#address-1">');
    expect(page).toMatch(/id="address-0"[^>]* aria-invalid="false"/);
  });

  it('Enter saves: the first button of the form is not a preset', async () => {
    const admin = await portal.signIn(TOKENS.administrator);
    const page = await (await admin.get(`${NEW}?type=SMTP`)).text();
    // The first in the page that belongs to the form, wherever it is: the language switch in the head does, too.
    const first = page.slice(page.indexOf('<body>'), page.indexOf('<form id="definition"'));
    expect(/<button[^>]* form="definition"[^>]*>/.exec(first)?.[0]).toContain('name="_action" value="save"');
  });
});

describe('a wrong value', () => {
  const both = {
    name: 'Wrong',
    host: 'mail.example.net',
    tls: 'enabled',
    authenticationType: 'Password',
    password: 'x',
  };
  const forms = {
    SMTP: { ...both, serverType: 'SMTP', port: '587', user: 'wrong@contoso.example', additionalEmailFromAddresses: '' },
    IMAP: {
      ...both,
      serverType: 'IMAP',
      port: '993',
      user: 'wrong@contoso.example',
      emailFlow: ' new',
      emailFlowNew: 'W',
    },
  } as const;
  const table: [keyof typeof forms, Record<string, string>, field?: string][] = [
    ['SMTP', { name: '' }],
    ['SMTP', { host: 'mail.example.net:25' }],
    ['SMTP', { port: 'smtp' }],
    ['SMTP', { tls: 'none' }],
    ['SMTP', { password: '' }],
    ['SMTP', { user: '' }],
    ['SMTP', { perMinute: '0' }],
    ['SMTP', { additionalEmailFromAddresses: 'a@b.example; nobody' }],
    ['SMTP', { additionalEmailFromAddresses: `${'x'.repeat(101)} <a@b.example>` }],
    ['IMAP', { emailFlowNew: '' }, 'emailFlow'],
    ['IMAP', { aliases: 'nobody' }],
    ['IMAP', { flowByRecipient: 'nobody' }],
    ['IMAP', { trustedAuthservIds: 'https://mx' }],
    ['IMAP', { folder: 'a\u0000b' }],
    ['IMAP', { startFrom: 'since', startFromDate: '' }, 'startFromDate'],
    ['IMAP', { afterQueued: 'move', afterQueuedFolder: '' }, 'afterQueuedFolder'],
    ['IMAP', { maximumSize: 'huge' }],
  ];
  it.each(table)(
    '%s %j is marked at its field in the same words while it is typed and on saving',
    async (type, value, at) => {
      const field = at ?? Object.keys(value)[0] ?? '';
      const form = { ...forms[type], ...value };
      const admin = await portal.signIn(TOKENS.administrator, 'de');
      const typed = (await (await admin.post('/portal/email-servers/check', form)).json()) as {
        problems: { field: string; message: string }[];
      };
      const message = typed.problems.find((one) => one.field === field)?.message;
      expect(message, JSON.stringify(typed)).toBeTruthy();
      const page = await (await admin.post(NEW, { ...form, _action: 'save' })).text();
      const shown = new RegExp(`data-error="${field}">([^<]*)<`).exec(page)?.[1];
      expect(shown?.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>')).toBe(message);
      expect(page).toMatch(new RegExp(`<a href="#(${field}|address-1)">`));
    },
  );
});

describe('60,000 lines', () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => String(i % 10));
  const cpu = async (ask: () => Promise<Response>) => {
    const began = process.cpuUsage();
    const answer = await ask();
    await answer.text();
    const { user, system } = process.cpuUsage(began);
    return { status: answer.status, seconds: (user + system) / 1_000_000 };
  };
  it.each([
    ['the form', 'additionalEmailFromAddresses'],
    ['the form', 'aliases'],
  ])('in %s, field %s, are refused within a moment', async (_, field) => {
    const admin = await portal.signIn(TOKENS.administrator);
    // Different pieces: equal ones are one. What a form of 128 KB holds.
    const text = Array.from({ length: 18_000 }, (_, i) => i.toString(36)).join(',');
    const more = field === 'aliases' ? { serverType: 'IMAP', emailFlow: ' new', emailFlowNew: 'F' } : {};
    const { status, seconds } = await cpu(() => admin.post(NEW, smtp({ ...more, [field]: text })));
    expect(status).toBe(422);
    expect(seconds).toBeLessThan(3);
  });

  it.each([
    ['additionalEmailFromAddresses', { additionalEmailFromAddresses: lines }],
    ['displayNames', { displayNames: Object.fromEntries(lines.map((_, i) => [`a${i}@b.example`, 'x'])) }],
  ])('through the API, field %s, are refused within a moment', async (field, more) => {
    const { enabled: _, _action: __, perMinute: ___, ...definition } = smtp();
    const ask = () => portal.api('administrator', 'POST', '/v1/email-servers', { ...definition, ...more });
    const { status, seconds } = await cpu(ask);
    expect([field, status]).toEqual([field, 422]);
    expect(seconds).toBeLessThan(3);
  });
});

describe('an expired session', () => {
  it('loses nothing: the sign-in returns to the filled form, which then is saved', async () => {
    const form = smtp({ additionalEmailFromAddresses: 'Ann <a@b.example>' });
    const lost = await portal.post(NEW, { ...form, _csrf: 'of the session that ended' }, { 'accept-language': 'de' });
    const page = await lost.text();
    expect(lost.status).toBe(401);
    expect(page).toContain('Ihre Eingaben bleiben erhalten');
    expect(page).not.toContain(form.password);
    const kept = hidden(page);
    // A wrong code first: what was entered stays.
    const wrong = await portal.post('/portal/sign-in', { ...kept, secret: 'wrong' });
    expect(wrong.status).toBe(401);
    expect(hidden(await wrong.text())).toEqual(kept);
    const entered = await portal.post('/portal/sign-in', { ...kept, secret: TOKENS.administrator });
    expect([entered.status, entered.headers.get('location')]).toEqual([307, NEW]);
    const cookie = (entered.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    // As the browser does after 307: the same body to the other address.
    const back = await portal.post(NEW, { ...kept, secret: TOKENS.administrator }, { cookie });
    const filled = await back.text();
    expect(back.status).toBe(200);
    expect(filled).toContain(`value="${form.name}"`);
    expect(filled).toContain('value="Ann &lt;a@b.example&gt;"');
    expect(filled).toContain('What you entered has been kept');
    expect(filled).not.toContain(TOKENS.administrator);
    expect(
      (await portal.api('administrator', 'GET', `/v1/email-servers/${encodeURIComponent(form.name)}`)).status,
    ).toBe(404);
    const { _csrf = '' } = hidden(filled);
    expect((await portal.post(NEW, { ...form, _csrf }, { cookie })).status).toBe(303);
    await portal.forgive();
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }, {}],
    ['another site, by fetch metadata', { 'sec-fetch-site': 'cross-site' }, {}],
  ])('copies nothing from %s', async (_, headers, more) => {
    const answer = await portal.post(NEW, { ...smtp(), ...more }, headers);
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain('smtp.example.net');
  });

  it.each(['//evil.example', 'https://evil.example/', '/portal/replies/drop', '/portal/email-servers/new?x=1', ''])(
    'redirects only to forms, not to %j',
    async (url) => {
      const answer = await portal.post('/portal/sign-in', { _return: url, secret: TOKENS.administrator });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/portal/email-servers']);
    },
  );

  it('a form that is only shown again changes nothing, whatever its token', async () => {
    const admin = await portal.signIn(TOKENS.administrator);
    const form = smtp({ _action: 'resume', _csrf: 'another' });
    expect((await admin.post(NEW, form)).status).toBe(200);
    expect(
      (await portal.api('administrator', 'GET', `/v1/email-servers/${encodeURIComponent(form.name)}`)).status,
    ).toBe(404);
    expect((await admin.post(NEW, { ...form, _action: 'save' })).status).toBe(403);
  });

  it('the language switch of a form keeps the entered values', async () => {
    const admin = await portal.signIn(TOKENS.administrator, 'en');
    const form = smtp({ _action: 'language:de' });
    const answer = await admin.post(NEW, form);
    const page = await answer.text();
    expect(page).toContain('<html lang="de">');
    expect(page).toContain(`value="${form.name}"`);
    expect(answer.headers.getSetCookie().join()).toContain('mailroom_lang=de');
  });
});

describe('two administrators', () => {
  it('see who changed what, keep what only one of them changed, and choose where both did', async () => {
    const kim = await portal.signIn(TOKENS.administrator);
    const form = smtp();
    expect((await kim.post(NEW, form)).status).toBe(303);
    const opened = await viewOf(form.name);
    const base = { ...form, password: '', _existing: form.name, _revision: opened.revision };
    // Lee changes host and pace by the API; Kim has changed host and User meanwhile.
    const theirs = {
      ...opened.definition,
      host: 'their.example.net',
      pace: { perMinute: 7, connections: 3, recipientsPerDay: 10_000 },
      password: 'another-password-9',
    };
    const path = `/v1/email-servers/${encodeURIComponent(form.name)}`;
    expect(
      (await portal.api('administrator', 'PUT', path, theirs, { 'if-match': `"${opened.revision}"` })).status,
    ).toBe(200);
    const answer = await kim.post(EDIT, {
      ...base,
      host: 'my.example.net',
      additionalEmailFromAddresses: 'mine@b.example',
      password: 'my-password-0001',
    });
    const page = await answer.text();
    expect(answer.status).toBe(412);
    expect(page).toContain('<strong>administrator-person</strong>');
    expect(page).toContain('Host, Messages a minute');
    expect(page).not.toContain('another-password-9');
    const radios = [...page.matchAll(/name="(_take\.\w+)" value="(\w+)" checked/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    // Both changed Host; the pace only Lee: his is preset.
    expect(radios.sort()).toEqual([
      ['_take.host', 'mine'],
      ['_take.pace', 'theirs'],
    ]);
    const { _revision = '' } = hidden(page);
    // What was entered as a password is not sent back, and asked for again; then the choice is still there.
    expect(page).toContain('Enter the password again');
    const without = await kim.post(EDIT, {
      ...{ ...base, host: 'my.example.net', additionalEmailFromAddresses: 'mine@b.example', password: '' },
      ...{ _revision, '_take.host': 'mine', '_take.pace': 'theirs', _action: 'merge' },
    });
    expect(without.status).toBe(422);
    const once = await without.text();
    expect(once).toContain('Enter the password again');
    expect(/name="perMinute"[^>]*value="(\d+)"/.exec(once)?.[1]).toBe('7');
    const merged = await kim.post(EDIT, {
      ...{
        ...base,
        host: 'my.example.net',
        additionalEmailFromAddresses: 'mine@b.example',
        password: 'my-password-0001',
      },
      ...{ _revision, '_take.host': 'mine', '_take.pace': 'theirs', _action: 'merge' },
    });
    expect(merged.status, await merged.text()).toBe(303);
    expect((await viewOf(form.name)).definition).toMatchObject({
      host: 'my.example.net',
      pace: { perMinute: 7 },
      additionalEmailFromAddresses: ['mine@b.example'],
    });
    // The old revision is still refused.
    expect((await kim.post(EDIT, base)).status).toBe(412);
  });
});

describe('disabling and deleting', () => {
  it('ask for confirmation, and name only what really stops', async () => {
    const admin = await portal.signIn(TOKENS.administrator);
    const form = smtp({ additionalEmailFromAddresses: 'only-here@contoso.example' });
    expect((await admin.post(NEW, form)).status).toBe(303);
    const at = (action: string, revision: string) =>
      `/portal/email-servers/${action}?name=${encodeURIComponent(form.name)}&revision=${revision}`;
    const { revision } = await viewOf(form.name);
    const asked = await (await admin.post(at('disable', revision), {})).text();
    expect(asked).toContain('Disable this email server?');
    expect(asked).toContain('only-here@contoso.example');
    expect((await viewOf(form.name)).revision).toBe(revision);
    expect((await admin.post(at('disable', revision), { _asked: '1' })).status).toBe(303);
    const gone = await (await admin.get(at('delete', ''))).text();
    expect(gone).toContain('Nothing stops: the server is disabled.');
    expect(gone).not.toContain('only-here@contoso.example');
  });

  it('a saved server shows the next step', async () => {
    const admin = await portal.signIn(TOKENS.administrator);
    const imap = smtp({
      serverType: 'IMAP',
      host: 'imap.example.net',
      port: '993',
      emailFlow: ' new',
      emailFlowNew: `Next ${count}`,
    });
    const saved = await admin.post(NEW, imap);
    const page = await (await admin.get(saved.headers.get('location') ?? '')).text();
    expect(page).toContain('Next: <a href="/portal/email-servers/new?type=SMTP">');
  });
});

describe('email flows', () => {
  const imap = (more: Record<string, string> = {}) =>
    smtp({ serverType: 'IMAP', host: 'imap.example.net', port: '993', ...more });

  it('are chosen from the existing ones; a new one is created on purpose, not by a different spelling', async () => {
    const admin = await portal.signIn(TOKENS.administrator);
    const first = imap({ emailFlow: ' new', emailFlowNew: 'Claims & Returns' });
    expect((await admin.post(NEW, first)).status).toBe(303);
    const page = await (await admin.get(`${NEW}?type=IMAP`)).text();
    expect(page).toContain('<option value="Claims &amp; Returns">');
    const almost = await admin.post(NEW, imap({ emailFlow: ' new', emailFlowNew: 'claims  & returns' }));
    expect(almost.status).toBe(422);
    expect(await almost.text()).toContain('There is an Email Flow “Claims &amp; Returns”');
    expect((await admin.post(NEW, imap({ emailFlow: 'Claims & Returns' }))).status).toBe(303);
    expect((await admin.post(NEW, imap({ emailFlow: '' }))).status).toBe(422);
  });

  it('without a server: waiting messages stay visible and are moved in order, each in exactly one flow', async () => {
    const admin = await portal.signIn(TOKENS.administrator);
    const lost = `Lost ${count}`;
    const to = `Target ${count}`;
    const target = imap({ emailFlow: ' new', emailFlowNew: to });
    expect((await admin.post(NEW, target)).status).toBe(303);
    const queueOf = (flow: string) => new Queue(emailFlowQueue(flow), { connection: portal.redis, prefix: PREFIX });
    const [from, into] = [queueOf(lost), queueOf(to)];
    const keys = Array.from({ length: 250 }, (_, i) => `m-0123456789abcdef-7-${i + 1}`);
    await from.addBulk(
      keys.map((jobId, i) => ({
        name: MESSAGE_JOB,
        data: { messageKey: jobId, emailFlow: lost, subject: `s${i}` },
        opts: { jobId, timestamp: 1_000 + i },
      })),
    );
    // One mailbox's ledger remembers that it fed this flow.
    await portal.redis.sadd(mailboxesKey(portal.redis), '0123456789abcdef');
    await portal.redis.hset(ledgerKey(portal.redis, '0123456789abcdef'), {
      version: 1,
      meta: JSON.stringify({ emailFlows: [lost] }),
    });

    type Flows = { emailFlows: { emailFlow: string; servers: string[]; waiting: number }[] };
    const flow = async (name: string) =>
      ((await (await portal.api('viewer', 'GET', '/v1/email-flows')).json()) as Flows).emailFlows.find(
        (one) => one.emailFlow === name,
      );
    expect(await flow(lost)).toMatchObject({ servers: [], waiting: 250 });
    expect(await (await admin.get('/portal')).text()).toContain(lost);

    const page = await (await admin.get(`/portal/email-flows/move?flow=${encodeURIComponent(lost)}`)).text();
    expect(page).toContain(`<option value="${to}">`);
    expect(page).not.toContain(`<option value="${lost}">`);
    const viewer = await portal.signIn(TOKENS.viewer);
    expect((await viewer.post('/portal/email-flows/move', { flow: lost, to })).status).toBe(403);
    const refused = await portal.api('administrator', 'POST', `/v1/email-flows/${encodeURIComponent(to)}/move`, {
      to: lost,
    });
    expect(refused.status).toBe(404);
    const moved = await admin.post('/portal/email-flows/move', { flow: lost, to });
    expect(moved.status, await moved.text()).toBe(303);
    expect(await flow(lost)).toBeUndefined();
    expect(await flow(to)).toMatchObject({ waiting: 250 });
    const jobs = await into.getJobs(['waiting'], 0, -1, true);
    expect(jobs.map(({ id }) => id)).toEqual(keys);
    expect(jobs[7]).toMatchObject({ timestamp: 1_007, data: { emailFlow: to, messageKey: keys[7], subject: 's7' } });
    expect(await from.getJobCounts()).toMatchObject({ waiting: 0 });
    expect((await portal.redis.keys(`${PREFIX}:${emailFlowQueue(lost)}:m-*`)).length).toBe(0);
    const busy = await portal.api('administrator', 'POST', `/v1/email-flows/${encodeURIComponent(to)}/move`, { to });
    expect(busy.status).toBe(409);
    await Promise.all([from.close(), into.close()]);
  });
});
