// History of the installation, an email flow or an email server: small plots, and the same values as a table.

import { type HistoryName, type HistoryPoint, historyMeasures, type Period, periods } from '../../domain/history.ts';
import { HOUR_MS } from '../../lib/time.ts';
import type { HistoryView } from '../api/history.ts';
import type { PortalDeps } from './deps.ts';
import type { Query, Routes } from './gate.ts';
import { type Html, html } from './html.ts';
import { type Frame, page } from './layout.ts';
import { emptyCard, exactTime, optionList, selectField } from './parts.ts';
import { type Column, table } from './table.ts';
import { durationIn } from './words.ts';

interface Choice {
  /** `flow:Name`, `server:Name`, or empty for everything. */
  of: string;
  period: Period;
}

/** @param of `flow:Name` or `server:Name` */
export const historyUrl = (of: string): string => `/portal/history?of=${encodeURIComponent(of)}`;

const isPeriod = (text: string | undefined): text is Period => text !== undefined && Object.hasOwn(periods, text);

const choiceOf = ({ of = '', period }: Query): Choice => ({ of, period: isPeriod(period) ? period : '24h' });

/** How a measure is shown: as a count per time, a count, a level, seconds, or percentiles of durations. */
type Unit = 'rate' | 'count' | 'level' | 'seconds' | 'times';

const unitOf = (name: HistoryName): Unit => {
  const { kind } = historyMeasures[name];
  if (kind === 'times') return 'times';
  if (name === 'blindSeconds') return 'seconds';
  if (kind === 'high') return 'level';
  return name === 'messages' || name === 'replies' ? 'rate' : 'count';
};

/** Shortest span from which a rate is computed: a point that has just begun says nothing about an hour. */
const LEAST_MS = 30_000;

/** Per hour; in the two-hour view per minute, as counted. */
const rateOf = (period: Period, count: number, { ms }: HistoryPoint): number =>
  period === '2h' ? count : (count * HOUR_MS) / Math.max(ms, LEAST_MS);

const isGap = (name: HistoryName, { values, times }: HistoryPoint): boolean => {
  const { half, kind } = historyMeasures[name];
  if (kind !== 'times') return values[name] === undefined;
  // No duration is no gap if messages or replies were counted.
  return times[name] === undefined && values[half === 'ingest' ? 'messages' : 'replies'] === undefined;
};

interface Measured {
  frame: Frame;
  name: HistoryName;
  points: readonly HistoryPoint[];
  counts: readonly (number | undefined)[];
  period: Period;
}

interface Figure {
  /** Default: the counts. */
  bars?: readonly Bars[];
  /** The figure in words, and the same with a key to the bars. */
  text: string;
  legend?: Html;
}

const highest = (values: readonly (number | undefined)[]) => Math.max(0, ...values.map((value) => value ?? 0));
const sumOf = (values: readonly (number | undefined)[]) => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
const rounded = ({ language }: Frame, value: number) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value);

const FIGURES: Readonly<Record<Unit, (measured: Measured) => Figure>> = {
  times({ frame: { say, language }, name, points }) {
    const [p50, p99] = (['p50', 'p99'] as const).map((of) => points.map(({ times }) => times[name]?.[of]));
    const bars: Bars[] = [
      { kind: 'soft', values: p99 ?? [] },
      { kind: 'strong', values: p50 ?? [] },
    ];
    if (points.every(({ times }) => times[name] === undefined)) return { bars, text: say('none') };
    const [half, most] = [p50, p99].map((values) => durationIn(language, highest(values ?? [])));
    return {
      bars,
      text: `${say('slowest')}: ${say('p50')} ${half}, ${say('p99')} ${most}`,
      legend: html`${say('slowest')}: <span class="key strong"></span>${say('p50')} ${half}, <span class="key soft"></span>${say('p99')} ${most}`,
    };
  },
  rate({ frame, points, counts, period }) {
    const { say } = frame;
    const rates = points.map((point, index) => {
      const count = counts[index];
      return count === undefined ? undefined : rateOf(period, count, point);
    });
    const most = rounded(frame, Math.round(highest(rates)));
    return {
      bars: [{ kind: 'strong', values: rates }],
      text: `${say('total')} ${rounded(frame, sumOf(counts))}, ${say('highest')} ${most} ${say(`per-${period}`)}`,
    };
  },
  level: ({ frame, counts }) => ({ text: `${frame.say('highest')} ${rounded(frame, highest(counts))}` }),
  seconds: ({ frame, counts }) => ({ text: `${frame.say('total')} ${durationIn(frame.language, sumOf(counts))}` }),
  count: ({ frame, counts }) => ({ text: `${frame.say('total')} ${rounded(frame, sumOf(counts))}` }),
};

function figureOf(frame: Frame, points: readonly HistoryPoint[], name: HistoryName, period: Period): Html {
  const { say } = frame;
  const counts = points.map(({ values }) => values[name]);
  const gaps = points.map((point) => isGap(name, point));
  const figure = FIGURES[unitOf(name)]({ frame, name, points, counts, period });
  const bars = figure.bars ?? [{ kind: 'strong', values: counts } as const];
  const text = gaps.every(Boolean) ? say('notCounted') : figure.text;
  const shown = gaps.every(Boolean) ? text : (figure.legend ?? text);
  const title = say(`history-${name}`);
  return html`<figure class="card"><figcaption><strong>${title}</strong> <span class="dim">${shown}</span></figcaption>${plot({ bars, gaps, label: `${title}, ${say(`period-${period}`)}: ${text}` })}<div class="axis dim"><span>${say(`ago-${period}`)}</span><span>${say('now')}</span></div></figure>`;
}

/** The plots, with an explanation of gaps if there are any. */
export function historyFigures(frame: Frame, view: Pick<HistoryView, 'points' | 'names'>, period: Period): Html {
  const hasGap = view.names.some((name) => view.points.some((point) => isGap(name, point)));
  return html`<div class="plots">${view.names.map((name) => figureOf(frame, view.points, name, period))}</div>${hasGap && html`<p class="dim">${frame.say('historyGap')}</p>`}`;
}

function cellOf({ say, language, number }: Frame, name: HistoryName, row: HistoryPoint): string {
  if (isGap(name, row)) return say('notCounted');
  if (historyMeasures[name].kind === 'times') {
    const { p50, p99 } = row.times[name] ?? {};
    return p50 === undefined || p99 === undefined ? '–' : `${durationIn(language, p50)} / ${durationIn(language, p99)}`;
  }
  const value = row.values[name] ?? 0;
  return name === 'blindSeconds' ? durationIn(language, value) : number(value);
}

/** One table for received and one for sent mail: together they have too many columns. */
function tablesOf(frame: Frame, { rows, names }: HistoryView): Html {
  const { say } = frame;
  const tables = (['ingest', 'send'] as const).map((half) => {
    const own = names.filter((name) => historyMeasures[name].half === half);
    return own.length > 0 && tableOf(frame, rows, own, say(`history-${half}`));
  });
  return html`<details class="card"><summary>${say('historyTable')}</summary>${tables}</details>`;
}

function tableOf(frame: Frame, rows: HistoryView['rows'], names: readonly HistoryName[], label: string): Html {
  const { say } = frame;
  const columns: Column<HistoryPoint>[] = [
    { word: 'when', width: 'time', isName: true, cell: ({ at }) => exactTime(frame, at) },
    ...names.map(
      (name): Column<HistoryPoint> => ({
        word: `history-${name}`,
        css: 'number',
        ...(historyMeasures[name].kind === 'times' ? { unit: `(${say('p50')} / ${say('p99')})` } : {}),
        cell: (row) => cellOf(frame, name, row),
      }),
    ),
  ];
  return html`<h2>${label}</h2>${table(frame, { label, columns, entries: rows.toReversed() })}`;
}

interface HistoryPage {
  view: HistoryView;
  choice: Choice;
  flows: readonly string[];
  servers: readonly string[];
}

function filterOf({ say }: Frame, { choice, flows, servers }: HistoryPage): Html {
  const group = (label: string, kind: 'flow' | 'server', names: readonly string[]) =>
    html`<optgroup label="${label}">${optionList(
      names.map((name) => [`${kind}:${name}`, name] as const),
      choice.of,
    )}</optgroup>`;
  const all = optionList([['', say('historyAll')]], choice.of);
  const lengths = (Object.keys(periods) as Period[]).map((name) => [name, say(`period-${name}`)] as const);
  return html`<form method="get" role="search" aria-label="${say('filterWord')}" class="filter bar"><div class="filter"><div><label for="of">${say('filter')}</label><select id="of" name="of">${all}${group('Email Flow', 'flow', flows)}${group(say('emailServers'), 'server', servers)}</select></div><div>${selectField('period', say('historyPeriod'), lengths, choice.period)}</div><button class="plain">${say('apply')}</button></div></form>`;
}

function historyPage(frame: Frame, given: HistoryPage): string {
  const { say } = frame;
  const { view, choice } = given;
  const name = view.subject.kind === 'all' ? '' : view.subject.name;
  const shown =
    view.since === undefined
      ? emptyCard(say('historyNothing'), html`<p>${say('historyNothingHelp')}</p>`)
      : html`<p class="dim">${say('historySince')} ${exactTime(frame, view.since)}.</p>${historyFigures(frame, view, choice.period)}${tablesOf(frame, view)}`;
  return page(
    frame,
    name === '' ? say('historyTitle') : `${say('historyTitle')}: ${name}`,
    'historyTitle',
    html`<h1 class="wrap">${say('historyTitle')}${name !== '' && `: ${name}`}</h1><p class="lead">${say('historyLead')}</p>${filterOf(frame, given)}${shown}`,
  );
}

function wantedOf({ of, period }: Choice): Parameters<PortalDeps['operations']['history']>[0] {
  if (of.startsWith('flow:')) return { period, emailFlow: of.slice(5) };
  return of.startsWith('server:') ? { period, server: of.slice(7) } : { period };
}

// A small bar plot as SVG: no script, no inline styles, with a sentence for screen readers.

interface Bars {
  /** One for each point; undefined: not known. */
  values: readonly (number | undefined)[];
  /** Class: `strong` in front of `soft`. */
  kind: 'strong' | 'soft';
}

interface Plot {
  /** From back to front. */
  bars: readonly Bars[];
  /** Per point: nothing was counted. */
  gaps: readonly boolean[];
  /** The plot in words. */
  label: string;
}

const HEIGHT = 60;
/** Width of a point and of its bar, in units of the drawing. */
const WIDTH = 5;
const BAR = 4;

/** A value above zero has a visible height. */
const heightOf = (value: number, highest: number): number =>
  value <= 0 ? 0 : Math.max(1.5, Math.round((value / highest) * HEIGHT * 10) / 10);

function plot({ bars, gaps, label }: Plot): Html {
  const highest = Math.max(1e-9, ...bars.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const width = gaps.length * WIDTH;
  const path = ({ values, kind }: Bars) => {
    const text = values
      .map((value, index) => (value === undefined || value <= 0 ? '' : bar(index, heightOf(value, highest))))
      .join('');
    return text !== '' && html`<path class="${kind}" d="${text}"/>`;
  };
  const gap = runsOf(gaps).map(([from, to]) => `M${from * WIDTH} 0V${HEIGHT}H${to * WIDTH}V0z`);
  return html`<svg class="plot" viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">${gap.length > 0 && html`<path class="gap" d="${gap.join('')}"/>`}${bars.map(path)}</svg>`;
}

const bar = (index: number, height: number): string => `M${index * WIDTH} ${HEIGHT}v-${height}h${BAR}V${HEIGHT}z`;

/** Runs of true as [first, after the last]. */
function runsOf(flags: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const [index, flag] of flags.entries()) {
    const last = runs.at(-1);
    if (!flag) continue;
    if (last !== undefined && last[1] === index) last[1] = index + 1;
    else runs.push([index, index + 1]);
  }
  return runs;
}

export function addHistory({ get }: Routes, { operations, servers }: Pick<PortalDeps, 'operations' | 'servers'>): void {
  get('/portal/history', 'email-servers:read', async ({ frame, query }) => {
    const choice = choiceOf(query);
    const [view, all] = await Promise.all([operations.history(wantedOf(choice)), servers.list()]);
    const flows = new Set(operations.flowNames());
    if (view.subject.kind === 'flow') flows.add(view.subject.name);
    const names = all.filter(({ valid }) => valid).map(({ name }) => name);
    return historyPage(frame, { view, choice, flows: [...flows].sort(), servers: names });
  });
}
