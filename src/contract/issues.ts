// The issues of a zod schema as a flat list of fields: unknown keys one by one; for a union, only those of the intended branch. Pure.
import type { z } from 'zod';

export interface InputIssue {
  path: readonly PropertyKey[];
  message: string;
  /** The value, where the caller asked zod to report it. */
  input?: unknown;
}

type Issue = z.core.$ZodIssue;

/** Problems that one answer names: nobody reads a list of a million wrong recipients. */
export const MOST_ISSUES = 20;

/** @returns at most {@link MOST_ISSUES}; `total` counts all */
export function flatIssues(issues: readonly Issue[]): { issues: InputIssue[]; total: number } {
  const found: InputIssue[] = [];
  let total = 0;
  const add = (issue: InputIssue) => {
    total += 1;
    if (found.length < MOST_ISSUES) found.push(issue);
  };
  const walk = (some: readonly Issue[], at: readonly PropertyKey[]): void => {
    for (const issue of some) {
      const path = [...at, ...issue.path];
      const branch = issue.code === 'invalid_union' ? meantBranch(issue.errors) : undefined;
      if (branch !== undefined) walk(branch, path);
      else if (issue.code !== 'unrecognized_keys') add({ path, message: issue.message, input: issue.input });
      else for (const key of issue.keys) add({ path: [...path, key.slice(0, 100)], message: 'is not known here' });
    }
  };
  walk(issues, []);
  return { issues: found, total };
}

/** `to[0].address`; empty for the whole input. */
export const fieldOf = (path: readonly PropertyKey[]): string =>
  path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`)).join('');

/** The branch whose type fits: its problems are within the value. */
const meantBranch = (errors: readonly (readonly Issue[])[]): readonly Issue[] | undefined =>
  errors.find((branch) => branch.every(({ code, path }) => code !== 'invalid_type' || path.length > 0));

/** Keys of the input that the schema did not keep, `to[0].mail`; at most {@link MOST_ISSUES}. */
export function unknownKeys(input: unknown, kept: unknown): string[] {
  const found: string[] = [];
  const walk = (given: unknown, known: unknown, at: string): void => {
    if (typeof given !== 'object' || given === null || typeof known !== 'object' || known === null) return;
    for (const [key, value] of Object.entries(given)) {
      if (found.length >= MOST_ISSUES) return;
      const path = Array.isArray(given) ? `${at}[${key}]` : `${at}${at === '' ? '' : '.'}${key.slice(0, 100)}`;
      if (Object.hasOwn(known, key)) walk(value, (known as Record<string, unknown>)[key], path);
      else found.push(path);
    }
  };
  walk(input, kept, '');
  return found;
}

/** Keys of an input that a schema would ignore: reported beside other problems, because a missing field is often a misspelt key. */
export function unknownAtTop(schema: z.ZodObject, input: unknown): z.core.$ZodIssue[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return [];
  const keys = Object.keys(input).filter((key) => !Object.hasOwn(schema.shape, key));
  return keys.length === 0 ? [] : [{ code: 'unrecognized_keys', keys, path: [], message: '' }];
}
