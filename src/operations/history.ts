// Records the history: every few seconds, counts from memory (telemetry/history-counter.ts) and levels from the metrics (backlog, unmonitored time) are
// written to Redis. Also reads the history for API and portal.
import type { HistoryStore } from '../adapters/redis/history.ts';
import { type EmailServer, isImap, sameName, serverNamed } from '../domain/email-server.ts';
import { MailroomError } from '../domain/errors.ts';
import {
  type HistoryAddition,
  type HistoryName,
  type HistorySubject,
  historyMeasures,
  historyOf,
  measuresOf,
  periodStart,
  periods,
  presenceCode,
  seriesOf,
} from '../domain/history.ts';
import type { HistoryApi } from '../http/api/history.ts';
import { defined } from '../lib/defined.ts';
import { every } from '../lib/every.ts';
import type { HistoryCounter } from '../telemetry/history-counter.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** BullMQ's states of waiting replies. */
const WAITING: readonly (string | number | undefined)[] = ['waiting', 'prioritized', 'delayed', 'paused'];

interface RecorderDeps {
  counter: HistoryCounter;
  store: Pick<HistoryStore, 'add'>;
  metrics: Metrics;
  roles: readonly string[];
  /** Epoch ms of the clock that replicas share. */
  clock: { now(): number; sync(): Promise<number> };
}

/** Between two writes, ms. */
const WRITE_MS = 5_000;
/** Between two readings of the levels, ms. */
const LEVELS_MS = 15_000;
/** Most additions kept while Redis is away; there are never that many series. */
const MOST_KEPT = 50_000;

/** @returns `poll` for a test */
export function createHistoryRecorder({ counter, store, metrics, roles, clock }: RecorderDeps) {
  const halves = (['ingest', 'send'] as const).filter((half) => roles.includes(half));
  let levelsAt = Number.NEGATIVE_INFINITY;
  let minute = -1;
  const blindBefore = new Map<string, number>();

  async function levels(): Promise<HistoryAddition[]> {
    metrics.refresh();
    const found: HistoryAddition[] = [];
    const high = (name: HistoryName, values: ReadonlyMap<string, number>, kind: 'flow' | 'SMTP') => {
      const { code } = historyMeasures[name];
      const sum = [...values.values()].reduce((all, one) => all + one, 0);
      for (const [series, value] of [
        ...[...values].map(([of, one]) => [seriesOf({ kind, name: of }), one] as const),
        ['all', sum] as const,
      ])
        if (value > 0) found.push({ series, code, value, high: true });
    };
    const of = async (metric: { get(): Promise<{ values: { labels: object; value: number }[] }> }) =>
      (await metric.get()).values as { labels: Record<string, string>; value: number }[];
    if (halves.includes('ingest')) {
      const backlogs = await of(metrics.gauge('mailroom_email_flow_backlog'));
      high('backlog', new Map(backlogs.map(({ labels, value }) => [labels.email_flow ?? '', value])), 'flow');
      for (const { labels, value } of await of(metrics.counter('mailroom_mailbox_blind_seconds_total'))) {
        const name = labels.server ?? '';
        const seconds = Math.floor(value) - (blindBefore.get(name) ?? 0);
        if (seconds <= 0) continue;
        blindBefore.set(name, Math.floor(value));
        const { code } = historyMeasures.blindSeconds;
        for (const series of [seriesOf({ kind: 'IMAP', name }), 'all']) found.push({ series, code, value: seconds });
      }
    }
    if (halves.includes('send')) {
      const waiting = new Map<string, number>();
      for (const { labels, value } of await of(metrics.gauge('mailroom_replies_jobs')))
        if (WAITING.includes(labels.state))
          waiting.set(labels.server ?? '', (waiting.get(labels.server ?? '') ?? 0) + value);
      high('waiting', waiting, 'SMTP');
    }
    return found;
  }

  async function poll(): Promise<void> {
    if (Math.floor(clock.now() / 60_000) !== minute) await clock.sync();
    const now = clock.now();
    const isDue = now - levelsAt >= LEVELS_MS || now < levelsAt;
    if (isDue) levelsAt = now;
    const seen = isDue ? await levels() : [];
    const additions = [...counter.take(), ...seen];
    const current = Math.floor(now / 60_000);
    if (current !== minute)
      for (const half of halves) additions.push({ series: 'all', code: presenceCode[half], value: 1, high: true });
    if (additions.length === 0) return;
    try {
      await store.add(additions, now);
      minute = current;
    } catch (error) {
      if (additions.length <= MOST_KEPT) counter.putBack(additions);
      throw error;
    }
  }

  return { poll };
}

/** @returns what ends it, with a last write */
export const startHistory = (deps: RecorderDeps): (() => Promise<void>) =>
  every(WRITE_MS, createHistoryRecorder(deps).poll, { now: true, lastRun: true });

interface ViewDeps {
  store: Pick<HistoryStore, 'read' | 'since'>;
  servers(): readonly EmailServer[];
  /** Names of email flows, including those without a server. */
  emailFlows(): Promise<readonly string[]>;
}

export function createHistory({ store, servers, emailFlows }: ViewDeps): HistoryApi {
  async function subjectOf({
    emailFlow,
    server,
  }: Omit<Parameters<HistoryApi['history']>[0], 'period'>): Promise<HistorySubject> {
    if (server !== undefined) {
      const found = serverNamed(servers(), server, 'server');
      return { kind: isImap(found) ? 'IMAP' : 'SMTP', name: found.name };
    }
    if (emailFlow === undefined) return { kind: 'all' };
    const name = (await emailFlows()).find((one) => sameName(one, emailFlow));
    if (name === undefined) throw new MailroomError('EMAIL_FLOW_UNKNOWN', { field: 'emailFlow' });
    return { kind: 'flow', name };
  }

  return {
    async history({ period, ...wanted }) {
      const subject = await subjectOf(wanted);
      const to = Date.now();
      const { grain, rowMs } = periods[period];
      const from = Math.floor(periodStart(period, to) / rowMs) * rowMs;
      const read = (series: string) => store.read(series, grain, from, to);
      const [own, presence, since] = await Promise.all([read(seriesOf(subject)), read('all'), store.since()]);
      const names = measuresOf[subject.kind];
      return {
        subject,
        names,
        ...defined({ since }),
        ...historyOf(names, { own, presence }, period, to),
      };
    },
  };
}
