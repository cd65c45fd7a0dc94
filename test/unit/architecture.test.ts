// The floor plan holds: every import of src/**/*.ts against the table in test/support/architecture.ts, and the size and opening of each file.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  importCycles,
  importsOf,
  resolveImport,
  roomOf,
  unusedExports,
  violations,
  withoutComments,
} from '../support/architecture.ts';
import { functionsOf } from '../support/functions.ts';

/** TypeScript below a folder of the repository. */
function sourcesOf(folder: string): { path: string; source: string }[] {
  const at = fileURLToPath(new URL(`../../${folder}/`, import.meta.url));
  return readdirSync(at, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: path.replaceAll('\\', '/'), source: readFileSync(`${at}${path}`, 'utf8') }));
}

const files = sourcesOf('src');

describe('src', () => {
  test('is found by the test', () => expect(files.length).toBeGreaterThan(20));

  test('every file imports only what its room may', () => {
    expect(files.flatMap(({ path, source }) => violations(path, importsOf(source)))).toEqual([]);
  });

  test('files do not import each other in a circle', () => {
    const graph = new Map(
      files.map(({ path, source }) => [
        path,
        importsOf(source)
          .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !typeOnly)
          .map(({ specifier }) => resolveImport(path, specifier)),
      ]),
    );
    expect(importCycles(graph)).toEqual([]);
  });

  test('only config and cli read the environment and the command line; main passes argv on', () => {
    const readers = files.flatMap(({ path, source }) => {
      const code = withoutComments(source);
      const found = [...code.matchAll(/\bprocess\s*\.\s*(env|argv)\b|from ['"](?:node:)?process['"]/g)].map(
        ([word]) => word,
      );
      const allowed =
        ['config', 'cli'].includes(roomOf(path)) || (path === 'main.ts' && found.every((word) => /argv/.test(word)));
      return found.length > 0 && !allowed ? [`${path}: ${found.join(', ')}`] : [];
    });
    expect(readers).toEqual([]);
  });

  test('every file has an opening comment in its first line', () => {
    const silent = files.filter(({ source }) => !/^(#!.*\n)?\/[/*].{20,}/.test(source)).map(({ path }) => path);
    expect(silent).toEqual([]);
  });

  test('every export is used by another file, except in contract and consumer', () => {
    const own = files.filter(({ path }) => !['contract', 'consumer'].includes(roomOf(path)));
    const users = ['test', 'scripts', 'bench', 'examples'].flatMap((folder) =>
      sourcesOf(folder).map(({ path, source }) => ({ path: `${folder}/${path}`, source })),
    );
    const others = files.filter(({ path }) => !own.some((one) => one.path === path));
    expect(unusedExports(own, [...others, ...users])).toEqual([]);
  });

  test('no file is longer than 400 lines', () => {
    const long = files.map(({ path, source }) => ({ path, lines: source.split('\n').length - 1 }));
    expect(long.filter(({ lines }) => lines > 400)).toEqual([]);
  });
});

describe('test', () => {
  test('every export of a file that is no test is used by another file', () => {
    const all = ['test', 'scripts', 'bench'].flatMap((folder) =>
      sourcesOf(folder).map(({ path, source }) => ({ path: `${folder}/${path}`, source })),
    );
    const support = all.filter(({ path }) => path.startsWith('test/') && !path.endsWith('.test.ts'));
    const others = all.filter(({ path }) => !support.some((one) => one.path === path));
    expect(unusedExports(support, others)).toEqual([]);
  });

  test('every file has an opening comment in its first line', () => {
    const silent = sourcesOf('test').filter(({ source }) => !/^(#!.*\n)?\/[/*].{20,}/.test(source));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});

/** Functions that may be longer or more branched than the rest; each says so in its own comment. */
const EXEMPT: Readonly<Record<string, string>> = {
  'mime/addresses.ts mailbox': 'hand-written scanner: one case a special character of RFC 5322',
  'mime/transfer.ts unquote': 'hand-written scanner: quoted-printable, four bytes at a time',
};

describe('functions of src', () => {
  const MAX_COMPLEXITY = 30;
  const MAX_LINES = 100;
  const MAX_LENGTH = 150;

  test(`have at most ${MAX_COMPLEXITY} of cyclomatic complexity, ${MAX_LINES} lines of their own, ${MAX_LENGTH} with the functions inside them`, () => {
    const over = files.flatMap(({ path, source }) =>
      functionsOf(source)
        .filter((one) => one.complexity > MAX_COMPLEXITY || one.lines > MAX_LINES || one.length > MAX_LENGTH)
        .map(({ name }) => `${path} ${name}`),
    );
    expect(over.sort()).toEqual(Object.keys(EXEMPT).sort());
  });

  test('that are exempt state that in their comment', () => {
    const silent = Object.keys(EXEMPT).filter((place) => {
      const [path, name] = place.split(' ');
      const source = files.find((file) => file.path === path)?.source ?? '';
      const at = source.search(new RegExp(`function\\*? ${name}\\(`));
      return !/\b(?:scanner|table)\b/i.test(source.slice(source.lastIndexOf('/**', at), at));
    });
    expect(silent).toEqual([]);
  });

  test('are measured without and with the functions inside them', () => {
    const source = `export function outer(a?: string) {
  const inner = (b: number) => {
    if (b > 1 || b < 0) return 1;
    return b ?? 2;
  };
  switch (a) {
    case 'x':
      return inner(1);
    default:
      return () => 3;
  }
}`;
    expect(functionsOf(source)).toEqual([
      { name: 'outer', line: 1, complexity: 2, lines: 9, length: 12 },
      { name: 'inner', line: 2, complexity: 4, lines: 4, length: 4 },
      { name: 'anonymous', line: 10, complexity: 1, lines: 1, length: 1 },
    ]);
  });
});

describe('the rules', () => {
  const allowed: [string, string][] = [
    ['domain/a.ts', '../contract/result.ts'],
    ['inbound/deep/a.ts', '../../parsing/index.ts'],
    ['parsing/a.ts', '../mime/walk.ts'],
    ['adapters/imap/a.ts', './errors.ts'],
    ['adapters/imap/a.ts', 'imapflow'],
    ['adapters/queue/a.ts', 'bullmq'],
    ['cli/sandbox.ts', '../sandbox/index.ts'],
    ['gateway.ts', './wiring/stores.ts'],
    ['wiring/stores.ts', '../adapters/imap/connection.ts'],
    ['main.ts', './cli/index.ts'],
    ['inbound/a.ts', 'node:fs'],
  ];
  test.each(allowed)('%s may import %s', (path, specifier) => {
    expect(violations(path, [{ specifier, typeOnly: false }])).toEqual([]);
  });

  const forbidden: [string, string][] = [
    ['contract/a.ts', '../domain/errors.ts'],
    ['domain/a.ts', '../mime/walk.ts'],
    ['inbound/a.ts', '../mime/index.ts'],
    ['inbound/a.ts', '../outbound/compose.ts'],
    ['outbound/a.ts', '../inbound/receive.ts'],
    ['inbound/a.ts', '../adapters/imap/connect.ts'],
    ['adapters/smtp/a.ts', '../oauth/index.ts'],
    ['adapters/smtp/a.ts', '../../config/config.ts'],
    ['sandbox/a.ts', '../domain/errors.ts'],
    ['sandbox/imap/a.ts', '../../telemetry/logger.ts'],
    ['gateway.ts', './sandbox/index.ts'],
    ['gateway.ts', './adapters/imap/connection.ts'],
    ['cli/a.ts', '../adapters/redis/client.ts'],
    ['operations/a.ts', '../adapters/redis/client.ts'],
    ['adapters/imap/a.ts', '../../inbound/ports.ts'],
    ['cli/serve.ts', '../sandbox/index.ts'],
    ['inbound/a.ts', 'imapflow'],
    ['inbound/a.ts', 'bullmq'],
    ['cli/a.ts', 'convict'],
    ['outbound/a.ts', 'nodemailer/lib/mail-composer/index.js'],
    ['newroom/a.ts', '../domain/errors.ts'],
    ['domain/a.ts', '../../test/support/temp.ts'],
  ];
  test.each(forbidden)('%s must not import %s', (path, specifier) => {
    expect(violations(path, [{ specifier, typeOnly: false }])).toHaveLength(1);
  });

  test('adapters may import types of the configuration', () => {
    expect(violations('adapters/smtp/a.ts', [{ specifier: '../../config/config.ts', typeOnly: true }])).toEqual([]);
  });

  test('adapters may import the types of ports, and no other types of the two halves', () => {
    const from = (specifier: string) => violations('adapters/imap/a.ts', [{ specifier, typeOnly: true }]).length;
    expect(['../../inbound/ports.ts', '../../outbound/ports.ts', '../../inbound/limits.ts'].map(from)).toEqual([
      0, 0, 1,
    ]);
  });

  test('imports are read in every form', () => {
    const source = `// import a from 'comment';
import b from './b.ts';
import type { C } from './c.ts';
import { type D, type E } from './de.ts';
import { f, type G } from './fg.ts';
import './h.ts';
export * from './i.ts';
export type { J } from './j.ts';
export const notAnImport = 'k';
import {
  l,
} from './l.ts';
const m = await import('./m.ts');
type N = typeof import('./n.ts');
/* import o from './o.ts'; */
const url = 'http://x'; import p from './p.ts';
`;
    expect(importsOf(source).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' type' : ''}`)).toEqual([
      './b.ts',
      './c.ts type',
      './de.ts type',
      './fg.ts',
      './h.ts',
      './i.ts',
      './j.ts type',
      './l.ts',
      './p.ts',
      './m.ts',
      './n.ts type',
    ]);
  });

  test('unused exports are found, in every form', () => {
    const source = `export const a = 1;
export async function b() {}
export function* c() {}
export interface D {}
export { e, type F, g as h } from './g.ts';
// export const notThis = 1;
`;
    const users = [{ path: 'other.ts', source: "import { a, F } from './x.ts';" }];
    expect(unusedExports([{ path: 'x.ts', source }], users)).toEqual(
      ['b', 'c', 'D', 'e', 'h'].map((name) => `x.ts: ${name}`),
    );
  });

  test('import cycles are found', () => {
    expect(
      importCycles(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b → c → b']);
  });
});
