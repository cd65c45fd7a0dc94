// The sending half through real Postfix submission into real Dovecot mailboxes: what the customer holds is what was submitted, byte for
// byte and read by an independent parser; what Postfix refuses becomes the right code, class and hint.
import { ImapFlow } from 'imapflow';
import PostalMime from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../../src/contract/message.ts';
import type { ReplyInput } from '../../../src/contract/reply.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import { parseMessage } from '../../../src/mime/index.ts';
import { relate, replyLookup } from '../../../src/operations/conversations.ts';
import { learnReports } from '../../../src/operations/reply-reports.ts';
import { startDovecot } from '../../support/dovecot.ts';
import { fixture } from '../../support/fixture.ts';
import { startPostfix, type TestPostfix } from '../../support/postfix.ts';
import { imapServer, smtpServer } from '../../support/servers.ts';
import { header } from '../../support/smtp-sink.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica, replyMaker } from './room.ts';

const SHARED = 'support@contoso.example';
const ROB = 'rob@contoso.example';
const PASSWORD = 'secret';

const room = openRoom({ sink: false });
let postfix: TestPostfix;

const dovecot = fixture(() =>
  startDovecot({
    users: [
      { user: SHARED, password: PASSWORD, fullAccess: [ROB, 'app:gateway'] },
      { user: ROB, password: PASSWORD },
    ],
  }),
);
beforeAll(async () => {
  // What no customer has: Dovecot's LMTP would make a mailbox for any address.
  const refuse =
    'smtpd_recipient_restrictions = check_recipient_access inline:{{nobody@customer.example=550 5.1.1 No such user}}, permit_sasl_authenticated, reject';
  postfix = await startPostfix({
    dovecot,
    sendAs: { [SHARED]: [ROB] },
    extraMainCf: `${refuse}\nsmtputf8_enable = no`,
  });
});
afterAll(async () => {
  await postfix?.stop();
});
/** As the person Rob who may send as the shared mailbox, by token, unless told otherwise. */
function definition(more: Partial<SmtpServer> = {}): SmtpServer {
  return smtpServer(postfix.port, {
    name: 'postfix',
    host: postfix.host,
    tls: 'enabled',
    ca: postfix.caPem,
    user: ROB,
    authentication: { type: 'OAuth2', application: 'gateway', signIn: 'delegated', signInUser: ROB },
    additionalFromAddresses: [SHARED, 'ceo@contoso.example'],
    ...more,
  });
}

async function start(more: Partial<SmtpServer> = {}): Promise<Replica & { tokens: string[] }> {
  const tokens: string[] = [];
  const getToken = async () => {
    // The first one has expired, as at the end of its hour: the server refuses it.
    const token = dovecot.token({
      upn: ROB,
      ...(tokens.length === 0 && more.name === 'expired' ? { expiresInSeconds: -60 } : {}),
    });
    tokens.push(token);
    return { accessToken: token, expiresAt: new Date(Date.now() + 3_600_000) };
  };
  const { host, port, caPem: ca } = dovecot;
  const one = await room.replica({
    servers: [definition(more), imapServer({ name: 'in', user: SHARED, host, port, ca })],
    settings: { waitScale: 0.001, pauseProbeMs: 400 },
    silenceMs: 30_000,
    getToken,
  });
  return { ...one, tokens };
}

const reply = replyMaker('p', { server: 'postfix', from: SHARED }, 'customer.example');

/** Everything in a mailbox's INBOX, read by its owner over IMAP. */
async function inbox(user: string): Promise<Buffer[]> {
  dovecot.addUser({ user, password: PASSWORD });
  const client = new ImapFlow({
    host: dovecot.host,
    port: dovecot.port,
    secure: true,
    tls: { ca: dovecot.caPem },
    auth: { user, pass: PASSWORD },
    logger: false,
    disableIMAP4rev2: true,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.mailboxOpen('INBOX', { readOnly: true });
    const mails: Buffer[] = [];
    if (typeof client.mailbox === 'object' && client.mailbox.exists > 0) {
      for await (const { source } of client.fetch('1:*', { source: true })) if (source) mails.push(source);
    }
    return mails;
  } finally {
    await client.logout();
  }
}

async function arrived(user: string): Promise<Buffer> {
  let mails: Buffer[] = [];
  await waitFor(
    async () => {
      mails = await inbox(user);
      return mails.length > 0;
    },
    { describe: `a mail for ${user}` },
  );
  return mails[0] ?? Buffer.alloc(0);
}

async function rendered(one: Replica, replyId: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of one.deps.blobs.read((await one.deps.journal.read(replyId))?.rendered ?? ''))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What a reader of the mail sees of a text: lines, however they ended. */
const lines = (text: string | undefined) => (text ?? '').replace(/\r\n?/g, '\n').replace(/\n+$/, '');

const every8bit = Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256));
const contents: [string, Partial<ReplyInput>][] = [
  ['plain', { subject: 'Re: order 4711', text: 'Hello,\r\nall is well.\r\n' }],
  ['lines that begin with dots', { text: '.\r\n..\r\n.hidden\r\n...\r\n.\r\n.' }],
  ['lines of dots of the length where a fold could fall', { text: `${'a'.repeat(75)}.\r\n${'.'.repeat(3_000)}\r\n.` }],
  [
    'a line over 998 octets',
    { text: `${'word '.repeat(800)}\r\n${'x'.repeat(5_000)}\r\nend`, html: `<p>${'y'.repeat(9_000)}</p>` },
  ],
  [
    'umlauts, emoji, right-to-left in subject and body',
    { subject: 'Rückfrage: größer als 5 € 🙂 שלום — 你好, wie geht’s?', text: 'Grüße 🙂 שלום\r\n你好\r\n' },
  ],
  ['a subject of 900 characters', { subject: `Re:${' Straßenbahnhaltestelle'.repeat(39)}` }],
  ['bare LF and bare CR', { text: 'one\ntwo\rthree\r\nfour\n.\nfive\n' }],
  ['trailing blanks and "From " at the beginning of a line', { text: 'blank \r\nFrom here\r\n-- \r\nAnna\t\r\n' }],
  [
    'text and html with an inline image and attachments',
    {
      html: '<p>Grüße <img src="cid:logo"></p>',
      text: 'Grüße',
      attachments: [
        { filename: 'logo.png', contentType: 'image/png', contentId: 'logo', content: every8bit.toString('base64') },
        {
          filename: 'Prüfbericht „Ü“ 🙂.pdf',
          contentType: 'application/pdf',
          content: Buffer.alloc(300_000, every8bit).toString('base64'),
        },
        { filename: 'dots.txt', contentType: 'text/plain', content: Buffer.from('.\r\n..\r\n.\n').toString('base64') },
        { filename: 'empty.bin', content: '' },
        {
          filename: 'forwarded.eml',
          contentType: 'message/rfc822',
          content: Buffer.from(
            `From: a@b.example\r\nSubject: Grüße\r\n\r\nbare\nLF, ${'l'.repeat(1_200)}\r\n.\r\n`,
          ).toString('base64'),
        },
      ],
    },
  ],
];

describe('through Postfix', () => {
  it.each(contents)('%s: arrives as submitted', async (_what, more) => {
    const one = await start();
    const input = reply(more);
    const to = String(input.to[0]);
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    const raw = await arrived(to);
    const submitted = await rendered(one, input.replyId);
    // Before it stand only the trace lines of Postfix and Dovecot.
    const at = raw.indexOf(submitted.subarray(0, 40));
    expect(at).toBeGreaterThan(0);
    expect(raw.subarray(at).toString('latin1').trimEnd()).toBe(submitted.toString('latin1').trimEnd());
    expect(raw.subarray(0, at).toString()).toMatch(/^Return-Path: <support@contoso\.example>/);

    const mail = await PostalMime.parse(raw);
    expect(mail.from?.address).toBe(SHARED);
    expect(mail.to?.map(({ address }) => address)).toEqual([to]);
    expect(mail.subject).toBe(input.subject);
    expect(lines(mail.text)).toBe(lines(input.text));
    if (input.html !== undefined) expect(lines(mail.html)).toBe(input.html);
    expect(
      mail.attachments.map(({ filename, content }) => [
        filename,
        Buffer.from(content as ArrayBuffer).toString('base64'),
      ]),
    ).toEqual((input.attachments ?? []).map(({ filename, content }) => [filename, content]));
    expect(
      Math.max(
        ...submitted
          .toString('latin1')
          .split('\r\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(998);
    expect(submitted.toString('latin1')).not.toMatch(/[^\r]\n|\r[^\n]|[\x80-\xff]/);
    expect(await inbox(to)).toHaveLength(1);
  });

  it('a recipient of an international domain and a display name in UTF-8', async () => {
    const one = await start();
    const input = reply({ to: [{ name: 'Jürgen Müßig', address: 'kunde@bücher.example' }] });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    const mail = await PostalMime.parse(await arrived('kunde@xn--bcher-kva.example'));
    expect(mail.to).toEqual([{ name: 'Jürgen Müßig', address: 'kunde@xn--bcher-kva.example' }]);
  });

  it('signs in with a password', async () => {
    const one = await start({ authentication: { type: 'Password', password: PASSWORD } });
    const input = reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(header((await arrived(String(input.to[0]))).toString('latin1'), 'From')).toBe(SHARED);
    await waitFor(() => postfix.maillog().includes('sasl_method=PLAIN'), { describe: 'the line of the log' });
    expect(one.tokens).toEqual([]);
  });

  it('renews an expired token once, without affecting the reply', async () => {
    const one = await start({ name: 'expired' });
    const input = reply({ server: 'expired' });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(one.tokens).toHaveLength(2);
    expect(one.events.map(({ name }) => name)).not.toContain('SmtpServerPaused');
  });
});

describe('Postfix does not offer SMTPUTF8', () => {
  it('refuses an address that needs it before sending anything; other replies of the server are sent', async () => {
    const one = await start();
    const before = postfix.maillog().match(/sasl_username/g)?.length ?? 0;
    const input = reply({ to: ['first@customer.example', 'jürgen@customer.example'] });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'rejected');
    const result = await one.replies.getReply(input.replyId);
    expect(result?.failure).toMatchObject({ code: 'SMTPUTF8_NOT_OFFERED', class: 'invalid' });
    expect(result?.failure?.message).toContain('recipient 2 of 2');
    expect(result?.failure?.remote).toBeUndefined();
    expect(postfix.maillog().match(/sasl_username/g)?.length ?? 0).toBe(before);
    const plain = reply();
    await one.replies.submitReply(plain);
    await one.reached(plain.replyId, 'accepted');
  });
});

describe('refusals by Postfix', () => {
  it('Send As at RCPT TO (553): the reply fails with the command that grants the permission', async () => {
    const one = await start();
    const input = reply({ from: 'ceo@contoso.example' });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'rejected');
    const result = await one.replies.getReply(input.replyId);
    expect(result?.failure).toMatchObject({
      code: 'SEND_AS_DENIED',
      class: 'permission',
      remote: { code: '553', enhancedCode: '5.7.1' },
    });
    expect(result?.failure?.hint).toContain(
      `Add-RecipientPermission -Identity "ceo@contoso.example" -AccessRights SendAs -Trustee "${ROB}"`,
    );
    expect(await inbox(String(input.to[0]))).toEqual([]);
  });

  it('Send As after DATA (554 5.2.252): retried once in case it was just granted, then failed', async () => {
    const one = await start({ sendMode: 'onBehalf' });
    const denied = reply({ from: 'ceo@contoso.example' });
    await one.replies.submitReply(denied);
    await one.reached(denied.replyId, 'rejected');
    const result = await one.replies.getReply(denied.replyId);
    expect(result).toMatchObject({
      attempts: 2,
      failure: { code: 'SEND_AS_DENIED', class: 'permission', remote: { code: '554', enhancedCode: '5.2.252' } },
    });
    expect(result?.failure?.hint).toContain('Add-RecipientPermission -Identity "ceo@contoso.example"');
    expect(await inbox(String(denied.to[0]))).toEqual([]);
  });

  it('one of three recipients: the others get the mail, and the refused one is reported', async () => {
    const one = await start();
    const input = reply({ to: ['first@customer.example', 'nobody@customer.example'], bcc: ['third@customer.example'] });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect((await one.replies.getReply(input.replyId))?.recipients).toMatchObject([
      { address: 'first@customer.example', state: 'accepted' },
      { address: 'nobody@customer.example', state: 'rejected', remote: { code: '550', enhancedCode: '5.1.1' } },
      { address: 'third@customer.example', state: 'accepted' },
    ]);
    await arrived('first@customer.example');
    expect((await arrived('third@customer.example')).toString('latin1')).not.toMatch(/^bcc:/im);
    expect(await inbox('nobody@customer.example')).toEqual([]);
  });

  it('every recipient: the reply fails', async () => {
    const one = await start();
    const input = reply({ to: ['nobody@customer.example'] });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'rejected');
    expect((await one.replies.getReply(input.replyId))?.failure).toMatchObject({
      code: 'RECIPIENT_UNKNOWN',
      class: 'permanent',
    });
  });

  it('an unknown certificate authority: sends nothing in plain text, pauses the server, keeps its jobs', async () => {
    const { ca: _ca, ...noCa } = definition();
    const one = await start();
    one.change([{ ...noCa, name: 'no-ca' } as SmtpServer]);
    const input = reply({ server: 'no-ca' });
    await waitFor(
      () => one.events.some(({ name, fields }) => name === 'SmtpServerStarted' && fields.server === 'no-ca'),
      { describe: 'started' },
    );
    await one.replies.submitReply(input);
    await waitFor(
      () => one.events.some(({ name, fields }) => name === 'SmtpServerPaused' && fields.code === 'SMTP_TLS_FAILED'),
      { describe: 'paused' },
    );
    one.change([{ ...noCa, name: 'no-ca', ca: postfix.caPem } as SmtpServer]);
    await one.reached(input.replyId, 'accepted');
    expect(await inbox(String(input.to[0]).toLowerCase()).then((mails) => mails.length)).toBeLessThanOrEqual(1);
    await arrived(String(input.to[0]));
  });
});

it('reports delivery where the reply requests it; handing on to a system without reports (LMTP) is not delivery', async () => {
  const one = await start();
  const customer = 'dsn@customer.example';
  const input = reply({ to: [customer], dsn: ['success', 'failure'] });
  await one.replies.submitReply(input);
  await one.reached(input.replyId, 'accepted');
  let report: ReturnType<typeof parseMessage> | undefined;
  await waitFor(
    async () => {
      report = (await inbox(SHARED))
        .map((raw) => parseMessage(raw))
        .find(({ deliveryStatus }) => deliveryStatus?.recipients.some(({ recipient }) => recipient === customer));
      return report !== undefined;
    },
    { describe: 'a report' },
  );
  const parsed = report as ReturnType<typeof parseMessage>;
  expect(parsed.deliveryStatus?.recipients).toMatchObject([{ action: 'relayed', permanent: false }]);
  const { journal, emit } = one.deps;
  const security = { conversationKeys: [], installation: '' };
  const to = { emailFlow: 'Service', user: SHARED };
  const related = await relate(parsed, to, security, { lookup: replyLookup(journal) });
  await learnReports({ journal, emit })({ ...parsed, ...related, messageKey: 'm-1' } as Message);
  expect(related.deliveryStatus?.reply).toMatchObject({ replyId: input.replyId, proof: 'recipient-matches' });
  expect((await one.replies.getReply(input.replyId))?.recipients).toMatchObject([
    { address: customer, delivery: 'unknown' },
  ]);
});
