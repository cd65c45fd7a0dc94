// Builds mailroom.result/1 from the journal's entry and what just happened.
import { type Failure, RESULT_SCHEMA, type Remote, type Result } from '../contract/result.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import { catalogue, type ErrorCode } from '../domain/catalogue/index.ts';
import { MailroomError } from '../domain/errors.ts';
import type { JournalEntry, ReplyState } from '../domain/reply-journal.ts';

/** States that have a reason; what was held once and is released has none any more. */
const FAILED: readonly ReplyState[] = ['rejected', 'held', 'dropped'];

export function resultOf(
  entry: Pick<JournalEntry, 'replyId' | 'server' | 'state'> & Partial<JournalEntry>,
  more: Partial<Result> = {},
): Result {
  const { failure, ...before } = {
    ...(entry.result ?? {}),
    ...(entry.recipients === undefined ? {} : { recipients: [...entry.recipients] }),
    ...more,
  };
  const warnings = [...new Set([...(entry.result?.warnings ?? []), ...(more.warnings ?? [])])];
  const why = failure ?? (entry.state === 'rejected' ? failureOf('REPLY_JOB_FAILED') : undefined);
  return {
    ...before,
    schema: RESULT_SCHEMA,
    replyId: entry.replyId,
    state: entry.state,
    server: entry.server,
    ...(entry.from === undefined ? {} : { from: entry.from }),
    ...(entry.messageId === undefined ? {} : { messageId: entry.messageId }),
    ...(entry.attempts === undefined ? {} : { attempts: entry.attempts }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(why === undefined || !FAILED.includes(entry.state) ? {} : { failure: why }),
  };
}

export function failureOf(code: ErrorCode, more: Partial<Failure> = {}): Failure {
  const { class: kind, message, hint } = catalogue[code];
  return { code, class: kind, message, hint: hint.en, ...more };
}

/** A thrown error as a failure, if it is a refusal of the reply itself; undefined if it is a fault of the moment (to be tried again). */
export function refusalOf(error: unknown): Failure | undefined {
  if (!(error instanceof MailroomError)) return undefined;
  return ['refuse', 'fail'].includes(catalogue[error.code].action) ? error.toFailure() : undefined;
}

/** The reply as it was given, which `prepared` keeps beside the rendered mail. */
export async function readReply(blobs: Pick<BlobStore, 'read'>, source: string): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of blobs.read(source)) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
}

export const remoteLine = (remote: Remote | undefined) =>
  remote === undefined ? '' : [remote.code, remote.enhancedCode, remote.text].filter(Boolean).join(' ').slice(0, 300);
