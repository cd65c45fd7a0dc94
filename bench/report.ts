// Results → a table to read, and which goals were missed.
import type { DrainResult } from './drain.ts';
import type { FleetResult, PeopleResult } from './fleet.ts';
import type { LatencyResult } from './latency.ts';
import type { OutboundResult } from './outbound.ts';
import type { ParseBench } from './parse.ts';
import type { ReplicasResult } from './replicas.ts';

export interface Results {
  date: string;
  machine: string;
  command: string;
  /** Load average of the last minute before anything was started. */
  load: number;
  /** Name of a benchmark → how long it took. */
  seconds: Record<string, number>;
  /** Name of a benchmark → why there are no figures of it. */
  failed: Record<string, string>;
  parse?: ParseBench | undefined;
  drain?: DrainResult | undefined;
  latency?: LatencyResult | undefined;
  outbound?: OutboundResult | undefined;
  fleet?: FleetResult | undefined;
  people?: PeopleResult | undefined;
  replicas?: ReplicasResult | undefined;
}

export interface Goal {
  what: string;
  measured: number;
  /** At least, or at most, this. */
  goal: number;
  kind: 'least' | 'most';
  /** What a peer reached in the same run that does only the part of the work which nobody can leave out. */
  limit?: { value: number; who: string };
}

/** Whether others were using the machine so much that the figures say little. */
export const busyAt = (load: number, cores: number): boolean => load > cores * 0.4;

export const met = ({ measured, goal, kind }: Goal): boolean =>
  kind === 'least' ? measured >= goal : measured <= goal;

export const bound = ({ goal, kind }: Goal): string => `${kind === 'least' ? '≥' : '≤'} ${goal}`;

const KEPT = 'bare loop, mails durable, a job each, no parser';
const ON_DISK = 'do-it-yourself, mail on disk before its job';

/** The limit of a goal in words; empty without one. */
export const limitOf = ({ limit }: Goal): string => (limit === undefined ? '' : `${limit.value}: ${limit.who}`);

export function goals({ drain, latency, outbound, fleet }: Results): Goal[] {
  const least = (what: string, measured: number, goal: number): Goal => ({ what, measured, goal, kind: 'least' });
  const most = (what: string, measured: number, goal: number): Goal => ({ what, measured, goal, kind: 'most' });
  const beside = (value: number | undefined, who: string) => (value === undefined ? {} : { limit: { value, who } });
  const list: Goal[] = [];
  if (drain !== undefined) {
    const { product } = drain;
    list.push(
      {
        ...least('drain: × do-it-yourself', drain.timesDoItYourself, 6),
        ...beside(drain.keptTimesDoItYourself, KEPT),
      },
      { ...least('drain: × bare imapflow loop', drain.timesLimit, 0.9), ...beside(drain.keptTimesLimit, KEPT) },
      {
        ...most('drain: CPU s per 1,000', product.cpuPer1000 ?? Number.NaN, 0.6),
        ...beside(drain.kept.cpuPer1000, KEPT),
      },
      most('drain: peak RSS, MB', product.peakMb ?? Number.NaN, 180),
      most('drain: Redis KB a message', product.redisKb ?? Number.NaN, 12),
    );
  }
  if (latency !== undefined) {
    list.push(
      { ...most('latency: p50, ms', latency.product.p50, 4), ...beside(latency.durable.p50, ON_DISK) },
      { ...most('latency: p99, ms', latency.product.p99, 12), ...beside(latency.durable.p99, ON_DISK) },
      {
        ...most('latency: p50 of do-it-yourself, ms', latency.product.p50, latency.doItYourself.p50),
        ...beside(latency.durable.p50, ON_DISK),
      },
    );
  }
  for (const sink of outbound?.sinks ?? [])
    list.push({
      ...least(`outbound: × bare pool, sink answers in ${sink.replyMs} ms`, sink.timesPool, 0.9),
      ...beside(sink.queueTimesPool, 'BullMQ worker + pool, no journal'),
    });
  if (fleet !== undefined) {
    list.push(
      {
        ...most(`idle: RSS of ${fleet.mailboxes} mailboxes, MB`, fleet.idle.product.rssMb, 180),
        ...beside(fleet.idle.bareImapflow.rssMb, 'bare imapflow'),
      },
      {
        ...most('idle: % of a core', fleet.idle.product.cpuPercent, 1),
        ...beside(fleet.idle.bareImapflow.cpuPercent, 'bare imapflow, looks as often'),
      },
    );
    if (fleet.storm !== undefined) list.push(most('storm: slowest mailbox ÷ median', fleet.storm.slowestToMedian, 2));
  }
  return list;
}

export interface Section {
  title: string;
  rows: readonly (readonly [who: string, figures: Readonly<Record<string, number | string>>])[];
}

/** All figures, one section a benchmark, each row a contestant. */
const idleFigures = ({ rssMb, cpuPercent, connectSeconds }: FleetResult['idle']['product']) => ({
  'RSS MB': rssMb,
  '% of a core': cpuPercent,
  'connected in s': connectSeconds,
});

export function sections({ parse, drain, latency, outbound, fleet, people, replicas }: Results): Section[] {
  const list: Section[] = [];
  if (parse !== undefined) {
    const rows: [string, Record<string, number>][] = Object.entries(parse.rates).map(([name, rate]) => [
      name,
      { 'mails/s': rate, 'CPU ms / 1,000': parse.cpu[name] ?? 0 },
    ]);
    list.push({ title: `parse: ${parse.mails} mails, ${parse.megabytes} MB, one thread`, rows });
  }
  const named = ({ rate, cpuPer1000, peakMb, redisKb }: Record<string, number>, unit: string) => ({
    [unit]: rate ?? 0,
    'CPU s / 1,000': cpuPer1000 ?? 0,
    'peak RSS MB': peakMb ?? 0,
    ...(redisKb === undefined ? {} : { 'Redis KB each': redisKb }),
  });
  if (drain !== undefined) {
    list.push({
      title: `drain: ${drain.mails} mails, ${drain.megabytes} MB, medians of ${drain.rounds} rounds`,
      rows: [
        [
          'mailroom',
          { ...named(drain.product, 'mails/s'), 'by the sizing formula': drain.product.redisKbByFormula ?? 0 },
        ],
        ['fetchAll + mailparser + queue.add', named(drain.fetchAll, 'mails/s')],
        ['the same, streaming', named(drain.streaming, 'mails/s')],
        [`${KEPT} (${drain.keptTimesLimit} × bare loop)`, named(drain.kept, 'mails/s')],
        [`bare imapflow loop (${drain.limitTimesDoItYourself} × fetchAll)`, named(drain.limit, 'mails/s')],
        ['bare Redis writes, jobs of that size', named(drain.redisOnly, 'mails/s')],
      ],
    });
  }
  if (latency !== undefined) {
    const times = ({ p50, p99, cpuMs }: { p50: number; p99: number; cpuMs: number }) => ({
      'p50 ms': p50,
      'p99 ms': p99,
      'CPU ms a mail': cpuMs,
    });
    list.push({
      title: `latency: ${latency.mails} mails from a server that pushes at once, ${latency.dovecot.mails} from Dovecot`,
      rows: [
        ['mailroom', times(latency.product)],
        ['do-it-yourself, immediate IDLE', times(latency.doItYourself)],
        [ON_DISK, times(latency.durable)],
        ['mailroom, Dovecot', times(latency.dovecot.product)],
        ['do-it-yourself, Dovecot', times(latency.dovecot.doItYourself)],
        [`${ON_DISK}, Dovecot`, times(latency.dovecot.durable)],
      ],
    });
  }
  for (const sink of outbound?.sinks ?? []) {
    list.push({
      title: `outbound: ${sink.replies} replies, ${outbound?.connections} connections, sink answers in ${sink.replyMs} ms, medians of ${outbound?.rounds} rounds`,
      rows: [
        ['mailroom send', named(sink.product, 'replies/s')],
        [`do-it-yourself: BullMQ worker + pool (${sink.queueTimesPool} × pool)`, named(sink.doItYourself, 'replies/s')],
        ['bare nodemailer pool', named(sink.pool, 'replies/s')],
      ],
    });
  }
  if (people !== undefined)
    list.push({
      title: `idle: ${people.mailboxes} mailboxes with ${people.messages} messages each, ${people.idleSeconds} s`,
      rows: [
        ['mailboxEvents: off', idleFigures(people.off)],
        ['mailboxEvents: flags, at a server without CONDSTORE', idleFigures(people.flags)],
      ],
    });
  if (fleet !== undefined) {
    list.push({
      title: `idle: ${fleet.mailboxes} mailboxes in one process, at most ${fleet.loginsPerSecond} sign-ins a second, ${fleet.idleSeconds} s`,
      rows: [
        ['mailroom', idleFigures(fleet.idle.product)],
        ['bare imapflow, looks as often (no pace of sign-ins)', idleFigures(fleet.idle.bareImapflow)],
        ['bare TLS sockets in IDLE, look in one write', idleFigures(fleet.idle.bareTls)],
      ],
    });
    const { storm } = fleet;
    if (storm !== undefined) {
      list.push({
        title: `storm: ${storm.mails} mails into ${fleet.mailboxes} mailboxes at once`,
        rows: [
          [
            'mailroom',
            {
              'mails/s': storm.rate,
              'median mailbox s': storm.medianSeconds,
              'slowest s': storm.slowestSeconds,
              'peak RSS MB': storm.peakMb,
              'Redis bytes, idle mailbox': storm.redisBytesIdle,
            },
          ],
        ],
      });
    }
  }
  if (replicas !== undefined) {
    list.push({
      title: `replicas: ${replicas.mails} mails into ${replicas.mailboxes} mailboxes at once, shared`,
      rows: replicas.rounds.map((one) => [
        `${one.replicas} ${one.replicas === 1 ? 'process' : 'processes'}`,
        {
          'mailboxes of each': `${one.fewest}–${one.most}`,
          'mails/s': one.rate,
          'CPU s / 1,000, all': one.cpuPer1000,
          'slowest ÷ median': one.slowestToMedian,
          'peak RSS MB': one.peakMb,
          'Redis bytes a message': one.redisBytes,
          'by the formula': one.redisBytesByFormula,
        },
      ]),
    });
  }
  return list;
}

export function report(results: Results): { text: string; missed: string[] } {
  const lines = [`${results.date}, ${results.machine}, load average ${results.load} at the start`, results.command, ''];
  for (const { title, rows } of sections(results)) {
    lines.push(title);
    const width = Math.max(...rows.map(([who]) => who.length)) + 2;
    for (const [who, figures] of rows) {
      const shown = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
      lines.push(`  ${who.padEnd(width)}${shown.join('   ')}`);
    }
  }
  const list = goals(results);
  lines.push('', 'goals');
  for (const goal of list)
    lines.push(
      `  ${met(goal) ? 'met   ' : 'MISSED'} ${goal.what}: ${goal.measured} (${bound(goal)})${goal.limit === undefined ? '' : `; ${limitOf(goal)}`}`,
    );
  for (const [name, why] of Object.entries(results.failed)) lines.push(`  FAILED ${name}: ${why.split('\n')[0]}`);
  return { text: `${lines.join('\n')}\n`, missed: list.filter((goal) => !met(goal)).map(({ what }) => what) };
}
