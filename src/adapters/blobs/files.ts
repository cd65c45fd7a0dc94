// What the folder storage needs of the file system.
import { readdir } from 'node:fs/promises';

/** True for an errno error with one of these codes. */
export const isErrno = (thrown: unknown, ...codes: string[]): boolean =>
  thrown instanceof Error && codes.includes((thrown as NodeJS.ErrnoException).code ?? '');

/** Names in a directory; none if it does not exist (any more). */
export const namesIn = (path: string): Promise<string[]> =>
  readdir(path).catch((thrown: unknown) => {
    if (isErrno(thrown, 'ENOENT', 'ENOTDIR')) return [];
    throw thrown;
  });
