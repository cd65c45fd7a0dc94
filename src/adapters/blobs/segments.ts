// Segments of the folder storage: incoming mails one after another in a file to which only this process appends, flushed once a batch. A file for each
// mail costs more CPU than all other work on it, and two flushes instead of one (docs/performance.md).
import { constants, fstatSync } from 'node:fs';
import { type FileHandle, mkdir, open, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ListedBlob } from '../../domain/blob-store.ts';
import type { BackendItem, StoringItems } from './blob-backend.ts';
import { namesIn } from './files.ts';
import { blobsIn, headOf, hourOf, segmentName, syncDirectories } from './segment-file.ts';

/** A segment accepts no more blobs when it has this many bytes, or when the hour is over: whole segments age and are removed together. */
const LARGEST = 256 * 1024 * 1024;

/**
 * Every write returns durable (open(2), O_DSYNC), in one call. With write and flush as two calls, the flush would wait while this thread parses the mail
 * that is being written.
 */
const DURABLE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC;

interface Segment {
  handle: FileHandle;
  /** `<hour>/<file>` */
  name: string;
  size: number;
}

interface Waiting {
  items: readonly BackendItem[];
  resolve(storing: StoringItems): void;
  reject(error: unknown): void;
}

/** Appends batches to the segment of this process. */
export function openSegments(folder: string, now: () => number) {
  let segment: Segment | undefined;
  let waiting: Waiting[] = [];
  let flushing: Promise<void> | undefined;

  async function current(): Promise<Segment> {
    const at = now();
    if (segment?.name.startsWith(hourOf(at)) && segment.size < LARGEST && !isRemoved(segment.handle)) return segment;
    await drop();
    const name = segmentName(at);
    const path = join(folder, 'segments', name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(path, DURABLE, 0o600);
    await syncDirectories(folder, path);
    segment = { handle, name, size: 0 };
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
      keys.push(`${key}@${into.name}:${into.size}:${bytes.length}`);
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
        await drop(); // nobody knows what it contains after the last successful write
        for (const { reject } of batch) reject(thrown); // without effect if it was resolved: then `durable` has rejected
      }
    }
    flushing = undefined;
  }

  return {
    /** Resolves with the keys when the write begins. Calls during a write share the next write. */
    append: (items: readonly BackendItem[]): Promise<StoringItems> =>
      new Promise((resolve, reject) => {
        waiting.push({ items, resolve, reject });
        flushing ??= flush();
      }),
    async close(): Promise<void> {
      await flushing;
      await drop();
    },
  };
}

/** The file was removed at run time. For an open file this takes microseconds, less than the way through the thread pool. */
const isRemoved = ({ fd }: FileHandle): boolean => fstatSync(fd).nlink === 0;

/** Hours that have segments. */
const hoursIn = async (folder: string): Promise<string[]> =>
  (await namesIn(join(folder, 'segments'))).filter((hour) => /^\d{4}-\d\d-\d\dT\d\d$/.test(hour));

/** All blobs, segment by segment. */
export async function* listSegments(folder: string): AsyncGenerator<ListedBlob> {
  for (const hour of await hoursIn(folder)) {
    const directory = join(folder, 'segments', hour);
    for (const name of await namesIn(directory)) yield* blobsIn(join(directory, name), `${hour}/${name}`);
  }
}

/** Removes segments last written before the limit, epoch ms. @returns how many files */
export async function sweepSegments(folder: string, limit: number): Promise<number> {
  let removed = 0;
  for (const hour of await hoursIn(folder)) {
    const directory = join(folder, 'segments', hour);
    for (const name of await namesIn(directory)) {
      const path = join(directory, name);
      if (!((await stat(path)).mtimeMs < limit)) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    if (Date.parse(`${hour}:00:00Z`) < limit) await rmdir(directory).catch(() => {}); // only if it is empty
  }
  return removed;
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
