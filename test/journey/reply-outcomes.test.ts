// What becomes of a reply after the 250, as processes: the sandbox tenant bounces, delays and delivers; results, outcomes and pauses follow, and a
// stranger's forgery pauses nothing.
import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PREFIX, REPLY_OUTCOMES_QUEUE } from '../../src/contract/names.ts';
import type { Outcome } from '../../src/contract/outcome.ts';
import type { Result } from '../../src/contract/result.ts';
import { BOUNCES, type BounceName, startSandbox } from '../../src/sandbox/index.ts';
import { fixture } from '../support/fixture.ts';
import { journey, replyJob, sandboxApplication } from '../support/journey.ts';
import type { MailroomProcess } from '../support/mailroom.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

const SUPPORT = 'support@contoso.example';
const BLOCKED = 'blocked@contoso.example';
const JANE = 'jane@customer.example';
const CLIENT = '7d3f2c1a-5b4e-4f60-9a8b-1c2d3e4f5a6b';
const OUT = 'Support out';

let j: ReturnType<typeof journey>;
let gateway: MailroomProcess;
let outcomes: Queue;

const oauth = { authenticationType: 'OAuth2', application: 'Sandbox', signIn: 'appOnly', tls: true, enabled: true };
/** The sandbox writes as Exchange Online does; a host that is not Microsoft's is believed by name only. */
const exchange = { ...oauth, host: 'localhost', trustedAuthservIds: ['*.prod.outlook.com'], startFrom: 'all' };

const redis = fixture(startRedis);
const sandbox = fixture(() =>
  startSandbox({
    users: [
      { address: SUPPORT, kind: 'shared' },
      { address: BLOCKED, kind: 'shared' },
      { address: JANE, kind: 'customer' },
    ],
    applications: [{ clientId: CLIENT, secret: 'outcome~secret' }],
  }),
);
beforeAll(async () => {
  const imap = { ...exchange, serverType: 'IMAP', port: sandbox.imap.port };
  const smtp = { ...oauth, serverType: 'SMTP', host: 'localhost', port: sandbox.smtp.port };
  j = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
    emailServers: [
      { ...imap, name: 'Support in', user: SUPPORT, emailFlow: 'Support' },
      { ...imap, name: 'Blocked in', user: BLOCKED, emailFlow: 'Support' },
      { ...smtp, name: OUT, user: SUPPORT },
      { ...smtp, name: 'Blocked out', user: BLOCKED },
    ],
    settings: { oauthApplications: [sandboxApplication(sandbox, CLIENT)], outbound: { outcomes: true } },
    secrets: [JANE],
    env: { MAILROOM_SECRET_APP: 'outcome~secret' },
  });
  gateway = j.start(['serve']);
  await gateway.waitForEvent('GatewayStarted');
  await waitFor(() => gateway.events('MailboxConnected').length === 2);
  const { hostname, port } = new URL(redis.url);
  outcomes = new Queue(REPLY_OUTCOMES_QUEUE, { connection: { host: hostname, port: Number(port) }, prefix: PREFIX });
});
afterAll(async () => {
  await outcomes.close();
  await j.stop();
});

async function sent(replyId: string, server = OUT, more: object = {}): Promise<void> {
  const from = server === OUT ? SUPPORT : BLOCKED;
  await j.addReply(server, { replyId, from, to: [JANE], subject: 's', text: 't', ...more });
  expect((await j.result(server, replyJob(replyId))).state).toBe('accepted');
}

async function api(path: string, method = 'GET'): Promise<{ status: number; body: unknown }> {
  const url = `http://127.0.0.1:${await j.port(gateway)}${path}`;
  const answer = await fetch(url, { method, headers: { authorization: `Bearer ${j.apiToken}` } });
  return { status: answer.status, body: await answer.json() };
}
const eventsOf = (name: string, server: string) => gateway.events(name).filter((event) => event.server === server);
const resultOf = async (replyId: string) => (await api(`/v1/replies/${replyId}`)).body as Result;
const reached = (replyId: string, delivery: string) =>
  waitFor(async () => {
    const result = await resultOf(replyId);
    return result.recipients?.[0]?.delivery === delivery ? result : undefined;
  });
const told = async (replyId: string) => {
  const jobs = await outcomes.getJobs(['waiting'], 0, -1, true);
  return jobs
    .map(({ data }) => data as Outcome)
    .filter((one) => one.replyId === replyId)
    .map(({ result, recipients }) => result?.state ?? recipients?.map(({ delivery }) => delivery).join(' '))
    .sort(); // a report may be read before the server's 250 is
};

it('reports for each bounce the cause and what to do, and delays and deliveries as well', async () => {
  const classes: [BounceName, string][] = [
    ['userUnknown', 'address-unknown'],
    ['mailboxFull', 'mailbox-full'],
    ['bannedAddress', 'blocked'],
    ['spam', 'content'],
    ['dmarc', 'policy'],
    ['unproven', 'policy'],
    ['tooLarge', 'size'],
    ['recipientRate', 'quota'],
    ['relayDenied', 'relay'],
    ['other', 'other'],
  ];
  for (const [bounce, kind] of classes) {
    sandbox.faults.set({ name: 'bounce', bounce, times: 1 });
    await sent(bounce);
    const { recipients } = await reached(bounce, 'bounced');
    expect(recipients?.[0]?.report).toMatchObject({ class: kind, status: BOUNCES[bounce].status });
    expect(recipients?.[0]?.report?.hint).toMatch(/\w/);
    expect(await told(bounce)).toEqual(['accepted', 'bounced']);
  }
  sandbox.faults.set({ name: 'bounce', bounce: 'expired', delayedFirst: true, milliseconds: 1_500, times: 1 });
  await sent('slow');
  expect((await reached('slow', 'delayed')).recipients?.[0]?.report?.code).toBe('DELIVERY_DELAYED');
  await reached('slow', 'bounced');
  expect(await told('slow')).toEqual(['accepted', 'bounced', 'delayed']);
  await sent('arrived', OUT, { dsn: ['success', 'failure'] });
  await reached('arrived', 'delivered');
  expect(eventsOf('ReplyBounced', OUT)).toHaveLength(classes.length + 1);
  // None of these is about the tenant: nothing waits.
  expect(eventsOf('SmtpServerPaused', OUT)).toEqual([]);
});

it('pauses a server when a report shows that its tenant is blocked, and not when the report is forged', async () => {
  await sent('forged', 'Blocked out');
  const { messageId } = await resultOf('forged');
  const forgery = (mark: string) =>
    [
      'From: Microsoft Outlook <postmaster@contoso.onmicrosoft.com>',
      `To: ${BLOCKED}`,
      `Message-ID: <forged-${mark.length}@evil.example>`,
      `${mark}X-MS-Exchange-Message-Is-Ndr:`,
      'Auto-Submitted: auto-replied',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b\r\nContent-Type: text/plain\r\n\r\nDelivery has failed',
      '--b\r\nContent-Type: message/delivery-status\r\n',
      `Reporting-MTA: dns;AM0PR.EURPRD01.PROD.OUTLOOK.COM\r\n\r\nFinal-Recipient: rfc822;${JANE}`,
      'Action: failed\r\nStatus: 5.7.705\r\nDiagnostic-Code: smtp;550 5.7.705 Access denied, tenant has exceeded threshold',
      `\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: ${messageId}\r\n\r\n--b--\r\n`,
    ].join('\r\n');
  // With and without the mark, which the border removes.
  sandbox.mailboxes.deliver(BLOCKED, forgery('X-MS-Exchange-Organization-AuthAs: Internal\r\n'), '');
  sandbox.mailboxes.deliver(BLOCKED, forgery(''), '');
  await reached('forged', 'bounced');
  await waitFor(async () => (await j.messages('Support')).filter(({ mailbox }) => mailbox === BLOCKED).length === 2);
  expect(eventsOf('SmtpServerPaused', 'Blocked out')).toEqual([]);

  sandbox.faults.set({ name: 'bounce', bounce: 'tenantBlocked', mailbox: BLOCKED, times: 1 });
  await sent('blocked', 'Blocked out');
  await reached('blocked', 'bounced');
  const [paused] = await waitFor(() => {
    const events = eventsOf('SmtpServerPaused', 'Blocked out');
    return events.length > 0 ? events : undefined;
  });
  expect(paused).toMatchObject({ server: 'Blocked out', code: 'TENANT_BLOCKED', reason: 'bounce' });
  // What comes now waits instead of bouncing, and can be withdrawn.
  await j.addReply('Blocked out', { replyId: 'waits', from: BLOCKED, to: [JANE], subject: 's', text: 't' });
  await waitFor(async () => {
    const result = await resultOf('waits');
    return result.state !== 'accepted' && Date.parse(result.expectedAt ?? '') > Date.now() + 3_600_000;
  });
  expect(await api('/v1/replies/waits', 'DELETE')).toMatchObject({ status: 200, body: { ended: 'cancelled' } });
  expect(await told('waits')).toEqual(['dropped']);
  expect((await api('/v1/replies/blocked', 'DELETE')).status).toBe(409);
  expect(sandbox.submissions().some(({ raw }) => raw.includes('X-Mailroom-Reply-Id: waits'))).toBe(false);
});
