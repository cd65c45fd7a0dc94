// Redis keys that are not BullMQ's. All begin with the same hash tag as the queues, so that one script may touch ledger, lease and jobs.
import { PREFIX } from '../contract/names.ts';

/** Whose keys: those of a connection's installation, or of a prefix. */
export type Scope = string | { readonly options: object };

/** Option of a connection: the installation that it belongs to. duplicate() hands it on. */
export interface InstallationOption {
  /** As in `redis.prefix`. */
  installationPrefix?: string;
}

/** What every key, queue and channel of an installation begins with. */
export const prefixOf = (of: Scope): string =>
  typeof of === 'string' ? of : ((of.options as InstallationOption).installationPrefix ?? PREFIX);

/** Hash: version and meta of a folder's ledger. */
export const ledgerKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:ledger:${mailboxId}`;
/** Hash `<outcome>:<chunk>` → interval text. */
export const ledgerUidsKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:ledger:${mailboxId}:uids`;
/** Hash uid → JSON of Pending. */
export const ledgerPendingKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:ledger:${mailboxId}:pending`;
/** Hash uid → JSON: why it was quarantined, when, where the raw bytes are. */
export const quarantineKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:ledger:${mailboxId}:quarantined`;
/** Set of UIDs that are queued and still to be flagged or moved. */
export const afterCareKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:ledger:${mailboxId}:after-care`;
/** Hash uid → how often a process began to parse it without coming to its end: finds the message that ends processes. */
export const parsingKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:ledger:${mailboxId}:parsing`;
/** Sorted set fingerprint → INTERNALDATE in seconds. */
export const fingerprintsKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:ledger:${mailboxId}:fingerprints`;
/** String `<fence>:<replica>` with a time to live: who may write this folder's ledger. */
export const leaseKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:lease:${mailboxId}`;
/** Counter that gives every grant of a lease a higher fencing token. */
export const fenceKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:fence:${mailboxId}`;
/** Written before Redis is asked whether it has all on disk. */
export const diskKey = (of: Scope) => `${prefixOf(of)}:disk`;
/** Written to learn whether Redis takes writes. */
export const writeProbeKey = (of: Scope) => `${prefixOf(of)}:write-probe`;
/** Hash: `version` of the data, and of the `readers` that it needs at least. */
export const schemaKey = (of: Scope) => `${prefixOf(of)}:schema`;
/** String: who migrates the data. */
export const schemaLockKey = (of: Scope) => `${prefixOf(of)}:schema-lock`;
/** Hash: `*` or `server <name>` → JSON of a switch of the log. */
export const logSwitchesKey = (of: Scope) => `${prefixOf(of)}:log-switches`;
/** Sorted set replica → last heartbeat (ms). */
export const replicasKey = (of: Scope) => `${prefixOf(of)}:replicas`;
/** Hash: what a mailbox's watcher says of itself, for `mailroom servers` and the portal. */
export const mailboxStateKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:state:${mailboxId}`;
/** Set of all mailbox ids that ever had a ledger. */
export const mailboxesKey = (of: Scope) => `${prefixOf(of)}:mailboxes`;
/** Set of messageKeys that were seen with one Message-ID, kept for a few days: the `siblings` of a message. */
export const siblingsKey = (of: Scope, messageIdHash: string) => `${prefixOf(of)}:seen:${messageIdHash}`;
/** Hash: what the last look saw of a folder in which people work too (domain/folder-view.ts). */
export const folderViewKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:view:${mailboxId}`;
/** Set of `<kind>:<uid>`: flags and moves of our own whose effect no look has seen yet. */
export const ownActsKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:own-acts:${mailboxId}`;
/** String: JSON of who answered a message outside Mailroom, or that \Answered is a mark of ours. Kept for a month. */
export const answeredKey = (of: Scope, messageKey: string) => `${prefixOf(of)}:answered:${messageKey}`;
/** Hash messageKey → JSON: accepted replies whose message is to get \Answered. */
export const answerMarksKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:answer-marks:${mailboxId}`;
/** Set of mailbox ids that have such marks. */
export const markedMailboxesKey = (of: Scope) => `${prefixOf(of)}:marked-mailboxes`;
/** List of hashed addresses and conversations with the messages and replies that they are found by (adapters/redis/find-index.ts). */
export const findKey = (of: Scope, list: string) => `${prefixOf(of)}:find:${list}`;
/** Hash of the history: fields `<slot><code>[<bound>]` of one series and a number of slots (domain/history.ts). */
export const historyKey = (of: Scope, letter: string, number: number, series: string) =>
  `${prefixOf(of)}:history:${letter}:${number}:${series}`;
/** String: epoch ms since which there is a history. */
export const historySinceKey = (of: Scope) => `${prefixOf(of)}:history:since`;
/** List of JSON texts: the newest events of an email server, newest first (domain/server-log.ts). */
export const serverLogKey = (of: Scope, server: string) =>
  `${prefixOf(of)}:server-log:${encodeURIComponent(server.normalize('NFC'))}`;
/** The same of its warnings and errors. */
export const serverFaultsKey = (of: Scope, server: string) =>
  `${prefixOf(of)}:server-faults:${encodeURIComponent(server.normalize('NFC'))}`;

/** A text as SCAN's MATCH takes it literally. */
export const globOf = (text: string): string => text.replaceAll(/[{}[\]*?^\\]/g, '\\$&');
