// Builds mailroom.result/1 from the journal's entry and the latest step.
import { type Failure, RESULT_SCHEMA, type RecipientState, type Remote, type Result } from '../contract/result.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import { catalogue, type ErrorCode } from '../domain/catalogue/index.ts';
import { withDelivery } from '../domain/delivery.ts';
import { MailroomError } from '../domain/errors.ts';
import type { JournalEntry, ReplyState } from '../domain/reply-journal.ts';
import { defined } from '../lib/defined.ts';
import { collect } from '../lib/streams.ts';

/** States with a failure; a reply that was held and then released no longer has one. */
const FAILED: readonly ReplyState[] = ['rejected', 'held', 'dropped'];

/** Fields that a step adds to the result, with recipients in any state. */
export type ResultFields = Omit<Partial<Result>, 'recipients' | 'openRecipients'> & {
  recipients?: readonly RecipientState[] | undefined;
};

/** If no submission distinguished the recipients, all have the state of the reply. */
const alike = ({ state, envelope }: Partial<JournalEntry>): RecipientState[] | undefined =>
  state === 'accepted' ? envelope?.to.map((address) => ({ address, state })) : undefined;

/** Settled and open recipients, in separate lists. */
function recipientLists(
  recipients: readonly RecipientState[] | undefined,
  entry: Partial<JournalEntry>,
): Pick<Result, 'recipients' | 'openRecipients'> {
  const settled: NonNullable<Result['recipients']> = [];
  const open: NonNullable<Result['openRecipients']> = [];
  for (const given of recipients ?? alike(entry) ?? []) {
    const one = withDelivery(given, entry.deliveries ?? {});
    if (one.state === 'accepted' || one.state === 'rejected') settled.push({ ...one, state: one.state });
    else open.push({ ...one, state: one.state });
  }
  return {
    ...(settled.length > 0 ? { recipients: settled } : {}),
    ...(open.length > 0 ? { openRecipients: open } : {}),
  };
}

export function resultOf(
  entry: Pick<JournalEntry, 'replyId' | 'server' | 'state'> & Partial<JournalEntry>,
  more: ResultFields = {},
): Result {
  // The open recipients of an earlier result are out of date.
  const { openRecipients: _, ...earlier } = entry.result ?? {};
  const { failure, recipients, ...before }: ResultFields = {
    ...earlier,
    ...defined({ recipients: entry.recipients }),
    ...more,
  };
  const warnings = [...new Set([...(entry.result?.warnings ?? []), ...(more.warnings ?? [])])];
  const why = failure ?? (entry.state === 'rejected' ? failureOf('REPLY_JOB_FAILED') : undefined);
  return {
    ...before,
    ...recipientLists(recipients, entry),
    schema: RESULT_SCHEMA,
    replyId: entry.replyId,
    state: entry.state,
    server: entry.server,
    ...defined({ from: entry.from, messageId: entry.messageId, attempts: entry.attempts }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(why === undefined || !FAILED.includes(entry.state) ? {} : { failure: why }),
  };
}

export function failureOf(code: ErrorCode, more: Partial<Failure> = {}): Failure {
  const { class: kind, message, hint } = catalogue[code];
  return { code, class: kind, message, hint: hint.en, ...more };
}

/** A thrown error as a failure, if it is a refusal of the reply itself; undefined if it is a temporary fault (to be retried). */
export function refusalOf(error: unknown): Failure | undefined {
  if (!(error instanceof MailroomError)) return undefined;
  return ['refuse', 'fail'].includes(catalogue[error.code].action) ? error.toFailure() : undefined;
}

/** The reply as submitted, which is stored with the rendered mail. */
export async function readReply(blobs: Pick<BlobStore, 'read'>, source: string): Promise<unknown> {
  return JSON.parse((await collect(blobs.read(source))).toString()) as unknown;
}

/** A server's answer on one line, for the evidence. */
export const remoteLine = (remote: Remote | undefined) =>
  remote === undefined ? '' : [remote.code, remote.enhancedCode, remote.text].filter(Boolean).join(' ').slice(0, 300);
