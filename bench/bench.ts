// npm run bench -- drain | latency | idle [--mailbox-events] | outbound | parse | storm | replicas | all [--json] [--n N] [--rounds N] [--svg file] [--markdown file] [--strict]
// Starts its own Dovecot, Redis, sandbox and sink; product and peers run as processes of their own, interleaved; each one's work is checked
// before a figure is printed. A benchmark that fails is reported and does not stop the others. Exit code 1: one failed, or, with --strict, a goal
// was missed or the machine was busy.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchDrain } from './drain.ts';
import { benchFleet, benchPeople } from './fleet.ts';
import { benchLatency } from './latency.ts';
import { intoDocument, markdown } from './markdown.ts';
import { benchOutbound } from './outbound.ts';
import { benchParse } from './parse.ts';
import { plot } from './plot.ts';
import { benchReplicas } from './replicas.ts';
import { busyAt, type Results, report } from './report.ts';

const NAMES = ['drain', 'latency', 'idle', 'outbound', 'parse', 'storm', 'replicas'] as const;
type Name = (typeof NAMES)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    'mailbox-events': { type: 'boolean', default: false },
    n: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    svg: { type: 'string' },
    markdown: { type: 'string' },
  },
});
const [asked = 'all'] = positionals;
if (asked !== 'all' && !NAMES.includes(asked as Name)) usage(`${asked} is no benchmark`);
const n = values.n === undefined ? undefined : whole('n', values.n);
const rounds = whole('rounds', values.rounds);

function usage(problem: string): never {
  process.stderr.write(
    `${problem}\nusage: npm run bench -- ${NAMES.join(' | ')} | all [--json] [--n N] [--rounds N] [--svg file] [--markdown file] [--strict]\n`,
  );
  process.exit(2);
}

function whole(name: string, text: string): number {
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : usage(`--${name} must be a whole number from 1, is ${text}`);
}

// An exit, unlike a signal's default, ends the servers that were started (test/support/processes.ts).
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

const wanted = (name: Name) => asked === 'all' || asked === name;
const say = (line: string) => process.stderr.write(`[bench] ${line}\n`);
const load = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100;

const results: Results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`,
  command: `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim(),
  // Before the build, which is a load itself.
  load: load(),
  seconds: {},
  failed: {},
};
const busy = busyAt(results.load, cpus().length);
if (busy) say(`THE MACHINE IS BUSY: load average ${results.load} at the start. The figures will say little.`);

// The product is measured as it is shipped: compiled.
say('building dist/');
const root = fileURLToPath(new URL('../', import.meta.url));
execFileSync(process.execPath, [`${root}scripts/build.mjs`], { cwd: root, stdio: ['ignore', 2, 2] });

async function run<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
  say(`${name} …`);
  const began = performance.now();
  try {
    return await work();
  } catch (error) {
    results.failed[name] = error instanceof Error ? error.message : String(error);
    say(`${name} FAILED: ${results.failed[name]}`);
    return undefined;
  } finally {
    results.seconds[name] = Math.round((performance.now() - began) / 1000);
    say(`${name} took ${results.seconds[name]} s`);
  }
}
if (wanted('parse')) results.parse = await run('parse', () => benchParse(n ?? 400, 5, asked === 'parse'));
if (wanted('drain')) results.drain = await run('drain', () => benchDrain(n ?? 5_000, rounds));
if (wanted('latency')) results.latency = await run('latency', () => benchLatency(n ?? 500));
if (wanted('outbound')) results.outbound = await run('outbound', () => benchOutbound(n ?? 1_000, rounds));
if (asked === 'idle' && values['mailbox-events'])
  results.people = await run('idle with mailbox events', () => benchPeople(Math.min(n ?? 1_000, 1_000)));
else if (wanted('idle') || wanted('storm'))
  results.fleet = await run('idle and storm', () => benchFleet(Math.min(n ?? 1_000, 1_000), wanted('storm')));
if (wanted('replicas')) results.replicas = await run('replicas', () => benchReplicas(n ?? 120));

const { text, missed } = report(results);
process.stdout.write(values.json ? `${JSON.stringify({ ...results, missed })}\n` : text);
if (values.json) process.stderr.write(text);
if (values.svg !== undefined) writeFileSync(values.svg, plot(results));
if (values.markdown !== undefined)
  writeFileSync(values.markdown, intoDocument(readFileSync(values.markdown, 'utf8'), markdown(results)));
const failed = Object.keys(results.failed).length > 0;
process.exit(failed || (values.strict && (missed.length > 0 || busy)) ? 1 : 0);
