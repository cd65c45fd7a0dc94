// The floor plan as a table: which room may import which, and which package is known to which room. Read by test/unit/architecture.test.ts.

/** `adapters/imap/connect.ts` → `adapters/imap`; `main.ts` → `main`; `domain/errors.ts` → `domain`. */
export function roomOf(path: string): string {
  const parts = path.split('/');
  if (parts.length === 1) return path.replace(/\.ts$/, '');
  return parts[0] === 'adapters' && parts.length > 2 ? `adapters/${parts[1]}` : (parts[0] ?? '');
}

/** A room may import itself and these. `type:` in front allows types only. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  lib: [],
  domain: ['lib', 'contract'],
  mime: ['lib', 'domain', 'contract'],
  parsing: ['lib', 'mime', 'domain', 'contract'],
  telemetry: ['lib', 'domain', 'contract'],
  config: ['lib', 'telemetry', 'domain', 'contract'],
  inbound: ['lib', 'parsing', 'telemetry', 'domain', 'contract'],
  outbound: ['lib', 'parsing', 'telemetry', 'domain', 'contract'],
  adapters: ['lib', 'type:config', 'telemetry', 'domain', 'contract'],
  http: ['lib', 'type:config', 'telemetry', 'domain', 'contract'],
  consumer: ['domain', 'contract'],
  sandbox: ['contract'],
  doctor: ['type:outbound', 'lib', 'domain', 'contract'],
  operations: [
    ...['type:wiring', 'type:adapters', 'parsing', 'config', 'inbound', 'outbound', 'http', 'doctor', 'telemetry'],
    ...['lib', 'domain', 'contract'],
  ],
  wiring: [
    ...['config', 'inbound', 'outbound', 'adapters', 'http', 'doctor', 'operations', 'parsing', 'telemetry', 'lib'],
    ...['domain', 'contract'],
  ],
  gateway: [...['wiring', 'telemetry', 'lib', 'domain', 'type:config', 'type:inbound', 'type:outbound', 'type:http']],
  cli: [
    ...[
      'gateway',
      'wiring',
      'operations',
      'doctor',
      'config',
      'inbound',
      'outbound',
      'type:adapters',
      'http',
      'parsing',
    ],
    ...['telemetry', 'domain', 'contract', 'consumer', 'lib'],
  ],
  main: ['cli', 'domain', 'telemetry', 'lib'],
};

/** Files that may do what their room may not. */
const EXCEPT: Readonly<Record<string, readonly string[]>> = {
  'cli/sandbox.ts': ['sandbox'],
  // Tries a secret that no configuration holds yet.
  'cli/credentials.ts': ['adapters/oauth'],
};

/** What the two halves need is declared here: adapters that fit it import its types. */
const PORTS = ['inbound/ports.ts', 'outbound/ports.ts', 'doctor/ports.ts', 'http/ports.ts'];

/** Rooms (or single files) that know a package; everyone else may not import it. Prefixes match subpaths and scopes. */
const KNOWN_TO: Readonly<Record<string, readonly string[]>> = {
  bullmq: ['adapters/queue', 'consumer', 'contract/names.ts'],
  imapflow: ['adapters/imap'],
  convict: ['config'],
  nodemailer: ['adapters/smtp', 'outbound/compose.ts', 'outbound/compose'],
  '@azure/msal-node': ['adapters/oauth'],
  '@aws-sdk': ['adapters/blobs'],
  ioredis: ['adapters', 'consumer'],
  'smtp-server': ['sandbox'],
  selfsigned: ['sandbox'],
  fastify: ['http', 'sandbox'],
  pino: ['telemetry'],
  '@opentelemetry': ['telemetry/tracing-sdk.ts', 'consumer/tracing.ts'],
  commander: ['cli', 'main'],
};

interface Import {
  /** As written. */
  specifier: string;
  typeOnly: boolean;
}

/** Import and re-export specifiers of a source text, dynamic and `typeof import()` ones included. */
export function importsOf(source: string): Import[] {
  const code = withoutComments(source);
  const found: Import[] = [];
  for (const [, keyword, clause = '', specifier = ''] of code.matchAll(
    /(?:^|[\n;}])\s*(import|export)\b((?:(?!\bfrom\b)[^'"`;=()])*?(?:\bfrom\s*)?)['"]([^'"\n]+)['"]/g,
  )) {
    if (keyword === 'export' && !clause.includes('from')) continue;
    const names = /\{([\s\S]*)\}/.exec(clause)?.[1];
    const allTypes = names?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '));
    found.push({ specifier, typeOnly: /^\s*type\b/.test(clause) || (allTypes === true && !/^\s*\w/.test(clause)) });
  }
  for (const [, before = '', specifier = ''] of code.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    found.push({ specifier, typeOnly: before !== '' });
  }
  return found;
}

/** The source with comments blanked; strings stay. Good for code formatted by Biome, where a regular expression with quotes is rare. */
export function withoutComments(source: string): string {
  return source.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    '$1',
  );
}

/** Path below src of a relative import. */
export function resolveImport(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** Which rules the imports of a file break, in words. `path` is relative to src. */
export function violations(path: string, imports: readonly Import[]): string[] {
  return imports.flatMap(({ specifier, typeOnly }) => {
    const words = specifier.startsWith('.')
      ? roomViolation(path, resolveImport(path, specifier), typeOnly)
      : packageViolation(path, specifier, typeOnly);
    return words === undefined ? [] : [`${path} imports ${specifier}: ${words}`];
  });
}

function roomViolation(path: string, target: string, typeOnly: boolean): string | undefined {
  const from = roomOf(path);
  const to = roomOf(target);
  if (target.startsWith('../') || target === '') return 'leaves src';
  if (from === to || EXCEPT[path]?.includes(to)) return undefined;
  if (from.startsWith('adapters/') && typeOnly && PORTS.includes(target)) return undefined;
  const general = (room: string) => (room.startsWith('adapters/') ? 'adapters' : room);
  const allowed = MAY_IMPORT[general(from)];
  if (allowed === undefined) return `room ${from} is not on the floor plan (test/support/architecture.ts)`;
  if (allowed.includes(general(to)) && general(from) !== general(to)) return undefined;
  if (typeOnly && allowed.includes(`type:${general(to)}`)) return undefined;
  return `${from} must not import ${to}${allowed.includes(`type:${general(to)}`) ? ' except types' : ''}`;
}

function packageViolation(path: string, specifier: string, typeOnly: boolean): string | undefined {
  const name = Object.keys(KNOWN_TO).find((known) => specifier === known || specifier.startsWith(`${known}/`));
  if (name === undefined) return undefined;
  const known = KNOWN_TO[name] ?? [];
  // A logger or a server handed in as an argument is typed where it is used; the protocol libraries are not even named elsewhere.
  if (typeOnly && ['pino', 'fastify', 'ioredis'].includes(name)) return undefined;
  if (known.some((room) => path === room || path.startsWith(`${room}/`) || roomOf(path) === room)) return undefined;
  return `${name} is known to ${known.join(', ')} alone`;
}

/** Cycles of value imports between files, each once, as `a → b → a`. */
export function importCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: string[]) => {
    const at = trail.indexOf(file);
    if (at >= 0) {
      cycles.push([...trail.slice(at), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}

/** Names that a source text exports, as others import them. */
function exportsOf(source: string): string[] {
  const code = withoutComments(source);
  const declared = code.matchAll(
    /^export\s+(?:async\s+)?(?:const|let|function\*?|class|interface|type|enum)\s+([\w$]+)/gm,
  );
  const listed = [...code.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}/gm)].flatMap(([, list = '']) => list.split(','));
  const names = listed.map((one) =>
    one
      .trim()
      .split(/\s+as\s+|\s+/)
      .at(-1),
  );
  return [...[...declared].map(([, name]) => name), ...names].filter(
    (name): name is string => name !== undefined && name !== '',
  );
}

/**
 * Exports of `files` that no other file names, as `path: name`. A name that another file happens to use for something else is not found: the test
 * is to be quick, and a name says what it means.
 */
export function unusedExports(
  files: readonly { path: string; source: string }[],
  users: readonly { path: string; source: string }[],
): string[] {
  const naming = new Map<string, Set<string>>();
  for (const { path, source } of [...files, ...users])
    for (const word of source.match(/[A-Za-z_$][\w$]*/g) ?? []) {
      const paths = naming.get(word);
      if (paths === undefined) naming.set(word, new Set([path]));
      else paths.add(path);
    }
  return files.flatMap(({ path, source }) =>
    exportsOf(source)
      .filter((name) => [...(naming.get(name) ?? [])].every((other) => other === path))
      .map((name) => `${path}: ${name}`),
  );
}
