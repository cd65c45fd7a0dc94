// Submission: who may sign in and send as whom, where copies land, and that every SMTP fault of the table is effective.
import nodemailer from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type FAULTS,
  type FaultName,
  type Sandbox,
  type SandboxConfig,
  SMTP_REPLIES,
  type SmtpReplyName,
} from '../../../src/sandbox/index.ts';
import { waitFor } from '../../support/temp.ts';
import {
  ALEX,
  type BareClient,
  BILLING,
  CLIENT,
  imapClient,
  JANE,
  MARIA,
  SHARED,
  smtpClient,
  testTenant,
  xoauth2,
} from './support.ts';

type SmtpFault = { [Name in FaultName]: (typeof FAULTS)[Name]['protocol'] extends 'smtp' ? Name : never }[FaultName];

let sandbox: Sandbox;
const clients: BareClient[] = [];
const transports: { close(): void }[] = [];

beforeEach(async () => {
  sandbox = await testTenant();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const transport of transports.splice(0)) transport.close();
  await sandbox.stop();
});

async function restart(config: Partial<SandboxConfig>): Promise<void> {
  await sandbox.stop();
  sandbox = await testTenant(config);
}

function transport(user: string, accessToken: string) {
  const made = nodemailer.createTransport({
    host: 'localhost',
    port: sandbox.smtp.port,
    secure: false,
    requireTLS: true,
    name: 'client.example',
    tls: { ca: sandbox.caPem },
    auth: { type: 'OAuth2', user, accessToken },
  });
  transports.push(made);
  return made;
}
const delegated = () => transport(ALEX, sandbox.oauth.personToken(ALEX));
const application = () => transport(SHARED, sandbox.oauth.applicationToken(CLIENT));
const letter = {
  from: SHARED,
  to: JANE,
  subject: 'Your order',
  text: 'On its way.\n.\n..',
  messageId: '<reply-1@contoso.example>',
};

describe('signing in', () => {
  it('accepts the person with a delegated token, and refuses the shared mailbox', async () => {
    expect((await delegated().sendMail(letter)).accepted).toEqual([JANE]);
    await expect(transport(SHARED, sandbox.oauth.personToken(ALEX)).sendMail(letter)).rejects.toMatchObject({
      code: 'EAUTH',
      responseCode: 535,
      response: expect.stringContaining('5.7.3 Authentication unsuccessful'),
    });
  });
  it('accepts the mailbox with an application’s token, if granted', async () => {
    expect((await application().sendMail(letter)).accepted).toEqual([JANE]);
    await expect(
      transport(BILLING, sandbox.oauth.applicationToken(CLIENT)).sendMail({ ...letter, from: BILLING }),
    ).rejects.toMatchObject({ responseCode: 535 });
  });
  it('reports that SMTP AUTH is disabled for the mailbox', async () => {
    await expect(
      transport(MARIA, sandbox.oauth.personToken(MARIA)).sendMail({ ...letter, from: MARIA }),
    ).rejects.toMatchObject({
      response: expect.stringContaining(
        '5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox',
      ),
    });
  });
  it('accepts passwords by AUTH LOGIN', async () => {
    const client = await smtpClient(sandbox);
    clients.push(client);
    expect(await client.say('AUTH LOGIN')).toBe('334 VXNlcm5hbWU6\r\n');
    await client.say(Buffer.from(ALEX).toString('base64'));
    expect(await client.say(Buffer.from('alex-password').toString('base64'))).toMatch(/^235/);
  });
  it('requires STARTTLS, authentication and a valid name', async () => {
    const client = await smtpClient(sandbox);
    clients.push(client);
    expect(await client.say('EHLO client.example')).toBe(
      [
        'SANDBOX.EURPRD01.PROD.OUTLOOK.COM Hello [127.0.0.1]',
        'SIZE 157286400',
        'PIPELINING',
        'DSN',
        'AUTH LOGIN XOAUTH2',
        '8BITMIME',
        'CHUNKING',
        'SMTPUTF8',
      ]
        .map((line, index, all) => `250${index < all.length - 1 ? '-' : ' '}${line}\r\n`)
        .join(''),
    );
    expect(await client.say(`MAIL FROM:<${ALEX}>`)).toBe('530 5.7.57 Client not authenticated to send mail.\r\n');
    expect(await client.say('EHLO my_host!')).toBe('501 5.5.4 Invalid domain name\r\n');
  });
});

describe('Send As', () => {
  it('is refused after the dot, in Exchange’s words, for header and envelope', async () => {
    for (const message of [
      { ...letter, from: BILLING },
      { ...letter, envelope: { from: BILLING, to: JANE } },
    ]) {
      await expect(delegated().sendMail(message)).rejects.toMatchObject({
        code: 'EMESSAGE',
        responseCode: 554,
        response: expect.stringMatching(/^554 5\.2\.252 SendAsDenied; /),
      });
    }
    expect(sandbox.submissions()).toEqual([]);
  });
  it('is not needed on behalf, with Sender', async () => {
    expect(
      (await delegated().sendMail({ ...letter, from: BILLING, sender: ALEX, envelope: { from: ALEX, to: JANE } }))
        .accepted,
    ).toEqual([JANE]);
  });
  it('is checked for every From address', async () => {
    await expect(delegated().sendMail({ ...letter, from: [SHARED, BILLING].join(', ') })).rejects.toMatchObject({
      response: expect.stringContaining('5.1.20'),
    });
  });
});

describe('accepted mail', () => {
  it('is delivered, recorded and copied to the mailbox that signed in', async () => {
    const sent = await application().sendMail(letter);
    expect(sent.response).toMatch(/^250 2\.0\.0 OK <reply-1@contoso\.example> \[Hostname=/);
    expect(sandbox.submissions()).toMatchObject([
      {
        authenticatedAs: SHARED,
        envelope: { from: SHARED, to: [JANE] },
        headerFrom: [SHARED],
        messageId: '<reply-1@contoso.example>',
        subject: 'Your order',
      },
    ]);
    expect(sandbox.mailboxes.list(JANE)[0]?.raw.toString()).toContain('On its way.\r\n.\r\n..');
    expect(sandbox.mailboxes.list(SHARED, 'Sent Items')).toMatchObject([{ flags: ['\\Seen'] }]);
    expect(sandbox.mailboxes.list(ALEX, 'Sent Items')).toEqual([]);
  });
  it('is copied to the delegate’s mailbox when the delegate signed in', async () => {
    await delegated().sendMail(letter);
    expect(sandbox.mailboxes.list(ALEX, 'Sent Items')).toHaveLength(1);
    expect(sandbox.mailboxes.list(SHARED, 'Sent Items')).toEqual([]);
  });
  it('gets a new Message-ID when the tenant rewrites it', async () => {
    await restart({ smtp: { rewriteMessageId: true } });
    const sent = await application().sendMail(letter);
    const [submission] = sandbox.submissions();
    expect(submission?.messageId).toMatch(/PROD\.OUTLOOK\.COM>$/);
    expect((sent as { serverMessageId?: string }).serverMessageId).toBe(submission?.messageId);
    const copy = sandbox.mailboxes.list(SHARED, 'Sent Items')[0]?.raw.toString() ?? '';
    expect(copy).toContain('X-Microsoft-Original-Message-ID: <reply-1@contoso.example>\r\n');
    expect(copy.match(/^Message-ID: .*/gim)).toEqual([`Message-ID: ${submission?.messageId}`]);
  });
  it('is refused for unknown recipients of its own domain, or reported later', async () => {
    const gone = { ...letter, to: [JANE, 'gone@contoso.example'] };
    const sent = await application().sendMail(gone);
    expect(sent).toMatchObject({
      accepted: [JANE],
      rejected: ['gone@contoso.example'],
      rejectedErrors: [{ response: expect.stringContaining('550 5.1.10 RESOLVER.ADR.RecipientNotFound') }],
    });
    await restart({ smtp: { unknownRecipient: 'ndr' } });
    expect((await application().sendMail(gone)).rejected).toEqual([]);
    const report = sandbox.mailboxes.list(SHARED)[0]?.raw.toString() ?? '';
    expect(report).toMatch(/Content-Type: multipart\/report; report-type=delivery-status/);
    expect(report).toContain('Final-Recipient: rfc822;gone@contoso.example');
    expect(report).toContain('Message-ID: <reply-1@contoso.example>');
  });
  it('is reported as delivered where RCPT requests it; the tenant’s own mail is marked', async () => {
    await application().sendMail({ ...letter, to: [JANE, ALEX], dsn: { notify: ['success'], return: 'headers' } });
    await application().sendMail(letter);
    const [report, ...others] = sandbox.mailboxes.list(SHARED).map(({ raw }) => raw.toString());
    expect(others).toEqual([]);
    expect(report).toContain(`Final-Recipient: rfc822;${JANE}\r\nAction: delivered\r\nStatus: 2.0.0`);
    expect(report).toContain('X-MS-Exchange-Organization-AuthAs: Internal');
    const forged =
      'X-MS-Exchange-Organization-AuthAs:\r\n Internal\r\nSubject: x\r\n\r\nX-MS-Exchange-Organization-x: body\r\n';
    sandbox.mailboxes.deliver(SHARED, forged);
    const came = sandbox.mailboxes.list(SHARED)[1]?.raw.toString();
    expect(came).toMatch(/\r\nSubject: x\r\n\r\nX-MS-Exchange-Organization-x: body\r\n$/);
    expect(came).not.toContain('AuthAs');
  });
  it('is limited in messages and connections when configured', async () => {
    await restart({ smtp: { messagesPerMinute: 1, maxConnections: 1 } });
    const pool = application();
    await pool.sendMail(letter);
    await expect(pool.sendMail(letter)).rejects.toMatchObject({
      responseCode: 432,
      response: expect.stringContaining('sender thread limit exceeded'),
    });
    const [first, second] = [await signedIn(), await signedIn()];
    expect(await first.say('NOOP')).toMatch(/^250/);
    expect(await second.say(`MAIL FROM:<${ALEX}>`)).toMatch(/^432 4\.3\.2 Concurrent connections limit exceeded/);
  });
  it('may arrive by BDAT and pipelined commands', async () => {
    const client = await signedIn();
    const body = `From: ${SHARED}\r\nSubject: chunks\r\n\r\n.no stuffing\r\n`;
    client.write(
      `MAIL FROM:<${SHARED}>\r\nRCPT TO:<${JANE}>\r\nBDAT 10\r\n${body.slice(0, 10)}BDAT ${body.length - 10} LAST\r\n${body.slice(10)}`,
    );
    await client.until(/2\.0\.0 OK .*\r\n/);
    expect(sandbox.mailboxes.list(JANE)[0]?.raw.toString()).toContain('\r\n\r\n.no stuffing\r\n');
  });
});

async function signedIn(): Promise<BareClient> {
  const client = await smtpClient(sandbox);
  clients.push(client);
  expect(await client.say(`AUTH XOAUTH2 ${xoauth2(ALEX, sandbox.oauth.personToken(ALEX))}`)).toMatch(/^235/);
  return client;
}
async function ready(): Promise<BareClient> {
  const client = await signedIn();
  await client.say(`MAIL FROM:<${SHARED}>`);
  await client.say(`RCPT TO:<${JANE}>`);
  expect(await client.say('DATA')).toMatch(/^354/);
  return client;
}
const MESSAGE = `From: ${SHARED}\r\nTo: ${JANE}\r\nSubject: s\r\nMessage-ID: <o@x>\r\n\r\nText\r\n.`;
const silence = async (client: BareClient) => {
  // Whatever the server would say comes before the answer to a second connection's whole dialogue.
  (await signedIn()).close();
  expect(client.received).toBe('');
  expect(client.socket.destroyed).toBe(false);
};

const effects: Record<SmtpFault, () => Promise<void>> = {
  async smtpReply() {
    sandbox.faults.set({ name: 'smtpReply', at: 'rcpt', recipient: JANE, code: 450, text: '4.2.1 later', times: 1 });
    const client = await signedIn();
    await client.say(`MAIL FROM:<${SHARED}>`);
    expect(await client.say(`RCPT TO:<${ALEX}>`)).toMatch(/^250/);
    expect(await client.say(`RCPT TO:<${JANE}>`)).toBe('450 4.2.1 later\r\n');
    expect(await client.say(`RCPT TO:<${JANE}>`)).toMatch(/^250/);
  },
  async dropBeforeData() {
    sandbox.faults.set({ name: 'dropBeforeData', at: 'mail', times: 1 });
    expect(await (await signedIn()).say(`MAIL FROM:<${SHARED}>`)).toBe('<closed>');
  },
  async dropInData() {
    sandbox.faults.set({ name: 'dropInData', times: 1 });
    const client = await ready();
    client.write(MESSAGE);
    expect(await client.until('\r\n')).toBe('<closed>');
    expect(sandbox.submissions()).toEqual([]);
  },
  async dropAfterDot() {
    sandbox.faults.set({ name: 'dropAfterDot', times: 1 });
    expect(await (await ready()).say(MESSAGE)).toBe('<closed>');
    expect(sandbox.submissions()).toHaveLength(1);
    expect(sandbox.mailboxes.list(JANE)).toHaveLength(1);
  },
  async dropAfterDotUnaccepted() {
    sandbox.faults.set({ name: 'dropAfterDotUnaccepted', times: 1 });
    expect(await (await ready()).say(MESSAGE)).toBe('<closed>');
    expect(sandbox.submissions()).toEqual([]);
  },
  async stallSmtp() {
    const client = await ready();
    sandbox.faults.set({ name: 'stallSmtp', times: 1 });
    client.write(`${MESSAGE}\r\n`);
    await waitFor(() => sandbox.submissions().length === 1);
    await silence(client);
    sandbox.faults.set({ name: 'stallSmtp', at: 'mail', times: 1 });
    const other = await signedIn();
    other.write(`MAIL FROM:<${SHARED}>\r\n`);
    await silence(other);
  },
  async slowSmtp() {
    sandbox.faults.set({ name: 'slowSmtp', at: 'mail', milliseconds: 80, times: 1 });
    const client = await signedIn();
    const start = performance.now();
    await client.say(`MAIL FROM:<${SHARED}>`);
    expect(performance.now() - start).toBeGreaterThan(70);
  },
  async noSentCopy() {
    sandbox.faults.set({ name: 'noSentCopy', mailbox: SHARED, times: 1 });
    await application().sendMail(letter);
    expect(sandbox.mailboxes.list(SHARED, 'Sent Items')).toEqual([]);
  },
  async lateSentCopy() {
    sandbox.faults.set({ name: 'lateSentCopy', milliseconds: 2_000, times: 1 });
    await application().sendMail(letter);
    expect(sandbox.mailboxes.list(SHARED, 'Sent Items')).toEqual([]);
    await waitFor(() => sandbox.mailboxes.list(SHARED, 'Sent Items').length === 1);
  },
  async bounce() {
    const reports = () => sandbox.mailboxes.list(SHARED).map(({ raw }) => raw.toString());
    sandbox.faults.set({ name: 'bounce', bounce: 'mailboxFull', delayedFirst: true, milliseconds: 2_000, times: 1 });
    await application().sendMail(letter);
    expect(reports()).toEqual([expect.stringContaining('Action: delayed\r\nStatus: 4.2.2')]);
    await waitFor(() => reports().length === 2);
    const failed = 'Diagnostic-Code: smtp;552 5.2.2 mailbox full\r\nRemote-MTA: dns;mx.customer.example';
    expect(reports()[1]).toContain(failed);
    expect(() => sandbox.faults.set({ name: 'bounce', bounce: 'no such' as never })).toThrow(RangeError);
  },
  async rewriteMessageId() {
    sandbox.faults.set({ name: 'rewriteMessageId', keepOriginal: false, times: 1 });
    await application().sendMail(letter);
    expect(sandbox.submissions()[0]).toMatchObject({
      messageId: expect.stringContaining('OUTLOOK.COM'),
      originalMessageId: '<reply-1@contoso.example>',
    });
    expect(sandbox.submissions()[0]?.raw.toString()).not.toContain('reply-1');
  },
};

describe('SMTP faults', () => {
  it.each(Object.entries(effects))('%s', async (_name, effect) => {
    await effect();
  });

  it.each(Object.entries(SMTP_REPLIES))('reply %s', async (name, { code, text }) => {
    sandbox.faults.set({ name: 'smtpReply', reply: name as SmtpReplyName, times: 1 });
    const failure = await application()
      .sendMail(letter)
      .then(
        () => 'accepted',
        (error: { response?: string }) => error.response,
      );
    expect(failure).toBe(`${code} ${text}`);
    expect(sandbox.submissions()).toEqual([]);
  });

  it('do not affect IMAP', async () => {
    sandbox.faults.set({ name: 'smtpReply', reply: 'serviceNotAvailable' });
    const client = await imapClient(sandbox);
    clients.push(client);
    expect(await client.until('\r\n')).toContain('* OK');
  });
});
