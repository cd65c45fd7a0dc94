// Folder storage: batches are appended to segments (segments.ts); a stream (a large mail) gets one of its own (large-segments.ts). Several processes may
// share the folder.
import { type FileHandle, open, rm } from 'node:fs/promises';
import { MailroomError } from '../../domain/errors.ts';
import type { BlobBackend, OpenBlob } from './blob-backend.ts';
import { blobError, notFound } from './errors.ts';
import { isErrno } from './files.ts';
import { openLargeSegments } from './large-segments.ts';
import { openMarkers } from './markers.ts';
import { erase, isErased, placeOf } from './segment-file.ts';
import { listSegments, openSegments, sweepSegments } from './segments.ts';
import { listSingleFiles, singleFile, sweepSingleFiles } from './single-files.ts';

/** Bytes of one read. */
const CHUNK = 64 * 1024;

interface FolderOptions {
  /** Clock in epoch ms. */
  now?: () => number;
}

/** The error for what was thrown during a command. */
type Fault = (thrown: unknown, command: string) => Error;

export async function openFolder(folder: string, { now = Date.now }: FolderOptions = {}): Promise<BlobBackend> {
  const fault: Fault = (thrown, command) => blobError(thrown, command, folder);
  const during =
    (command: string) =>
    (thrown: unknown): never => {
      throw fault(thrown, command);
    };
  const markers = openMarkers(folder);
  const large = await openLargeSegments(folder, now).catch(during('mkdir'));
  const segments = openSegments(folder, now);

  const backend: BlobBackend = {
    async putBatch(items) {
      const { keys, durable } = await segments.append(items).catch(during('write'));
      return { keys, durable: durable.catch(during('write')) };
    },

    putStream: (source, keyOf) => large.put(source, keyOf).catch(during('write')),

    async open(key) {
      let handle: FileHandle | undefined;
      try {
        const place = placeOf(folder, key);
        handle = await open(place?.path ?? singleFile(folder, key), 'r');
        const { size } = await handle.stat();
        if (place === undefined) return openBlob(handle, 0, size, fault);
        if (await isErased(handle, place)) throw notFound(key);
        // A truncated segment is a truncated blob, which every reader detects.
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
      const place = placeOf(folder, key);
      const deleted = place === undefined ? rm(singleFile(folder, key), { force: true }) : erase(key, place);
      await deleted.catch(during('unlink'));
    },

    async *list() {
      try {
        yield* listSingleFiles(folder);
        yield* listSegments(folder);
      } catch (thrown) {
        throw fault(thrown, 'readdir');
      }
    },

    createMarker: (key) => markers.createMarker(key).catch(during('mark')),

    markedAt: (key) => markers.markedAt(key).catch(during('stat')),

    async sweep(olderThan) {
      const limit = olderThan.getTime();
      try {
        await markers.sweep(now());
        await large.removeLeftovers();
        return (await sweepSegments(folder, limit)) + (await sweepSingleFiles(folder, limit));
      } catch (thrown) {
        throw fault(thrown, 'sweep');
      }
    },

    check: () => large.probe().catch(during('write')),

    close: () => segments.close(),
  };

  return backend;
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
