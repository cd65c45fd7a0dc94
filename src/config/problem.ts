// A problem of the configuration: the field, the reason, and the value found. One wording for settings and email servers.
import type { Parameters, ProblemCode } from '../domain/definition-problem.ts';

export interface Problem {
  field: string;
  /** Completes `<field>: …`. */
  message: string;
  /** Of an email server: what is wrong, for readers in other languages. */
  code?: ProblemCode;
  parameters?: Parameters;
  /** The value in a form that may be shown; omitted for secrets. */
  got?: string;
}

export const problemText = ({ field, message, got }: Problem): string =>
  `${field}: ${message}${got === undefined ? '' : `, got ${got}`}`;

/** A value in a message: short, on one line. */
export function shownValue(value: unknown): string {
  const text = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value));
  const line = text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '·');
  return line.length > 80 ? `${line.slice(0, 77)}…` : line;
}
