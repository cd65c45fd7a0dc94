// Markers of the folder storage: empty files under marks/, each created once. The directory is flushed before a marker counts as created, and the file
// system decides who was first (O_EXCL), however many processes share the folder. A marker is created between the server's 354 and the first byte, so
// only steps that may wait for the disk use the thread pool: the flush, and creating the file, which a file system delays while it commits. The others
// take microseconds in place. For the same reason all directories are created before the first marker.
import { closeSync, fsync, open, openSync, statSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DAY_MS } from '../../lib/time.ts';
import { isErrno, namesIn } from './files.ts';

const flushed = promisify(fsync);
const opened = promisify(open);

/** Milliseconds that markers are kept, whatever the retention of mails: longer than the journal and than a usable backup of Redis. */
export const MARKERS_KEPT_MS = 40 * DAY_MS;

export function openMarkers(folder: string) {
  const marks = join(folder, 'marks');
  const pathOf = (key: string): string => join(marks, key.slice(0, 2), key);
  let making: Promise<void> | undefined;

  async function flush(directory: string): Promise<void> {
    const descriptor = openSync(directory, 'r');
    try {
      await flushed(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Creates the directories marks/00 to marks/ff. */
  async function make(): Promise<void> {
    const names = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
    await Promise.all(names.map((name) => mkdir(join(marks, name), { recursive: true, mode: 0o700 })));
    await flush(marks);
    await flush(folder);
  }

  function made(): Promise<void> {
    making ??= make().catch((thrown: unknown) => {
      making = undefined;
      throw thrown;
    });
    return making;
  }

  /** True if this call created the file. */
  async function create(path: string): Promise<boolean> {
    try {
      closeSync(await opened(path, 'wx', 0o600));
      return true;
    } catch (thrown) {
      if (isErrno(thrown, 'EEXIST')) return false;
      throw thrown;
    }
  }

  return {
    async createMarker(key: string): Promise<boolean> {
      const path = pathOf(key);
      await made();
      let first: boolean;
      try {
        first = await create(path);
      } catch (thrown) {
        if (!isErrno(thrown, 'ENOENT')) throw thrown;
        making = undefined; // the directory was removed at run time
        await made();
        first = await create(path);
      }
      await flush(dirname(path));
      return first;
    },

    async markedAt(key: string): Promise<Date | undefined> {
      return statSync(pathOf(key), { throwIfNoEntry: false })?.mtime;
    },

    async sweep(now: number): Promise<void> {
      for (const directory of await namesIn(marks)) {
        for (const name of await namesIn(join(marks, directory))) {
          const path = join(marks, directory, name);
          const found = await stat(path).catch(() => undefined);
          if (found !== undefined && found.mtimeMs < now - MARKERS_KEPT_MS) await rm(path, { force: true });
        }
      }
    },
  };
}
