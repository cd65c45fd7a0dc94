// `npm run test:servers`: Courier, Cyrus and Exim from Debian, each in a throw-away root made by debootstrap; nothing is installed on this machine and
// nothing is left behind. Needs root and debootstrap, and reports it where one is missing.
//   npm run test:servers                all three
//   npm run test:servers -- --write     and writes what was found into docs/servers.md
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../test/servers/table.ts';
import { makeBase, rootImpossible } from '../test/support/debian-root.ts';
import { ensureServers } from './ensure-servers.ts';
import { cleanUp, closing, notRun, project, root, startRun } from './steps.ts';

const say = (line: string) => process.stdout.write(`[servers] ${line}\n`);
const DOC = join(root, 'docs/servers.md');
const [BEGIN, END] = ['<!-- found by npm run test:servers -->', '<!-- end -->'];

const impossible = rootImpossible() ?? (ensureServers(['redis']) ? undefined : 'needs redis-server');
if (impossible !== undefined) {
  say(`not run: it ${impossible}`);
  process.exit(closing([notRun('servers', impossible)]));
}
const run = startRun();
process.env.TMPDIR = run.tmp;
say('making a bare Debian by debootstrap (a minute)');
const base = await makeBase();
const file = join(run.tmp, 'found.jsonl');
try {
  Object.assign(run.env, { MAILROOM_SERVERS_BASE: base.path, MAILROOM_SERVERS_FOUND: file });
  const outcome = await project(run, 'servers', 'Courier, Cyrus, Exim', { workers: 1, limitMinutes: 25 });
  const found = existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Finding)
    : [];
  const table = tableOf(found);
  process.stdout.write(`\n${table}\n\n`);
  if (process.argv.includes('--write') && outcome.ok) {
    const text = readFileSync(DOC, 'utf8');
    const [before = '', rest = ''] = text.split(BEGIN);
    const [, after = ''] = rest.split(END);
    writeFileSync(DOC, `${before}${BEGIN}\n${table}\n${END}${after}`);
    say('written: docs/servers.md');
  }
  base.remove();
  const left = await cleanUp(run);
  process.exitCode = closing(left === undefined ? [outcome] : [outcome, left]);
} finally {
  base.remove();
}

function tableOf(found: readonly Finding[]): string {
  const day = new Date().toISOString().slice(0, 10);
  const rows = found.map(({ server, version, what, found: text }) => `| ${server} ${version} | ${what} | ${text} |`);
  return [`Run on ${day}.`, '', '| server | tried | found |', '|---|---|---|', ...rows].join('\n');
}
