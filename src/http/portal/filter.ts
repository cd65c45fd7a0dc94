// What the lists of the day share: filters by date, server, code and person, and sorting by a column. They are in the address with the page, and survive
// an action.
import { NEWEST_FIRST, type Sort } from '../../lib/sort.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { ListRange } from '../ports.ts';
import type { Query } from './gate.ts';
import { type Html, html } from './html.ts';
import { type Frame, frameMay } from './layout.ts';
import type { Word } from './words.ts';

export interface ListFilter {
  server: string;
  /** Email flow. */
  flow: string;
  /** Of an error, a reason, or an action. */
  code: string;
  person: string;
  /** `YYYY-MM-DD`, UTC; both days included. */
  from: string;
  to: string;
  sort: Sort;
}

/** As in the address: `server`, or `-server` from the last to the first. */
const sortText = ({ by, descending }: Sort): string => `${descending ? '-' : ''}${by}`;

function sortOf(text: string | undefined): Sort {
  const [, minus, by] = /^(-?)([a-zA-Z]{1,20})$/.exec(text ?? '') ?? [];
  return by === undefined ? NEWEST_FIRST : { by, descending: minus === '-' };
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const LONGEST = 200;

const dateOf = (text: string | undefined): string =>
  text !== undefined && DATE.test(text) && Number.isFinite(Date.parse(text)) ? text : '';

/** By a person only those filter who see addresses: else a filter would tell them. */
export const filterFor = (frame: Frame, query: Query): ListFilter => ({
  ...filterOf(query),
  ...(frameMay(frame, 'addresses:read') ? {} : { person: '' }),
});

export const filterOf = (query: Query): ListFilter => ({
  server: (query.server ?? '').slice(0, LONGEST),
  flow: (query.flow ?? '').slice(0, LONGEST),
  code: (query.code ?? '').trim().slice(0, LONGEST),
  person: (query.person ?? '').trim().slice(0, LONGEST),
  from: dateOf(query.from),
  to: dateOf(query.to),
  sort: sortOf(query.sort),
});

/** As the lists take it. */
export const listRangeOf = (filter: ListFilter): ListRange => ({ ...rangeOf(filter), sort: filter.sort });

/** Epoch ms, both included. */
export const rangeOf = ({ from, to }: Pick<ListFilter, 'from' | 'to'>): { from?: number; to?: number } => ({
  ...(from === '' ? {} : { from: Date.parse(from) }),
  ...(to === '' ? {} : { to: Date.parse(to) + DAY_MS - 1 }),
});

export const isWithin = (at: number, { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }): boolean =>
  at >= from && at <= to;

/** The filter as a query, without what is empty. */
export function queryText(filter: ListFilter, more: Readonly<Record<string, string>> = {}): string {
  const { sort, ...rest } = filter;
  const isPreset = sortText(sort) === sortText(NEWEST_FIRST);
  const all = { ...more, ...rest, sort: isPreset ? '' : sortText(sort) };
  return new URLSearchParams(Object.entries(all).filter(([, value]) => value !== '')).toString();
}

/** Whether it leaves anything out; sorting alone does not. */
export const isNarrow = (filter: ListFilter): boolean => queryText({ ...filter, sort: NEWEST_FIRST }) !== '';

/** The filter in a list's own address ({@link backOf}). */
export const filterIn = (address: string): ListFilter =>
  filterOf(Object.fromEntries(new URLSearchParams(address.split('?')[1] ?? '')));

/** A page of a list, or its last one: the last entries may have been dealt with. @param at from 1 */
export async function pageAt<T extends { total: number }>(
  at: number,
  perPage: number,
  read: (page: { offset: number; limit: number }) => Promise<T>,
): Promise<T & { at: number }> {
  const found = await read({ offset: (at - 1) * perPage, limit: perPage });
  const last = Math.max(1, Math.ceil(found.total / perPage));
  return at > last ? pageAt(last, perPage, read) : { ...found, at };
}

interface FilterForm {
  filter: ListFilter;
  /** Hidden: the tab. */
  state?: string;
  /** To choose from; absent: no such field. */
  servers?: readonly string[];
  flows?: readonly string[];
  codes?: readonly (readonly [value: string, text: string])[];
  /** Shown when the codes cannot be listed. */
  codeLabel?: Word;
  /** What the person is here. */
  person?: Word;
  /** Columns that can be sorted by, also where no head of a table is shown. */
  columns: readonly Column[];
  /** The server's name, or a part of it, typed. */
  hasName?: boolean;
}

/** @param all text of the choice that leaves nothing out; absent: there is none */
const select = (
  id: string,
  label: string,
  all: string | undefined,
  chosen: string,
  options: FilterForm['codes'] = [],
): Html =>
  html`<div><label for="${id}">${label}</label><select id="${id}" name="${id}">${all !== undefined && html`<option value="">${all}</option>`}${options.map(([value, text]) => html`<option value="${value}"${value === chosen && html` selected`}>${text}</option>`)}</select></div>`;

/** Choices that are shown as they are. */
const same = (all: readonly string[]) => all.map((name) => [name, name] as const);

export function filterForm(
  { say }: Frame,
  { filter, state, servers, flows, codes, codeLabel, person, hasName, columns }: FilterForm,
): Html {
  const input = (id: 'from' | 'to' | 'code' | 'person' | 'server', label: string, type: string) =>
    html`<div><label for="filter-${id}">${label}</label><input id="filter-${id}" type="${type}" name="${id}" value="${filter[id]}"></div>`;
  const orders = columns.flatMap(({ word, by }) =>
    by === undefined
      ? []
      : [true, false].map((descending) => {
          const way = by === 'when' ? (descending ? 'newest' : 'oldestFirst') : descending ? 'descending' : 'ascending';
          return [sortText({ by, descending }), by === 'when' ? say(way) : `${say(word)}, ${say(way)}`] as const;
        }),
  );
  return html`<form method="get" role="search" aria-label="${say('filterWord')}" class="filter bar"><div class="filter">${state !== undefined && html`<input type="hidden" name="state" value="${state}">`}${flows !== undefined && select('flow', say('flow'), say('all'), filter.flow, same(flows))}${servers !== undefined && select('server', say('server'), say('all'), filter.server, same(servers))}${codes !== undefined && select('code', say(codeLabel ?? 'reason'), say('all'), filter.code, codes)}${codes === undefined && codeLabel !== undefined && input('code', say(codeLabel), 'text')}${hasName && input('server', say('server'), 'text')}${person !== undefined && input('person', say(person), 'text')}${input('from', say('fromDate'), 'date')}${input('to', say('toDate'), 'date')}${select('sort', say('order'), undefined, sortText(filter.sort), orders)}<button class="plain">${say('apply')}</button></div></form>`;
}

/** A head of a list's table. */
export interface Column {
  word: Word;
  /** Its name in the address; absent: nothing to sort by. */
  by?: string;
}

/**
 * Heads that sort, as links: they work without script, and a second press turns the order round.
 * https://www.w3.org/WAI/ARIA/apg/patterns/table/examples/sortable-table/
 * @param url address of the list in another order
 */
export function sortHeads(
  { say }: Frame,
  filter: ListFilter,
  columns: readonly Column[],
  url: (sort: ListFilter) => string,
): Html[] {
  const { sort } = filter;
  return columns.map(({ word, by }) => {
    if (by === undefined) return html`<th scope="col">${say(word)}</th>`;
    const isThis = sort.by === by;
    // Times begin with the newest, everything else with its first.
    const descending = isThis ? !sort.descending : by === 'when' || by === 'received';
    const mark = isThis && html` <span aria-hidden="true">${sort.descending ? '↓' : '↑'}</span>`;
    return html`<th scope="col"${isThis && html` aria-sort="${sort.descending ? 'descending' : 'ascending'}"`}><a href="${url({ ...filter, sort: { by, descending } })}">${say(word)}${mark}</a></th>`;
  });
}

/** Where a list is longer than what a filter looks at. */
export const lookedAtNote = ({ say, language }: Frame, lookedAt: number | undefined): Html | false =>
  lookedAt !== undefined &&
  html`<p class="note">${say('lookedAt', { count: new Intl.NumberFormat(language).format(lookedAt) })}</p>`;
