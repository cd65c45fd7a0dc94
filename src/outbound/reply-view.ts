// The present state of a reply: the journal's entry, its job, and when it is expected to be sent.
import type { Result } from '../contract/result.ts';
import type { SmtpServer } from '../domain/email-server.ts';
import type { JournalEntry } from '../domain/reply-journal.ts';
import { type Pace, sendingMailbox } from '../domain/reply-pace.ts';
import type { FoundJob } from '../domain/reply-queues.ts';
import type { OutboundDeps, Pauses } from './ports.ts';
import { resultOf } from './results.ts';

interface ReplyViewDeps extends Pick<OutboundDeps, 'queues'> {
  smtpServers: () => readonly SmtpServer[];
  pauses: Pick<Pauses, 'read'>;
  pace: Pick<Pace, 'waitMs'>;
}

export function createReplyView({ queues, pauses, pace, smtpServers }: ReplyViewDeps) {
  /**
   * Undefined for a `queued` reply without a job: its content is lost (a crash between journal and queue), so its backend adds it again. A job that
   * ended by a fault is put back first.
   */
  async function view(entry: JournalEntry): Promise<Result | undefined> {
    const { state, server, replyId } = entry;
    if (state !== 'queued' && state !== 'prepared') return resultOf(entry);
    let job = await queues.find(server, replyId);
    if (state === 'queued') {
      if (job === undefined) return undefined;
      // Lost, then added again with other content, which was refused.
      if (job.ended && job.result !== undefined) return job.result;
      if (job.ended) {
        await queues.again(server, replyId, job.payload, { priority: 1 });
        job = await queues.find(server, replyId);
      }
    }
    return resultOf(entry, await outlook(server, job, entry.dueAt));
  }

  /**
   * When the reply is expected to be sent, or what it waits for. The time is the latest of: the reply's own wait, the server's wait (paused, or asked
   * for a slower pace), the jobs before it at the server's pace, and the time that the worker last reported. Empty while a person's pause lasts.
   */
  async function outlook(name: string, job: FoundJob | undefined, dueAt = 0): Promise<Partial<Result>> {
    const server = smtpServers().find((one) => one.name === name);
    if (server?.enabled !== true) return { waiting: 'waiting-for-server' };
    if (job === undefined) return {};
    const [pause, waitMs] = await Promise.all([pauses.read(name), pace.waitMs(sendingMailbox(server))]);
    if (pause?.by !== undefined) return {};
    const begins = Date.now() + Math.max(pause?.leftMs ?? 0, waitMs);
    // The first minute's worth is sent at once when the pace is not used up.
    const minutes = job.state === 'active' ? 0 : Math.floor(job.ahead / server.pace.perMinute);
    const reported = Date.parse(String((job.progress as { expectedAt?: unknown } | undefined)?.expectedAt));
    const at = Math.max(begins + minutes * 60_000, dueAt, job.dueAt ?? 0, Number.isNaN(reported) ? 0 : reported);
    return { expectedAt: new Date(at).toISOString() };
  }

  return { view, outlook };
}

export type ReplyView = ReturnType<typeof createReplyView>;
