// Results → a table to read, and which goals were missed.
import type { DrainResult } from './drain.ts';
import type { FleetResult } from './fleet.ts';
import type { LatencyResult } from './latency.ts';
import type { OutboundResult } from './outbound.ts';
import type { ParseBench } from './parse.ts';

export interface Results {
  date: string;
  machine: string;
  command: string;
  parse?: ParseBench;
  drain?: DrainResult;
  latency?: LatencyResult;
  outbound?: OutboundResult;
  fleet?: FleetResult;
}

export interface Goal {
  what: string;
  measured: number;
  /** At least, or at most, this. */
  goal: number;
  kind: 'least' | 'most';
}

export const met = ({ measured, goal, kind }: Goal): boolean =>
  kind === 'least' ? measured >= goal : measured <= goal;

export function goals({ drain, latency, outbound, fleet }: Results): Goal[] {
  const least = (what: string, measured: number, goal: number): Goal => ({ what, measured, goal, kind: 'least' });
  const most = (what: string, measured: number, goal: number): Goal => ({ what, measured, goal, kind: 'most' });
  const list: Goal[] = [];
  if (drain !== undefined) {
    const { product } = drain;
    list.push(
      least('drain: × do-it-yourself', drain.timesDoItYourself, 6),
      least('drain: × bare imapflow loop', drain.timesLimit, 0.9),
      most('drain: CPU s per 1,000', product.cpuPer1000 ?? Number.NaN, 0.6),
      most('drain: peak RSS, MB', product.peakMb ?? Number.NaN, 180),
      most('drain: Redis KB a message', product.redisKb ?? Number.NaN, 12),
    );
  }
  if (latency !== undefined) {
    list.push(
      most('latency: p50, ms', latency.product.p50, 4),
      most('latency: p99, ms', latency.product.p99, 12),
      most('latency: p50 of do-it-yourself, ms', latency.product.p50, latency.doItYourself.p50),
    );
  }
  for (const sink of outbound?.sinks ?? [])
    list.push(least(`outbound: × bare pool, sink answers in ${sink.replyMs} ms`, sink.timesPool, 0.9));
  if (fleet !== undefined) {
    list.push(
      most(`idle: RSS of ${fleet.mailboxes} mailboxes, MB`, fleet.idle.product.rssMb, 180),
      most('idle: % of a core', fleet.idle.product.cpuPercent, 1),
    );
    if (fleet.storm !== undefined) list.push(most('storm: slowest mailbox ÷ median', fleet.storm.slowestToMedian, 2));
  }
  return list;
}

export function report(results: Results): { text: string; missed: string[] } {
  const { parse, drain, latency, outbound, fleet } = results;
  const lines = [`${results.date}, ${results.machine}`, results.command, ''];
  const row = (name: string, figures: Record<string, number>) =>
    lines.push(
      `  ${name.padEnd(22)}${Object.entries(figures)
        .map(([key, value]) => `${key} ${value}`)
        .join('   ')}`,
    );
  if (parse !== undefined) {
    lines.push(`parse: ${parse.mails} mails, ${parse.megabytes} MB`);
    row('mails a second', parse.rates);
    row('CPU ms per 1,000', parse.cpu);
  }
  if (drain !== undefined) {
    lines.push(
      `drain: ${drain.mails} mails, ${drain.megabytes} MB, medians of ${drain.rounds} rounds (rate: mails a second)`,
    );
    row('mailroom', drain.product);
    row('fetchAll + mailparser', drain.fetchAll);
    row('streaming', drain.streaming);
    row('bare imapflow loop', drain.limit);
  }
  if (latency !== undefined) {
    lines.push(`latency: ${latency.mails} mails, server pushes at once; ${latency.dovecot.mails} over Dovecot (ms)`);
    row('mailroom', latency.product);
    row('do-it-yourself', latency.doItYourself);
    row('mailroom, Dovecot', latency.dovecot.product);
    row('do-it-yourself, Dovecot', latency.dovecot.doItYourself);
  }
  for (const sink of outbound?.sinks ?? []) {
    lines.push(
      `outbound: ${outbound?.replies} replies, ${outbound?.connections} connections, sink answers in ${sink.replyMs} ms`,
    );
    row('mailroom send', sink.product);
    row('bare nodemailer pool', sink.pool);
  }
  if (fleet !== undefined) {
    lines.push(
      `idle: ${fleet.mailboxes} mailboxes, ${fleet.loginsPerSecond} sign-ins a second, ${fleet.idleSeconds} s`,
    );
    row('mailroom', { ...fleet.idle.product });
    row('bare imapflow', { ...fleet.idle.bareImapflow });
    if (fleet.storm !== undefined) {
      lines.push(`storm: ${fleet.storm.mails} mails into ${fleet.mailboxes} mailboxes at once`);
      row('mailroom', { ...fleet.storm });
    }
  }
  const list = goals(results);
  lines.push('', 'goals');
  for (const goal of list)
    lines.push(
      `  ${met(goal) ? 'met   ' : 'MISSED'} ${goal.what}: ${goal.measured} (${goal.kind === 'least' ? '≥' : '≤'} ${goal.goal})`,
    );
  return { text: `${lines.join('\n')}\n`, missed: list.filter((goal) => !met(goal)).map(({ what }) => what) };
}
