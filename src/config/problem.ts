// A problem of the configuration: the field, the reason, and the value found. One wording for settings and email servers.
import type { Parameters, ProblemCode } from '../domain/definition-problem.ts';
import { MailroomError } from '../domain/errors.ts';
import { defined } from '../lib/defined.ts';

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

/** What is wrong and, where it may be shown, the value. */
export const messageOf = ({ message, got }: Problem): string =>
  got === undefined ? message : `${message}, got ${got}`;

const problemText = (problem: Problem): string => `${problem.field}: ${messageOf(problem)}`;

/** @param otherwise the message without a problem */
export const configInvalid = (problems: readonly Problem[], otherwise = ''): MailroomError =>
  new MailroomError('CONFIG_INVALID', {
    message: problems.map(problemText).join('\n') || otherwise,
    ...defined({ field: problems[0]?.field }),
  });

/** All problems in one line. */
export const reasonOf = (problems: readonly Pick<Problem, 'field' | 'message'>[]): string =>
  problems.map(({ field, message }) => `${field}: ${message}`).join('; ');

/** The name of a definition or application, even if other fields are invalid: at most 100 code points. */
export function nameOf(item: unknown): string | undefined {
  const name = typeof item === 'object' && item !== null && 'name' in item ? item.name : undefined;
  if (typeof name !== 'string' || name.trim() === '') return undefined;
  return [...name.trim().normalize('NFC')].slice(0, 100).join('');
}

/** A value in a message: short, on one line, without the user and password of a URL. */
export function shownValue(value: unknown): string {
  const text = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value));
  const [from, to] = [text.indexOf('//') + 2, text.lastIndexOf('@')];
  const open = from > 1 && to > from ? `${text.slice(0, from)}…${text.slice(to)}` : text;
  const line = open.replaceAll(/[\p{Cc}\p{Cf}]/gu, '·');
  return line.length > 80 ? `${line.slice(0, 77)}…` : line;
}
