// Redis keys other than BullMQ's. All begin with the same hash tag as the queues, so that one script may access ledger, lease and jobs.
import { PREFIX } from '../contract/names.ts';

/** The owner of the keys: the installation of a connection, or a prefix. */
export type Scope = string | { readonly options: object };

/** Option of a connection: its installation. duplicate() copies it. */
export interface InstallationOption {
  /** As in `redis.prefix`. */
  installationPrefix?: string;
}

/** The beginning of every key, queue and channel of an installation. */
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
/** Set of UIDs that are queued and still have to be flagged or moved. */
export const afterCareKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:ledger:${mailboxId}:after-care`;
/** Hash uid → how often a process began to parse it without finishing: identifies the message that ends processes. */
export const parsingKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:ledger:${mailboxId}:parsing`;
/** Sorted set fingerprint → INTERNALDATE in seconds. */
export const fingerprintsKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:ledger:${mailboxId}:fingerprints`;
/** String `<fence>:<replica>` with a time to live: which replica may write this folder's ledger. */
export const leaseKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:lease:${mailboxId}`;
/** Counter that gives every new lease a higher fencing token. */
export const fenceKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:fence:${mailboxId}`;
/** Written before asking Redis whether everything is on disk. */
export const diskKey = (of: Scope) => `${prefixOf(of)}:disk`;
/** Written to test whether Redis accepts writes. */
export const writeProbeKey = (of: Scope) => `${prefixOf(of)}:write-probe`;
/** Hash: `version` of the data, and the lowest version of `readers` that it requires. */
export const schemaKey = (of: Scope) => `${prefixOf(of)}:schema`;
/** String: the process that migrates the data. */
export const schemaLockKey = (of: Scope) => `${prefixOf(of)}:schema-lock`;
/** Hash: `*` or `server <name>` → JSON of a switch of the log. */
export const logSwitchesKey = (of: Scope) => `${prefixOf(of)}:log-switches`;
/** Sorted set replica → last heartbeat (ms). */
export const replicasKey = (of: Scope) => `${prefixOf(of)}:replicas`;
/** Hash: the status of a mailbox's watcher, for `mailroom servers` and the portal. */
export const mailboxStateKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:state:${mailboxId}`;
/** Set of all mailbox ids that ever had a ledger. */
export const mailboxesKey = (of: Scope) => `${prefixOf(of)}:mailboxes`;
/** Set of messageKeys that had the same Message-ID, kept for a few days: the `siblings` of a message. */
export const siblingsKey = (of: Scope, messageIdHash: string) => `${prefixOf(of)}:seen:${messageIdHash}`;
/** Hash: what the last poll saw of a folder in which people work too (domain/folder-view.ts). */
export const folderViewKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:view:${mailboxId}`;
/** Set of `<kind>:<uid>`: our own flags and moves whose effect no poll has seen yet. */
export const ownActsKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:own-acts:${mailboxId}`;
/** String: JSON of who answered a message outside Mailroom, or that Mailroom set \Answered. Kept for a month. */
export const answeredKey = (of: Scope, messageKey: string) => `${prefixOf(of)}:answered:${messageKey}`;
/** Hash messageKey → JSON: accepted replies whose message still has to get \Answered. */
export const answerMarksKey = (of: Scope, mailboxId: string) => `${prefixOf(of)}:answer-marks:${mailboxId}`;
/** Set of mailbox ids that have such entries. */
export const markedMailboxesKey = (of: Scope) => `${prefixOf(of)}:marked-mailboxes`;
/** List of hashed addresses and conversations with their messages and replies (adapters/redis/find-index.ts). */
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

/** A text that SCAN's MATCH reads literally. */
export const globOf = (text: string): string => text.replaceAll(/[{}[\]*?^\\]/g, '\\$&');
