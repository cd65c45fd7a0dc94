// Two people changed one email server: who, when, which fields; and whose value of each contested field is saved. Pure.

import type { AuditEntry } from '../../domain/audit.ts';
import type { Definition } from '../api/email-servers.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import { linkTo } from './list-page.ts';
import { since } from './parts.ts';
import { labelIn } from './words-said.ts';

interface Contested {
  field: string;
  mine: unknown;
  theirs: unknown;
  /** Preselected: mine, unless only they changed the field. */
  take: 'mine' | 'theirs';
}

export interface Conflict {
  /** Newest first. */
  changes: readonly AuditEntry[];
  /** Fields that they changed and whose value differs from the one entered here. */
  contested: readonly Contested[];
}

/** Longest value in the audit log, characters. */
const LOGGED = 300;
const textOf = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/**
 * @param mine as it would be stored; undefined: it has problems, which are shown first
 * @param changes since the form was opened, newest first
 */
export function conflictOf(mine: Definition | undefined, theirs: Definition, changes: readonly AuditEntry[]): Conflict {
  // The value of a field when the form was opened: before the oldest of these changes.
  const before = new Map(changes.flatMap((entry) => entry.changes.map(({ field, from }) => [field, from] as const)));
  before.delete('password');
  if (mine === undefined) return { changes, contested: [] };
  const contested = [...before].flatMap(([field, from]): Contested[] => {
    if (JSON.stringify(mine[field]) === JSON.stringify(theirs[field])) return [];
    const untouched = from.length < LOGGED && textOf(mine[field]) === from;
    return [{ field, mine: mine[field], theirs: theirs[field], take: untouched ? 'theirs' : 'mine' }];
  });
  return { changes, contested };
}

/** The entered definition, with their values of the fields for which these were chosen. */
export function mergedWith(entered: Definition, form: URLSearchParams, theirs: Definition): Definition {
  const merged = { ...entered };
  for (const [key, choice] of form) {
    const field = /^_take\.(\w{1,100})$/.exec(key)?.[1];
    if (field === undefined || choice !== 'theirs' || field === 'password') continue;
    if (Object.hasOwn(theirs, field)) merged[field] = theirs[field];
    else delete merged[field];
  }
  return merged;
}

function shown(value: unknown): Html {
  const text = Array.isArray(value) ? value.map(String).join(', ') : textOf(value);
  return text === '' ? html`<span class="dim">–</span>` : html`<span class="wrap">${text.slice(0, LOGGED)}</span>`;
}

export function conflictNote(frame: Frame, { changes, contested }: Conflict): Html {
  const { say, language } = frame;
  const who = changes.map(
    ({ by, at, changes: fields }) =>
      html`<li><strong>${by}</strong>, ${since(frame, Date.parse(at))}: ${[...new Set(fields.map(({ field }) => labelIn(language, field)))].join(', ')}</li>`,
  );
  const choice = ({ field, take, ...values }: Contested) => {
    const option = (which: 'mine' | 'theirs') =>
      html`<label class="choice"><input type="radio" form="definition" name="_take.${field}" value="${which}"${take === which && html` checked`}> <span><strong>${say(which)}</strong> ${shown(values[which])}</span></label>`;
    return html`<fieldset class="choices"><legend>${labelIn(language, field)}</legend>${option('mine')}${option('theirs')}</fieldset>`;
  };
  return html`<div class="note bad" role="alert" tabindex="-1" autofocus><p><strong>${say('stale')}</strong></p><ul>${who}</ul></div>${
    contested.length > 0 &&
    html`<div class="card"><h2>${say('mergeTitle')}</h2><p class="help">${say('mergeHelp')}</p>${contested.map(choice)}</div>`
  }<p class="buttons"><button class="main" form="definition" name="_action" value="merge">${say(contested.length > 0 ? 'mergeSave' : 'saveAll')}</button><a class="button" href="${linkTo('edit', changes[0]?.server ?? '')}">${say('reload')}</a></p>`;
}
