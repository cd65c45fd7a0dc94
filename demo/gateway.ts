// Starts the gateway as its own process, as production does, from configuration files written for the sandbox; follows its log.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Sandbox } from '../src/sandbox/index.ts';
import { ownChild } from './leftovers.ts';
import { CLIENT_ID, FLOWS, SECRET } from './tenant.ts';
import { dim, red, say } from './words.ts';

export interface DemoGateway {
  url: string;
  apiToken: string;
  caFile: string;
  /** Resolves when this many mailboxes are connected. */
  watching(mailboxes: number): Promise<void>;
  stop(): Promise<void>;
}

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export async function startGateway(folder: string, sandbox: Sandbox, redisUrl: string): Promise<DemoGateway> {
  const config = join(folder, 'config');
  mkdirSync(config);
  const caFile = await sandbox.caFile(join(folder, 'sandbox-ca.pem'));
  // A Redis of yours may have a certificate of yours.
  if (process.env.NODE_EXTRA_CA_CERTS)
    appendFileSync(caFile, `\n${readFileSync(process.env.NODE_EXTRA_CA_CERTS, 'utf8')}`);
  const key = () => `demo:${randomBytes(32).toString('base64')}`;
  const apiToken = randomBytes(16).toString('hex');
  const { authority, tenant } = sandbox;
  const settings = {
    mode: 'development',
    log: { level: 'info' },
    blobs: { kind: 'folder', folder: join(folder, 'blobs') },
    http: { host: '127.0.0.1', port: 0 },
    oauthApplications: [
      {
        name: 'Sandbox',
        tenant,
        clientId: CLIENT_ID,
        authority: authority.slice(0, authority.lastIndexOf('/')),
        credentials: [{ secretEnv: 'MAILROOM_SECRET_SANDBOX' }],
      },
    ],
  };
  const oauth = { authenticationType: 'OAuth2', application: 'Sandbox', signIn: 'appOnly', tls: true, enabled: true };
  const emailServers = FLOWS.flatMap(({ emailFlow, mailbox, imapServer, smtpServer }) => [
    {
      serverType: 'IMAP',
      name: imapServer,
      host: sandbox.imap.host,
      port: sandbox.imap.port,
      ...oauth,
      user: mailbox,
      emailFlow,
      startFrom: 'all',
    },
    {
      serverType: 'SMTP',
      name: smtpServer,
      host: sandbox.smtp.host,
      port: sandbox.smtp.port,
      ...oauth,
      user: mailbox,
      additionalEmailFromAddresses: [mailbox],
    },
  ]);
  writeFileSync(join(config, 'mailroom.yaml'), stringify(settings));
  writeFileSync(join(config, 'email-servers.yaml'), stringify({ emailServers }));

  const gateway = spawn(process.execPath, [main, '--config', config, 'serve'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C reaches us alone; we stop it in order
    env: {
      // Settings of a real installation in this shell must not reach the demo.
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MAILROOM_'))),
      NODE_EXTRA_CA_CERTS: caFile,
      MAILROOM_REDIS_URL: redisUrl,
      MAILROOM_SECURITY_CACHE_KEYS: key(),
      MAILROOM_SECURITY_CONVERSATION_KEYS: key(),
      MAILROOM_SECURITY_PORTAL_ALLOWED_HOSTS: '127.0.0.0/8,localhost',
      MAILROOM_HTTP_API_TOKENS: `demo:administrator:${apiToken}`,
      MAILROOM_SECRET_SANDBOX: SECRET,
    },
  });
  const child = ownChild(gateway);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const connected = new Set<unknown>();
  let port = 0;
  let stopping = false;
  let wake = () => {};
  let rest = '';
  const tail: string[] = [];
  const read = (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      tail.push(line);
      if (tail.length > 30) tail.shift();
      if (!line.startsWith('{')) continue;
      const event = JSON.parse(line) as {
        event?: string;
        server?: string;
        level?: string;
        msg?: string;
        detail?: { port?: number };
        err?: { code?: string; message?: string };
      };
      if (event.event === 'GatewayStarted') port = event.detail?.port ?? 0;
      if (event.event === 'MailboxConnected') connected.add(event.server);
      if (event.level === 'warn' || event.level === 'error')
        say(dim(`  log ${event.level} ${event.event}: ${event.err?.message ?? event.msg}`));
      wake();
    }
  };
  child.stdout.setEncoding('utf8').on('data', read);
  child.stderr.setEncoding('utf8').on('data', read);
  exited.then((code) => {
    if (!stopping) say(red(`the gateway ended with code ${code}:`), ...tail.map((line) => `\n  ${line}`));
    wake();
  });
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      if (child.exitCode !== null) throw new Error('the gateway did not start');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const stop = async () => {
    stopping = true;
    if (child.exitCode === null) child.kill('SIGTERM');
    await exited;
  };
  try {
    await until(() => port > 0);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    apiToken,
    caFile,
    watching: (mailboxes) => until(() => connected.size >= mailboxes),
    stop,
  };
}
