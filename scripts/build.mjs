// Behind `npm run build`, `npm pack` and the image: dist/ from src/ by the compiler of this clone, with the files that no compiler touches.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
if (!existsSync(compiler)) {
  console.error('build: the compiler is not installed; run npm ci --include=dev first');
  process.exit(1);
}
// What was compiled from files that are gone must not be shipped.
rmSync(join(root, 'dist'), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: ['ignore', 2, 2],
});
const assets = join('http', 'portal', 'assets');
if (status === 0) cpSync(join(root, 'src', assets), join(root, 'dist', assets), { recursive: true });
// What `mailroom_build_info` shows; the image's build has no history and is told (Dockerfile).
const commit =
  process.env.BUILD_COMMIT ||
  spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout?.trim();
if (status === 0 && commit) writeFileSync(join(root, 'dist', 'commit'), `${commit}\n`);
process.exit(status ?? 1);
