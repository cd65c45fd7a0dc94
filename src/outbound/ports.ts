// Ports of the outbound room: adapters as functions and plain objects.
import type { Message } from '../contract/message.ts';
import type { Outcome } from '../contract/outcome.ts';
import type { AnsweredElsewhere } from '../domain/answered.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import type { SmtpServer } from '../domain/email-server.ts';
import type { Journal } from '../domain/reply-journal.ts';
import type { Pace } from '../domain/reply-pace.ts';
import type { ReplyQueues } from '../domain/reply-queues.ts';
import type { ServerRegister } from '../domain/server-register.ts';
import type { SignInNotes } from '../domain/smtp-sign-in.ts';
import type { Submitter } from '../domain/submission.ts';
import type { Parsing } from '../parsing/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';

/** Identifies Mailroom's own mail in a Sent folder. */
export interface SentQuery {
  replyId: string;
  /** With angle brackets. */
  messageId: string;
  /** Older mails are not searched. */
  since: Date;
  /** Folder by configuration; undefined: found by \Sent or its usual names. */
  folder: string | undefined;
}

export type SentFinding =
  | {
      found: true;
      by: 'reply-id' | 'message-id' | 'original-message-id';
      folder: string;
      messageId: string | undefined;
      copies: number;
    }
  | { found: false; folder: string; looked: number };

/** Sent of the mailbox that an SMTP server signs in with. Throws MailroomError SENT_SEARCH_FAILED. */
export interface SentFolder {
  search(server: SmtpServer, query: SentQuery): Promise<SentFinding>;
  /** Stores a copy unless one with this replyId is there. */
  append(server: SmtpServer, query: SentQuery, mail: Uint8Array): Promise<'stored' | 'was-there'>;
}

/** Limits of one reply. */
export interface ReplyLimits {
  /** To, cc and bcc together. */
  recipientsPerReply: number;
  /** Names of headers that a reply may set; a `*` at the end matches any ending. */
  allowedHeaders: readonly string[];
}

export const replyLimits: ReplyLimits = {
  recipientsPerReply: 500,
  allowedHeaders: [
    'X-Ticket*',
    'X-Case*',
    'X-Customer*',
    'X-Contact*',
    'X-Team*',
    'X-Agent*',
    'X-Reference*',
    'X-Correlation*',
    'X-Request*',
  ],
};

export interface OutboundSettings extends ReplyLimits {
  /** Life of a claim without renewal, ms. */
  leaseMs: number;
  /** From DATA without an answer until a person (or the policy) decides, ms. */
  settleMs: number;
  /** First search in Sent after this many ms, then each time after twice as long. */
  firstLookMs: number;
  /** Automatic replies in 24 hours. */
  automaticPerCorrespondent: number;
  automaticPerConversation: number;
  /** Longest wait for running jobs when stopping, ms. */
  stopGraceMs: number;
  /** A paused server tries one reply after this many ms, then after twice as long each time, up to an hour. */
  pauseProbeMs: number;
  /** How often pauses are checked, ms. */
  tickMs: number;
  /** How long connections of a dead replica count against the mailbox's limit, ms. */
  slotTtlMs: number;
  /** A reply in progress that has not moved for this many ms may have lost its job. */
  restingMs: number;
  /** How often missing jobs are searched, ms: with restingMs, a lost job is added again within a minute. */
  seekMs: number;
  /** How long the write of an acceptance is retried while Redis refuses it, ms: less than stopGraceMs. */
  insistMs: number;
  /** How long the known state of colleagues' answers is valid, ms: more than the interval of a mailbox's polls. */
  answersFreshMs: number;
  /** Multiplies every wait before another try; under 1 only in tests. */
  waitScale: number;
}

export const outboundDefaults: OutboundSettings = {
  ...replyLimits,
  leaseMs: 30_000,
  settleMs: 15 * 60_000,
  firstLookMs: 30_000,
  automaticPerCorrespondent: 5,
  automaticPerConversation: 3,
  stopGraceMs: 20_000,
  pauseProbeMs: 5 * 60_000,
  tickMs: 2_000,
  slotTtlMs: 8_000,
  restingMs: 30_000,
  seekMs: 25_000,
  insistMs: 15_000,
  answersFreshMs: 90_000,
  waitScale: 1,
};

/** Reasons of paused queues, shared by the replicas. */
export interface Pauses {
  read(server: string): Promise<Pause | undefined>;
  /** Each consecutive pause is longer. */
  set(server: string, pause: { code: string; hint: string; probeMs: number }): Promise<Pause>;
  /** True for exactly one of the calling replicas, once the pause is due (or at once with `force`). */
  lift(server: string, force?: boolean): Promise<boolean>;
  /** A reply was accepted: the next pause is short again. */
  healed(server: string): Promise<void>;
}

export interface Pause {
  code: string;
  hint: string;
  /** Epoch ms. */
  since: number;
  until: number;
  /** Until it is due, by Redis' clock, ms; 0: it is due. */
  leftMs: number;
  /** The person who paused it; such a pause lasts until a person ends it. */
  by?: string;
}

/** Colleagues' answers to a message, and the \Answered flag that shows them a reply's. */
export interface Answers {
  /** Undefined: its mailbox is not watched for answers (mailboxEvents). `ageMs`: time since the last poll; missing: never. */
  known(messageKey: string): Promise<{ answered?: AnsweredElsewhere; ageMs?: number } | undefined>;
  /** One search in the mailbox, within a time limit. @throws when it fails */
  look(messageKey: string): Promise<AnsweredElsewhere | undefined>;
  /** Requests \Answered for the message from its mailbox's watcher. @returns false when too many wait */
  mark(messageKey: string, replyId: string): Promise<boolean>;
}

export interface OutboundDeps {
  answers?: Answers;
  register: ServerRegister;
  servers: () => readonly SmtpServer[];
  /** Addresses of watched mailboxes, which receive no automatic reply; addresses that servers send from are excluded anyway. */
  ownAddresses?: () => readonly string[];
  onServersChanged: (changed: () => void) => () => void;
  journal: Journal;
  queues: ReplyQueues;
  pace: Pace;
  pauses: Pauses;
  /** Checks of sign-ins without sending; absent: none. */
  signIns?: { notes: SignInNotes; signIn(server: SmtpServer): Promise<'proven' | 'busy'> };
  /** Opens the connections of one SMTP server (adapters/smtp). */
  openSubmitter: (server: SmtpServer) => Submitter;
  blobs: BlobStore;
  sent: SentFolder;
  readMessage: (messageKey: string) => Promise<Message | undefined>;
  /** Renders text of html and quotations in a worker thread. Throws MailroomError REPLY_NOT_COMPOSED. */
  replyBodies: Parsing['replyBodies'];
  makeMessageId: (input: { conversationId: string; replyId: string; domain: string }) => string;
  /** Writes to the queue reply-outcomes, for replies that never enter the journal; absent: the queue is not in use. */
  publishOutcome?: ((outcome: Outcome) => Promise<void>) | undefined;
  emit: Emit;
  metrics?: Metrics;
  /** Undefined: no traces are written. */
  tracing?: Tracing | undefined;
  settings?: Partial<OutboundSettings>;
}
