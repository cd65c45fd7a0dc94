// The command line as a person meets it: help of every command, what `config --check` refuses, files as Windows writes them, an old Node.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { examples } from '../../../src/cli/examples.ts';
import { run } from '../../../src/cli/program.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { readTextFile } from '../../../src/config/text-file.ts';
import { watchEmailServers } from '../../../src/config/watch.ts';
import { emptyFolder } from '../../support/fixture.ts';

const folder = emptyFolder('commands');
let printed = '';
beforeEach(() => {
  printed = '';
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      printed += String(chunk);
      return true;
    });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});
const mailroom = (...args: string[]) => run(['node', 'mailroom', ...args]);

describe('help', () => {
  const names = Object.keys(examples).map((name) => name.replace(/^mailroom$/, ''));
  test.each(names)('of "%s" has -c and two examples', async (name) => {
    expect(await mailroom(...name.split(' ').filter((part) => part !== ''), '--help')).toBe(0);
    expect(printed).toMatch(/^ {2}-c, --config <folder>/m);
    expect(printed.split('Examples:\n')[1]?.trim().split('\n')).toHaveLength(2);
  });

  test('every command has examples, and each example is a command', async () => {
    const all: string[] = [];
    const spy = vi.spyOn(Command.prototype, 'parseAsync').mockImplementation(async function (this: Command) {
      const walk = (command: Command, above: string) => {
        for (const one of command.commands) {
          all.push(`${above}${one.name()}`);
          walk(one, `${above}${one.name()} `);
        }
      };
      walk(this, '');
      return this;
    });
    await mailroom();
    spy.mockRestore();
    expect(Object.keys(examples).sort()).toEqual([...all, 'mailroom'].sort());
    for (const line of Object.values(examples).flat()) {
      const words = line
        .replace(/^.*\bmailroom /, '')
        .split(' ')
        .filter((word) => !/^(-c|\/etc\/mailroom|\.\/config)$/.test(word));
      expect(all, line).toContain(words[0]);
    }
  });
});

describe('wrong usage exits with 2 and names the mistake', () => {
  test.each([
    ['replay A b', /error: .*'messages'.*neither UIDs like 120:140,155 nor a date/],
    ['replay A 2026-02-30', /error: .*'messages'/],
    ['log-level loud', /error: .*'loud' is invalid.*debug, info/],
    ['serve --roles ingest,serve', /error: .*'ingest,serve' is invalid.*ingest, send, portal/],
    ['check --lang fr', /error: .*'fr' is invalid.*de, en/],
    ['credentials test A --lang fr', /error: .*'fr' is invalid.*de, en/],
    ['audit export --from 5', /error: .*'5' is invalid/],
    ['audit export --to 2026-02-30', /error: .*'2026-02-30' is invalid/],
    ['token --role backend --name a:b', /error: .*'a:b' is invalid/],
  ])('%s', async (line, message) => {
    expect(await mailroom(...line.split(' '))).toBe(2);
    expect(printed).toMatch(message);
  });

  test('also where only the command itself sees it', async () => {
    const program = vi
      .spyOn(Command.prototype, 'parseAsync')
      .mockRejectedValue(new InvalidArgumentError('it needs more'));
    expect(await mailroom('servers')).toBe(2);
    program.mockRestore();
    expect(printed).toBe('error: it needs more\n');
  });
});

describe('config --check', () => {
  const KEY = Buffer.alloc(32, 5).toString('base64');
  const settings = (more = '') =>
    writeFileSync(
      join(folder, 'mailroom.yaml'),
      `mode: production\nredis: { url: redis://localhost }\nsecurity: { cacheKeys: "a:${KEY}", conversationKeys: "b:${KEY}" }\n${more}`,
    );
  const server = (fields: string) =>
    `- { serverType: SMTP, name: out, host: h.example, user: a@b.example, ${fields} }\n`;
  const password = 'authenticationType: Password, password: p';
  const servers = (text: string, name = 'email-servers.yaml') => writeFileSync(join(folder, name), text);

  const cases: [what: string, prepare: () => void, code: number, says: RegExp][] = [
    ['a complete server', () => servers(server(password)), 0, /^ok {7}SMTP "out"/m],
    [
      'an undefined application',
      () => servers(server('authenticationType: OAuth2, application: Nowhere')),
      1,
      /^invalid {2}.*Nowhere/m,
    ],
    ['no email server file', () => {}, 1, /^missing {2}.*has no email-servers\.yaml/m],
    ['an empty file', () => servers(''), 1, /^missing {2}.*email-servers\.yaml: this file is empty/m],
    ['a file with an empty list', () => servers('emailServers: []\n'), 1, /^missing {2}.*this file is empty/m],
    [
      'a configured file that does not exist',
      () => {
        settings('emailServersFiles: [mine.yaml, yours.yaml]\n');
        servers(server(password), 'mine.yaml');
      },
      1,
      /^missing {2}.*yours\.yaml: this file is named/m,
    ],
    [
      'configured files that exist',
      () => {
        settings('emailServersFiles: [mine.yaml]\n');
        servers(server(password), 'mine.yaml');
      },
      0,
      /^1 email servers, 0 invalid/m,
    ],
  ];
  test.each(cases)('%s', async (_, prepare, code, says) => {
    settings();
    prepare();
    await mailroom('-c', folder, 'config', '--check');
    expect(process.exitCode).toBe(code);
    expect(printed).toMatch(says);
  });

  test('reports a folder that does not exist', async () => {
    vi.stubEnv('MAILROOM_MODE', 'development');
    await mailroom('-c', join(folder, 'nowhere'), 'config', '--check');
    vi.unstubAllEnvs();
    expect(process.exitCode).toBe(1);
    expect(printed).toMatch(/^missing {2}.*nowhere: this folder does not exist/m);
  });
});

test('serve warns when there is no email server', async () => {
  const events: [string, unknown][] = [];
  const watch = await watchEmailServers({
    files: [join(folder, 'email-servers.yaml')],
    applications: () => [],
    missing: () => 'nothing there',
    emit: (name, fields) => void events.push([name, fields]),
    env: {},
  });
  watch.stop();
  expect(events).toContainEqual(['EmailServersMissing', { reason: 'nothing there' }]);
});

describe('files as Windows writes them', () => {
  const text = 'pässword';
  test.each([
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${text}`)],
    ['UTF-16', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16, big-endian', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
    ['plain UTF-8', Buffer.from(text)],
  ])('%s', (_, bytes) => {
    writeFileSync(join(folder, 'secret'), bytes);
    expect(readTextFile(join(folder, 'secret'))).toBe(text);
  });

  test('reads a secret and a configuration with a byte order mark', () => {
    mkdirSync(join(folder, 'c'));
    writeFileSync(join(folder, 'c', 'mailroom.yaml'), '\uFEFFmode: development\r\nhttp:\r\n  port: 1234\r\n');
    writeFileSync(join(folder, 'url'), '\uFEFFredis://:pw@localhost:1\r\n');
    const config = loadConfig({ configDir: join(folder, 'c'), env: { MAILROOM_REDIS_URL_FILE: join(folder, 'url') } });
    expect(config.http.port).toBe(1234);
    expect(config.redis.url).toBe('redis://:pw@localhost:1');
  });
});

test.each(['redis://localhost/abc', 'redis://localhost/1/2', 'rediss://localhost/-1'])(
  '%s does not name a database',
  (url) => {
    expect(() =>
      loadConfig({ configDir: folder, env: { MAILROOM_MODE: 'development', MAILROOM_REDIS_URL: url } }),
    ).toThrow(/redis\.url: must end with the number/);
  },
);
test.each(['redis://localhost', 'redis://localhost/', 'redis://u:p@localhost:7000/12'])('%s is accepted', (url) => {
  loadConfig({ configDir: folder, env: { MAILROOM_MODE: 'development', MAILROOM_REDIS_URL: url } });
});

test('a reader that closes the pipe early (`mailroom --help | head -1`) ends the command without an error message', async () => {
  const main = new URL('../../../src/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, said }).toEqual({ code: 0, said: '' });
});
