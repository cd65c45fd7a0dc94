// A release is one version in package.json, the lock file, CHANGELOG.md, the image and the chart, and the manual shows the version of the data that the code writes.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { SCHEMA_VERSION } from '../../src/adapters/redis/schema.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('package.json, package-lock.json and CHANGELOG.md name the same version', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect((JSON.parse(read('package-lock.json')) as { version: string }).version).toBe(version);
  const sections = [...read('CHANGELOG.md').matchAll(/^## (.+)$/gm)].map(([, title]) => title ?? '');
  expect(sections[0]).toBe('Unreleased');
  expect(sections[1]?.split(' ')[0]).toBe(version);
});

it('so do the Dockerfile and the Helm chart', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(/^ARG VERSION=(.+)$/m.exec(read('Dockerfile'))?.[1]).toBe(version);
  const chart = parse(read('ops/helm/mailroom/Chart.yaml')) as { version: string; appVersion: string };
  expect([chart.version, chart.appVersion]).toEqual([version, version]);
});

it('docs/operator.md shows the output of mailroom version', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const [, shown] = /^\$ mailroom version --json\n(.+)$/m.exec(read('docs/operator.md')) ?? [];
  expect(JSON.parse(shown ?? '{}')).toEqual({
    ...{ version, schema: SCHEMA_VERSION },
    commit: expect.stringMatching(/^[0-9a-f]{12}$/),
    node: expect.stringMatching(/^\d+\.\d+\.\d+$/),
  });
});
