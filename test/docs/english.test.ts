// What people read is plain English: the marks of a translated sentence (CONTRIBUTING.md, "Words") do not come back into README, docs, contracts,
// errors, events, settings or the help of the command line.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { generate } from '../../scripts/generate-docs.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const filesOf = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);

/** `stands for` and `stand-in` are English. */
const MARKS =
  /\b(?:anew|whoever|goes on|so (?:many|often) (?:of|times)|so many|says? so|told of|by itself|is said|are said|stands(?! for))\b/gi;
const marksIn = (text: string): string[] =>
  text.split('\n').flatMap((line, k) => [...line.matchAll(MARKS)].map(([mark]) => `line ${k + 1}: ${mark}`));

const pages = ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...filesOf('docs', '.md'), ...filesOf('docs/en', '.md')];
test.each(pages)('%s', (page) => expect(marksIn(read(page))).toEqual([]));

// Errors with their hints, events with their log lines, settings, faults of the sandbox, JSON Schemas, OpenAPI.
test.each([...generate()])('%s, generated from the code', (_path, text) => expect(marksIn(text)).toEqual([]));

test.each(filesOf('src/cli', '.ts'))('%s: help and messages', (path) => {
  const withoutComments = read(path)
    .replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
    .replace(/\s\/\/ .*$/gm, '');
  expect(marksIn(withoutComments)).toEqual([]);
});

test('finds each mark in a bad sentence and none in a good one', () => {
  const bad = ['begins anew', 'it goes on', 'so many mails', 'the hint says so', 'ends by itself', 'what stands there'];
  expect(bad.filter((text) => marksIn(text).length !== 1)).toEqual([]);
  expect(marksIn('a * stands for any text; the stand-in tenant goes online')).toEqual([]);
});
