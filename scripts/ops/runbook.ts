// docs/runbook.md: an entry for each alert (alerts.ts) and each error code (the catalogue).
import type { CatalogueEntry } from '../../src/domain/catalogue/entry.ts';
import { catalogue } from '../../src/domain/catalogue/index.ts';
import { alerts, limits } from './alerts.ts';

/** What a class of errors asks of the person on call, at first sight. */
const URGENCY: Readonly<Record<CatalogueEntry['action'], string>> = {
  retry: 'nothing, unless it lasts',
  'renew-token': 'nothing',
  'back-off': 'look at it today',
  'pause-server': 'act now: replies wait',
  hold: 'a person must decide',
  fail: 'the backend or the agent corrects the reply or request',
  quarantine: 'look at the message',
  settle: 'nothing yet',
  refuse: 'correct the input',
  warn: 'look at it when there is time',
  stop: 'act now: the process does not start',
};

const unplaced = (text: string) =>
  text.replace(/\{\{ \$labels\.(\w+) \}\}/g, '*$1*').replace(/\{\{ \$value.*?\}\}/g, '*n*');
const filled = (expr: string) =>
  expr.replace(/\$(\w+)/g, (all, name: string) => String(limits[name as keyof typeof limits] ?? all));

export function runbook(table: (head: readonly string[], rows: readonly (readonly string[])[]) => string): string {
  const entries = alerts.map(
    ({ name, expr, for: lasting, severity, summary, steps }) =>
      `### ${name}\n\n**${severity}**: ${unplaced(summary)}${lasting === undefined ? '' : ` (for ${lasting})`}.\n\n${steps
        .map((step, i) => `${i + 1}. ${step}`)
        .join('\n')}\n\n\`\`\`promql\n${filled(expr)}\n\`\`\`\n`,
  );
  const codes = Object.entries<CatalogueEntry>(catalogue).map(([code, { class: kind, action, hint }]) => [
    `[${code}](errors.md#${code.toLowerCase()})`,
    `\`${kind}\``,
    URGENCY[action],
    firstSentence(hint.en).replaceAll('|', '\\|'),
  ]);
  return `# Runbook

What to do when an alert of [ops/prometheus](../ops/prometheus/mailroom.rules.yaml) fires, and what an error code asks of you. Background: [operator.md](operator.md).

## Alerts

${entries.join('\n')}
## Error codes

By \`err.code\` of a log line, \`failure.code\` of a reply, or the portal. The link leads to the whole advice, in English and German.

${table(['Code', 'Class', 'Urgency', 'First step'], codes)}
`;
}

/** Up to the first full stop that ends a sentence; `<name>` is a placeholder and no HTML. */
function firstSentence(text: string): string {
  const sentence = /^.+?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text;
  return sentence
    .split('`')
    .map((part, i) => (i % 2 === 0 ? part.replaceAll('<', '&lt;') : part))
    .join('`')
    .replace(/\s+/g, ' ');
}
