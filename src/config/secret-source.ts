// Where the secrets of applications and email servers come from: the value itself, a file, or an environment variable.
import { isAbsolute, join } from 'node:path';
import { wrong } from '../domain/definition-problem.ts';
import type { Problem } from './problem.ts';
import { fileErrorCode, readValueFile } from './text-file.ts';

export interface Sources {
  /** Relative paths start here. */
  folder: string;
  env: Readonly<Record<string, string | undefined>>;
  problems: Problem[];
  /** Collects the files that were read. */
  read?: Set<string>;
}

/** The absolute path of a file named in the configuration. */
export const fileIn = (file: string, { folder }: Sources): string => (isAbsolute(file) ? file : join(folder, file));

/** A secret given directly, in a file or in an environment variable; undefined when none is given or it cannot be read (a problem). */
export function secretOf(
  from: { value?: string | undefined; file?: string | undefined; env?: string | undefined },
  field: string,
  sources: Sources,
): string | undefined {
  const named = [from.value, from.file, from.env].filter((one) => one !== undefined);
  if (named.length > 1) sources.problems.push({ field, ...wrong('secretTwice') });
  if (from.value !== undefined) return from.value;
  if (from.env !== undefined) {
    const value = sources.env[from.env];
    if (!value) sources.problems.push({ field: `${field}Env`, ...wrong('variableMissing'), got: from.env });
    return value || undefined;
  }
  if (from.file === undefined) return undefined;
  const file = fileIn(from.file, sources);
  sources.read?.add(file);
  try {
    const value = readValueFile(file);
    if (value === '') sources.problems.push({ field: `${field}File`, ...wrong('fileEmpty'), got: from.file });
    return value || undefined;
  } catch (error) {
    const reason = fileErrorCode(error);
    sources.problems.push({ field: `${field}File`, ...wrong('fileUnreadable', { reason }), got: from.file });
    return undefined;
  }
}
