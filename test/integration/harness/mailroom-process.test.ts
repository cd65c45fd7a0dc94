// Spawning, reading and ending a process, and the generator of mails.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { leakWatch, leftovers } from '../../support/leak-watch.ts';
import { startMailroom } from '../../support/mailroom.ts';
import { mails, oneMail } from '../../support/mails.ts';
import { groupAlive } from '../../support/processes.ts';
import { tempDir } from '../../support/temp.ts';

leakWatch();

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A stand-in for Mailroom: logs an event, says its environment, ends by SIGTERM with 0. */
const PROGRAM = `
import { spawn } from 'node:child_process';
const say = (event, fields = {}) => console.log(JSON.stringify({ level: 'info', event, ...fields }));
process.on('SIGTERM', () => { say('GatewayStopped'); process.exit(0); });
spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
console.error('a warning of Node');
say('GatewayStarted', { args: process.argv.slice(2), vitest: process.env.VITEST ?? null, ca: process.env.NODE_EXTRA_CA_CERTS ?? null, own: process.env.MAILROOM_X ?? null });
setInterval(() => {}, 1000);
`;

function program() {
  const dir = tempDir('program');
  const path = `${dir.path}/program.mjs`;
  writeFileSync(path, PROGRAM);
  return { dir, entry: relative(root, path) };
}

test('collects events and output, starts with a clean environment, and stops all descendants by SIGTERM', async () => {
  const { dir, entry } = program();
  const mailroom = startMailroom({ args: ['serve', '--roles', 'ingest'], entry, env: { MAILROOM_X: '1' } });
  const event = await mailroom.waitForEvent('GatewayStarted');
  expect(event).toMatchObject({ args: ['serve', '--roles', 'ingest'], vitest: null, ca: null, own: '1' });
  expect(leftovers().join()).toContain(`(pid ${mailroom.pid})`);
  expect(await mailroom.stop()).toBe(0);
  expect(mailroom.events('GatewayStopped')).toHaveLength(1);
  expect(mailroom.output()).toContain('a warning of Node');
  expect(groupAlive(mailroom.pid)).toBe(false);
  dir.remove();
});

test('kill -9 leaves no process; waiting for an event of an ended process fails at once with its last lines', async () => {
  const { dir, entry } = program();
  const mailroom = startMailroom({ args: [], entry });
  await mailroom.waitForEvent('GatewayStarted');
  await mailroom.kill9();
  expect(groupAlive(mailroom.pid)).toBe(false);
  await expect(mailroom.waitForEvent('MailboxConnected')).rejects.toThrow(/has ended[\s\S]*GatewayStarted/);
  await mailroom.stop();
  dir.remove();
});

test('resumes and stops a frozen process', async () => {
  const { dir, entry } = program();
  const mailroom = startMailroom({ args: [], entry });
  await mailroom.waitForEvent('GatewayStarted');
  mailroom.sigstop();
  expect(await mailroom.stop()).toBe(0);
  dir.remove();
});

test('generates the same mails from the same seed, in the mix of the benchmarks', () => {
  const first = [...mails({ count: 400, seed: 7 })];
  const second = [...mails({ count: 400, seed: 7 })];
  expect(first.every((mail, i) => mail.raw.equals(second[i]?.raw ?? Buffer.alloc(0)))).toBe(true);
  expect(new Set(first.map((mail) => mail.messageId)).size).toBe(400);
  const of = (kind: string) => first.filter((mail) => mail.kind === kind);
  expect(Math.abs(of('small').length - 280)).toBeLessThan(40);
  expect(Math.abs(of('html').length - 100)).toBeLessThan(40);
  expect(Math.abs(of('attachment').length - 20)).toBeLessThan(15);
  const sizes = (kind: string) => of(kind).map((mail) => mail.raw.length);
  for (const [kind, low, high] of [
    ['small', 4_000, 8_500],
    ['html', 28_000, 105_000],
    ['attachment', 500_000, 2_100_000],
  ] as const) {
    expect(Math.min(...sizes(kind))).toBeGreaterThanOrEqual(low);
    expect(Math.max(...sizes(kind))).toBeLessThanOrEqual(high);
  }
  expect(oneMail({ number: 12 }).raw.toString()).toMatch(/^X-Number: 12\r$/m);
});
