// The page of a filtered list: tabs, the form of its filter, its table with heads that sort, its pages, and what can be done with many entries.
import { FIND_DAYS } from '../../domain/found.ts';
import { type BulkAct, bulkBar } from './bulk.ts';
import { doneNote } from './done.ts';
import { isNarrow, type ListFilter, queryText, sortText } from './filter.ts';
import { type Html, html } from './html.ts';
import { type Frame, frameMay, page } from './layout.ts';
import { type Choices, emptyCard, hiddenField, pager, same, selectField, since } from './parts.ts';
import { type Column, head, table } from './table.ts';
import type { Word } from './words.ts';

interface FilterFields {
  /** To choose from; absent: no such field. */
  servers?: readonly string[];
  flows?: readonly string[];
  codes?: Choices;
  /** Default: reason. Without codes to choose from it is typed. */
  codeLabel?: Word;
  /** What the person is here; absent: no such field. */
  person?: Word | false;
  /** The server's name, or a part of it, is typed. */
  hasName?: boolean;
}

interface ListView<T> {
  path: string;
  title: Word;
  lead: Word;
  filter: ListFilter;
  fields: FilterFields;
  /** By their state in the address. */
  tabs?: { current: string; all: readonly { state: string; text: string; url: string }[]; live?: string };
  /** @param back address of this page */
  columns(back: string): readonly Column<T>[];
  entries: readonly T[];
  more?(one: T): Html;
  /** From 1. */
  at: number;
  perPage: number;
  /** Entries that fit the filter; absent: nobody counts them, and there is a next page if `hasNext`. */
  total?: number;
  hasNext?: boolean;
  /** Number of entries that were searched; absent: all. */
  lookedAt?: number | undefined;
  /** Why the list is empty without a filter: title, help. */
  none: readonly [title: Word, help?: Word];
  /** Name of the part of the page that keeps itself up to date; absent: none does. */
  live?: string;
  /** For those who may decide. */
  acts?: readonly BulkAct[] | false;
}

export function listView<T>(frame: Frame, list: ListView<T>): string {
  const { say } = frame;
  const { path, filter, fields, tabs, entries, at, perPage, total, lookedAt, acts } = list;
  const state: Record<string, string> = tabs === undefined ? {} : { state: tabs.current };
  const url = (number: number) => `${path}?${queryText(filter, { ...state, page: String(number) })}`;
  const pages = total === undefined ? at + (list.hasNext ? 1 : 0) : Math.max(1, Math.ceil(total / perPage));
  const [noneTitle, noneHelp] = isNarrow(filter) ? (['noMatch'] as const) : list.none;
  const back = url(at);
  const columns = list.columns(back);
  const heads = columns.map((column) => sortHead(frame, column, filter, (next) => `${path}?${queryText(next, state)}`));
  return page(
    frame,
    say(list.title),
    list.title,
    html`<h1>${say(list.title)}</h1><p class="lead">${say(list.lead)}</p>${doneNote(frame)}${tabs !== undefined && tabList(tabs)}
${(tabs !== undefined || entries.length > 0 || isNarrow(filter)) && filterForm(frame, { filter, fields, columns, state: tabs?.current })}${fields.person === 'sender' && filter.person !== '' && html`<p class="dim">${say('personReach', { days: FIND_DAYS })}</p>`}${lookedAt !== undefined && html`<p class="note">${say('lookedAt', { count: frame.number(lookedAt) })}</p>`}<div${list.live !== undefined && html` data-live="${list.live}"`}>${
      entries.length === 0
        ? emptyCard(say(noneTitle), noneHelp !== undefined && html`<p>${say(noneHelp)}</p>`)
        : html`${table(frame, { columns, entries, more: list.more, label: say(list.title), heads })}${pager(frame, { at, pages, ...(total === undefined ? {} : { total, word: 'entries' }), url })}${acts && bulkBar(frame, { action: `${path}/bulk`, back, acts, total: total ?? entries.length })}`
    }</div>`,
  );
}

const tabList = ({ current, all, live }: NonNullable<ListView<never>['tabs']>): Html =>
  html`<ul class="tabs"${live !== undefined && html` data-live="${live}"`}>${all.map(({ state, text, url }) => html`<li><a href="${url}"${state === current && html` aria-current="page"`}>${text}</a></li>`)}</ul>`;

interface FilterForm extends Pick<ListView<never>, 'filter' | 'fields'> {
  columns: readonly Column<never>[];
  /** Hidden: the tab. */
  state: string | undefined;
}

function filterForm({ say }: Frame, { filter, fields, columns, state }: FilterForm): Html {
  const { servers, flows, codes, codeLabel, person, hasName } = fields;
  const input = (id: 'from' | 'to' | 'code' | 'person' | 'server', label: Word, type = 'text') =>
    html`<div><label for="filter-${id}">${say(label)}</label><input id="filter-${id}" type="${type}" name="${id}" value="${filter[id]}"></div>`;
  const select = (id: 'flow' | 'server' | 'code', label: Word, choices: Choices) =>
    html`<div>${selectField(id, say(label), [['', say('all')], ...choices], filter[id])}</div>`;
  const orders = columns.flatMap(({ word, by }) =>
    by === undefined || word === undefined
      ? []
      : [true, false].map((descending) => {
          const way = by === 'when' ? (descending ? 'newest' : 'oldestFirst') : descending ? 'descending' : 'ascending';
          return [sortText({ by, descending }), by === 'when' ? say(way) : `${say(word)}, ${say(way)}`] as const;
        }),
  );
  return html`<form method="get" role="search" aria-label="${say('filterWord')}" class="filter bar"><div class="filter">${state !== undefined && hiddenField('state', state)}${flows !== undefined && select('flow', 'flow', same(flows))}${servers !== undefined && select('server', 'server', same(servers))}${codes !== undefined ? select('code', codeLabel ?? 'reason', codes) : codeLabel !== undefined && input('code', codeLabel)}${hasName && input('server', 'server')}${person && input('person', person)}${input('from', 'fromDate', 'date')}${input('to', 'toDate', 'date')}<div>${selectField('sort', say('order'), orders, sortText(filter.sort))}</div><button class="plain">${say('apply')}</button></div></form>`;
}

/**
 * A head that sorts, as a link: it works without script, and a second press reverses the order.
 * https://www.w3.org/WAI/ARIA/apg/patterns/table/examples/sortable-table/
 * @param url address of the list in another order
 */
function sortHead(frame: Frame, column: Column<never>, filter: ListFilter, url: (next: ListFilter) => string): Html {
  const { by } = column;
  if (by === undefined) return head(frame, column);
  const { sort } = filter;
  const isCurrent = sort.by === by;
  // Times begin with the newest, everything else with its first.
  const descending = isCurrent ? !sort.descending : by === 'when' || by === 'received';
  const arrow = isCurrent ? (sort.descending ? '↓' : '↑') : '';
  return head(frame, column, { url: url({ ...filter, sort: { by, descending } }), arrow });
}

/** The personal data of a mail: subject for those who may read messages, sender for those who see addresses. */
export function personalLines(frame: Frame, mail: { subject?: string; sender?: string; date?: string }): Html {
  const { say } = frame;
  const { subject, sender, date } = mail;
  const shown: [Word, Html | string | undefined][] = [
    ['subject', frameMay(frame, 'messages:read') ? subject : undefined],
    ['sender', frameMay(frame, 'addresses:read') ? sender : undefined],
    ['sent', date === undefined || Number.isNaN(Date.parse(date)) ? undefined : since(frame, Date.parse(date))],
  ];
  return html`${shown.map(([word, value]) => value !== undefined && value !== '' && html`<div class="dim">${say(word)}: ${value}</div>`)}`;
}
