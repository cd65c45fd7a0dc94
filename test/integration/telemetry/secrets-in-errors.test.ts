// Errors of every library, provoked on real servers with secrets and mail in hand: none of it reaches the log, the command line or the API, in
// clear, as base64 or as the numbers of bytes. The raw errors are logged, as a careless line of code would do it.
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ImapFlow } from 'imapflow';
import { Redis } from 'ioredis';
import { createTransport } from 'nodemailer';
import { SMTPServer } from 'smtp-server';
import { describe, expect, test } from 'vitest';
import { openCommit } from '../../../src/adapters/queue/commit.ts';
import { openEmailFlows } from '../../../src/adapters/queue/email-flows.ts';
import { closeRedis, connectRedis } from '../../../src/adapters/redis/client.ts';
import { createLeases } from '../../../src/adapters/redis/lease.ts';
import { explain } from '../../../src/cli/program.ts';
import type { Message } from '../../../src/contract/message.ts';
import { emptyLedger } from '../../../src/domain/ledger.ts';
import { problemOf, toMailroomError } from '../../../src/http/problem.ts';
import { createEmit, type Emit } from '../../../src/telemetry/events.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { leakWatch } from '../../support/leak-watch.ts';
import { KEPT, META } from '../../support/ledger.ts';
import { startMailroom } from '../../support/mailroom.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { freePort, tempDir, waitFor } from '../../support/temp.ts';
import { createFixture, imapServer } from '../oauth/fixture.ts';

leakWatch();

const PASSWORD = 'pass-word-that-nobody-may-read';
const SUBJECT = 'Kuendigung meines Vertrages 4711';
const BODY = 'Meine Kontonummer lautet 0815-4711-0816 und sonst nichts';
const SECRETS = [PASSWORD, SUBJECT, BODY];
/** Each secret in clear, as base64 at any of the three alignments, as decimal bytes, and percent-encoded. */
const forms = SECRETS.flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  [...Buffer.from(secret)].join(','),
  ...[0, 1, 2].map((shift) => {
    const text = Buffer.from('x'.repeat(shift) + secret)
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(shift === 0 ? 0 : 4, -4);
  }),
]);

/** The log with this error in it, as an event has it; and what the command line and the API make of it. */
function everywhere(error: unknown): string {
  const lines: string[] = [];
  const emit = createEmit(
    createLogger({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
    createMetrics(),
  );
  emit('ReplyWorkerFailed', { server: 'out', err: error });
  emit('MailboxDisconnected', { server: 'in', err: error });
  return [...lines, explain(error), JSON.stringify(problemOf(toMailroomError(error), false))].join('\n');
}
function expectSilence(shown: string): void {
  for (const form of forms) expect(shown.replace(/\s+/g, ' ')).not.toContain(form);
}
/** What went wrong. A test that provokes nothing would prove nothing: the raw error must hold a secret. */
async function provoked(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => expect.fail('it did not fail'),
    (thrown: Error) => thrown,
  );
  return error;
}
const holdsSecret = (error: unknown) => {
  const { command } = error as { command?: unknown };
  // Bytes as they would be logged: a list of numbers.
  const raw = `${inspect(error, { depth: 12, maxStringLength: null, maxArrayLength: null })}${JSON.stringify(command)}`;
  return forms.some((form) => raw.includes(form));
};

describe('Redis', () => {
  const message = {
    messageKey: 'm-1-1-1',
    emailFlow: 'F',
    uid: 1,
    subject: SUBJECT,
    text: { value: `${BODY} `.repeat(50) },
  } as unknown as Message;
  const kinds: [string, (admin: Redis, server: TestRedis) => Promise<unknown>][] = [
    ['OOM', (admin) => admin.config('SET', 'maxmemory', '1')],
    ['READONLY', async (admin) => admin.replicaof('127.0.0.1', await freePort())],
    [
      'MISCONF',
      async (admin, { dir }) => {
        await admin.config('SET', 'save', '3600 1');
        rmSync(dir, { recursive: true });
        await admin.set('a', 'b');
        await admin.bgsave().catch(() => {});
        await waitFor(async () => /rdb_last_bgsave_status:err/.test(await admin.info('persistence')));
      },
    ],
    ['NOPERM', (admin) => admin.acl('SETUSER', 'default', '-evalsha', '-eval')],
  ];
  test.each(kinds)('%s in a commit', async (word, refuse) => {
    const server = await startRedis();
    const admin = new Redis(server.url);
    const lines: string[] = [];
    const emit: Emit = createEmit(
      createLogger({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
      createMetrics(),
    );
    const client = connectRedis({ url: server.url }, emit);
    const flows = openEmailFlows(client);
    const commit = await openCommit(client, flows, KEPT);
    const leaseToken = (await createLeases(client, 'r', 60_000).acquire('0000000000000001')) ?? '';
    await flows.queueOf('F');
    await refuse(admin, server);
    const error = await provoked(
      commit({
        mailboxId: '0000000000000001',
        leaseToken,
        ledger: emptyLedger(),
        change: { outcomes: [{ outcome: 'enqueued', uids: [1] }], meta: META },
        messages: [{ message }],
      }),
    );
    expect(error.message).toContain(word);
    expect(holdsSecret(error)).toBe(true);
    expectSilence(everywhere(error));
    expectSilence(lines.join('\n'));
    closeRedis(client);
    await flows.close();
    admin.disconnect();
    await server.stop();
  });

  test('a wrong password', async () => {
    const server = await startRedis();
    const admin = new Redis(server.url);
    await admin.config('SET', 'requirepass', 'the-right-one');
    const lines: string[] = [];
    const emit: Emit = createEmit(
      createLogger({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
      createMetrics(),
    );
    const client = connectRedis({ url: `redis://:${PASSWORD}@127.0.0.1:${server.port}` }, emit);
    const error = await provoked(client.set('{mailroom}:x', BODY));
    expect(holdsSecret(error)).toBe(true);
    await waitFor(() => lines.length > 0);
    expect(lines.join('\n')).toContain('REDIS_PASSWORD_WRONG');
    expectSilence(lines.join('\n') + everywhere(error));
    closeRedis(client);
    admin.disconnect();
    await server.stop();
  });
});

test('IMAP: a sign-in that is refused', async () => {
  const { startSandbox } = await import('../../../src/sandbox/index.ts');
  const sandbox = await startSandbox({ users: [{ address: 'a@contoso.example', password: 'the-right-one' }] });
  const client = new ImapFlow({
    host: 'localhost',
    port: sandbox.imap.port,
    secure: true,
    tls: { ca: sandbox.caPem },
    logger: false,
    auth: { user: 'a@contoso.example', pass: PASSWORD },
  });
  client.on('error', () => {});
  const error = await provoked(client.connect());
  // The client itself hangs on what it threw while it is caught, and is what a careless line logs with it.
  expectSilence(everywhere(error));
  expectSilence(everywhere(Object.assign(error, { client })));
  await sandbox.stop();
});

describe('SMTP', () => {
  const words: [string, string][] = [
    ['quotes the subject', `554 5.7.1 Message "${SUBJECT}" looks like spam`],
    ['names the subject', `554 5.7.1 Refused, Subject: ${SUBJECT}`],
    ['quotes the text', `554 5.7.1 Refused because of '${BODY}'`],
    ['repeats the password', `535 5.7.8 password=${PASSWORD} is wrong`],
  ];
  test.each(words)('a server that %s', async (_, answer) => {
    const server = new SMTPServer({
      secure: false,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData(stream, _session, done) {
        stream.resume();
        stream.on('end', () =>
          done(Object.assign(new Error(answer.slice(4)), { responseCode: Number(answer.slice(0, 3)) })),
        );
      },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.server.address() as AddressInfo;
    const transport = createTransport({ host: '127.0.0.1', port, secure: false, ignoreTLS: true });
    const error = await provoked(
      transport.sendMail({ from: 'a@contoso.example', to: 'b@customer.example', subject: SUBJECT, text: BODY }),
    );
    expect(holdsSecret(error)).toBe(true);
    const shown = everywhere(error);
    expectSilence(shown);
    expect(shown).not.toContain('b@customer.example');
    transport.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
});

describe('OAuth', () => {
  const at = createFixture();
  test('a provider that refuses the secret', async () => {
    const error = await provoked(
      at
        .replica([at.application({ credentials: [{ kind: 'secret', secret: PASSWORD }] })])
        .getToken(imapServer(), 'imap'),
    );
    expectSilence(everywhere(error) + everywhere(error.cause));
    for (const { name, fields } of at.events) expectSilence(name + everywhere(fields.err));
  });
});

test('an error body that repeats the request, of a token endpoint and of S3', async () => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(403, { 'content-type': 'application/xml' });
    response.end(
      `<Error><Code>AccessDenied</Code><Message>client_secret=${PASSWORD} "${SUBJECT}"</Message><Secret>${PASSWORD}</Secret></Error>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'x',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: PASSWORD },
  });
  const error = await provoked(client.send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: BODY })));
  expect(holdsSecret(error)).toBe(true);
  expectSilence(everywhere(error));
  client.destroy();
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

test('an uncaught error and an unhandled rejection', async () => {
  const fields = `Object.assign(new Error('lost'), { command: { name: 'auth', args: ['${PASSWORD}'] } })`;
  const dir = tempDir('uncaught');
  const file = join(dir.path, 'hook.mjs');
  for (const end of [`throw ${fields}`, `Promise.reject(${fields})`]) {
    // As soon as the program listens for it, and not a moment earlier.
    writeFileSync(
      file,
      `process.on('newListener', (name) => name === 'uncaughtException' && setImmediate(() => { ${end} }))`,
    );
    const child = startMailroom({ args: ['parse', '-'], nodeArgs: ['--import', file] });
    expect(await child.waitForExit()).toBe(1);
    expect(child.output()).toMatch(/^mailroom: Error: lost$/m);
    expectSilence(child.output());
  }
  dir.remove();
});

test('JSON that cannot be parsed', async () => {
  expectSilence(everywhere(await provoked(Promise.resolve().then(() => JSON.parse(`{"subject": ${SUBJECT}`)))));
});
