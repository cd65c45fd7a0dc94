// What a test file opens once for all its tests, as a constant of the file.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { leakWatch } from './leak-watch.ts';
import { tempDir } from './temp.ts';

/** Modules are loaded once a test file. */
let watched = false;

/**
 * Registers hooks of the calling file: `start` before its tests, `stop` after them, last started first; and the file may leave nothing behind.
 * @returns what `start` resolves with; its members can be used once the hook has run
 */
export function fixture<T extends { stop(): unknown }>(start: () => Promise<T>): T {
  if (!watched) leakWatch();
  watched = true;
  let started: T | undefined;
  beforeAll(async () => {
    started = await start();
  });
  afterAll(async () => {
    await started?.stop();
  });
  const now = (): T => {
    if (started === undefined) throw new Error('used before the hooks of the file have run');
    return started;
  };
  return new Proxy({} as T, {
    get(_, name) {
      const value: unknown = Reflect.get(now(), name);
      return typeof value === 'function' ? value.bind(started) : value;
    },
    set: (_, name, value) => Reflect.set(now(), name, value),
  });
}

/** Registers a hook of the calling file: a folder for all its tests, removed after them. @returns its path */
export function fileFolder(name: string): string {
  const dir = tempDir(name);
  afterAll(dir.remove);
  return dir.path;
}

/** The same, empty before each test. */
export function emptyFolder(name: string): string {
  const path = fileFolder(name);
  beforeEach(() => {
    for (const entry of readdirSync(path)) rmSync(join(path, entry), { recursive: true, force: true });
  });
  return path;
}
