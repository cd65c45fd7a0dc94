// Segments, for the folder storage: incoming mails one after another in a file to which only this process appends, flushed once a batch. A file for each
// mail costs more CPU than all other work on it, and two flushes instead of one (docs/performance.md).
//
//   segments/<hour>/<name>   of each blob: "MRS1" | length (6, big endian) | content key (32) | sealed (1: encrypted), then its bytes
//
// There is no index: the key of such a blob ends with its place, `<content key>@<hour>/<name>:<offset>:<length>`. The key is returned only when its bytes
// are durable, so what a crash left half-written is never requested. The heads are for list() only, which finds blobs that no job names any more; segments
// of older versions have none. Deleted bytes, content key included, are overwritten with zeros, with which no blob begins.
import { randomBytes } from 'node:crypto';
import { constants, fstatSync } from 'node:fs';
import { type FileHandle, mkdir, open, opendir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BackendItem, ListedBlob, StoringItems } from './blob-backend.ts';
import { isErrno } from './errors.ts';
import { syncDirectory } from './single-files.ts';

/** A segment accepts no more blobs when it has this many bytes, or when the hour is over: whole segments age and are removed together. */
const LARGEST = 256 * 1024 * 1024;
const MAGIC = Buffer.from('MRS1');
/** Bytes of a content key, a SHA-256. */
const CONTENT_KEY = 32;
/** Bytes before each blob. */
const HEAD = MAGIC.length + 6 + CONTENT_KEY + 1;
const HOUR = /^\d{4}-\d\d-\d\dT\d\d$/;

export interface Place {
  path: string;
  offset: number;
  length: number;
}

interface Segments {
  /** Resolves with the keys when the write begins. Calls during a write share the next write. */
  append(items: readonly BackendItem[]): Promise<StoringItems>;
  /** Overwrites the bytes, and the content key before them. */
  erase(key: string, place: Place): Promise<void>;
  /** Keys of all blobs that are there, segment by segment. */
  list(): AsyncGenerator<ListedBlob>;
  /** Removes segments last written before the limit, epoch ms; resolves with the number of removed files. */
  sweep(limit: number): Promise<number>;
  close(): Promise<void>;
}

/** Where the bytes of a key lie; undefined for a blob that is a file of its own. */
export function placeOf(folder: string, key: string): Place | undefined {
  const [, path, offset, length] = /@(\d{4}-\d\d-\d\dT\d\d\/[0-9a-z-]+):(\d+):(\d+)$/.exec(key) ?? [];
  return path === undefined
    ? undefined
    : { path: join(folder, 'segments', path), offset: Number(offset), length: Number(length) };
}

/**
 * Every write returns durable (open(2), O_DSYNC), in one call. With write and flush as two calls, the flush would wait while this thread parses the mail
 * that is being written.
 */
const DURABLE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC;

export function openSegments(folder: string, now: () => number): Segments {
  const root = join(folder, 'segments');
  let segment: { handle: FileHandle; hour: string; where: string; size: number } | undefined;
  let waiting: { items: readonly BackendItem[]; resolve(storing: StoringItems): void; reject(error: unknown): void }[] =
    [];
  let flushing: Promise<void> | undefined;

  async function current(): Promise<NonNullable<typeof segment>> {
    const at = new Date(now());
    const hour = at.toISOString().slice(0, 13);
    if (segment !== undefined && segment.hour === hour && segment.size < LARGEST && !isRemoved(segment.handle))
      return segment;
    await drop();
    const where = `${hour}/${at.getTime().toString(36)}-${randomBytes(6).toString('hex')}`;
    const path = join(root, where);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(path, DURABLE, 0o600);
    for (const directory of [dirname(path), root, folder]) await syncDirectory(directory);
    segment = { handle, hour, where, size: 0 };
    return segment;
  }

  async function drop(): Promise<void> {
    const old = segment;
    segment = undefined;
    await old?.handle.close().catch(() => {});
  }

  async function write(items: readonly BackendItem[]): Promise<StoringItems> {
    const into = await current();
    const keys: string[] = [];
    const parts: Uint8Array[] = [];
    const from = into.size;
    for (const { key, bytes } of items) {
      const head = headOf(key, bytes.length);
      into.size += head.length;
      keys.push(`${key}@${into.where}:${into.size}:${bytes.length}`);
      into.size += bytes.length;
      parts.push(head, bytes);
    }
    const durable = writeAll(into.handle, parts, from).then(() => {
      // A folder that was removed at run time still accepts writes that nobody will ever find.
      if (isRemoved(into.handle)) throw Object.assign(new Error('segment was removed'), { code: 'ENOENT' });
    });
    return { keys, durable };
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const { keys, durable } = await write(batch.flatMap((one) => one.items));
        let at = 0;
        for (const one of batch) {
          one.resolve({ keys: keys.slice(at, at + one.items.length), durable });
          at += one.items.length;
        }
        await durable;
      } catch (thrown) {
        await drop(); // what it holds behind the last write is anyone's guess
        for (const { reject } of batch) reject(thrown); // unless it was resolved: then `durable` has said it
      }
    }
    flushing = undefined;
  }

  return {
    append: (items) =>
      new Promise((resolve, reject) => {
        waiting.push({ items, resolve, reject });
        flushing ??= flush();
      }),
    async erase(key, { path, offset, length }) {
      const handle = await open(path, 'r+').catch((thrown: unknown) => {
        if (isErrno(thrown, 'ENOENT')) return undefined;
        throw thrown;
      });
      if (handle === undefined) return;
      try {
        const { size, atime, mtime } = await handle.stat();
        if (offset + length <= size) await handle.write(Buffer.alloc(length), 0, length, offset);
        const head = headOf(key.split('@', 1)[0] as string, length);
        if ((await readAt(handle, offset - HEAD, HEAD)).equals(head))
          await handle.write(Buffer.alloc(CONTENT_KEY), 0, CONTENT_KEY, offset - HEAD + MAGIC.length + 6);
        await handle.utimes(atime, mtime); // the others' age stays what it was
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    async sweep(limit) {
      let removed = 0;
      for (const hour of await namesIn(root)) {
        if (!HOUR.test(hour)) continue;
        for await (const { name } of await opendir(join(root, hour))) {
          const path = join(root, hour, name);
          if (!((await stat(path)).mtimeMs < limit)) continue;
          await rm(path, { force: true });
          removed += 1;
        }
        if (Date.parse(`${hour}:00:00Z`) < limit) await rmdir(join(root, hour)).catch(() => {}); // only if it is empty
      }
      return removed;
    },
    async *list() {
      for (const hour of await namesIn(root)) {
        if (!HOUR.test(hour)) continue;
        for (const name of await namesIn(join(root, hour))) yield* blobsIn(join(root, hour, name), `${hour}/${name}`);
      }
    },
    async close() {
      await flushing;
      await drop();
    },
  };
}

/** The file was removed at run time. For an open file this takes microseconds, less than the way through the thread pool. */
const isRemoved = ({ fd }: FileHandle): boolean => fstatSync(fd).nlink === 0;

async function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch((thrown: unknown) => {
    if (isErrno(thrown, 'ENOENT')) return []; // swept meanwhile
    throw thrown;
  });
}

const headOf = (key: string, length: number): Buffer => {
  const head = Buffer.alloc(HEAD);
  MAGIC.copy(head);
  head.writeUIntBE(length, MAGIC.length, 6);
  head.write(key, MAGIC.length + 6, CONTENT_KEY, 'hex'); // stops at the dot of `.enc`
  head[HEAD - 1] = key.endsWith('.enc') ? 1 : 0;
  return head;
};

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) return Buffer.alloc(0);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** From head to head. A segment that is being written ends at its last head. */
async function* blobsIn(path: string, where: string): AsyncGenerator<ListedBlob> {
  const handle = await open(path, 'r').catch((thrown: unknown) => {
    if (isErrno(thrown, 'ENOENT')) return undefined;
    throw thrown;
  });
  if (handle === undefined) return;
  try {
    const { size, mtimeMs } = await handle.stat();
    for (let position = 0; position < size; ) {
      const head = await readAt(handle, position, HEAD);
      if (head.length < HEAD || !head.subarray(0, MAGIC.length).equals(MAGIC)) {
        if (position === 0) yield { at: mtimeMs };
        return;
      }
      const length = head.readUIntBE(MAGIC.length, 6);
      const content = head.subarray(MAGIC.length + 6, HEAD - 1);
      position += HEAD;
      if (position + length > size) return;
      const name = `${content.toString('hex')}${head[HEAD - 1] === 1 ? '.enc' : ''}`;
      if (!content.every((byte) => byte === 0)) yield { key: `${name}@${where}:${position}:${length}`, at: mtimeMs };
      position += length;
    }
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, parts: readonly Uint8Array[], from: number): Promise<void> {
  let left = parts.filter((bytes) => bytes.length > 0);
  let position = from;
  while (left.length > 0) {
    let { bytesWritten } = await handle.writev(left.slice(0, 1_000), position);
    position += bytesWritten;
    let whole = 0;
    while (whole < left.length && bytesWritten >= (left[whole] as Uint8Array).length)
      bytesWritten -= (left[whole++] as Uint8Array).length;
    left = left.slice(whole);
    if (bytesWritten > 0) left[0] = (left[0] as Uint8Array).subarray(bytesWritten);
  }
}
