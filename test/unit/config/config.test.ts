// Settings: sources and their order, secrets from files, every problem named at once, the reference, masking.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { documentation } from '../../../src/config/docs.ts';
import { entries, variableOf } from '../../../src/config/load.ts';
import { masked } from '../../../src/config/masked.ts';
import { MailroomError } from '../../../src/domain/errors.ts';
import { emptyFolder } from '../../support/fixture.ts';

const KEY = Buffer.alloc(32, 5).toString('base64');
const fit = {
  MAILROOM_REDIS_URL: 'redis://localhost',
  MAILROOM_SECURITY_CACHE_KEYS: `a:${KEY}`,
  MAILROOM_SECURITY_CONVERSATION_KEYS: `b:${KEY}`,
};

const folder = emptyFolder('config');

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const load = (env: Record<string, string> = {}, overrides = {}) =>
  loadConfig({ configDir: folder, env: { ...fit, ...env }, overrides });

function problems(env: Record<string, string>, base: Record<string, string> = fit): string[] {
  try {
    loadConfig({ configDir: folder, env: { ...base, ...env } });
  } catch (error) {
    if (error instanceof MailroomError && error.code === 'CONFIG_INVALID') return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('sources', () => {
  it('override each other in the order defaults, file, environment, overrides', () => {
    expect(load().http.port).toBe(8080);
    write('mailroom.yaml', 'http:\n  port: 1001\n  host: 0.0.0.0\n');
    expect(load().http).toMatchObject({ port: 1001, host: '0.0.0.0' });
    expect(load({ MAILROOM_HTTP_PORT: '1002' }).http.port).toBe(1002);
    expect(load({ MAILROOM_HTTP_PORT: '1002' }, { 'http.port': 0 }).http.port).toBe(0);
  });

  it('may be JSON', () => {
    write('mailroom.json', '{"inbound": {"loginsPerSecond": 2.5}}');
    expect(load().inbound.loginsPerSecond).toBe(2.5);
  });

  it('include a file named by <variable>_FILE for every variable, without its trailing newline', () => {
    const file = write('url', 'redis://:pa55word@redis:6379\n');
    expect(load({ MAILROOM_REDIS_URL: '', MAILROOM_REDIS_URL_FILE: file }).redis.url).toBe(
      'redis://:pa55word@redis:6379',
    );
  });

  it('describe Redis behind sentinels and as a cluster, with the usual ports', () => {
    const { sentinels, sentinel } = load({ ...SENTINELS, MAILROOM_REDIS_DATABASE: '2' }).redis;
    expect(sentinels).toEqual([
      { host: 's1', port: 26_380 },
      { host: 's2', port: 26_379 },
    ]);
    expect(sentinel.master).toBe('m');
    expect(load(CLUSTER).redis.cluster).toEqual([
      { host: 'c1', port: 7_000 },
      { host: '::1', port: 7_001 },
    ]);
  });

  it('keep a number as it is written where it is text', () => {
    write('mailroom.yaml', 'blobs: { s3: { accessKeyId: 0123, secretAccessKey: 1.10 } }\nhttp: { port: 0080 }\n');
    const { blobs, http } = load();
    expect([blobs.s3.accessKeyId, blobs.s3.secretAccessKey, http.port]).toEqual(['0123', '1.10', 80]);
  });

  it('may use anchors and merge keys', () => {
    write('mailroom.yaml', 'http: &http { port: 81 }\nlifecycle: { <<: {}, stallSeconds: 5 }\n');
    expect(load()).toMatchObject({ http: { port: 81 }, lifecycle: { stallSeconds: 5 } });
  });

  it('treat an empty variable as not set', () => {
    expect(load({ MAILROOM_LOG_LEVEL: '' }).log.level).toBe('info');
  });

  it('treat a key without a value in a file as not set', () => {
    write('mailroom.yaml', 'http:\n  port:\n  host: 0.0.0.0\nredis:\n  prefix: null\n');
    expect(load().http).toMatchObject({ port: 8080, host: '0.0.0.0' });
    expect(load().redis.prefix).toBe('{mailroom}');
  });

  it('yield a configuration that is frozen at every level', () => {
    const config = load();
    expect(() => Object.assign(config.http, { port: 1 })).toThrow(TypeError);
    expect(() => (config.roles as string[]).push('x')).toThrow(TypeError);
  });

  it('development generates keys at startup and needs no Redis', () => {
    const config = loadConfig({ configDir: folder, env: { MAILROOM_MODE: 'development' } });
    expect(config.redis.url).toBeUndefined();
    expect(config.security.cacheKeys[0]?.key).toHaveLength(32);
  });
});

const SENTINELS = {
  MAILROOM_REDIS_URL: '',
  MAILROOM_REDIS_SENTINELS: 's1:26380,s2',
  MAILROOM_REDIS_SENTINEL_MASTER: 'm',
};
const CLUSTER = { MAILROOM_REDIS_URL: '', MAILROOM_REDIS_CLUSTER: 'c1:7000,[::1]:7001' };
/** Where Redis is: combinations that cannot be meant. */
const redisTable: [Record<string, string>, string][] = [
  [
    { ...SENTINELS, MAILROOM_REDIS_URL: 'redis://x' },
    'redis.sentinels: cannot be combined with redis.url: Redis is at one address, behind sentinels, or a cluster',
  ],
  [
    { ...SENTINELS, ...CLUSTER },
    'redis.cluster: cannot be combined with redis.sentinels: Redis is at one address, behind sentinels, or a cluster',
  ],
  [{ ...SENTINELS, MAILROOM_REDIS_SENTINEL_MASTER: '' }, 'redis.sentinel.master: is required with redis.sentinels'],
  [{ MAILROOM_REDIS_SENTINEL_MASTER: 'm' }, 'redis.sentinel.master: needs redis.sentinels'],
  [{ ...CLUSTER, MAILROOM_REDIS_DATABASE: '1' }, 'redis.database: needs redis.sentinels'],
  [
    { MAILROOM_REDIS_PASSWORD: 'p' },
    'redis.password: belongs to redis.sentinels and redis.cluster; redis.url has user, password and rediss:// itself',
  ],
  [
    { MAILROOM_REDIS_TLS_ENABLED: 'true' },
    'redis.tls.enabled: belongs to redis.sentinels and redis.cluster; redis.url has user, password and rediss:// itself',
  ],
  [{ ...CLUSTER, MAILROOM_REDIS_USER: 'u' }, 'redis.password: is required with redis.user'],
  [
    { ...SENTINELS, MAILROOM_REDIS_SENTINEL_USER: 'u' },
    'redis.sentinel.password: is required with redis.sentinel.user',
  ],
  [{ MAILROOM_REDIS_TLS_KEY: 'k' }, 'redis.tls.key: and redis.tls.cert must be set both or none'],
  [{ ...CLUSTER, MAILROOM_REDIS_TLS_SERVER_NAME: 'redis' }, 'redis.tls.serverName: needs redis.tls.enabled'],
  [
    { ...CLUSTER, MAILROOM_REDIS_CLUSTER: 'c1:0' },
    'redis.cluster: must be a list of host:port, e.g. redis-1:6379,redis-2, got "c1:0"',
  ],
];

describe('problems', () => {
  const table: [Record<string, string>, string][] = [
    [{ MAILROOM_HTTP_PORT: '70000' }, 'http.port: must be 0–65535, got "70000"'],
    [{ MAILROOM_HTTP_PORT: '80abc' }, 'http.port: must be a whole number 0–65535, got "80abc"'],
    [{ MAILROOM_LOG_LEVEL: 'loud' }, 'log.level: must be one of debug, info, warn, error, silent, got "loud"'],
    [{ MAILROOM_BLOBS_KIND: 's3' }, 'blobs.s3.bucket: is required with blobs.kind s3'],
    [{ MAILROOM_BLOBS_S3_FORCE_PATH_STYLE: 'maybe' }, 'blobs.s3.forcePathStyle: must be true or false, got "maybe"'],
    [{ MAILROOM_REDIS_URL: 'http://:hunter2@x' }, 'redis.url: must be a URL redis://… or rediss://…'],
    ...['mailroom', '{}', '{mail}{room}', '{mail:room}', 'a:{b}', '{a b}'].map(
      (prefix): [Record<string, string>, string] => [
        { MAILROOM_REDIS_PREFIX: prefix },
        `redis.prefix: must hold exactly one hash tag in braces, e.g. {mailroom-emea}, and letters, digits, ".", "_" and "-" only, got "${prefix}"`,
      ],
    ),
    ...redisTable,
    [{ MAILROOM_ROLES: 'ingest,serve' }, 'roles: must be a list of ingest, send, portal, got "ingest,serve"'],
    [
      { MAILROOM_SECURITY_CACHE_KEYS: 'k1:c2hvcnQ=' },
      'security.cacheKeys: entry 1 (k1) must be 32 bytes in base64, got 5',
    ],
    [{ MAILROOM_SECURITY_CACHE_KEYS: `k:${KEY},k:${KEY}` }, 'security.cacheKeys: entry 2 repeats the id k'],
    [
      { MAILROOM_HTTP_API_TOKENS: 'ops:root:0123456789abcdef' },
      'http.apiTokens: entry 1 must be name:role:token with role viewer, operator, administrator, backend',
    ],
    [
      { MAILROOM_HTTP_API_TOKENS: 'ops:viewer:sha256:0123456789abcdef' },
      'http.apiTokens: entry 1 (ops) must have 64 hex digits after sha256:',
    ],
    [
      { MAILROOM_HTTP_API_TOKENS: 'ops:viewer:short' },
      'http.apiTokens: entry 1 must have a token of at least 16 characters, in the order name:role:token',
    ],
    [
      { MAILROOM_HTTP_TRUSTED_PROXIES: '10.0.0.0/33' },
      'http.trustedProxies: entry 1 must be an address or a network like 10.0.0.0/8, got "10.0.0.0/33"',
    ],
    [
      { MAILROOM_SECURITY_PORTAL_ALLOWED_HOSTS: 'mail.contoso.example, 10.0.0.0/33' },
      'security.portalAllowedHosts: entry 2 must be an address, a network or a host name, got "mail.contoso.example, 10.0.0.0/33"',
    ],
    [{ MAILROOM_HTTP_OIDC_SCOPES: 'profile' }, 'http.oidc.scopes: must contain openid, got "profile"'],
    [
      { MAILROOM_HTTP_OIDC_ROLES: 'admin=x' },
      'http.oidc.roles: entry 1 must be role=value with role viewer, operator, administrator, got "admin=x"',
    ],
    [
      { MAILROOM_HTTP_OIDC_ISSUER: 'http://id.example' },
      'http.oidc.issuer: must be a URL https://…, got "http://id.example"',
    ],
    [
      { MAILROOM_HTTP_OIDC_ISSUER: 'https://id.example/' },
      'http.oidc.roles: is required with http.oidc.issuer: without it nobody would have a role',
    ],
    [{ MAILROOM_REDIS_ULR: 'x' }, 'MAILROOM_REDIS_ULR: is not a setting; did you mean MAILROOM_REDIS_URL?'],
    [{ MAILROOM_OUTBOUND_EHLO_NAME: 'a b' }, 'outbound.ehloName: must be a host name, got "a b"'],
    [{ MAILROOM_REDIS_TLS_CA: 'nonsense' }, 'redis.tls.ca: must be a certificate in PEM form, got "nonsense"'],
    [
      { MAILROOM_REDIS_URL_FILE: '/nowhere' },
      'redis.url: is set twice: by MAILROOM_REDIS_URL and MAILROOM_REDIS_URL_FILE',
    ],
    [{ MAILROOM_OAUTH_APPLICATIONS: '{' }, 'oauthApplications: must be JSON'],
    [
      { MAILROOM_REDIS_URL: 'redis://:50%off@x' },
      'redis.url: must have % and other special characters of user and password percent-encoded (% is %25)',
    ],
  ];
  it.each(table)('%j', (env, line) => expect(problems(env)).toContain(line));

  /** What a file can hold and a variable cannot. */
  const files: [string | Uint8Array, string][] = [
    ['http: { port: true }', 'http.port: must be a whole number 0–65535, got true'],
    ['http: { port: 0x1F90 }', 'http.port: must be a whole number 0–65535, got "0x1F90"'],
    ['http: { port: 1e3 }', 'http.port: must be a whole number 0–65535, got "1e3"'],
    ['http: { port: .nan }', 'http.port: must be a whole number 0–65535, got ".nan"'],
    ['http: { port: { a: 1 } }', 'http.port: must be a whole number 0–65535, got {"a":1}'],
    ['log: { audit: [true] }', 'log.audit: must be true or false, got [true]'],
    ['oauthApplications: { name: A }', 'oauthApplications: must be a list of applications'],
    ['http: { apiTokens: { token: hunter2 } }', 'http.apiTokens: must be a list'],
    ['organisation: a\n---\norganisation: b\n', 'line 2, column 1: a second document begins here (---)'],
    ['organisation: !vault abc', 'line 1, column 15: a tag like !secret or !vault is not supported'],
    [Buffer.from('mode: production\norganisation: Büro\n', 'latin1'), 'mailroom.yaml: is not UTF-8 (line 2)'],
  ];
  it.each(files)('of a file: %j', (content, line) => {
    writeFileSync(join(folder, 'mailroom.yaml'), content);
    expect(problems({})).toEqual([expect.stringContaining(line)]);
  });

  it('production requires Redis and keys', () => {
    expect(problems({}, {})).toEqual([
      'redis.url: is required in production (MAILROOM_REDIS_URL), or redis.sentinels, or redis.cluster',
      'security.cacheKeys: is required in production',
      'security.conversationKeys: is required in production',
    ]);
  });

  it('a folder that does not exist is named first: it may be why the rest is missing', () => {
    const nowhere = join(folder, 'nowhere');
    const refused = expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/nowhere: this folder does not exist\nredis\.url: is required/),
    });
    expect(() => loadConfig({ configDir: nowhere, env: {} })).toThrow(refused);
    expect(loadConfig({ configDir: nowhere, env: fit }).configDir).toBe(nowhere);
  });

  it('are all reported at once, and the first is the field of the error', () => {
    expect(problems({ MAILROOM_HTTP_PORT: 'x', MAILROOM_LOG_LEVEL: 'y', MAILROOM_ROLES: 'z' })).toHaveLength(3);
  });

  it('never repeat the value of a secret', () => {
    const text = problems({ MAILROOM_SECURITY_CACHE_KEYS: 'my-secret-text', MAILROOM_REDIS_URL: 'hunter2' }).join();
    expect(text).not.toMatch(/my-secret-text|hunter2/);
  });

  it.each<[Record<string, string>]>([
    [{ MAILROOM_HTTP_API_TOKENS: 'hunter2-hunter2:backend:desk' }], // name and token in the wrong order
    [{ MAILROOM_HTTP_OIDC_PROXY: 'ftp://user:hunter2@proxy' }],
    [{ MAILROOM_HTTP_OIDC_ISSUER: 'http://user:hunter2@id.example' }],
  ])('never repeat a secret that is part of the value: %j', (env) => {
    expect(problems(env)).not.toEqual([]);
    expect(problems(env).join()).not.toContain('hunter2');
  });

  it('name an unknown key of a file with the nearest known one', () => {
    write('mailroom.yaml', 'http:\n  prot: 80\nreddis:\n  url: x\nlog: info\n');
    expect(problems({})).toEqual([
      'http.prot: is not a setting; did you mean http.port?',
      'reddis: is not a setting; did you mean redis?',
      'log: must hold settings as keys and values',
    ]);
  });

  it('name the line of a file that is not YAML', () => {
    write('mailroom.yaml', 'http:\n  port: 1\n bad: [\n');
    expect(problems({})[0]).toMatch(/mailroom\.yaml: line 3, column \d+: /);
  });

  it('ignore variables that an orchestrator sets', () => {
    expect(problems({ MAILROOM_PORT_8080_TCP_PROTO: 'tcp', MAILROOM_SERVICE_HOST: '10.0.0.1' })).toEqual([]);
  });

  it('reject a prototype as a setting', () => {
    write('mailroom.json', '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}');
    expect(problems({}).length).toBeGreaterThan(0);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('OAuth2 applications', () => {
  const apps = (list: unknown) => ({ MAILROOM_OAUTH_APPLICATIONS: JSON.stringify(list) });
  const good = { name: 'Contoso', tenant: 't', clientId: 'c' };

  it('reads secrets from value, file or environment', () => {
    write('secret', 'from-the-file\n');
    const credentials = [
      { secret: 'plain' },
      { secretFile: 'secret', expires: '2027-01-31' },
      { secretEnv: 'APP_SECRET' },
      { assertionFile: 'token' },
    ];
    const config = load({ ...apps([{ ...good, credentials }]), APP_SECRET: 'from-the-environment' });
    expect(config.oauthApplications[0]?.credentials).toEqual([
      { kind: 'secret', secret: 'plain' },
      { kind: 'secret', secret: 'from-the-file', expires: '2027-01-31' },
      { kind: 'secret', secret: 'from-the-environment' },
      { kind: 'federated', assertionFile: join(folder, 'token') },
    ]);
  });

  const table: [unknown, string][] = [
    [
      { ...good, cloud: 'germany' },
      'oauthApplications[0].cloud: must be one of world, gccHigh, dod, china, got "germany"',
    ],
    [{ name: 'x' }, 'oauthApplications[0].clientId: is required'],
    [{ ...good, clientID: 'x' }, 'oauthApplications[0].clientID: is not a known field; did you mean clientId?'],
    [
      { ...good, credentials: [{}] },
      'oauthApplications[0].credentials[0]: must have a secret, a certificate or an assertionFile',
    ],
    [
      { ...good, credentials: [{ secretFile: 'none' }] },
      'oauthApplications[0].credentials[0].secretFile: cannot be read (ENOENT), got none',
    ],
    [
      { ...good, credentials: [{ secretEnv: 'NONE' }] },
      'oauthApplications[0].credentials[0].secretEnv: names a variable that is not set, got NONE',
    ],
    [
      { ...good, credentials: [{ secret: 'a', secretEnv: 'B' }] },
      'oauthApplications[0].credentials[0].secret: must be given once: as value, File or Env',
    ],
    [
      { ...good, credentials: [{ secret: 'a', expires: 'soon' }] },
      'oauthApplications[0].credentials[0].expires: must be a date like 2027-03-31, got "soon"',
    ],
    [{ ...good, proxy: 'ftp://x' }, 'oauthApplications[0].proxy: must be a URL http://… or socks5://…, got "ftp://x"'],
  ];
  const wrong = (list: unknown) =>
    load(apps(list)).invalidOAuthApplications.flatMap((one) =>
      one.problems.map(({ field, message }) => `${field}: ${message}`),
    );
  it.each(table)('%j', (application, line) => expect(wrong([application])).toContain(line));

  it('requires unique names', () => {
    expect(wrong([good, good])).toContain('oauthApplications[1].name: is used twice, got "Contoso"');
  });

  it('shows an invalid one by name, field and reason, without affecting the others', () => {
    const list = [{ ...good, cloud: 'germany' }, { ...good, name: 'Fabrikam' }, 'nonsense', { name: 'Northwind' }];
    const { oauthApplications, invalidOAuthApplications } = load(apps(list));
    expect(oauthApplications.map(({ name }) => name)).toEqual(['Fabrikam']);
    expect(invalidOAuthApplications.map(({ index, name }) => [index, name])).toEqual([
      [0, 'Contoso'],
      [2, undefined],
      [3, 'Northwind'],
    ]);
  });

  it('refuses to start with a list that is not a list or not JSON, because its entries cannot be told apart', () => {
    expect(problems(apps({ name: 'x' }))).toContain('oauthApplications: must be a list of applications');
  });
});

describe('what people see', () => {
  it('the reference lists every setting', () => {
    const text = documentation();
    for (const { path, setting } of entries())
      expect(text).toContain(`| \`${path}\`${setting.sensitive ? ' 🔒' : ''} | \`${variableOf(path)}\``);
  });

  it('environment names are unique', () => {
    const names = entries().map(({ path }) => variableOf(path));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('MAILROOM_HTTP_OIDC_CLIENT_ID');
  });

  it.each([
    ['desk:backend:0123456789abcdef', 'desk', 'backend', '0123456789abcdef'],
    ['kim:administrator:with:colon:inside', 'kim', 'administrator', 'with:colon:inside'],
    // Names of earlier versions.
    ['old:admin:0123456789abcdef', 'old', 'administrator', '0123456789abcdef'],
    ['old:read:0123456789abcdef', 'old', 'viewer', '0123456789abcdef'],
  ])('API token %s is kept as its digest only', (entry, name, role, token) => {
    const digest = createHash('sha256').update(token).digest('hex');
    expect(load({ MAILROOM_HTTP_API_TOKENS: entry }).http.apiTokens).toEqual([{ name, role, digest }]);
    const hashed = entry.replace(token, `sha256:${digest.toUpperCase()}`);
    expect(load({ MAILROOM_HTTP_API_TOKENS: hashed }).http.apiTokens).toEqual([{ name, role, digest }]);
  });

  it('masking hides every secret', () => {
    mkdirSync(join(folder, 'x'));
    const secrets = ['hunter2-redis', 'sixteen-characters-token', 'the-application-secret', 'aws-secret-key'];
    const config = load({
      MAILROOM_REDIS_URL: `rediss://user:${secrets[0]}@redis:6380/1`,
      MAILROOM_HTTP_API_TOKENS: `ops:viewer:${secrets[1]}`,
      MAILROOM_OAUTH_APPLICATIONS: JSON.stringify([
        { name: 'A', clientId: 'c', credentials: [{ secret: secrets[2] }] },
      ]),
      MAILROOM_BLOBS_S3_ACCESS_KEY_ID: 'AKIA',
      MAILROOM_BLOBS_S3_SECRET_ACCESS_KEY: secrets[3] ?? '',
    });
    const text = JSON.stringify(masked(config));
    for (const secret of [...secrets, KEY, Buffer.alloc(32, 5).toString('hex')]) expect(text).not.toContain(secret);
    expect(masked(config)).toMatchObject({
      redis: { url: 'rediss://user:******@redis:6380/1' },
      security: { cacheKeys: [{ id: 'a', key: '••••••' }] },
      http: { apiTokens: [{ name: 'ops', role: 'viewer' }] },
    });
  });
});
