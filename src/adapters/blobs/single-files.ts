// Blobs that earlier builds kept in a file of their own, <folder>/<first two hex digits>/<key>: read, listed and removed by age. Nothing writes them.
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from './files.ts';

export const singleFile = (folder: string, key: string): string => join(folder, key.slice(0, 2), key);

export async function* listSingleFiles(folder: string): AsyncGenerator<{ key: string; at: number }> {
  for (const directory of await namesIn(folder)) {
    if (!/^[0-9a-f]{2}$/.test(directory)) continue;
    for (const key of await namesIn(join(folder, directory))) {
      const found = await stat(singleFile(folder, key)).catch(() => undefined); // removed meanwhile
      if (found !== undefined) yield { key, at: found.mtimeMs };
    }
  }
}

/** Removes blobs last touched before the limit, epoch ms. @returns how many */
export async function sweepSingleFiles(folder: string, limit: number): Promise<number> {
  let removed = 0;
  for await (const { key, at } of listSingleFiles(folder)) {
    if (!(at < limit)) continue;
    await rm(singleFile(folder, key), { force: true });
    removed += 1;
  }
  return removed;
}
