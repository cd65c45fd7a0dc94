// Ingest and the doctor against a bent Dovecot: no IDLE, UIDPLUS, MOVE, NAMESPACE, SPECIAL-USE, AUTH=LOGIN only, a namespace prefix, two sessions.

import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMailbox } from '../../../src/adapters/imap/connection.ts';
import { createSentFolder } from '../../../src/adapters/imap/sent-folder.ts';
import type { CheckStep } from '../../../src/domain/doctor.ts';
import { passed } from '../../../src/domain/doctor.ts';
import type { EmailServer, ImapServer, SmtpServer } from '../../../src/domain/email-server.ts';
import { BENT_DOVECOT } from '../../support/bent.ts';
import { doctorSteps } from '../../support/doctor.ts';
import { startDovecot } from '../../support/dovecot.ts';
import { fixture } from '../../support/fixture.ts';
import { startTestInbound } from '../../support/inbound.ts';
import { mails, oneMail } from '../../support/mails.ts';
import { startRedis } from '../../support/redis.ts';
import { imapServer, smtpServer } from '../../support/servers.ts';
import { freePort, waitFor } from '../../support/temp.ts';

const password = 'secret';
const POLL_MS = 150;
let user: string;
let counter = 0;
let running: { stop(): Promise<void> }[] = [];

const redis = fixture(startRedis);
const dovecot = fixture(() => startDovecot({ users: [], extraConf: BENT_DOVECOT }));
beforeEach(() => {
  counter += 1;
  user = `bent${counter}@contoso.example`;
  dovecot.addUser({ user, password });
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  running = [];
});

const server = (fields: Partial<ImapServer> = {}) =>
  imapServer({
    name: 'Support',
    host: 'localhost',
    port: dovecot.port,
    tls: 'implicit',
    user,
    authentication: { type: 'Password', password },
    ca: dovecot.caPem,
    emailFlow: `Bent ${counter}`,
    ...fields,
  });
const times = { connectMs: 30_000, answerMs: 30_000, pollMs: POLL_MS };

async function start(fields: Partial<ImapServer> = {}) {
  const one = await startTestInbound({
    redisUrl: redis.url,
    servers: [server(fields)],
    // A look every minute: what is found sooner was found by polling.
    settings: { idleRenewMs: 100_000, deadAfterMs: 200_000, reconcileMs: 100_000 },
    ports: { openMailbox: (given, credentials) => openMailbox(given, credentials, times) },
  });
  running.push(one);
  return one;
}

async function jobsAre(one: Awaited<ReturnType<typeof start>>, count: number) {
  expect(await one.jobsAre(count, `Bent ${counter}`)).toHaveLength(count);
}

const check = (one: EmailServer, others: readonly EmailServer[]): Promise<CheckStep[]> =>
  doctorSteps(one, { servers: [one, ...others], timeoutMs: 30_000, sentCopyMs: 1_000 });

/** The server that sends, whose copies lie in this mailbox. */
const sender = (folder = 'Sent'): SmtpServer =>
  smtpServer(1, { user, host: 'localhost', sentCopy: { policy: 'append', folder } });
const sent = () =>
  createSentFolder({ getToken: () => Promise.reject(new Error('unused')), imapServers: () => [server()] });

describe('a server with nothing but IMAP4rev1', () => {
  it('is drained, and polled for new mail instead of IDLE', async () => {
    dovecot.writeMaildir(
      user,
      [...mails({ count: 60, kind: 'small' })].map(({ raw }) => raw),
    );
    const one = await start();
    await jobsAre(one, 60);
    await waitFor(() => one.inbound.status()[0]?.state === 'idle', { describe: 'idle' });
    for (let number = 61; number <= 63; number++) {
      await dovecot.deliver(user, oneMail({ number }).raw);
      await jobsAre(one, number);
    }
  });

  it('gets flags for queued messages', async () => {
    await dovecot.deliver(user, oneMail({ number: 1 }).raw);
    const one = await start({ afterQueued: { action: 'seen' } });
    await jobsAre(one, 1);
    await waitFor(async () => (await dovecot.doveadm('search', '-u', user, 'mailbox', 'INBOX', 'SEEN')) !== '', {
      describe: 'the flag',
    });
  });

  it.each(['Projects/Open', 'INBOX.Projects.Open', 'inbox/Projects/Open', 'Projects.Open'])(
    'watches the folder %s below its prefix',
    async (folder) => {
      await dovecot.doveadm('mailbox', 'create', '-u', user, 'INBOX.Projects.Open');
      const one = await start({ folder });
      await waitFor(() => one.inbound.status()[0]?.state === 'idle', {
        describe: () => JSON.stringify(one.events()),
      });
      expect(one.events('MailboxDisconnected')).toEqual([]);
    },
  );

  it('lists the existing folders when the configured one is missing', async () => {
    const one = await start({ folder: 'Projekte' });
    const event = await waitFor(() => one.events('MailboxDisconnected')[0], { describe: 'the refusal' });
    expect(event).toMatchObject({ err: { code: 'IMAP_FOLDER_MISSING' } });
    expect(JSON.stringify(event)).toMatch(/"Projekte\\*" in this mailbox; there are .*INBOX.*INBOX\.Sent/);
  });

  it('refusing a third session counts as a limit, not as a wrong password; the session is opened when there is room', async () => {
    const others = await Promise.all([
      openMailbox(server(), { password }, times),
      openMailbox(server(), { password }, times),
    ]);
    const one = await start();
    const event = await waitFor(() => one.events('MailboxDisconnected')[0], { describe: 'the refusal' });
    expect(event).toMatchObject({ err: { code: 'IMAP_CONNECTION_LIMIT', class: 'throttle' } });
    await others[0]?.close();
    await waitFor(() => one.inbound.status()[0]?.state === 'idle', { describe: 'a session' });
    await others[1]?.close();
  });
});

describe('Sent copies', () => {
  const query = (replyId: string, folder: string) => ({
    replyId,
    messageId: `<${replyId}@contoso.example>`,
    since: new Date(),
    folder,
  });
  it.each(['Sent', 'Sent Items', 'INBOX/Sent', 'INBOX.Sent'])('are stored in %s, once', async (folder) => {
    const mail = Buffer.from('X-Mailroom-Reply-Id: b1\r\nMessage-ID: <b1@contoso.example>\r\n\r\nx\r\n');
    expect(await sent().append(sender(), query('b1', folder), mail)).toBe('stored');
    expect(await sent().append(sender(), query('b1', folder), mail)).toBe('was-there');
    expect(await sent().search(sender(), query('b1', folder))).toMatchObject({ found: true, folder: 'INBOX.Sent' });
  });

  it('a missing folder is reported with the existing ones', async () => {
    await expect(sent().append(sender(), query('b2', 'Kopien'), Buffer.from('x'))).rejects.toMatchObject({
      code: 'SENT_SEARCH_FAILED',
      message: expect.stringContaining('"INBOX.Sent"'),
    });
  });
});

describe('mailroom check', () => {
  it('passes, and reports that the server has no IDLE', async () => {
    const found = await check(server(), [sender()]);
    expect(found.filter(({ state }) => state === 'failed').map(({ step }) => step)).toEqual(['pop3']);
    expect(passed(found)).toBe(true);
    expect(found.find(({ step }) => step === 'idle')).toMatchObject({
      state: 'skipped',
      detail: { en: expect.stringContaining('no IDLE') },
    });
  });

  it('does not count a connection that the server pre-authenticated as a sign-in', async () => {
    const preauth = createServer((socket) => {
      socket.write('* PREAUTH [CAPABILITY IMAP4rev1] welcome\r\n');
      const lines = createInterface({ input: socket }).on('error', () => {});
      lines.on('line', (line) => {
        const [tag = '', command = ''] = line.split(' ');
        const untagged: Record<string, string> = {
          LIST: '* LIST () "/" INBOX\r\n',
          EXAMINE: '* 0 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 1] ok\r\n',
          LOGOUT: '* BYE bye\r\n',
        };
        socket.write(`${untagged[command] ?? ''}${tag} OK done\r\n`);
      });
      socket.on('error', () => {});
    });
    const port = await freePort();
    await new Promise<void>((resolve) => preauth.listen(port, '127.0.0.1', resolve));
    running.push({ stop: () => new Promise<void>((resolve) => preauth.close(() => resolve())) });
    const found = await check(server({ host: '127.0.0.1', port, tls: 'none' }), [sender()]);
    expect(found.find(({ step }) => step === 'imapSignIn')).toMatchObject({
      state: 'skipped',
      detail: { en: expect.stringContaining('were not tried') },
    });
  });

  it('stores no copy that it could not remove individually', async () => {
    const before = await dovecot.doveadm('search', '-u', user, 'mailbox', 'INBOX.Sent', 'ALL').catch(() => '');
    const proof = await sent().prove(sender(), query1(), Buffer.from('Message-ID: <p@contoso.example>\r\n\r\nx\r\n'));
    expect(proof).toEqual({ folder: 'INBOX.Sent', outcome: 'not-tried' });
    expect(await dovecot.doveadm('search', '-u', user, 'mailbox', 'INBOX.Sent', 'ALL').catch(() => '')).toBe(before);
  });
  const query1 = () => ({ replyId: 'p', messageId: '<p@contoso.example>', since: new Date(), folder: 'Sent' });
});
