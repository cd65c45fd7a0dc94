// How `npm test` judges a project's run: nothing that went wrong may look green.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cleanUp, judge, strays } from '../../../scripts/steps.ts';

const report = (passed: number, failed: string[] = [], skipped = 0, brokenFiles: string[] = []) => ({
  numPassedTests: passed,
  numFailedTests: failed.length,
  numPendingTests: skipped,
  numTodoTests: 0,
  testResults: [
    {
      name: 'a.test.ts',
      status: failed.length > 0 ? 'failed' : 'passed',
      assertionResults: failed.map((fullName) => ({ fullName, status: 'failed' })),
    },
    ...brokenFiles.map((name) => ({ name, status: 'failed', message: 'SyntaxError: x\nat y', assertionResults: [] })),
  ],
});

test.each([
  ['all passed', 0, report(3), false, { ok: true, passed: 3, failed: 0 }],
  ['one failed', 1, report(2, ['t']), false, { ok: false, passed: 2, failed: 1 }],
  ['a file that does not load', 1, report(2, [], 0, ['b.test.ts']), false, { ok: false, passed: 2, failed: 1 }],
  ['one skipped', 0, report(2, [], 1), false, { ok: false, passed: 2, failed: 1 }],
  ['skipped where allowed', 0, report(2, [], 1), true, { ok: true, passed: 2, failed: 0 }],
  ['only skipped tests, where allowed', 0, report(0, [], 5), true, { ok: true, passed: 0, failed: 0 }],
  ['no test ran', 0, report(0), false, { ok: false, passed: 0, failed: 1 }],
  ['no test ran and none was skipped', 0, report(0), true, { ok: false, passed: 0, failed: 1 }],
  ['unhandled error', 1, report(3), false, { ok: false, passed: 3, failed: 1 }],
  ['killed', null, undefined, false, { ok: false, passed: 0, failed: 1 }],
] as const)('%s', (_, code, given, maySkip, expected) => {
  expect(judge('unit', code, given, maySkip)).toMatchObject(expected);
});

test('finds, reports and ends a process that a run left behind, and removes its temp folder', async () => {
  const tmp = mkdtempSync(join(tmpdir(), 'mr-'));
  const run = { tmp, env: {}, seed: 1 };
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    env: { TEST_RUN_DIR: tmp },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  expect(strays(run).map(({ pid }) => pid)).toEqual([child.pid]);
  const outcome = await cleanUp(run);
  expect(outcome).toMatchObject({ ok: false, failed: 1 });
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(strays(run)).toEqual([]);
});
