// Reads a file of the configuration; a file that is too large is refused before it is parsed.
import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

/** Bytes. A thousand email servers take half a megabyte. */
const LARGEST_FILE = 10 * 1024 ** 2;

/** A file that can be read, and must not be used. */
export class UnfitFile extends Error {
  /** In one word, beside the codes of the file system. */
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws UnfitFile, and the errors of the file system (ENOENT, EACCES …) */
export function readTextFile(file: string): string {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    if (size > LARGEST_FILE)
      throw new UnfitFile('EFBIG', `has ${size} bytes; at most ${LARGEST_FILE} are read (10 MB)`);
    return decoded(readFileSync(handle));
  } finally {
    closeSync(handle);
  }
}

/** The content without the line break at its end: a password or key. @throws as {@link readTextFile} */
export const readValueFile = (file: string): string => readTextFile(file).replace(/\r?\n$/, '');

/** Why a file cannot be read, in one word. */
export const fileErrorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';

/** Notepad and PowerShell write a byte order mark, or UTF-16; neither is part of a password. */
function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const utf16 =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
  if (utf16 !== undefined) return new TextDecoder(utf16).decode(bytes);
  const text = new TextDecoder('utf-8').decode(bytes);
  // A name or password in Latin-1 would become another one. Comments beside a PEM block do not matter.
  if (!isUtf8(bytes) && !text.includes('-----BEGIN '))
    throw new UnfitFile('not UTF-8', `is not UTF-8 (line ${text.slice(0, text.indexOf('\uFFFD')).split('\n').length})`);
  return text;
}
