// npm run demo: the whole main job on embedded parts. A sandbox tenant takes the place of Microsoft 365, the gateway runs as a process of its own
// (production code, no special paths), a sample backend consumes the flows and lets an agent answer.
//   npm run demo                     runs until Ctrl-C
//   npm run demo -- --no-agent       nobody consumes the flows: the messages wait for your own consumer
//   npm run demo -- --once --json    one round; the last line is JSON with the counts, compared from mailboxes, queues and sent mail
// REDIS_URL names a Redis of yours (redis:// or rediss://, with user, password and number of the database).
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Sandbox, startSandbox } from '../src/sandbox/index.ts';
import { startBackend } from './backend.ts';
import { count } from './count.ts';
import { type DemoGateway, startGateway } from './gateway.ts';
import { ownFolder } from './leftovers.ts';
import { customerMails } from './mails.ts';
import { startRedis } from './redis.ts';
import { FLOWS, tenant } from './tenant.ts';
import { bold, dim, green, red, say } from './words.ts';

const { once, json, agent } = optionsOf(process.argv.slice(2));
const started = performance.now();

const closers: (() => Promise<void> | void)[] = [];
let closing: Promise<void> | undefined;
const closeAll = () => {
  closing ??= (async () => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  })();
  return closing;
};

/** Milliseconds for an orderly stop; what is left then is killed (leftovers.ts). */
const STOP_MS = 8_000;
let ready = false;
let asked = 0;
/**
 * Before anything is started: whenever the signal comes, all that was started is stopped. npm and the shell pass on what the terminal has sent
 * us already, so a signal right behind the first one is the same one; a later one ends everything at once.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (asked > 0) return performance.now() - asked > 500 ? process.exit(130) : undefined;
    asked = performance.now();
    say('', 'stopping …');
    setTimeout(() => process.exit(130), STOP_MS).unref();
    closeAll()
      .then(() => say('stopped'))
      .finally(() => process.exit(ready ? 0 : 130));
    return undefined;
  });
}
// The terminal may be gone before we are.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** Ends the process when an option is unknown. */
function optionsOf(args: string[]) {
  const options = { once: { type: 'boolean' }, json: { type: 'boolean' }, 'no-agent': { type: 'boolean' } } as const;
  try {
    const { once = false, json = false, 'no-agent': alone = false } = parseArgs({ args, options }).values;
    return { once, json, agent: !alone };
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : error}\n`);
    process.stderr.write('usage: npm run demo -- [--once] [--json] [--no-agent]\n');
    process.exit(2);
  }
}

async function main(): Promise<number> {
  say(bold('Mailroom demo'), dim('shared mailbox → queue → agent → reply, on this machine alone'));
  const folder = ownFolder('mailroom-demo-');

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
  const backend = agent ? startBackend(redis.url, FLOWS) : undefined;
  if (backend) closers.push(backend.stop);
  await gateway.watching(FLOWS.length);
  say(green(`Gateway: watching ${FLOWS.length} shared mailboxes, API on ${gateway.url}`));

  const run = Date.now().toString(36);
  const mails = customerMails(run);
  say('', bold(`${mails.length} customers write`));
  for (const mail of mails) {
    sandbox.mailboxes.deliver(mail.to, mail.raw, mail.from);
    say(`  ${mail.from} → ${mail.to}`, dim(mail.about));
  }
  let refused = 0;
  if (backend) {
    await backend.answered(mails.length, 60_000);
    const refusal = await backend.answerFromForbiddenAddress();
    refused = 1;
    say('', bold('An agent picks a From that is not permitted'));
    say(`  ${red(refusal.code)}: ${refusal.message}`, dim(`permitted: ${refusal.permitted.join(', ')}`));
  } else {
    await enqueued(redis.url, sandbox, mails.length);
  }

  const counts = {
    ...(await count(redis.url, FLOWS, sandbox)),
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
  const good =
    counts.lost === 0 && counts.duplicated === 0 && counts.enqueued === mails.length && counts.refused === refused;
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
  say('', bold('The demo keeps running.'), 'Write a mail yourself (another terminal):');
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
  if (!agent) {
    say('The messages wait on their queues for your own consumer:');
    for (const { emailFlow } of FLOWS)
      say(dim(`  REDIS_URL='${shownUrl(redis.url)}' EMAIL_FLOW='${emailFlow}' node examples/consumer-plain.mjs`));
  }
  say('Ctrl-C stops everything.');
  ready = true;
  return new Promise<number>(() => {}); // until a signal
}

/** A password stays with who set it. */
function shownUrl(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//…@');
}

/** Resolves when all messages are on their queues, or a minute has passed. */
async function enqueued(redisUrl: string, sandbox: Sandbox, messages: number): Promise<void> {
  const until = performance.now() + 60_000;
  while ((await count(redisUrl, FLOWS, sandbox)).enqueued < messages && performance.now() < until) await delay(100);
}

try {
  process.exitCode = await main();
} catch (error) {
  // What is being stopped fails at whatever it was doing.
  if (asked > 0) await new Promise(() => {});
  say(red(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  await closeAll();
  process.exitCode = 1;
}
