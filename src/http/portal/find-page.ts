// Find: one search box over messages and replies, and the timeline of one of them: what happened when, ids, the server's words.

import type { FastifyInstance } from 'fastify';
import type { Timeline, TimelineEvent } from '../../domain/timeline.ts';
import { type FindApi, LONGEST_QUERY } from '../api/find.ts';
import type { PortalDeps } from './deps.ts';
import { needs, queryOf, type RequestContext, send } from './gate.ts';
import { type Html, html } from './html.ts';
import { exactTime, type Frame, page, since } from './layout.ts';
import { errorIn } from './words-errors.ts';

type Answer = Awaited<ReturnType<FindApi['find']>>;

const findUrl = (query: string): string => `/portal/find?q=${encodeURIComponent(query)}`;
export const timelineUrl = (kind: 'message' | 'reply', id: string): string =>
  `/portal/timeline?kind=${kind}&id=${encodeURIComponent(id)}`;

/** The box itself, also on the overview. */
export const findBox = ({ say }: Frame, query = ''): Html =>
  html`<form method="get" action="/portal/find" role="search" class="filter bar"><div class="filter"><div><label for="find">${say('findLabel')}</label><input id="find" type="search" name="q" maxlength="${LONGEST_QUERY}" value="${query}" aria-describedby="find-help"></div><button class="plain">${say('find')}</button><p class="help" id="find-help">${say('findHelp')}</p></div></form>`;

function reachOf(frame: Frame, { reach, addressesSince }: Answer): Html {
  const { say } = frame;
  return html`<p class="dim">${say('findReach', { ...reach })}${addressesSince !== undefined && html` ${say('findSince')} ${since(frame, addressesSince)}`}</p>`;
}

function findPage(frame: Frame, query: string, answer: Answer | undefined): string {
  const { say } = frame;
  const heads = ['what', 'idHead', 'foundBy', 'server', 'when'] as const;
  const rows = answer?.results.map(
    (one) =>
      html`<tr><td data-label="${say('what')}"><div>${say(`found-${one.kind}`)}${one.state !== undefined && html` <span class="badge">${replyStateIn(frame, one.state)}</span>`}</div></td><th scope="row" class="wrap"><a href="${timelineUrl(one.kind, one.id)}">${one.id}</a></th><td data-label="${say('foundBy')}"><div>${say(`by-${one.matchedBy}`)}</div></td><td class="wrap" data-label="${say('server')}"><div>${one.server}${one.emailFlow !== undefined && html` <span class="dim">${one.emailFlow}</span>`}</div></td><td data-label="${say('when')}"><div>${since(frame, one.at)}</div></td></tr>`,
  );
  const found =
    rows === undefined
      ? html``
      : rows.length === 0
        ? html`<div class="card empty"><h2>${say('foundNothing')}</h2><p>${say('foundNothingHelp')}</p></div>`
        : html`<div class="table stack"><table class="rows" aria-label="${say('findTitle')}"><thead><tr>${heads.map((head) => html`<th scope="col">${say(head)}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
  return page(
    frame,
    say('findTitle'),
    'findTitle',
    html`<h1>${say('findTitle')}</h1><p class="lead">${say('findLead')}</p>${findBox(frame, query)}${found}${answer !== undefined && reachOf(frame, answer)}`,
  );
}

const BAD: readonly string[] = ['failed', 'bounced', 'rejected', 'quarantined'];
const WARN: readonly string[] = ['retried', 'uncertain', 'held', 'delayed', 'dropped'];

const STATES = [
  'held',
  'uncertain',
  'rejected',
  'prepared',
  'queued',
  'submitting',
  'data-begun',
  'accepted',
  'dropped',
] as const;

function replyStateIn({ say }: Frame, state: string): string {
  const known = STATES.find((one) => one === state);
  return known === undefined ? state : say(`state-${known}`);
}

function eventRow(frame: Frame, { at, step, code, said, who }: TimelineEvent): Html {
  const { say } = frame;
  const kind = BAD.includes(step) ? 'bad' : WARN.includes(step) ? 'warn' : '';
  // A code that the catalogue does not know (a reason of the quarantine) is shown without words.
  const { title, hint } = code === undefined ? { title: '', hint: '' } : errorIn(frame.language, code);
  const why = code !== undefined && html`<p><code>${code}</code>${title !== code && html` ${title}`}</p>`;
  return html`<tr><td data-label="${say('when')}"><div>${at === undefined ? '–' : exactTime(frame, at)}</div></td><th scope="row"><span class="badge ${kind}">${say(`step-of-${step}`)}</span></th><td class="wrap" data-label="${say('details')}"><div>${who !== undefined && html`<p>${who}</p>`}${why}${said !== undefined && html`<p><q>${said}</q></p>`}${hint !== '' && html`<p><strong>${say('whatToDo')}</strong> ${hint}</p>`}</div></td></tr>`;
}

function timelinePage(frame: Frame, timeline: Timeline): string {
  const { say } = frame;
  const { kind, id, events, siblings = [], to = [], conversation } = timeline;
  const fact = (word: Parameters<typeof say>[0], value: Html | string | number | undefined) =>
    value !== undefined && html`<dt>${say(word)}</dt><dd>${value}</dd>`;
  const link = (text: string) => html`<a href="${findUrl(text)}">${text}</a>`;
  const title = `${say(`found-${kind}`)} ${id}`;
  return page(
    frame,
    title,
    'findTitle',
    html`<p class="crumb"><a href="/portal/find">← ${say('findTitle')}</a></p><h1 class="wrap">${title}</h1>
<div class="card"><dl class="facts">${fact('state', kind === 'reply' ? replyStateIn(frame, timeline.state) : timeline.state)}${fact('server', timeline.server)}${fact('flow', timeline.emailFlow)}${fact('mailbox', timeline.mailbox)}${timeline.folder !== undefined && fact('message', `${timeline.folder} · UID ${timeline.uid}`)}${fact('from', timeline.from)}${to.length > 0 && fact('to', to.join(', '))}${timeline.messageId !== undefined && fact('messageIdHead', link(timeline.messageId))}${fact('serverIdHead', timeline.serverMessageId)}${conversation !== undefined && fact('conversation', link(conversation))}${fact('attempts', timeline.attempts)}${siblings.length > 0 && fact('siblings', html`${siblings.map((key) => html`<div><a href="${timelineUrl('message', key)}">${key}</a></div>`)}`)}</dl></div>
<section aria-labelledby="timeline"><h2 id="timeline">${say('timeline')}</h2><div class="table stack"><table class="rows" aria-labelledby="timeline"><thead><tr>${(['when', 'what', 'details'] as const).map((head) => html`<th scope="col">${say(head)}</th>`)}</tr></thead><tbody>${events.map((event) => eventRow(frame, event))}</tbody></table></div></section>`,
  );
}

export function addFind(
  portal: FastifyInstance,
  { operations }: Pick<PortalDeps, 'operations'>,
  requestContext: RequestContext,
): void {
  portal.get('/portal/find', needs('find:read'), async (request, reply) => {
    const query = (queryOf(request).q ?? '').slice(0, LONGEST_QUERY).trim();
    const answer = query === '' ? undefined : await operations.find(query);
    return send(reply, findPage(requestContext.frame(request), query, answer));
  });
  portal.get('/portal/timeline', needs('find:read'), async (request, reply) => {
    const { kind, id = '' } = queryOf(request);
    const timeline = await (kind === 'reply' ? operations.replyTimeline(id) : operations.messageTimeline(id));
    return send(reply, timelinePage(requestContext.frame(request), timeline));
  });
}
