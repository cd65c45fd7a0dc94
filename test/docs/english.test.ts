// What people read is plain English: the marks of a translated sentence (CONTRIBUTING.md, "Words") do not come back into README, docs, contracts,
// errors, events, settings or the help of the command line; nor into comments of the code and titles of tests.
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
  /\b(?:anew|whoever|goes on|so (?:many|often) (?:of|times)|so many|says? so|told of|by itself|is said|are said|(?:is|are) asked|kept in mind|in the making|stands(?! for))\b/gi;
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

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);
/** @returns what a pattern finds with a mark in it, with its file */
const marked = (folder: string, pattern: RegExp): string[] =>
  sources(folder).flatMap((path) =>
    [...read(path).matchAll(pattern)].filter(([text]) => marksIn(text).length > 0).map(([text]) => `${path}: ${text}`),
  );

test('comments of src', () => {
  expect(marked('src', /^\s*(?:\/\/|\/?\*).*$|\s\/\/ .*$/gm)).toEqual([]);
});

test.each(['demo', 'examples', 'scripts', 'bench'])('%s: what its programs print, and comments', (folder) => {
  expect(marked(folder, /^.*$/gm)).toEqual([]);
});

test('titles of tests', () => {
  expect(marked('test', /\((['"`])[^'"`\n]+\1, (?:async )?(?:\(|\w+ =>)/g)).toEqual([]);
});

test('finds each mark in a bad sentence and none in a good one', () => {
  const bad = [
    'begins anew',
    'it goes on',
    'so many mails',
    'the hint says so',
    'ends by itself',
    'what stands there',
    'Redis is asked',
  ];
  expect(bad.filter((text) => marksIn(text).length !== 1)).toEqual([]);
  expect(marksIn('a * stands for any text; the stand-in tenant goes online')).toEqual([]);
});
