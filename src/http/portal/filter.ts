// What the lists of the day share: filters by date, server, code and person, the order, and decisions on many entries with one confirmation that
// counts. Filter and page are in the address, and survive an action.
import { DAY_MS } from '../../lib/time.ts';
import type { Query } from './gate.ts';
import { type Html, html } from './html.ts';
import { askPage, csrfField, type Frame } from './layout.ts';
import type { Word } from './words.ts';

export interface ListFilter {
  server: string;
  /** Of an error, a reason, or an action. */
  code: string;
  person: string;
  /** `YYYY-MM-DD`, UTC; both days included. */
  from: string;
  to: string;
  order: 'newest' | 'oldest';
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const LONGEST = 200;

const dateOf = (text: string | undefined): string =>
  text !== undefined && DATE.test(text) && Number.isFinite(Date.parse(text)) ? text : '';

export const filterOf = (query: Query): ListFilter => ({
  server: (query.server ?? '').slice(0, LONGEST),
  code: (query.code ?? '').trim().slice(0, LONGEST),
  person: (query.person ?? '').trim().slice(0, LONGEST),
  from: dateOf(query.from),
  to: dateOf(query.to),
  order: query.order === 'oldest' ? 'oldest' : 'newest',
});

/** Epoch ms, both included. */
export const rangeOf = ({ from, to }: Pick<ListFilter, 'from' | 'to'>): { from?: number; to?: number } => ({
  ...(from === '' ? {} : { from: Date.parse(from) }),
  ...(to === '' ? {} : { to: Date.parse(to) + DAY_MS - 1 }),
});

export const isWithin = (at: number, { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }): boolean =>
  at >= from && at <= to;

/** The filter as a query, without what is empty. */
export function queryText(filter: ListFilter, more: Readonly<Record<string, string>> = {}): string {
  const { order, ...rest } = filter;
  const all = { ...more, ...rest, order: order === 'newest' ? '' : order };
  return new URLSearchParams(Object.entries(all).filter(([, value]) => value !== '')).toString();
}

/** Whether it leaves anything out; the order alone does not. */
export const isNarrow = (filter: ListFilter): boolean => queryText({ ...filter, order: 'newest' }) !== '';

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
  codes?: readonly (readonly [value: string, text: string])[];
  /** Shown when the codes cannot be listed. */
  codeLabel?: Word;
  hasPerson?: boolean;
  /** The server's name, or a part of it, typed. */
  hasName?: boolean;
}

const select = (id: string, label: string, all: string, chosen: string, options: FilterForm['codes'] = []): Html =>
  html`<div><label for="${id}">${label}</label><select id="${id}" name="${id}"><option value="">${all}</option>${options.map(([value, text]) => html`<option value="${value}"${value === chosen && html` selected`}>${text}</option>`)}</select></div>`;

export function filterForm(
  { say }: Frame,
  { filter, state, servers, codes, codeLabel, hasPerson, hasName }: FilterForm,
): Html {
  const input = (id: 'from' | 'to' | 'code' | 'person' | 'server', label: string, type: string) =>
    html`<div><label for="filter-${id}">${label}</label><input id="filter-${id}" type="${type}" name="${id}" value="${filter[id]}"></div>`;
  return html`<form method="get" role="search" aria-label="${say('filterWord')}" class="filter bar"><div class="filter">${state !== undefined && html`<input type="hidden" name="state" value="${state}">`}${
    servers !== undefined &&
    select(
      'server',
      say('server'),
      say('all'),
      filter.server,
      servers.map((name) => [name, name] as const),
    )
  }${codes !== undefined && select('code', say(codeLabel ?? 'reason'), say('all'), filter.code, codes)}${codes === undefined && codeLabel !== undefined && input('code', say(codeLabel), 'text')}${hasName && input('server', say('server'), 'text')}${hasPerson && input('person', say('who'), 'text')}${input('from', say('fromDate'), 'date')}${input('to', say('toDate'), 'date')}<div><label for="order">${say('order')}</label><select id="order" name="order"><option value="newest">${say('newest')}</option><option value="oldest"${filter.order === 'oldest' && html` selected`}>${say('oldestFirst')}</option></select></div><button class="plain">${say('apply')}</button></div></form>`;
}

/** Entries that one confirmation decides on at most. */
export const MOST_AT_ONCE = 1_000;

/** Box of one entry of the list. */
export const bulkBox = (value: string, label: string): Html =>
  html`<input type="checkbox" name="id" value="${value}" form="bulk" aria-label="${label}">`;

interface BulkBar {
  /** Where it is asked and done. */
  action: string;
  /** Path and query of this list. */
  back: string;
  acts: readonly (readonly [act: string, text: string])[];
  /** All that the filter shows. */
  total: number;
}

/** Under a list: what to do with those that are marked, or with all that the filter shows. */
export function bulkBar(frame: Frame, { action, back, acts, total }: BulkBar): Html {
  const { say, language } = frame;
  const count = new Intl.NumberFormat(language).format(Math.min(total, MOST_AT_ONCE));
  const buttons = (scope: 'marked' | 'all') =>
    acts.map(([act, text]) => html`<button class="plain small" name="act" value="${act}:${scope}">${text}</button>`);
  return html`<form id="bulk" method="post" action="${action}" class="card">${csrfField(frame)}<input type="hidden" name="back" value="${back}"><p class="buttons"><span>${say('bulkMarked')}</span>${buttons('marked')}</p><p class="buttons"><span>${say('bulkAll', { count })}</span>${buttons('all')}</p></form>`;
}

export interface Bulk {
  act: string;
  scope: 'marked' | 'all';
  ids: readonly string[];
  /** Path and query to come back to. */
  back: string;
  confirmed: boolean;
  /** Nothing that came after the question, epoch ms. */
  asked: number;
}

/** @param path of the list: nowhere else leads the way back */
export function bulkOf(form: URLSearchParams, path: string): Bulk {
  const [act = '', scope] = (form.get('act') ?? '').split(':');
  const asked = Number(form.get('asked'));
  return {
    act,
    scope: scope === 'all' ? 'all' : 'marked',
    ids: [...new Set(form.getAll('id'))].slice(0, MOST_AT_ONCE),
    back: backOf(form.get('back'), path),
    confirmed: form.get('confirmed') === 'true',
    asked: Number.isFinite(asked) && asked > 0 ? asked : Date.now(),
  };
}

/** The list's own address, with its filter and without the outcome of an earlier action. */
export function backOf(given: string | null | undefined, path: string): string {
  if (given === null || given === undefined || (given !== path && !given.startsWith(`${path}?`))) return path;
  const query = new URLSearchParams(given.slice(path.length + 1));
  for (const told of ['done', 'about', 'proof']) query.delete(told);
  return query.size === 0 ? path : `${path}?${query}`;
}

/** Fields that go with the answer of a confirmation. */
const bulkFields = ({ act, scope, ids, back }: Bulk, asked: number): Html =>
  html`<input type="hidden" name="act" value="${act}:${scope}"><input type="hidden" name="back" value="${back}"><input type="hidden" name="confirmed" value="true"><input type="hidden" name="asked" value="${asked}">${scope === 'marked' && ids.map((id) => html`<input type="hidden" name="id" value="${id}">`)}`;

interface BulkQuestion {
  bulk: Bulk;
  count: number;
  /** What is done to each. */
  act: string;
  /** What that means. */
  what: Html;
  current: Parameters<typeof askPage>[1]['current'];
  action: string;
  danger: boolean;
}

/** The one confirmation, which counts. */
export function bulkPage(frame: Frame, { bulk, count, act, what, current, action, danger }: BulkQuestion): string {
  const { say, language } = frame;
  const shown = new Intl.NumberFormat(language).format(count);
  return askPage(frame, {
    title: say('bulkAsk', { act, count: shown }),
    current,
    body: what,
    form: bulkFields(bulk, bulk.asked),
    action,
    fields: {},
    yes: `${act} (${shown})`,
    danger,
    back: bulk.back,
  });
}

const AT_ONCE = 8;

/** @returns how many succeeded; one that fails stops no other */
export async function decideAll(ids: readonly string[], decide: (id: string) => Promise<unknown>): Promise<number> {
  const rest = [...ids];
  let done = 0;
  const work = async () => {
    for (let id = rest.shift(); id !== undefined; id = rest.shift())
      await decide(id).then(
        () => {
          done += 1;
        },
        () => {},
      );
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return done;
}
