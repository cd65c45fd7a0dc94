// OAuth2 applications while the process runs: what changed is told by name, a wrong one keeps its last good form, nothing else is touched.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from '../../../src/config/load.ts';
import { type ApplicationWatch, watchApplications } from '../../../src/config/watch-applications.ts';
import type { EventFields } from '../../../src/telemetry/events.ts';
import { emptyFolder } from '../../support/fixture.ts';

const folder = emptyFolder('applications');
let watched: ApplicationWatch | undefined;
const events: { name: string; fields: EventFields }[] = [];
const told: string[][] = [];
beforeEach(() => {
  events.length = 0;
  told.length = 0;
  writeFileSync(join(folder, 'a-secret'), 'first-secret\n');
});
afterEach(() => {
  watched?.stop();
});

const a = { name: 'A', clientId: 'a', credentials: [{ secretFile: 'a-secret' }] };
const b = { name: 'B', clientId: 'b', credentials: [{ secret: 'b-secret-value' }] };
const write = (applications: unknown[], more: object = {}) =>
  writeFileSync(
    join(folder, 'mailroom.yaml'),
    stringify({ mode: 'development', oauthApplications: applications, ...more }),
  );

function start(applications: unknown[] = [a, b]): ApplicationWatch {
  write(applications);
  const load = () => readConfig({ configDir: folder, env: {} });
  const one = watchApplications({
    config: load().config,
    load,
    emit: (name, fields = {}) => void events.push({ name, fields }),
    pollMs: 50,
    debounceMs: 5,
  });
  one.onChange((changed) => void told.push([...changed].sort()));
  watched = one;
  return one;
}
const named = (name: string) => events.filter((event) => event.name === name).map(({ fields }) => fields);
const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 10 });

describe('applications', () => {
  it('report a change by name, and keep the objects of the others', async () => {
    const one = start();
    const before = one.current();
    write([{ ...a, tenant: 'contoso.example' }, b]);
    await until(() => expect(told).toEqual([['A']]));
    expect(one.current()[0]).toMatchObject({ tenant: 'contoso.example' });
    expect(one.current()[1]).toBe(before[1]);
    expect(named('ApplicationReloaded')).toEqual([{ application: 'A', kind: 'changed' }]);
  });

  it('are reloaded when the file of a secret changes', async () => {
    const one = start();
    writeFileSync(join(folder, 'a-secret'), 'second-secret\n');
    await until(() => expect(told).toEqual([['A']]));
    expect(one.current()[0]?.credentials).toEqual([{ kind: 'secret', secret: 'second-secret' }]);
    expect(JSON.stringify(events)).not.toContain('second-secret');
  });

  it('are added and removed', async () => {
    const one = start([a]);
    write([b]);
    await until(() => expect(told).toEqual([['A', 'B']]));
    expect(one.current().map(({ name }) => name)).toEqual(['B']);
    expect(named('ApplicationReloaded')).toEqual([
      { application: 'A', kind: 'removed' },
      { application: 'B', kind: 'added' },
    ]);
  });

  it('keep the last valid form of an invalid one, shown with field and reason, while others change', async () => {
    const one = start();
    write([
      { ...a, cloud: 'germany' },
      { ...b, tenant: 'fabrikam.example' },
    ]);
    await until(() => expect(told).toEqual([['B']]));
    expect(one.current().map(({ name, tenant }) => [name, tenant])).toEqual([
      ['B', 'fabrikam.example'],
      ['A', 'common'],
    ]);
    expect(named('ApplicationInvalid')).toMatchObject([
      { application: 'A', kind: 'last good one stays in force', field: 'oauthApplications[0].cloud' },
    ]);
    expect([...one.wrong()]).toEqual([]);
    rmSync(join(folder, 'a-secret'));
    write([a, b]);
    await until(() => expect(named('ApplicationInvalid')).toHaveLength(2));
    expect(named('ApplicationInvalid')[1]?.reason).toContain('cannot be read (ENOENT)');
    expect(one.current()).toHaveLength(2);
  });

  it('name what is wrong with one that was never valid, until it is corrected', async () => {
    const one = start([{ ...a, cloud: 'germany' }, b]);
    expect(one.current().map(({ name }) => name)).toEqual(['B']);
    expect(one.wrong().get('A')).toContain('must be one of world, gccHigh, dod, china');
    write([a, b]);
    await until(() => expect(told).toEqual([['A']]));
    expect([...one.wrong()]).toEqual([]);
  });

  it('keep the last settings while they cannot be read, report this once, and recover', async () => {
    const one = start();
    writeFileSync(join(folder, 'mailroom.yaml'), 'oauthApplications: [\n');
    await until(() => expect(named('SettingsUnreadable')).toHaveLength(1));
    one.reload();
    expect(named('SettingsUnreadable')).toHaveLength(1);
    expect(one.current()).toHaveLength(2);
    write([a]);
    await until(() => expect(told).toEqual([['B']]));
  });

  it('stay while the file has no content and Redis and keys come from the environment', async () => {
    writeFileSync(join(folder, 'mailroom.yaml'), stringify({ oauthApplications: [a, b] }));
    const load = () => readConfig({ configDir: folder, env: { MAILROOM_MODE: 'development' } });
    const emit = (name: string, fields: EventFields = {}) => void events.push({ name, fields });
    watched = watchApplications({ config: load().config, load, emit, pollMs: 50, debounceMs: 5 });
    writeFileSync(join(folder, 'mailroom.yaml'), '');
    watched.reload();
    expect(named('SettingsUnreadable')).toMatchObject([
      { err: { message: expect.stringMatching(/mailroom\.yaml: is empty/) } },
    ]);
    expect(watched.current()).toHaveLength(2);
    writeFileSync(join(folder, 'mailroom.yaml'), '# none\n');
    watched.reload();
    expect(watched.current()).toEqual([]);
  });

  it('report which other settings changed without effect, without their values', async () => {
    start();
    write([a, b], { http: { port: 1234 }, redis: { url: 'redis://:pa55word@redis' } });
    await until(() => expect(named('SettingsChanged')).toEqual([{ detail: { fields: ['redis.url', 'http.port'] } }]));
    expect(told).toEqual([]);
    expect(JSON.stringify(events)).not.toContain('pa55word');
  });
});
