// A small bar plot as SVG: no script, no inline styles, with a sentence for screen readers. Pure.
import { type Html, html } from './html.ts';

export interface Bars {
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

export function plot({ bars, gaps, label }: Plot): Html {
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
