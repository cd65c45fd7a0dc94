// Many small files at once, for the folder storage: only the fsyncs, which wait for the disk, go through the thread pool; open, write, close and
// rename are done in place. On a local file system they take microseconds, and a third of the CPU of the same calls made one by one
// through the pool (measured: 0.2 instead of 0.6 CPU s for 1,000 mails).
import { closeSync, fsync, mkdirSync, openSync, renameSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { DepotItem } from './depot.ts';

const flush = promisify(fsync);

export interface SmallFilePaths {
  temporaryName(): string;
  directoryOf(key: string): string;
  pathOf(key: string): string;
  /** Makes the directory if this process has not seen it yet; true when its parent must be flushed as well. */
  isNew(directory: string): boolean;
  parent: string;
}

/** Resolves when all are durable. Throws as the file system does, and then nothing of this batch is left under a temporary name. */
export async function writeSmallFiles(items: readonly DepotItem[], paths: SmallFilePaths, when: Date): Promise<void> {
  const files: { key: string; path: string; descriptor: number | undefined }[] = [];
  try {
    for (const { key, bytes } of items) {
      if (touched(paths.pathOf(key), bytes.length, when)) continue;
      const file = { key, path: paths.temporaryName(), descriptor: undefined as number | undefined };
      file.descriptor = openSync(file.path, 'wx', 0o600);
      files.push(file);
      for (let written = 0; written < bytes.length; ) written += writeSync(file.descriptor, bytes, written);
    }
    await settled(files.map(({ descriptor }) => (descriptor === undefined ? undefined : flush(descriptor))));
    const directories = new Set(items.map(({ key }) => paths.directoryOf(key)));
    for (const directory of directories) {
      if (!paths.isNew(directory)) continue;
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      directories.add(paths.parent);
    }
    for (const file of files) {
      closeQuietly(file);
      renameSync(file.path, paths.pathOf(file.key));
      file.path = '';
    }
    await settled([...directories].map(flushDirectory));
  } catch (thrown) {
    for (const file of files) {
      closeQuietly(file);
      if (file.path !== '') rmSync(file.path, { force: true });
    }
    throw thrown;
  }
}

function touched(path: string, size: number, when: Date): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.size !== size) return false;
  utimesSync(path, when, when);
  return true;
}

async function flushDirectory(path: string): Promise<void> {
  const descriptor = openSync(path, 'r');
  try {
    await flush(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Waits for all before it throws the first failure: a descriptor must not be closed while it is being flushed. */
async function settled(work: readonly (Promise<void> | undefined)[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}

function closeQuietly(file: { descriptor: number | undefined }): void {
  if (file.descriptor === undefined) return;
  const { descriptor } = file;
  file.descriptor = undefined;
  closeSync(descriptor);
}
