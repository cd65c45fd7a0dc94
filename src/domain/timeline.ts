// What happened to one message or reply, oldest first, from the data in Redis. Neither subject nor text. Pure.
import type { Message } from '../contract/message.ts';
import { defined } from '../lib/defined.ts';
import type { AnswerRecord } from './answered.ts';
import type { JournalEntry } from './reply-journal.ts';

export const timelineSteps = [
  ...(['arrived', 'enqueued', 'taken', 'retried', 'completed', 'failed', 'quarantined', 'answered'] as const),
  ...(['queued', 'noted', 'data-begun', 'uncertain', 'accepted', 'delayed', 'delivered', 'bounced', 'read'] as const),
  ...(['rejected', 'held', 'dropped', 'due'] as const),
] as const;
type TimelineStep = (typeof timelineSteps)[number];

export interface TimelineEvent {
  /** Epoch ms; absent where only the fact is stored. */
  at?: number;
  step: TimelineStep;
  /** Stable code: of the error catalogue, or the reason of the quarantine. */
  code?: string;
  /** The remote system's or consumer's own words, or a line of evidence. */
  said?: string;
  /** Person or address. */
  who?: string;
}

export interface Timeline {
  kind: 'message' | 'reply';
  id: string;
  state: string;
  server: string;
  emailFlow?: string;
  mailbox?: string;
  folder?: string;
  uid?: number;
  messageId?: string;
  /** Id that the server assigned. */
  serverMessageId?: string;
  conversation?: string;
  /** From and recipients of a reply. */
  from?: string;
  to?: readonly string[];
  attempts?: number;
  /** Copies of the same mail in other mailboxes. */
  siblings?: readonly string[];
  events: readonly TimelineEvent[];
}

/** What the queue stores about a message's job. Times in epoch ms. */
export interface JobFacts {
  state: string;
  addedAt: number;
  processedAt?: number;
  finishedAt?: number;
  attempts: number;
  failedReason?: string;
}

const SAID = 500;

const inOrder = (events: TimelineEvent[]): TimelineEvent[] =>
  events.sort((left, right) => (left.at ?? Number.POSITIVE_INFINITY) - (right.at ?? Number.POSITIVE_INFINITY));

/** Undefined and impossible times are omitted. */
const time = (at: number | string | undefined): { at?: number } => {
  const ms = typeof at === 'string' ? Date.parse(at) : at;
  return ms === undefined || !Number.isFinite(ms) ? {} : { at: ms };
};

function ofJob({ state, addedAt, processedAt, finishedAt, attempts, failedReason }: JobFacts): TimelineEvent[] {
  const events: TimelineEvent[] = [{ step: 'enqueued', ...time(addedAt) }];
  if (processedAt !== undefined) events.push({ step: attempts > 1 ? 'retried' : 'taken', ...time(processedAt) });
  const said = failedReason === undefined || failedReason === '' ? {} : { said: failedReason.slice(0, SAID) };
  if (state === 'completed') events.push({ step: 'completed', ...time(finishedAt) });
  else if (state === 'failed') events.push({ step: 'failed', ...time(finishedAt), ...said });
  return events;
}

export function messageTimeline({
  message,
  job,
  quarantined,
  answer,
}: {
  message: Message;
  job: JobFacts | undefined;
  quarantined: { reason: string; at: string } | undefined;
  answer: AnswerRecord | undefined;
}): Timeline {
  const { messageKey, server, emailFlow, mailbox, folder, uid, receivedAt, threading, conversation, siblings } =
    message;
  const events: TimelineEvent[] = [
    { step: 'arrived', ...time(receivedAt) },
    ...(job === undefined ? [] : ofJob(job)),
    ...(quarantined === undefined
      ? []
      : [{ step: 'quarantined', ...time(quarantined.at), code: quarantined.reason } as const]),
  ];
  if (answer !== undefined)
    events.push(
      answer.by === 'mailroom'
        ? { step: 'answered', who: 'Mailroom' }
        : { step: 'answered', ...time(answer.at), ...defined({ who: answer.who }) },
    );
  return {
    kind: 'message',
    id: messageKey,
    state: job?.state ?? 'unknown',
    ...{ server, emailFlow, mailbox, folder, uid, conversation: conversation.id },
    ...defined({ messageId: threading.messageId, attempts: job?.attempts }),
    ...(siblings.length === 0 ? {} : { siblings }),
    events: inOrder(events),
  };
}

/** "2026-11-25T10:00:00.000Z what was seen" */
const EVIDENCE = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) /;

function evidenceOf(line: string): TimelineEvent {
  const at = EVIDENCE.exec(line)?.[1];
  return { step: 'noted', ...time(at), said: (at === undefined ? line : line.slice(at.length + 1)).slice(0, SAID) };
}

export function replyTimeline(entry: JournalEntry): Timeline {
  const { replyId, state, server, from, createdAt, updatedAt, attempts, evidence, envelope, deliveries = {} } = entry;
  const { result, messageId, dataBegunAt, uncertainSince, dueAt } = entry;
  const failure = result?.failure;
  const events: TimelineEvent[] = [{ step: 'queued', ...time(createdAt) }, ...evidence.map(evidenceOf)];
  if (dataBegunAt !== undefined) events.push({ step: 'data-begun', ...time(dataBegunAt) });
  if (uncertainSince !== undefined) events.push({ step: 'uncertain', ...time(uncertainSince) });
  if (result?.acceptedAt !== undefined)
    events.push({
      step: 'accepted',
      ...time(result.acceptedAt),
      ...defined({ said: result.remote?.text }),
    });
  if (state === 'rejected' || state === 'held' || state === 'dropped')
    events.push({ step: state, ...time(updatedAt), ...defined({ code: failure?.code, said: failure?.remote?.text }) });
  for (const [who, { delivery, report }] of Object.entries(deliveries)) {
    if (delivery === 'unknown') continue;
    const { learntAt, code, text } = report;
    events.push({ step: delivery, ...time(learntAt), who, ...defined({ code, said: text }) });
  }
  if (dueAt !== undefined && state === 'prepared') events.push({ step: 'due', ...time(dueAt) });
  return {
    kind: 'reply',
    id: replyId,
    state,
    server,
    ...defined({ from }),
    to: envelope?.to ?? [],
    ...defined({ messageId, serverMessageId: result?.serverMessageId }),
    attempts,
    events: inOrder(events),
  };
}
