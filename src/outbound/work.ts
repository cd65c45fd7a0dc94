// A reply at work: what its steps share, how they move it in the journal, and the two endings that any step may reach (rejected, claim lost).
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply } from '../contract/reply.ts';
import type { Failure } from '../contract/result.ts';
import type { SmtpServer } from '../domain/email-server.ts';
import { asError } from '../domain/errors.ts';
import type { JournalEntry, Transition, Transitioned } from '../domain/reply-journal.ts';
import { LONGEST_SLEEP_MS, sendingMailbox } from '../domain/reply-pace.ts';
import type { JobEnding, ReplyJob } from '../domain/reply-queues.ts';
import { defined } from '../lib/defined.ts';
import { collect } from '../lib/streams.ts';
import type { EventName } from '../telemetry/events/index.ts';
import type { EventFields } from '../telemetry/events.ts';
import type { Span } from '../telemetry/tracing.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { OutboundDeps, OutboundSettings } from './ports.ts';
import { type ResultFields, remoteLine, resultOf } from './results.ts';

export interface Delivery {
  deps: OutboundDeps;
  settings: OutboundSettings;
  server: SmtpServer;
  pool: ConnectionPool;
  /** Largest message that the server announced. */
  maxSize: { known: number | undefined };
  /** When the name of a removed server was given to another account; epoch ms. */
  replacedAt?: number | undefined;
  /** Replies that may end the process are prepared one at a time. */
  isolate: <T>(work: () => Promise<T>) => Promise<T>;
  /** A reply was accepted, which proves the sign-in. */
  onAccepted: () => void;
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
  /** False once the claim may have lapsed: nothing more may be sent. */
  claimStillValid: () => boolean;
}

/** A transition of the journal under the work's claim; one by the answer to a mail (`late`) insists. */
export function move(
  { deps, reply, fence, settings }: Pick<Work, 'deps' | 'reply' | 'fence' | 'settings'>,
  transition: Omit<Transition, 'fence'>,
): Promise<Transitioned> {
  const write = () => deps.journal.transition(reply.replyId, { ...transition, fence });
  return transition.late === true ? insist({ settings }, write) : write();
}

/**
 * For a transition by the answer to a mail, which is known only once: a Redis that refuses writes for a moment (full, demoted, its disk unavailable)
 * must not turn an accepted or refused reply into an uncertain one. Retries for `insistMs`, then throws the last error. To repeat a transition is safe.
 */
export async function insist<T>({ settings }: Pick<Work, 'settings'>, write: () => Promise<T>): Promise<T> {
  const began = performance.now();
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    try {
      return await write();
    } catch (error) {
      if (performance.now() - began + waitMs > settings.insistMs) throw error;
      await sleep(waitMs);
    }
  }
}

export const report = (
  { deps, server, reply }: Pick<Work, 'deps' | 'server' | 'reply'>,
  event: EventName,
  fields: EventFields = {},
): void => deps.emit(event, { server: server.name, replyId: reply.replyId, ...fields });

/**
 * The job runs again after this many ms; by default soon, to read from the journal what another worker decided. A longer wait is the journal's
 * (`dueAt`): the job only sleeps.
 */
export const later = (ms = 500): JobEnding => ({ end: 'later', at: Date.now() + Math.min(ms, LONGEST_SLEEP_MS) });

export const expectedIn = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** @param late the refusal answers the DATA of this claim: it counts even if another worker has marked the reply uncertain */
export async function reject(work: Work, failure: Failure, more: ResultFields = {}, late = false): Promise<JobEnding> {
  const { deps, server, reply, fence } = work;
  const read = () => deps.journal.read(reply.replyId);
  const before = await (late ? insist(work, read) : read());
  const result = resultOf(
    { ...before, replyId: reply.replyId, server: server.name, state: 'rejected' },
    { failure, ...defined({ remote: failure.remote }), ...more },
  );
  const { moved } = await move(work, {
    from: late ? ['data-begun', 'uncertain'] : ['queued', 'prepared', 'submitting', 'data-begun'],
    to: 'rejected',
    late,
    release: fence,
    change: { result, evidence: `rejected: ${failure.code} ${remoteLine(failure.remote)}` },
  });
  if (!moved) return fenced(work);
  report(work, 'ReplyRejected', { code: failure.code, class: failure.class });
  return { end: 'failed', result };
}

/** The claim was lost: another worker decides. The job runs again to read the outcome. */
export function fenced(work: Work): JobEnding {
  report(work, 'ReplyFenced');
  return later(1_000);
}

/** Requests \Answered for the message that an accepted reply answers. Never fails the reply; repeated whenever its job runs again. */
export async function requestMark(delivery: Delivery, reply: Reply): Promise<void> {
  const { deps, server } = delivery;
  const messageKey = reply.answers?.messageKey;
  // An acknowledgement is no answer.
  const wanted = reply.markAnswered ?? (server.markAnswered === true && !reply.automatic);
  if (!wanted || messageKey === undefined || deps.answers === undefined) return;
  try {
    if (!(await deps.answers.mark(messageKey, reply.replyId))) throw new Error('too many marks wait for this mailbox');
  } catch (error) {
    report({ deps, server, reply }, 'ReplyMarkFailed', { err: asError(error) });
  }
}

/** Sent copy by policy `append`; our own header in the folder prevents a second copy. Never fails the reply. */
export async function storeSentCopy({ deps, server }: Delivery, entry: JournalEntry): Promise<void> {
  // Another account's Sent is the wrong place: the server was changed since.
  if (entry.mailbox !== undefined && entry.mailbox !== sendingMailbox(server)) return;
  if (server.sentCopy.policy !== 'append' || entry.rendered === undefined || entry.messageId === undefined) return;
  const { replyId, messageId } = entry;
  try {
    const mail = await collect(deps.blobs.read(entry.rendered));
    const query = { replyId, messageId, since: new Date(entry.createdAt), folder: server.sentCopy.folder };
    if ((await deps.sent.append(server, query, mail)) === 'stored')
      deps.emit('SentCopyStored', { server: server.name, replyId });
  } catch (error) {
    deps.emit('SentCopyFailed', { server: server.name, replyId, err: asError(error) });
  }
}
