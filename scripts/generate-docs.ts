// `npm run docs`: writes the references that are generated from the code: docs/errors.md, docs/events.md, docs/configuration.md,
// docs/check.md, docs/sandbox-faults.md, docs/en/privacy.md, docs/de/datenschutz.md, schemas/*.json, schemas/examples/*.json. test/docs/generated.test.ts compares the committed files with what comes out here.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { z } from 'zod';
import { documentation } from '../src/config/docs.ts';
import { mailboxEventSchema } from '../src/contract/mailbox-event.ts';
import { messageSchema } from '../src/contract/message.ts';
import { outcomeSchema } from '../src/contract/outcome.ts';
import { replySchema } from '../src/contract/reply.ts';
import { failureClasses, resultSchema } from '../src/contract/result.ts';
import { type FixNames, fixOf } from '../src/doctor/fixes.ts';
import { bounceErrors } from '../src/domain/catalogue/bounces.ts';
import { configErrors } from '../src/domain/catalogue/config.ts';
import { doctorErrors } from '../src/domain/catalogue/doctor.ts';
import type { CatalogueEntry } from '../src/domain/catalogue/entry.ts';
import { httpErrors } from '../src/domain/catalogue/http.ts';
import { imapErrors } from '../src/domain/catalogue/imap.ts';
import { catalogue, type ErrorCode, titleOf } from '../src/domain/catalogue/index.ts';
import { messageErrors } from '../src/domain/catalogue/message.ts';
import { oauthErrors } from '../src/domain/catalogue/oauth.ts';
import { queueErrors } from '../src/domain/catalogue/queue.ts';
import { replyErrors } from '../src/domain/catalogue/reply.ts';
import { smtpErrors } from '../src/domain/catalogue/smtp.ts';
import { smtpAnswerErrors } from '../src/domain/catalogue/smtp-answers.ts';
import { planOf, steps } from '../src/domain/doctor.ts';
import { BOUNCES, FAULTS, SMTP_REPLIES } from '../src/sandbox/index.ts';
import { configEvents } from '../src/telemetry/events/config.ts';
import type { EventDefinition } from '../src/telemetry/events/event.ts';
import { httpEvents } from '../src/telemetry/events/http.ts';
import { inboundEvents } from '../src/telemetry/events/inbound.ts';
import { eventDefinitions } from '../src/telemetry/events/index.ts';
import { lifecycleEvents } from '../src/telemetry/events/lifecycle.ts';
import { oauthEvents } from '../src/telemetry/events/oauth.ts';
import { outboundEvents } from '../src/telemetry/events/outbound.ts';
import { labelName, metricName } from '../src/telemetry/events.ts';
import { type Measure, measures } from '../src/telemetry/measures.ts';
import { exampleMessages } from './example-messages.ts';
import { rules } from './ops/alerts.ts';
import { dashboard } from './ops/dashboard.ts';
import { runbook } from './ops/runbook.ts';
import { privacyEnglish, privacyGerman } from './privacy-docs.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** All generated files: path below the project → text. Pure. */
export function generate(): Map<string, string> {
  const rulesText = `# Generated from scripts/ops/alerts.ts by \`npm run docs\`; do not edit.\n${stringify(rules(), { lineWidth: 0 })}`;
  return new Map([
    ['docs/errors.md', errors()],
    ['docs/events.md', eventsAndMetrics()],
    ['docs/configuration.md', documentation()],
    ['docs/check.md', doctor()],
    ['docs/sandbox-faults.md', sandboxFaults()],
    ['docs/en/privacy.md', privacyEnglish(NOTE('scripts/privacy-docs.ts and src/domain/retention.ts'), table)],
    ['docs/de/datenschutz.md', privacyGerman(NOTE('scripts/privacy-docs.ts and src/domain/retention.ts'), table)],
    ['schemas/mailroom.mailbox-event-1.json', jsonSchema(mailboxEventSchema, 'output', 'mailroom.mailbox-event/1')],
    ['schemas/mailroom.message-1.json', jsonSchema(messageSchema, 'output', 'mailroom.message/1')],
    ['schemas/mailroom.reply-1.json', jsonSchema(replySchema, 'input', 'mailroom.reply/1')],
    ['schemas/mailroom.result-1.json', jsonSchema(resultSchema, 'output', 'mailroom.result/1')],
    ['schemas/mailroom.outcome-1.json', jsonSchema(outcomeSchema, 'output', 'mailroom.outcome/1')],
    ...exampleMessages(),
    ['docs/runbook.md', `${NOTE('scripts/ops/alerts.ts and src/domain/catalogue')}\n${runbook(table)}`],
    ['ops/prometheus/mailroom.rules.yaml', rulesText],
    ['ops/helm/mailroom/files/mailroom.rules.yaml', rulesText],
    ['ops/grafana/mailroom.json', `${JSON.stringify(dashboard(), undefined, 2)}\n`],
  ]);
}

const NOTE = (source: string) => `<!-- Generated from ${source} by \`npm run docs\`; do not edit. -->\n`;

/** Text for people: `<name>` is a placeholder and not HTML, outside of code spans. */
const prose = (text: string) =>
  text
    .split('`')
    .map((part, i) => (i % 2 === 0 ? part.replaceAll('<', '&lt;') : part))
    .join('`');
/** Text within a table cell: one line, no bars. */
const cell = (text: string) => prose(text.replace(/\s*\n\s*/g, ' ')).replaceAll('|', '\\|');
const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``;
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** Sections in the order given; whatever is in `all` and in no section is an error: the list above is incomplete then. */
function complete<T>(
  all: Readonly<Record<string, T>>,
  sections: readonly (readonly [string, Readonly<Record<string, T>>])[],
) {
  const known = new Set(sections.flatMap(([, section]) => Object.keys(section)));
  const missing = Object.keys(all).filter((name) => !known.has(name));
  if (missing.length > 0)
    throw new Error(`scripts/generate-docs.ts does not know the section of ${missing.join(', ')}`);
  return sections.filter(([, section]) => Object.keys(section).length > 0);
}

const ACTIONS: Readonly<Record<CatalogueEntry['action'], string>> = {
  retry: 'retried with back-off',
  'renew-token': 'a new token is fetched and the step retried once immediately',
  'back-off': 'this mailbox or server waits for a long time',
  'pause-server': 'nothing is sent through this server until it works again; its jobs are kept',
  hold: 'kept for a person, or until a given time',
  fail: 'this reply or request ends here',
  quarantine: 'the message is set aside with its raw bytes and reported',
  settle: 'Mailroom searches Sent before anything else happens',
  refuse: 'the input is refused',
  warn: 'Mailroom continues and reports it',
  stop: 'the process does not start',
};

function errors(): string {
  const sections = complete<CatalogueEntry>(catalogue, [
    ['Configuration', configErrors],
    ['Reading mailboxes (IMAP)', imapErrors],
    ['Messages', messageErrors],
    ['Queues and Redis', queueErrors],
    ['Replies', replyErrors],
    ['Replies that did not arrive', bounceErrors],
    ['Sending (SMTP)', { ...smtpErrors, ...smtpAnswerErrors }],
    ['Sign-in (OAuth2)', oauthErrors],
    ['HTTP', httpErrors],
    ['Found by `mailroom check`', doctorErrors],
  ]);
  const advice = ({ en, de }: { en: string; de: string }, where: { en: string; de: string }) =>
    `- **What to do${where.en}:** ${prose(en)}\n- **Was zu tun ist${where.de}:** ${prose(de)}\n`;
  const at = (name: string) => ({ en: ` at ${name}`, de: ` bei ${name}` });
  const entry = ([name, { class: kind, action, message, hint, hintAt }]: [string, CatalogueEntry]) =>
    `### ${name}\n\n${prose(message)}\n\n*${prose(titleOf(name as ErrorCode, 'de'))}*\n\nClass \`${kind}\`, action \`${action}\`.\n\n${advice(hint, { en: '', de: '' })}${
      hintAt?.microsoft === undefined ? '' : advice(hintAt.microsoft, at('Microsoft'))
    }${hintAt?.google === undefined ? '' : advice(hintAt.google, at('Google'))}`;
  return `${NOTE('src/domain/catalogue')}
# Errors

All error codes that Mailroom uses in logs (\`err.code\`), results of replies (\`failure.code\`), HTTP responses and the portal. Codes
are stable; texts are not.

Classes: ${failureClasses.map((name) => `\`${name}\``).join(', ')}.

${table(
  ['Action', 'What Mailroom does automatically'],
  Object.entries(ACTIONS).map(([name, what]) => [`\`${name}\``, what]),
)}
${sections.map(([title, section]) => `\n## ${title}\n\n${Object.entries(section).map(entry).join('\n')}`).join('')}`;
}

/** `mailroom check`: its steps, and what it says about each failure of sign-in, reading and sending. */
function doctor(): string {
  const names: Omit<FixNames, 'signIn' | 'provider'> = {
    server: '<email server>',
    host: '<host>',
    port: 993,
    user: '<user>',
    person: '<person>',
    from: '<From address>',
    folder: '<folder>',
    application: '<application>',
    clientId: '<client id>',
    tenant: '<tenant>',
    consentUrl: '<admin consent link>',
    permission: '<permission>',
  };
  const stepRows = (type: 'IMAP' | 'SMTP') =>
    planOf({ type }).map((name) => [
      code(name),
      cell(steps[name].title.en),
      cell(steps[name].title.de),
      steps[name].needs.map(code).join(', ') || '–',
    ]);
  const head = ['Step', 'English', 'Deutsch', 'Skipped when one of these failed'];
  const advice = Object.keys({
    ...doctorErrors,
    ...imapErrors,
    ...smtpErrors,
    ...smtpAnswerErrors,
    ...oauthErrors,
  }) as ErrorCode[];
  const fixes = advice.flatMap((name) => {
    const other = fixOf(name, { ...names, signIn: 'password', provider: 'other' });
    const row = (kind: string, fix: { en: string; de: string }) => [`${code(name)}${kind}`, cell(fix.en), cell(fix.de)];
    const at = (provider: 'microsoft' | 'google', signIn: FixNames['signIn'], kind: string) => {
      const fix = fixOf(name, { ...names, signIn, provider });
      return fix.en === other.en ? [] : [row(kind, fix)];
    };
    const appOnly = at('microsoft', 'appOnly', ' Microsoft, app-only');
    const delegated = at('microsoft', 'delegated', ' Microsoft, delegated');
    const one = appOnly[0]?.[1] === delegated[0]?.[1];
    return [
      row('', other),
      ...(one ? at('microsoft', 'appOnly', ' Microsoft') : [...appOnly, ...delegated]),
      ...at('google', 'password', ' Google'),
    ];
  });
  return `${NOTE('src/domain/doctor.ts and src/doctor/fixes.ts')}
# mailroom check

\`mailroom check [server]\` tests an email server step by step and, on failure, names the exact fix with your real names filled in.
It opens folders read-only, changes no flags and uses one short connection at a time, so it is safe beside a running gateway. One
step writes: where \`sentCopy\` is \`append\`, it stores a copy in Sent and removes exactly that message by its UID (UIDPLUS; without it
nothing is stored).
Exit code 0: all steps passed; 1: a step failed.

- \`--json\`: one JSON document, \`{ok, steps}\`; each step with \`server\`, \`step\`, \`state\` (ok, failed, skipped), \`ms\`, \`detail\`, \`failure\`.
- \`--lang de|en\`: default from LC_ALL or LANG.
- \`--send-probe\`: sends a real mail from each permitted From address to the mailbox that signs in (User), the only
  way to prove Send As, and looks for its copy in Sent. The mail is marked \`Auto-Submitted: auto-generated\`. With app-only sign-in it arrives
  in the shared mailbox, and so on its email flow.

## Steps of an IMAP server

${table(head, stepRows('IMAP'))}

The POP3 step is informational: Mailroom does not use POP3. Without IDLE, Mailroom polls the server every 15 seconds; the step \`idle\` reports this
without failing.

## Steps of an SMTP server

${table(head, stepRows('SMTP'))}

## What it advises

${table(['Code', 'What to do', 'Was zu tun ist'], fixes)}
`;
}

function eventsAndMetrics(): string {
  const sections = complete<EventDefinition>(eventDefinitions, [
    ['Start and stop', lifecycleEvents],
    ['Configuration', configEvents],
    ['Inbound', inboundEvents],
    ['Outbound', outboundEvents],
    ['Sign-in', oauthEvents],
    ['HTTP', httpEvents],
  ]);
  const rows = (section: Readonly<Record<string, EventDefinition>>) =>
    Object.entries(section).map(([name, { level, message, labels = [] }]) => [
      code(name),
      level,
      cell(message),
      code(metricName(name)),
      labels.map((label) => code(labelName(label))).join(', '),
    ]);
  return `${NOTE('src/telemetry/events')}
# Events and metrics

Each event writes one JSON log line (\`event\` is its name) and increments one counter. No log line and no label contains a subject, a body, a token, a
password or a customer's address.
${sections
  .map(
    ([title, section]) =>
      `\n## ${title}\n\n${table(['Event', 'Level', 'Meaning', 'Counter', 'Labels'], rows(section))}\n`,
  )
  .join('')}
## Measured

Counters start at 0 for each known email server, email flow and application; their other labels (\`code\`, \`reason\` …) are empty in that series. Count
an event by the sum of all series of a process: \`increase(mailroom:…[15m])\` of the recording rules in ops/prometheus, or
\`increase(sum by (server, instance) (…)[15m:30s])\`. \`increase()\` of a single series misses its first event.

${table(
  ['Metric', 'Kind', 'Meaning', 'Labels'],
  Object.entries<Measure>(measures)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { kind, help, labels = [] }]) => [
      code(name),
      kind,
      cell(help),
      labels.map((label) => code(label)).join(', '),
    ]),
)}

In addition, there are the process metrics of prom-client (\`process_…\`, \`nodejs_…\`).
`;
}

function sandboxFaults(): string {
  const protocols = { imap: 'IMAP', smtp: 'SMTP', oauth: 'OAuth2' } as const;
  const rows = (protocol: keyof typeof protocols) =>
    Object.entries(FAULTS)
      .filter(([, fault]) => fault.protocol === protocol)
      .map(([name, { description, parameters }]) => [
        code(name),
        cell(description),
        Object.entries(parameters)
          .map(([parameter, meaning]) => `${code(parameter)}: ${cell(meaning)}`)
          .join('<br>'),
      ]);
  const replies = Object.entries(SMTP_REPLIES).map(([name, { at, code: number, text }]) => [
    code(name),
    at,
    code(`${number} ${text}`),
  ]);
  const bounces = Object.entries(BOUNCES).map(([name, bounce]) => [
    code(name),
    'remote' in bounce ? 'the recipient’s server' : 'the tenant',
    code(bounce.text),
  ]);
  return `${NOTE('src/sandbox/fault-table.ts')}
# Faults of the sandbox

Faults that \`mailroom sandbox\` can simulate. Every fault takes \`mailbox\` (whose sessions, messages or submissions it affects; all when
missing), \`times\` and \`forMilliseconds\` in addition to its own parameters.
${(['imap', 'smtp', 'oauth'] as const)
  .map(
    (protocol) => `\n## ${protocols[protocol]}\n\n${table(['Fault', 'What happens', 'Parameters'], rows(protocol))}\n`,
  )
  .join('')}
## Replies for \`smtpReply\`

${table(['Name', 'Stage', 'Reply'], replies)}

## Reports for \`bounce\`

Exchange Online's own limits and blocks come as such reports, after the server has accepted the mail.

${table(['Name', 'Whose words', 'Diagnostic'], bounces)}
`;
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output', title: string): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' });
  return `${JSON.stringify({ $schema, $id: `${title.replace('/', '-')}.json`, title, ...rest }, null, 2)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [path, text] of generate()) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stdout.write(`[docs] ${path}\n`);
  }
}
