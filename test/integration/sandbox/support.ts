// What the sandbox's tests share: a tenant, mails, a bare IMAP client and a bare SMTP client that show every line, and running a program.
import { spawn } from 'node:child_process';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Sandbox, type SandboxConfig, startSandbox } from '../../../src/sandbox/index.ts';

export const SHARED = 'support@contoso.example';
export const BILLING = 'billing@contoso.example';
export const ALEX = 'alex@contoso.example';
export const MARIA = 'maria@contoso.example';
export const JANE = 'jane@customer.example';
export const CLIENT = '3b1f4d6e-0a52-4c7b-8e19-6d2c5a7f9b03';

export function testTenant(more: Partial<SandboxConfig> = {}): Promise<Sandbox> {
  return startSandbox({
    users: [
      { address: SHARED, displayName: 'Support', kind: 'shared' },
      { address: BILLING, displayName: 'Billing', kind: 'shared' },
      { address: ALEX, displayName: 'Alex', password: 'alex-password' },
      { address: MARIA, displayName: 'Maria', password: 'maria-password', smtpAuth: false },
      { address: JANE, kind: 'customer', password: 'jane-password' },
    ],
    applications: [{ clientId: CLIENT, secret: 'secret', mailboxes: [SHARED] }],
    permissions: {
      fullAccess: { [SHARED]: [ALEX] },
      sendAs: { [SHARED]: [ALEX] },
      sendOnBehalf: { [BILLING]: [ALEX] },
    },
    ...more,
  });
}

export function mail(subject: string, body = 'Hello.\r\n', more = ''): string {
  return `From: Jane Doe <${JANE}>\r\nTo: ${SHARED}\r\nSubject: ${subject}\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <${subject.replace(/\W/g, '')}@customer.example>\r\n${more}\r\n${body}`;
}

export function xoauth2(user: string, token: string): string {
  return Buffer.from(`user=${user}\x01auth=Bearer ${token}\x01\x01`).toString('base64');
}

export type BareClient = Awaited<ReturnType<typeof bareClient>>;

/** Collects what a server sends; `until` waits for a text (or for the end of the connection, which it marks by `<closed>`). */
async function bareClient(socket: Socket) {
  let received = '';
  let wake: (() => void) | undefined;
  const listen = (target: Socket): void => {
    target.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      wake?.();
    });
    target.on('error', () => undefined);
    target.on('close', () => {
      // The TCP socket beneath an upgraded one closes, too.
      if (target !== current) return;
      received += '<closed>';
      wake?.();
    });
  };
  let current = socket;
  listen(socket);
  let tags = 0;
  const client = {
    get received() {
      return received;
    },
    get socket() {
      return current;
    },
    write: (text: string) => void current.write(text, 'latin1'),
    /** Everything up to and including the match, taken off. */
    async until(pattern: RegExp | string): Promise<string> {
      const wanted = typeof pattern === 'string' ? new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : pattern;
      for (;;) {
        const match = wanted.exec(received);
        if (match) {
          const end = match.index + match[0].length;
          const taken = received.slice(0, end);
          received = received.slice(end);
          return taken;
        }
        if (received.endsWith('<closed>')) {
          const taken = received;
          received = '';
          return taken;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    /** IMAP: sends a tagged command and returns everything up to its answer (or `<closed>`). */
    command(text: string): Promise<string> {
      tags += 1;
      client.write(`A${tags} ${text}\r\n`);
      return client.until(new RegExp(`^A${tags} .*\r\n`, 'm'));
    },
    /** SMTP: sends a line and returns the whole answer. */
    say(text: string): Promise<string> {
      client.write(`${text}\r\n`);
      return client.until(/^\d{3} .*\r\n/m);
    },
    upgrade(target: Socket): void {
      current.removeAllListeners('data');
      current = target;
      received = '';
      listen(target);
    },
    close: () => void current.destroy(),
  };
  return client;
}

export async function imapClient(sandbox: Sandbox): Promise<BareClient> {
  return bareClient(
    connectTls({ host: '127.0.0.1', servername: 'localhost', port: sandbox.imap.port, ca: sandbox.caPem }),
  );
}

/** Signed in as the person ALEX to the shared mailbox, INBOX selected unless told otherwise. */
export async function openedInbox(sandbox: Sandbox, user = SHARED, selected = true): Promise<BareClient> {
  const client = await imapClient(sandbox);
  await client.until('\r\n');
  await client.command(`AUTHENTICATE XOAUTH2 ${xoauth2(user, sandbox.oauth.personToken(ALEX))}`);
  if (selected) await client.command('SELECT INBOX');
  return client;
}

/** After EHLO, STARTTLS, EHLO. */
export async function smtpClient(sandbox: Sandbox): Promise<BareClient> {
  const client = await bareClient(connectTcp({ host: '127.0.0.1', port: sandbox.smtp.port }));
  await client.until(/^\d{3} .*\r\n/m);
  await client.say('EHLO client.example');
  await client.say('STARTTLS');
  client.upgrade(connectTls({ socket: client.socket, servername: 'localhost', ca: sandbox.caPem }));
  await client.say('EHLO client.example');
  return client;
}

interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export function runProgram(
  program: string,
  args: string[],
  options: { env?: Record<string, string>; input?: string } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...options.env }, stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(options.input ?? '');
  });
}
