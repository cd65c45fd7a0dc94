// zod's issues in our words: `<path>: must be …, got …`, unknown keys with the nearest known one, secrets never shown.
import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { type Problem, shownValue } from './problem.ts';

export interface Words {
  /** Keys that are known where an unknown one stood; the path is the parent's. */
  keysAt: (path: readonly PropertyKey[]) => readonly string[];
  /** Why a key that is known elsewhere has no place here. */
  elsewhere?: (key: string) => string | undefined;
  /** Fields whose value is not shown. */
  secrets: ReadonlySet<string>;
}

export function problemsOf(error: z.ZodError, at: string, item: unknown, words: Words): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, at, item, words));
}

function problemsOfIssue(issue: z.core.$ZodIssue, at: string, item: unknown, words: Words): Problem[] {
  const field = fieldAt(at, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = words.keysAt(issue.path);
    return issue.keys.map((key) => ({ field: fieldAt(field, [key]), message: unknownKey(key, known, words) }));
  }
  const value = issue.path.reduce<unknown>(
    (node, part) =>
      typeof node === 'object' && node !== null ? (node as Record<PropertyKey, unknown>)[part] : undefined,
    item,
  );
  if (value === undefined || value === null) return [{ field, message: 'is required' }];
  const hidden = typeof value === 'object' || issue.path.some((part) => words.secrets.has(String(part)));
  return [{ field, message: issue.message, ...(hidden ? {} : { got: shownValue(value) }) }];
}

function unknownKey(key: string, known: readonly string[], { elsewhere }: Words): string {
  const there = elsewhere?.(key);
  if (there) return there;
  const near = nearest(key, known);
  return near ? `is not a known field; did you mean ${near}?` : 'is not a known field';
}

/** `emailServers[1]` + [`pace`, `perMinute`] → `emailServers[1].pace.perMinute`. */
function fieldAt(at: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((field, part) => {
    if (typeof part === 'number') return `${field}[${part}]`;
    return field === '' ? String(part) : `${field}.${String(part)}`;
  }, at);
}
