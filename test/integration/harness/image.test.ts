// The Dockerfile's steps replayed without Docker, in a temp folder a stage: COPY brings what .dockerignore lets through, RUN npm … runs
// where WORKDIR points, and the final stage's entry point starts on nothing but what was copied into it.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { SHIPPED } from '../../../bench/child.ts';
import { fileFolder } from '../../support/fixture.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);
const dir = fileFolder('image');

interface Stage {
  name: string;
  /** Folder that stands for / of the stage. */
  path: string;
  workdir: string;
}

/** Instructions with continuation lines joined, comments gone. */
const instructions = readFileSync(join(root, 'Dockerfile'), 'utf8')
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .join('\n')
  .replace(/\\\n\s*/g, ' ')
  .split('\n')
  .flatMap((line) => {
    const [, word, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    return word === undefined || rest === undefined ? [] : [{ word, rest }];
  });

async function npm(command: string, cwd: string): Promise<void> {
  // The parent npm's settings must not reach this one; NODE_ENV=test would not either in the image.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_ENV|VITEST)/.test(name)));
  await run('sh', ['-c', `${command} --prefer-offline`.replace('npm run build --prefer-offline', 'npm run build')], {
    cwd,
    env,
  });
}

async function replay(): Promise<Stage> {
  const stages: Stage[] = [];
  let stage: Stage | undefined;
  const system: string[] = [];
  for (const { word, rest } of instructions) {
    if (word === 'FROM') {
      const name = /AS (\S+)$/.exec(rest)?.[1] ?? 'final';
      stage = { name, path: join(dir, name), workdir: '/' };
      mkdirSync(stage.path);
      stages.push(stage);
      continue;
    }
    // Defaults: no digest, no commit.
    if (word === 'ARG') continue;
    if (stage === undefined) throw new Error(`${word} before FROM`);
    const inside = (path: string) =>
      join(stage?.path ?? '', path.startsWith('/') ? path : join(stage?.workdir ?? '/', path));
    if (word === 'WORKDIR') {
      stage.workdir = rest;
      mkdirSync(inside('.'), { recursive: true });
    } else if (word === 'COPY') {
      const words = rest.split(' ');
      const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined;
      const target = words.pop() ?? '.';
      const base = from === undefined ? root : (stages.find(({ name }) => name === from)?.path ?? 'no such stage');
      for (const source of words) {
        const to = target.endsWith('/') ? join(target, source) : target;
        cpSync(join(base, source), inside(to), { recursive: true, verbatimSymlinks: true });
      }
    } else if (word === 'RUN' && rest.startsWith('npm ')) {
      await npm(rest, inside('.'));
    } else if (word === 'RUN') {
      system.push(rest);
    }
  }
  // What is not replayed: making the folders with their owners.
  expect(system).toHaveLength(1);
  expect(system[0]).toMatch(/^install -d /);
  if (stage === undefined) throw new Error('no FROM');
  return stage;
}

test('builds, contains no sources and no development packages, and starts', { timeout: 240_000 }, async () => {
  const final = await replay();
  const app = join(final.path, 'app');
  expect(readdirSync(app).sort()).toEqual(['dist', 'node_modules', 'package.json', 'sbom.cdx.json']);
  expect(existsSync(join(app, 'node_modules/vitest'))).toBe(false);
  const sbom = JSON.parse(readFileSync(join(app, 'sbom.cdx.json'), 'utf8')) as {
    bomFormat: string;
    components: { name: string; version: string }[];
  };
  expect(sbom.bomFormat).toBe('CycloneDX');
  // What is listed is what is shipped.
  for (const { name, version } of sbom.components.filter((one) =>
    ['bullmq', 'imapflow', 'nodemailer'].includes(one.name),
  ))
    expect(JSON.parse(readFileSync(join(app, 'node_modules', name, 'package.json'), 'utf8'))).toMatchObject({
      version,
    });
  expect(sbom.components.map(({ name }) => name)).not.toContain('vitest');
  expect(existsSync(join(app, 'node_modules/typescript'))).toBe(false);
  const { version } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as { version: string };
  const said = await run(process.execPath, [...SHIPPED, join(app, 'dist/main.js'), '--version'], {
    cwd: dir,
    env: { PATH: '/usr/bin:/bin' },
  });
  expect(said.stdout.trim()).toBe(version);
  const help = await run(process.execPath, [join(app, 'dist/main.js'), 'serve', '--help'], { cwd: dir, env: {} });
  expect(help.stdout).toContain('--roles');
  for (const entry of [
    'dist/contract/index.js',
    'dist/contract/index.d.ts',
    'dist/consumer/index.js',
    'dist/consumer/index.d.ts',
    'dist/http/portal/assets/portal.css',
    'dist/http/portal/assets/portal.js',
  ]) {
    expect(existsSync(join(app, entry)), entry).toBe(true);
  }
});
