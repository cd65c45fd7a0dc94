// The steps before the first byte of a reply, and their proof outside the journal. Called by submission.ts.
//   1. journal: submitting → data-begun, compare-and-set under the claim's fence: one worker succeeds, once;
//   2. blob store: a marker "DATA began, nth time", created exclusively and durably;
//   3. the first byte.
// Redis may lose step 1 (adapters/redis/journal.ts), but not the marker. Each submission therefore first reads the marker of the next attempt; if it
// exists, the reply may already have been sent. The search ends at the first missing marker, so there must be no gap: a marker that was not created
// (worker killed between 1 and 2, blob store unavailable) is created before the next attempt.
import type { RecipientState } from '../contract/result.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import { dataBegunMark, type JournalEntry } from '../domain/reply-journal.ts';
import { sendingMailbox } from '../domain/reply-pace.ts';
import { defined } from '../lib/defined.ts';
import { move, report, type Work } from './work.ts';

/** A reply, and the store of its markers. */
interface Marked {
  deps: { blobs: Pick<BlobStore, 'markedAt' | 'createMarker'> };
  reply: { replyId: string };
}

/** The last attempt that the journal lost; undefined: none. */
export async function forgottenBegin(
  { deps, reply }: Marked,
  entry: Pick<JournalEntry, 'begins'>,
): Promise<{ begins: number; at: Date } | undefined> {
  await closeGaps({ deps, reply }, entry.begins);
  let found: { begins: number; at: Date } | undefined;
  for (let n = entry.begins + 1; ; n++) {
    const at = await deps.blobs.markedAt(dataBegunMark(reply.replyId, n));
    if (at === undefined) return found;
    found = { begins: n, at };
  }
}

async function closeGaps({ deps, reply }: Marked, begins: number): Promise<void> {
  let marked = begins;
  while (marked > 0 && (await deps.blobs.markedAt(dataBegunMark(reply.replyId, marked))) === undefined) marked -= 1;
  for (let n = marked + 1; n <= begins; n++) await deps.blobs.createMarker(dataBegunMark(reply.replyId, n));
}

/** Thrown if the marker exists: another worker began DATA under a journal that has been reset since. */
export class BegunElsewhere extends Error {}

/**
 * Steps 1 and 2. If it rejects, no byte may be sent.
 * @param n number of this DATA of the reply, from 1
 * @param recipients of this DATA (`uncertain` from now on), if RCPT distinguished them
 */
export async function beginData(work: Work, n: number, recipients?: readonly RecipientState[]): Promise<void> {
  const { deps, reply, server } = work;
  const { moved, state } = await move(work, {
    from: ['submitting'],
    to: 'data-begun',
    ...(reply.expiresAt === undefined ? {} : { before: Date.parse(reply.expiresAt) }),
    change: { mailbox: sendingMailbox(server), ...defined({ recipients }) },
  });
  if (!moved) {
    report(work, 'ReplyFenced', defined({ state }));
    throw new Error(`the journal says ${state}: not ours to send`);
  }
  if (!(await deps.blobs.createMarker(dataBegunMark(reply.replyId, n))))
    throw new BegunElsewhere('DATA was begun elsewhere');
}
