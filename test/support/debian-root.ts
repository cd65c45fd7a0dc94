// A throw-away Debian for servers that conflict with Dovecot and Postfix as packages: made by debootstrap below the temp folder, /proc and /dev bound,
// nothing in it started by its packages, torn down with its mounts. The mirror is the one that this machine's apt uses.
import { execFile, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type StartedProcess, startProcess } from './processes.ts';
import { type TempDir, tempDir } from './temp.ts';

const run = promisify(execFile);
const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const MOUNTS = ['proc', 'dev'];

export interface DebianRoot {
  readonly path: string;
  /** Name → version of the packages that were asked for. */
  readonly versions: Readonly<Record<string, string>>;
  write(file: string, text: string, mode?: number): void;
  read(file: string): string;
  /** One command by the root's own shell; its output. @throws Error with what it wrote to stderr */
  sh(script: string): Promise<string>;
  start(name: string, script: string): StartedProcess;
  remove(): Promise<void>;
}

const onPath = (program: string): boolean =>
  `${process.env.PATH ?? ''}${delimiter}${SYSTEM_PATH}`.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Why no root can be made here; undefined: it can. */
export function rootImpossible(): string | undefined {
  if (process.getuid?.() !== 0)
    return 'needs root (chroot and mounts): run it as root, in a container that may mount (--privileged)';
  if (!onPath('debootstrap')) return 'needs debootstrap: apt-get install --no-install-recommends debootstrap';
  if (mirror() === undefined) return 'needs the package lists of Debian’s or Ubuntu’s apt: apt-get update';
  return undefined;
}

function mirror(): { url: string; suite: string } | undefined {
  const suite = /^VERSION_CODENAME=(\S+)$/m.exec(
    existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '',
  )?.[1];
  if (suite === undefined || !onPath('apt-get')) return undefined;
  const format = '$(REPO_URI) $(CODENAME) $(COMPONENT)';
  const listed = spawnSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const urls = listed.stdout.split('\n').map((line) => line.split(' '));
  const url = urls.find(([, codename, component]) => codename === suite && component === 'main')?.[0];
  return url === undefined ? undefined : { url, suite };
}

/** The bare system that all roots of a run are copies of. @throws Error with the end of debootstrap's output */
export async function makeBase(): Promise<TempDir> {
  const source = mirror();
  if (source === undefined) throw new Error(rootImpossible());
  const dir = tempDir('base');
  try {
    const components = existsSync('/usr/share/keyrings/ubuntu-archive-keyring.gpg') ? 'main,universe' : 'main';
    const options = ['--variant=minbase', `--components=${components}`, '--include=ca-certificates'];
    await run('debootstrap', [...options, source.suite, dir.path, source.url], {
      env: { ...process.env, PATH: SYSTEM_PATH },
      maxBuffer: 1e8,
    });
    return dir;
  } catch (error) {
    dir.remove();
    const { stdout = '' } = error as { stdout?: string };
    throw new Error(`debootstrap failed:\n${stdout.split('\n').slice(-8).join('\n')}`, { cause: error });
  }
}

/** @param base folder of makeBase */
export async function startRoot(base: string, name: string, packages: readonly string[]): Promise<DebianRoot> {
  const dir = tempDir(name);
  const path = join(dir.path, 'root');
  const environment = { PATH: SYSTEM_PATH, LANG: 'C', HOME: '/root', DEBIAN_FRONTEND: 'noninteractive' };
  const chroot = (script: string) =>
    run('chroot', [path, 'sh', '-ec', script], { env: { ...process.env, ...environment }, maxBuffer: 1e8 });
  const mounted = () => {
    const table = readFileSync('/proc/self/mounts', 'utf8');
    return MOUNTS.map((one) => join(path, one)).filter((at) => table.includes(` ${at} `));
  };
  const remove = async () => {
    for (const at of mounted()) await run('umount', ['-l', at]);
    // Never through a mount that is still there: /dev is this machine's.
    if (mounted().length > 0) throw new Error(`still mounted, left in place: ${mounted().join(', ')}`);
    rmSync(dir.path, { recursive: true, force: true });
  };
  try {
    await run('cp', ['-a', base, path]);
    writeFileSync(join(path, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n');
    chmodSync(join(path, 'usr/sbin/policy-rc.d'), 0o755);
    await run('mount', ['-t', 'proc', 'proc', join(path, 'proc')]);
    await run('mount', ['--bind', '/dev', join(path, 'dev')]);
    // Its maintainer script would make 3,072 bits of parameters for minutes; these are RFC 7919's, at once.
    if (packages.includes('courier-imap')) {
      mkdirSync(join(path, 'etc/courier'), { recursive: true });
      await run('openssl', [
        'genpkey',
        '-genparam',
        '-algorithm',
        'DH',
        '-pkeyopt',
        'group:ffdhe3072',
        '-out',
        join(path, 'etc/courier/dhparams.pem'),
      ]);
    }
    await chroot(`apt-get install -q -y --no-install-recommends ${packages.join(' ')} </dev/null`);
    const listed = (await chroot(`dpkg-query -W -f '\${Package} \${Version}\\n' ${packages.join(' ')}`)).stdout;
    return {
      path,
      versions: Object.fromEntries(
        listed
          .trim()
          .split('\n')
          .map((line) => line.split(' ') as [string, string]),
      ),
      write(file, text, mode = 0o644) {
        writeFileSync(join(path, file), text);
        chmodSync(join(path, file), mode);
      },
      read: (file) => readFileSync(join(path, file), 'utf8'),
      sh: async (script) => (await chroot(script)).stdout,
      start: (what, script) =>
        startProcess(what, 'chroot', [path, 'sh', '-ec', script], {
          env: environment,
          logFile: join(dir.path, `${what}.log`),
        }),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
