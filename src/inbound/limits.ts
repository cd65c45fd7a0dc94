// What all mailboxes of a process share: how much is done at once, and which raw mails are stored although their commit failed. Made once (wiring/stores.ts)
// and handed in.
import { hash } from 'node:crypto';
import type { BlobReference } from '../contract/message.ts';
import { limited } from '../lib/limited.ts';

/** Most mails remembered; the oldest are dropped first. Far more than the batches under way at one time. */
const MOST_STORED = 10_000;

export type Limits = ReturnType<typeof createLimits>;

export const createLimits = () => ({
  /** Batches that are parsed and committed at once: in a storm the messages of a thousand mailboxes would fill the memory, and Redis takes one after another. */
  batchSlots: limited(16),
  /** Large mails that are read back into memory at once: a thousand mailboxes with one each need the memory of one. */
  largeMails: limited(1),
  stored: storedMails(),
});

/** Raw mails that are durable while their message is not committed: a retry takes them instead of storing the bytes once more. */
function storedMails() {
  const bySha256 = new Map<string, BlobReference>();
  return {
    // The map is empty as a rule, and then nothing is hashed.
    find: (source: Uint8Array): BlobReference | undefined =>
      bySha256.size === 0 ? undefined : bySha256.get(hash('sha256', source, 'hex')),
    /** The commit failed. */
    keep(raws: readonly BlobReference[]): void {
      for (const raw of raws) bySha256.set(raw.sha256, raw);
      for (const sha256 of bySha256.keys()) {
        if (bySha256.size <= MOST_STORED) return;
        bySha256.delete(sha256);
      }
    },
    /** The commit is done. */
    forget(raws: readonly BlobReference[]): void {
      if (bySha256.size > 0) for (const { sha256 } of raws) bySha256.delete(sha256);
    },
  };
}
