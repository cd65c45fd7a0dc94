// `mailroom check` as a process beside a live gateway: what it says, and that the gateway does not notice. Whether the daemon recovers from each
// failure is recovery.test.ts's.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CheckStep } from '../../src/domain/doctor.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { fixture } from '../support/fixture.ts';
import { journey, sandboxApplication } from '../support/journey.ts';
import type { MailroomProcess } from '../support/mailroom.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/temp.ts';

const SUPPORT = 'support@contoso.example';
const JANE = 'jane@customer.example';
const CLIENT = '7d3f2c1a-5b4e-4f60-9a8b-1c2d3e4f5a6b';
const SECRET = 'doctor~client~secret~value';

let j: ReturnType<typeof journey>;
let gateway: MailroomProcess;

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
beforeAll(async () => {
  const oauth = { host: 'localhost', authenticationType: 'OAuth2', application: 'Sandbox', signIn: 'appOnly' };
  const common = { ...oauth, tls: true, enabled: true, user: SUPPORT };
  j = journey({
    redisUrl: redis.url,
    ca: sandbox.caPem,
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
      oauthApplications: [sandboxApplication(sandbox, CLIENT)],
    },
    env: { MAILROOM_SECRET_APP: SECRET },
  });
});
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

describe('the command', () => {
  it('reports errors in German by LANG or --lang, and in English otherwise', async () => {
    sandbox.faults.set({ name: 'notConnected' });
    const german = await run(['In', '--lang', 'de'], (text) => text.includes('fehlgeschlagen'));
    expect(german.code).toBe(1);
    expect(german.output).toContain('FEHLER  Postfach öffnet (Voller Zugriff)');
    expect(german.output).toContain('was zu tun ist: Add-MailboxPermission');
    expect(german.output).toContain('1 Schritt ist fehlgeschlagen.');
    sandbox.faults.clear();
    const english = await run(['In', '--lang', 'en'], (text) => text.includes('All is well.'));
    expect(english.code).toBe(0);
    expect(english.output).not.toMatch(/eyJ[\w-]{20,}/);
  });

  it('lists the existing servers for an unknown name, and the supported languages', async () => {
    expect((await run(['Inn'], (text) => text.includes('"In", "Out"'))).code).toBe(1);
    expect((await run(['--lang', 'fr'], (text) => text.includes('de, en'))).code).toBe(2);
  });

  it('checks all servers beside the live gateway without disturbing it', async () => {
    const from = gateway.lines.length;
    const { code, steps } = await check();
    expect(steps.filter(({ state, informational }) => state === 'failed' && !informational)).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(steps.map(({ server }) => server))).toEqual(new Set(['In', 'Out']));
    expect(gateway.lines.slice(from).filter(({ event }) => event === 'MailboxDisconnected')).toEqual([]);
  });
});
