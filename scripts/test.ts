// `npm test`: everything that must hold, in one run. Says what it does, continues after a failure so that one run shows all of them, and ends
// with a table and the line `N passed, N failed`. Exit code 1 on any failure, skipped test, empty project or process left behind.
//   npm test                          all steps
//   npm test -- unit integration      these steps
//   npm test -- --seed 42 chaos       the order of an earlier run
//   npm test -- --long chaos fuzz     long form of chaos and fuzz (TEST_LENGTH=long)
import { availableParallelism } from 'node:os';
import { ensureServers } from './ensure-servers.ts';
import {
  build,
  cleanUp,
  closing,
  lint,
  notRun,
  type Outcome,
  project,
  type Run,
  startRun,
  types,
  wasInterrupted,
} from './steps.ts';

interface Step {
  what: string;
  /** Servers it needs (scripts/ensure-servers.ts). */
  servers?: string[];
  run: (run: Run) => Promise<Outcome>;
}

const LIMITS = { short: { chaos: 20, fuzz: 10 }, long: { chaos: 240, fuzz: 240 } };
const long = process.argv.includes('--long');
const limits = long ? LIMITS.long : LIMITS.short;
const form = long ? 'long form' : 'short form';

const STEPS: Readonly<Record<string, Step>> = {
  lint: { what: 'format and lint', run: lint },
  types: { what: 'types', run: types },
  build: { what: 'build', run: build },
  unit: { what: 'unit', run: (run) => project(run, 'unit', 'pure and in-process tests') },
  docs: { what: 'docs', run: (run) => project(run, 'docs', 'generated references and examples are as the code is') },
  corpus: { what: 'corpus', run: (run) => project(run, 'corpus', 'real mails of other projects', { maySkip: true }) },
  integration: {
    what: 'integration',
    servers: ['redis', 'dovecot', 'postfix', 'chromium', 'prometheus', 'helm', 'peers'],
    // They wait more than they compute: three files on two cores take 295 s instead of 470.
    run: (run) =>
      project(run, 'integration', 'against real Redis, Dovecot, Postfix', {
        workers: Math.min(4, availableParallelism() + 1),
      }),
  },
  journey: {
    what: 'journey',
    servers: ['redis', 'dovecot', 'postfix', 'chromium', 'prometheus'],
    run: (run) => project(run, 'journey', 'the whole way, from mail to reply', { workers: 1, limitMinutes: 30 }),
  },
  chaos: {
    what: 'chaos',
    servers: ['redis', 'dovecot', 'postfix'],
    run: (run) =>
      project(run, 'chaos', `kills and broken connections, ${form}`, { workers: 1, limitMinutes: limits.chaos }),
  },
  fuzz: { what: 'fuzz', run: (run) => project(run, 'fuzz', `hostile input, ${form}`, { limitMinutes: limits.fuzz }) },
};

const args = process.argv.slice(2).filter((arg) => arg !== '--long');
const seedAt = args.indexOf('--seed');
const seed = seedAt >= 0 ? Number(args.splice(seedAt, 2)[1]) : undefined;
const unknown = args.filter((name) => !(name in STEPS));
if (unknown.length > 0 || (seed !== undefined && !Number.isSafeInteger(seed))) {
  process.stderr.write(`usage: npm test -- [--seed n] [--long] [${Object.keys(STEPS).join('|')}]…\n`);
  process.exit(2);
}

const names = Object.keys(STEPS).filter((name) => args.length === 0 || args.includes(name));
const run = startRun(seed);
run.env.TEST_LENGTH = long ? 'long' : 'short';
process.stdout.write(
  `[test] steps: ${names.join(', ')}; test order by seed ${run.seed} (npm test -- --seed ${run.seed})\n`,
);

const outcomes: Outcome[] = [];
for (const name of names) {
  const step = STEPS[name];
  if (step === undefined) continue;
  if (wasInterrupted()) outcomes.push(notRun(name, 'interrupted'));
  else if (step.servers !== undefined && !ensureServers(step.servers))
    outcomes.push(notRun(name, 'servers are missing'));
  else outcomes.push(await step.run(run));
}
const left = await cleanUp(run);
process.exit(closing(left === undefined ? outcomes : [...outcomes, left]));
