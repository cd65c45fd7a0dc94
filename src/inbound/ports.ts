// What the inbound side needs from the edges, typed where it is used. gateway.ts hands in the adapters.
import type { Message } from '../contract/message.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import type { ImapServer } from '../domain/email-server.ts';
import type { Ledger, LedgerChange } from '../domain/ledger.ts';
import type { ParsedMessage, Parsing } from '../parsing/index.ts';
import type { Emit } from '../telemetry/events.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface FetchedMessage {
  uid: number;
  internalDate: Date;
  size: number;
  flags: ReadonlySet<string>;
  source: Buffer | undefined;
  /** Gives the memory of `source` back: it must not be touched afterwards. */
  release?: () => void;
}

export interface Mailbox {
  uidValidity: string;
  uidNext: number;
  uids(low?: number): Promise<number[]>;
  uidsSince(day: Date): Promise<number[]>;
  unseenUids(): Promise<number[]>;
  /** `lull`: nothing comes at the moment; what is in hand is to be committed and released before going on. */
  fetch(uids: readonly number[], maxBytes: number): AsyncGenerator<FetchedMessage | 'lull'>;
  fetchFrom(low: number, maxBytes: number): AsyncGenerator<FetchedMessage | 'lull'>;
  /** Messages in the folder, as the server last told. */
  count(): number;
  fetchHeads(uids: readonly number[]): AsyncGenerator<FetchedMessage>;
  download(uid: number): Promise<AsyncIterable<Uint8Array>>;
  waitForChange(ms: number, signal?: AbortSignal): Promise<'changed' | 'timeout'>;
  addSeen(uids: readonly number[]): Promise<void>;
  move(uids: readonly number[], folder: string): Promise<void>;
  /** @throws MailroomError IMAP_FOLDER_MISSING, with the folders that exist */
  requireFolder(folder: string, field: string): Promise<void>;
  close(): Promise<void>;
}

export interface CommitRequest {
  mailboxId: string;
  leaseToken: string;
  ledger: Ledger;
  change: LedgerChange;
  messages?: readonly Message[];
  /** What must have happened before anybody is told of the messages. Should it reject, nothing is written. */
  after?: Promise<void>;
  fingerprints?: readonly { value: string; internalDate: Date }[];
  quarantined?: readonly { uid: number; entry: object }[];
  /** UIDs whose parsing came to its end. */
  parsed?: readonly number[];
  siblings?: readonly { hash: string; messageKey: string }[];
  /** UIDs that after-care has to flag or move once the commit is durable. */
  afterCare?: readonly number[];
}

/** What a message has to do with others: its conversation, and for a bounce the reply of ours that it is about. */
export interface Related {
  conversation: Message['conversation'];
  deliveryStatus?: Message['deliveryStatus'];
}

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
  maxBacklogPerFlow: number;
  backoff: { baseMs: number; capMs: number };
  /** Longest wait after a refused token or a missing right, ms: slower than for the line. */
  slowCapMs: number;
  /** Longest wait after a refused password, ms: nobody is to be locked out. */
  passwordCapMs: number;
  /** A connection that lived this long resets the back-off, ms. */
  provenMs: number;
  /** Messages up to this size are held in memory; larger ones stream to the blob store, bytes. */
  bufferBytes: number;
  /** Delays of the tries of an unreadable UID, ms. */
  pendingDelays: readonly number[];
}

export interface InboundPorts {
  openMailbox(server: ImapServer, credentials: { accessToken: string } | { password: string }): Promise<Mailbox>;
  getToken(
    server: ImapServer,
    options?: { renew?: boolean; refused?: string },
  ): Promise<{ accessToken: string; expiresAt: Date }>;
  commit(request: CommitRequest): Promise<Ledger>;
  ledgers: {
    load(mailboxId: string): Promise<Ledger>;
    fingerprints(mailboxId: string): Promise<Map<string, number>>;
    /** Which of the fingerprints are known. */
    knownFingerprints(mailboxId: string, values: readonly string[]): Promise<boolean[]>;
    siblings(hashes: readonly string[]): Promise<string[][]>;
    writeState(mailboxId: string, state: Record<string, string | number>): Promise<void>;
    parsing(mailboxId: string, begun: ReadonlyMap<number, number>): Promise<void>;
    unfinished(mailboxId: string): Promise<Map<number, number>>;
    afterCare(mailboxId: string): Promise<number[]>;
    afterCareDone(mailboxId: string, uids: readonly number[]): Promise<void>;
    /** True when everything written so far survives a crash of Redis. */
    durable(): Promise<boolean>;
  };
  leases: {
    acquire(mailboxId: string): Promise<string | undefined>;
    renew(held: ReadonlyMap<string, string>): Promise<string[]>;
    release(mailboxId: string, token: string): Promise<void>;
    heartbeat(aliveMs: number): Promise<string[]>;
    leave(): Promise<void>;
  };
  /** Takes the next sign-in slot of a tenant or host, over all replicas; resolves with the ms to wait for it. */
  loginSlot(key: string): Promise<number>;
  blobs: Pick<BlobStore, 'putBatch' | 'put' | 'putStream' | 'read' | 'check'>;
  /** Why fetching for this flow must wait, or undefined. */
  pressure(emailFlow: string): Promise<'redis-memory' | 'backlog' | 'blob-store' | undefined>;
  /** In worker threads; results in order. See parsing/index.ts for what a mail that ends its worker becomes. */
  parse: Parsing['parse'];
  parseLarge: Parsing['parseLarge'];
  parseHeadersOnly: Parsing['parseHeadersOnly'];
  relate(parsed: ParsedMessage): Promise<Related>;
  emit: Emit;
  metrics: Metrics;
  settings: InboundSettings;
  replica: string;
  now(): number;
  random(): number;
}

export type { ParsedMessage };
