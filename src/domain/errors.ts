// MailroomError: the only error type that crosses rooms. It contains a code of the catalogue, the remote system's own words, and what to do.
import type { Failure, FailureClass, Remote } from '../contract/result.ts';
import { catalogue, type ErrorCode } from './catalogue/index.ts';

export type { ErrorCode, FailureClass, Remote };

interface MailroomErrorOptions {
  /** The problem in words without secrets, bodies or subjects. Default: the catalogue's sentence. */
  message?: string;
  /** Overrides the catalogue's class where the remote's answer is more specific. */
  class?: FailureClass;
  /** Overrides the catalogue's hint, e.g. with real names filled in. */
  hint?: string;
  remote?: Remote;
  /** Field and value that are wrong, for bad input: `emailServers[1].port`. */
  field?: string;
  /** Milliseconds that the remote asked to wait. */
  retryAfterMs?: number;
  /** With FROM_NOT_PERMITTED: the permitted addresses; with PORTAL_OIDC_NO_ROLE: the roles of which one is needed. */
  permitted?: readonly string[];
  cause?: unknown;
}

export class MailroomError extends Error {
  override readonly name = 'MailroomError';
  readonly code: ErrorCode;
  readonly class: FailureClass;
  readonly hint: string;
  readonly remote: Remote | undefined;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly permitted: readonly string[] | undefined;

  constructor(code: ErrorCode, options: MailroomErrorOptions = {}) {
    const entry = catalogue[code];
    super(options.message ?? entry.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.class = options.class ?? entry.class;
    this.hint = options.hint ?? entry.hint.en;
    this.remote = options.remote;
    this.field = options.field;
    this.retryAfterMs = options.retryAfterMs;
    this.permitted = options.permitted;
  }

  /** As it appears in results and API answers. */
  toFailure(): Failure {
    return {
      code: this.code,
      class: this.class,
      message: this.message,
      hint: this.hint,
      ...(this.permitted ? { permitted: [...this.permitted] } : {}),
      ...(this.remote ? { remote: this.remote } : {}),
    };
  }
}

/** Any thrown value as an Error, so that a `catch` need not examine it. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The failure in one word, for a metric or a span: the code of our own error, the name of any other. */
export const codeOfError = (thrown: unknown): string =>
  thrown instanceof MailroomError ? thrown.code : asError(thrown).name;
