// zod's issues in Mailroom's words: `<path>: must be …, got …`, unknown keys with the nearest known one, secrets never shown.
import type { z } from 'zod';
import { isProblemCode, type Parameters, type ProblemCode, type Wrong, wrong } from '../domain/definition-problem.ts';
import { nearest } from './nearest.ts';
import { type Problem, shownValue } from './problem.ts';

export interface Words {
  /** Known keys in place of an unknown one; the path is the parent's. */
  keysAt: (path: readonly PropertyKey[]) => readonly string[];
  /** Why a key that is known elsewhere is not valid here. */
  elsewhere?: (key: string) => Wrong | undefined;
  /** Fields whose value is not shown. */
  secrets: ReadonlySet<string>;
}

/** A schema's message is a plain text, so code and parameters are encoded in it. */
export const inZod = (code: ProblemCode, parameters?: Parameters): string => JSON.stringify({ code, parameters });

function outOfZod(message: string): Wrong | { message: string } {
  if (!message.startsWith('{')) return { message };
  const { code, parameters } = JSON.parse(message) as { code?: unknown; parameters?: Parameters };
  return isProblemCode(code) ? wrong(code, parameters) : { message };
}

export function problemsOf(error: z.ZodError, at: string, item: unknown, words: Words): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, at, item, words));
}

function problemsOfIssue(issue: z.core.$ZodIssue, at: string, item: unknown, words: Words): Problem[] {
  const field = fieldAt(at, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = words.keysAt(issue.path);
    return issue.keys.map((key) => ({ field: fieldAt(field, [key]), ...unknownKey(key, known, words) }));
  }
  const value = issue.path.reduce<unknown>(
    (node, part) =>
      typeof node === 'object' && node !== null ? (node as Record<PropertyKey, unknown>)[part] : undefined,
    item,
  );
  if (value === undefined || value === null) return [{ field, ...wrong('required') }];
  // A text where fields or a list belong may be the secret itself.
  const misplaced = issue.code === 'invalid_type' && ['object', 'array'].includes(issue.expected);
  const hidden = misplaced || typeof value === 'object' || issue.path.some((part) => words.secrets.has(String(part)));
  return [{ field, ...outOfZod(issue.message), ...(hidden ? {} : { got: shownValue(value) }) }];
}

function unknownKey(key: string, known: readonly string[], { elsewhere }: Words): Wrong {
  const there = elsewhere?.(key);
  if (there) return there;
  const near = nearest(key, known);
  return near ? wrong('unknownFieldNear', { near }) : wrong('unknownField');
}

/** `emailServers[1]` + [`pace`, `perMinute`] → `emailServers[1].pace.perMinute`. */
function fieldAt(at: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((field, part) => {
    if (typeof part === 'number') return `${field}[${part}]`;
    return field === '' ? String(part) : `${field}.${String(part)}`;
  }, at);
}
