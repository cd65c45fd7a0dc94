// Which build is running: the version of package.json, and the commit that the build wrote beside the compiled code (scripts/build.mjs).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

interface Build {
  version: string;
  /** Abbreviated hash; `unknown` without a build and without a clone. */
  commit: string;
}

export function readBuild(): Build {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Build;
  try {
    return { version, commit: readFileSync(new URL('../commit', import.meta.url), 'utf8').trim() };
  } catch {
    // A clone that runs from its sources.
    const root = new URL('../../', import.meta.url);
    const git = existsSync(new URL('.git', root))
      ? spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout
      : undefined;
    return { version, commit: git?.trim() || 'unknown' };
  }
}
