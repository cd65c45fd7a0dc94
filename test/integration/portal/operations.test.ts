// Operation through the API on a real gateway and Redis: flows, pause and resume, test of a connection, quarantined messages, the audit log.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBlobStore } from '../../../src/adapters/blobs/index.ts';
import { openCommit } from '../../../src/adapters/queue/commit.ts';
import { type EmailFlows, openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { createLeases } from '../../../src/adapters/redis/lease.ts';
import { MESSAGE_SCHEMA, type Message } from '../../../src/contract/message.ts';
import { mailboxId, messageKey, PREFIX } from '../../../src/contract/names.ts';
import { emptyLedger, type LedgerMeta } from '../../../src/domain/ledger.ts';
import { unreadable } from '../../../src/mime/index.ts';
import { storeBlob } from '../../support/blobs.ts';
import { KEPT } from '../../support/ledger.ts';
import { freePort } from '../../support/temp.ts';
import { fileServer, portalRoom, TOKENS } from './gateway.ts';

let flows: EmailFlows;

const portal = portalRoom({ env: { MAILROOM_SECURITY_PORTAL_ALLOWED_HOSTS: '127.0.0.0/8' } });
beforeAll(() => {
  flows = openEmailFlows(portal.redis);
});
afterAll(() => flows.close());

const json = async (answer: Response) => (await answer.json()) as Record<string, never>;
const raw = 'From: kim@example.org\r\nSubject: secret subject\r\nMessage-ID: <q1@example.org>\r\n\r\nsecret body\r\n';
const mailbox = mailboxId({ host: fileServer.host, user: fileServer.user, folder: 'INBOX' });
const meta: LedgerMeta = {
  uidValidity: '9',
  era: '',
  startedAt: 0,
  start: 'all',
  emailFlows: [fileServer.emailFlow],
  user: fileServer.user,
  host: fileServer.host,
  folder: 'INBOX',
};

/** Quarantines messages the way the watcher does: one script for job, ledger and note. */
async function quarantine(notes: readonly { uid: number; reason: string }[]): Promise<void> {
  const blobs = await createBlobStore(portal.config.blobs);
  const blob = await storeBlob(blobs, Buffer.from(raw));
  await blobs.close();
  const token = (await createLeases(portal.redis, 'test', 5_000).acquire(mailbox)) ?? 'no lease';
  const commit = await openCommit(portal.redis, flows, KEPT);
  const messages = notes.map(
    ({ uid, reason }): Message => ({
      schema: MESSAGE_SCHEMA,
      messageKey: messageKey(mailbox, '9', uid),
      emailFlow: fileServer.emailFlow,
      server: fileServer.name,
      mailbox: fileServer.user,
      folder: 'INBOX',
      uidValidity: '9',
      uid,
      receivedAt: '2026-11-25T10:00:00.000Z',
      ...unreadable(reason),
      raw: blob,
      conversation: { id: 'c', matchedBy: 'new' },
      siblings: [],
    }),
  );
  await commit({
    mailboxId: mailbox,
    leaseToken: token,
    ledger: emptyLedger(),
    change: { outcomes: [{ outcome: 'quarantined', uids: notes.map(({ uid }) => uid) }], meta },
    messages: messages.map((message) => ({ message })),
    quarantined: messages.map(({ uid, messageKey: key }, i) => ({
      uid,
      entry: { reason: notes[i]?.reason, at: `2026-11-25T10:00:0${i}.000Z`, messageKey: key },
    })),
  });
}

describe('quarantined messages', () => {
  const key = (uid: number, more = '') =>
    `/v1/quarantined-messages/${encodeURIComponent(messageKey(mailbox, '9', uid))}${more}`;

  it('are listed without content, shown raw, enqueued again or accepted; only a person ends one', async () => {
    await quarantine([
      { uid: 1, reason: 'parser-failed' },
      { uid: 2, reason: 'parser-failed' },
      { uid: 3, reason: 'no-data' },
    ]);
    const list = await (await portal.api('operator', 'GET', '/v1/quarantined-messages')).text();
    expect((JSON.parse(list) as { messages: { uid: number }[] }).messages.map(({ uid }) => uid)).toEqual([3, 2, 1]);
    expect(JSON.parse(list)).toMatchObject({
      messages: [{ reason: 'no-data', server: 'From file', emailFlow: fileServer.emailFlow, size: raw.length }, {}, {}],
    });
    expect(list).not.toContain('secret');
    const download = await portal.api('operator', 'GET', key(1, '/raw'));
    expect(await download.text()).toBe(raw);
    expect(download.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(download.headers.get('content-security-policy')).toContain('sandbox');

    // The same on the portal's page.
    const person = await portal.signIn(TOKENS.operator);
    const viewer = await portal.signIn(TOKENS.viewer);
    const pageOf = (path: string, uid: number) =>
      `/portal/quarantine/${path}?key=${encodeURIComponent(messageKey(mailbox, '9', uid))}`;
    const page = await (await person.get('/portal/quarantine')).text();
    expect(page).toContain('INBOX · UID 3');
    expect(page).not.toMatch(/secret|<b>flow/);
    expect(page).toContain(pageOf('enqueue', 1));
    const eml = await person.get(pageOf('raw', 1));
    expect(await eml.text()).toBe(raw);
    expect(eml.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(eml.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
    expect(await (await person.get(pageOf('accept', 2))).text()).toContain('Mark this message as settled?');
    expect((await person.get(pageOf('accept', 9))).status).toBe(404);
    for (const path of ['raw', 'enqueue', 'accept']) expect((await viewer.get(pageOf(path, 1))).status).toBe(403);
    expect((await viewer.post('/portal/quarantine/accept', { key: messageKey(mailbox, '9', 2) })).status).toBe(403);
    expect(await (await person.get('/portal')).text()).toContain('<b>3</b>messages in quarantine');

    const queue = await flows.queueOf(fileServer.emailFlow);
    // Two who decide at once add one job.
    const both = await Promise.all([1, 2].map(() => portal.api('operator', 'POST', key(1, '/enqueue'))));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 404]);
    const job = await queue.getJob(`${messageKey(mailbox, '9', 1)}-again`);
    expect(job?.data).toMatchObject({
      messageKey: messageKey(mailbox, '9', 1),
      parse: 'complete',
      subject: 'secret subject',
      raw: { size: raw.length },
      receivedAt: '2026-11-25T10:00:00.000Z',
    });
    expect(await queue.getJobCounts('waiting')).toEqual({ waiting: 4 });

    // It never came: it is fetched from the mailbox again, which this gateway cannot sign in to.
    expect(page).toMatch(/enqueue[^>]*aria-label="Fetch again: UID 3"/);
    expect(page).toMatch(/enqueue[^>]*aria-label="Process again: UID 1"/);
    expect(await (await person.get(pageOf('enqueue', 3))).text()).toContain('Fetch this message again?');
    const stays = await portal.api('operator', 'POST', key(3, '/enqueue'));
    expect([stays.status, (await json(stays)).code]).toEqual([503, 'OAUTH_APPLICATION_NOT_CONFIGURED']);
    const accepted = await person.post('/portal/quarantine/accept', { key: messageKey(mailbox, '9', 2) });
    expect(accepted.headers.get('location')).toMatch(/^\/portal\/quarantine\?done=acceptDone/);
    expect((await portal.api('operator', 'POST', key(3, '/accept'))).status).toBe(200);
    expect((await portal.api('operator', 'POST', key(2, '/accept'))).status).toBe(404);
    expect(await json(await portal.api('operator', 'GET', '/v1/quarantined-messages'))).toEqual({ messages: [] });
    // The ledger keeps them as quarantined.
    expect(await portal.redis.hget(`${PREFIX}:ledger:${mailbox}:uids`, 'quarantined:0')).toBe('1:3');
    const audit = await (await portal.api('administrator', 'GET', '/v1/audit?limit=20')).text();
    expect(audit).toContain('"action":"enqueue-again"');
    expect(audit).toContain('"by":"operator-person"');
    expect(audit).not.toContain('secret');
  });
});

describe('flows and status', () => {
  it('show queues and live states to permitted users, without definitions', async () => {
    const { emailFlows } = (await (await portal.api('viewer', 'GET', '/v1/email-flows')).json()) as {
      emailFlows: object[];
    };
    expect(emailFlows).toEqual([
      expect.objectContaining({
        emailFlow: fileServer.emailFlow,
        servers: ['From file'],
        jobs: expect.objectContaining({ active: 0 }),
      }),
    ]);
    const status = await (await portal.api('backend', 'GET', '/v1/status')).text();
    expect(status).toContain('"From file"');
    expect(status).not.toContain(fileServer.user);
    expect(status).not.toContain(fileServer.host);
  });
});

describe('pause and test', () => {
  const smtp = (name: string, port: number) => ({
    serverType: 'SMTP',
    name,
    host: 'localhost.test.example',
    port,
    authenticationType: 'Password',
    user: 'person@contoso.example',
    password: 'a-secret-password-1',
  });
  const path = (name: string, more = '') => `/v1/email-servers/${encodeURIComponent(name)}${more}`;

  it('an operator pauses and resumes an SMTP server; IMAP and disabled servers cannot be paused', async () => {
    await portal.api('administrator', 'POST', '/v1/email-servers', smtp('Out', 587));
    expect((await portal.api('viewer', 'POST', path('Out', '/pause'))).status).toBe(403);
    const paused = await json(await portal.api('operator', 'POST', path('Out', '/pause')));
    expect(paused.live).toMatchObject({
      state: 'paused',
      code: 'SMTP_SERVER_PAUSED_BY_PERSON',
      pausedBy: 'operator-person',
    });
    expect(paused.live).not.toHaveProperty('expectedAt');
    const queue = `${PREFIX}:replies.Out:meta`;
    expect(await portal.redis.hget(queue, 'paused')).toBe('1');
    const resumed = await json(await portal.api('operator', 'POST', path('Out', '/resume')));
    const pace = { minute: 0, perMinute: 30, recipients: 0, recipientsPerDay: 10_000 };
    expect(resumed.live).toEqual({ state: 'unproven', waiting: 0, pace });
    expect(await portal.redis.hget(queue, 'paused')).toBeNull();
    expect(await json(await portal.api('operator', 'POST', path('From file', '/pause')))).toMatchObject({
      code: 'EMAIL_SERVER_CANNOT_PAUSE',
      status: 422,
    });
    expect((await portal.api('operator', 'POST', path('Nobody', '/pause'))).status).toBe(404);
    const audit = await (await portal.api('administrator', 'GET', '/v1/audit?limit=20')).text();
    expect(audit).toContain('"action":"pause"');
    expect(audit).toContain('"action":"resume"');
  });

  it('streams the steps of a test, for a stored server and for an unsaved definition', async () => {
    const answer = await portal.api('operator', 'POST', path('From file', '/test'));
    expect(answer.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    // The application does not exist.
    expect(lines[0]).toMatchObject({ server: 'From file', step: 'config', state: 'failed' });
    expect(lines.at(-1)).toEqual({ ok: false });

    const draft = { ...smtp('Draft', await freePort()), host: '127.0.0.1' };
    const tested = await portal.api('administrator', 'POST', '/v1/email-servers-test', { definition: draft });
    const text = await tested.text();
    expect(text).toContain('"step":"tcp","informational":false,"state":"failed"');
    expect(text).not.toContain('a-secret-password-1');
    expect((await portal.api('viewer', 'GET', path('Draft'))).status).toBe(404);
    const wrong = await portal.api('administrator', 'POST', '/v1/email-servers-test', {
      definition: { ...draft, port: 0 },
    });
    expect(wrong.status).toBe(422);
    expect(await json(wrong)).toMatchObject({ problems: [{ field: 'port' }] });
    // Connecting to hosts of one's choice is for those who may define servers.
    expect((await portal.api('operator', 'POST', '/v1/email-servers-test', { definition: draft })).status).toBe(403);
  });
});
