// Every regular expression of src is linear by its form, or listed here with the proof that its input is bounded.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { expressionsOf, superLinear } from '../support/expressions.ts';

const src = fileURLToPath(new URL('../../src/', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({
    path: path.replaceAll('\\', '/'),
    expressions: expressionsOf(readFileSync(`${src}${path}`, 'utf8')),
  }));

/** By file and the beginning of the expression: why its input is bounded. */
const bounded: Readonly<Record<string, string>> = {
  'domain/automatic.ts ^(?:no-?reply|do-?not-?reply': 'the sender, cut to 320 characters',
  'mime/bounce/plain-text.ts (?:contact(?:ing)?|mailto:': 'the 200 characters before an address (AROUND)',
  'telemetry/serialize-error.ts (["“„«`])((?:': 'the text is cut to MESSAGE_LENGTH before',
  'telemetry/serialize-error.ts [^\\s<>"\'(),;:@[\\]/…]+@': 'the text is cut to MESSAGE_LENGTH before',
  'sandbox/': 'the stand-in tenant talks to our own clients and to tests only',
};

/** Expressions built at run time, by file: of what. */
const built: Readonly<Record<string, string>> = {
  'adapters/redis/fitness.ts': 'a name of Redis INFO, from our code',
  'adapters/redis/pressure.ts': 'a name of Redis INFO, from our code',
  'adapters/redis/structures.ts': 'key names of our own code',
  'inbound/fingerprint.ts': 'a header name from our code; each line is read once',
  'outbound/compose/header-text.ts': 'a number from our code',
  'parsing/reply-bodies.ts': 'a tag name from our code',
  'sandbox/imap/folders.ts': 'the stand-in tenant talks to our own clients and to tests only',
};

describe('regular expressions of src', () => {
  test('are found by the test', () => expect(files.flatMap((f) => f.expressions.literals).length).toBeGreaterThan(300));

  test('backtrack linearly in the size of their input, or have bounded input', () => {
    const unlisted = files.flatMap(({ path, expressions }) =>
      expressions.literals.flatMap((expression) => {
        const known = Object.keys(bounded).some((key) => `${path} ${expression.pattern}`.startsWith(key));
        const problem = known ? undefined : superLinear(expression);
        return problem === undefined ? [] : [`${path}: ${problem}: ${expression.pattern}`];
      }),
    );
    expect(unlisted).toEqual([]);
  });

  test('that are built at run time are listed', () => {
    const unlisted = files.flatMap(({ path, expressions }) =>
      built[path] === undefined ? expressions.built.map((what) => `${path}: ${what}`) : [],
    );
    expect(unlisted).toEqual([]);
  });

  test('that are listed exist', () => {
    const all = files.flatMap(({ path, expressions }) =>
      expressions.literals.map(({ pattern }) => `${path} ${pattern}`),
    );
    expect(Object.keys(bounded).filter((key) => !all.some((one) => one.startsWith(key)))).toEqual([]);
    const withBuilt = files.filter(({ expressions }) => expressions.built.length > 0).map(({ path }) => path);
    expect(Object.keys(built).filter((path) => !withBuilt.includes(path))).toEqual([]);
  });
});

describe('the checker', () => {
  const guilty = [/[. ]+$/, /\S@\S+\.\S/, /<[^<>\s]*@[^<>\s]*>/, /^\s*(?:\S*[/=]\S*[)>])[\s>)]*$/, /(?:a+)+$/];
  test.each(guilty)('finds %s', ({ source, flags }) => {
    expect(superLinear({ pattern: source, flags })).toMatch(/polynomial|exponential/);
  });
  test.each([/^[a-z]+$/, /<[^<>\s]*>/, /^a{1,9} ?b$/])('accepts %s', ({ source, flags }) => {
    expect(superLinear({ pattern: source, flags })).toBeUndefined();
  });
});
