// The generated references under docs/ and schemas/ are as the code is; `npm run docs` writes them.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { generate } from '../../scripts/generate-docs.ts';

type Validate = ((value: unknown) => boolean) & { errors?: unknown[] | null };
const Ajv2020 = createRequire(import.meta.url)('ajv/dist/2020').default as new (
  options: object,
) => { compile(schema: object): Validate };

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = generate();

function committed(path: string): string {
  try {
    return readFileSync(`${root}${path}`, 'utf8');
  } catch {
    return '';
  }
}

test.each([...files])('%s is up to date (npm run docs)', (path, text) => {
  expect(committed(path)).toBe(text);
});

describe('contents of the generated references', () => {
  test('every error has different advice in English and in German', () => {
    const entries = (files.get('docs/errors.md') ?? '').split('\n### ').slice(1);
    expect(entries.length).toBeGreaterThan(10);
    for (const entry of entries) {
      const [, en = '', de = ''] = /What to do:\*\* (.+)\n- \*\*Was zu tun ist:\*\* (.+)/.exec(entry) ?? [];
      expect(en.length, entry).toBeGreaterThan(8);
      expect(de.length, entry).toBeGreaterThan(8);
      // A PowerShell line is the same in every language.
      if (!/^[A-Z][a-z]+-[A-Z]\w+ -/.test(en)) expect(en, entry).not.toBe(de);
    }
  });

  test('no table is broken by a bar or a line break in a cell', () => {
    for (const [path, text] of files) {
      if (!path.endsWith('.md')) continue;
      let columns = 0;
      for (const line of text.split('\n')) {
        if (!line.startsWith('|')) {
          columns = 0;
          continue;
        }
        const bars = line.replaceAll('\\|', '').split('|').length;
        if (columns === 0) columns = bars;
        expect(bars, `${path}: ${line}`).toBe(columns);
      }
    }
  });

  test('secrets are marked and carry no default', () => {
    const rows = (files.get('docs/configuration.md') ?? '')
      .split('\n')
      .filter((line) => line.startsWith('| `') && line.includes('🔒'));
    expect(rows.map((row) => /^\| `([^`]+)`/.exec(row)?.[1])).toContain('redis.url');
    for (const row of rows) expect(row.replaceAll('\\|', '').split(' | ')[3], row).toBe('–');
  });

  const examples = [...files.keys()].filter((path) => path.startsWith('schemas/examples/'));
  test.each(
    [...files.keys()].filter(
      (path) => path.startsWith('schemas/') && path.endsWith('.json') && !examples.includes(path),
    ),
  )('%s is a JSON Schema with descriptions', (path) => {
    const schema = JSON.parse(files.get(path) ?? '{}');
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema.type).toBe('object');
    expect(Object.keys(schema.properties).length).toBeGreaterThan(5);
    expect(schema.properties.schema.const).toBe(schema.title);
  });

  test.each(examples)('%s is valid against the published schema', (path) => {
    const schema = JSON.parse(committed('schemas/mailroom.message-1.json'));
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    validate(JSON.parse(committed(path)));
    expect(validate.errors ?? []).toEqual([]);
  });
});
