// Files + environment + overrides → typed settings, with every problem collected. convict layers the sources; the parsers of the schema check
// the values, so that a message is the same wherever the value came from.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import convict from 'convict';
import { MailroomError } from '../domain/errors.ts';
import type { Config, LoadOptions } from './config.ts';
import { distance, nearest } from './nearest.ts';
import { readOAuthApplications } from './oauth-applications.ts';
import { configInvalid, type Problem, shownValue } from './problem.ts';
import { settings } from './schema.ts';
import { checkRedisSettings } from './schema-redis.ts';
import type { Setting } from './setting.ts';
import { fileErrorCode, readTextFile, readValueFile } from './text-file.ts';
import { tracingFrom } from './tracing.ts';
import { parseYaml } from './yaml.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface Loaded {
  config: Config;
  /** Files that were read, in order. */
  files: readonly string[];
  /** Those of them without any content, as while they are being written. */
  blank: readonly string[];
  /** Files whose change can change OAuth2 applications: those above, existing or not, and those that contain secrets. */
  watched: readonly string[];
}

export type Entry = { path: string; setting: Setting<unknown> };

const isSetting = (node: object): node is Setting<unknown> => 'parse' in node;
const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** All settings in the order of the schema, with their dotted paths. */
export function entries(node: object = settings, prefix = ''): Entry[] {
  return Object.entries(node).flatMap(([name, child]: [string, object]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return isSetting(child) ? [{ path, setting: child }] : entries(child, path);
  });
}

/** The environment variable of a setting: `http.apiTokens` → `MAILROOM_HTTP_API_TOKENS`. */
export const variableOf = (path: string): string =>
  `MAILROOM_${path.replace(/[A-Z]/g, '_$&').replaceAll('.', '_').toUpperCase()}`;

export const NO_FOLDER = 'this folder does not exist';
/** Read when emailServersFiles names none. */
export const DEFINITION_FILES = ['email-servers.yaml', 'email-servers.yml', 'email-servers.json'];
const FILES = ['mailroom.yaml', 'mailroom.yml', 'mailroom.json'];

/** Reads everything. @throws MailroomError CONFIG_INVALID with all problems. */
export function readConfig({ configDir, env = process.env, overrides = {} }: LoadOptions): Loaded {
  const folder = resolve(configDir ?? env.MAILROOM_CONFIG_DIR ?? 'config');
  const problems: Problem[] = [];
  const files = FILES.map((name) => join(folder, name)).filter((file) => existsSync(file));
  const known = new Map(entries().map((entry) => [entry.path, entry.setting]));

  const blank: string[] = [];
  const layers = files.map((file) => flatten(readFile(file, problems, blank), known, problems));
  layers.push(fromEnvironment(env, known, problems));
  for (const path of Object.keys(overrides)) if (!known.has(path)) problems.push(unknownKey(path, [...known.keys()]));
  layers.push({ ...overrides });

  const values = layered(layers, known, problems);
  const read = new Set<string>();
  const { applications, invalid: invalidOAuthApplications } = readOAuthApplications(
    values.get('oauthApplications') as readonly unknown[] | undefined,
    { folder, env, read },
  );
  values.set('oauthApplications', applications);
  finish(values, folder);
  checkTogether(values, problems);
  // A mistyped folder is the reason that everything is missing.
  if (problems.length > 0 && !existsSync(folder)) problems.unshift({ field: folder, message: NO_FOLDER });
  if (problems.length > 0) throw configInvalid(problems);
  return {
    config: deepFreeze({
      configDir: folder,
      invalidOAuthApplications,
      tracing: tracingFrom(env),
      ...(build(settings, '', values) as Omit<Config, 'configDir' | 'invalidOAuthApplications' | 'tracing'>),
    }),
    files,
    blank,
    watched: [...FILES.map((name) => join(folder, name)), ...read],
  };
}

function readFile(file: string, problems: Problem[], blank: string[]): Record<string, unknown> {
  try {
    const text = readTextFile(file);
    if (text.trim() === '') blank.push(file);
    const content = parseYaml(text);
    if (content === null || content === undefined) return {};
    if (isGroup(content)) return content;
    problems.push({ field: file, message: 'must hold settings as keys and values' });
  } catch (error) {
    problems.push({ field: file, message: error instanceof Error ? error.message : 'cannot be read' });
  }
  return {};
}

/** Nested content of a file → dotted paths, without keys that have no value; what the schema does not know becomes a problem with the nearest name. */
function flatten(
  content: Record<string, unknown>,
  known: ReadonlyMap<string, Setting<unknown>>,
  problems: Problem[],
  prefix = '',
) {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(content)) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const isParent = [...known.keys()].some((key) => key.startsWith(`${path}.`));
    const setting = known.get(path);
    if (setting === undefined && !isParent) problems.push(unknownKey(path, siblings(prefix, known)));
    else if (value === null) continue;
    // convict would take keys and values for a group of settings.
    else if (setting !== undefined && isGroup(value)) parsed({ path, setting }, value, problems);
    else if (setting !== undefined) flat[path] = value;
    else if (isGroup(value)) Object.assign(flat, flatten(value, known, problems, path));
    else problems.push({ field: path, message: 'must hold settings as keys and values' });
  }
  return flat;
}

const siblings = (prefix: string, known: ReadonlyMap<string, unknown>): string[] => {
  const below = [...known.keys()].filter((key) => prefix === '' || key.startsWith(`${prefix}.`));
  const depth = prefix === '' ? 1 : prefix.split('.').length + 1;
  return [...new Set(below.map((key) => key.split('.').slice(0, depth).join('.')))];
};

function unknownKey(path: string, candidates: readonly string[]): Problem {
  const near = nearest(path, candidates);
  return { field: path, message: near ? `is not a setting; did you mean ${near}?` : 'is not a setting' };
}

/** Reads `<ENV>` and `<ENV>_FILE`. Empty counts as not set, because compose files pass empty variables. */
function fromEnvironment(env: Env, known: ReadonlyMap<string, unknown>, problems: Problem[]) {
  const found: Record<string, unknown> = {};
  const variables = [...known.keys()].map((path) => [path, variableOf(path)] as const);
  for (const [path, variable] of variables) {
    const direct = env[variable];
    const file = env[`${variable}_FILE`];
    if (direct) found[path] = direct;
    if (!file) continue;
    if (direct) problems.push({ field: path, message: `is set twice: by ${variable} and ${variable}_FILE` });
    try {
      found[path] = readValueFile(file);
    } catch (error) {
      const message = `cannot be read from ${variable}_FILE ${file} (${fileErrorCode(error)})`;
      problems.push({ field: path, message });
    }
  }
  const names = variables.map(([, variable]) => variable);
  for (const name of Object.keys(env)) unknownVariable(name, names, problems);
  return found;
}

/** Read elsewhere: by the command line, and by secretEnv fields. */
const OTHER_VARIABLES = /^MAILROOM_(CONFIG_DIR|SECRET_.*)$/;
/** Kubernetes sets these for every service in the namespace. */
const ORCHESTRATOR = /_SERVICE_(HOST|PORT)(_|$)|_PORT(_\d+_(TCP|UDP).*)?$/;
/** Number of letters by which a misspelt variable may differ. */
const MISSPELT = 2;

/** A misspelt variable is an error like a misspelt key; only near misses count, because other programs may set variables of their own. */
function unknownVariable(name: string, names: readonly string[], problems: Problem[]): void {
  if (!name.startsWith('MAILROOM_') || OTHER_VARIABLES.test(name) || ORCHESTRATOR.test(name)) return;
  const plain = name.replace(/_FILE$/, '');
  if (names.includes(name) || names.includes(plain)) return;
  const near = names.find((known) => distance(plain, known) <= MISSPELT);
  if (near) problems.push({ field: name, message: `is not a setting; did you mean ${near}?` });
}

function layered(
  layers: readonly Record<string, unknown>[],
  known: ReadonlyMap<string, Setting<unknown>>,
  problems: Problem[],
) {
  const values = new Map<string, unknown>();
  const instance = convict<Record<string, unknown>>(schemaFor(known, values, problems), { env: {}, args: [] });
  for (const layer of layers) for (const [path, value] of Object.entries(layer)) instance.set(path, value);
  try {
    instance.validate({ allowed: 'strict' });
  } catch (error) {
    // Every problem of a value was collected by its format; convict's own text would repeat the value.
    if (problems.length === 0) throw new MailroomError('CONFIG_INVALID', { cause: error });
  }
  return values;
}

/** The convict schema. Defaults are passed as text, because convict coerces by the type of the default, and loosely (`12abc` → 12). */
function schemaFor(known: ReadonlyMap<string, Setting<unknown>>, values: Map<string, unknown>, problems: Problem[]) {
  const root: Record<string, unknown> = {};
  for (const [path, setting] of known) {
    const names = path.split('.');
    const leaf = names.pop() ?? path;
    let group = root;
    for (const name of names) {
      group[name] ??= {};
      group = group[name] as Record<string, unknown>;
    }
    group[leaf] = {
      doc: setting.doc,
      default: setting.default === null ? null : String(setting.default),
      nullable: true,
      sensitive: setting.sensitive,
      format: (value: unknown) => void values.set(path, parsed({ path, setting }, value, problems)),
    };
  }
  return root as convict.Schema<Record<string, unknown>>;
}

/** The typed value of a setting; undefined with a problem. */
function parsed({ path, setting }: Entry, value: unknown, problems: Problem[]): unknown {
  try {
    return setting.parse(value);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'is not valid';
    problems.push({ field: path, message, ...(setting.sensitive ? {} : { got: shownValue(value) }) });
    return undefined;
  }
}

/** Development gets generated keys; paths become absolute: relative ones start at the working directory (blobs) or beside the configuration (definitions). */
function finish(values: Map<string, unknown>, folder: string): void {
  if (values.get('mode') === 'development') {
    // Keys generated at startup: what they encrypted or signed is lost when this process ends.
    for (const path of ['security.cacheKeys', 'security.conversationKeys']) {
      const ring = values.get(path);
      if (Array.isArray(ring) && ring.length === 0)
        values.set(path, [{ id: 'made-up', key: new Uint8Array(randomBytes(32)) }]);
    }
  }
  const blobs = values.get('blobs.folder');
  if (typeof blobs === 'string') values.set('blobs.folder', resolve(blobs));
  const given = values.get('emailServersFiles');
  const files = Array.isArray(given) ? given.map(String) : [];
  const names = files.length > 0 ? files : DEFINITION_FILES;
  values.set(
    'emailServersFiles',
    names.map((name) => (isAbsolute(name) ? name : join(folder, name))),
  );
}

/** Problems that only the combination of several settings shows. */
function checkTogether(values: ReadonlyMap<string, unknown>, problems: Problem[]): void {
  const missing = (field: string, message: string) => {
    if (problems.every((problem) => problem.field !== field)) problems.push({ field, message });
  };
  checkRedisSettings((path) => values.get(path), missing);
  const empty = (path: string) => (values.get(path) as readonly unknown[] | undefined)?.length === 0;
  if (values.get('mode') === 'production') {
    for (const path of ['security.cacheKeys', 'security.conversationKeys'])
      if (empty(path)) missing(path, 'is required in production');
  }
  if (values.get('blobs.kind') === 's3' && values.get('blobs.s3.bucket') === undefined)
    missing('blobs.s3.bucket', 'is required with blobs.kind s3');
  if (values.get('http.oidc.issuer') !== undefined) {
    if (values.get('http.oidc.clientId') === undefined)
      missing('http.oidc.clientId', 'is required with http.oidc.issuer');
    if (empty('http.oidc.roles'))
      missing('http.oidc.roles', 'is required with http.oidc.issuer: without it nobody would have a role');
  }
  if ((values.get('blobs.s3.accessKeyId') === undefined) !== (values.get('blobs.s3.secretAccessKey') === undefined))
    missing('blobs.s3.secretAccessKey', 'and blobs.s3.accessKeyId must be set both or none');
}

function build(node: object, prefix: string, values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(node).map(([name, child]: [string, object]) => {
      const path = prefix === '' ? name : `${prefix}.${name}`;
      return [name, isSetting(child) ? values.get(path) : build(child, path, values)];
    }),
  );
}

/** Freezes plain data all the way down; bytes (keys) cannot be frozen. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}
