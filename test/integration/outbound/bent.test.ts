// Replies and the doctor against a bent Postfix: no PIPELINING, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES, CHUNKING, DSN, a small size limit, recipients
// that are refused for good and for now; and against a relay without AUTH that knows us by address, or does not.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSentFolder } from '../../../src/adapters/imap/sent-folder.ts';
import { type CheckStep, passed } from '../../../src/domain/doctor.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { BENT_DOVECOT, BENT_MESSAGE_BYTES, BENT_POSTFIX, DEFERRED, REFUSED } from '../../support/bent.ts';
import { doctorSteps } from '../../support/doctor.ts';
import { startDovecot } from '../../support/dovecot.ts';
import { fixture } from '../../support/fixture.ts';
import { startPostfix, type TestPostfix } from '../../support/postfix.ts';
import { imapServer, smtpServer } from '../../support/servers.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, replyMaker } from './room.ts';

const SHARED = 'support@contoso.example';
const password = 'secret';
const authentication = { type: 'Password', password } as const;
const noToken = () => Promise.reject(new Error('nobody signs in by token'));

const room = openRoom({ sink: false });
/** With AUTH, and a relay beside it that knows this machine. */
let postfix: TestPostfix;
/** Whose relay knows nobody. */
let stranger: TestPostfix;

const dovecot = fixture(() => startDovecot({ users: [{ user: SHARED, password }], extraConf: BENT_DOVECOT }));
beforeAll(async () => {
  const options = { dovecot, headerFrom: false, maxMessageBytes: BENT_MESSAGE_BYTES, extraMainCf: BENT_POSTFIX };
  postfix = await startPostfix({ ...options, relay: { knowsUs: true } });
  stranger = await startPostfix({ ...options, relay: { knowsUs: false } });
});
afterAll(async () => {
  await stranger?.stop();
  await postfix?.stop();
});
const mailbox = () => {
  const { host, port, caPem: ca } = dovecot;
  return imapServer({ name: 'in', user: SHARED, host, port, ca, tls: 'implicit', authentication });
};
const submission = (more: Partial<SmtpServer> = {}) =>
  smtpServer(postfix.port, {
    name: 'bent',
    host: postfix.host,
    tls: 'starttls',
    ca: postfix.caPem,
    user: SHARED,
    authentication,
    additionalFromAddresses: [],
    sentCopy: { policy: 'append', folder: 'Sent Items' },
    ...more,
  });
const relay = (more: Partial<SmtpServer> = {}) =>
  submission({ port: postfix.relayPort, tls: 'none', authentication: { type: 'None' }, ...more });

async function start(server: SmtpServer) {
  const sent = createSentFolder({ getToken: noToken, imapServers: () => [mailbox()] });
  const one = await room.replica({
    servers: [server, mailbox()],
    settings: { pauseProbeMs: 60_000 },
    silenceMs: 60_000,
  });
  return { ...one, sent };
}

const check = (server: SmtpServer, sendProbe = false): Promise<CheckStep[]> =>
  doctorSteps(server, { servers: [server, mailbox()], sendProbe, timeoutMs: 30_000, sentCopyMs: 1_000 });
const of = (found: readonly CheckStep[], name: CheckStep['step']) => found.find(({ step }) => step === name);

const reply = replyMaker(
  'bent',
  { server: 'bent', from: SHARED, subject: 'Rückfrage 🙂', text: 'Grüße, schöne 🙂\r\n' },
  'customer.example',
);

describe.each([
  ['signed in', submission],
  ['known by address', relay],
] as const)('replies through a server without extensions, %s', (_, server) => {
  it('arrive, and their copies are stored in Sent once', async () => {
    const one = await start(server());
    const inputs = Array.from({ length: 10 }, () => reply());
    for (const input of inputs) await one.replies.submitReply(input);
    for (const { replyId } of inputs) await one.reached(replyId, 'accepted');
    const search = ['search', '-u', SHARED, 'mailbox', 'INBOX.Sent', 'header', 'X-Mailroom-Reply-Id'];
    for (const { replyId } of inputs)
      await waitFor(
        async () => {
          const found = (await dovecot.doveadm(...search, replyId)).split('\n').filter((line) => line !== '');
          return found.length === 1;
        },
        { describe: `the copy of ${replyId}` },
      );
  });

  it('report a refused recipient separately; the others get the mail', async () => {
    const one = await start(server());
    const input = reply({ to: ['good@customer.example', REFUSED] });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    const result = await one.replies.getReply(input.replyId);
    expect(result?.recipients).toMatchObject([
      { address: 'good@customer.example', state: 'accepted' },
      { address: REFUSED, state: 'rejected', remote: { code: '550' } },
    ]);
  });

  it('wait when their recipient is deferred', async () => {
    const one = await start(server());
    const input = reply({ to: [DEFERRED] });
    await one.replies.submitReply(input);
    const tried = () => one.deps.journal.read(input.replyId).then((entry) => (entry?.attempts ?? 0) > 0);
    await waitFor(tried, { describe: 'an attempt' });
    expect((await one.replies.getReply(input.replyId))?.state).not.toMatch(/accepted|rejected|failed/);
  });

  it('are refused before submission when they exceed the size, in the server’s unit', async () => {
    const one = await start(server());
    await one.replies.submitReply(reply());
    const input = reply({
      attachments: [{ filename: 'scan.pdf', content: Buffer.alloc(BENT_MESSAGE_BYTES).toString('base64') }],
    });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'rejected');
    expect((await one.replies.getReply(input.replyId))?.failure?.code).toBe('MESSAGE_TOO_LARGE');
  });
});

describe('mailroom check', () => {
  it('passes a signed-in server, reporting size and sign-in', async () => {
    const found = await check(submission());
    expect(found.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(of(found, 'smtpSize')?.detail).toMatchObject({
      en: expect.stringMatching(/^up to 1\.9 MB;/),
      de: expect.stringMatching(/^bis 1,9 MB;/),
    });
    expect(of(found, 'smtpSignIn')).toMatchObject({ state: 'ok', detail: { en: SHARED } });
  });

  it('reports that a server which knows us by address had no sign-in', async () => {
    const found = await check(relay());
    expect(passed(found)).toBe(true);
    expect(of(found, 'smtpSignIn')).toMatchObject({ state: 'skipped' });
    expect(of(found, 'sendAs')).toMatchObject({
      state: 'ok',
      detail: { en: expect.stringMatching(/^nobody signed in/) },
    });
  });

  it.each([false, true])(
    'does not count a relay that does not know us as Send As, with a probe: %s',
    async (sendProbe) => {
      const found = await check(relay({ host: stranger.host, port: stranger.relayPort }), sendProbe);
      expect(passed(found)).toBe(false);
      expect(of(found, 'sendAs')).toMatchObject({ state: 'failed', failure: { remote: { system: 'smtp' } } });
    },
  );

  it('does not count a password as a sign-in where signing in is impossible', async () => {
    const found = await check(relay({ authentication }));
    expect(of(found, 'smtpSignIn')).toMatchObject({ state: 'failed', failure: { code: 'SMTP_AUTH_NOT_OFFERED' } });
    expect(of(found, 'sendAs')).toMatchObject({ state: 'skipped' });
    expect(of(found, 'smtpSignIn')?.failure?.fix.en).toContain('Authentication Type to None');
  });

  it('fails Send As for a display name that every reply would be refused for', async () => {
    const found = await check(submission({ displayNames: { [SHARED]: 'ceo@contoso.example' } }), true);
    expect(of(found, 'sendAs')).toMatchObject({ state: 'failed', failure: { code: 'FROM_NAME_SPOOFED' } });
  });
});

it('never sends a reply unauthenticated where a password is configured', async () => {
  const one = await start(relay({ authentication }));
  const input = reply();
  await one.replies.submitReply(input);
  await waitFor(async () => (await one.deps.pauses.read('bent')) !== undefined, { describe: 'the pause' });
  expect((await one.replies.getReply(input.replyId))?.state).not.toBe('accepted');
});
