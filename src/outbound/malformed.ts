// Describes the problems of a job's data by field and value, without content of the mail. Pure.

import type { z } from 'zod';
import { fieldOf, flatIssues } from '../contract/issues.ts';

const CONTENT = new Set(['text', 'html', 'subject', 'content']);

/** The first problems of a reply that does not match the schema, and its replyId if readable. */
export function describeProblems(
  issues: readonly z.core.$ZodIssue[],
  payload: unknown,
): { message: string; field: string; replyId: string | undefined } {
  const flat = flatIssues(issues);
  const described = flat.issues.map(({ path, message }) => {
    const field = fieldOf(path) || 'reply';
    const hidden = path.some((part) => typeof part === 'string' && CONTENT.has(part));
    return { field, text: `${field}: ${message}${hidden ? '' : ` (is ${shown(valueAt(payload, path))})`}` };
  });
  const id = valueAt(payload, ['replyId']);
  return {
    message: [
      ...described.map(({ text }) => text),
      ...(flat.total > described.length ? [`and ${flat.total - described.length} more`] : []),
    ].join('; '),
    field: described[0]?.field ?? 'reply',
    replyId: typeof id === 'string' && id !== '' ? id.slice(0, 200) : undefined,
  };
}

function valueAt(payload: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    payload,
  );
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : value === null ? 'null' : 'an object';
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 60) : value);
}
