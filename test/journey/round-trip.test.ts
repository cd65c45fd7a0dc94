// The whole main job as processes: sandbox tenant, gateway, backend; then everything that can be wrong with input. At the end, all that any
// process printed is searched for secrets and for what the mails said.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../src/contract/message.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { fixture } from '../support/fixture.ts';
import { journey, printed, replyJob, sandboxApplication } from '../support/journey.ts';
import type { MailroomProcess } from '../support/mailroom.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

const SUPPORT = 'support@contoso.example';
const BILLING = 'billing@contoso.example';
/** Of the mailbox of Support; replies may leave from the first, not from the second. */
const ORDERS = 'orders@contoso.example';
const RETURNS = 'returns@contoso.example';
const JANE = 'jane@customer.example';
const CLIENT = '7d3f2c1a-5b4e-4f60-9a8b-1c2d3e4f5a6b';
const SECRET = 'journey~client~secret~value';
const PASSWORD = 'journey-password-of-alex';
const SUBJECT = 'Strenggeheimer-Betreff-4711';
const BODY = 'Vertraulicher-Inhalt-der-Mail-0815';
const REPLY_BODY = 'Antwort-des-Agenten-nur-fuer-den-Kunden';

let j: ReturnType<typeof journey>;
let gateway: MailroomProcess;

const oauth = { authenticationType: 'OAuth2', application: 'Sandbox', signIn: 'appOnly', tls: true, enabled: true };
const imap = (fields: object) => ({
  serverType: 'IMAP',
  host: 'localhost',
  port: sandbox.imap.port,
  ...oauth,
  startFrom: 'all',
  ...fields,
});
const smtp = (fields: object) => ({
  serverType: 'SMTP',
  host: 'localhost',
  port: sandbox.smtp.port,
  ...oauth,
  ...fields,
});
const definitions = () => [
  imap({
    name: 'Support in',
    user: SUPPORT,
    emailFlow: 'Support',
    aliases: [ORDERS, RETURNS],
    flowByRecipient: { [ORDERS]: 'Orders', [RETURNS]: 'Returns' },
  }),
  imap({ name: 'Billing in', user: BILLING, emailFlow: 'Rechnungen & Zahlung: 10% 🚀' }),
  smtp({ name: 'Support out', user: SUPPORT, additionalEmailFromAddresses: [SUPPORT, ORDERS] }),
  smtp({ name: 'Disabled out', user: BILLING, additionalEmailFromAddresses: [], enabled: false }),
];
const mail = (n: number, to: string) =>
  `From: Jane <${JANE}>\r\nTo: ${to}\r\nSubject: ${SUBJECT} ${n}\r\nMessage-ID: <journey-${n}@customer.example>\r\n\r\n${BODY}\r\n`;

const redis = fixture(startRedis);
const sandbox = fixture(() =>
  startSandbox({
    users: [
      { address: SUPPORT, kind: 'shared', aliases: [ORDERS, RETURNS] },
      { address: BILLING, kind: 'shared' },
      { address: 'alex@contoso.example', password: PASSWORD },
      { address: JANE, kind: 'customer' },
    ],
    applications: [{ clientId: CLIENT, secret: SECRET }],
  }),
);
beforeAll(async () => {
  j = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
    emailServers: definitions(),
    settings: {
      oauthApplications: [sandboxApplication(sandbox, CLIENT)],
    },
    secrets: [SUBJECT, BODY, REPLY_BODY, JANE],
    env: { MAILROOM_SECRET_APP: SECRET, MAILROOM_SECRET_ALEX: PASSWORD, MAILROOM_SECRET_WRONG: 'a-wrong-password-9' },
  });
  gateway = j.start(['serve']);
  await gateway.waitForEvent('GatewayStarted');
  await waitFor(() => gateway.events('MailboxConnected').length === 2);
});
afterAll(async () => {
  // Whatever order the tests ran in: every mail is accounted for, and nothing printed a secret or what a mail said.
  const audit = await j.run('audit', '--json');
  await j.stop();
  expect(JSON.parse(audit.output)).toMatchObject({ unaccounted: 0 });
  expect(printed.join('\n')).toContain('MessageEnqueued');
});

const received = (n: number) =>
  waitFor(async () =>
    (await j.messages('Support')).find(({ threading }) => threading.messageId === `<journey-${n}@customer.example>`),
  );
const definition = (fields: object) => fields as { name?: string };

/** Message-IDs of ours name their conversation, base64url. */
const bounced = (messageId: string) => messageId.includes(Buffer.from('c-bounce').toString('base64url'));

describe('the main job', () => {
  it('brings mail to its flow and the reply to the customer, in one thread', async () => {
    sandbox.mailboxes.deliver(SUPPORT, mail(1, SUPPORT), JANE);
    sandbox.mailboxes.deliver(BILLING, mail(2, BILLING), JANE);
    const message = await received(1);
    await j.waitForMessages('Rechnungen & Zahlung: 10% 🚀', 1);
    expect(message).toMatchObject({
      schema: 'mailroom.message/1',
      mailbox: SUPPORT,
      parse: 'complete',
      from: [{ name: 'Jane', address: JANE }],
    });
    await j.addReply('Support out', {
      replyId: 'journey-reply-1',
      from: SUPPORT,
      to: [JANE],
      subject: `Re: ${SUBJECT} 1`,
      text: REPLY_BODY,
      answers: { messageId: '<journey-1@customer.example>', mailbox: SUPPORT },
      conversationId: message.conversation.id,
    });
    const result = await j.result('Support out', replyJob('journey-reply-1'));
    expect(result).toMatchObject({ schema: 'mailroom.result/1', state: 'accepted', from: SUPPORT });
    const arrived = await waitFor(() =>
      sandbox.mailboxes
        .list(JANE)
        .find((one) => /^X-Mailroom-Reply-Id:\s*journey-reply-1\s*$/im.test(one.raw.toString('latin1'))),
    );
    const raw = arrived.raw.toString();
    expect(raw).toMatch(/^In-Reply-To: <journey-1@customer\.example>/m);
    expect(raw).toContain(REPLY_BODY);

    // The customer's answer finds its conversation by the signed Message-ID alone.
    const messageId = /^Message-ID:\s*(<[^>]+>)/im.exec(raw)?.[1] ?? '';
    sandbox.mailboxes.deliver(
      SUPPORT,
      mail(3, SUPPORT).replace('Message-ID:', `In-Reply-To: ${messageId}\r\nMessage-ID:`),
      JANE,
    );
    const answer = await received(3);
    expect(answer.conversation).toEqual({
      id: message.conversation.id,
      matchedBy: 'in-reply-to',
      proof: 'signed',
    });
    expect(sandbox.mailboxes.list(SUPPORT).every(({ flags }) => !flags.includes('\\Seen'))).toBe(true);
  });

  it('feeds one flow for each address of a mailbox; replies are sent from the address that was written to, if permitted', async () => {
    for (const [n, to, flow, from] of [
      [11, ORDERS, 'Orders', ORDERS],
      [12, RETURNS, 'Returns', SUPPORT],
    ] as const) {
      sandbox.mailboxes.deliver(SUPPORT, mail(n, to), JANE);
      const [message] = await j.waitForMessages(flow, 1);
      expect(message).toMatchObject({
        emailFlow: flow,
        addressedTo: [
          { address: to, header: 'To' },
          { address: SUPPORT, header: 'Received' },
        ],
        mailbox: SUPPORT,
      });
      const { addressedTo, messageKey, threading } = message as Message;
      await j.addReply('Support out', {
        replyId: `from-${flow}`,
        to: [JANE],
        subject: `Re: ${SUBJECT} ${n}`,
        text: REPLY_BODY,
        answers: {
          messageKey,
          messageId: threading.messageId,
          mailbox: SUPPORT,
          addressedTo: addressedTo?.map(({ address }) => address),
        },
      });
      expect(await j.result('Support out', replyJob(`from-${flow}`))).toMatchObject({ state: 'accepted', from });
    }
    // Mail to the mailbox itself stays in its own flow.
    expect((await j.messages('Support')).map(({ threading }) => threading.messageId)).not.toContain(
      '<journey-11@customer.example>',
    );
  });

  it('links a later bounce to its reply', async () => {
    await j.addReply('Support out', {
      replyId: 'to-bounce',
      from: SUPPORT,
      to: [JANE],
      subject: 's',
      text: REPLY_BODY,
      conversationId: 'c-bounce',
    });
    expect((await j.result('Support out', replyJob('to-bounce'))).state).toBe('accepted');
    const submission = await waitFor(() =>
      sandbox.submissions().find(({ messageId }) => messageId !== undefined && bounced(messageId)),
    );
    sandbox.bounce(submission, [JANE]);
    const bounce = await waitFor(async () =>
      (await j.messages('Support')).find(({ automatic }) => automatic.kind === 'bounce'),
    );
    expect(bounce).toMatchObject({
      automatic: { mayAutoRespond: false },
      conversation: { id: 'c-bounce' },
      deliveryStatus: { reply: { replyId: 'to-bounce' }, recipients: [{ recipient: JANE, permanent: true }] },
    });
  });

  it('accepts a mail of NUL bytes only, and the next one', async () => {
    const before = (await j.messages('Support')).length;
    sandbox.mailboxes.append(SUPPORT, Buffer.alloc(3_000));
    sandbox.mailboxes.deliver(SUPPORT, mail(4, SUPPORT), JANE);
    const all = await j.waitForMessages('Support', before + 2);
    expect(all.some(({ threading }) => threading.messageId === '<journey-4@customer.example>')).toBe(true);
  });

  it('answers health, metrics, and the API for backends that do not speak BullMQ', async () => {
    sandbox.mailboxes.deliver(SUPPORT, mail(8, SUPPORT), JANE);
    await received(8);
    const port = await j.port(gateway);
    const url = `http://127.0.0.1:${port}`;
    const auth = { authorization: `Bearer ${j.apiToken}`, 'content-type': 'application/json' };
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'mailroom_message_enqueued_total{server="Support in"',
    );
    expect((await fetch(`${url}/v1/email-flows/Support/senders`)).status).toBe(401);
    const senders = (await (await fetch(`${url}/v1/email-flows/Support/senders`, { headers: auth })).json()) as {
      senders: object[];
    };
    expect(senders.senders[0]).toMatchObject({ address: SUPPORT, server: 'Support out', default: true, shared: true });
    const reply = {
      replyId: 'by-http',
      server: 'Support out',
      to: [JANE],
      from: SUPPORT,
      subject: 'x',
      text: REPLY_BODY,
      schema: 'mailroom.reply/1',
    };
    const posted = await fetch(`${url}/v1/replies`, { method: 'POST', headers: auth, body: JSON.stringify(reply) });
    expect(posted.status).toBe(202);
    await waitFor(
      async () =>
        ((await (await fetch(`${url}/v1/replies/by-http`, { headers: auth })).json()) as { state: string }).state ===
        'accepted',
    );
    const again = await fetch(`${url}/v1/replies`, { method: 'POST', headers: auth, body: JSON.stringify(reply) });
    expect(again.status).toBe(202);
    expect(
      sandbox.submissions().filter(({ messageId }) => messageId !== undefined && /by-http|mr2/.test(messageId)).length,
    ).toBeGreaterThan(0);
    const [message] = await j.messages('Support');
    const raw = await fetch(`${url}/v1/messages/${message?.messageKey}/raw`, { headers: auth });
    expect(raw.status).toBe(200);
  });
});

describe('bad input is reported clearly and stops nothing else', () => {
  const refused: [name: string, reply: object, code: string, words: RegExp][] = [
    [
      'a From that is not permitted',
      { from: 'ceo@contoso.example', to: [JANE], subject: 's', text: 't' },
      'FROM_NOT_PERMITTED',
      /ceo@contoso\.example/,
    ],
    ['no recipient', { from: SUPPORT, to: [], subject: 's', text: 't' }, 'RECIPIENT_MISSING', /recipient/i],
    ['no subject field', { from: SUPPORT, to: [JANE], text: 't' }, 'REPLY_MALFORMED', /subject/],
    ['a field of the wrong type', { from: SUPPORT, to: 'everyone', subject: 's', text: 't' }, 'REPLY_MALFORMED', /to/],
  ];
  it.each(refused)('%s', async (name, reply, code, words) => {
    const replyId = `bad-${name}`;
    await j.addReply('Support out', { replyId, ...reply });
    const result = await j.result('Support out', replyJob(replyId));
    expect(result, JSON.stringify(result)).toMatchObject({ failure: { code } });
    expect(result.failure?.message).toMatch(words);
    if (code === 'FROM_NOT_PERMITTED') expect(result.failure?.permitted).toEqual([SUPPORT, ORDERS]);
  });

  it('job data that is not a reply', async () => {
    await j.addRaw('Support out', 'r-garbage', 'just a text');
    expect((await j.result('Support out', 'r-garbage')).failure?.code).toBe('REPLY_MALFORMED');
  });

  it('a reply to a disabled server waits and is not lost', async () => {
    await j.addReply('Disabled out', {
      replyId: 'to-disabled',
      from: BILLING,
      to: [JANE],
      subject: 's',
      text: REPLY_BODY,
    });
    j.writeEmailServers(
      definitions().map((one) => (definition(one).name === 'Disabled out' ? { ...one, enabled: true } : one)),
    );
    expect((await j.result('Disabled out', replyJob('to-disabled'))).state).toBe('accepted');
    j.writeEmailServers(definitions());
  });

  it('invalid definitions are named one by one; the others continue', async () => {
    const connects = gateway.events('MailboxConnected').length;
    const wrong: [object, RegExp][] = [
      [imap({ name: 'bad port', user: 'x@contoso.example', emailFlow: 'F', port: 70_000 }), /port: must be 1–65535/],
      [imap({ name: 'bad flow', user: 'y@contoso.example', emailFlow: 'a\u0007b' }), /emailFlow/],
      [imap({ name: 'typo', user: 'z@contoso.example', emailFlow: 'F', hots: 'x' }), /hots/],
      [imap({ name: 'Support in', user: 'q@contoso.example', emailFlow: 'F' }), /name/],
    ];
    j.writeEmailServers([...definitions(), ...wrong.map(([definition]) => definition)]);
    for (const [, words] of wrong)
      await gateway.waitForEvent('EmailServerInvalid', (line) => words.test(JSON.stringify(line)));
    sandbox.mailboxes.deliver(SUPPORT, mail(5, SUPPORT), JANE);
    await waitFor(async () =>
      (await j.messages('Support')).some(({ threading }) => threading.messageId === '<journey-5@customer.example>'),
    );
    expect(gateway.events('MailboxConnected').length).toBe(connects);
    j.writeEmailServers(definitions());
  });

  it('unreachable or refusing servers are an event of their mailbox only, with a hint', async () => {
    j.writeEmailServers([
      ...definitions(),
      imap({ name: 'unreachable', host: '127.0.0.1', port: 9, user: 'u@contoso.example', emailFlow: 'F' }),
      {
        ...imap({
          name: 'wrong password',
          user: 'alex@contoso.example',
          emailFlow: 'F',
          passwordEnv: 'MAILROOM_SECRET_WRONG',
        }),
        authenticationType: 'Password',
        application: undefined,
        signIn: undefined,
      },
    ]);
    const codeOf = (name: string) => gateway.waitForEvent('MailboxDisconnected', (line) => line.server === name);
    expect(await codeOf('unreachable')).toMatchObject({ err: { code: 'IMAP_UNREACHABLE' } });
    const refusedSignIn = await codeOf('wrong password');
    expect(refusedSignIn).toMatchObject({ err: { code: 'IMAP_AUTH_FAILED' } });
    expect(String(refusedSignIn.hint).length).toBeGreaterThan(20);
    j.writeEmailServers(definitions());
  });

  it('an expired token is replaced without loss', async () => {
    sandbox.faults.set({ name: 'tokenExpiredNow', mailbox: SUPPORT });
    await gateway.waitForEvent(
      'MailboxDisconnected',
      (line) => (line.err as { code?: string })?.code === 'IMAP_TOKEN_EXPIRED',
    );
    sandbox.mailboxes.deliver(SUPPORT, mail(6, SUPPORT), JANE);
    await waitFor(async () =>
      (await j.messages('Support')).some(({ threading }) => threading.messageId === '<journey-6@customer.example>'),
    );
  });

  it.each([
    ['a wrong setting', { MAILROOM_HTTP_PORT: '99999' }, /http\.port.*99999/],
    ['a misspelt setting', { MAILROOM_REDIS_ULR: 'redis://x' }, /MAILROOM_REDIS_ULR.*MAILROOM_REDIS_URL/],
  ])('%s stops the start and is named', async (_name, env, words) => {
    const other = journey({ redisUrl: redis.url, emailServers: [], env: env as unknown as Record<string, string> });
    const { code, output } = await other.run('serve');
    expect(code).toBe(1);
    expect(output).toMatch(words);
    await other.stop();
  });

  it('shows the servers, and replays messages to a shadow flow without changing the ledger', async () => {
    const servers = JSON.parse((await j.run('servers', '--json')).output) as { name: string; state: string }[];
    expect(servers.map(({ name }) => name)).toEqual(['Support in', 'Billing in', 'Support out', 'Disabled out']);
    sandbox.mailboxes.deliver(BILLING, mail(7, BILLING), JANE);
    const flow = 'Rechnungen & Zahlung: 10% 🚀';
    const before = await waitFor(async () =>
      (await j.messages(flow)).find(({ threading }) => threading.messageId === '<journey-7@customer.example>'),
    );
    const { code, output } = await j.run('replay', 'Billing in', String(before.uid), '--to', 'Shadow');
    expect(output).toContain('1 messages enqueued again');
    expect(code).toBe(0);
    const [again] = await j.messages('Shadow');
    expect(again?.messageKey).toBe(before.messageKey);
    expect((await j.run('replay', 'Nobody', '1')).output).toMatch(/EMAIL_SERVER_NOT_FOUND.*"Nobody".*"Billing in"/);
    expect((await j.run('replay', 'Billing in', 'yesterday')).code).not.toBe(0);
  });

  it('warns clearly when the shared address is on no From list', async () => {
    j.writeEmailServers(definitions().filter((one) => definition(one).name !== 'Disabled out'));
    const line = await gateway.waitForEvent('SharedAddressNotPermitted', (one) => one.server === 'Billing in');
    expect(line.level).toBe('warn');
    j.writeEmailServers(definitions());
  });
});
