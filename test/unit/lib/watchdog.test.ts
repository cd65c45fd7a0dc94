// A main thread that is really blocked, in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../support/stalled-process.ts', import.meta.url));

async function run(stall: string) {
  const child = spawn(process.execPath, [script, stall], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code, signal, stderr };
  } finally {
    // What the child itself has started.
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {}
  }
}

it.each([
  ['loop', 'loopsForEver'],
  ['expression', 'backtracksForEver'],
])('ends a process that is stuck in a %s, and names the place', async (stall, place) => {
  const { code, stderr } = await run(stall);
  expect(code).toBe(70);
  expect(stderr).toContain('has not answered for 2 s');
  expect(stderr).toMatch(new RegExp(`at ${place} \\(file://.*stalled-process\\.ts:\\d+\\)`));
});

it('ends a process that is stuck in a system call', async () => {
  const { signal, stderr } = await run('a system call');
  expect(signal).toBe('SIGKILL');
  expect(stderr).toContain('has not answered for 2 s');
});

it('does not affect a responsive process, and keeps none alive', async () => {
  expect(await run('nothing')).toEqual({ code: 0, signal: null, stderr: '' });
});
