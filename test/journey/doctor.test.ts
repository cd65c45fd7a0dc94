// Failures switched on and off under a running daemon: when they are gone it goes on by itself, without restart, and no mail and no reply is
// lost or doubled. And `mailroom check` as a process beside it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CheckStep } from '../../src/domain/doctor.ts';
import { type Fault, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { journey, replyJob } from '../support/journey.ts';
import { leakWatch } from '../support/leak-watch.ts';
import type { MailroomProcess } from '../support/mailroom.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { tempDir, waitFor } from '../support/temp.ts';

leakWatch();

const SUPPORT = 'support@contoso.example';
const JANE = 'jane@customer.example';
const CLIENT = '7d3f2c1a-5b4e-4f60-9a8b-1c2d3e4f5a6b';
const SECRET = 'doctor~client~secret~value';

let redis: TestRedis;
let sandbox: Sandbox;
let dir: ReturnType<typeof tempDir>;
let j: ReturnType<typeof journey>;
let gateway: MailroomProcess;
let count = 0;

beforeAll(async () => {
  redis = await startRedis();
  sandbox = await startSandbox({
    users: [
      { address: SUPPORT, kind: 'shared' },
      { address: JANE, kind: 'customer' },
    ],
    applications: [{ clientId: CLIENT, secret: SECRET }],
  });
  dir = tempDir('doctor');
  const oauth = { host: 'localhost', authenticationType: 'OAuth2', application: 'Sandbox', signIn: 'appOnly' };
  const common = { ...oauth, tls: true, enabled: true, user: SUPPORT };
  j = journey({
    redisUrl: redis.url,
    caFile: await sandbox.caFile(`${dir.path}/ca.pem`),
    emailServers: [
      { ...common, serverType: 'IMAP', name: 'In', port: sandbox.imap.port, emailFlow: 'Support', startFrom: 'all' },
      {
        ...common,
        serverType: 'SMTP',
        name: 'Out',
        port: sandbox.smtp.port,
        additionalEmailFromAddresses: [SUPPORT],
        pace: { perMinute: 1_000 },
      },
    ],
    settings: {
      outbound: { pausedRetrySeconds: 1 },
      oauthApplications: [
        {
          name: 'Sandbox',
          tenant: sandbox.tenant,
          clientId: CLIENT,
          authority: sandbox.authority.slice(0, sandbox.authority.lastIndexOf('/')),
          credentials: [{ secretEnv: 'MAILROOM_SECRET_APP' }],
        },
      ],
    },
    env: { MAILROOM_SECRET_APP: SECRET },
  });
});
// A daemon of its own for each: its back-off grows from failure to failure and is reset only by minutes of health.
beforeEach(async () => {
  gateway = j.start(['serve']);
  await gateway.waitForEvent('GatewayStarted', () => true, { timeoutMs: 60_000 });
  await idle();
});
afterEach(async () => {
  sandbox.faults.clear();
  expect(gateway.running()).toBe(true);
  await gateway.stop();
});
afterAll(async () => {
  const audit = await j.run('audit', '--json');
  await j.stop();
  expect(JSON.parse(audit.output)).toMatchObject({ unaccounted: 0 });
  await sandbox.stop();
  await redis.stop();
  dir.remove();
});

const idle = () =>
  waitFor(() => sandbox.sessions().some((one) => one.mailbox === SUPPORT && one.idling), {
    timeoutMs: 60_000,
    describe: () => `the mailbox to be watched; ${gateway.output().slice(-1_500)}`,
  });

/** Runs the command to its end; its output may arrive after its end. */
async function run(
  args: string[],
  complete: (output: string) => boolean,
): Promise<{ code: number | null; output: string }> {
  const one = j.start(['check', ...args]);
  const code = await one.waitForExit(60_000);
  await waitFor(() => complete(one.output()), {
    timeoutMs: 5_000,
    describe: () => `the whole output of check ${args.join(' ')} (${code}): ${one.output().slice(-1_500)}`,
  });
  return { code, output: one.output() };
}

async function check(...args: string[]): Promise<{ code: number | null; steps: CheckStep[] }> {
  const json = (output: string) => JSON.parse(output.slice(output.indexOf('{\n  "ok"'), output.lastIndexOf('}') + 1));
  const { code, output } = await run(['--json', ...args], (text) => Array.isArray(json(text).steps));
  const { ok, steps } = json(output);
  expect(ok).toBe(code === 0);
  return { code, steps };
}

interface Row {
  faults: Fault[];
  server: 'In' | 'Out';
  /** What the daemon says. */
  daemon: string;
}

const rows: [string, Row][] = [
  [
    'no Full Access',
    {
      faults: [{ name: 'notConnected' }],
      server: 'In',
      daemon: 'IMAP_NOT_CONNECTED',
    },
  ],
  [
    'sign-in refused',
    {
      faults: [{ name: 'authFailed' }],
      server: 'In',
      daemon: 'IMAP_AUTH_FAILED',
    },
  ],
  [
    'server unavailable',
    {
      faults: [{ name: 'serverUnavailable15', at: 'login' }],
      server: 'In',
      daemon: 'IMAP_SERVER_UNAVAILABLE',
    },
  ],
  [
    'secret expired while the token is refused',
    {
      faults: [
        { name: 'tokenExpiredNow', refuseOldTokens: true },
        { name: 'aadsts', number: 7000222 },
      ],
      server: 'In',
      daemon: 'OAUTH_SECRET_EXPIRED',
    },
  ],
  [
    'identity provider down while the token is refused',
    {
      faults: [{ name: 'tokenExpiredNow', refuseOldTokens: true }, { name: 'http5xx' }],
      server: 'In',
      daemon: 'OAUTH_PROVIDER_FAILED',
    },
  ],
  [
    'SMTP AUTH disabled for the mailbox',
    {
      faults: [{ name: 'smtpReply', reply: 'smtpAuthDisabledMailbox' }],
      server: 'Out',
      daemon: 'SMTP_AUTH_DISABLED_MAILBOX',
    },
  ],
  [
    'SMTP AUTH disabled for the tenant',
    {
      faults: [{ name: 'smtpReply', reply: 'smtpAuthDisabledTenant' }],
      server: 'Out',
      daemon: 'SMTP_AUTH_DISABLED_TENANT',
    },
  ],
  [
    'SMTP sign-in refused',
    {
      faults: [{ name: 'smtpReply', reply: 'authUnsuccessful' }],
      server: 'Out',
      daemon: 'SMTP_AUTH_FAILED',
    },
  ],
];

describe('over when it is over', () => {
  it.each(rows)(
    '%s',
    async (_name, row) => {
      const n = ++count;
      const from = gateway.lines.length;
      for (const fault of row.faults) sandbox.faults.set(fault);
      if (row.server === 'In') sandbox.faults.set({ name: 'drop' }); // whoever is signed in already has to come back
      sandbox.mailboxes.deliver(
        SUPPORT,
        `From: <${JANE}>\r\nTo: <${SUPPORT}>\r\nSubject: ${n}\r\nMessage-ID: <doctor-${n}@customer.example>\r\n\r\nx\r\n`,
        JANE,
      );
      const replyId = `doctor-${n}`;
      await j.addReply('Out', { replyId, from: SUPPORT, to: [JANE], subject: `Re: ${n}`, text: 'y' });

      await waitFor(() => gateway.lines.slice(from).some((line) => JSON.stringify(line).includes(row.daemon)), {
        timeoutMs: 30_000,
        describe: () => `${row.daemon} in the log: ${gateway.output().slice(-2_000)}`,
      });
      sandbox.faults.clear();
      const result = await j.result('Out', replyJob(replyId), 180_000);
      expect(result).toMatchObject({ state: 'accepted' });
      const arrived = (
        await waitFor(
          async () => {
            const all = await j.messages('Support');
            return all.some(({ threading }) => threading.messageId === `<doctor-${n}@customer.example>`)
              ? all
              : undefined;
          },
          { timeoutMs: 180_000, describe: () => `mail ${n}: ${gateway.output().slice(-2_000)}` },
        )
      ).map(({ threading }) => threading.messageId);
      expect(new Set(arrived).size).toBe(arrived.length);
      const replies = sandbox.mailboxes
        .list(JANE)
        .filter(({ raw }) => raw.toString().includes(`Subject: Re: ${n}\r\n`));
      expect(replies).toHaveLength(1);
      // A provider that is down is asked again after a minute at the earliest; a loaded machine may take a second round of that.
    },
    400_000,
  );
});

describe('as a command', () => {
  it('says in German what is wrong, by LANG or --lang, and in English otherwise', async () => {
    sandbox.faults.set({ name: 'notConnected' });
    const german = await run(['In', '--lang', 'de'], (text) => text.includes('fehlgeschlagen'));
    expect(german.code).toBe(1);
    expect(german.output).toContain('FEHLER  Postfach öffnet (Vollzugriff)');
    expect(german.output).toContain('was zu tun ist: Add-MailboxPermission');
    expect(german.output).toContain('1 Schritt(e) fehlgeschlagen.');
    sandbox.faults.clear();
    const english = await run(['In', '--lang', 'en'], (text) => text.includes('All is well.'));
    expect(english.code).toBe(0);
    expect(english.output).not.toMatch(/eyJ[\w-]{20,}/);
  });

  it('names the servers there are when it is asked for another one, and the languages', async () => {
    expect((await run(['Inn'], (text) => text.includes('"In", "Out"'))).code).toBe(1);
    expect((await run(['--lang', 'fr'], (text) => text.includes('de or en'))).code).toBe(1);
  });

  it('checks all servers beside the live gateway and disturbs it not', async () => {
    const from = gateway.lines.length;
    const { code, steps } = await check();
    expect(steps.filter(({ state, informational }) => state === 'failed' && !informational)).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(steps.map(({ server }) => server))).toEqual(new Set(['In', 'Out']));
    expect(gateway.lines.slice(from).filter(({ event }) => event === 'MailboxDisconnected')).toEqual([]);
  });
});
