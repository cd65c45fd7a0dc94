// The overview: what needs attention, then flows with their backlog, mailboxes with unmonitored time, senders with their pace.

import type { Attention } from '../../domain/attention.ts';
import { type AttentionCode, attentionText, type Urgency } from '../../domain/attention-words.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import { checklist } from './connect-page.ts';
import type { Overview, PortalDeps } from './deps.ts';
import { doneNote } from './done.ts';
import { findBox } from './find-page.ts';
import { dayMeter, minuteMeter, problemsOf, stateBadge } from './findings.ts';
import { moveFlowUrl } from './flow-page.ts';
import { LIST, type Routes } from './gate.ts';
import { historyUrl } from './history-page.ts';
import { type Html, html } from './html.ts';
import { type Frame, frameMay, mayChange, page } from './layout.ts';
import { linkTo } from './list-page.ts';
import { exactTime, section, sinceIf } from './parts.ts';
import { type Column, table } from './table.ts';
import { type Counted, countIn, durationIn, type Word } from './words.ts';

/** Entries that need attention, shown at first. */
const ATTENTION_ROWS = 15;
/** Rows of each table; the list of email servers has all. */
const ROWS = 30;

const WATCHED = ['idle', 'connected', 'catching-up', 'paused'];

interface OverviewView {
  overview: Overview;
  /** All that needs attention, not only the most urgent. */
  isWhole: boolean;
  applications: readonly string[];
}

function overviewPage(frame: Frame, { overview, isWhole, applications }: OverviewView): string {
  const { say } = frame;
  const { flows, mailboxes, senders, attention } = overview;
  const isEmpty = mailboxes.length + senders.length + flows.length === 0;
  const parts = isEmpty
    ? html`${checklist(frame, applications)}${attention.length > 0 && attentionList(frame, overview, isWhole)}`
    : html`${tiles(frame, overview)}
${attentionList(frame, overview, isWhole)}
${flowTable(frame, flows)}
${mailboxTable(frame, mailboxes)}
${senderTable(frame, senders)}`;
  return page(
    frame,
    say('overview'),
    'overview',
    html`<h1>${say('overview')}</h1>${!isEmpty && html`<p class="lead">${say('overviewLead')}</p>`}${doneNote(frame)}${!isEmpty && frameMay(frame, 'find:read') && findBox(frame)}<div data-live="overview">
${parts}
</div>`,
  );
}

function tiles(frame: Frame, { flows, mailboxes, replies: { held }, quarantined, replicas }: Overview): Html {
  const { language, number } = frame;
  const enabled = mailboxes.filter((view) => view.enabled);
  const watched = enabled.filter(({ live }) => WATCHED.includes(live.state)).length;
  const waiting = flows.reduce((sum, flow) => sum + flow.waiting, 0);
  const tile = (count: number, word: Counted, href: string, kind: string | false = '', value = number(count)) =>
    html`<a class="tile ${kind}" href="${href}"><b>${value}</b>${countIn(language, word, count)}</a>`;
  return html`<div class="tiles">
${tile(enabled.length, 'mailboxesWatched', `${LIST}?show=IMAP`, watched < enabled.length && 'bad', `${number(watched)} / ${number(enabled.length)}`)}
${tile(waiting, 'waitingMessages', '#flows')}
${tile(held, 'heldTile', '/portal/replies', held > 0 && 'warn')}
${frameMay(frame, 'quarantine:read') && tile(quarantined, 'quarantinedTile', '/portal/quarantine', quarantined > 0 && 'warn')}
<div class="tile ${replicas === 0 && enabled.length > 0 && 'bad'}"><b>${number(replicas)}</b>${countIn(language, 'replicasTile', replicas)}</div>
</div>`;
}

const KINDS: Readonly<Record<Urgency, string>> = { now: 'bad', soon: 'warn', note: '' };

/** The subject of an entry: a server with its state, an email flow, or Mailroom as a whole. */
function subjectOf(frame: Frame, { server, emailFlow }: Attention, view: EmailServerView | undefined): Html {
  if (view !== undefined) return html`${nameOf(view)} ${stateBadge(frame, view.live.state)}`;
  return html`${server ?? emailFlow ?? 'Mailroom'}`;
}

/** Pages that need a permission. */
const LINK_NEEDS = [
  ['/portal/quarantine', 'quarantine:read'],
  ['/portal/dead-letters', 'dead-letters:read'],
] as const;

function attentionNote(frame: Frame, { code, urgency, parameters, since: at, link }: Attention): Html {
  const { title, hint } = attentionText(code, parameters, frame.language);
  const needed = LINK_NEEDS.find(([path]) => link.startsWith(path))?.[1];
  const isOpen = needed === undefined || frameMay(frame, needed);
  return html`<div class="note ${KINDS[urgency]} wrap"><strong>${title}</strong> <span>${hint}${at !== undefined && html` ${frame.say('since')} ${exactTime(frame, at)}.`}${isOpen && link !== '/portal' && html` <a href="${link}" aria-label="${frame.say('open')}: ${title}">${frame.say('open')}</a>`}</span></div>`;
}

/** The first entry of a server shows all its problems; later ones that add nothing are omitted. */
function itemOf(
  frame: Frame,
  one: Attention,
  view: EmailServerView | undefined,
  isFirst: boolean,
): { item?: Html; isDetail: boolean } {
  const details = view === undefined ? [] : problemsOf(frame, view);
  const { code, reason, pausedBy } = view?.live ?? {};
  // A state without a reason is described by its own words.
  const isExplained =
    !OF_STATE.includes(one.code) || [code, reason, pausedBy].some((text) => text !== undefined && text !== '');
  const isDetail = details.length > 0 && IN_DETAILS.includes(one.code) && isExplained;
  if (isDetail && !isFirst) return { isDetail };
  const item = html`<li><div class="wrap">${subjectOf(frame, one, view)}</div><div>${isDetail ? details : attentionNote(frame, one)}</div></li>`;
  return { item, isDetail };
}

const OF_STATE: readonly AttentionCode[] = [
  ...(['MAILBOX_NOT_WATCHED', 'FETCHING_PAUSED', 'SIGN_IN_NEEDED', 'SMTP_PAUSED', 'SMTP_RETRYING'] as const),
];

/** For these the server's problems are shown instead: they have fields, the remote words and the next attempt. */
const IN_DETAILS: readonly AttentionCode[] = [
  ...(['SERVER_INVALID', 'SERVER_WARNING', 'CREDENTIAL_ENDS'] as const),
  ...OF_STATE,
];

function attentionList(frame: Frame, overview: Overview, isWhole: boolean): Html {
  const { say } = frame;
  const views = new Map([...overview.mailboxes, ...overview.senders].map((view) => [view.name, view]));
  if (overview.attention.length === 0)
    return html`${views.size > 0 && html`<section><p class="note ok">✓ ${say('allWell')}</p></section>`}`;
  const detailed = new Set<string>();
  const items = overview.attention.flatMap((one) => {
    const view = one.server === undefined ? undefined : views.get(one.server);
    const { item, isDetail } = itemOf(frame, one, view, !detailed.has(one.server ?? ''));
    if (one.server !== undefined && isDetail) detailed.add(one.server);
    return item === undefined ? [] : [item];
  });
  const shown = isWhole ? items : items.slice(0, ATTENTION_ROWS);
  const rest = items.length - shown.length;
  const list = html`<div class="card attention"><ul>
${shown}${rest > 0 && html`<li><a href="/portal?all=true#attention">${countIn(frame.language, 'more', rest)}</a></li>`}</ul></div>`;
  return section('attention', say('attention'), list);
}

/** The state, as a link to the server's page. */
function stateLink(frame: Frame, { valid, name, live }: EmailServerView): Html {
  const badge = stateBadge(frame, live.state);
  return valid ? html`<a href="${linkTo('status', name)}" title="${frame.say('serverStatus')}">${badge}</a>` : badge;
}

const nameOf = (view: EmailServerView): Html => html`<a href="${linkTo('edit', view.name)}">${view.name}</a>`;

/** @param all where the rest is listed */
function topRows<T>(frame: Frame, id: Word, columns: readonly Column<T>[], entries: readonly T[], all: string): Html {
  const title = frame.say(id);
  if (entries.length === 0) return section(id, title, html`<div class="card dim">${frame.say('nothing')}</div>`);
  const rest = entries.length - ROWS;
  return section(
    id,
    title,
    html`${table(frame, { label: { id }, columns, entries: entries.slice(0, ROWS) })}${rest > 0 && html`<p><a href="${all}">${countIn(frame.language, 'more', rest)}</a></p>`}`,
  );
}

/** For a flow without a server: its messages can be moved. */
const fedByNobody = (frame: Frame, { emailFlow, waiting }: Overview['flows'][number]): Html =>
  html`<span class="badge warn">${frame.say('noServer')}</span>${waiting > 0 && mayChange(frame) && html` <a class="button small" href="${moveFlowUrl(emailFlow)}" aria-label="${frame.say('moveFlow')}: ${emailFlow}">${frame.say('moveFlow')}</a>`}`;

function flowTable(frame: Frame, flows: Overview['flows']): Html {
  const { say, number } = frame;
  const columns: Column<Overview['flows'][number]>[] = [
    {
      word: 'flow',
      width: 28,
      isName: true,
      cell: ({ emailFlow }) =>
        html`<a href="${historyUrl(`flow:${emailFlow}`)}" title="${say('historyTitle')}">${emailFlow}</a>`,
    },
    { word: 'waiting', width: 12, cell: ({ waiting }) => number(waiting) },
    { word: 'oldest', width: 12, cell: ({ oldestAt }) => sinceIf(frame, oldestAt) },
    { word: 'consumers', width: 12, cell: ({ consumers }) => consumers },
    { word: 'fedBy', cell: (flow) => flow.servers.join(', ') || fedByNobody(frame, flow) },
  ];
  return topRows(frame, 'flows', columns, flows, `${LIST}?show=IMAP`);
}

function mailboxTable(frame: Frame, mailboxes: readonly EmailServerView[]): Html {
  const columns: Column<EmailServerView>[] = [
    { word: 'name', width: 28, isName: true, cell: nameOf },
    { word: 'mailbox', width: 20, cell: ({ definition: { user } }) => String(user ?? '') },
    { word: 'state', width: 16, cell: (view) => stateLink(frame, view) },
    { word: 'lastMessage', cell: ({ live }) => sinceIf(frame, live.lastMessageAt) },
    { word: 'lastProven', cell: ({ live }) => sinceIf(frame, live.lastProvenAt) },
    {
      word: 'blind',
      cell: ({ live: { blindSeconds } }) =>
        blindSeconds !== undefined &&
        html`<span title="${frame.say('blindHelp')}">${durationIn(frame.language, blindSeconds)}</span>`,
    },
  ];
  return topRows(frame, 'mailboxes', columns, mailboxes, `${LIST}?show=IMAP`);
}

function senderTable(frame: Frame, senders: readonly EmailServerView[]): Html {
  const columns: Column<EmailServerView>[] = [
    { word: 'name', width: 16, isName: true, cell: nameOf },
    { word: 'userHead', width: 18, cell: ({ definition: { user } }) => String(user ?? '') },
    { word: 'state', width: 14, cell: (view) => stateLink(frame, view) },
    { word: 'waiting', width: 8, cell: ({ live }) => live.waiting ?? 0 },
    {
      word: 'state-held',
      width: 12,
      cell: ({ live: { held = 0 } }) => (held > 0 ? html`<a href="/portal/replies">${held}</a>` : held),
    },
    { word: 'paceMinute', width: 16, cell: ({ live }) => minuteMeter(frame, live.pace) },
    { word: 'paceDay', cell: ({ live }) => dayMeter(frame, live.pace) },
  ];
  return topRows(frame, 'senders', columns, senders, `${LIST}?show=SMTP`);
}

export function addOverview(
  { get }: Routes,
  { overview, applications }: Pick<PortalDeps, 'overview' | 'applications'>,
): void {
  get('/portal', 'email-servers:read', async ({ frame, query: { all } }) =>
    overviewPage(frame, { overview: await overview(), isWhole: all === 'true', applications: applications() }),
  );
}
