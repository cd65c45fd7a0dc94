// What all mailboxes of a process share: how much is done at once, and which raw mails are stored although their commit failed. Made once (wiring/stores.ts)
// and handed in.
import { hash } from 'node:crypto';
import type { BlobReference } from '../contract/message.ts';
import { limited } from '../lib/limited.ts';

export interface Limits {
  /** Batches that are parsed and committed at once: in a storm the messages of a thousand mailboxes would fill the memory, and Redis takes one after another. */
  batchSlots: <T>(work: () => Promise<T>) => Promise<T>;
  /** Large mails that are read back into memory at once: a thousand mailboxes with one each need the memory of one. */
  largeMails: <T>(work: () => Promise<T>) => Promise<T>;
  stored: StoredMails;
}

/** Raw mails that are durable while their message is not committed: a retry takes them instead of storing the bytes once more. */
interface StoredMails {
  find(source: Uint8Array): BlobReference | undefined;
  /** The commit failed. */
  keep(raws: readonly BlobReference[]): void;
  /** The commit is done. */
  forget(raws: readonly BlobReference[]): void;
}

/** Most mails remembered; the oldest are dropped first. Far more than the batches under way at one time. */
const MOST_STORED = 10_000;

export function createLimits(): Limits {
  return { batchSlots: limited(16), largeMails: limited(1), stored: storedMails() };
}

function storedMails(): StoredMails {
  const bySha256 = new Map<string, BlobReference>();
  return {
    // The map is empty as a rule, and then nothing is hashed.
    find: (source) => (bySha256.size === 0 ? undefined : bySha256.get(hash('sha256', source, 'hex'))),
    keep(raws) {
      for (const raw of raws) bySha256.set(raw.sha256, raw);
      for (const sha256 of bySha256.keys()) {
        if (bySha256.size <= MOST_STORED) return;
        bySha256.delete(sha256);
      }
    },
    forget(raws) {
      if (bySha256.size > 0) for (const { sha256 } of raws) bySha256.delete(sha256);
    },
  };
}
