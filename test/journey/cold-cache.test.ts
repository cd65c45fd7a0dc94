// Two processes, one cold token cache: both need a token while the identity provider is still thinking, and it is asked once.
import { expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import { fixture } from '../support/fixture.ts';
import { journey, replyJob, sandboxApplication } from '../support/journey.ts';
import { startRedis } from '../support/redis.ts';

const SUPPORT = 'support@contoso.example';
const JANE = 'jane@customer.example';
const CLIENT = '2f4d6b8a-1c3e-4f5a-8b7c-9d0e1f2a3b4c';
const SECRET = 'cold~cache~client~secret';
/** The provider's answer takes so long: both processes are at work by then, also on a loaded machine. */
const THINKS_MS = 8_000;

const redis = fixture(startRedis);
const sandbox = fixture(() =>
  startSandbox({
    users: [
      { address: SUPPORT, kind: 'shared' },
      { address: JANE, kind: 'customer' },
    ],
    applications: [{ clientId: CLIENT, secret: SECRET }],
  }),
);

it('sends one token request for receiving and sending', async () => {
  const common = { host: 'localhost', authenticationType: 'OAuth2', application: 'Sandbox', tls: true, enabled: true };
  const server = { ...common, user: SUPPORT };
  const j = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
    emailServers: [
      { ...server, serverType: 'IMAP', name: 'In', port: sandbox.imap.port, emailFlow: 'Support' },
      {
        ...server,
        serverType: 'SMTP',
        name: 'Out',
        port: sandbox.smtp.port,
        additionalEmailFromAddresses: [SUPPORT],
      },
    ],
    settings: {
      log: { level: 'debug' },
      oauthApplications: [sandboxApplication(sandbox, CLIENT)],
    },
    env: { MAILROOM_SECRET_APP: SECRET },
  });
  try {
    sandbox.faults.set({ name: 'slowToken', milliseconds: THINKS_MS });
    await j.addReply('Out', { replyId: 'cold', from: SUPPORT, to: [JANE], subject: 'Re: x', text: 'y' });
    const [receives, sends] = [j.start(['ingest']), j.start(['send'])];
    await receives.waitForEvent('MailboxConnected', () => true, { timeoutMs: 60_000 });
    expect(await j.result('Out', replyJob('cold'), 60_000)).toMatchObject({ state: 'accepted' });
    expect(sandbox.oauth.tokenRequests()).toBe(1);

    // That is no luck of the order: while the one request was out, the other process needed a token, too.
    const issued = [receives, sends].flatMap((one) => one.events('TokenIssued'));
    expect(issued).toHaveLength(1);
    const issuedAt = Date.parse(String(issued[0]?.time));
    const at = (line: { time?: string } | undefined) => Date.parse(String(line?.time));
    expect(at(receives.events('GatewayStarted')[0])).toBeLessThan(issuedAt);
    expect(at(sends.events('ReplyPrepared')[0])).toBeLessThan(issuedAt);
    expect(sends.events('ReplyRetried')).toEqual([]);
  } finally {
    await j.stop();
  }
});
