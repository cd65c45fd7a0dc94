// A zip archive as a stream, file by file: only the current file is in memory.
import { Zip, ZipDeflate } from 'fflate';

export interface ZipEntry {
  /** Path within the archive. */
  name: string;
  bytes: Uint8Array;
}

export async function* zipOf(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    ready.push(chunk);
  });
  for await (const { name, bytes } of entries) {
    const file = new ZipDeflate(name);
    zip.add(file);
    file.push(bytes, true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready.splice(0);
}
