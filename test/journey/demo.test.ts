// The demo leaves nothing behind, whenever and however it is ended: no process and no folder, through npm → with-toolchain → node.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { leakWatch } from '../support/leak-watch.ts';
import { startRedis } from '../support/redis.ts';
import { tempDir, waitFor } from '../support/temp.ts';

leakWatch();

const root = fileURLToPath(new URL('../../', import.meta.url));

/** `npm run demo` in a process group of its own, as a terminal has it; its processes are known by a variable, its folders by TMPDIR. */
function startDemo(args: string[] = [], env: Record<string, string> = {}) {
  const dir = tempDir('demo');
  const mark = `DEMO_TEST_MARK=${randomUUID()}`;
  const { REDIS_URL: _, ...parent } = process.env;
  const child: ChildProcess = spawn('npm', ['run', 'demo', '--', ...args], {
    cwd: root,
    env: { ...parent, TMPDIR: dir.path, [mark.slice(0, 14)]: mark.slice(15), ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const running = () => child.exitCode === null && child.signalCode === null;
  const processes = () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
          return state !== 'Z' && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
        } catch {
          return false;
        }
      });
  return {
    output: () => output,
    /** To npm alone, as `kill` does it. */
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    /** To the whole group, as a terminal does it. */
    groupSignal: (signal: NodeJS.Signals) => void process.kill(-(child.pid ?? 0), signal),
    says: (text: string) =>
      waitFor(() => output.includes(text), {
        timeoutMs: 60_000,
        hopeless: () => !running(),
        describe: () => `"${text}" in:\n${output}`,
      }),
    async leavesNothing() {
      await waitFor(() => !running(), { describe: () => `npm to end:\n${output}` });
      await waitFor(() => processes().length === 0, {
        describe: () => `the end of ${processes().join()}:\n${output}`,
      });
      expect(readdirSync(dir.path).filter((name) => name.startsWith('mailroom-'))).toEqual([]);
      dir.remove();
    },
  };
}

const moments = [
  'Mailroom demo',
  'Redis: redis-server',
  'Sandbox tenant',
  'Gateway: watching',
  'customers write',
  'Ctrl-C stops everything',
];
const ways: [string, (demo: ReturnType<typeof startDemo>) => unknown][] = [
  ['Ctrl-C', (demo) => demo.groupSignal('SIGINT')],
  [
    'Ctrl-C twice',
    async (demo) => {
      demo.groupSignal('SIGINT');
      await demo.says('stopping');
      demo.groupSignal('SIGINT');
    },
  ],
  ['SIGTERM to npm', (demo) => demo.signal('SIGTERM')],
  ['a terminal that is closed', (demo) => demo.groupSignal('SIGHUP')],
];
// Each moment by one way, and each way at a moment before and after the gateway runs: all pairs would take minutes.
const cases = [...moments, moments[0] as string, moments[5] as string].map(
  (moment, i) =>
    [moment, ...(ways[(i + (i < moments.length ? 0 : 3)) % ways.length] as (typeof ways)[number])] as const,
);
test.each(cases)('stopped at "%s" by %s', async (moment, _, end) => {
  const demo = startDemo();
  await demo.says(moment);
  await end(demo);
  await demo.leavesNothing();
});

test('--no-agent leaves the messages to the user’s consumer, on a Redis with password and database', async () => {
  const server = await startRedis();
  const admin = new Redis(`${server.url}/3`);
  await admin.config('SET', 'requirepass', 'demo-password');
  const demo = startDemo(['--once', '--no-agent', '--json'], {
    REDIS_URL: `redis://:demo-password@127.0.0.1:${server.port}/3`,
  });
  await demo.leavesNothing();
  const counts = JSON.parse(demo.output().trim().split('\n').at(-1) ?? '') as Record<string, number>;
  expect(counts).toMatchObject({ accepted: 0, refused: 0, lost: 0, duplicated: 0 });
  expect(await admin.llen('{mailroom}:email-flow.Support:wait')).toBeGreaterThan(0);
  expect(counts.enqueued).toBeGreaterThan(3);
  await admin.select(0);
  expect(await admin.dbsize()).toBe(0);
  admin.disconnect();
  await server.stop();
});

test('an unknown option starts nothing', async () => {
  const demo = startDemo(['--onse']);
  await demo.leavesNothing();
  expect(demo.output()).toContain("Unknown option '--onse'");
  expect(demo.output()).not.toContain('Sandbox tenant');
});
