// Replies that the journal has at work and no job stands for: the process ended between a person's release and the queue, somebody cleaned
// the queue by hand, a job was lost. Looked for now and then by each replica; found ones get a job again. The journal's gate makes that safe.
import type { ReplyState } from '../domain/reply-journal.ts';
import type { OutboundDeps } from './ports.ts';
import { readReply } from './results.ts';

/** Beyond `queued`: what was not prepared yet has its content in its job alone. */
const AT_WORK: readonly ReplyState[] = ['prepared', 'submitting', 'data-begun', 'uncertain'];
/** Looked at in one go. */
const STEP = 200;

/** @returns a function that looks at the next replies that have not moved for `restingMs` */
export function seekOrphans(
  deps: Pick<OutboundDeps, 'journal' | 'queues' | 'blobs' | 'emit'>,
  restingMs: number,
): (servers: ReadonlySet<string>) => Promise<void> {
  let offset = 0;
  return async (servers) => {
    const resting = await deps.journal.resting(AT_WORK, restingMs, { offset, limit: STEP });
    offset = resting.length < STEP ? 0 : offset + STEP;
    for (const entry of resting) {
      const { server } = entry;
      if (!servers.has(server) || entry.source === undefined) continue;
      const job = await deps.queues.find(server, entry.replyId);
      if (job !== undefined && job.state !== 'failed' && job.state !== 'completed') continue;
      await deps.queues.again(server, entry.replyId, await readReply(deps.blobs, entry.source), { priority: 1 });
      deps.emit('ReplyTakenUp', { server, replyId: entry.replyId, state: entry.state });
    }
  };
}
