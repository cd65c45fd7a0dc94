// The sessions of docs/operator.md (`$ command`, and what it answers) are typed as they are shown, against one gateway with its Redis, and each
// shown line has to be answered. What cannot be typed here is named, with who does it instead.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { HELM } from '../../../scripts/ensure-servers.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { fileFolder, fixture } from '../../support/fixture.ts';
import { type MailroomProcess, startMailroom } from '../../support/mailroom.ts';
import { startRedis } from '../../support/redis.ts';
import { waitFor } from '../../support/temp.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const manual = readFileSync(join(root, 'docs/operator.md'), 'utf8');

/** By the beginning of the command: where it is run, or that it is not, which the manual says as well. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'redis-cli -p 26379 sentinel failover': 'test/journey/ha-sentinel.test.ts',
  'mailroom serve': 'below',
  'OTEL_EXPORTER_OTLP_ENDPOINT=': 'test/journey/traces.test.ts',
  'npm run soak': 'by hand; test/journey/stops.test.ts runs its parts',
  'helm upgrade': 'needs a cluster',
  'docker ': 'needs a Docker daemon; test/integration/harness/image.test.ts replays the steps of the build',
};

interface Session {
  command: string;
  shown: string[];
}

function sessionsIn(text: string): Session[] {
  const found: Session[] = [];
  for (const [, body = ''] of text.matchAll(/^ *```\n([\s\S]*?)^ *```$/gm)) {
    if (!/^ *\$ /.test(body)) continue;
    for (const line of body.split('\n').map((one) => one.trim())) {
      if (line.startsWith('$ ')) found.push({ command: line.slice(2), shown: [] });
      else if (line !== '') found.at(-1)?.shown.push(line);
    }
  }
  return found;
}

const all = sessionsIn(manual);
const elsewhere = (command: string) => Object.keys(ELSEWHERE).find((start) => command.startsWith(start));
const typed = all.filter(({ command }) => elsewhere(command) === undefined);

/** What differs from one run to the next. */
const steady = (line: string): string =>
  line
    .trim()
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/"[0-9a-f]{12}"/g, '"<commit>"')
    .replace(/\d{4,}/g, '<number>')
    // With each alert there is one more.
    .replace(/\d+(?= rules found)/, '<number>')
    .replace(/(_count\{.*\}) \d+$/, '$1 <number>');

const dir = fileFolder('manual');
let gateway: MailroomProcess;
let env: Record<string, string>;

function shim(name: string, script: string): void {
  const path = join(dir, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

const redis = fixture(startRedis);
const sandbox = fixture(() =>
  startSandbox({ users: [{ address: 'support@contoso.example', password: 'password-of-the-manual' }] }),
);
beforeAll(async () => {
  const config = join(dir, 'config');
  for (const name of ['bin', 'config', 'backup']) mkdirSync(join(dir, name));
  const operator = 'token-of-the-operator-0815';
  writeFileSync(
    join(config, 'mailroom.yaml'),
    stringify({
      mode: 'development',
      blobs: { kind: 'folder', folder: join(dir, 'blobs') },
      http: { host: '127.0.0.1', port: 0, apiTokens: [`ops:operator:${operator}`] },
    }),
  );
  const server = { serverType: 'IMAP', name: 'Support inbound', emailFlow: 'Support', startFrom: 'all', enabled: true };
  const account = { host: 'localhost', port: sandbox.imap.port, tls: true, user: 'support@contoso.example' };
  const signIn = { authenticationType: 'Password', passwordEnv: 'MAILROOM_SECRET_TEST' };
  writeFileSync(
    join(config, 'email-servers.yaml'),
    stringify({ emailServers: [{ ...server, ...account, ...signIn }] }),
  );
  shim('mailroom', `exec ${process.execPath} ${root}src/main.ts --config ${config} "$@"`);
  // As it answers in a terminal.
  shim('redis-cli', `exec /usr/bin/redis-cli --no-raw -p ${redis.port} "$@"`);
  shim('helm', `exec ${HELM} "$@"`);
  const caFile = await sandbox.caFile(join(dir, 'ca.pem'));
  const own = { MAILROOM_REDIS_URL: redis.url, MAILROOM_SECRET_TEST: 'password-of-the-manual' };
  gateway = startMailroom({ args: ['--config', config, 'serve'], env: own, caFile });
  const { detail } = await gateway.waitForEvent('GatewayStarted');
  const url = `http://127.0.0.1:${(detail as { port: number }).port}`;
  await gateway.waitForEvent('MailboxConnected');
  sandbox.mailboxes.deliver('support@contoso.example', 'From: jane@customer.example\r\nSubject: x\r\n\r\nx\r\n');
  await gateway.waitForEvent('MessageEnqueued');
  // A second installation.
  const direct = new Redis(redis.url);
  await direct.sadd('{mailroom-emea}:mailboxes', 'x');
  direct.disconnect();
  env = {
    ...own,
    ...{ PATH: `${dir}/bin:${process.env.PATH}`, HOME: dir, NODE_EXTRA_CA_CERTS: caFile },
    ...{ MAILROOM: url, OPERATOR: operator },
  };
  await waitFor(async () => (await fetch(`${url}/readyz`)).ok);
});
afterAll(async () => {
  await gateway.stop();
});

function answerTo(command: string): Promise<string> {
  const here = command.replaceAll('http://localhost:8080', env.MAILROOM ?? '').replaceAll('/backup/', `${dir}/backup/`);
  const child = spawn('bash', ['-o', 'pipefail', '-c', here], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(output.replaceAll(`${dir}/backup/`, '/backup/')));
  });
}

it('every command of the manual is typed here, or somebody else is named for it', () => {
  expect(typed.length).toBeGreaterThan(12);
  const unused = Object.keys(ELSEWHERE).filter((start) => !all.some(({ command }) => command.startsWith(start)));
  expect(unused).toEqual([]);
  for (const path of Object.values(ELSEWHERE))
    if (path.startsWith('test/')) expect(readFileSync(join(root, path), 'utf8')).not.toBe('');
});

it('each answers what is shown', { timeout: 300_000 }, async () => {
  const wrong: string[] = [];
  // In the order of the manual: one session continues another.
  for (const { command, shown } of typed) {
    const answer = await answerTo(command);
    const lines = new Set(answer.split('\n').map(steady));
    if (shown.length === 0) wrong.push(`${command}: no output is shown; it answered\n${answer}`);
    for (const line of shown)
      if (!lines.has(steady(line))) wrong.push(`${command}: shows ${line}, answered\n${answer}`);
  }
  expect(wrong).toEqual([]);
});
