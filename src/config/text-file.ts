// Reading a file of the configuration: refused by its size before a byte of it is parsed.
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

/** Bytes. A thousand email servers take half a megabyte. */
export const LARGEST_FILE = 10 * 1024 ** 2;

export class FileTooLarge extends Error {
  readonly code = 'EFBIG';
}

/** @throws FileTooLarge, and what the file system says (ENOENT, EACCES …) */
export function readTextFile(file: string): string {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    if (size > LARGEST_FILE) throw new FileTooLarge(`has ${size} bytes; at most ${LARGEST_FILE} are read (10 MB)`);
    return readFileSync(handle, 'utf8');
  } finally {
    closeSync(handle);
  }
}
