// Replies in progress without a running job: the process ended between a person's release and the queue, the queue was cleaned, or a job was lost, ended
// while Redis refused writes, or is delayed by a fast clock. Each replica searches for them periodically and adds their jobs again; the journal's claim
// makes that safe.
import type { JournalEntry, ReplyState } from '../domain/reply-journal.ts';
import type { OutboundDeps } from './ports.ts';
import { readReply } from './results.ts';
import { expireReply } from './withdraw.ts';

const AT_WORK: readonly ReplyState[] = ['prepared', 'submitting', 'data-begun', 'uncertain'];
/** Replies checked in one run. */
const STEP = 200;
/** A delayed job counts as missing once its reply has been due for this long, ms. */
const LATE = 60_000;

/** @returns a function that checks the next replies that have not moved for `restingMs` */
export function createMissingJobSearch(
  deps: Pick<OutboundDeps, 'journal' | 'queues' | 'blobs' | 'emit'>,
  restingMs: number,
): (servers: ReadonlySet<string>) => Promise<void> {
  const { journal, queues, blobs, emit } = deps;
  const offsets = { atWork: 0, queued: 0 };

  async function restore(entry: JournalEntry, now: number): Promise<void> {
    // If its server is paused or busy, its job would expire it late.
    if (entry.expiresAt !== undefined && entry.expiresAt <= now && (await expireReply({ journal, blobs, emit }, entry)))
      return;
    const { server, replyId, source, dueAt } = entry;
    const state = await queues.state(server, replyId);
    const late = state === 'delayed' && dueAt !== undefined && now - dueAt > LATE;
    if (state !== undefined && state !== 'failed' && state !== 'completed' && !late) return;
    const found = await queues.find(server, replyId);
    // The content of an unprepared reply is in its job only. A job with a result was refused (other content under the same replyId).
    const payload = source === undefined ? found?.payload : await readReply(blobs, source);
    if (payload === undefined || (source === undefined && found?.result !== undefined)) return;
    await queues.again(server, replyId, payload, { priority: 1 });
    emit('ReplyTakenUp', { server, replyId, state: entry.state });
  }

  return async (servers) => {
    for (const server of servers)
      for (const jobId of await queues.putBack(server)) emit('ReplyTakenUp', { server, jobId, state: 'failed' });
    // A long backlog of queued replies does not delay the check of those in progress.
    for (const [part, states] of [
      ['atWork', AT_WORK],
      ['queued', ['queued']],
    ] as const) {
      const resting = await journal.resting(states, restingMs, { offset: offsets[part], limit: STEP });
      offsets[part] = resting.length < STEP ? 0 : offsets[part] + STEP;
      const now = await journal.now();
      for (const entry of resting) if (servers.has(entry.server)) await restore(entry, now);
    }
  };
}
