// The journal of one reply: its states, what is kept of it, and the port through which outbound moves it. adapters/redis/journal.ts writes it.
// Invariant: after DATA began, nothing is sent again unless it is proven that the first did not go.
import { createHash } from 'node:crypto';
import type { Reply } from '../contract/reply.ts';
import type { Result } from '../contract/result.ts';

export type ReplyState = Result['state'];

/** No further run of the job changes these; `held` waits for a person. */
export const settledStates: readonly ReplyState[] = ['accepted', 'rejected', 'held', 'dropped'];

export interface ReplyEnvelope {
  from: string;
  to: readonly string[];
  smtpUtf8: boolean;
}

/** What the journal keeps of a reply; times in epoch ms. */
export interface JournalEntry {
  replyId: string;
  state: ReplyState;
  server: string;
  createdAt: number;
  updatedAt: number;
  fence: number;
  /** Submissions begun. */
  attempts: number;
  /** Fields that `prepared` fixes. */
  from?: string;
  messageId?: string;
  envelope?: ReplyEnvelope;
  /** Blob of the rendered mail, and of the reply itself as JSON. */
  rendered?: string;
  renderedSize?: number;
  source?: string;
  dataBegunAt?: number;
  uncertainSince?: number;
  looks?: number;
  /** Server's words, what was looked for and found: one line each, no content. */
  evidence: string[];
  /** The last result in full. */
  result?: Result;
}

export type Claim =
  | { claim: 'yours'; entry: JournalEntry; fence: number }
  /** Another worker is at it; ask again after this many ms. */
  | { claim: 'busy'; retryAfterMs: number }
  | { claim: 'settled'; entry: JournalEntry }
  | { claim: 'reused' };

/** Fields of an entry that a transition may set. */
export type EntryChange = Partial<
  Pick<
    JournalEntry,
    | 'from'
    | 'messageId'
    | 'envelope'
    | 'rendered'
    | 'renderedSize'
    | 'source'
    | 'dataBegunAt'
    | 'uncertainSince'
    | 'looks'
    | 'result'
  >
> & { evidence?: string; countAttempt?: boolean };

export interface Transition {
  from: readonly ReplyState[];
  to: ReplyState;
  /** Token of the claim; undefined: a person's act on a held reply. */
  fence?: number;
  /** Compare with the fence under which DATA began instead of the current one: a late answer of the worker that sent. */
  late?: boolean;
  change?: EntryChange;
  /** Wait until the write is on disk, where the server can tell (WAITAOF, Redis 7.2). */
  durable?: boolean;
  /** Let go of the claim in the same step. */
  release?: boolean;
}

export interface Journal {
  claim(input: { replyId: string; digest: string; server: string; owner: string; leaseMs: number }): Promise<Claim>;
  /** Extends the claim; false if it is lost. */
  renew(replyId: string, fence: number, leaseMs: number): Promise<boolean>;
  /** Lets go of the claim without a change of state. */
  release(replyId: string, fence: number): Promise<void>;
  /** Moves the reply; `moved: false` with the state found when the expected state or the fence does not hold. */
  transition(replyId: string, transition: Transition): Promise<{ moved: boolean; state: ReplyState | undefined }>;
  /** Makes the entry before the job is added; false if the replyId stands for another content. */
  admit(input: { replyId: string; digest: string; server: string }): Promise<boolean>;
  sameContent(replyId: string, digest: string): Promise<boolean>;
  read(replyId: string): Promise<JournalEntry | undefined>;
  list(state: ReplyState, limit?: number): Promise<JournalEntry[]>;
  /** Finds the replyId under which a Message-ID (ours or the server's) left. */
  byMessageId(messageId: string): Promise<string | undefined>;
}

/** Digest of a reply's content: the same replyId with another digest is another reply. Key order does not matter. */
export function replyDigest(reply: Reply): string {
  return createHash('sha256').update(canonical(reply)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, v]) => `${JSON.stringify(key)}:${canonical(v)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
