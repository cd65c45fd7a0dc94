// The overview: what needs attention first, then flows with backlog, mailboxes with blind time, senders with pace.

import type { FastifyInstance } from 'fastify';
import type { Attention } from '../../domain/attention.ts';
import { type AttentionCode, attentionText, type Urgency } from '../../domain/attention-words.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import { checklist } from './connect-page.ts';
import type { Overview, PortalDeps } from './deps.ts';
import { findBox } from './find-page.ts';
import { problemsOf, stateBadge } from './findings.ts';
import { moveFlowUrl } from './flow-page.ts';
import { needs, queryOf, type RequestContext, send } from './gate.ts';
import { historyUrl } from './history-page.ts';
import { type Html, html } from './html.ts';
import { type Done, doneNote, doneOf, type Frame, frameMay, mayChange, page, since } from './layout.ts';
import { linkTo } from './list-page.ts';
import { dayMeter, minuteMeter } from './pace-view.ts';
import { type Counted, countIn, durationIn, type Word } from './words.ts';

/** Entries that need attention, before the rest is asked for. */
const ATTENTION_ROWS = 15;
/** Most rows of a kind; a whole fleet is in the list of email servers. */
const ROWS = 30;

const WATCHED = ['idle', 'connected', 'catching-up', 'paused'];

interface OverviewView {
  overview: Overview;
  done: Done | undefined;
  /** All that needs attention, not only the most urgent. */
  isWhole: boolean;
  applications: readonly string[];
}

function overviewPage(frame: Frame, { overview, done, isWhole, applications }: OverviewView): string {
  const { say, language } = frame;
  const { flows, mailboxes, senders, replicas } = overview;
  const isEmpty = mailboxes.length + senders.length + flows.length === 0;
  if (isEmpty)
    return page(
      frame,
      say('overview'),
      'overview',
      html`<h1>${say('overview')}</h1>${doneNote(frame, done)}<div data-live="overview">${checklist(frame, applications)}${overview.attention.length > 0 && attentionList(frame, overview, isWhole)}</div>`,
    );
  const number = (value: number) => new Intl.NumberFormat(language).format(value);
  const sum = (numbers: readonly (number | undefined)[]) => numbers.reduce<number>((all, one) => all + (one ?? 0), 0);
  const enabled = mailboxes.filter((view) => view.enabled);
  const watched = enabled.filter(({ live }) => WATCHED.includes(live.state)).length;
  const { held } = overview.replies;
  const tile = (count: number, word: Counted, href: string, kind = '', value = number(count)) =>
    html`<a class="tile ${kind}" href="${href}"><b>${value}</b>${countIn(language, word, count)}</a>`;
  return page(
    frame,
    say('overview'),
    'overview',
    html`<h1>${say('overview')}</h1><p class="lead">${say('overviewLead')}</p>${doneNote(frame, done)}${frameMay(frame, 'find:read') && findBox(frame)}<div data-live="overview">
<div class="tiles">
${tile(enabled.length, 'mailboxesWatched', '/portal/email-servers?show=IMAP', watched < enabled.length ? 'bad' : '', `${number(watched)} / ${number(enabled.length)}`)}
${tile(sum(flows.map(({ waiting }) => waiting)), 'waitingMessages', '#flows')}
${tile(held, 'heldTile', '/portal/replies', held > 0 ? 'warn' : '')}
${overview.quarantined !== undefined && frameMay(frame, 'quarantine:read') && tile(overview.quarantined, 'quarantinedTile', '/portal/quarantine', overview.quarantined > 0 ? 'warn' : '')}
${replicas !== undefined && html`<div class="tile ${replicas === 0 && enabled.length > 0 && 'bad'}"><b>${number(replicas)}</b>${countIn(language, 'replicasTile', replicas)}</div>`}
</div>
${attentionList(frame, overview, isWhole)}
${flowTable(frame, flows)}
${mailboxTable(frame, mailboxes)}
${senderTable(frame, senders)}
</div>`,
  );
}

const KINDS: Readonly<Record<Urgency, string>> = { now: 'bad', soon: 'warn', note: '' };

/** What it is about: a server with its state, an email flow, or all of Mailroom. */
function subjectOf(frame: Frame, { server, emailFlow }: Attention, view: EmailServerView | undefined): Html {
  if (view !== undefined) return html`${nameOf(view)} ${stateBadge(frame, view.live.state)}`;
  return html`${server ?? emailFlow ?? 'Mailroom'}`;
}

/** Pages that not everybody may open. */
const LINK_NEEDS = [
  ['/portal/quarantine', 'quarantine:read'],
  ['/portal/dead-letters', 'dead-letters:read'],
] as const;

function attentionNote(frame: Frame, { code, urgency, parameters, since: at, link }: Attention): Html {
  const { title, hint } = attentionText(code, parameters, frame.language);
  const needed = LINK_NEEDS.find(([path]) => link.startsWith(path))?.[1];
  const isOpen = needed === undefined || frameMay(frame, needed);
  return html`<div class="note ${KINDS[urgency]} wrap"><strong>${title}</strong> <span>${hint}${at !== undefined && html` ${frame.say('since')}: ${since(frame, at)}`}${isOpen && link !== '/portal' && html` <a href="${link}" aria-label="${frame.say('open')}: ${title}">${frame.say('open')}</a>`}</span></div>`;
}

/** The problems of a server are shown in full with its first entry. */
function itemOf(
  frame: Frame,
  one: Attention,
  view: EmailServerView | undefined,
  isFirst: boolean,
): { item?: Html; isDetail: boolean } {
  const details = view === undefined ? [] : problemsOf(frame, view);
  const { code, reason, pausedBy } = view?.live ?? {};
  // A state without a reason is told by its own words.
  const isTold =
    !OF_STATE.includes(one.code) || [code, reason, pausedBy].some((text) => text !== undefined && text !== '');
  const isDetail = details.length > 0 && IN_DETAILS.includes(one.code) && isTold;
  if (isDetail && !isFirst) return { isDetail };
  const item = html`<li><div class="wrap">${subjectOf(frame, one, view)}</div><div>${isDetail ? details : attentionNote(frame, one)}</div></li>`;
  return { item, isDetail };
}

const OF_STATE: readonly AttentionCode[] = [
  ...(['MAILBOX_NOT_WATCHED', 'FETCHING_PAUSED', 'SIGN_IN_NEEDED', 'SMTP_PAUSED', 'SMTP_RETRYING'] as const),
];

/** Of these the server's own problems say more: fields, the server's words, the next try. */
const IN_DETAILS: readonly AttentionCode[] = [
  ...(['SERVER_INVALID', 'SERVER_WARNING', 'CREDENTIAL_ENDS'] as const),
  ...OF_STATE,
];

function attentionList(frame: Frame, overview: Overview, isWhole: boolean): Html {
  const { say } = frame;
  const views = new Map([...overview.mailboxes, ...overview.senders].map((view) => [view.name, view]));
  if (overview.attention.length === 0)
    return views.size === 0 ? html`` : html`<section><p class="note ok">✓ ${say('allWell')}</p></section>`;
  const detailed = new Set<string>();
  const items = overview.attention.flatMap((one) => {
    const view = one.server === undefined ? undefined : views.get(one.server);
    const { item, isDetail } = itemOf(frame, one, view, !detailed.has(one.server ?? ''));
    if (one.server !== undefined && isDetail) detailed.add(one.server);
    return item === undefined ? [] : [item];
  });
  const shown = isWhole ? items : items.slice(0, ATTENTION_ROWS);
  return html`<section aria-labelledby="attention"><h2 id="attention">${say('attention')}</h2><div class="card attention"><ul>
${shown}${items.length > shown.length && html`<li><a href="/portal?all=true#attention">${countIn(frame.language, 'more', items.length - shown.length)}</a></li>`}</ul></div></section>`;
}

/** Leads to what it does right now. */
function stateLink(frame: Frame, { valid, name, live }: EmailServerView): Html {
  const badge = stateBadge(frame, live.state);
  return valid ? html`<a href="${linkTo('status', name)}" title="${frame.say('serverStatus')}">${badge}</a>` : badge;
}

const nameOf = (view: EmailServerView): Html => html`<a href="${linkTo('edit', view.name)}">${view.name}</a>`;

function table(frame: Frame, id: Word, heads: readonly Word[], rows: readonly Html[], all: string): Html {
  const { say } = frame;
  const shown = rows.slice(0, ROWS);
  const head = html`<section aria-labelledby="${id}"><h2 id="${id}">${say(id)}</h2>`;
  if (rows.length === 0) return html`${head}<div class="card dim">${say('nothing')}</div></section>`;
  return html`${head}<div class="table stack"><table class="rows w-${id}" aria-labelledby="${id}"><thead><tr>${heads.map((word) => html`<th scope="col">${say(word)}</th>`)}</tr></thead><tbody>${shown}</tbody></table></div>${rows.length > shown.length && html`<p><a href="${all}">${countIn(frame.language, 'more', rows.length - shown.length)}</a></p>`}</section>`;
}

/** A flow whose server is gone: what waits in it can be moved. */
const fedByNobody = (frame: Frame, { emailFlow, waiting }: Overview['flows'][number]): Html =>
  html`<span class="badge warn">${frame.say('noServer')}</span>${waiting > 0 && mayChange(frame) && html` <a class="button small" href="${moveFlowUrl(emailFlow)}" aria-label="${frame.say('moveFlow')}: ${emailFlow}">${frame.say('moveFlow')}</a>`}`;

function flowTable(frame: Frame, flows: Overview['flows']): Html {
  const { say, language } = frame;
  const rows = flows.map(
    (flow) =>
      html`<tr><th scope="row" class="wrap"><a href="${historyUrl(`flow:${flow.emailFlow}`)}" title="${say('historyTitle')}">${flow.emailFlow}</a></th><td data-label="${say('waiting')}"><div>${new Intl.NumberFormat(language).format(flow.waiting)}</div></td><td data-label="${say('oldest')}"><div>${flow.oldestAt === undefined ? '–' : since(frame, flow.oldestAt)}</div></td><td data-label="${say('consumers')}"><div>${flow.consumers ?? '–'}</div></td><td class="wrap" data-label="${say('fedBy')}"><div>${flow.servers.join(', ') || fedByNobody(frame, flow)}</div></td></tr>`,
  );
  return table(
    frame,
    'flows',
    ['flow', 'waiting', 'oldest', 'consumers', 'fedBy'],
    rows,
    '/portal/email-servers?show=IMAP',
  );
}

function mailboxTable(frame: Frame, mailboxes: readonly EmailServerView[]): Html {
  const { say } = frame;
  const rows = mailboxes.map(
    ({ live, ...view }) =>
      html`<tr><th scope="row" class="wrap">${nameOf({ live, ...view })}</th><td class="wrap" data-label="${say('mailbox')}"><div>${String(view.definition.user ?? '')}</div></td><td data-label="${say('state')}"><div>${stateLink(frame, { live, ...view })}</div></td><td data-label="${say('lastMessage')}"><div>${live.lastMessageAt === undefined ? '–' : since(frame, live.lastMessageAt)}</div></td><td data-label="${say('lastProven')}"><div>${live.lastProvenAt === undefined ? '–' : since(frame, live.lastProvenAt)}</div></td><td data-label="${say('blind')}" title="${say('blindHelp')}"><div>${live.blindSeconds === undefined ? '–' : durationIn(frame.language, live.blindSeconds)}</div></td></tr>`,
  );
  const heads = ['name', 'mailbox', 'state', 'lastMessage', 'lastProven', 'blind'] as const;
  return table(frame, 'mailboxes', heads, rows, '/portal/email-servers?show=IMAP');
}

function senderTable(frame: Frame, senders: readonly EmailServerView[]): Html {
  const { say } = frame;
  const rows = senders.map(({ live, ...view }) => {
    const held = live.held ?? 0;
    return html`<tr><th scope="row" class="wrap">${nameOf({ live, ...view })}</th><td class="wrap" data-label="User"><div>${String(view.definition.user ?? '')}</div></td><td data-label="${say('state')}"><div>${stateLink(frame, { live, ...view })}</div></td><td data-label="${say('waiting')}"><div>${live.waiting ?? 0}</div></td><td data-label="${say('heldShort')}"><div>${held > 0 ? html`<a href="/portal/replies">${held}</a>` : 0}</div></td><td data-label="${say('paceMinute')}"><div>${minuteMeter(frame, live.pace)}</div></td><td data-label="${say('paceDay')}"><div>${dayMeter(frame, live.pace)}</div></td></tr>`;
  });
  const heads = ['name', 'userHead', 'state', 'waiting', 'heldShort', 'paceMinute', 'paceDay'] as const;
  return table(frame, 'senders', heads, rows, '/portal/email-servers?show=SMTP');
}

export function addOverview(
  portal: FastifyInstance,
  { overview, applications }: Pick<PortalDeps, 'overview' | 'applications'>,
  requestContext: RequestContext,
): void {
  portal.get('/portal', needs('email-servers:read'), async (request, reply) => {
    const query = queryOf(request);
    const done = doneOf(requestContext.session(request), query);
    const view = { overview: await overview(), done, isWhole: query.all === 'true', applications: applications() };
    return send(reply, overviewPage(requestContext.frame(request), view));
  });
}
