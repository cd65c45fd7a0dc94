// Ground of latency, idle and storm: a sandbox tenant whose IMAP server pushes at once, with as many mailboxes as asked for.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../src/sandbox/index.ts';
import { tempDir } from '../test/support/temp.ts';

export const PASSWORD = 'bench-password';

export interface Mailboxes {
  sandbox: Sandbox;
  caFile: string;
  addresses: string[];
  stop(): Promise<void>;
}

export async function openMailboxes(count: number): Promise<Mailboxes> {
  const dir = tempDir('bench');
  const addresses = Array.from({ length: count }, (_, i) => `box${i + 1}@contoso.example`);
  const sandbox = await startSandbox({ users: addresses.map((address) => ({ address, password: PASSWORD })) });
  return {
    sandbox,
    caFile: await sandbox.caFile(join(dir.path, 'ca.pem')),
    addresses,
    async stop() {
      await sandbox.stop();
      dir.remove();
    },
  };
}

/** Definition of an email server as an administrator writes it. */
export function imapDefinition(
  address: string,
  host: string,
  port: number,
  emailFlow: string,
  startFrom = 'now',
): object {
  return {
    name: address,
    serverType: 'IMAP',
    host,
    port,
    tls: 'enabled',
    authenticationType: 'Password',
    user: address,
    password: PASSWORD,
    emailFlow,
    startFrom,
  };
}

/** A run's own mark, so that mails of one run are never taken for those of another. */
export const mark = (): string => randomBytes(6).toString('hex');

export const shortMail = (messageId: string, to: string): string =>
  [
    'From: Kunde <kunde@customer.example>',
    `To: ${to}`,
    'Subject: Anfrage',
    `Message-ID: <${messageId}>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'Guten Tag, wann kommt meine Lieferung? '.repeat(60),
    '',
  ].join('\r\n');

/** Mails into each of the mailboxes, in turns. @returns when that began, epoch ms, and how many they are */
export function storm({ sandbox, addresses }: Mailboxes, each: number): { started: number; total: number } {
  const run = mark();
  const started = Date.now();
  for (let n = 0; n < each; n++)
    for (const [i, address] of addresses.entries())
      sandbox.mailboxes.append(address, shortMail(`${run}.${i}.${n}@customer.example`, address));
  return { started, total: addresses.length * each };
}
