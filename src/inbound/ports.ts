// What the inbound side needs of remote systems and stores: implemented by adapters, passed in by wiring/inbound.ts.

import type { MailboxEvent } from '../contract/mailbox-event.ts';
import type { Message } from '../contract/message.ts';
import type { AnsweredElsewhere } from '../domain/answered.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import type { ImapServer } from '../domain/email-server.ts';
import type { FolderView, OwnAct, OwnActs } from '../domain/folder-view.ts';
import type { Ledger, LedgerChange } from '../domain/ledger.ts';
import type { MailboxCredentials } from '../domain/mailbox-credentials.ts';
import type { PackedMessage, Parsing } from '../parsing/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { Limits } from './limits.ts';

export interface FetchedMessage {
  uid: number;
  /** INTERNALDATE; undefined when it is missing or cannot be read. */
  internalDate: Date | undefined;
  /** RFC822.SIZE, an estimate on Exchange; undefined when it is missing. */
  size: number | undefined;
  /** Undefined when the server answered OK without data. */
  source: Buffer | undefined;
  /** Returns the memory of `source`, which must not be accessed afterwards. Until then other mails may have to wait. */
  release?: () => void;
}

/** STATUS of a folder; missing items are undefined. */
export interface FolderStatus {
  uidValidity: string | undefined;
  uidNext: number | undefined;
  messages: number | undefined;
  /** HIGHESTMODSEQ (RFC 7162), if flags are watched and the server has it. */
  modseq?: string | undefined;
}

/** A mail in Sent that answers something. */
export interface SentMail {
  uid: number;
  inReplyTo: readonly string[];
  messageId: string | undefined;
  /** Address of Sender, else of From. */
  who: string | undefined;
  /** Addresses of To and Cc. */
  to: readonly string[];
  /** INTERNALDATE. */
  at: Date | undefined;
  /** It has the header of our replies. */
  ours: boolean;
}

export interface FetchLimits {
  /** Most bytes of `source`. */
  maxBytes: number;
  /** Most messages of one batch. */
  batchCount: number;
  /** Bytes after which no message is added to a batch. */
  batchBytes: number;
}

/** One connection with one folder open; every function answers or throws a MailroomError, within a bound. */
export interface Mailbox {
  uidValidity: string;
  /** UIDNEXT when the folder was opened; 0 when it is missing. */
  uidNext: number;
  /** Whether a message can be moved without touching others: MOVE (RFC 6851), or UID EXPUNGE (RFC 4315). */
  canMove: boolean;
  /** STATUS of the open folder: the server's state, which this session may not see yet. Undefined when it is refused. */
  status(): Promise<FolderStatus | undefined>;
  /** All UIDs of the folder, or those from `low` on; ascending. */
  uids(low?: number): Promise<number[]>;
  /** UIDs with INTERNALDATE (its date, without time) on or after the day. */
  uidsSince(day: Date): Promise<number[]>;
  unseenUids(): Promise<number[]>;
  /**
   * Streams messages in batches of all that have come, up to the limits. A batch may be empty. No other command may run until the stream ends. Each batch
   * must be released even if no other comes: the server may be waiting for that. When the connection is lost, the rows that came are yielded first.
   */
  fetch(uids: readonly number[], limits: FetchLimits): AsyncGenerator<FetchedMessage[]>;
  /** The same for every message from the UID on. `n:*` always returns the last message too, whatever its UID. */
  fetchFrom(low: number, limits: FetchLimits): AsyncGenerator<FetchedMessage[]>;
  /** Messages in the folder, as the server last reported. */
  count(): number;
  /** INTERNALDATE, size and the fingerprint headers only. */
  fetchHeads(uids: readonly number[]): AsyncGenerator<FetchedMessage>;
  /** The whole header block of one message, without its body; undefined when the server returns no such row. */
  fetchHeader(uid: number): Promise<FetchedMessage | undefined>;
  /** The whole message as a stream, in constant memory. */
  download(uid: number): Promise<AsyncIterable<Uint8Array>>;
  /** Waits until something changes in the folder or the time is over: in IDLE, else by polling. Rejects when the connection is lost. */
  waitForChange(ms: number, signal?: AbortSignal): Promise<'changed' | 'timeout'>;
  /** \Seen and \Answered of the messages from `low` on; with `since`, only of those that changed after that HIGHESTMODSEQ. */
  flags(low: number, since?: string): Promise<Map<number, { seen: boolean; answered: boolean }>>;
  /** The Sent folder and its UIDNEXT, without opening it; undefined: there is none. */
  sentStatus(): Promise<{ folder: string; uidValidity: string; uidNext: number } | undefined>;
  addFlag(uids: readonly number[], flag: '\\Seen' | '\\Answered'): Promise<void>;
  move(uids: readonly number[], folder: string): Promise<void>;
  /** @throws MailroomError IMAP_FOLDER_MISSING, with the folders that exist */
  requireFolder(folder: string, field: string): Promise<void>;
  /** Logs out within a second, else drops the connection. */
  close(): Promise<void>;
}

/** A message on its way into a job: without its bodies, which are JSON already (parsing/packed.ts). */
export interface QueuedMessage {
  message: Omit<Message, 'text' | 'html' | 'replyText'>;
  bodies?: Uint8Array | undefined;
}

export interface CommitRequest {
  mailboxId: string;
  /** Token of the lease; the script refuses any but the current one. */
  leaseToken: string;
  ledger: Ledger;
  change: LedgerChange;
  messages?: readonly QueuedMessage[];
  /** Must resolve before anybody is notified of the messages: awaited last. If it rejects, nothing is written. */
  after?: Promise<void>;
  /** Fingerprints of messages that got an outcome here, with INTERNALDATE. */
  fingerprints?: readonly { value: string; internalDate: Date }[];
  quarantined?: readonly { uid: number; entry: object }[];
  /** UIDs whose parsing has ended (ledgers.parsing noted its beginning). */
  parsed?: readonly number[];
  /** Message-ID hash → messageKey: the next message with the hash finds its sibling. */
  siblings?: readonly { hash: string; messageKey: string }[];
  /** Keeps siblings longer than usual, seconds: answers in Sent are matched by them. */
  keepSiblingsSeconds?: number;
  /** UIDs that after-care has to flag or move once the commit is durable. */
  afterCare?: readonly number[];
  /** What people did, for the queue of mailbox events. */
  events?: readonly MailboxEvent[];
  /** The view that the events bring up to date. */
  view?: FolderView;
  /** Own acts whose effect was seen. */
  ownSettled?: readonly OwnAct[];
  /** Messages that a colleague has answered. */
  answered?: readonly { messageKey: string; answered: AnsweredElsewhere }[];
}

/** An accepted reply of ours: the message it answers is to get \Answered. */
export interface AnswerMark {
  messageKey: string;
  replyId: string;
  attempts: number;
}

/** How a message relates to others: its conversation, and for a bounce the reply of ours that bounced. */
export interface Related {
  conversation: Message['conversation'];
  deliveryStatus?: Message['deliveryStatus'];
}

/** Why nothing is fetched although the mailbox is watched. */
export type PauseReason = 'redis-memory' | 'redis-read-only' | 'backlog' | 'blob-store';

export interface InboundSettings {
  /** Spread of the first sign-ins, ms. */
  startStaggerMs: number;
  idleRenewMs: number;
  /** Bound within which a dead connection is found, ms. */
  deadAfterMs: number;
  /** How often all recent UIDs are compared with the ledger, ms. */
  reconcileMs: number;
  leaseMs: number;
  batchCount: number;
  batchBytes: number;
  backoff: { baseMs: number; capMs: number };
  /** Longest wait after a refused token or a missing permission, ms: longer than for the network. */
  slowCapMs: number;
  /** Longest wait after a refused password, ms: no account may be locked. */
  passwordCapMs: number;
  /** A connection that lived this long resets the back-off, ms. */
  provenMs: number;
  /** Messages up to this size are held in memory; larger ones stream to the blob store, bytes. */
  bufferBytes: number;
  /** Delays of the tries of an unreadable UID, ms. */
  pendingDelays: readonly number[];
}

export interface InboundPorts {
  /** Shared by all mailboxes; made where the inbound side is started. */
  limits: Limits;
  openMailbox(server: ImapServer, credentials: MailboxCredentials): Promise<Mailbox>;
  getToken(
    server: ImapServer,
    options?: { renew?: boolean; refused?: string },
  ): Promise<{ accessToken: string; expiresAt: Date }>;
  commit(request: CommitRequest): Promise<Ledger>;
  ledgers: {
    load(mailboxId: string): Promise<Ledger>;
    /** Version of the ledger as Redis has it; 0 = never written. */
    version(mailboxId: string): Promise<number>;
    fingerprints(mailboxId: string): Promise<Map<string, number>>;
    /** How many messages with each of the fingerprints are known. */
    knownCopies(mailboxId: string, values: readonly string[]): Promise<number[]>;
    siblings(hashes: readonly string[]): Promise<string[][]>;
    writeState(mailboxId: string, state: Record<string, string | number>): Promise<void>;
    /** Notes how many processes in a row began to parse these and did not end it; 0 removes the note. */
    parsing(mailboxId: string, counts: ReadonlyMap<number, number>): Promise<void>;
    unfinished(mailboxId: string): Promise<Map<number, number>>;
    afterCare(mailboxId: string): Promise<number[]>;
    afterCareDone(mailboxId: string, uids: readonly number[]): Promise<void>;
    /** True when everything written so far survives a crash of Redis. */
    durable(): Promise<boolean>;
  };
  /** What is kept for mailboxes that people use as well (mailboxEvents, markAnswered). */
  people: {
    view(mailboxId: string): Promise<FolderView | undefined>;
    /** The folder was compared and has not changed; epoch ms. */
    looked(mailboxId: string, at: number): Promise<void>;
    ownActs(mailboxId: string): Promise<OwnActs>;
    /** To be called before they are done. */
    noteOwnActs(mailboxId: string, acts: readonly OwnAct[]): Promise<void>;
    /** Waiting jobs of the queue of mailbox events. */
    backlog(emailFlow: string): Promise<number>;
    marks(mailboxId: string): Promise<AnswerMark[]>;
    markDone(mailboxId: string, messageKeys: readonly string[]): Promise<void>;
    /** Counts an attempt. */
    markFailed(mailboxId: string, marks: readonly AnswerMark[]): Promise<void>;
  };
  /** Mails of Sent from the UID on, over a short connection of its own; the newest `most` of them. */
  readSent(
    server: ImapServer,
    credentials: MailboxCredentials,
    query: { folder: string; uidValidity: string; from: number; most: number },
  ): Promise<{ mails: SentMail[]; left: number }>;
  /** The message in the job of this key; undefined when the job is gone. */
  readMessage(messageKey: string): Promise<Message | undefined>;
  leases: {
    acquire(mailboxId: string): Promise<string | undefined>;
    /** Renews all; resolves with the lost ones, the version of each ledger, and the mailboxes with answers to mark. */
    renew(
      held: ReadonlyMap<string, string>,
    ): Promise<{ lost: string[]; versions: ReadonlyMap<string, number>; marked: ReadonlySet<string> }>;
    release(mailboxId: string, token: string): Promise<void>;
    heartbeat(aliveMs: number): Promise<string[]>;
    leave(): Promise<void>;
  };
  /** Reserves the next sign-in slot of a tenant or host, over all replicas; resolves with the ms to wait for it. */
  loginSlot(key: string): Promise<number>;
  blobs: Pick<BlobStore, 'putBatch' | 'putStream' | 'read' | 'has' | 'check'>;
  /** Why fetching for this flow must wait; undefined: it need not. */
  pressure(emailFlow: string): Promise<PauseReason | undefined>;
  /** In worker threads; results in order. parsing/index.ts describes the result for a mail that ends its worker. */
  parse: Parsing['parse'];
  parseLarge: Parsing['parseLarge'];
  parseHeadersOnly: Parsing['parseHeadersOnly'];
  relate(parsed: PackedMessage, to: { emailFlow: string; user: string }): Promise<Related>;
  /** Records what a message reports about a reply of ours. Safe to repeat. */
  learn(message: Message): Promise<void>;
  emit: Emit;
  metrics: Metrics;
  /** Undefined: no traces are written. */
  tracing?: Tracing | undefined;
  settings: InboundSettings;
  replica: string;
  /** Epoch ms by Redis' clock, which all replicas share: for what outlives this process. */
  now(): number;
  /** Milliseconds since some instant; never goes back. For durations. */
  monotonic(): number;
  random(): number;
}

export type { PackedMessage };
