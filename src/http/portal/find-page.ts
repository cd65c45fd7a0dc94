// Find: one search over messages and replies, and the timeline of one of them.

import type { Timeline, TimelineEvent } from '../../domain/timeline.ts';
import { trimInvisible } from '../../lib/text.ts';
import { type FindApi, LONGEST_QUERY } from '../api/find.ts';
import type { PortalDeps } from './deps.ts';
import { oneAddress } from './form.ts';
import type { Routes } from './gate.ts';
import { type Html, html } from './html.ts';
import { type Frame, page } from './layout.ts';
import { crumb, emptyCard, exactTime, factList, section, since } from './parts.ts';
import { type Column, table } from './table.ts';
import { wordOf } from './words.ts';
import { errorIn } from './words-errors.ts';

type Answer = Awaited<ReturnType<FindApi['find']>>;

const findUrl = (query: string): string => `/portal/find?q=${encodeURIComponent(query)}`;
export const timelineUrl = (kind: 'message' | 'reply', id: string): string =>
  `/portal/timeline?kind=${kind}&id=${encodeURIComponent(id)}`;

/** The search form, also on the overview. */
export const findBox = ({ say }: Frame, query = ''): Html =>
  html`<form method="get" action="/portal/find" role="search" class="filter bar"><div class="filter"><div><label for="find">${say('findLabel')}</label><input id="find" type="search" name="q" maxlength="${LONGEST_QUERY}" value="${query}" aria-describedby="find-help"></div><button class="plain">${say('find')}</button><p class="help" id="find-help">${say('findHelp')}</p></div></form>`;

function reachOf(frame: Frame, { reach, addressesSince }: Answer): Html {
  const { say } = frame;
  return html`<p class="dim">${say('findReach', { ...reach })}${addressesSince !== undefined && html` ${say('findSince')} ${since(frame, addressesSince)}`}</p>`;
}

function findPage(frame: Frame, query: string, answer: Answer | undefined): string {
  const { say } = frame;
  return page(
    frame,
    say('findTitle'),
    'findTitle',
    html`<h1>${say('findTitle')}</h1><p class="lead">${say('findLead')}</p>${findBox(frame, query)}${answer !== undefined && html`${resultsOf(frame, answer)}${reachOf(frame, answer)}`}`,
  );
}

function resultsOf(frame: Frame, { results }: Answer): Html {
  const { say } = frame;
  if (results.length === 0) return emptyCard(say('foundNothing'), html`<p>${say('foundNothingHelp')}</p>`);
  const columns: Column<Answer['results'][number]>[] = [
    {
      word: 'what',
      cell: ({ kind, state }) =>
        html`${say(`found-${kind}`)}${state !== undefined && html` <span class="badge">${replyStateIn(frame, state)}</span>`}`,
    },
    { word: 'idHead', isName: true, cell: ({ kind, id }) => html`<a href="${timelineUrl(kind, id)}">${id}</a>` },
    { word: 'foundBy', cell: ({ matchedBy }) => say(`by-${matchedBy}`) },
    {
      word: 'server',
      cell: ({ server, emailFlow }) =>
        html`${server}${emailFlow !== undefined && html` <span class="dim">${emailFlow}</span>`}`,
    },
    { word: 'when', cell: ({ at }) => since(frame, at) },
  ];
  return table(frame, { label: say('findTitle'), columns, entries: results });
}

const BAD: readonly string[] = ['failed', 'bounced', 'rejected', 'quarantined'];
const WARN: readonly string[] = ['retried', 'uncertain', 'held', 'delayed', 'dropped'];

function replyStateIn({ say }: Frame, state: string): string {
  const word = wordOf(`state-${state}`);
  return word === undefined ? state : say(word);
}

const eventColumns = (frame: Frame): Column<TimelineEvent>[] => [
  { word: 'when', width: 'time', cell: ({ at }) => (at === undefined ? undefined : exactTime(frame, at)) },
  {
    word: 'what',
    isName: true,
    cell: ({ step }) =>
      html`<span class="badge ${BAD.includes(step) ? 'bad' : WARN.includes(step) && 'warn'}">${frame.say(`step-of-${step}`)}</span>`,
  },
  { word: 'details', cell: (event) => detailsOf(frame, event) },
];

function detailsOf({ say, language }: Frame, { code, said, who }: TimelineEvent): Html {
  // A code that the catalogue does not know (a reason of the quarantine) is shown without words.
  const { title, hint } = errorIn(language, code ?? '');
  const why = code !== undefined && html`<p><code>${code}</code>${title !== code && html` ${title}`}</p>`;
  return html`${who !== undefined && html`<p>${who}</p>`}${why}${said !== undefined && html`<p><q>${said}</q></p>`}${hint !== '' && html`<p><strong>${say('whatToDo')}</strong> ${hint}</p>`}`;
}

function timelinePage(frame: Frame, timeline: Timeline): string {
  const { say } = frame;
  const { kind, id, events, siblings = [], to = [], conversation, folder, messageId } = timeline;
  const link = (text: string | undefined) => text !== undefined && html`<a href="${findUrl(text)}">${text}</a>`;
  const title = `${say(`found-${kind}`)} ${id}`;
  const facts = factList(frame, [
    ['state', kind === 'reply' ? replyStateIn(frame, timeline.state) : timeline.state],
    ['server', timeline.server],
    ['flow', timeline.emailFlow],
    ['mailbox', timeline.mailbox],
    ['message', folder !== undefined && `${folder} · UID ${timeline.uid}`],
    ['from', timeline.from],
    ['to', to.length > 0 && to.join(', ')],
    ['by-messageId', link(messageId)],
    ['serverIdHead', timeline.serverMessageId],
    ['by-conversation', link(conversation)],
    ['attempts', timeline.attempts],
    [
      'siblings',
      siblings.length > 0 &&
        html`${siblings.map((key) => html`<div><a href="${timelineUrl('message', key)}">${key}</a></div>`)}`,
    ],
  ]);
  const rows = table(frame, { label: { id: 'timeline' }, columns: eventColumns(frame), entries: events });
  return page(
    frame,
    title,
    'findTitle',
    html`${crumb('/portal/find', say('findTitle'))}<h1 class="wrap">${title}</h1>
<div class="card">${facts}</div>
${section('timeline', say('timeline'), rows)}`,
  );
}

export function addFind({ get }: Routes, { operations }: Pick<PortalDeps, 'operations'>): void {
  get('/portal/find', 'find:read', async ({ frame, query: { q = '' } }) => {
    const text = trimInvisible(q.slice(0, LONGEST_QUERY));
    // A pasted recipient; a Message-ID in angle brackets has no name.
    const query = /\s</.test(text) ? oneAddress(text).address : text;
    return findPage(frame, query, query === '' ? undefined : await operations.find(query));
  });
  get('/portal/timeline', 'find:read', async ({ frame, query: { kind, id = '' } }) =>
    timelinePage(frame, await (kind === 'reply' ? operations.replyTimeline(id) : operations.messageTimeline(id))),
  );
}
