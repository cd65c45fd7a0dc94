// The harness itself: the test servers behave as the tests of Mailroom rely on.
import { ImapFlow } from 'imapflow';
import { Redis } from 'ioredis';
import { createTransport } from 'nodemailer';
import { describe, expect, test } from 'vitest';
import { startDovecot } from '../../support/dovecot.ts';
import { fixture } from '../../support/fixture.ts';
import { mails, oneMail } from '../../support/mails.ts';
import { startPostfix } from '../../support/postfix.ts';
import { startRedis } from '../../support/redis.ts';
import { waitFor } from '../../support/temp.ts';

const SHARED = 'support@contoso.example';
const ROB = 'rob@contoso.example';
const EVE = 'eve@contoso.example';

const dovecot = fixture(() =>
  startDovecot({
    users: [{ user: SHARED, fullAccess: [ROB, 'app:gateway'] }, { user: ROB, password: 'secret' }, { user: EVE }],
  }),
);
const postfix = fixture(() => startPostfix({ dovecot, sendAs: { [SHARED]: [ROB] } }));

async function imap(user: string, auth: { accessToken: string } | { pass: string }): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: dovecot.host,
    port: dovecot.port,
    secure: true,
    tls: { ca: dovecot.caPem },
    auth: { user, ...auth },
    logger: false,
    disableIMAP4rev2: true,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}

async function signsIn(user: string, auth: { accessToken: string } | { pass: string }): Promise<boolean> {
  try {
    const client = await imap(user, auth);
    await client.mailboxOpen('INBOX');
    await client.logout();
    return true;
  } catch (error) {
    if ((error as { authenticationFailed?: boolean }).authenticationFailed) return false;
    throw error;
  }
}

describe('dovecot', () => {
  test('a token opens its own mailbox and those with Full Access, and no others', async () => {
    const rob = { accessToken: dovecot.token({ upn: ROB }) };
    expect(await signsIn(ROB, rob)).toBe(true);
    expect(await signsIn(SHARED, rob)).toBe(true);
    expect(await signsIn(EVE, rob)).toBe(false);
    expect(await signsIn(SHARED, { accessToken: dovecot.token({ upn: EVE }) })).toBe(false);
    expect(await signsIn(SHARED, { accessToken: dovecot.token({ appId: 'gateway' }) })).toBe(true);
    expect(await signsIn(SHARED, { accessToken: dovecot.token({ appId: 'other' }) })).toBe(false);
    expect(await signsIn(SHARED, { accessToken: dovecot.token({ upn: SHARED }) })).toBe(true);
  });

  test('a granted or removed permission takes effect at the next sign-in', async () => {
    const user = 'sales@contoso.example';
    dovecot.addUser({ user });
    const rob = { accessToken: dovecot.token({ upn: ROB }) };
    expect(await signsIn(user, rob)).toBe(false);
    dovecot.setFullAccess(user, [ROB]);
    expect(await signsIn(user, rob)).toBe(true);
    dovecot.setFullAccess(user, []);
    expect(await signsIn(user, rob)).toBe(false);
  });

  test('refuses an expired token, a foreign token and a wrong password; accepts long tokens and the right password', async () => {
    expect(await signsIn(ROB, { accessToken: dovecot.token({ upn: ROB, expiresInSeconds: -1 }) })).toBe(false);
    expect(
      await signsIn(ROB, { accessToken: `${dovecot.token({ upn: ROB }).slice(0, -20)}AAAAAAAAAAAAAAAAAAAA` }),
    ).toBe(false);
    expect(await signsIn(ROB, { accessToken: dovecot.token({ upn: ROB, padding: 3_000 }) })).toBe(true);
    expect(await signsIn(ROB, { pass: 'secret' })).toBe(true);
    expect(await signsIn(ROB, { pass: 'wrong' })).toBe(false);
    expect(await signsIn(EVE, { pass: '' })).toBe(false);
  });

  test('announces the capabilities of Exchange Online', async () => {
    const client = await imap(ROB, { pass: 'secret' });
    expect([...client.capabilities.keys()]).toEqual(
      expect.arrayContaining(['IMAP4rev1', 'IDLE', 'MOVE', 'UIDPLUS', 'AUTH=XOAUTH2', 'SASL-IR']),
    );
    for (const missing of ['CONDSTORE', 'QRESYNC', 'OBJECTID', 'NOTIFY'])
      expect(client.capabilities.has(missing)).toBe(false);
    await client.logout();
  });

  test('announces a mail delivered by LMTP while the client is in IDLE', async () => {
    const user = 'idle@contoso.example';
    dovecot.addUser({ user });
    const client = await imap(user, { accessToken: dovecot.token({ upn: user }) });
    await client.mailboxOpen('INBOX');
    let count = 0;
    client.on('exists', (event: { count: number }) => {
      count = event.count;
    });
    const idle = client.idle();
    await dovecot.deliver(user, oneMail({ number: 1, to: user }).raw);
    await waitFor(() => count === 1, { describe: 'EXISTS during IDLE' });
    await client.noop();
    await idle;
    const message = await client.fetchOne('1', { source: true });
    expect(message === false ? '' : message.source?.toString()).toContain('X-Number: 1\r\n');
    await client.logout();
  });

  test('fills a mailbox from files and sets its UIDVALIDITY', async () => {
    const user = 'full@contoso.example';
    dovecot.addUser({ user });
    expect(
      dovecot.writeMaildir(
        user,
        [...mails({ count: 50, to: user })].map((mail) => mail.raw),
      ),
    ).toBe(50);
    const accessToken = dovecot.token({ upn: user });
    const client = await imap(user, { accessToken });
    expect((await client.mailboxOpen('INBOX')).exists).toBe(50);
    await client.logout();
    await dovecot.setUidValidity(user, 4_711);
    const again = await imap(user, { accessToken });
    expect((await again.mailboxOpen('INBOX')).uidValidity).toBe(4_711n);
    await again.logout();
  });
});

describe('postfix', () => {
  const transport = (user: string, auth: { accessToken: string } | { pass: string }) =>
    createTransport({
      host: postfix.host,
      port: postfix.port,
      requireTLS: true,
      tls: { ca: postfix.caPem },
      auth: 'pass' in auth ? { user, ...auth } : { type: 'OAuth2', user, ...auth },
    });
  const mail = (from: string, to = 'customer@shop.example') => ({ from, to, subject: 'Zähler', text: 'Guten Tag' });

  test('accepts a reply by XOAUTH2 and delivers it to the recipient’s real inbox', async () => {
    const customer = 'kunde@shop.example';
    dovecot.addUser({ user: customer });
    const info = await transport(ROB, { accessToken: dovecot.token({ upn: ROB }) }).sendMail(mail(SHARED, customer));
    expect(info.response).toMatch(/^250 /);
    const client = await imap(customer, { accessToken: dovecot.token({ upn: customer }) });
    await waitFor(async () => (await client.mailboxOpen('INBOX')).exists === 1, { describe: 'the reply in the inbox' });
    await client.logout();
  });

  test('an application signs in as the shared mailbox itself', async () => {
    const info = await transport(SHARED, { accessToken: dovecot.token({ appId: 'gateway' }) }).sendMail(mail(SHARED));
    expect(info.accepted).toHaveLength(1);
  });

  test('accepts a password over TLS and refuses it in plain text', async () => {
    await expect(transport(ROB, { pass: 'secret' }).sendMail(mail(ROB))).resolves.toMatchObject({ rejected: [] });
    const plain = createTransport({
      host: postfix.host,
      port: postfix.port,
      ignoreTLS: true,
      auth: { user: ROB, pass: 'secret' },
    });
    await expect(plain.sendMail(mail(ROB))).rejects.toThrow(/STARTTLS/);
  });

  test('refuses a foreign envelope sender with 553, a foreign header From with 554 5.2.252, a bad token with 535', async () => {
    const rob = transport(ROB, { accessToken: dovecot.token({ upn: ROB }) });
    await expect(rob.sendMail(mail(EVE))).rejects.toThrow(/553 5\.7\.1 .*not owned by user rob@/);
    await expect(rob.sendMail({ ...mail(EVE), envelope: { from: ROB, to: 'customer@shop.example' } })).rejects.toThrow(
      /554 5\.2\.252 SendAsDenied/,
    );
    await expect(
      transport(ROB, { accessToken: dovecot.token({ upn: EVE }) }).sendMail(mail(ROB)),
    ).rejects.toMatchObject({ responseCode: 535 });
  });

  test('granting or removing Send As takes effect at the next mail', async () => {
    const from = 'info@contoso.example';
    const rob = transport(ROB, { accessToken: dovecot.token({ upn: ROB }) });
    await expect(rob.sendMail(mail(from))).rejects.toMatchObject({ responseCode: 553 });
    postfix.setSendAs(from, [ROB]);
    await expect(rob.sendMail(mail(from))).resolves.toMatchObject({ rejected: [] });
    postfix.setSendAs(from, []);
    await expect(rob.sendMail(mail(from))).rejects.toMatchObject({ responseCode: 553 });
  });
});

describe('redis', () => {
  const connect = (url: string) => {
    const redis = new Redis(url, { lazyConnect: true });
    redis.on('error', () => undefined);
    return redis;
  };

  test('keeps everything in the append-only file through kill -9 and a restart on the same port', async () => {
    const server = await startRedis({ aof: 'always' });
    try {
      const redis = connect(server.url);
      await redis.set('answer', '42');
      const before = server.pid;
      await server.kill9();
      await server.restart();
      expect(server.pid).not.toBe(before);
      expect(await redis.get('answer')).toBe('42');
      redis.disconnect();
    } finally {
      await server.stop();
    }
  });

  test('is empty after a restart without a file; its memory is bounded without eviction', async () => {
    const server = await startRedis({ maxmemory: '5mb' });
    try {
      const redis = connect(server.url);
      expect(await redis.config('GET', 'maxmemory-policy')).toContain('noeviction');
      await expect(redis.set('big', Buffer.alloc(8_000_000)).then(() => redis.set('more', 'x'))).rejects.toThrow(/OOM/);
      await server.kill9();
      await server.restart();
      expect(await redis.dbsize()).toBe(0);
      redis.disconnect();
    } finally {
      await server.stop();
    }
  });
});
