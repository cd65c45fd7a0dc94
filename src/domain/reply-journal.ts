// The journal of one reply: its states, what is kept of it, and the port through which outbound moves it. adapters/redis/journal.ts writes it.
// Invariant: after DATA began, nothing is sent again unless it is proven that the first mail was not sent.
import { hash } from 'node:crypto';
import { type Reply, replySchema } from '../contract/reply.ts';
import type { RecipientState, Result } from '../contract/result.ts';
import type { Deliveries, LearntDelivery } from './delivery.ts';

export type ReplyState = Result['state'];

/** States whose rendered mail must be kept: it may still be sent. */
export const openStates: readonly ReplyState[] = ['prepared', 'submitting', 'data-begun', 'uncertain', 'held'];
/** States of replies that are kept for a while and then forgotten. */
export const endedStates: readonly ReplyState[] = ['accepted', 'rejected', 'dropped'];

/** No further run of the job changes these; `held` waits for a person. */
export const settledStates: readonly ReplyState[] = ['accepted', 'rejected', 'held', 'dropped'];

/** The sender of a reply: decided when it is prepared, and compared with the current definition before each submission. */
export interface DecidedSender {
  /** Header From. */
  name: string;
  from: string;
  /** Header Sender, if another person submits. */
  sender?: string;
  /** MAIL FROM. */
  envelopeFrom: string;
  /** Account that signs in, and its host ({@link sendingMailbox}): with another one it is another server, whatever its name. */
  mailbox: string;
}

export interface ReplyEnvelope {
  from: string;
  to: readonly string[];
  smtpUtf8: boolean;
  /** Requested reports (RFC 3461 NOTIFY). */
  dsn?: readonly ('success' | 'failure' | 'delay')[];
}

/** What a transition may set; times in epoch ms. */
interface EntryFields {
  /** Fields that `prepared` fixes. */
  from?: string;
  messageId?: string;
  envelope?: ReplyEnvelope;
  decided?: DecidedSender;
  /** It was uncertain once: a copy of it may have been sent. */
  doubted?: boolean;
  /** Sender that it would have had when it was held because of its sender; a release by a person agrees to exactly this one. null: none. */
  offered?: DecidedSender | null;
  agreed?: DecidedSender;
  /** A person released it although a colleague has answered. */
  forced?: boolean;
  /** Blob of the rendered mail, and of the reply itself as JSON. */
  rendered?: string;
  renderedSize?: number;
  source?: string;
  /** How often DATA began; each left a mark in the blob store ({@link dataBegunMark}). */
  begins: number;
  dataBegunAt?: number;
  /** Sending mailbox of the last DATA: the copy can only be in its Sent folder. */
  mailbox?: string;
  uncertainSince?: number;
  looks?: number;
  /** Each recipient, once the answers to a submission differed by recipient. */
  recipients?: readonly RecipientState[];
  /** How often a server accepted the mail for some of the recipients: Sent may contain one copy for each. */
  acceptances?: number;
  /** Since when recipients are deferred beside accepted ones. */
  deferredSince?: number;
  /** Preparations of a suspect that began and did not finish. */
  preparations?: number;
  /** The last result in full. */
  result?: Result;
}

/** What the journal keeps of a reply; times in epoch ms. */
export interface JournalEntry extends EntryFields {
  replyId: string;
  state: ReplyState;
  server: string;
  createdAt: number;
  updatedAt: number;
  fence: number;
  /** Submissions begun. */
  attempts: number;
  /** What later reports contain. */
  deliveries?: Deliveries;
  /** Not submitted from this instant on. */
  expiresAt?: number;
  /** Not submitted or looked up before this instant, by the journal's clock. */
  dueAt?: number;
  /** Claims that expired before anything was prepared: their holders died, and this reply may be the cause. */
  lapses?: number;
  /** Server's words, what was looked for and found: one line each, no content. */
  evidence: string[];
}

export type Claim =
  | { claim: 'yours'; entry: JournalEntry; fence: number }
  /** Another worker holds the claim; try again after this many ms. */
  | { claim: 'busy'; retryAfterMs: number }
  /** The wait that a server's answer demanded is not over, by the journal's clock. */
  | { claim: 'early'; retryAfterMs: number }
  | { claim: 'settled'; entry: JournalEntry }
  | { claim: 'reused' };

type EntryChange = Partial<EntryFields> & { evidence?: string; countAttempt?: boolean };

export interface Transition {
  from: readonly ReplyState[];
  to: ReplyState;
  /** Token of the claim; undefined: a person decides about a held reply. */
  fence?: number;
  /** Compare with the fence under which DATA began instead of the current one: a late answer to the worker that sent. */
  late?: boolean;
  change?: EntryChange;
  /** Release the claim with this token in the same step, if it is still valid. */
  release?: number;
  /** Not due again before this many ms are over; undefined: at once. */
  waitMs?: number;
  /** Only if, by the journal, no copy can have been sent: it was never uncertain and is accepted for nobody. */
  unsent?: boolean;
  /** Only before this instant, by the journal's clock, epoch ms. */
  before?: number;
}

export interface Transitioned {
  moved: boolean;
  state: ReplyState | undefined;
  /** Epoch ms, by the journal's own clock, not a replica's. */
  at: number;
}

/** The first fields of an entry. */
interface NewEntry {
  replyId: string;
  digest: string;
  server: string;
  /** Epoch ms. */
  expiresAt?: number;
}

export const expiryOf = ({ expiresAt }: Pick<Reply, 'expiresAt'>): { expiresAt?: number } =>
  expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) };

export interface Journal {
  claim(input: NewEntry & { owner: string; leaseMs: number }): Promise<Claim>;
  /** Extends the claim; false if it is lost. */
  renew(replyId: string, fence: number, leaseMs: number): Promise<boolean>;
  /** Releases the claim without a change of state. */
  release(replyId: string, fence: number): Promise<void>;
  /** Moves the reply; `moved: false` with the state found when the expected state or the fence does not hold. */
  transition(replyId: string, transition: Transition): Promise<Transitioned>;
  /** Creates the entry before the job is added; false if the replyId belongs to other content. */
  admit(input: NewEntry): Promise<boolean>;
  /** Digest of the content that belongs to the replyId; undefined if there is none. */
  digestOf(replyId: string): Promise<string | undefined>;
  /**
   * Stores what a report says about a submitted reply. A repeated or late report adds nothing (domain/delivery.ts).
   * @param from what is new, given what is known
   * @returns what is new, and the reply; undefined if this replyId is no longer known
   */
  learn(
    replyId: string,
    from: (entry: JournalEntry) => readonly LearntDelivery[],
  ): Promise<{ entry: JournalEntry; learnt: readonly LearntDelivery[] } | undefined>;
  read(replyId: string): Promise<JournalEntry | undefined>;
  /** The journal's clock, epoch ms. */
  now(): Promise<number>;
  list(state: ReplyState, limit?: number): Promise<JournalEntry[]>;
  /** Removes ended replies from the lists by state once their retention is over; their entries expire at the same time. @returns how many */
  forgetEnded(): Promise<number>;
  /** Replies in this state. */
  count(state: ReplyState): Promise<number>;
  /** Replies in one of these states that have not moved for this many ms, longest first within each state. */
  resting(
    states: readonly ReplyState[],
    forMs: number,
    page: { offset: number; limit: number },
  ): Promise<JournalEntry[]>;
  /** When the oldest reply that may still be sent was created, epoch ms. */
  oldestOpen(): Promise<number | undefined>;
  /** Waits until what was written is on the journal's disk; false if that cannot be known (Redis before 7.2, no append-only file, disk too slow). */
  onDisk(): Promise<boolean>;
  /** The replyId of a Message-ID, ours or the one that the server assigned. */
  byMessageId(messageId: string): Promise<string | undefined>;
}

/**
 * Name of the mark for "DATA of this reply began for the nth time". It is in the blob store, so it survives when the journal loses its
 * last seconds or everything (Redis killed between fsyncs, restored from a backup, failed over to a lagging replica).
 */
export const dataBegunMark = (replyId: string, n: number) => `data-begun\n${n}\n${replyId}`;

/**
 * Digest of a reply's content: the same replyId with another digest is another reply. The order of keys and defaults that are written out do not
 * matter: a field that a later version adds must not change the digest of a waiting reply. Nor does the trace: a job that runs again has another span.
 */
export function replyDigest(reply: Reply): string {
  const { traceparent: _, ...content } = reply;
  const said = Object.entries(content).filter(([key, value]) => canonical(value) !== DEFAULTS.get(key));
  return hash('sha256', canonical(Object.fromEntries(said)));
}

/** Fields with a default, as canonical text. */
const DEFAULTS: ReadonlyMap<string, string> = new Map(
  Object.entries(replySchema.shape).flatMap(([key, field]) => {
    const empty = field.safeParse(undefined);
    return empty.success && empty.data !== undefined ? [[key, canonical(empty.data)]] : [];
  }),
);

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, v]) => `${JSON.stringify(key)}:${canonical(v)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
