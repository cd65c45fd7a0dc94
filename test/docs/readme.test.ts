// What people read is true: commands, settings, events, codes, files and links that README, guides and changelog name exist, and examples
// are valid by the schemas that production uses.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { generate } from '../../scripts/generate-docs.ts';
import { alerts } from '../../scripts/ops/alerts.ts';
import { run } from '../../src/cli/program.ts';
import { combine } from '../../src/config/email-servers.ts';
import { entries, variableOf } from '../../src/config/load.ts';
import { readOAuthApplications } from '../../src/config/oauth-applications.ts';
import { checkEmailServers } from '../../src/domain/email-server-check.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const generated = generate();
const markdown = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return markdown(path);
    return entry.name.endsWith('.md') && !generated.has(path) ? [path] : [];
  });
const pages = ['README.md', 'CHANGELOG.md', ...markdown('docs')];
const guides = pages.filter((page) => page.includes('shared-mailbox') || page.includes('gemeinsames-postfach'));

interface Fence {
  language: string;
  marker: string;
  text: string;
}

/** Fenced code of a page; `marker` is the comment `<!-- validated: … -->` before it. */
function fencesOf(text: string): Fence[] {
  const found = text.matchAll(/(?:<!-- validated: ([^>]*?) -->\n)?^ *```(\S*)\n([\s\S]*?)^ *```$/gm);
  return [...found].map(([, marker = '', language = '', body = '']) => ({ language, marker, text: body }));
}

const inlineCode = (text: string): string[] =>
  [...text.replace(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);

/** All code of a page, inline and fenced, line by line. */
const codeOf = (page: string): string[] => {
  const text = read(page);
  return [...inlineCode(text), ...fencesOf(text).flatMap((fence) => fence.text.split('\n'))];
};

describe('a function that README names together with its file', () => {
  const named = [...pages, 'CONTRIBUTING.md'].flatMap((page) =>
    [...read(page).matchAll(/\[`(\w+)`\]\(([^)\s]+\.ts)\)/g)].map(([, name = '', path = '']) => ({ page, name, path })),
  );

  test('is found in README at least once', () =>
    expect(named.filter(({ page }) => page === 'README.md').length).toBeGreaterThan(9));

  test.each(named)('$page: $name in $path', ({ page, name, path }) => {
    expect(read(join(dirname(page), path))).toMatch(new RegExp(`\\b(?:function\\*?|const) ${name}\\b`));
  });
});

const helps = new Map<string, string>();
/** What `mailroom … --help` prints, by the program itself. */
async function help(...args: string[]): Promise<string> {
  const known = helps.get(args.join(' '));
  if (known !== undefined) return known;
  let text = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    expect(await run(['node', 'mailroom', ...args, '--help'])).toBe(0);
  } finally {
    out.mockRestore();
  }
  helps.set(args.join(' '), text);
  return text;
}
const commands = new Set(
  [...((await help()).split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z-]+)\b/gm)].map(([, name = '']) => name),
);

describe('commands in the docs', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

  test.each(pages)('%s: npm scripts exist', (page) => {
    for (const line of codeOf(page)) {
      for (const [, name = ''] of line.matchAll(/\bnpm run (?:-s )?([a-z:]+)/g))
        expect(scripts, line).toHaveProperty([name]);
    }
  });

  test('finds commands to check', () => {
    expect(commands).toContain('serve');
    expect(commands.size).toBeGreaterThan(8);
  });

  test.each(pages)('%s: mailroom’s commands and their options exist', async (page) => {
    for (const line of codeOf(page)) {
      const called =
        /^(?:npm run (?:-s )?mailroom --|docker compose run --rm(?: --no-deps)? \w+|node dist\/main\.js|mailroom) ([a-z-]+)\b(.*)/.exec(
          line.trim(),
        );
      if (called === null) continue;
      const [, name = '', rest = ''] = called;
      expect([...commands], line).toContain(name);
      // A command may have commands of its own; the options are theirs then.
      const [, inner] = /^ ([a-z]+)\b/.exec(rest) ?? [];
      const own = await help(name);
      const isInner = inner !== undefined && new RegExp(`^ {2}${inner}\\b`, 'm').test(own.split('Commands:')[1] ?? '');
      const words = isInner ? await help(name, inner) : own;
      for (const [option] of rest.matchAll(/(?<=\s)--[a-z-]+/g)) expect(words, line).toContain(option);
    }
  });

  test.each(pages)('%s: steps of npm test exist', (page) => {
    const steps = read('scripts/test.ts');
    for (const line of codeOf(page)) {
      const [, named = ''] = /\bnpm test -- ([a-z ]+)/.exec(line) ?? [];
      for (const step of named.split(' ').filter(Boolean))
        expect(steps, line).toMatch(new RegExp(`^ {2}${step}: \\{`, 'm'));
    }
  });
});

/** Microsoft's words, and former events that CHANGELOG names. */
const NO_EVENTS = new Set([
  'FullAccess',
  'SendAs',
  'OAuth',
  'MessageCopyForSentAsEnabled',
  'ReplySubmitted',
  'HeldReplyReleased',
  'HeldReplyDropped',
  ...alerts.map(({ name }) => name),
]);

describe('names in the docs', () => {
  const settings = entries();
  const paths = settings.map(({ path }) => path);
  const variables = new Set([...settings.map(({ path }) => variableOf(path)), 'MAILROOM_CONFIG_DIR']);

  test.each(pages)('%s: settings and variables exist', (page) => {
    for (const line of codeOf(page)) {
      for (const [name] of line.matchAll(/(?<!process\.env\.)\bMAILROOM_[A-Z0-9_]*[A-Z0-9]\b/g))
        expect([...variables], line).toContain(name.replace(/_FILE$/, ''));
    }
    const groups = new Set(paths.filter((path) => path.includes('.')).map((path) => path.split('.')[0]));
    for (const code of inlineCode(read(page))) {
      if (!/^[a-z]+(\.[a-zA-Z0-9]+)+$/.test(code) || !groups.has(code.split('.')[0])) continue;
      expect(
        paths.some((path) => path === code || path.startsWith(`${code}.`)),
        `${page}: ${code}`,
      ).toBe(true);
    }
  });

  test.each(pages)('%s: events and metrics exist', (page) => {
    const reference = generated.get('docs/events.md');
    for (const code of inlineCode(read(page))) {
      for (const [metric] of code.matchAll(/\bmailroom_[a-z_]+/g))
        expect(reference, `${page}: ${metric}`).toContain(metric);
      // Words like MailboxConnected are events, unless they are known to be something else.
      if (/^(?:[A-Z][a-z]+){2,}$/.test(code) && !NO_EVENTS.has(code))
        expect(reference, `${page}: ${code}`).toContain(`\`${code}\``);
    }
  });

  test.each(pages)('%s: error codes exist', (page) => {
    const reference = generated.get('docs/errors.md');
    const prefixes = [
      'IMAP_',
      'SMTP_',
      'OAUTH_',
      'FROM_',
      'REPLY_',
      'REDIS_',
      'LEASE_',
      'LEDGER_',
      'BULLMQ_',
      'CONFIG_',
      'HTTP_',
    ];
    for (const code of inlineCode(read(page))) {
      if (
        !/^[A-Z]+(_[A-Z]+)+$/.test(code) ||
        code === 'REDIS_URL' ||
        !prefixes.some((prefix) => code.startsWith(prefix))
      )
        continue;
      expect(reference, `${page}: ${code}`).toContain(code);
    }
  });
});

describe('links', () => {
  /** GitHub's anchor of a heading. */
  const anchor = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');

  test.each(pages)('%s: files and anchors exist', (page) => {
    const text = read(page).replace(/^ *```[\s\S]*?^ *```$/gm, '');
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file = '', fragment] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      expect(existsSync(join(root, path)), `${page} → ${target}`).toBe(true);
      if (fragment === undefined) continue;
      const anchors = [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading));
      expect(anchors, `${page} → ${target}`).toContain(fragment);
    }
  });
});

// Pages name files as `src/…`, or without `src/`; adding or moving a file changes the page that names it.
test.each([...pages, 'CONTRIBUTING.md', ...[...generated.keys()].filter((path) => path.endsWith('.md'))])(
  '%s: source files that it names exist',
  (page) => {
    const named = [...read(page).matchAll(/(?<![\w./-])(?:[\w-]+\/)+[\w.-]+\.(?:ts|mjs|css|js)\b/g)].map(
      ([path]) => path,
    );
    const known = (path: string) => ['', 'src/'].some((folder) => existsSync(join(root, folder, path)));
    expect(named.filter((path) => !/^(?:\.|dist|https?:)/.test(path) && !known(path))).toEqual([]);
  },
);

describe('examples', () => {
  test('README contains the example consumer unchanged', () => {
    const [example] = fencesOf(read('README.md')).filter(({ language }) => language === 'js');
    expect(example?.text).toBe(read('examples/consumer-plain.mjs'));
  });

  const yaml = pages.flatMap((page) =>
    fencesOf(read(page))
      .filter(({ language }) => language === 'yaml')
      .map((fence, index) => ({ page, index, ...fence })),
  );

  test('the guides and README contain their examples', () => {
    for (const page of ['README.md', ...guides]) {
      const markers = yaml.filter((one) => one.page === page).map(({ marker }) => marker);
      expect(markers, page).toContain('settings');
      expect(markers, page).toContain('email servers');
    }
    expect(guides).toHaveLength(2);
  });

  test.each(yaml)('$page: YAML $index is valid', ({ text, marker, page }) => {
    const content = parse(text) as Record<string, unknown>;
    expect(content).toBeTypeOf('object');
    if (marker === 'settings') {
      const top = new Set(entries().map(({ path }) => path.split('.')[0]));
      for (const key of Object.keys(content)) expect([...top], page).toContain(key);
      // Secrets stand in files that are not here; everything else must hold.
      const list = content.oauthApplications as readonly unknown[];
      const { applications, invalid } = readOAuthApplications(list, { folder: root, env: {} });
      expect(applications.length + invalid.length).toBe(list?.length ?? 0);
      const problems = invalid.flatMap((one) => one.problems);
      expect(problems.filter(({ field }) => !field.includes('credentials'))).toEqual([]);
      expect(
        problems.every(({ message }) => message.includes('cannot be read')),
        JSON.stringify(problems),
      ).toBe(true);
    }
    if (marker === 'email servers') {
      const list = content.emailServers as unknown[];
      const found = list.map((definition, index) => ({
        definition,
        source: 'file' as const,
        at: `emailServers[${index}]`,
        index,
        folder: root,
      }));
      const { servers, invalid } = combine(found, {});
      expect(invalid).toEqual([]);
      expect(servers).toHaveLength(2);
      const findings = checkEmailServers(servers, { applications: [{ name: 'Contoso', credentials: [] }] });
      expect(findings.filter(({ severity }) => severity === 'warning')).toEqual([]);
    }
  });

  test('docs/README.md lists every page', () => {
    const names = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md');
    expect(names.filter((name) => !read('docs/README.md').includes(`](${name})`))).toEqual([]);
  });

  test('both language versions of the guide contain the same code', () => {
    const [german = '', english = ''] = [...guides].sort().map(read);
    const numbers = (text: string) => [
      fencesOf(text).length,
      [...text.matchAll(/^#+ /gm)].length,
      [...text.matchAll(/^\|/gm)].length,
      [...text.matchAll(/\[\?\]/g)].length,
    ];
    expect(numbers(german)).toEqual(numbers(english));
  });
});
