// Decisions on many entries of a list, with one confirmation that counts: on those that are marked, or on all that the filter shows.
import { type Html, html } from './html.ts';
import { askPage, csrfField, type Frame } from './layout.ts';

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
  for (const outcome of ['done', 'about', 'proof']) query.delete(outcome);
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
  /** Fields to fill in. */
  form?: Html;
  current: Parameters<typeof askPage>[1]['current'];
  action: string;
  danger: boolean;
}

/** The one confirmation, which counts. */
export function bulkPage(
  frame: Frame,
  { bulk, count, act, what, form, current, action, danger }: BulkQuestion,
): string {
  const { say, language } = frame;
  const shown = new Intl.NumberFormat(language).format(count);
  return askPage(frame, {
    title: say('bulkAsk', { act, count: shown }),
    current,
    body: what,
    form: html`${bulkFields(bulk, bulk.asked)}${form}`,
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
