// Replies that wait for a person, are in doubt, or have failed: what is known of each, without subject and text; release and drop ask first.

import type { FastifyInstance } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import { masked, maskedText } from '../masked.ts';
import type { ListPage, ReplyFilter } from '../ports.ts';
import { type Bulk, backOf, bulkBar, bulkBox, bulkOf, bulkPage, decideAll, MOST_AT_ONCE } from './bulk.ts';
import type { PortalDeps, PortalReply } from './deps.ts';
import {
  type Column,
  filterFor,
  filterForm,
  filterIn,
  isNarrow,
  type ListFilter,
  listRangeOf,
  lookedAtNote,
  pageAt,
  queryText,
  sortHeads,
} from './filter.ts';
import { timelineUrl } from './find-page.ts';
import { namesOf } from './findings.ts';
import { formOf, needs, queryOf, type RequestContext, seeOther, send } from './gate.ts';
import { type Html, html } from './html.ts';
import {
  askPage,
  type Done,
  doneNote,
  doneOf,
  doneUrl,
  type Frame,
  frameMay,
  page,
  pageOf,
  pager,
  since,
} from './layout.ts';
import { countIn, type Word } from './words.ts';
import { errorIn } from './words-errors.ts';

const REPLIES_PER_PAGE = 20;

type State = PortalReply['state'];

/** Those that a person looks at come first. */
const TABS = ['held', 'uncertain', 'rejected', 'prepared', 'queued', 'accepted', 'dropped'] as const;
type Tab = (typeof TABS)[number];

const EMPTY: Readonly<Partial<Record<Tab, readonly [Word, Word]>>> = {
  held: ['noneHeld', 'noneHeldHelp'],
  uncertain: ['noneUncertain', 'noneUncertainHelp'],
  rejected: ['noneRejected', 'noneRejectedHelp'],
};

const PATH = '/portal/replies';
const tabOf = (text: string | undefined): Tab => TABS.find((state) => state === text) ?? 'held';

/** As the journal's index takes it. */
const wantedOf = (filter: ListFilter): ReplyFilter => ({
  ...listRangeOf(filter),
  ...(filter.server === '' ? {} : { server: filter.server }),
  ...(filter.code === '' ? {} : { code: filter.code }),
  ...(filter.person === '' ? {} : { person: filter.person }),
});

const COLUMNS: readonly Column[] = [
  { word: 'replyId', by: 'reply' },
  { word: 'server', by: 'server' },
  { word: 'to', by: 'to' },
  { word: 'since', by: 'when' },
  { word: 'handedIn', by: 'received' },
  { word: 'errorCode', by: 'code' },
];

interface RepliesView {
  tab: Tab;
  counts: Readonly<Record<State, number>>;
  filter: ListFilter;
  servers: readonly string[];
  replies: ListPage<Shown>;
  /** From 1. */
  at: number;
  done: Done | undefined;
}

function nothingOf({ say }: Frame, tab: Tab, filter: ListFilter): Html {
  const [title, help] = isNarrow(filter) ? [] : (EMPTY[tab] ?? []);
  return html`<div class="card empty"><h2>${say(title ?? (isNarrow(filter) ? 'noMatch' : 'nothing'))}</h2>${help !== undefined && html`<p>${say(help)}</p>`}</div>`;
}

function repliesPage(frame: Frame, view: RepliesView): string {
  const { tab, counts, filter, servers, at, done } = view;
  const { entries, total, lookedAt } = view.replies;
  const { say, language } = frame;
  const number = new Intl.NumberFormat(language);
  const pages = Math.max(1, Math.ceil(total / REPLIES_PER_PAGE));
  const url = (next: number) => `${PATH}?${queryText(filter, { state: tab, page: String(next) })}`;
  const canDecide = tab === 'held' && frameMay(frame, 'replies:release') && total > 0;
  const acts = [['release', say('release')] as const, ['drop', say('drop')] as const];
  return page(
    frame,
    say('repliesTitle'),
    'repliesTitle',
    html`<h1>${say('repliesTitle')}</h1><p class="lead">${say('repliesLead')}</p>${doneNote(frame, done)}
<ul class="tabs" data-live="tabs">${TABS.map((state) => html`<li><a href="${PATH}?${queryText(filter, { state })}"${state === tab && html` aria-current="page"`}>${say(`state-${state}`)} (${number.format(counts[state])})</a></li>`)}</ul>
${filterForm(frame, { filter, state: tab, servers, codeLabel: 'errorCode', columns: COLUMNS, ...(frameMay(frame, 'addresses:read') && { person: 'to' }) })}${lookedAtNote(frame, lookedAt)}<div data-live="replies">
${
  entries.length === 0
    ? nothingOf(frame, tab, filter)
    : html`<div class="table stack"><table class="w-replies" aria-label="${say('repliesTitle')}"><thead><tr>${sortHeads(frame, filter, COLUMNS, (next) => `${PATH}?${queryText(next, { state: tab })}`)}<th scope="col"><span class="hidden">${say('actions')}</span></th></tr></thead>
${entries.map((reply) => row(frame, reply, canDecide, url(at)))}</table></div>${pager(frame, { at, pages, total, word: 'entries', url })}`
}${canDecide && bulkBar(frame, { action: `${PATH}/bulk`, back: url(at), acts, total })}</div>`,
  );
}

/** A reply with what the placeholders of a hint mean at its server. */
type Shown = PortalReply & { names?: Readonly<Record<string, unknown>> };

function recipientsOf(frame: Frame, { to }: Shown): string {
  const recipients = frameMay(frame, 'addresses:read') ? to : to.map(masked);
  return recipients.length > 4
    ? `${recipients.slice(0, 3).join(', ')} + ${countIn(frame.language, 'more', recipients.length - 3)}`
    : recipients.join(', ') || '–';
}

/** Why, and what to do; who answered in Outlook. */
function reasonOf(frame: Frame, reply: Shown): Html {
  const { say, language } = frame;
  const { failure } = reply;
  if (failure === undefined) return answeredBy(frame, reply) || html``;
  const { title, hint } = errorIn(language, failure.code, { ...reply.names, from: reply.from });
  const said =
    failure.said === undefined || frameMay(frame, 'addresses:read') ? failure.said : maskedText(failure.said);
  return html`<dt>${say('reason')}</dt><dd class="wide"><strong>${title}</strong> ${hint} <code>${failure.code}</code>${said !== undefined && html` <q>${said}</q>`}</dd>${answeredBy(frame, reply)}`;
}

function facts(frame: Frame, reply: Shown): Html {
  const { say } = frame;
  return html`<dl class="facts"><dt>${say('server')}</dt><dd>${reply.server}</dd><dt>${say('from')}</dt><dd>${reply.from ?? '–'}</dd><dt>${say('to')}</dt><dd>${recipientsOf(frame, reply)}</dd><dt>${say('since')}</dt><dd>${since(frame, reply.stateAt)}</dd><dt>${say('handedIn')}</dt><dd>${since(frame, reply.createdAt)}</dd><dt>${say('attempts')}</dt><dd>${reply.attempts}</dd>${reasonOf(frame, reply)}</dl>`;
}

/** Who, where a mail in Sent tells it, and when. */
function answeredBy(frame: Frame, { answeredElsewhere: answered }: PortalReply): Html | false {
  const { say } = frame;
  if (answered === undefined) return false;
  const who = answered.who === undefined ? say('unknownColleague') : answered.who;
  const shown = frameMay(frame, 'addresses:read') || answered.who === undefined ? who : masked(who);
  return html`<dt>${say('answeredBy')}</dt><dd>${shown}${answered.at !== undefined && html`, ${since(frame, Date.parse(answered.at))}`}</dd>`;
}

function evidence(frame: Frame, { evidence: lines }: PortalReply): Html {
  if (lines.length === 0) return html`<p class="dim">${frame.say('noEvidence')}</p>`;
  const shown = frameMay(frame, 'addresses:read') ? lines : lines.map(maskedText);
  return html`<ol class="fix mono">${shown.map((line) => html`<li class="wrap">${line}</li>`)}</ol>`;
}

/** @param back path and query of the list */
function row(frame: Frame, reply: Shown, canMark: boolean, back: string): Html {
  const { say } = frame;
  const { replyId, state, server, from, failure } = reply;
  const decide = (action: 'release' | 'drop') =>
    html`<a class="button small" href="${PATH}/${action}?id=${encodeURIComponent(replyId)}&back=${encodeURIComponent(back)}" aria-label="${say(action)}: ${replyId}">${say(action)}</a>`;
  const id = html`<code>${replyId}</code>`;
  const reason = reasonOf(frame, reply);
  const more = html`${reason.text !== '' && html`<dl class="facts">${reason}</dl>`}<details><summary>${say('evidence')}</summary>${evidence(frame, reply)}</details>`;
  return html`<tbody><tr class="with-more"><th scope="row" class="wrap">${canMark && bulkBox(replyId, `${say('select')}: ${replyId}`)} ${frameMay(frame, 'find:read') ? html`<a href="${timelineUrl('reply', replyId)}">${id}</a>` : id}</th>
<td class="wrap" data-label="${say('server')}"><div>${server}<div class="dim">${from ?? ''}</div></div></td><td class="wrap" data-label="${say('to')}"><div>${recipientsOf(frame, reply)}</div></td><td data-label="${say('since')}"><div>${since(frame, reply.stateAt)}</div></td><td data-label="${say('handedIn')}"><div>${since(frame, reply.createdAt)}<div class="dim">${say('attempts')}: ${reply.attempts}</div></div></td><td class="wrap${failure === undefined && ' none'}" data-label="${say('errorCode')}"><div>${failure === undefined ? '–' : html`<code>${failure.code}</code>`}</div></td><td>${state === 'held' && frameMay(frame, 'replies:release') && html`<div class="buttons">${decide('release')}${decide('drop')}</div>`}</td></tr><tr class="more"><td colspan="7">${more}</td></tr></tbody>`;
}

function bulkDecidePage(frame: Frame, bulk: Bulk, act: 'release' | 'drop', count: number): string {
  const { say } = frame;
  return bulkPage(frame, {
    ...{ bulk, count, act: say(act), current: 'repliesTitle', action: `${PATH}/bulk`, danger: act === 'drop' },
    what: html`<p class="note warn">${say(`${act}What`)}</p>`,
  });
}

function decidePage(frame: Frame, reply: Shown, action: 'release' | 'drop', back: string): string {
  const { say } = frame;
  return askPage(frame, {
    title: say(action === 'release' ? 'releaseAsk' : 'dropAsk'),
    current: 'repliesTitle',
    body: html`<p class="note warn">${say(action === 'release' ? 'releaseWhat' : 'dropWhat')}</p><p class="wrap"><code>${reply.replyId}</code></p>${facts(frame, reply)}<h2>${say('evidence')}</h2>${evidence(frame, reply)}`,
    action: `/portal/replies/${action}`,
    fields: { id: reply.replyId, back },
    yes: say(action),
    danger: action === 'drop',
    back,
  });
}

export function addReplies(
  portal: FastifyInstance,
  { replies, servers }: Pick<PortalDeps, 'replies' | 'servers'>,
  requestContext: RequestContext,
): void {
  async function held(replyId: string) {
    const reply = await replies.read(replyId);
    if (reply === undefined) throw new MailroomError('REPLY_UNKNOWN');
    if (reply.state !== 'held') throw new MailroomError('REPLY_NOT_HELD');
    return named([reply], await servers.list())[0] ?? reply;
  }

  function named(all: readonly PortalReply[], views: readonly EmailServerView[]): Shown[] {
    const names = new Map(views.map((view) => [view.name, namesOf(view)]));
    // Of a server that is gone the reply itself tells the name.
    return all.map((one) => ({ ...one, names: names.get(one.server) ?? { server: one.server, user: one.from } }));
  }

  portal.get(PATH, needs('replies:read'), async (request, reply) => {
    const query = queryOf(request);
    const tab = tabOf(query.state);
    const filter = filterFor(requestContext.frame(request), query);
    const [counts, views, { at, ...found }] = await Promise.all([
      replies.counts(),
      servers.list(),
      pageAt(pageOf(query.page), REPLIES_PER_PAGE, (page) => replies.list(tab, wantedOf(filter), page)),
    ]);
    const names = views.filter(({ serverType }) => serverType === 'SMTP').map(({ name }) => name);
    const done = doneOf(requestContext.session(request), query);
    const shown = { ...found, entries: named(found.entries, views) };
    const view = { tab, counts, filter, servers: names, replies: shown, at, done };
    return send(reply, repliesPage(requestContext.frame(request), view));
  });
  for (const action of ['release', 'drop'] as const) {
    portal.get(`${PATH}/${action}`, needs('replies:release'), async (request, reply) => {
      const { id = '', back } = queryOf(request);
      return send(reply, decidePage(requestContext.frame(request), await held(id), action, backOf(back, PATH)));
    });
    portal.post(`${PATH}/${action}`, needs('replies:release'), async (request, reply) => {
      const form = formOf(request);
      const { replyId } = await replies[action](form.get('id') ?? '', requestContext.who(request));
      const what = action === 'release' ? 'releasedDone' : 'droppedDone';
      return seeOther(reply, doneUrl(requestContext.session(request), backOf(form.get('back'), PATH), what, replyId));
    });
  }
  portal.post(`${PATH}/bulk`, needs('replies:release'), async (request, reply) => {
    const bulk = bulkOf(formOf(request), PATH);
    const { act, scope, back, asked } = bulk;
    if (act !== 'release' && act !== 'drop') throw new MailroomError('HTTP_NOT_FOUND');
    const { to = asked, ...wanted } = wantedOf(filterIn(back));
    const all = () => replies.ids('held', { ...wanted, to: Math.min(to, asked) }, MOST_AT_ONCE);
    const ids = scope === 'all' ? await all() : bulk.ids;
    if (ids.length === 0) return seeOther(reply, back);
    if (!bulk.confirmed) return send(reply, bulkDecidePage(requestContext.frame(request), bulk, act, ids.length));
    const by = requestContext.who(request);
    const count = await decideAll(ids, (id) => replies[act](id, by));
    return seeOther(reply, doneUrl(requestContext.session(request), back, 'bulkDone', `${count} / ${ids.length}`));
  });
}
