// First thing that runs behind `npm run demo`, `npm test` and friends, on whatever Node >= 20 the machine has: makes sure of the right
// Node and of node_modules, says what it does, then runs the script it is given under that Node. Plain JavaScript on purpose: Node 20
// cannot strip types.  node scripts/with-toolchain.mjs <script> [args…]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WANTED = '24.21.0';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (line) => process.stderr.write(`[setup] ${line}\n`);

function fail(line) {
  say(line);
  process.exit(1);
}

/** The npm that started us, else the one on PATH; run by the Node we choose, so that the lock file is read by the product's own Node. */
function npm(node, args, options = {}) {
  const cli = process.env.npm_execpath;
  const useCli = cli?.endsWith('.js') && existsSync(cli);
  const command = useCli ? node : 'npm';
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
  // A parent `npm test` leaves its own settings in npm_config_*; a prefix of the parent must not reach our private install.
  for (const name of Object.keys(env)) if (/^npm_config_(prefix|local_prefix|global)$/i.test(name)) delete env[name];
  return spawnSync(command, useCli ? [cli, ...args] : args, { cwd: root, env, stdio: ['ignore', 2, 2], ...options });
}

/** The product runs from 22.18 on; demo, tests and CI take what the container has, so that all see the same (and the embedded Redis wants 24). */
function supported(version) {
  return Number(version.split('.')[0]) >= 24;
}

/** Path of the right Node: this one, or a private one from the npm registry under .toolchain/. */
function findNode() {
  if (supported(process.versions.node)) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const prefix = join(root, '.toolchain', `node-${WANTED}`);
  const node = join(prefix, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  // An interrupted download leaves half a file.
  const runs = () => spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() === `v${WANTED}`;
  if (!runs()) {
    say(
      `Node ${process.versions.node} is older than the container's; fetching Node ${WANTED} into .toolchain/ (once, about 190 MB)`,
    );
    rmSync(prefix, { recursive: true, force: true });
    mkdirSync(prefix, { recursive: true });
    const done = npm(process.execPath, [
      'install',
      '--prefix',
      prefix,
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      `${name}@${WANTED}`,
    ]);
    if (done.status !== 0 || !runs()) {
      fail(
        `could not install ${name}@${WANTED} from the npm registry (exit ${done.status}); install Node >= 24 yourself and run again`,
      );
    }
  }
  return node;
}

/** node_modules exactly as package-lock.json says; done again only when the lock file changed. */
function ensurePackages(node) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.mailroom-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('installing packages from package-lock.json (npm ci)');
  // NODE_ENV=production in this shell would leave out what demo, tests and build need.
  const done = npm(node, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (done.status !== 0) fail(`npm ci failed (exit ${done.status}); the lines above say why`);
  writeFileSync(stamp, lock);
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail('usage: node scripts/with-toolchain.mjs <script> [args…]');
const node = findNode();
ensurePackages(node);
// Servers lie in sbin, which is not on everybody's PATH.
const path = [
  join(root, 'node_modules', '.bin'),
  dirname(node),
  process.env.PATH ?? '',
  '/usr/sbin',
  '/usr/local/sbin',
];
const env = { ...process.env, PATH: path.join(delimiter) };
const child = spawn(node, [join(root, script), ...args], { stdio: 'inherit', env });
// A signal that is sent to this process alone is passed on, and the child decides the exit code. Ctrl-C reaches the whole foreground group: the
// child then hears it twice within a moment, and takes that for once.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// npm runs us by a shell, and a SIGTERM to npm ends the shell without a word to us: then our parent is another one.
const { ppid } = process;
if (process.env.npm_lifecycle_event !== undefined)
  setInterval(() => process.ppid !== ppid && child.kill('SIGTERM'), 250).unref();
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
