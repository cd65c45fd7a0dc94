// The portal contains nothing unused: pages show every word, and use every class of the style sheet.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../../src/http/portal/', import.meta.url));
const read = (name: string) => readFileSync(`${folder}${name}`, 'utf8');
const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
const pages = [...files.map(read), read('assets/portal.js')].join('\n');
/** Texts in quotes that are no keys of a table of words. */
const quoted = new Set([...pages.matchAll(/['`]([\w-]+)['`](?!: \{)/g)].map(([, name]) => name));
/** Templates with one expression, like `connect-${step}` and `${act}What`. */
const templates = [...pages.matchAll(/`([\w-]*)\$\{[^}`]*\}([\w-]*)`/g)]
  .map(([, before = '', after = '']) => [before, after] as const)
  .filter(([before, after]) => before.length + after.length > 1);

function isUsed(name: string): boolean {
  const [field = '', value = ''] = name.split(/-(.*)/);
  if (quoted.has(name) || (quoted.has(field) && quoted.has(value))) return true;
  return templates.some(([before, after]) => name.startsWith(before) && name.endsWith(after));
}

describe('nothing is unused:', () => {
  it('words', () => {
    const tables = files.map(read).filter((text) => text.includes('satisfies Words'));
    const keys = tables.flatMap((text) => {
      const [table = ''] = text.split('} as const satisfies Words');
      return [...table.matchAll(/^ {2}(?:'([^']+)'|(\w+)): \{/gm)].map(([, name, plain]) => name ?? plain ?? '');
    });
    expect(keys.length).toBeGreaterThan(300);
    expect(keys.filter((key) => !isUsed(key))).toEqual([]);
  });

  it('classes of the style sheet', () => {
    const sheet = read('assets/portal.css').replaceAll(/\/\*[\s\S]*?\*\//g, '');
    const names = [...new Set([...sheet.matchAll(/\.([a-z][\w-]*)/g)].map(([, name = '']) => name))];
    expect(names.length).toBeGreaterThan(50);
    const known = new Set(pages.match(/[a-z][\w-]*/gi));
    expect(names.filter((name) => !known.has(name) && !isUsed(name))).toEqual([]);
  });
});
