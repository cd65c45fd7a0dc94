// Real imapflow against the sandbox: the work of a gateway, from search to reconnecting after the token's end.
import { ImapFlow } from 'imapflow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { waitFor } from '../../support/temp.ts';
import { ALEX, CLIENT, MARIA, mail, SHARED, testTenant } from './support.ts';

let sandbox: Sandbox;
const open: ImapFlow[] = [];

beforeEach(async () => {
  sandbox = await testTenant({ sentFolder: 'Gesendete Elemente & Ähnliches' });
});
afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await sandbox.stop();
});

function connect(user: string, accessToken: string): ImapFlow {
  const client = new ImapFlow({
    host: 'localhost',
    port: sandbox.imap.port,
    secure: true,
    auth: { user, accessToken },
    tls: { ca: sandbox.caPem },
    logger: false,
    disableIMAP4rev2: true,
  });
  client.on('error', () => undefined);
  open.push(client);
  return client;
}

async function inbox(): Promise<ImapFlow> {
  const client = connect(SHARED, sandbox.oauth.personToken(ALEX));
  await client.connect();
  await client.mailboxOpen('INBOX');
  return client;
}

describe('reading', () => {
  it('fetches sources, envelopes and structures', async () => {
    const body =
      '--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOne\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: x@y.example\r\n\r\nInner body\r\n--b--\r\n';
    const raw = mail(
      '=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=',
      body,
      'Content-Type: multipart/mixed; boundary="b"\r\nReply-To: "Doe, Jane" <j@z.example>\r\n',
    );
    const at = new Date('2026-11-22T23:30:00Z');
    sandbox.mailboxes.append(SHARED, raw, { internalDate: at });
    const client = await inbox();
    const message = await client.fetchOne('1', {
      uid: true,
      envelope: true,
      bodyStructure: true,
      source: true,
      internalDate: true,
      size: true,
      flags: true,
      headers: ['subject'],
      bodyParts: ['1', '2.1', '2.header', '2.mime'],
    });
    if (!message) throw new Error('nothing fetched');
    expect(message.source?.toString()).toBe(raw);
    expect(message.size).toBe(raw.length);
    expect(message.internalDate).toEqual(at);
    expect(message.envelope?.subject).toBe('Grüße');
    expect(message.envelope?.replyTo).toEqual([{ name: 'Doe, Jane', address: 'j@z.example' }]);
    expect(message.headers?.toString()).toBe('Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\n');
    expect(message.bodyStructure?.childNodes?.map((node) => node.type)).toEqual(['text/plain', 'message/rfc822']);
    expect(message.bodyParts?.get('1')?.toString()).toBe('One');
    expect(message.bodyParts?.get('2.header')?.toString()).toBe('Subject: inner\r\nFrom: x@y.example\r\n\r\n');
    expect(message.bodyParts?.get('2.mime')?.toString()).toBe('Content-Type: message/rfc822\r\n\r\n');
  });

  it('streams a large message', async () => {
    const raw = mail('large', `${'y'.repeat(998)}\r\n`.repeat(20_000));
    sandbox.mailboxes.append(SHARED, raw);
    const client = await inbox();
    const { content } = await client.download('1', undefined, { uid: true });
    if (!content) throw new Error('nothing downloaded');
    let size = 0;
    for await (const chunk of content) size += (chunk as Buffer).length;
    expect(size).toBe(raw.length);
  });

  it('searches by flag, UID, date, header, size and combinations', async () => {
    const days = ['2026-11-20', '2026-11-21', '2026-11-22'];
    for (const [index, day] of days.entries()) {
      sandbox.mailboxes.append(SHARED, mail(`order ${index}`, 'x'.repeat(index * 1000)), {
        internalDate: new Date(`${day}T12:00:00Z`),
        flags: index === 0 ? ['\\Seen'] : [],
      });
    }
    const client = await inbox();
    const search = (query: object) => client.search(query, { uid: true });
    expect(await search({ all: true })).toEqual([1, 2, 3]);
    expect(await search({ seen: false })).toEqual([2, 3]);
    expect(await search({ uid: '2:*' })).toEqual([2, 3]);
    expect(await search({ since: new Date('2026-11-21') })).toEqual([2, 3]);
    expect(await search({ before: new Date('2026-11-21') })).toEqual([1]);
    expect(await search({ header: { 'Message-ID': '<order1@customer.example>' } })).toEqual([2]);
    expect(await search({ subject: 'ORDER 2' })).toEqual([3]);
    expect(await search({ larger: 1500 })).toEqual([3]);
    expect(await search({ or: [{ subject: 'order 0' }, { subject: 'order 2' }] })).toEqual([1, 3]);
    expect(await search({ not: { seen: true }, from: 'jane' })).toEqual([2, 3]);
  });
});

describe('changing', () => {
  it('flags, copies, moves, appends and deletes', async () => {
    for (let index = 1; index <= 4; index += 1) sandbox.mailboxes.append(SHARED, mail(`m${index}`));
    const client = await inbox();
    await client.messageFlagsAdd('1', ['\\Flagged', 'custom'], { uid: true });
    expect(sandbox.mailboxes.list(SHARED)[0]?.flags).toEqual(['\\Flagged']);
    const copied = await client.messageCopy('1:2', 'Archive', { uid: true });
    if (!copied) throw new Error('nothing answered');
    expect(copied.uidMap).toEqual(
      new Map([
        [1, 1],
        [2, 2],
      ]),
    );
    const moved = await client.messageMove('2', 'Archive', { uid: true });
    if (!moved) throw new Error('nothing answered');
    expect(moved.uidMap).toEqual(new Map([[2, 3]]));
    await client.messageDelete('3', { uid: true });
    expect(sandbox.mailboxes.list(SHARED).map(({ uid }) => uid)).toEqual([1, 4]);
    const date = new Date('2026-01-02T03:04:05Z');
    const appended = await client.append('Gesendete Elemente & Ähnliches', mail('sent'), ['\\Seen'], date);
    if (!appended) throw new Error('nothing answered');
    expect(appended.uid).toBe(1);
    expect(sandbox.mailboxes.list(SHARED, 'Gesendete Elemente & Ähnliches')[0]).toMatchObject({
      flags: ['\\Seen'],
      internalDate: date,
    });
  });

  it('has folders with localized names and no SPECIAL-USE', async () => {
    const client = await inbox();
    await client.mailboxCreate('Kunden/Öffentlich');
    expect((await client.list()).map(({ path }) => path).sort()).toEqual(
      [
        'Archive',
        'Deleted Items',
        'Drafts',
        'Gesendete Elemente & Ähnliches',
        'INBOX',
        'Junk Email',
        'Kunden',
        'Kunden/Öffentlich',
      ].sort(),
    );
    expect(client.capabilities.has('SPECIAL-USE')).toBe(false);
    expect([...client.capabilities.keys()].sort()).toEqual(
      'IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+'
        .split(' ')
        .sort(),
    );
    const { mailbox } = client;
    expect(mailbox ? mailbox.permanentFlags?.has('\\*') : undefined).toBe(false);
  });
});

describe('IDLE', () => {
  it('announces arrivals, removals and flags at once', async () => {
    sandbox.mailboxes.append(SHARED, mail('first'));
    const client = await inbox();
    const seen: string[] = [];
    client.on('exists', (event) => seen.push(`exists ${event.count}`));
    client.on('expunge', (event) => seen.push(`expunge ${event.seq}`));
    client.on('flags', (event) => seen.push(`flags ${[...(event.flags ?? [])].join()}`));
    void client.idle();
    await waitFor(() => sandbox.sessions()[0]?.idling);
    sandbox.mailboxes.setFlags(SHARED, 1, ['\\Seen']);
    sandbox.mailboxes.deliver(SHARED, mail('second'));
    sandbox.mailboxes.expunge(SHARED, [1]);
    await waitFor(() => seen.length === 3);
    expect(seen).toEqual(['flags \\Seen', 'exists 2', 'expunge 1']);
  });
});

describe('tokens and permissions', () => {
  it('ends the session when the token expires; a new token continues', async () => {
    const client = connect(SHARED, sandbox.oauth.personToken(ALEX, { lifetimeSeconds: 4 }));
    const closed = new Promise<void>((resolve) => client.on('close', () => resolve()));
    await client.connect();
    await client.mailboxOpen('INBOX');
    await closed;
    const again = connect(SHARED, sandbox.oauth.personToken(ALEX));
    await again.connect();
    expect((await again.mailboxOpen('INBOX')).exists).toBe(0);
  });

  it.each([
    ['expired token', () => sandbox.oauth.personToken(ALEX, { lifetimeSeconds: -1 })],
    ['no token at all', () => 'rubbish'],
    ['token of another tenant', () => `${sandbox.oauth.personToken(ALEX).slice(0, -4)}AAAA`],
    ['token without IMAP', () => sandbox.oauth.personToken(ALEX, { scopes: ['SMTP.Send'] })],
  ])('refuses %s', async (_name, token) => {
    await expect(connect(SHARED, token()).connect()).rejects.toMatchObject({ authenticationFailed: true });
  });

  it.each([
    ['a person without Full Access', () => sandbox.oauth.personToken(MARIA)],
    ['an application without access to the mailbox', () => sandbox.oauth.applicationToken('unknown')],
  ])('signs in %s, but opens nothing', async (_name, token) => {
    const client = connect(SHARED, token());
    await expect(client.connect().then(() => client.mailboxOpen('INBOX'))).rejects.toMatchObject({
      response: 'User is authenticated but not connected.',
    });
  });

  it('opens the mailbox for the application', async () => {
    const client = connect(SHARED, sandbox.oauth.applicationToken(CLIENT));
    await client.connect();
    expect(await client.status('INBOX', { messages: true, uidNext: true, uidValidity: true })).toMatchObject({
      messages: 0,
      uidNext: 1,
    });
  });
});
