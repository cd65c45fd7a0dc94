// The log on stdout, of a process of its own: lines of one turn leave together, in order, and none is lost when the process ends at once.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const logger = fileURLToPath(new URL('../../../src/telemetry/logger.ts', import.meta.url));
const run = promisify(execFile);

async function linesOf(end: string): Promise<unknown[]> {
  const script = `import { createLogger } from ${JSON.stringify(logger)};
    const log = createLogger({ level: 'info' });
    for (let i = 0; i < 500; i++) log.info({ i }, 'line');
    setImmediate(() => { for (let i = 500; i < 600; i++) log.info({ i }, 'line'); ${end} });`;
  const child = await run(process.execPath, ['--input-type=module', '-e', script], { env: {} }).catch(
    (error: { stdout: string }) => error,
  );
  return child.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { i: number }).i);
}

test.each([
  ['by itself', ''],
  ['by process.exit', 'process.exit(0);'],
  ['by an uncaught error', 'throw new Error("x");'],
])('writes every line in order when the process ends %s', async (_, end) => {
  expect(await linesOf(end)).toEqual(Array.from({ length: 600 }, (_, i) => i));
});
