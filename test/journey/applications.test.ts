// What an administrator repairs is in force within seconds, without a restart and however long the back-off has grown: the secret of an
// application, a permission (proven by `mailroom check`), a delegated sign-in. Servers of other applications notice nothing of it.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox } from '../../src/sandbox/index.ts';
import { fileFolder, fixture } from '../support/fixture.ts';
import { journey, replyJob } from '../support/journey.ts';
import type { MailroomProcess } from '../support/mailroom.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

const JANE = 'jane@customer.example';
const ALEX = 'alex@contoso.example';
const [BOX_A, BOX_B, BOX_C] = ['a@contoso.example', 'b@contoso.example', 'c@contoso.example'] as const;
const CLIENT_A = '11111111-0000-4000-8000-00000000000a';
const CLIENT_B = '11111111-0000-4000-8000-00000000000b';
const CLIENT_P = '11111111-0000-4000-8000-00000000000c';
const [SECRET_A, SECRET_B, WRONG] = ['the~secret~of~a~0001', 'the~secret~of~b~0002', 'a~secret~that~is~wrong'] as const;
/** Far more than a test waits: whoever comes back sooner was woken. */
const LONG_MS = 60_000;

let j: ReturnType<typeof journey>;
let gateway: MailroomProcess;
const dir = fileFolder('applications');
const secretFile = join(dir, 'secret-a');
const replace = (file: string, text: string) => {
  writeFileSync(`${file}.next`, text);
  renameSync(`${file}.next`, file);
};

const redis = fixture(startRedis);
const sandbox = fixture(() =>
  startSandbox({
    users: [
      ...[BOX_A, BOX_B, BOX_C].map((address) => ({ address, kind: 'shared' as const })),
      { address: ALEX, displayName: 'Alex' },
      { address: JANE, kind: 'customer' },
    ],
    applications: [
      { clientId: CLIENT_A, secret: SECRET_A },
      { clientId: CLIENT_B, secret: SECRET_B },
      { clientId: CLIENT_P },
    ],
    permissions: { fullAccess: { [BOX_C]: [ALEX] } },
    oauth: { deviceInterval: 1 },
  }),
);
beforeAll(async () => {
  replace(secretFile, WRONG);
  const authority = sandbox.authority.slice(0, sandbox.authority.lastIndexOf('/'));
  const common = { host: 'localhost', authenticationType: 'OAuth2', tls: true, enabled: true };
  const imap = { ...common, serverType: 'IMAP', port: sandbox.imap.port, emailFlow: 'Support', startFrom: 'all' };
  const smtp = { ...common, serverType: 'SMTP', port: sandbox.smtp.port };
  j = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
    emailServers: [
      { ...imap, name: 'A in', user: BOX_A, application: 'A' },
      { ...smtp, name: 'A out', user: BOX_A, application: 'A', additionalEmailFromAddresses: [BOX_A] },
      { ...imap, name: 'B in', user: BOX_B, application: 'B' },
      { ...imap, name: 'C in', user: BOX_C, application: 'People', signIn: 'delegated', signInUser: ALEX },
    ],
    settings: {
      inbound: { startStaggerMs: 0, backoff: { baseMs: LONG_MS, capMs: LONG_MS } },
      oauthApplications: [
        { name: 'A', tenant: sandbox.tenant, clientId: CLIENT_A, authority, credentials: [{ secretFile }] },
        {
          name: 'B',
          tenant: sandbox.tenant,
          clientId: CLIENT_B,
          authority,
          credentials: [{ secretEnv: 'MAILROOM_SECRET_B' }],
        },
        { name: 'People', tenant: sandbox.tenant, clientId: CLIENT_P, authority },
        { name: 'Broken', tenant: sandbox.tenant, clientId: CLIENT_B, cloud: 'germany' },
      ],
    },
    env: { MAILROOM_SECRET_B: SECRET_B },
    secrets: [SECRET_A, WRONG],
  });
  gateway = j.start(['serve']);
  await gateway.waitForEvent('GatewayStarted', () => true, { timeoutMs: 60_000 });
});
afterAll(async () => {
  await j.stop();
});

const idle = (box: string) => sandbox.sessions().some(({ mailbox, idling }) => mailbox === box && idling);
const idleSoon = (box: string) =>
  waitFor(() => idle(box), { describe: () => `${box}; ${gateway.output().slice(-2_000)}` });
const backsOff = (server: string, ...codes: string[]) =>
  gateway.waitForEvent(
    'MailboxDisconnected',
    (line) =>
      line.server === server && codes.includes((line.err as { code: string }).code) && Number(line.delayMs) > 2_000,
  );

it('a corrected application, a check that passes and a sign-in each take effect at once', async () => {
  // A wrong application at the start stops nobody.
  await gateway.waitForEvent(
    'ApplicationInvalid',
    ({ application, field }) => application === 'Broken' && field === 'oauthApplications[3].cloud',
  );
  await idleSoon(BOX_B);
  await backsOff('A in', 'OAUTH_SECRET_WRONG');
  await backsOff('C in', 'OAUTH_SIGN_IN_NEEDED');
  await j.addReply('A out', { replyId: 'held', from: BOX_A, to: [JANE], subject: 'Re: x', text: 'y' });
  await gateway.waitForEvent('SmtpServerPaused', ({ server }) => server === 'A out');

  // The secret is corrected in its file: A signs in, its replies leave, B is not touched.
  replace(secretFile, `${SECRET_A}\n`);
  await gateway.waitForEvent('ApplicationReloaded', ({ application }) => application === 'A');
  await idleSoon(BOX_A);
  expect(await j.result('A out', replyJob('held'), 20_000)).toMatchObject({ state: 'accepted' });

  // A secret that is wrong is told at once; what is connected stays connected.
  const refused = gateway.events('TokenRefused').length;
  replace(secretFile, WRONG);
  await waitFor(() => gateway.events('TokenRefused').length > refused);
  await idleSoon(BOX_A); // on its one connection: it is counted below
  replace(secretFile, SECRET_A);
  await gateway.waitForEvent('MailboxRenewed', ({ server }) => server === 'A in');
  await idleSoon(BOX_A);

  // A permission that is missing, then given: the check that passes wakes the mailbox, another check that fails does not.
  sandbox.faults.set({ name: 'notConnected', mailbox: BOX_B });
  sandbox.faults.set({ name: 'drop', mailbox: BOX_B });
  await backsOff('B in', 'IMAP_NOT_CONNECTED', 'IMAP_CONNECTION_CLOSED');
  expect((await j.run('check', 'B in')).code).toBe(1);
  sandbox.faults.clear();
  expect((await j.run('check', 'B in')).output).toContain('ok      IDLE works');
  await idleSoon(BOX_B);

  // A person signs in at another terminal.
  const login = j.start(['login', 'C in']);
  const code = await waitFor(() => sandbox.oauth.pendingDevices()[0]);
  sandbox.oauth.settleDevice(code, ALEX);
  expect(await login.waitForExit()).toBe(0);
  await idleSoon(BOX_C);

  // Of all this B's other server and A's were not touched more than told above.
  const connected = (server: string) =>
    gateway.events('MailboxConnected').filter((line) => line.server === server).length;
  expect([connected('A in'), connected('B in'), connected('C in')]).toEqual([1, 2, 1]);
  expect(gateway.events('MailboxRenewed').every(({ server }) => server === 'A in')).toBe(true);
});
