// npm run demo: the whole main job on embedded parts. A sandbox tenant stands in for Microsoft 365, the gateway runs as a process of its own
// (production code, no special paths), a sample backend consumes the flows and lets an agent answer.
//   npm run demo                     runs until Ctrl-C
//   npm run demo -- --once --json    one round; the last line is JSON with the counts, compared from mailboxes, queues and sent mail
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../src/sandbox/index.ts';
import { startBackend } from './backend.ts';
import { count } from './count.ts';
import { type DemoGateway, startGateway } from './gateway.ts';
import { customerMails } from './mails.ts';
import { startRedis } from './redis.ts';
import { FLOWS, tenant } from './tenant.ts';
import { bold, dim, green, red, say } from './words.ts';

const once = process.argv.includes('--once');
const json = process.argv.includes('--json');
const started = performance.now();

const closers: (() => Promise<void> | void)[] = [];
let closing: Promise<void> | undefined;
const closeAll = () => {
  closing ??= (async () => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  })();
  return closing;
};

async function main(): Promise<number> {
  say(bold('Mailroom demo'), dim('shared mailbox → queue → agent → reply, on this machine alone'));
  const folder = mkdtempSync(join(tmpdir(), 'mailroom-demo-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));

  const redis = await startRedis();
  closers.push(redis.stop);
  if (redis.kind === 'embedded')
    say(red('Redis: embedded, in pure JavaScript. For this demo only: it keeps nothing, production refuses it.'));
  else say(`Redis: ${redis.kind}`);

  const sandbox = await startSandbox(tenant);
  closers.push(sandbox.stop);
  say(`Sandbox tenant: sign-in ${sandbox.authority}, IMAP ${sandbox.imap.port}, SMTP ${sandbox.smtp.port}`);

  const gateway: DemoGateway = await startGateway(folder, sandbox, redis.url);
  closers.push(gateway.stop);
  const backend = startBackend(redis.url, FLOWS);
  closers.push(backend.stop);
  await gateway.watching(FLOWS.length);
  say(green(`Gateway: watching ${FLOWS.length} shared mailboxes, API on ${gateway.url}`));

  const run = Date.now().toString(36);
  const mails = customerMails(run);
  say('', bold(`${mails.length} customers write`));
  for (const mail of mails) {
    sandbox.mailboxes.deliver(mail.to, mail.raw, mail.from);
    say(`  ${mail.from} → ${mail.to}`, dim(mail.about));
  }
  await backend.answered(mails.length, 60_000);
  const refusal = await backend.answerFromForbiddenAddress();
  say('', bold('An agent picks a From that is not permitted'));
  say(`  ${red(refusal.code)}: ${refusal.message}`, dim(`permitted: ${refusal.permitted.join(', ')}`));

  const counts = {
    ...(await count(redis.url, FLOWS, sandbox)),
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
  const good = counts.lost === 0 && counts.duplicated === 0 && counts.enqueued === mails.length && counts.refused === 1;
  say(
    '',
    (good ? green : red)(
      `${counts.enqueued} enqueued, ${counts.accepted} replies accepted, ${counts.refused} refused, ${counts.lost} lost, ${counts.duplicated} duplicated`,
    ),
  );

  if (once) {
    await closeAll();
    if (json) process.stdout.write(`${JSON.stringify(counts)}\n`);
    return good ? 0 : 1;
  }
  say('', bold('It goes on running.'), 'Write a mail yourself (another terminal):');
  say(
    dim(
      `  curl --url smtp://localhost:${sandbox.smtp.port} --ssl-reqd --cacert ${gateway.caFile} --user jane@customer.example:sandbox-jane \\`,
    ),
  );
  say(
    dim(
      `    --mail-from jane@customer.example --mail-rcpt support@contoso.example -T <(printf 'From: jane@customer.example\\nSubject: Hello\\n\\nHow are you?\\n')`,
    ),
  );
  say(dim(`  curl -H 'Authorization: Bearer ${gateway.apiToken}' ${gateway.url}/v1/email-flows/Support/senders`));
  say('Ctrl-C stops everything.');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  say('', 'stopping …');
  await closeAll();
  say('stopped');
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(red(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  await closeAll();
  process.exitCode = 1;
}
