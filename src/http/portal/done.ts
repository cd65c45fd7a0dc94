// The note of what was done just before, on the page that follows. It travels in the address with a proof that this session did it: somebody else's link
// notes nothing.
import { createHmac, randomBytes } from 'node:crypto';
import type { Session } from '../ports.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import type { Word } from './words.ts';

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
  'moveFlowDone',
  'bulkDone',
  'bulkPartly',
  'traceOnDone',
  'traceOffDone',
] as const satisfies readonly Word[];
export type DoneWord = (typeof DONE)[number];

export interface Done {
  what: DoneWord;
  /** Whom or what it was done to. */
  name: string;
}

type Doer = Pick<Session, 'csrf'> | undefined;

const proofOf = (doer: Doer, what: string, name: string): string =>
  createHmac('sha256', doer?.csrf ?? randomBytes(32))
    .update(JSON.stringify([what, name]))
    .digest('base64url')
    .slice(0, 22);

/** From the query of an address; undefined without a valid proof. */
export function doneOf(doer: Doer, query: Readonly<Record<string, string | undefined>>): Done | undefined {
  const { done, about: name = '', proof } = query;
  const what = DONE.find((word) => word === done);
  return what === undefined || proof !== proofOf(doer, what, name) ? undefined : { what, name };
}

export const doneUrl = (doer: Doer, path: string, what: DoneWord, name: string): string =>
  `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ done: what, about: name, proof: proofOf(doer, what, name) })}`;

/** @param next what comes after it */
export const doneNote = ({ say, done }: Frame, next?: Html): Html | false =>
  done !== undefined &&
  html`<div class="note ${done.what === 'bulkPartly' ? 'warn' : 'ok'} wrap" role="status">${say(done.what, { name: done.name })}${next !== undefined && html` ${next}`}</div>`;
