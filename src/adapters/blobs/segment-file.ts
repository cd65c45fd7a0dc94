// The format of a segment: blobs one after another, each with a head, so that list() finds blobs that no job names any more.
//
//   segments/<hour>/<name>   of each blob: "MRS1" | length (6, big endian) | content key (32) | sealed (1: encrypted), then its bytes
//
// There is no index: the key of a blob ends with its place, `<content key>@<hour>/<name>:<offset>:<length>`. A key is returned only when its bytes are
// durable, so what a crash left half-written is never requested. Segments of older versions have no heads. Deleted bytes are overwritten with zeros, and
// the content key with them: a head without one is what is left of a deleted blob.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ListedBlob } from '../../domain/blob-store.ts';
import { isErrno } from './files.ts';

const MAGIC = Buffer.from('MRS1');
/** Bytes of a content key, a SHA-256. */
const CONTENT_KEY = 32;
const CONTENT_KEY_AT = MAGIC.length + 6;
/** Bytes before each blob. */
export const HEAD = CONTENT_KEY_AT + CONTENT_KEY + 1;
/** Bytes overwritten at once. */
const ZEROS = Buffer.alloc(1 << 20);

export interface Place {
  path: string;
  offset: number;
  length: number;
}

/** Folder of the segments of that time. */
export const hourOf = (now: number): string => new Date(now).toISOString().slice(0, 13);

/** `<hour>/<name>` of a new segment. */
export const segmentName = (now: number): string =>
  `${hourOf(now)}/${now.toString(36)}-${randomBytes(6).toString('hex')}`;

/** Where the bytes of a key lie; undefined for a blob in a file of its own (single-files.ts). */
export function placeOf(folder: string, key: string): Place | undefined {
  const [, path, offset, length] = /@(\d{4}-\d\d-\d\dT\d\d\/[0-9a-z-]+):(\d+):(\d+)$/.exec(key) ?? [];
  return path === undefined
    ? undefined
    : { path: join(folder, 'segments', path), offset: Number(offset), length: Number(length) };
}

export function headOf(key: string, length: number): Buffer {
  const head = Buffer.alloc(HEAD);
  MAGIC.copy(head);
  head.writeUIntBE(length, MAGIC.length, 6);
  head.write(key, CONTENT_KEY_AT, CONTENT_KEY, 'hex'); // stops at the dot of `.enc`
  head[HEAD - 1] = key.endsWith('.enc') ? 1 : 0;
  return head;
}

/** Makes a new segment survive a crash: the directories that lead to it are flushed. */
export async function syncDirectories(folder: string, path: string): Promise<void> {
  for (const directory of [dirname(path), join(folder, 'segments'), folder]) {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** Opens a segment; undefined when it is gone. */
const openSegment = (path: string, flags: 'r' | 'r+'): Promise<FileHandle | undefined> =>
  open(path, flags).catch((thrown: unknown) => {
    if (isErrno(thrown, 'ENOENT')) return undefined;
    throw thrown;
  });

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) return Buffer.alloc(0);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

const isHead = (bytes: Buffer): boolean => bytes.length === HEAD && bytes.subarray(0, MAGIC.length).equals(MAGIC);
const contentKeyIn = (head: Buffer): Buffer => head.subarray(CONTENT_KEY_AT, HEAD - 1);
const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

/** Whether the bytes there were deleted. Without a head, by the first byte: no mail begins with a zero. */
export async function isErased(handle: FileHandle, { offset, length }: Place): Promise<boolean> {
  const head = await readAt(handle, offset - HEAD, HEAD);
  if (isHead(head)) return isZero(contentKeyIn(head));
  return length > 0 && (await readAt(handle, offset, 1))[0] === 0;
}

/** Overwrites the bytes, and the content key before them. */
export async function erase(key: string, { path, offset, length }: Place): Promise<void> {
  const handle = await openSegment(path, 'r+');
  if (handle === undefined) return;
  try {
    const { size, atime, mtime } = await handle.stat();
    const end = offset + length <= size ? offset + length : offset;
    for (let at = offset; at < end; at += ZEROS.length)
      await handle.write(ZEROS, 0, Math.min(ZEROS.length, end - at), at);
    if ((await readAt(handle, offset - HEAD, HEAD)).equals(headOf(key.split('@', 1)[0] as string, length)))
      await handle.write(ZEROS, 0, CONTENT_KEY, offset - HEAD + CONTENT_KEY_AT);
    await handle.utimes(atime, mtime); // the others keep their age
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The blobs of a segment, from head to head. A segment that is being written ends at its last head. */
export async function* blobsIn(path: string, name: string): AsyncGenerator<ListedBlob> {
  const handle = await openSegment(path, 'r');
  if (handle === undefined) return;
  try {
    const { size, mtimeMs } = await handle.stat();
    for (let position = 0; position < size; ) {
      const head = await readAt(handle, position, HEAD);
      if (!isHead(head)) {
        if (position === 0) yield { at: mtimeMs };
        return;
      }
      const length = head.readUIntBE(MAGIC.length, 6);
      const content = contentKeyIn(head);
      position += HEAD;
      if (position + length > size) return;
      const key = `${content.toString('hex')}${head[HEAD - 1] === 1 ? '.enc' : ''}`;
      if (!isZero(content)) yield { key: `${key}@${name}:${position}:${length}`, at: mtimeMs };
      position += length;
    }
  } finally {
    await handle.close();
  }
}
