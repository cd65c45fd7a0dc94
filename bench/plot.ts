// The plot of docs/performance.md: for each goal how far it is met, as bars on one scale (1 = the goal), and as a stroke how far the limit of the same
// run meets it; readable light and dark.
import { bound, type Goal, goals, met, type Results } from './report.ts';

/** 1 at the goal, more when better. */
export const share = ({ measured, goal, kind }: Goal): number =>
  kind === 'least' ? measured / goal : goal / Math.max(measured, Number.EPSILON);

const ROW = 26;
const LEFT = 330;
const UNIT = 150;
const MOST = 2.4;

export function plot(results: Results): string {
  const list = goals(results);
  const height = list.length * ROW + 70;
  const width = LEFT + UNIT * MOST + 130;
  const rows = list.map((goal, i) => {
    const y = 40 + i * ROW;
    const length = Math.max(2, Math.min(MOST, share(goal)) * UNIT);
    const text = `${goal.measured} (${bound(goal)})`;
    const at =
      LEFT + Math.min(MOST, goal.limit === undefined ? 0 : share({ ...goal, measured: goal.limit.value })) * UNIT;
    const limit =
      goal.limit === undefined
        ? ''
        : `\n  <rect x="${(at - 1.5).toFixed(1)}" y="${y}" width="3" height="21" class="limit"/>`;
    return `  <text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${goal.what.replace(/&/g, '&amp;')}</text>
  <rect x="${LEFT}" y="${y + 3}" width="${length.toFixed(1)}" height="15" class="${met(goal) ? 'met' : 'missed'}"/>${limit}
  <text x="${LEFT + UNIT * MOST + 12}" y="${y + 14}">${text}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Goals and how far they are met">
  <style>
    text { fill: #1f2328 } .met { fill: #1a7f37 } .missed { fill: #bc4c00 } .limit { fill: #1f2328 } line { stroke: #57606a }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .met { fill: #3fb950 } .missed { fill: #f0883e } .limit { fill: #e6edf3 } line { stroke: #9198a1 } }
  </style>
  <text x="${LEFT + UNIT}" y="18" text-anchor="middle">goal</text>
  <text x="12" y="18">${results.date}: reached, as a share of the goal</text>
  <rect x="${LEFT + UNIT * 1.5}" y="5" width="3" height="17" class="limit"/>
  <text x="${LEFT + UNIT * 1.5 + 10}" y="18">limit in the same run</text>
${rows.join('\n')}
  <line x1="${LEFT + UNIT}" y1="30" x2="${LEFT + UNIT}" y2="${height - 20}" stroke-dasharray="4 3"/>
</svg>
`;
}
