// A reply at work: what its steps share, and the two endings that any step may reach (rejected, claim lost).
import type { Reply } from '../contract/reply.ts';
import type { Failure } from '../contract/result.ts';
import type { SmtpServer } from '../domain/email-server.ts';
import { asError } from '../domain/errors.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import type { JobEnding, ReplyJob } from '../domain/reply-queues.ts';
import { collect } from '../lib/streams.ts';
import type { Span } from '../telemetry/tracing.ts';
import type { Lanes } from './lanes.ts';
import type { OutboundDeps, OutboundSettings } from './ports.ts';
import { remoteLine, resultOf, type Told } from './results.ts';

export interface Delivery {
  deps: OutboundDeps;
  settings: OutboundSettings;
  server: SmtpServer;
  lanes: Lanes;
  /** Largest message the server said it takes. */
  maxSize: { known: number | undefined };
  /** When the name of a removed server was given to another account; epoch ms. */
  replacedAt?: number | undefined;
  /** Replies that may end the process are prepared one at a time. */
  isolate: <T>(work: () => Promise<T>) => Promise<T>;
  /** A reply was accepted: the server lets us in. */
  proven: () => void;
  /** Pauses the server's queue on all replicas. */
  pauseServer: (failure: Failure, probeMs: number) => Promise<void>;
  /** Of this run of the job, where traces are written. */
  span?: Span;
}

/** A claimed reply at work. */
export interface Work extends Delivery {
  job: ReplyJob;
  reply: Reply;
  fence: number;
  now: () => number;
  /** False once the claim may have lapsed: nothing more may go to the wire. */
  claimStillValid: () => boolean;
}

/** @param late the refusal answers the DATA of this claim: it counts although another worker may have begun to doubt */
export async function reject(work: Work, failure: Failure, more: Told = {}, late = false): Promise<JobEnding> {
  const { deps, server, reply, fence } = work;
  const before = await deps.journal.read(reply.replyId);
  const result = resultOf(
    { ...(before ?? {}), replyId: reply.replyId, server: server.name, state: 'rejected' },
    { failure, ...(failure.remote === undefined ? {} : { remote: failure.remote }), ...more },
  );
  const { moved } = await deps.journal.transition(reply.replyId, {
    from: late ? ['data-begun', 'uncertain'] : ['queued', 'prepared', 'submitting', 'data-begun'],
    to: 'rejected',
    fence,
    late,
    release: fence,
    change: { result, evidence: `rejected: ${failure.code} ${remoteLine(failure.remote)}` },
  });
  if (!moved) return fenced(work);
  deps.emit('ReplyRejected', { server: server.name, replyId: reply.replyId, code: failure.code, class: failure.class });
  return { end: 'failed', result };
}

/** The claim was lost: another worker decides. The job comes back to read the outcome. */
export function fenced(work: Work): JobEnding {
  work.deps.emit('ReplyFenced', { server: work.server.name, replyId: work.reply.replyId });
  return { end: 'later', at: work.now() + 1_000 };
}

/** The message that an accepted reply answers is to be marked as answered. Never fails the reply; asked again whenever its job runs again. */
export async function wantMark({ deps, server }: Delivery, reply: Reply): Promise<void> {
  const messageKey = reply.answers?.messageKey;
  // An acknowledgement is no answer.
  const wanted = reply.markAnswered ?? (server.markAnswered === true && !reply.automatic);
  if (!wanted || messageKey === undefined || deps.answers === undefined) return;
  try {
    if (!(await deps.answers.mark(messageKey, reply.replyId))) throw new Error('too many marks wait for this mailbox');
  } catch (error) {
    deps.emit('ReplyMarkFailed', { server: server.name, replyId: reply.replyId, err: asError(error) });
  }
}

/** Sent copy by policy `append`; storing twice is prevented by our own header in the folder. Never fails the reply. */
export async function storeSentCopy({ deps, server }: Delivery, entry: JournalEntry): Promise<void> {
  // Another account's Sent is no place for it: the server was changed since.
  if (entry.mailbox !== undefined && entry.mailbox !== sendingMailbox(server)) return;
  if (server.sentCopy.policy !== 'append' || entry.rendered === undefined || entry.messageId === undefined) return;
  try {
    const mail = await collect(deps.blobs.read(entry.rendered));
    const query = {
      replyId: entry.replyId,
      messageId: entry.messageId,
      since: new Date(entry.createdAt),
      folder: server.sentCopy.folder,
    };
    if ((await deps.sent.append(server, query, mail)) === 'stored') {
      deps.emit('SentCopyStored', { server: server.name, replyId: entry.replyId });
    }
  } catch (error) {
    deps.emit('SentCopyFailed', { server: server.name, replyId: entry.replyId, err: asError(error) });
  }
}
