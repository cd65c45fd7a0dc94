// Housekeeping: raw mails and rendered replies are deleted by age, never before the job or the open reply that refers to them; outcomes that nobody takes, too. Runs in the role `ingest`, some hours apart; several
// replicas at once do no harm.
import type { EmailFlows } from '../adapters/queue/email-flows.ts';
import type { OutcomeQueue } from '../adapters/queue/outcomes.ts';
import type { Ledgers } from '../adapters/redis/ledgers.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import { asError } from '../domain/errors.ts';
import type { Journal } from '../domain/reply-journal.ts';
import { DAY_MS } from '../lib/time.ts';
import type { Emit } from '../telemetry/events.ts';

const EVERY_MS = 6 * 3_600_000;

interface MaintenanceDeps {
  blobs: Pick<BlobStore, 'sweep'>;
  flows: Pick<EmailFlows, 'oldestOpen'>;
  ledgers: Pick<Ledgers, 'mailboxIds' | 'load'>;
  journal: Pick<Journal, 'oldestOpen'>;
  /** Undefined: the queue reply-outcomes is not written. */
  outcomes?: Pick<OutcomeQueue, 'clean'> | undefined;
  /** Of raw mails. */
  retentionDays: number;
  /** Of the jobs of messages that were taken: as long as the API knows a message, it has its raw mail. */
  jobRetentionDays: number;
  emit: Emit;
  now?: () => number;
}

/** Deletes what is older than the retention and than every job that is kept: open, failed, or completed. @returns how many blobs went */
export async function sweepBlobs({
  blobs,
  flows,
  ledgers,
  journal,
  retentionDays,
  jobRetentionDays,
  now = Date.now,
}: MaintenanceDeps): Promise<number> {
  let keepFrom = now() - Math.max(retentionDays, jobRetentionDays + 1) * DAY_MS;
  const emailFlows = new Set<string>();
  for (const id of await ledgers.mailboxIds())
    for (const flow of (await ledgers.load(id)).meta?.emailFlows ?? []) emailFlows.add(flow);
  // A backlog older than the retention keeps its mails: a day is left for clocks and for messages stored before their job.
  for (const flow of emailFlows)
    keepFrom = Math.min(keepFrom, ((await flows.oldestOpen(flow)) ?? keepFrom + DAY_MS) - DAY_MS);
  // A reply that is held for a person, or waits in a paused queue, is sent from its rendered mail, however old that is.
  keepFrom = Math.min(keepFrom, ((await journal.oldestOpen()) ?? keepFrom + DAY_MS) - DAY_MS);
  return blobs.sweep(new Date(keepFrom));
}

export function startMaintenance(deps: MaintenanceDeps): () => void {
  const run = () => {
    sweepBlobs(deps).then(
      (count) => deps.emit('BlobsSwept', { count }),
      (error: unknown) => deps.emit('BlobSweepFailed', { err: asError(error) }),
    );
    deps.outcomes?.clean().then(
      (count) => (count > 0 ? deps.emit('ReplyOutcomesRemoved', { count }) : undefined),
      () => {}, // Redis is away: its own event reports it, and the next run removes them
    );
  };
  const timer = setInterval(run, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
