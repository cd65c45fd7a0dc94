// Email servers while the process runs: changes of files however they are written, the portal, and what happens when a source breaks.
import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PortalDefinitions } from '../../../src/config/email-servers.ts';
import { type EmailServerWatch, type WatchSettings, watchEmailServers } from '../../../src/config/watch.ts';
import type { EventFields } from '../../../src/telemetry/events.ts';
import { emptyFolder } from '../../support/fixture.ts';

const folder = emptyFolder('watch');
let watched: EmailServerWatch | undefined;
const events: { name: string; fields: EventFields }[] = [];
beforeEach(() => {
  events.length = 0;
});
afterEach(() => {
  watched?.stop();
});

const text = (...names: string[]) =>
  `emailServers:\n${names.map((name) => `  - { serverType: IMAP, name: ${name}, host: h, authenticationType: Password, password: p, user: ${name}@x.example, emailFlow: F }\n`).join('')}`;
const path = () => join(folder, 'email-servers.yaml');

async function start(extra: Partial<WatchSettings> = {}): Promise<EmailServerWatch> {
  const emit: WatchSettings['emit'] = (name, fields = {}) => void events.push({ name, fields });
  watched = await watchEmailServers({
    files: [path()],
    applications: () => [],
    emit,
    env: {},
    pollMs: 50,
    debounceMs: 5,
    ...extra,
  });
  return watched;
}
const names = () => watched?.current().servers.map(({ name }) => name);
const until = (expected: string[]) =>
  vi.waitFor(() => expect(names()).toEqual(expected), { timeout: 30_000, interval: 10 });
const named = (name: string) => events.filter((event) => event.name === name);

describe('files', () => {
  it('are noticed when added, changed and removed', async () => {
    await start();
    expect(names()).toEqual([]);
    writeFileSync(path(), text('a'));
    await until(['a']);
    writeFileSync(path(), text('a', 'b'));
    await until(['a', 'b']);
    unlinkSync(path());
    await until([]);
  });

  it('keep their servers while they have no content, as while they are being written', async () => {
    writeFileSync(path(), text('a'));
    const watch = await start();
    writeFileSync(path(), '\n');
    await vi.waitFor(() => expect(named('EmailServersUnreadable')).toHaveLength(1));
    expect(watch.unreadable()).toEqual([expect.stringMatching(/email-servers\.yaml: is empty/)]);
    expect(names()).toEqual(['a']);
    writeFileSync(path(), text('b'));
    await until(['b']);
    expect(named('EmailServersEmptied')).toEqual([]);
  });

  it('cause a warning that names the stopping servers when they list none any more or are removed', async () => {
    writeFileSync(path(), text('a', 'b'));
    await start();
    writeFileSync(path(), 'emailServers: []\n');
    await until([]);
    expect(named('EmailServersEmptied')).toMatchObject([
      { fields: { count: 2, reason: path(), detail: { servers: ['a', 'b'] } } },
    ]);
    writeFileSync(path(), text('c'));
    await until(['c']);
    unlinkSync(path());
    await until([]);
    expect(named('EmailServersEmptied')[1]).toMatchObject({ fields: { detail: { servers: ['c'] } } });
  });

  it('are followed through a rename (editors) and a swapped symlink (ConfigMap)', async () => {
    mkdirSync(join(folder, 'v1'));
    mkdirSync(join(folder, 'v2'));
    writeFileSync(join(folder, 'v1', 'email-servers.yaml'), text('a'));
    writeFileSync(join(folder, 'v2', 'email-servers.yaml'), text('b'));
    symlinkSync('v1', join(folder, '..data'));
    symlinkSync(join('..data', 'email-servers.yaml'), path());
    await start();
    await until(['a']);
    symlinkSync('v2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await until(['b']);
    writeFileSync(join(folder, 'new'), text('c'));
    renameSync(join(folder, 'new'), path());
    await until(['c']);
  });

  it('keep the last good list when unreadable, are reported once, and recover', async () => {
    writeFileSync(path(), text('a'));
    const watch = await start();
    writeFileSync(path(), 'emailServers:\n  - { name: "a\n');
    await vi.waitFor(() => expect(named('EmailServersUnreadable')).toHaveLength(1), 30_000);
    expect(names()).toEqual(['a']);
    expect(watch.unreadable()[0]).toMatch(/email-servers\.yaml: line \d+/);
    await watch.reload();
    expect(named('EmailServersUnreadable')).toHaveLength(1);
    writeFileSync(path(), text('b'));
    await until(['b']);
    expect(watch.unreadable()).toEqual([]);
  });

  it('report a wrong definition with its reason, and the others start', async () => {
    writeFileSync(path(), `${text('a')}  - { serverType: IMAP, name: bad, port: 70000 }\n`);
    await start();
    expect(names()).toEqual(['a']);
    expect(named('EmailServerInvalid')[0]?.fields).toMatchObject({
      server: 'bad',
      reason: expect.stringContaining('emailServers[1].port: must be 1–65535, got 70000'),
    });
  });

  it('notify listeners of differences only, with a higher revision', async () => {
    writeFileSync(path(), text('a'));
    const watch = await start();
    const heard: number[] = [];
    const off = watch.onChange(({ revision }) => void heard.push(revision));
    writeFileSync(path(), `# a comment\n${text('a')}`);
    await watch.reload();
    writeFileSync(path(), text('a', 'b'));
    await watch.reload();
    expect(heard).toEqual([2]);
    off();
    writeFileSync(path(), text('a'));
    await watch.reload();
    expect(heard).toEqual([2]);
  });
});

it('report a listener that throws, and continue with the next change', async () => {
  const watch = await start();
  const off = watch.onChange(() => {
    throw new Error('broken listener');
  });
  writeFileSync(path(), text('a'));
  await vi.waitFor(
    () => expect(named('EmailServersUnreadable')[0]?.fields).toMatchObject({ kind: 'listener' }),
    30_000,
  );
  off();
  writeFileSync(path(), text('a', 'b'));
  await until(['a', 'b']);
});

describe('the portal’s definitions', () => {
  function portalWith(list: { name: string; definition: unknown; problem?: { field: string; message: string } }[]) {
    const listeners = new Set<() => void>();
    const portal: PortalDefinitions = {
      list: async () => {
        if (broken) throw new Error('Redis is away');
        return list;
      },
      onChange: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
    let broken = false;
    return {
      portal,
      listeners,
      break: () => {
        broken = true;
      },
      changed: () => {
        for (const listener of listeners) listener();
      },
    };
  }
  const definition = (name: string) => ({
    serverType: 'IMAP',
    name,
    host: 'h',
    authenticationType: 'Password',
    password: 'p',
    user: `${name}@x.example`,
    emailFlow: 'F',
  });

  it('are merged after the files; a file wins a name', async () => {
    writeFileSync(path(), text('a'));
    const list = [{ name: 'A', definition: definition('A') }];
    const fake = portalWith(list);
    const watch = await start({ portal: fake.portal });
    expect(names()).toEqual(['a']);
    expect(watch.current().invalid).toMatchObject([{ source: 'portal', name: 'A' }]);
    list.push({ name: 'p', definition: definition('p') });
    fake.changed();
    await until(['a', 'p']);
    expect(watch.current().servers[1]?.source).toBe('portal');
  });

  it('are kept while Redis is away, and files continue', async () => {
    const fake = portalWith([{ name: 'p', definition: definition('p') }]);
    await start({ portal: fake.portal });
    expect(names()).toEqual(['p']);
    fake.break();
    writeFileSync(path(), text('a'));
    await until(['a', 'p']);
    expect(named('EmailServersUnreadable')[0]?.fields).toMatchObject({ kind: 'portal' });
  });

  it('make only one server invalid when its secret does not decrypt', async () => {
    const problem = {
      field: 'password',
      message: 'was encrypted with the key "old", which is not in security.cacheKeys',
    };
    const fake = portalWith([
      { name: 'p', definition: definition('p'), problem },
      { name: 'q', definition: definition('q') },
    ]);
    const watch = await start({ portal: fake.portal });
    expect(names()).toEqual(['q']);
    expect(watch.current().invalid[0]).toMatchObject({ name: 'p', problems: [{ field: 'portal[0].password' }] });
  });

  it('are no longer watched after stop', async () => {
    const fake = portalWith([]);
    const watch = await start({ portal: fake.portal });
    watch.stop();
    expect(fake.listeners.size).toBe(0);
  });
});

it('cause a clear warning about a missing From', async () => {
  writeFileSync(path(), text('a'));
  await start();
  expect(named('SharedAddressNotPermitted')[0]?.fields).toMatchObject({
    server: 'a',
    hint: expect.stringContaining('a@x.example'),
  });
});
