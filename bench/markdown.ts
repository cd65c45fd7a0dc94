// Results → the part of docs/performance.md that a run writes, between two comments; what people wrote around it stays.
import { bound, goals, limitOf, met, type Results, sections } from './report.ts';

const BEGIN = '<!-- written by npm run bench: begin -->';
const END = '<!-- written by npm run bench: end -->';

/** @throws Error if the document has no place for it */
export function intoDocument(document: string, text: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the document has no lines ${BEGIN} and ${END}`);
  return `${document.slice(0, begin + BEGIN.length)}\n${text}\n${document.slice(end)}`;
}

export const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

export function markdown(results: Results): string {
  const { date, machine, load, command } = results;
  const list = goals(results);
  const reached = list.map((goal) => [
    goal.what,
    bound(goal),
    goal.measured,
    met(goal) ? 'yes' : '**no**',
    limitOf(goal),
  ]);
  const parts = [
    `${date}, ${machine}, load average ${load} at the start: \`${command}\`, ${list.filter(met).length} of ${list.length} goals met.`,
    table(['work', 'goal', 'reached', 'met?', 'in the same run'], reached),
    ...sections(results).map(({ title, rows }) => {
      const names = Object.keys(rows[0]?.[1] ?? {});
      const cells = rows.map(([who, figures]) => [who, ...names.map((name) => figures[name] ?? '–')]);
      return `**${title}**\n\n${table(['', ...names], cells)}`;
    }),
    ...Object.entries(results.failed).map(([name, why]) => `**${name}**: no figures, ${why.split('\n')[0]}`),
  ];
  return parts.join('\n\n');
}
