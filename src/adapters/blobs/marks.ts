// Marks of the folder storage: empty files under marks/, made once and for all. The directory is flushed before a mark counts as left, and the
// file system says who was first (O_EXCL), whatever number of processes share the folder. What may wait for the disk goes through the thread pool: the
// flush, and making the file, which a file system holds up while it commits. The rest takes microseconds in place: a mark stands between the
// server's 354 and the first byte.
import { closeSync, fsync, openSync, statSync } from 'node:fs';
import { mkdir, open, opendir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isErrno } from './errors.ts';

const flushed = promisify(fsync);

/** Milliseconds that marks are kept, whatever the retention of mails: longer than the journal and than a backup of Redis that one would go back to. */
export const MARKS_KEPT_MS = 40 * 86_400_000;

export function openMarks(folder: string) {
  const marks = join(folder, 'marks');
  const pathOf = (key: string): string => join(marks, key.slice(0, 2), key);
  const known = new Set<string>();

  async function flush(directory: string): Promise<void> {
    const descriptor = openSync(directory, 'r');
    try {
      await flushed(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  async function ensure(directory: string): Promise<void> {
    if (known.has(directory)) return;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await flush(marks);
    await flush(folder);
    known.add(directory);
  }

  /** True if this call made the file. */
  async function create(path: string): Promise<boolean> {
    try {
      await (await open(path, 'wx', 0o600)).close();
      return true;
    } catch (thrown) {
      if (isErrno(thrown, 'EEXIST')) return false;
      throw thrown;
    }
  }

  return {
    async mark(key: string): Promise<boolean> {
      const path = pathOf(key);
      const directory = dirname(path);
      await ensure(directory);
      let first: boolean;
      try {
        first = await create(path);
      } catch (thrown) {
        if (!isErrno(thrown, 'ENOENT')) throw thrown;
        known.delete(directory); // somebody removed the directory while we ran
        await ensure(directory);
        first = await create(path);
      }
      await flush(directory);
      return first;
    },

    async markedAt(key: string): Promise<Date | undefined> {
      return statSync(pathOf(key), { throwIfNoEntry: false })?.mtime;
    },

    async sweep(now: number): Promise<void> {
      for (const directory of await names(marks)) {
        for (const name of await names(join(marks, directory))) {
          const path = join(marks, directory, name);
          const found = await stat(path).catch(() => undefined);
          if (found !== undefined && found.mtimeMs < now - MARKS_KEPT_MS) await rm(path, { force: true });
        }
      }
    },
  };
}

async function names(path: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name } of await opendir(path)) found.push(name);
  } catch (thrown) {
    if (!isErrno(thrown, 'ENOENT') && !isErrno(thrown, 'ENOTDIR')) throw thrown;
  }
  return found;
}
