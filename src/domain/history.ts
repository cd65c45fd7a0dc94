// The history of an installation: what is counted by minute and hour, for all of it, for each email flow and for each email server; and how that
// becomes points of a plot. Counters, not a ledger: what a process counted in its last seconds is lost when it is killed. Pure.
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/time.ts';

/** `add`: events of a period. `high`: the highest value seen in it. `times`: durations, counted in {@link timeBounds}. */
interface HistoryMeasure {
  /** Part of the name of every field of a hash, therefore short. */
  code: string;
  kind: 'add' | 'high' | 'times';
  /** The half of Mailroom that counts it; while no such replica runs, nothing is known. */
  half: Half;
}
export type Half = 'ingest' | 'send';

export const historyMeasures = {
  messages: { code: 'm', kind: 'add', half: 'ingest' },
  arrival: { code: 'a', kind: 'times', half: 'ingest' },
  backlog: { code: 'w', kind: 'high', half: 'ingest' },
  blindSeconds: { code: 'b', kind: 'add', half: 'ingest' },
  quarantined: { code: 'q', kind: 'add', half: 'ingest' },
  disconnected: { code: 'd', kind: 'add', half: 'ingest' },
  replies: { code: 'r', kind: 'add', half: 'send' },
  acceptance: { code: 's', kind: 'times', half: 'send' },
  waiting: { code: 'x', kind: 'high', half: 'send' },
  failed: { code: 'f', kind: 'add', half: 'send' },
} as const satisfies Record<string, HistoryMeasure>;
export type HistoryName = keyof typeof historyMeasures;

/** Fields of the series `all` that record that a replica of this half was counting. */
export const presenceCode = { ingest: 'i', send: 'o' } as const satisfies Record<Half, string>;

/** Whose history. `all` is the sum over flows and servers. */
export type HistorySubject = { kind: 'all' } | { kind: 'flow' | 'IMAP' | 'SMTP'; name: string };

/** What is counted of each kind of subject. */
export const measuresOf: Readonly<Record<HistorySubject['kind'], readonly HistoryName[]>> = {
  all: Object.keys(historyMeasures) as HistoryName[],
  flow: ['messages', 'arrival', 'backlog', 'quarantined'],
  IMAP: ['messages', 'arrival', 'blindSeconds', 'quarantined', 'disconnected'],
  SMTP: ['replies', 'acceptance', 'waiting', 'failed'],
};

/** A part of a key: a flow and a server may have the same name. */
export const seriesOf = (subject: HistorySubject): string =>
  subject.kind === 'all'
    ? 'all'
    : `${subject.kind === 'flow' ? 'flow' : 'server'}:${encodeURIComponent(subject.name.normalize('NFC'))}`;

/** Upper bounds of durations, seconds; what took longer counts in one more. */
export const timeBounds = [0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3_600, 14_400];
export function boundOf(seconds: number): number {
  const index = timeBounds.findIndex((bound) => seconds <= bound);
  return index < 0 ? timeBounds.length : index;
}

/**
 * How records are kept: one hash for `perKey` slots of a series. Small hashes are kept compactly by Redis (hash-max-listpack-entries, 512), which
 * takes a sixth of the memory.
 */
export const grains = {
  minute: { letter: 'm', slotMs: MINUTE_MS, perKey: 60, keepMs: 2 * DAY_MS },
  hour: { letter: 'h', slotMs: HOUR_MS, perKey: 24, keepMs: 40 * DAY_MS },
} as const;
export type Grain = keyof typeof grains;

/** What is shown: points of a plot, and rows of its table. */
export const periods = {
  '2h': { grain: 'minute', points: 120, pointMs: MINUTE_MS, rowMs: 10 * MINUTE_MS },
  '24h': { grain: 'minute', points: 96, pointMs: 15 * MINUTE_MS, rowMs: HOUR_MS },
  '30d': { grain: 'hour', points: 120, pointMs: 6 * HOUR_MS, rowMs: DAY_MS },
} as const satisfies Record<string, { grain: Grain; points: number; pointMs: number; rowMs: number }>;
export type Period = keyof typeof periods;

/** One field of one slot. */
export interface HistoryRecord {
  /** Begin of the slot, epoch ms. */
  at: number;
  code: string;
  /** Index into {@link timeBounds}, of durations. */
  bound: number;
  value: number;
}

/** What is added to one series; `high` is kept if it is higher than what is there. */
export interface HistoryAddition {
  series: string;
  code: string;
  bound?: number;
  value: number;
  high?: boolean;
}

interface Times {
  count: number;
  /** Seconds; a duration beyond the last bound counts as that bound. */
  p50: number;
  p99: number;
}

export interface HistoryPoint {
  /** Epoch ms. */
  at: number;
  /** Milliseconds that it covers: fewer while it lasts. */
  ms: number;
  /** A measure that nobody counted then is missing; 0 is none. */
  values: Partial<Record<HistoryName, number>>;
  times: Partial<Record<HistoryName, Times>>;
}

export interface History {
  points: HistoryPoint[];
  rows: HistoryPoint[];
}

/** Epoch ms of the first slot that a period shows. */
export const periodStart = (period: Period, now: number): number => {
  const { points, pointMs } = periods[period];
  return (Math.floor(now / pointMs) - points + 1) * pointMs;
};

/**
 * @param own records of the subject
 * @param presence records of the series `all`, which show which halves were counting
 */
export function historyOf(
  names: readonly HistoryName[],
  { own, presence }: { own: readonly HistoryRecord[]; presence: readonly HistoryRecord[] },
  period: Period,
  now: number,
): History {
  const { pointMs, rowMs } = periods[period];
  const from = periodStart(period, now);
  const grouped = (stepMs: number) => {
    const records = bySlot(own, stepMs);
    const counted = bySlot(presence, stepMs);
    const first = Math.floor(from / stepMs) * stepMs;
    const length = Math.floor(now / stepMs) - first / stepMs + 1;
    return Array.from({ length }, (_, index): HistoryPoint => {
      const at = first + index * stepMs;
      const halves = counted.get(at) ?? [];
      const isCounted = (half: Half) => halves.some(({ code }) => code === presenceCode[half]);
      const known = names.filter((name) => isCounted(historyMeasures[name].half));
      return { at, ms: Math.min(stepMs, now - at), ...valuesOf(known, records.get(at) ?? []) };
    });
  };
  return { points: grouped(pointMs), rows: grouped(rowMs) };
}

function bySlot(records: readonly HistoryRecord[], stepMs: number): Map<number, HistoryRecord[]> {
  return Map.groupBy(records, ({ at }) => Math.floor(at / stepMs) * stepMs);
}

function valuesOf(names: readonly HistoryName[], records: readonly HistoryRecord[]) {
  const values: HistoryPoint['values'] = {};
  const times: HistoryPoint['times'] = {};
  for (const name of names) {
    const { code, kind } = historyMeasures[name];
    const own = records.filter((one) => one.code === code);
    if (kind === 'times') {
      const found = timesOf(own);
      if (found !== undefined) times[name] = found;
    } else if (kind === 'high') values[name] = own.reduce((highest, { value }) => Math.max(highest, value), 0);
    else values[name] = own.reduce((sum, { value }) => sum + value, 0);
  }
  return { values, times };
}

function timesOf(records: readonly HistoryRecord[]): Times | undefined {
  const counts = Array.from({ length: timeBounds.length + 1 }, () => 0);
  for (const { bound, value } of records) if (bound in counts) counts[bound] = (counts[bound] ?? 0) + value;
  const count = counts.reduce((sum, one) => sum + one, 0);
  return count === 0 ? undefined : { count, p50: quantile(counts, count / 2), p99: quantile(counts, count * 0.99) };
}

/** Between the bounds of its bucket in proportion, as Prometheus' histogram_quantile does. @param rank how many are at most as large */
function quantile(counts: readonly number[], rank: number): number {
  let below = 0;
  for (const [index, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const lower = timeBounds[index - 1] ?? 0;
      const upper = timeBounds[index] ?? lower;
      return lower + ((upper - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return timeBounds.at(-1) ?? 0;
}
