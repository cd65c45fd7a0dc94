// The filter of a list: dates, server, code and person, and the column that it is sorted by. It is in the list's address with the page, and survives an
// action.
import { NEWEST_FIRST, type Sort } from '../../lib/sort.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { ListRange } from '../ports.ts';
import type { Query } from './gate.ts';
import { type Frame, frameMay } from './layout.ts';

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

/** As in the address: `server` ascending, `-server` descending. */
export const sortText = ({ by, descending }: Sort): string => `${descending ? '-' : ''}${by}`;

function sortOf(text: string | undefined): Sort {
  const [, minus, by] = /^(-?)([a-zA-Z]{1,20})$/.exec(text ?? '') ?? [];
  return by === undefined ? NEWEST_FIRST : { by, descending: minus === '-' };
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const LONGEST = 200;

const dateOf = (text: string | undefined): string =>
  text !== undefined && DATE.test(text) && Number.isFinite(Date.parse(text)) ? text : '';

/** Only people who may see addresses filter by person: a filter would reveal them. */
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

const given = <K extends string>(name: K, value: string) =>
  (value === '' ? {} : { [name]: value }) as { [P in K]?: string };

/**
 * The filter as the lists take it, without empty fields.
 * @param code the list's name for an error code or reason
 * @param until nothing newer, epoch ms
 */
export const wantedOf = <C extends 'code' | 'reason'>(filter: ListFilter, code: C, until?: number) => ({
  ...rangeOf(filter, until),
  sort: filter.sort,
  ...given('server', filter.server),
  ...given('emailFlow', filter.flow),
  ...given(code, filter.code),
  ...given('person', filter.person),
});

/** Epoch ms, both included. */
export function rangeOf(
  { from, to }: Pick<ListFilter, 'from' | 'to'>,
  until = Number.POSITIVE_INFINITY,
): Partial<ListRange> {
  const end = Math.min(to === '' ? until : Date.parse(to) + DAY_MS - 1, until);
  return { ...(from === '' ? {} : { from: Date.parse(from) }), ...(Number.isFinite(end) ? { to: end } : {}) };
}

export const isWithin = (at: number, { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }): boolean =>
  at >= from && at <= to;

/** The filter as a query, without empty fields. */
export function queryText(filter: ListFilter, more: Readonly<Record<string, string>> = {}): string {
  const { sort, ...rest } = filter;
  const isPreset = sortText(sort) === sortText(NEWEST_FIRST);
  const all = { ...more, ...rest, sort: isPreset ? '' : sortText(sort) };
  return new URLSearchParams(Object.entries(all).filter(([, value]) => value !== '')).toString();
}

/** Whether it excludes entries; sorting does not. */
export const isNarrow = (filter: ListFilter): boolean => queryText({ ...filter, sort: NEWEST_FIRST }) !== '';

/** The filter in a list's own address ({@link backOf}). */
export const filterIn = (address: string): ListFilter =>
  filterOf(Object.fromEntries(new URLSearchParams(address.split('?')[1] ?? '')));

/** A page of a list, or the last page when the list has become shorter. @param at from 1 */
export async function pageAt<T extends { total: number }>(
  at: number,
  perPage: number,
  read: (page: { offset: number; limit: number }) => Promise<T>,
): Promise<T & { at: number }> {
  const found = await read({ offset: (at - 1) * perPage, limit: perPage });
  const last = Math.max(1, Math.ceil(found.total / perPage));
  return at > last ? pageAt(last, perPage, read) : { ...found, at };
}
