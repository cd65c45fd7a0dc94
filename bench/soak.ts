// npm run soak -- [--minutes N] [--mailboxes N] [--rate N] [--seed N] [--samples file] [--markdown file]
// npm run soak -- --stops N
// A gateway under steady mail and replies with faults all the while: what it uses over time, with slopes, and a count at the ends. With --stops: the
// gateway is ended by SIGTERM at N random moments while mail flows. Exit code 1: something was lost, doubled or missing, or a stop was not orderly.
import { execFileSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { structureOf } from '../src/adapters/redis/structures.ts';
import type { MailroomProcess } from '../test/support/mailroom.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';
import { type Counts, openTraffic } from '../test/support/steady-traffic.ts';
import { stopsAtRandom } from '../test/support/stops.ts';
import { PRODUCT, SHIPPED, usageOf } from './child.ts';
import { intoDocument, table } from './markdown.ts';
import { tidy } from './numbers.ts';
import { usedMemory } from './sizing.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    mailboxes: { type: 'string', default: '200' },
    rate: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    stops: { type: 'string' },
    samples: { type: 'string' },
    markdown: { type: 'string' },
  },
});

function whole(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  process.stderr.write(`--${name} must be a whole number from 1, is ${text}\n`);
  process.exit(2);
}
const minutes = whole('minutes', values.minutes);
const mailboxes = whole('mailboxes', values.mailboxes);
const mailsPerSecond = whole('rate', values.rate);
const seed = whole('seed', values.seed);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
const say = (line: string) => process.stderr.write(`[soak] ${line}\n`);
const root = fileURLToPath(new URL('../', import.meta.url));
say('building dist/');
execFileSync(process.execPath, [`${root}scripts/build.mjs`], { cwd: root, stdio: ['ignore', 2, 2] });

/** What is measured, in the units of the table. */
interface Sample extends Record<string, number> {
  minute: number;
  'RSS MB': number;
  'heap MB': number;
  handles: number;
  'Redis MB': number;
  keys: number;
  'log MB': number;
  'CPU s': number;
}

const FAULT_EVERY_MS = 5_000;
/** Redis is restarted, in an orderly way, so often. */
const REDIS_RESTART_MS = 20 * 60_000;

const gauge = (metrics: string, name: string): number =>
  Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN);

async function sample(one: MailroomProcess, url: string, client: Redis, began: number): Promise<Sample> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const usage = usageOf(one.pid);
  return {
    minute: tidy((performance.now() - began) / 60_000),
    'RSS MB': usage.rssMb,
    'heap MB': tidy(gauge(metrics, 'nodejs_heap_size_used_bytes') / 1e6),
    handles: readdirSync(`/proc/${one.pid}/fd`).length,
    'Redis MB': tidy((await usedMemory(client)) / 1e6),
    keys: await client.dbsize(),
    'log MB': Math.round(one.output().length / 1e4) / 100,
    'CPU s': usage.cpuSeconds,
  };
}

/** Keys and bytes of each structure. */
async function inventory(client: Redis): Promise<Map<string, { keys: number; kilobytes: number }>> {
  const found = new Map<string, { keys: number; kilobytes: number }>();
  for await (const keys of client.scanStream({ count: 500 }))
    for (const key of keys as string[]) {
      const what = structureOf(client, key)?.structure.what ?? (/:\d+$|[0-9a-f-]{16,}$/.test(key) ? 'jobs' : 'other');
      const bytes = (await client.call('MEMORY', 'USAGE', key, 'SAMPLES', '0')) as number | null;
      const sum = found.get(what) ?? { keys: 0, kilobytes: 0 };
      found.set(what, { keys: sum.keys + 1, kilobytes: sum.kilobytes + (bytes ?? 0) / 1024 });
    }
  return found;
}

/** Least squares, per hour. */
function slope(samples: readonly Sample[], name: string): number {
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const hours = samples.map(({ minute }) => minute / 60);
  const ys = samples.map((one) => one[name] ?? 0);
  const [x0, y0] = [mean(hours), mean(ys)];
  const above = hours.reduce((sum, x, i) => sum + (x - x0) * ((ys[i] ?? 0) - y0), 0);
  return above / hours.reduce((sum, x) => sum + (x - x0) ** 2, 0);
}

interface Run {
  samples: Sample[];
  counts: Counts;
  struck: number;
  restarts: number;
  stacks: number;
  before: Awaited<ReturnType<typeof inventory>>;
  after: Awaited<ReturnType<typeof inventory>>;
}

function report({ samples, counts, struck, restarts, stacks, before, after }: Run): string {
  // The first quarter, at most twenty minutes, is warm-up.
  const warm = Math.min(20, minutes / 4);
  const steady = samples.filter(({ minute }) => minute >= warm);
  const [first, last] = [steady[0], samples.at(-1)];
  const names = Object.keys(samples[0] ?? {}).filter((name) => name !== 'minute');
  const middle = steady[Math.floor(steady.length / 2)];
  const lateHalf = steady.slice(Math.floor(steady.length / 2));
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}: \`npm run soak -- ${process.argv.slice(2).join(' ')}\`.`,
    `${mailboxes} mailboxes in 10 flows, ${minutes} minutes, seed ${seed}: ${counts.mails} mails, ${counts.lost} lost, ${counts.doubled} doubled; ${counts.replies} replies, ${counts.repliesMissing} missing, ${counts.repliesDoubled} doubled; ${struck} faults, ${restarts} restarts of Redis (${counts.redelivered} jobs handed to the backend again); ${stacks} stack traces in the log.`,
    table(
      [
        '',
        `minute ${first?.minute}`,
        `minute ${middle?.minute}`,
        `minute ${last?.minute}`,
        'slope an hour',
        'slope an hour, second half',
      ],
      names.map((name) => [
        name,
        first?.[name] ?? '–',
        middle?.[name] ?? '–',
        last?.[name] ?? '–',
        tidy(slope(steady, name)),
        tidy(slope(lateHalf, name)),
      ]),
    ),
    table(
      ['structure in Redis', 'keys, first and last', 'KB, first and last'],
      [...after]
        .sort(([, a], [, b]) => b.kilobytes - a.kilobytes)
        .map(([what, { keys, kilobytes }]) => {
          const then = before.get(what) ?? { keys: 0, kilobytes: 0 };
          return [what, `${then.keys} → ${keys}`, `${tidy(then.kilobytes)} → ${tidy(kilobytes)}`];
        }),
    ),
  ].join('\n\n');
}

const every = (ms: number, work: () => unknown): (() => void) => {
  const timer = setInterval(() => void work(), ms);
  return () => clearInterval(timer);
};

async function soak(redis: TestRedis): Promise<Run> {
  const traffic = await openTraffic({
    redis,
    mailboxes,
    flows: 10,
    mailsPerSecond,
    answered: 0.25,
    seed,
    // As shipped; the name proves that no interval is shortened as in tests.
    settings: { inbound: {} },
  });
  const client = new Redis(redis.url);
  client.on('error', () => {});
  const ends: (() => void)[] = [];
  try {
    const one = traffic.gateway.start(['serve'], SHIPPED, PRODUCT);
    const url = `http://127.0.0.1:${await traffic.gateway.port(one)}`;
    ends.push(traffic.begin());
    const began = performance.now();
    const until = began + minutes * 60_000;
    const samples: Sample[] = [];
    let [struck, restarts] = [0, 0];
    let restarting = false;
    let before: Run['before'] | undefined;
    ends.push(
      every(FAULT_EVERY_MS, () => {
        traffic.strike();
        struck += 1;
      }),
      every(REDIS_RESTART_MS, async () => {
        restarting = true;
        await redis.restart();
        restarts += 1;
        restarting = false;
      }),
    );
    const pause = Math.max(5_000, (minutes * 60_000) / 240);
    while (performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (!one.running()) throw new Error(`the gateway has ended\n${one.output().slice(-3_000)}`);
      if (restarting) continue;
      const now = await sample(one, url, client, began);
      samples.push(now);
      if (values.samples !== undefined)
        appendFileSync(values.samples, `${JSON.stringify({ ...now, ...traffic.counts() })}\n`);
      if (now.minute >= Math.min(20, minutes / 4)) before ??= await inventory(client);
    }
    for (const end of ends.splice(0)) end();
    const after = await inventory(client);
    say('waiting for the rest');
    const counts = await traffic.settled(20 * 60_000);
    const code = await one.stop(60_000);
    if (code !== 0) throw new Error(`the gateway ended with ${code}`);
    const stacks = one.output().match(/^\s+at /gm)?.length ?? 0;
    return { samples, counts, struck, restarts, stacks, before: before ?? after, after };
  } finally {
    for (const end of ends) end();
    client.disconnect();
    await traffic.stop();
  }
}

const redis = await startRedis({ aof: 'everysec' });
try {
  if (values.stops === undefined) {
    const run = await soak(redis);
    const text = report(run);
    process.stdout.write(`${text}\n`);
    if (values.markdown !== undefined)
      writeFileSync(values.markdown, intoDocument(readFileSync(values.markdown, 'utf8'), text));
    const { lost, doubled, repliesDoubled, repliesMissing } = run.counts;
    if (lost + doubled + repliesDoubled + repliesMissing + run.stacks > 0) process.exitCode = 1;
  } else {
    const result = await stopsAtRandom({ redis, stops: whole('stops', values.stops), seed, entry: PRODUCT });
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
} finally {
  await redis.stop();
}
