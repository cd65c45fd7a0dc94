// Blobs of the folder storage that are a file of their own: <folder>/<first two hex digits>/<key>. Written as temporary file → fsync → rename → fsync of
// the directory, so that a blob is complete or absent. Several processes may share the folder.
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, opendir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedBlob } from './blob-backend.ts';
import { isErrno } from './errors.ts';

/** A temporary file older than this belongs to a dead process. */
const LEFTOVER_MS = 60 * 60 * 1000;
/** Prefix of the names of blobs that a sweep is about to remove. */
const SWEPT = 'swept-';

interface SingleFiles {
  pathOf(key: string): string;
  /** Stores a stream; `keyOf` is called when its content is known. */
  put(source: AsyncIterable<Uint8Array>, keyOf: () => string): Promise<void>;
  list(): AsyncGenerator<ListedBlob>;
  /** Removes temporary files of dead processes and blobs older than `limit` (epoch ms). @returns how many blobs */
  sweep(limit: number): Promise<number>;
  /** Writes a file and removes it again. */
  probe(): Promise<void>;
}

/** Creates the folder and removes what dead processes left in it. */
export async function openSingleFiles(folder: string, now: () => number): Promise<SingleFiles> {
  const temporary = join(folder, 'tmp');
  const directoryOf = (key: string): string => join(folder, key.slice(0, 2));
  const pathOf = (key: string): string => join(directoryOf(key), key);
  const known = new Set<string>();

  await mkdir(temporary, { recursive: true, mode: 0o700 });
  await removeLeftovers();

  async function ensureDirectory(path: string): Promise<void> {
    if (known.has(path)) return;
    await mkdir(path, { recursive: true, mode: 0o700 });
    await syncDirectory(folder);
    known.add(path);
  }

  /** True when the blob exists with this size; it then counts as used now. */
  async function touch(key: string, size: number): Promise<boolean> {
    const path = pathOf(key);
    const when = new Date(now());
    try {
      if ((await stat(path)).size !== size) return false;
      await utimes(path, when, when);
      return true;
    } catch (thrown) {
      if (isErrno(thrown, 'ENOENT')) return false;
      throw thrown;
    }
  }

  async function moveIn(from: string, key: string): Promise<void> {
    const directory = directoryOf(key);
    await ensureDirectory(directory);
    try {
      await rename(from, pathOf(key));
    } catch (thrown) {
      // The directory was removed at run time.
      if (!isErrno(thrown, 'ENOENT')) throw thrown;
      known.delete(directory);
      await ensureDirectory(directory);
      await rename(from, pathOf(key));
    }
  }

  /** Gives a temporary file its name, or removes it when that fails or the blob already exists. */
  async function settle(path: string, key: string, size: number): Promise<void> {
    try {
      if (!(await touch(key, size))) await moveIn(path, key);
    } finally {
      await rm(path, { force: true }).catch(() => {});
    }
  }

  /** Writes a file under a temporary name and flushes it to the disk; it is removed when that fails. */
  async function writeTemporary(write: (handle: FileHandle) => Promise<void>): Promise<string> {
    const path = join(temporary, `${process.pid}-${randomBytes(12).toString('hex')}`);
    let handle: FileHandle;
    try {
      handle = await open(path, 'wx', 0o600);
    } catch (thrown) {
      if (!isErrno(thrown, 'ENOENT')) throw thrown;
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      handle = await open(path, 'wx', 0o600);
    }
    try {
      await write(handle);
      await handle.sync();
    } catch (thrown) {
      await handle.close().catch(() => {});
      await rm(path, { force: true }).catch(() => {});
      throw thrown;
    }
    await handle.close();
    return path;
  }

  async function removeLeftovers(): Promise<void> {
    for (const name of await listed(temporary)) {
      const path = join(temporary, name);
      if (name.startsWith(SWEPT)) {
        // A sweep died after it had set the blob aside: the blob returns, and the next sweep decides again.
        const key = name.slice(SWEPT.length, name.lastIndexOf('.'));
        if (await isOlder(path, now() - LEFTOVER_MS, 'ctimeMs')) await moveIn(path, key).catch(() => {});
      } else if (await isOlder(path, now() - LEFTOVER_MS, 'mtimeMs')) {
        await rm(path, { force: true }).catch(() => {});
      }
    }
  }

  /**
   * The blob is set aside first and checked again there. A process that stores the same bytes at this moment has either touched the blob (seen here, and
   * the blob returns) or does not find it and writes it again. Checking and removing in place would lose it.
   */
  async function removeIfOlder(key: string, limit: number): Promise<boolean> {
    if (!(await isOlder(pathOf(key), limit, 'mtimeMs'))) return false;
    const aside = join(temporary, `${SWEPT}${key}.${randomBytes(6).toString('hex')}`);
    try {
      await rename(pathOf(key), aside);
    } catch (thrown) {
      if (isErrno(thrown, 'ENOENT')) return false; // another replica's sweep
      throw thrown;
    }
    if (await isOlder(aside, limit, 'mtimeMs')) {
      await rm(aside, { force: true });
      return true;
    }
    await moveIn(aside, key);
    return false;
  }

  async function* keys(): AsyncGenerator<string> {
    for (const directory of await listed(folder)) {
      if (!/^[0-9a-f]{2}$/.test(directory)) continue;
      for await (const { name } of await opendir(join(folder, directory))) yield name;
    }
  }

  return {
    pathOf,
    async put(source, keyOf) {
      let size = 0;
      const path = await writeTemporary(async (handle) => {
        for await (const chunk of source) {
          await handle.writeFile(chunk);
          size += chunk.length;
        }
      });
      const key = keyOf();
      await settle(path, key, size);
      // Also for a blob that was only touched: another process may have renamed it a moment ago and not synced yet.
      await syncDirectory(directoryOf(key));
    },
    async *list() {
      for await (const key of keys()) {
        const found = await stat(pathOf(key)).catch(() => undefined); // removed by a sweep in the meantime
        if (found !== undefined) yield { key, at: found.mtimeMs };
      }
    },
    async sweep(limit) {
      await removeLeftovers();
      let removed = 0;
      for await (const key of keys()) if (await removeIfOlder(key, limit)) removed += 1;
      return removed;
    },
    async probe() {
      await rm(await writeTemporary((handle) => handle.writeFile(new Uint8Array(1))), { force: true });
    },
  };
}

export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function listed(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of await opendir(path)) names.push(entry.name);
  return names;
}

async function isOlder(path: string, limit: number, by: 'mtimeMs' | 'ctimeMs'): Promise<boolean> {
  try {
    return (await stat(path))[by] < limit;
  } catch (thrown) {
    if (isErrno(thrown, 'ENOENT')) return false;
    throw thrown;
  }
}
