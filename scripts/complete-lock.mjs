// Maintainers only, after a change of dependencies: some registries do not offer the optional packages of other platforms; npm then leaves
// them out of the lock file, and `npm ci` refuses it. Adds them back by name and version.   node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const P = lock.packages;
const OS = [
  'android',
  'darwin',
  'linux',
  'win32',
  'freebsd',
  'openbsd',
  'netbsd',
  'sunos',
  'aix',
  'openharmony',
  'wasm32',
];
const CPU = ['arm64', 'x64', 'arm', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el', 'wasm32', 'ppc64le'];
let added = 0;
for (const [path, pkg] of Object.entries(P))
  for (const [name, range] of Object.entries(pkg.optionalDependencies ?? {})) {
    let at = path,
      found = false;
    for (;;) {
      if (P[`${at ? `${at}/` : ''}node_modules/${name}`]) {
        found = true;
        break;
      }
      if (at === '') break;
      at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/'))) || '';
      if (!at.includes('node_modules')) at = '';
    }
    if (found) continue;
    const words = name.split(/[/-]/);
    const os = words.filter((w) => OS.includes(w) || w === 'linuxmusl').map((w) => (w === 'linuxmusl' ? 'linux' : w)),
      cpu = words.filter((w) => CPU.includes(w));
    const version = range.replace(/^[~^]/, '');
    const entry = {
      version,
      ...(pkg.dev ? { dev: true } : {}),
      optional: true,
      ...(os.length ? { os } : {}),
      ...(cpu.length ? { cpu } : {}),
      ...(/musl/.test(name) ? { libc: ['musl'] } : /gnu|glibc/.test(name) ? { libc: ['glibc'] } : {}),
    };
    P[`node_modules/${name}`] = entry;
    added++;
    console.log(name, JSON.stringify(entry));
  }
lock.packages = Object.fromEntries(Object.entries(P).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
console.log(added);
