// npm run bench -- drain | latency | idle | outbound | parse | storm | all [--json] [--n N] [--rounds N] [--svg file]
// Starts its own Dovecot, Redis, sandbox and sink; product and peers run as processes of their own, interleaved; each one's work is checked
// before a figure is printed. Goals are those of the performance issue; a missed one is said, and gives exit code 1 only with --strict.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchDrain } from './drain.ts';
import { benchFleet } from './fleet.ts';
import { benchLatency } from './latency.ts';
import { benchOutbound } from './outbound.ts';
import { benchParse } from './parse.ts';
import { plot } from './plot.ts';
import { type Results, report } from './report.ts';

const NAMES = ['drain', 'latency', 'idle', 'outbound', 'parse', 'storm'] as const;
type Name = (typeof NAMES)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    n: { type: 'string' },
    rounds: { type: 'string' },
    svg: { type: 'string' },
  },
});
const [asked = 'all'] = positionals;
if (asked !== 'all' && !NAMES.includes(asked as Name)) {
  process.stderr.write(
    `usage: npm run bench -- ${NAMES.join(' | ')} | all [--json] [--n N] [--rounds N] [--svg file] [--strict]\n`,
  );
  process.exit(2);
}
// An exit, unlike a signal's default, ends the servers that were started (test/support/processes.ts).
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

const wanted = (name: Name) => asked === 'all' || asked === name;
const n = values.n === undefined ? undefined : Number(values.n);
const rounds = values.rounds === undefined ? 3 : Number(values.rounds);
const say = (line: string) => process.stderr.write(`[bench] ${line}\n`);

// The product is measured as it is shipped: compiled.
say('building dist/');
execFileSync(
  process.execPath,
  [fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url)), '-p', 'tsconfig.build.json'],
  {
    cwd: fileURLToPath(new URL('../', import.meta.url)),
    stdio: ['ignore', 2, 2],
  },
);

const results: Results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`,
  command: `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim(),
};
const run = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  say(`${name} …`);
  const began = performance.now();
  const result = await work();
  say(`${name} took ${Math.round((performance.now() - began) / 1000)} s`);
  return result;
};
if (wanted('parse')) results.parse = await run('parse', () => benchParse(n ?? 400));
if (wanted('drain')) results.drain = await run('drain', () => benchDrain(n ?? 5_000, rounds));
if (wanted('latency')) results.latency = await run('latency', () => benchLatency(n ?? 500));
if (wanted('outbound')) results.outbound = await run('outbound', () => benchOutbound(n ?? 1_000, rounds));
if (wanted('idle') || wanted('storm'))
  results.fleet = await run('idle and storm', () =>
    benchFleet(n === undefined ? 1_000 : Math.min(n, 1_000), wanted('storm')),
  );

const { text, missed } = report(results);
process.stdout.write(values.json ? `${JSON.stringify({ ...results, missed })}\n` : text);
if (values.svg !== undefined) writeFileSync(values.svg, plot(results));
process.exit(values.strict && missed.length > 0 ? 1 : 0);
