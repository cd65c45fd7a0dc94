// The daily work: deletes what is older than its retention, kind by kind (domain/retention.ts), and reports the amounts in one event. In the role `ingest`, by
// one replica.
import type { EmailFlows } from '../adapters/queue/email-flows.ts';
import type { DailyTurn } from '../adapters/redis/daily-turn.ts';
import type { Ledgers } from '../adapters/redis/ledgers.ts';
import type { BlobStore } from '../domain/blob-store.ts';
import { asError } from '../domain/errors.ts';
import type { Journal } from '../domain/reply-journal.ts';
import type { DailyKind } from '../domain/retention.ts';
import { every } from '../lib/every.ts';
import { DAY_MS, HOUR_MS } from '../lib/time.ts';
import type { Emit } from '../telemetry/events.ts';

/** How often the turn of a replica is checked, ms. */
const EVERY_MS = HOUR_MS;

interface SweepDeps {
  blobs: Pick<BlobStore, 'sweep'>;
  flows: Pick<EmailFlows, 'oldestOpen'>;
  ledgers: Pick<Ledgers, 'mailboxIds' | 'load'>;
  journal: Pick<Journal, 'oldestOpen'>;
  /** Of raw mails. */
  retentionDays: number;
  /** Of the jobs of consumed messages: a raw mail exists as long as the API can return its message. */
  jobRetentionDays: number;
  now?: () => number;
}

/** Deletes blobs older than the retention and older than every kept job: open, failed, or completed. @returns how many */
export async function sweepBlobs({
  blobs,
  flows,
  ledgers,
  journal,
  retentionDays,
  jobRetentionDays,
  now = Date.now,
}: SweepDeps): Promise<number> {
  let keepFrom = now() - Math.max(retentionDays, jobRetentionDays + 1) * DAY_MS;
  const emailFlows = new Set<string>();
  for (const id of await ledgers.mailboxIds())
    for (const flow of (await ledgers.load(id)).meta?.emailFlows ?? []) emailFlows.add(flow);
  // A backlog older than the retention keeps its mails: one day is added for clocks and for messages that were stored before their job.
  for (const flow of emailFlows)
    keepFrom = Math.min(keepFrom, ((await flows.oldestOpen(flow)) ?? keepFrom + DAY_MS) - DAY_MS);
  // A held reply, or one in a paused queue, is sent from its rendered mail at any age.
  keepFrom = Math.min(keepFrom, ((await journal.oldestOpen()) ?? keepFrom + DAY_MS) - DAY_MS);
  return blobs.sweep(new Date(keepFrom));
}

interface DailyDeps {
  turn: DailyTurn;
  /** For each kind: deletes what is too old. @returns how many */
  tasks: Readonly<Record<DailyKind, () => Promise<number>>>;
  emit: Emit;
}

/** Does the work if it is this replica's turn. A failed kind does not stop the others and is repeated within the hour. @throws when Redis is away */
export async function workDaily({ turn, tasks, emit }: DailyDeps): Promise<void> {
  if (!(await turn.take())) return;
  const counts: Record<string, number> = {};
  let failed = false;
  for (const [kind, task] of Object.entries(tasks))
    await task().then(
      (count) => {
        counts[kind] = count;
      },
      (error: unknown) => {
        failed = true;
        emit('ExpiredDataDeletionFailed', { kind, err: asError(error) });
      },
    );
  const count = Object.values(counts).reduce((sum, one) => sum + one, 0);
  emit('ExpiredDataDeleted', { count, detail: counts });
  if (!failed) await turn.done();
}

export const startMaintenance = (deps: DailyDeps) => every(EVERY_MS, () => workDaily(deps));
