// Every SMTP row of docs/exchange-online.md §9 by the production code against the sandbox: code, class, action, hint with real names; what is kept
// leaves exactly once when the fault is over (asked of the customers' inboxes), what is failed never arrives. Then cuts after the dot,
// Message-ID rewriting and the policies for the copy in Sent.
import { afterEach, describe, expect, it } from 'vitest';
import type { ReplyInput } from '../../../src/contract/reply.ts';
import type { SmtpServer } from '../../../src/domain/email-server.ts';
import type { GetToken } from '../../../src/domain/mailbox-credentials.ts';
import { settledStates } from '../../../src/domain/reply-journal.ts';
import type { SubmissionOutcome } from '../../../src/domain/submission.ts';
import { type Fault, SMTP_REPLIES, type SmtpReplyName, startSandbox } from '../../../src/sandbox/index.ts';
import { fixture } from '../../support/fixture.ts';
import { startProxy } from '../../support/proxy.ts';
import { imapServer, smtpServer } from '../../support/servers.ts';
import { header } from '../../support/smtp-sink.ts';
import { waitFor } from '../../support/temp.ts';
import { openRoom, type Replica } from './room.ts';

const SHARED = 'support@contoso.example';
const INFO = 'info@contoso.example';
const JANE = 'jane@customer.example';
const OTTO = 'otto@kunde.example';
const CLIENT = '3b1f4d6e-0a52-4c7b-8e19-6d2c5a7f9b03';

const room = openRoom({ sink: false });
let n = 0;

const sandbox = fixture(() =>
  startSandbox({
    domain: 'contoso.example',
    users: [
      { address: SHARED, kind: 'shared' },
      { address: INFO, kind: 'shared' },
      { address: JANE, kind: 'customer' },
      { address: OTTO, kind: 'customer' },
    ],
    applications: [{ clientId: CLIENT, secret: 'secret', sendAs: [INFO] }],
  }),
);
afterEach(async () => {
  sandbox.faults.clear();
  await room.end();
  // Whatever the test was about: nobody has a mail twice.
  for (const customer of [JANE, OTTO]) {
    const ids = mailsOf(customer).map(({ replyId }) => replyId);
    expect(ids).toEqual([...new Set(ids)]);
  }
});

function mailsOf(address: string, folder?: string) {
  return sandbox.mailboxes.list(address, folder).map(({ raw }) => {
    const text = raw.toString('latin1');
    return { text, replyId: decodeURIComponent(header(text, 'X-Mailroom-Reply-Id') ?? '') };
  });
}
const copies = (address: string, replyId: string, folder?: string) =>
  mailsOf(address, folder).filter((mail) => mail.replyId === replyId).length;

interface Running extends Replica {
  outcomes: SubmissionOutcome[];
  tokens: string[];
  reply(more?: Partial<ReplyInput>): ReplyInput & { replyId: string };
  state(replyId: string): Promise<string | undefined>;
}

async function start(
  more: Partial<SmtpServer> = {},
  options: { token?: (renew: boolean) => string; silenceMs?: number } = {},
): Promise<Running> {
  n += 1;
  const name = `exchange-${n}`;
  const tokens: string[] = [];
  const getToken: GetToken = async (_server, _protocol, { renew = false } = {}) => {
    const accessToken = options.token?.(renew) ?? sandbox.oauth.applicationToken(CLIENT);
    tokens.push(accessToken);
    return { accessToken, expiresAt: new Date(Date.now() + 3_600_000) };
  };
  const server = smtpServer(sandbox.smtp.port, {
    name,
    host: sandbox.smtp.host,
    tls: 'enabled',
    ca: sandbox.caPem,
    user: SHARED,
    authentication: { type: 'OAuth2', application: 'gateway', signIn: 'appOnly' },
    additionalFromAddresses: [INFO],
    ...more,
  });
  const { host, port } = sandbox.imap;
  const outcomes: SubmissionOutcome[] = [];
  const one = await room.replica({
    servers: [server, imapServer({ name: 'in', user: SHARED, host, port, ca: sandbox.caPem })],
    settings: {
      waitScale: 0.00001, // six hours are a fifth of a second
      pauseProbeMs: 60,
      tickMs: 40,
      settleMs: 700,
      firstLookMs: 100,
    },
    getToken,
    silenceMs: options.silenceMs ?? 10_000,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  let m = 0;
  return {
    ...one,
    outcomes,
    tokens,
    reply(reply = {}) {
      m += 1;
      const replyId = `x${n}/${m}`;
      return {
        schema: 'mailroom.reply/1',
        replyId,
        server: name,
        from: INFO,
        to: [JANE],
        subject: 'Re',
        text: 'x',
        ...reply,
      };
    },
    state: async (replyId) => (await one.replies.getReply(replyId))?.state,
  };
}

const verdictsOf = (one: Running) =>
  one.outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.verdict] : []));

type Row = [reply: SmtpReplyName, code: string, cls: string, action: string, hint: string];
/** Hints name the real mailbox, From, server and host. */
const rows: Row[] = [
  [
    'smtpAuthDisabledTenant',
    'SMTP_AUTH_DISABLED_TENANT',
    'permission',
    'pause-server',
    `Set-CASMailbox -Identity "${SHARED}"`,
  ],
  [
    'smtpAuthDisabledMailbox',
    'SMTP_AUTH_DISABLED_MAILBOX',
    'permission',
    'pause-server',
    `Set-CASMailbox -Identity "${SHARED}"`,
  ],
  ['basicAuthDisabled', 'SMTP_BASIC_AUTH_DISABLED', 'auth', 'pause-server', 'OAuth2 on the email server exchange-'],
  ['basicAuthRetired', 'SMTP_BASIC_AUTH_DISABLED', 'auth', 'pause-server', 'OAuth2 on the email server exchange-'],
  ['securityDefaults', 'SMTP_SECURITY_DEFAULTS', 'permission', 'pause-server', SHARED],
  ['criteriaNotMet', 'SMTP_ACCESS_POLICY', 'permission', 'pause-server', `sign-in log of ${SHARED}`],
  ['authUnsuccessful', 'SMTP_AUTH_FAILED', 'auth', 'pause-server', `the mailbox ${SHARED}`],
  ['credentialsIncorrect', 'SMTP_AUTH_FAILED', 'auth', 'pause-server', `the mailbox ${SHARED}`],
  ['directSendRefused', 'SMTP_NOT_AUTHENTICATED', 'permission', 'pause-server', 'Reject Direct Send'],
  ['notAuthenticated', 'SMTP_NOT_AUTHENTICATED', 'permission', 'pause-server', 'localhost'],
  [
    'sendAsRefused',
    'SEND_AS_DENIED',
    'permission',
    'fail',
    `-Identity "${INFO}" -AccessRights SendAs -Trustee "${SHARED}"`,
  ],
  [
    'sendAsDenied',
    'SEND_AS_DENIED',
    'permission',
    'retry-then-fail',
    `-Identity "${INFO}" -AccessRights SendAs -Trustee "${SHARED}"`,
  ],
  ['sendAsDeniedStore', 'SEND_AS_DENIED', 'permission', 'retry-then-fail', `-Identity "${INFO}" -AccessRights SendAs`],
  ['concurrentConnections', 'SMTP_CONNECTION_LIMIT', 'throttle', 'back-off', 'exchange-'],
  ['senderThreadLimit', 'SMTP_CONNECTION_LIMIT', 'throttle', 'back-off', SHARED],
  ['serverBusy', 'SMTP_BUSY', 'throttle', 'back-off', 'reputation'],
  ['submissionQuotaExceeded', 'SUBMISSION_QUOTA', 'throttle', 'hold', SHARED],
  ['recipientQuota', 'SUBMISSION_QUOTA', 'throttle', 'hold', SHARED],
  ['submissionQuota', 'SUBMISSION_QUOTA', 'throttle', 'hold', SHARED],
  ['mailboxFull', 'SENDING_MAILBOX_FULL', 'permanent', 'pause-server', `Empty Sent Items of ${SHARED}`],
  ['outboundSpam', 'OUTBOUND_SPAM', 'permanent', 'pause-server', SHARED],
  ['badOutboundSender', 'SENDER_BLOCKED', 'permanent', 'pause-server', `unblock ${SHARED}`],
  ['tenantBlocked705', 'TENANT_BLOCKED', 'permanent', 'pause-server', 'Microsoft support'],
  ['tenantBlocked708', 'TENANT_BLOCKED', 'permanent', 'pause-server', 'Microsoft support'],
  ['tenantBlocked750', 'TENANT_BLOCKED', 'permanent', 'pause-server', 'Microsoft support'],
  ['tenantSpam501', 'TENANT_BLOCKED', 'permanent', 'pause-server', 'Microsoft support'],
  ['tenantLimit232', 'TENANT_QUOTA', 'throttle', 'hold', 'licences'],
  ['tenantLimit233', 'TENANT_QUOTA', 'throttle', 'hold', 'licences'],
  ['tenantLimit236', 'TENANT_QUOTA', 'throttle', 'hold', 'onmicrosoft.com'],
  ['proxyFailure', 'SMTP_PROXY_TROUBLE', 'transient', 'retry', 'service health'],
  ['attribution', 'SMTP_TRANSIENT', 'transient', 'retry', 'retries automatically'],
  ['dnsFailure', 'SMTP_TRANSIENT', 'transient', 'retry', 'retries automatically'],
  ['insufficientResources', 'SMTP_TRANSIENT', 'transient', 'retry', 'retries automatically'],
  ['serviceNotAvailable', 'SMTP_TRANSIENT', 'transient', 'retry', 'retries automatically'],
  ['serviceNotActive', 'SMTP_TRANSIENT', 'transient', 'retry', 'retries automatically'],
  ['storeTransient', 'SMTP_TRANSIENT', 'transient', 'retry', 'retries automatically'],
  ['queueQuota', 'SMTP_QUEUE_QUOTA', 'throttle', 'back-off', 'retries automatically'],
  ['connectionDropped', 'DELIVERY_UNCERTAIN', 'ambiguous', 'settle', ''],
  ['tooLarge', 'MESSAGE_TOO_LARGE', 'size', 'fail', ''],
  ['tooLargeAfterDot', 'MESSAGE_TOO_LARGE', 'size', 'fail', ''],
  ['tooManyRecipients', 'TOO_MANY_RECIPIENTS', 'size', 'fail', ''],
  ['tooManyRecipientsNow', 'SMTP_RECIPIENTS_LATER', 'transient', 'retry', ''],
  ['bareLineFeed', 'SMTP_BARE_LF', 'permanent', 'fail', ''],
  ['multipleFrom', 'SMTP_FROM_REFUSED', 'permanent', 'fail', ''],
  ['fromInvalid', 'SMTP_FROM_REFUSED', 'permanent', 'fail', ''],
  ['loop', 'MAIL_LOOP', 'permanent', 'fail', ''],
  ['loopExternal', 'MAIL_LOOP', 'permanent', 'fail', ''],
  ['rulesLoop', 'MAIL_LOOP', 'permanent', 'fail', ''],
  ['recipientRate', 'RECIPIENT_RATE', 'throttle', 'back-off', ''],
  ['recipientRateTotal', 'RECIPIENT_RATE', 'throttle', 'back-off', ''],
  ['invalidDomain', 'SMTP_EHLO_NAME', 'invalid', 'pause-server', 'localhost answered'],
  ['userUnknown', 'RECIPIENT_UNKNOWN', 'permanent', 'fail', ''],
  ['recipientNotFound', 'RECIPIENT_UNKNOWN', 'permanent', 'fail', ''],
  ['recipientDenied', 'RECIPIENT_UNKNOWN', 'permanent', 'fail', ''],
];

it('every answer that the sandbox knows has a row here', () => {
  expect(rows.map(([reply]) => reply).sort()).toEqual(Object.keys(SMTP_REPLIES).sort());
});

describe('answers of the server', () => {
  it.each(rows)('%s: %s, %s, %s', async (preset, code, cls, action, hint) => {
    const one = await start();
    sandbox.faults.set({ name: 'smtpReply', reply: preset });
    const both = [one.reply(), one.reply({ to: [OTTO] })];
    for (const input of both) await one.replies.submitReply(input);
    await waitFor(() => verdictsOf(one).length > 0, { describe: 'a verdict' });
    expect(verdictsOf(one)[0]).toMatchObject({
      code,
      class: cls,
      action: action === 'retry-then-fail' ? 'retry' : action,
    });
    const shown = verdictsOf(one)[0]?.hint ?? '';
    expect(shown).toContain(hint);
    expect(shown).not.toMatch(/[{}]/);

    if (action === 'fail' || action === 'retry-then-fail') {
      for (const { replyId } of both) {
        await one.reached(replyId, 'rejected');
        const result = await one.replies.getReply(replyId);
        expect(result?.failure).toMatchObject({
          code,
          class: cls,
          remote: { code: String(SMTP_REPLIES[preset].code) },
        });
        expect(result?.failure?.hint).toContain(hint);
        expect(result?.attempts).toBe(action === 'fail' ? 1 : 2);
      }
      sandbox.faults.clear();
      expect(one.events.map(({ name }) => name)).not.toContain('SmtpServerPaused');
    } else if (action === 'settle') {
      // 421 after the dot: taken or not, nobody knows. Not in Sent: a person decides.
      for (const { replyId } of both) await one.reached(replyId, 'held');
      sandbox.faults.clear();
      for (const { replyId } of both) await one.replies.releaseHeld(replyId);
    } else {
      if (action === 'pause-server' || action === 'hold') {
        await waitFor(() => one.events.some(({ name }) => name === 'SmtpServerPaused'), { describe: 'paused' });
        const paused = one.events.find(({ name }) => name === 'SmtpServerPaused');
        expect(paused?.fields).toMatchObject({ code, class: cls });
        expect(String(paused?.fields.hint)).toContain(hint);
      }
      // However often it is tried meanwhile, nothing is failed and nothing leaves.
      await waitFor(() => verdictsOf(one).length >= 3, { describe: 'tried again' });
      for (const { replyId } of both) expect(settledStates).not.toContain(await one.state(replyId));
      sandbox.faults.clear();
    }

    if (!action.endsWith('fail')) {
      for (const { replyId } of both) await one.reached(replyId, 'accepted', 30_000);
      await waitFor(async () => (await one.outbound.status())[0]?.state === 'sending', { describe: 'sending' });
      expect(one.events.map(({ name }) => name)).not.toContain('ReplyRejected');
    }
    const wanted = action.endsWith('fail') ? 0 : 1;
    expect(both.map(({ replyId }, i) => copies(i === 0 ? JANE : OTTO, replyId))).toEqual([wanted, wanted]);
  });

  it('one recipient of two is refused: the reply is accepted with that recipient reported, and the other gets it once', async () => {
    const one = await start();
    sandbox.faults.set({ name: 'smtpReply', reply: 'recipientNotFound', recipient: OTTO });
    const input = one.reply({ to: [JANE, OTTO] });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect((await one.replies.getReply(input.replyId))?.recipients).toMatchObject([
      { address: JANE, state: 'accepted' },
      { address: OTTO, state: 'rejected', remote: { enhancedCode: '5.1.10' } },
    ]);
    expect([copies(JANE, input.replyId), copies(OTTO, input.replyId)]).toEqual([1, 0]);
  });

  it('535 5.7.3 once: the token is renewed without affecting the reply', async () => {
    const one = await start({}, { token: (renew) => sandbox.oauth.applicationToken(CLIENT, renew ? 3_600 : -10) });
    const input = one.reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(one.tokens).toHaveLength(2);
    expect(one.events.map(({ name }) => name)).not.toContain('SmtpServerPaused');
    expect((await one.replies.getReply(input.replyId))?.attempts).toBe(1);
    expect(copies(JANE, input.replyId)).toBe(1);
  });
});

const cuts: [string, Fault, 'retried' | 'held' | 'found'][] = [
  ['at connecting', { name: 'dropBeforeData', at: 'connect', times: 2 }, 'retried'],
  ['at sign-in', { name: 'dropBeforeData', at: 'auth', times: 2 }, 'retried'],
  ['at MAIL', { name: 'dropBeforeData', at: 'mail', times: 2 }, 'retried'],
  ['at RCPT', { name: 'dropBeforeData', at: 'rcpt', times: 2 }, 'retried'],
  ['at DATA', { name: 'dropBeforeData', at: 'data', times: 2 }, 'retried'],
  ['silence at RCPT', { name: 'stallSmtp', at: 'rcpt', times: 1 }, 'retried'],
  ['after the dot, accepted', { name: 'dropAfterDot', times: 1 }, 'found'],
  ['after the dot, accepted, with a late copy in Sent', { name: 'dropAfterDot', times: 1 }, 'found'],
  ['after the dot, not accepted', { name: 'dropAfterDotUnaccepted', times: 1 }, 'held'],
  ['silence after the dot, accepted', { name: 'stallSmtp', times: 1 }, 'found'],
  ['silence after the dot, not accepted', { name: 'stallSmtp', unaccepted: true, times: 1 }, 'held'],
];

describe('broken connections', () => {
  it.each(cuts)('%s', async (what, fault, end) => {
    // The silence that counts as broken; without one, the process itself must not be slower.
    const one = await start({}, { silenceMs: what.startsWith('silence') ? 1_500 : 10_000 });
    sandbox.faults.set(fault);
    if (what.includes('late')) sandbox.faults.set({ name: 'lateSentCopy', milliseconds: 300, times: 1 });
    const input = one.reply();
    await one.replies.submitReply(input);
    if (end === 'held') {
      await one.reached(input.replyId, 'held');
      expect(copies(JANE, input.replyId)).toBe(0);
      await one.replies.releaseHeld(input.replyId);
    }
    await one.reached(input.replyId, 'accepted');
    expect(copies(JANE, input.replyId)).toBe(1);
    const names = one.events.map(({ name }) => name);
    expect(names.includes('ReplyUncertain')).toBe(end !== 'retried');
    expect(names.includes('ReplySettled')).toBe(end === 'found');
  });

  it('inside DATA: sent again when the dot never left, otherwise held and released; one mail in total', async () => {
    const one = await start();
    sandbox.faults.set({ name: 'dropInData', after: 4_000, times: 1 });
    const input = one.reply({ text: 'line of text\r\n'.repeat(100_000) });
    await one.replies.submitReply(input);
    await waitFor(async () => ['accepted', 'held'].includes((await one.state(input.replyId)) ?? ''), {
      describe: 'ended',
    });
    if ((await one.state(input.replyId)) === 'held') await one.replies.releaseHeld(input.replyId);
    await one.reached(input.replyId, 'accepted');
    expect(copies(JANE, input.replyId)).toBe(1);
  });

  it('the server does not answer while Sent cannot be read: held, and not sent again even with policy resend', async () => {
    const one = await start({ uncertain: 'resend' });
    sandbox.faults.set({ name: 'dropAfterDot', times: 1 });
    sandbox.faults.set({ name: 'authFailed' });
    const input = one.reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'held');
    expect(copies(JANE, input.replyId)).toBe(1);
  });
});

describe('a rewritten Message-ID', () => {
  it('is stored as an alias: bounces and answers to it find the reply', async () => {
    const one = await start();
    sandbox.faults.set({ name: 'rewriteMessageId' });
    const input = one.reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    const mail = mailsOf(JANE).find(({ replyId }) => replyId === input.replyId)?.text ?? '';
    const given = header(mail, 'Message-ID') ?? '';
    const result = await one.replies.getReply(input.replyId);
    expect(given).not.toBe(result?.messageId);
    expect(result?.serverMessageId).toBe(given);
    expect(await one.deps.journal.byMessageId(given)).toBe(input.replyId);
    expect(await one.deps.journal.byMessageId(result?.messageId ?? '')).toBe(input.replyId);
  });

  it.each([true, false])(
    'and a lost answer: found in Sent by our own header (original kept: %s)',
    async (keepOriginal) => {
      const one = await start();
      sandbox.faults.set({ name: 'rewriteMessageId', keepOriginal });
      sandbox.faults.set({ name: 'dropAfterDot', times: 1 });
      const input = one.reply();
      await one.replies.submitReply(input);
      await one.reached(input.replyId, 'accepted');
      const mail = mailsOf(JANE).find(({ replyId }) => replyId === input.replyId)?.text ?? '';
      const given = header(mail, 'Message-ID') ?? '';
      expect((await one.replies.getReply(input.replyId))?.serverMessageId).toBe(given);
      expect(await one.deps.journal.byMessageId(given)).toBe(input.replyId);
      expect(copies(JANE, input.replyId)).toBe(1);
    },
  );
});

describe('an address whose local part is not ASCII', () => {
  it('is sent with SMTPUTF8 where it is offered', async () => {
    const one = await start();
    const input = one.reply({ to: ['jürgen@customer.example', JANE] });
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(sandbox.submissions().at(-1)?.raw.toString()).toContain('jürgen@customer.example');
    expect((await one.replies.getReply(input.replyId))?.recipients?.map(({ state }) => state)).toEqual([
      'accepted',
      'accepted',
    ]);
  });
});

describe('a SOCKS proxy', () => {
  it('carries the submission and the search in Sent', async () => {
    const proxy = await startProxy('socks5');
    const one = await start({ proxy: proxy.url });
    sandbox.faults.set({ name: 'dropAfterDot', times: 1 });
    const input = one.reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    expect(copies(JANE, input.replyId)).toBe(1);
    const { host, port } = sandbox.smtp;
    expect(new Set(proxy.asked)).toEqual(new Set([`${host}:${port}`, `${host}:${sandbox.imap.port}`]));
    await one.outbound.stop();
    await proxy.stop();
  });
});

describe('the copy in Sent', () => {
  const policies: [string, SmtpServer['sentCopy'], Fault['name'] | undefined, number][] = [
    ['by the server, which saves it', { policy: 'server' }, undefined, 1],
    ['by the server, which does not save it', { policy: 'server' }, 'noSentCopy', 0],
    ['none, and the server saves none', { policy: 'none' }, 'noSentCopy', 0],
    ['by APPEND, and the server saves none', { policy: 'append', folder: 'Sent Items' }, 'noSentCopy', 1],
    ['by APPEND, although the server saves it', { policy: 'append', folder: 'Sent Items' }, undefined, 1],
  ];
  it.each(policies)('%s', async (_what, sentCopy, fault, wanted) => {
    const one = await start({ sentCopy });
    if (fault !== undefined) sandbox.faults.set({ name: fault });
    const input = one.reply();
    await one.replies.submitReply(input);
    await one.reached(input.replyId, 'accepted');
    await waitFor(
      async () => (await one.deps.queues.find(one.deps.servers()[0]?.name ?? '', input.replyId))?.state === 'completed',
      { describe: 'job ended' },
    );
    // The same job once more, as after a stall: the gate lets it through to the copy, which is there.
    await one.deps.queues.again(one.deps.servers()[0]?.name ?? '', input.replyId, input, { priority: 1 });
    await waitFor(() => one.events.some(({ name }) => name === 'ReplyGateClosed'), { describe: 'job ended again' });
    await waitFor(
      async () => (await one.deps.queues.find(one.deps.servers()[0]?.name ?? '', input.replyId))?.state === 'completed',
      { describe: 'idle' },
    );
    expect(copies(SHARED, input.replyId, 'Sent Items')).toBe(wanted);
    expect(copies(JANE, input.replyId)).toBe(1);
  });

  it.each([
    ['Maximum size of appendable message has been exceeded.', 'IMAP_APPEND_TOO_LARGE'],
    ['Command Argument Error. 11', 'IMAP_APPEND_TOO_LARGE'],
    ['Server error.', 'SENT_COPY_FAILED'],
  ])('a copy refused with "%s" is reported as %s; the reply stays accepted', async (words, code) => {
    const one = await start({ sentCopy: { policy: 'append', folder: 'Sent Items' } });
    sandbox.faults.set({ name: 'noSentCopy' });
    sandbox.faults.set({ name: 'imapReply', command: 'APPEND', text: `NO ${words}` });
    const input = one.reply();
    await one.replies.submitReply(input);
    await waitFor(() => one.events.some(({ name }) => name === 'SentCopyFailed'), { describe: 'told' });
    expect(one.events.find(({ name }) => name === 'SentCopyFailed')?.fields.err).toMatchObject({ code });
    expect(await one.state(input.replyId)).toBe('accepted');
    expect(copies(JANE, input.replyId)).toBe(1);
  });
});
