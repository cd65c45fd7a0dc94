// Small parts that pages share: cards, sections, facts, choices, hidden fields, times, pages of a long list.
import { type Html, html, type Value } from './html.ts';
import type { Frame } from './layout.ts';
import { agoIn, countIn, type Language, type Word } from './words.ts';

export const crumb = (href: string, text: string): Html => html`<p class="crumb"><a href="${href}">← ${text}</a></p>`;

/** @param id of its heading, to which links may lead */
export const section = (id: string, title: string, body: Html): Html =>
  html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${body}</section>`;

/** In place of an empty list. */
export const emptyCard = (title: string, help?: Value): Html =>
  html`<div class="card empty"><h2>${title}</h2>${help}</div>`;

/** Omits facts without a value. @param css of the value */
export type Fact = readonly [term: Word, value: Html | string | number | false | undefined, css?: string];

export const factList = ({ say }: Frame, facts: readonly Fact[]): Html =>
  html`<dl class="facts">${facts.map(
    ([term, value, css]) =>
      value !== undefined &&
      value !== false &&
      html`<dt>${say(term)}</dt><dd${css !== undefined && html` class="${css}"`}>${value}</dd>`,
  )}</dl>`;

/** Fields that a form sends back unchanged; undefined ones are omitted. */
export const hiddenFields = (fields: Readonly<Record<string, string | number | undefined>>): Html =>
  html`${Object.entries(fields).map(([name, value]) => value !== undefined && hiddenField(name, value))}`;

export const hiddenField = (name: string, value: string | number): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`;

/** Of a form that changes something: proof that it is one of this session's. */
export const csrfField = ({ session }: Frame): Html => hiddenField('_csrf', session?.csrf ?? '');

export type Choices = readonly (readonly [value: string, text: string])[];
/** Choices whose text is their value. */
export const same = (values: readonly string[]): Choices => values.map((value) => [value, value] as const);

export const optionList = (choices: Choices, chosen?: string): Html =>
  html`${choices.map(([value, text]) => html`<option value="${value}"${value === chosen && html` selected`}>${text}</option>`)}`;

/** A labelled drop-down. @param id also its name */
export const selectField = (id: string, label: string, choices: Choices, chosen?: string): Html =>
  html`<label for="${id}">${label}</label><select id="${id}" name="${id}">${optionList(choices, chosen)}</select>`;

/** A labelled check box, with an explanation. @param id also its name, unless `name` is given */
export const checkField = (
  id: string,
  label: string,
  {
    name = id,
    css = '',
    help,
    checked = false,
    disabled = false,
  }: { name?: string; css?: string; help?: string; checked?: boolean; disabled?: boolean },
): Html =>
  html`<div class="check ${css}"><input type="checkbox" id="${id}" name="${name}" value="true"${checked && html` checked`}${disabled && html` disabled`}${help !== undefined && html` aria-describedby="${id}-help"`}><div><label for="${id}">${label}</label>${help !== undefined && html`<p class="help" id="${id}-help">${help}</p>`}</div></div>`;

/** The remote system's own words, which are English on every page. */
export const quote = (said: string): Html => html`<q lang="en">${said}</q>`;
export const serverSaid = ({ say }: Frame, said: string | undefined): Html | false =>
  said !== undefined && html`<p>${say('serverSaid')} ${quote(said)}</p>`;

/** "3 minutes ago", with the exact time in its title. @param at epoch milliseconds */
export function since({ language, now }: Frame, at: number): Html {
  const time = new Date(at);
  return html`<time datetime="${time.toISOString()}" title="${utc(language, time)}">${agoIn(language, at, now)}</time>`;
}

export const sinceIf = (frame: Frame, at: number | undefined): Html | undefined =>
  at === undefined ? undefined : since(frame, at);

/** In UTC, which is named; the script replaces it by the reader's own zone. */
const utc = (language: Language, time: Date): string =>
  new Intl.DateTimeFormat(language, {
    ...{ year: 'numeric', month: 'short', day: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: 'UTC', timeZoneName: 'short' },
  }).format(time);

/** @param at ISO 8601 or epoch milliseconds */
export function exactTime({ language }: Pick<Frame, 'language'>, at: string | number): Html {
  const time = new Date(at);
  return html`<time datetime="${time.toISOString()}" data-exact="1">${utc(language, time)}</time>`;
}

interface Paging {
  /** From 1. */
  at: number;
  pages: number;
  /** How many entries there are, and of what; absent when nobody counts them. */
  total?: number;
  word?: 'entries' | 'servers';
  url(page: number): string;
}

export function pager({ say, language }: Frame, { at, pages, total, word, url }: Paging): Html {
  const link = (page: number, text: string, rel: string) =>
    page >= 1 && page <= pages && html`<a class="button small" rel="${rel}" href="${url(page)}">${text}</a>`;
  return html`<div class="pager"><span class="dim">${total !== undefined && word !== undefined && countIn(language, word, total)}</span>${
    pages > 1 &&
    html`<nav class="buttons" aria-label="${say('pages')}">${link(at - 1, say('previous'), 'prev')}<span class="dim">${say('pageWord')} ${at}${total !== undefined && ` / ${pages}`}</span>${link(at + 1, say('next'), 'next')}</nav>`
  }</div>`;
}

/** A page number out of a query. */
export const pageOf = (text: string | undefined): number => {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= 1 ? number : 1;
};
