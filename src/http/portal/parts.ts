// Small parts that several pages share: times, notes of what was done, pages of a long list, masked addresses. Pure.
import { createHmac, randomBytes } from 'node:crypto';
import type { Session } from './deps.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import { agoIn, type Word } from './words.ts';
import { countIn } from './words-counted.ts';

/** What was done just before, told on the page that follows. */
export interface Done {
  what: Word;
  /** Whom or what it was done to. */
  name: string;
}

const DONE = [
  'saved',
  'deleted',
  'enabledDone',
  'disabledDone',
  'signedInDone',
  'pausedDone',
  'resumedDone',
  'releasedDone',
  'droppedDone',
  'enqueueDone',
  'acceptDone',
] as const satisfies readonly Word[];

/** Who is told: what this session did, and nothing that somebody else's link says. */
type Teller = Pick<Session, 'csrf'> | undefined;

const proofOf = (teller: Teller, what: string, name: string): string =>
  createHmac('sha256', teller?.csrf ?? randomBytes(32))
    .update(JSON.stringify([what, name]))
    .digest('base64url')
    .slice(0, 22);

/** Reads it from the query; what this session did not do is nothing. */
export function doneOf(teller: Teller, query: Readonly<Record<string, string | undefined>>): Done | undefined {
  const { done, about: name = '', proof } = query;
  const what = DONE.find((word) => word === done);
  return what === undefined || proof !== proofOf(teller, what, name) ? undefined : { what, name };
}

export const doneUrl = (teller: Teller, path: string, what: (typeof DONE)[number], name: string): string =>
  `${path}?${new URLSearchParams({ done: what, about: name, proof: proofOf(teller, what, name) })}`;

export const doneNote = ({ say }: Frame, done: Done | undefined): Html | false =>
  done !== undefined && html`<div class="note ok wrap" role="status">${say(done.what, { name: done.name })}</div>`;

/** "3 minutes ago", with the exact time for who wants it. @param at epoch milliseconds */
export function since({ language, now }: Frame, at: number): Html {
  const time = new Date(at);
  const exact = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(time);
  return html`<time datetime="${time.toISOString()}" title="${exact}">${agoIn(language, at, now)}</time>`;
}

interface Paging {
  /** From 1. */
  at: number;
  pages: number;
  /** How many there are, and of what; left out when nobody counts them. */
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
