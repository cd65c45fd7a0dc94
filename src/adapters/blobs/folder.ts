// Folder storage. What comes in batches lies in segments (segments.ts). A stream (a large mail, whose content and so its name are known at its end) is a
// file of its own: <folder>/<first two hex digits>/<key>, temporary file → fsync → rename → fsync of the directory, so that it is whole or not there.
// Several processes may share the folder.
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, opendir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { MailroomError } from '../../domain/errors.ts';
import type { BlobBackend, OpenBlob } from './blob-backend.ts';
import { blobError, isErrno, notFound } from './errors.ts';
import { openMarks } from './marks.ts';
import { openSegments, type Place, placeOf } from './segments.ts';

/** Bytes of one read. */
const CHUNK = 64 * 1024;
/** A temporary file older than this belongs to a process that is dead. */
const LEFTOVER_MS = 60 * 60 * 1000;
/** Names of blobs that a sweep is about to remove. */
const SWEPT = 'swept-';

interface FolderOptions {
  /** Clock in epoch ms. */
  now?: () => number;
}

/** What went wrong while doing what. */
type Fault = (thrown: unknown, command: string) => Error;

export async function openFolder(folder: string, { now = Date.now }: FolderOptions = {}): Promise<BlobBackend> {
  const temporary = join(folder, 'tmp');
  const fault: Fault = (thrown, command) => blobError(thrown, command, folder);
  const directoryOf = (key: string): string => join(folder, key.slice(0, 2));
  const pathOf = (key: string): string => join(directoryOf(key), key);
  const temporaryName = (): string => join(temporary, `${process.pid}-${randomBytes(12).toString('hex')}`);
  const known = new Set<string>();
  const marks = openMarks(folder);

  await mkdir(temporary, { recursive: true, mode: 0o700 }).catch((thrown: unknown) => {
    throw fault(thrown, 'mkdir');
  });
  await removeLeftovers();
  const segments = openSegments(folder, now, syncDirectory);

  async function syncDirectory(path: string): Promise<void> {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async function ensureDirectory(path: string): Promise<void> {
    if (known.has(path)) return;
    await mkdir(path, { recursive: true, mode: 0o700 });
    await syncDirectory(folder);
    known.add(path);
  }

  /** True when the blob is there with this size; it counts as used now. */
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
      // Somebody removed the directory while we ran.
      if (!isErrno(thrown, 'ENOENT')) throw thrown;
      known.delete(directory);
      await ensureDirectory(directory);
      await rename(from, pathOf(key));
    }
  }

  /** Gives a temporary file its name; it is removed where that fails, and where the blob is there already. */
  async function settle(path: string, key: string, size: number): Promise<void> {
    try {
      if (!(await touch(key, size))) await moveIn(path, key);
    } finally {
      await rm(path, { force: true }).catch(() => {});
    }
  }

  /** A file that is written and flushed to the disk under a temporary name, removed again when that fails. */
  async function writeTemporary(write: (handle: FileHandle) => Promise<void>): Promise<string> {
    const path = temporaryName();
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
        // A sweep died between taking the blob aside and judging it: back it goes, the next sweep judges again.
        const key = name.slice(SWEPT.length, name.lastIndexOf('.'));
        if (await isOlder(path, now() - LEFTOVER_MS, 'ctimeMs')) await moveIn(path, key).catch(() => {});
      } else if (await isOlder(path, now() - LEFTOVER_MS, 'mtimeMs')) {
        await rm(path, { force: true }).catch(() => {});
      }
    }
  }

  const backend: BlobBackend = {
    async putBatch(items) {
      const failed = (thrown: unknown) => {
        throw fault(thrown, 'write');
      };
      const { keys, durable } = await segments.append(items).catch(failed);
      return { keys, durable: durable.catch(failed) };
    },

    async putStream(source, keyOf) {
      try {
        let size = 0;
        const path = await writeTemporary(async (handle) => {
          for await (const chunk of source) {
            await handle.writeFile(chunk);
            size += chunk.length;
          }
        });
        const key = keyOf();
        await settle(path, key, size);
        // Also for one that was only touched: another process may have renamed it a moment ago and not synced yet.
        await syncDirectory(directoryOf(key));
      } catch (thrown) {
        throw fault(thrown, 'write');
      }
    },

    async open(key) {
      let handle: FileHandle | undefined;
      try {
        const place = placeOf(folder, key);
        handle = await open(place?.path ?? pathOf(key), 'r');
        const { size } = await handle.stat();
        if (place === undefined) return openBlob(handle, 0, size, fault);
        if (await erased(handle, place)) {
          await handle.close();
          throw notFound(key);
        }
        // A segment cut short is a blob cut short, and that is found out by anyone who reads it.
        return openBlob(handle, place.offset, Math.max(0, Math.min(place.length, size - place.offset)), fault);
      } catch (thrown) {
        await handle?.close().catch(() => {});
        if (isErrno(thrown, 'ENOENT')) throw notFound(key);
        throw fault(thrown, 'open');
      }
    },

    async has(key) {
      try {
        await (await backend.open(key)).close();
        return true;
      } catch (thrown) {
        if (thrown instanceof MailroomError && thrown.code === 'BLOB_NOT_FOUND') return false;
        throw thrown;
      }
    },

    async delete(key) {
      try {
        const place = placeOf(folder, key);
        if (place === undefined) await rm(pathOf(key), { force: true });
        else await segments.erase(key, place);
      } catch (thrown) {
        throw fault(thrown, 'unlink');
      }
    },

    async *list() {
      try {
        for (const directory of await listed(folder)) {
          if (!/^[0-9a-f]{2}$/.test(directory)) continue;
          for (const key of await listed(join(folder, directory))) {
            const found = await stat(pathOf(key)).catch(() => undefined); // swept meanwhile
            if (found !== undefined) yield { key, at: found.mtimeMs };
          }
        }
        yield* segments.list();
      } catch (thrown) {
        throw fault(thrown, 'readdir');
      }
    },

    async createMarker(key) {
      try {
        return await marks.createMarker(key);
      } catch (thrown) {
        throw fault(thrown, 'mark');
      }
    },

    async markedAt(key) {
      try {
        return await marks.markedAt(key);
      } catch (thrown) {
        throw fault(thrown, 'stat');
      }
    },

    async sweep(olderThan) {
      const limit = olderThan.getTime();
      let removed = 0;
      try {
        await removeLeftovers();
        await marks.sweep(now());
        removed += await segments.sweep(limit);
        for (const directory of await listed(folder)) {
          if (!/^[0-9a-f]{2}$/.test(directory)) continue;
          const entries = await opendir(join(folder, directory));
          for await (const { name } of entries) if (await removeIfOlder(name, limit)) removed += 1;
        }
      } catch (thrown) {
        throw fault(thrown, 'sweep');
      }
      return removed;
    },

    async check() {
      try {
        const path = await writeTemporary((handle) => handle.writeFile(new Uint8Array(1)));
        await rm(path, { force: true });
      } catch (thrown) {
        throw fault(thrown, 'write');
      }
    },

    close: () => segments.close(),
  };

  /**
   * The blob is taken aside first and judged again there: whoever stores the same bytes at this moment either touched it before (seen here,
   * and it is put back) or finds nothing and writes it again. Judging and removing in place would lose it.
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

  return backend;
}

/** Deleted bytes are zeros (segments.ts). */
async function erased(handle: FileHandle, { offset, length }: Place): Promise<boolean> {
  const first = Buffer.alloc(1);
  return length > 0 && (await handle.read(first, 0, 1, offset)).bytesRead === 1 && first[0] === 0;
}

/** @param from where the blob begins in the file */
function openBlob(handle: FileHandle, from: number, size: number, fault: Fault): OpenBlob {
  return {
    size,
    async *read(start, stop) {
      let position = from + start;
      const end = from + stop;
      while (position < end) {
        const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, end - position));
        let bytesRead: number;
        try {
          ({ bytesRead } = await handle.read(buffer, 0, buffer.length, position));
        } catch (thrown) {
          throw fault(thrown, 'read');
        }
        if (bytesRead === 0) return;
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    },
    async close() {
      await handle.close().catch(() => {});
    },
  };
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
