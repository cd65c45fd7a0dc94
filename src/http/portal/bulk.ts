// Decisions on many entries of a list, with one confirmation that counts them: on those that are marked, or on all that the filter shows.
import type { Permission } from '../../domain/access.ts';
import { MailroomError } from '../../domain/errors.ts';
import { filterIn, type ListFilter } from './filter.ts';
import { type Routes, seeOther } from './gate.ts';
import { type Html, html } from './html.ts';
import { askPage, type Frame } from './layout.ts';
import { csrfField, hiddenField } from './parts.ts';
import type { Word } from './words.ts';

/** Entries that one confirmation decides on at most. */
export const MOST_AT_ONCE = 1_000;

export type BulkAct = readonly [act: string, text: string];

/** Box of one entry of the list. */
export const bulkBox = ({ say }: Frame, value: string, name: string): Html =>
  html`<input type="checkbox" name="id" value="${value}" form="bulk" aria-label="${say('select')}: ${name}"> `;

interface BulkBar {
  /** Path of the confirmation and of the decision. */
  action: string;
  /** Path and query of this list. */
  back: string;
  acts: readonly BulkAct[];
  /** All that the filter shows. */
  total: number;
}

/** Under a list: what to do with those that are marked, or with all that the filter shows. */
export function bulkBar(frame: Frame, { action, back, acts, total }: BulkBar): Html {
  const { say, number } = frame;
  const buttons = (scope: 'marked' | 'all') =>
    acts.map(([act, text]) => html`<button class="plain small" name="act" value="${act}:${scope}">${text}</button>`);
  return html`<form id="bulk" method="post" action="${action}" class="card">${csrfField(frame)}${hiddenField('back', back)}<p class="buttons"><span>${say('bulkMarked')}</span>${buttons('marked')}</p><p class="buttons"><span>${say('bulkAll', { count: number(Math.min(total, MOST_AT_ONCE)) })}</span>${buttons('all')}</p></form>`;
}

interface Bulk {
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

interface Question {
  /** What is done to each. */
  act: string;
  /** What that means. */
  what: Html;
  danger: boolean;
  /** Fields to fill in. */
  fields?: Html | false;
}

/** The one confirmation, which counts. */
function bulkPage(frame: Frame, bulk: Bulk, current: Word, action: string, count: number, question: Question): string {
  const { act, scope, ids, back, asked } = bulk;
  const shown = frame.number(count);
  return askPage(frame, {
    title: frame.say('bulkAsk', { act: question.act, count: shown }),
    current,
    body: question.what,
    form: html`${scope === 'marked' && ids.map((id) => hiddenField('id', id))}${question.fields}`,
    action,
    fields: { act: `${act}:${scope}`, back, confirmed: 'true', asked: String(asked) },
    yes: `${question.act} (${shown})`,
    danger: question.danger,
    back,
  });
}

interface BulkRoute<A extends string> {
  /** Of the list. */
  path: string;
  current: Word;
  access: Permission;
  acts: readonly A[];
  /** Ids of all that fit the filter, {@link MOST_AT_ONCE} at most. @param until epoch ms, included */
  idsOf(filter: ListFilter, until: number): Promise<readonly string[]>;
  question(frame: Frame, act: A): Question;
  /** @param form with the fields of the question */
  decide(act: A, id: string, by: string, form: URLSearchParams): Promise<unknown>;
}

/** Asks once, with the number of entries, then decides on them. */
export function addBulk<A extends string>(
  { post }: Routes,
  { path, current, access, acts, idsOf, question, decide }: BulkRoute<A>,
): void {
  const action = `${path}/bulk`;
  post(action, access, async ({ form, frame, reply, by, done }) => {
    const bulk = bulkOf(form, path);
    const act = acts.find((one) => one === bulk.act);
    if (act === undefined) throw new MailroomError('HTTP_NOT_FOUND');
    const ids = bulk.scope === 'all' ? await idsOf(filterIn(bulk.back), bulk.asked) : bulk.ids;
    if (ids.length === 0) return seeOther(reply, bulk.back);
    if (!bulk.confirmed) return bulkPage(frame, bulk, current, action, ids.length, question(frame, act));
    const count = await decideAll(ids, (id) => decide(act, id, by, form));
    return done(bulk.back, count < ids.length ? 'bulkPartly' : 'bulkDone', `${count} / ${ids.length}`);
  });
}

const AT_ONCE = 8;

/** @returns how many succeeded; one that fails stops no other */
export async function decideAll(ids: readonly string[], decide: (id: string) => Promise<unknown>): Promise<number> {
  const rest = ids.values();
  let done = 0;
  const work = async () => {
    for (const id of rest)
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
