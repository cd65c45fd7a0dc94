// A large mail is streamed, and its length and content key are known only at its end: it gets a segment of its own (segments.ts). Written as temporary
// file → fsync → rename → fsync of the directories, so that it is complete or absent. Several processes may share the folder.
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HOUR_MS } from '../../lib/time.ts';
import { isErrno, namesIn } from './files.ts';
import { HEAD, headOf, segmentName, syncDirectories } from './segment-file.ts';

/** A temporary file older than this belongs to a dead process. */
const LEFTOVER_MS = HOUR_MS;

/** Creates the folder and removes what dead processes left in it. */
export async function openLargeSegments(folder: string, now: () => number) {
  const temporary = join(folder, 'tmp');
  const makeTemporary = () => mkdir(temporary, { recursive: true, mode: 0o700 });

  /** Opens a new temporary file; the folder may have been removed at run time. */
  async function openTemporary(path: string): Promise<FileHandle> {
    return open(path, 'wx', 0o600).catch(async (thrown: unknown) => {
      if (!isErrno(thrown, 'ENOENT')) throw thrown;
      await makeTemporary();
      return open(path, 'wx', 0o600);
    });
  }

  /** Writes a temporary file, flushes it to the disk, and uses it; what is left of it is removed. */
  async function withTemporary(
    write: (handle: FileHandle) => Promise<unknown>,
    use: (path: string) => Promise<void> = async () => {},
  ): Promise<void> {
    const path = join(temporary, `${process.pid}-${randomBytes(12).toString('hex')}`);
    try {
      const handle = await openTemporary(path);
      try {
        await write(handle);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await use(path);
    } finally {
      await rm(path, { force: true }).catch(() => {});
    }
  }

  async function removeLeftovers(): Promise<void> {
    for (const name of await namesIn(temporary)) {
      const path = join(temporary, name);
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && found.mtimeMs < now() - LEFTOVER_MS) await rm(path, { force: true }).catch(() => {});
    }
  }

  await makeTemporary();
  await removeLeftovers();
  return {
    /** Stores a stream; `keyOf` is called when its content is known. @returns the key with its place */
    async put(source: AsyncIterable<Uint8Array>, keyOf: () => string): Promise<string> {
      const name = segmentName(now());
      const path = join(folder, 'segments', name);
      let key = '';
      let length = 0;
      await withTemporary(
        async (handle) => {
          await handle.write(Buffer.alloc(HEAD));
          for await (const chunk of source) {
            await handle.writeFile(chunk);
            length += chunk.length;
          }
          key = keyOf();
          await handle.write(headOf(key, length), 0, HEAD, 0);
        },
        async (written) => {
          await mkdir(dirname(path), { recursive: true, mode: 0o700 });
          await rename(written, path);
          await syncDirectories(folder, path);
        },
      );
      return `${key}@${name}:${HEAD}:${length}`;
    },
    removeLeftovers,
    /** Writes a file and removes it again. */
    probe: () => withTemporary((handle) => handle.writeFile(new Uint8Array(1))),
  };
}
