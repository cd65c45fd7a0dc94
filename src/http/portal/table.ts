// Tables of all pages: a list of columns, each with its head and what its cells show. On a phone each row becomes a card whose lines have the names of
// the columns (data-label).
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import type { Word } from './words.ts';

export interface Column<T> {
  /** Absent: the actions of a row, whose head is for screen readers only. */
  word?: Word;
  /** Shown behind the head. */
  unit?: string;
  /** Its name in the address of a list that can be sorted; absent: nothing to sort by. */
  by?: string;
  /** Percent of the table, or enough for an exact time; absent: an equal share of the rest. A class `c-…` of the style sheet. */
  width?: 6 | 8 | 10 | 12 | 14 | 16 | 18 | 20 | 28 | 40 | 'time';
  /** Of its cells. */
  css?: 'dim' | 'number' | 'actions' | 'has-menu';
  /** Its cells name their rows. */
  isName?: true;
  /** Undefined: there is no value. */
  cell(one: T): Html | string | number | false | undefined;
}

interface Table<T> {
  /** Its name: a text, or the id of its heading. */
  label: string | { id: string };
  columns: readonly Column<T>[];
  entries: readonly T[];
  /** A second row over all columns. */
  more?: ((one: T) => Html | readonly Html[]) | undefined;
  /** Heads of the columns; default: their words. */
  heads?: readonly Html[];
}

export function table<T>(frame: Frame, { label, columns, entries, more, heads }: Table<T>): Html {
  const name = typeof label === 'string' ? html`aria-label="${label}"` : html`aria-labelledby="${label.id}"`;
  const rows = entries.map((one) => {
    const rest = more?.(one) ?? [];
    const hasMore = !Array.isArray(rest) || rest.length > 0;
    return html`<tbody><tr>${columns.map((column) => cell(frame, column, one))}</tr>${hasMore && html`<tr class="more"><td colspan="${columns.length}">${rest}</td></tr>`}</tbody>`;
  });
  return html`<div class="table"><table ${name}><thead><tr>${heads ?? columns.map((column) => head(frame, column))}</tr></thead>
${rows}</table></div>`;
}

const classes = (...all: readonly (string | false | undefined)[]): Html | false => {
  const text = all.filter(Boolean).join(' ');
  return text !== '' && html` class="${text}"`;
};

/** @param link to the list in the order of this column; `arrow` when that is its order now */
export function head(
  { say }: Frame,
  { word, unit, width, css }: Column<never>,
  link?: { url: string; arrow: '' | '↑' | '↓' },
): Html {
  const classNames = classes(width !== undefined && `c-${width}`, css === 'number' && css);
  if (word === undefined) return html`<th scope="col"${classNames}><span class="hidden">${say('actions')}</span></th>`;
  if (link === undefined)
    return html`<th scope="col"${classNames}>${say(word)}${unit !== undefined && html` <span class="dim">${unit}</span>`}</th>`;
  const { url, arrow } = link;
  const sort = arrow !== '' && html` aria-sort="${arrow === '↓' ? 'descending' : 'ascending'}"`;
  return html`<th scope="col"${classNames}${sort}><a href="${url}">${say(word)}${arrow !== '' && html` <span aria-hidden="true">${arrow}</span>`}</a></th>`;
}

function cell<T>({ say }: Frame, { word, css, isName, cell: show }: Column<T>, one: T): Html {
  const value = show(one);
  if (isName) return html`<th scope="row"${classes(css)}>${value}</th>`;
  if (word === undefined) return html`<td${classes(css)}>${value}</td>`;
  const isEmpty = value === undefined || value === false;
  return html`<td${classes(css, isEmpty && 'none')} data-label="${say(word)}"><div>${isEmpty ? '–' : value}</div></td>`;
}
