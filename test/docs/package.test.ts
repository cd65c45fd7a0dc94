// The package as a backend installs it: packed without a build before, used from ESM and CommonJS, its command refused by an old Node, and the
// samples of docs/consumer.md compiled against it.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
let folder: string;
let packed: string[];

/** Exit code and output, whatever the end. */
async function node(...args: string[]): Promise<{ code: number; output: string }> {
  const child = run(process.execPath, args, { cwd: folder, env: { PATH: process.env.PATH } });
  return child.then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout + error.stderr,
    }),
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailroom-package-'));
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: root,
    maxBuffer: 64 * 1024 ** 2,
  });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);
  await run('tar', ['xzf', join(folder, filename), '-C', folder]);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(folder, 'package'), join(folder, 'node_modules', 'mailroom'));
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object };
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('the package', () => {
  test('contains the code and nothing from the machine that packed it', () => {
    for (const file of ['dist/main.js', 'dist/consumer/index.js', 'dist/consumer/index.d.ts', 'dist/contract/index.js'])
      expect(packed).toContain(file);
    expect(packed.filter((path) => /^config\//.test(path)).every((path) => path.endsWith('.example.yaml'))).toBe(true);
    expect(
      packed.filter((path) => !/^(dist|config|schemas)\/|^(package\.json|README\.md|CHANGELOG\.md)$/.test(path)),
    ).toEqual([]);
  });

  test('can be imported and required', async () => {
    const print = 'console.log(typeof consumeMessages, typeof emailFlowQueue)';
    writeFileSync(
      join(folder, 'esm.mjs'),
      `import { consumeMessages } from 'mailroom/consumer';\nimport { emailFlowQueue } from 'mailroom/contract';\n${print}`,
    );
    writeFileSync(
      join(folder, 'cjs.cjs'),
      `const { consumeMessages } = require('mailroom/consumer');\nconst { emailFlowQueue } = require('mailroom/contract');\n${print}`,
    );
    for (const file of ['esm.mjs', 'cjs.cjs'])
      expect(await node(file)).toEqual({ code: 0, output: 'function function\n' });
  });

  test('provides the mailroom command', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await node('node_modules/mailroom/dist/main.js', '--version')).toEqual({ code: 0, output: `${version}\n` });
  });

  test.each(['20.20.2', '22.17.1', '18.0.0'])('the command names the feature that Node %s lacks', async (version) => {
    const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`;
    const { code, output } = await node('--import', pretend, 'node_modules/mailroom/dist/main.js', 'serve');
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^mailroom: needs Node >= 22\\.18, and this is ${version} \\(.*\\)\\n$`));
  });
});

test('the samples of docs/consumer.md compile in strict mode', async () => {
  const manual = readFileSync(join(root, 'docs/consumer.md'), 'utf8');
  const samples = [...manual.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
  expect(samples.length).toBeGreaterThan(0);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(folder, 'your-backend.ts'),
    `import type { MailboxEvent, Message } from 'mailroom/contract';
export declare function store(message: Message, signal: AbortSignal): Promise<void>;
export declare function save(bytes: ReadableStream<Uint8Array>): Promise<void>;
export declare function log(error: Error, messageKey: string | undefined): void;
export declare function onMailboxEvent(event: MailboxEvent): Promise<void>;
export declare function mark(replyId: string, state: string | undefined, address?: string, report?: unknown): Promise<void>;\n`,
  );
  for (const [i, sample] of samples.entries()) writeFileSync(join(folder, `sample-${i}.ts`), sample);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        noUnusedLocals: true,
        noUnusedParameters: true,
        module: 'nodenext',
        target: 'es2023',
        types: ['node'],
        noEmit: true,
        skipLibCheck: true,
      },
      files: samples.map((_, i) => `sample-${i}.ts`),
    }),
  );
  const compiled = await node(join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json');
  expect(compiled).toEqual({ code: 0, output: '' });
});
