// Redis keys that are not BullMQ's. All begin with the same hash tag as the queues, so that one script may touch ledger, lease and jobs.
import { PREFIX } from '../contract/names.ts';

/** Hash: version and meta of a folder's ledger. */
export const ledgerKey = (mailboxId: string) => `${PREFIX}:ledger:${mailboxId}`;
/** Hash `<outcome>:<chunk>` → interval text. */
export const ledgerUidsKey = (mailboxId: string) => `${PREFIX}:ledger:${mailboxId}:uids`;
/** Hash uid → JSON of Pending. */
export const ledgerPendingKey = (mailboxId: string) => `${PREFIX}:ledger:${mailboxId}:pending`;
/** Hash uid → JSON: why it was quarantined, when, where the raw bytes are. */
export const quarantineKey = (mailboxId: string) => `${PREFIX}:ledger:${mailboxId}:quarantined`;
/** Set of UIDs that are queued and still to be flagged or moved. */
export const afterCareKey = (mailboxId: string) => `${PREFIX}:ledger:${mailboxId}:after-care`;
/** Hash uid → how often a process began to parse it without coming to its end: finds the message that ends processes. */
export const parsingKey = (mailboxId: string) => `${PREFIX}:ledger:${mailboxId}:parsing`;
/** Sorted set fingerprint → INTERNALDATE in seconds. */
export const fingerprintsKey = (mailboxId: string) => `${PREFIX}:ledger:${mailboxId}:fingerprints`;
/** String `<fence>:<replica>` with a time to live: who may write this folder's ledger. */
export const leaseKey = (mailboxId: string) => `${PREFIX}:lease:${mailboxId}`;
/** Counter that gives every grant of a lease a higher fencing token. */
export const fenceKey = (mailboxId: string) => `${PREFIX}:fence:${mailboxId}`;
/** Written before Redis is asked whether it has all on disk. */
export const diskKey = () => `${PREFIX}:disk`;
/** Written to learn whether Redis takes writes. */
export const writeProbeKey = () => `${PREFIX}:write-probe`;
/** Sorted set replica → last heartbeat (ms). */
export const replicasKey = () => `${PREFIX}:replicas`;
/** Hash: what a mailbox's watcher says of itself, for `mailroom servers` and the portal. */
export const mailboxStateKey = (mailboxId: string) => `${PREFIX}:state:${mailboxId}`;
/** Set of all mailbox ids that ever had a ledger. */
export const mailboxesKey = () => `${PREFIX}:mailboxes`;
/** Set of messageKeys that were seen with one Message-ID, kept for a few days: the `siblings` of a message. */
export const siblingsKey = (messageIdHash: string) => `${PREFIX}:seen:${messageIdHash}`;
