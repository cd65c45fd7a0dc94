// Sent over IMAP against a real Dovecot: found by our header, by Message-ID, by what Exchange keeps of it; a copy is stored once.
import { beforeAll, describe, expect, it } from 'vitest';
import { sentAmong } from '../../../src/adapters/imap/folders.ts';
import { createSentFolder, imapEndpoint } from '../../../src/adapters/imap/sent-folder.ts';
import type { ImapServer, SmtpServer } from '../../../src/domain/email-server.ts';
import { startDovecot } from '../../support/dovecot.ts';
import { fixture } from '../../support/fixture.ts';
import { smtpServer } from '../../support/servers.ts';

const user = 'support@contoso.example';
let server: SmtpServer;

const imap = () =>
  ({
    type: 'IMAP',
    name: 'in',
    user,
    host: dovecot.host,
    port: dovecot.port,
    tls: 'enabled',
    ca: dovecot.caPem,
  }) as ImapServer;
const sent = () =>
  createSentFolder({ getToken: () => Promise.reject(new Error('unused')), imapServers: () => [imap()] });
const query = (replyId: string, messageId = `<${replyId}@contoso.example>`, folder: string | undefined = 'Sent') => ({
  replyId,
  messageId,
  since: new Date(),
  folder,
});
const mail = (headers: string[]) => Buffer.from(`${headers.join('\r\n')}\r\nSubject: x\r\n\r\nbody\r\n`);

const dovecot = fixture(() => startDovecot({ users: [{ user, password: 'secret' }] }));
beforeAll(async () => {
  await dovecot.doveadm('mailbox', 'create', '-u', user, 'Sent');
  server = smtpServer(587, { host: 'smtp.contoso.example', authentication: { type: 'Password', password: 'secret' } });
});

describe('Sent', () => {
  it('stores a copy once and finds it by Mailroom’s own header', async () => {
    const bytes = mail(['X-Mailroom-Reply-Id: r1', 'Message-ID: <rewritten@exchange.example>']);
    expect(await sent().search(server, query('r1'))).toMatchObject({ found: false });
    expect(await sent().append(server, query('r1'), bytes)).toBe('stored');
    expect(await sent().append(server, query('r1'), bytes)).toBe('was-there');
    expect(await sent().search(server, query('r1'))).toMatchObject({
      found: true,
      by: 'reply-id',
      copies: 1,
      messageId: '<rewritten@exchange.example>',
    });
  });

  it('finds a copy by Message-ID, and by the one that Exchange kept', async () => {
    await sent().append(server, query('r2'), mail(['Message-ID: <r2@contoso.example>']));
    await sent().append(
      server,
      query('r3', '<r3@contoso.example>'),
      mail(['Message-ID: <new@x.example>', 'X-Microsoft-Original-Message-ID: <r3@contoso.example>']),
    );
    expect(await sent().search(server, query('r2'))).toMatchObject({ found: true, by: 'message-id' });
    expect(await sent().search(server, query('r3'))).toMatchObject({
      found: true,
      by: 'original-message-id',
      messageId: '<new@x.example>',
    });
  });

  it('accepts no near match', async () => {
    await sent().append(
      server,
      query('near'),
      mail(['X-Mailroom-Reply-Id: near-1', 'Message-ID: <near@contoso.example.evil>']),
    );
    expect(await sent().search(server, query('nea'))).toMatchObject({ found: false });
  });

  it('is proven by a test copy; only that copy is removed again', async () => {
    const bytes = mail(['X-Mailroom-Reply-Id: kept', 'Message-ID: <kept@contoso.example>']);
    await sent().append(server, query('kept'), bytes);
    await dovecot.doveadm('flags', 'add', '-u', user, '\\Deleted', 'mailbox', 'Sent', 'ALL');
    const ids = () => dovecot.doveadm('search', '-u', user, 'mailbox', 'Sent', 'ALL');
    const before = await ids();
    const probe = mail(['X-Mailroom-Reply-Id: probe', 'Message-ID: <probe@contoso.example>']);
    expect(await sent().prove(server, query('probe'), probe)).toEqual({ folder: 'Sent', outcome: 'removed' });
    // What others marked as deleted is theirs.
    expect(await ids()).toBe(before);
  });

  it('reports a failed search as such, not as “not found”', async () => {
    await expect(sent().search(server, query('r1', '<r1@x>', 'Nowhere'))).rejects.toMatchObject({
      code: 'SENT_SEARCH_FAILED',
    });
    const wrong = { ...server, authentication: { type: 'Password' as const, password: 'no' } };
    await expect(sent().search(wrong, query('r1'))).rejects.toMatchObject({ code: 'SENT_SEARCH_FAILED' });
  });
});

it('recognises Sent by its attribute or its usual names', () => {
  const folders = (...paths: string[]) => paths.map((path) => ({ path }) as Parameters<typeof sentAmong>[0][number]);
  expect(sentAmong(folders('INBOX', 'Gesendete Elemente'))).toBe('Gesendete Elemente');
  expect(sentAmong(folders('INBOX', 'INBOX/Sent'))).toBe('INBOX/Sent');
  expect(sentAmong(folders('INBOX', 'Not Sent'))).toBeUndefined();
});

it('searches at the provider’s IMAP host', () => {
  const endpoint = (host: string, known: ImapServer[] = []) => imapEndpoint(smtpServer(587, { host }), known).host;
  expect([
    endpoint('smtp.office365.com'),
    endpoint('smtp.office365.us'),
    endpoint('smtp.contoso.example'),
    endpoint('partner.outlook.cn'),
  ]).toEqual(['outlook.office365.com', 'outlook.office365.us', 'imap.contoso.example', 'partner.outlook.cn']);
  expect(endpoint('smtp.contoso.example', [imap()])).toBe(dovecot.host);
});
