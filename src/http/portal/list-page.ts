// Email → Email servers: the list with live state, problems and their remedies, search, filter and pages; and the actions enable, disable, pause,
// resume, delete.

import { MailroomError } from '../../domain/errors.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import type { Consequences, PortalDeps } from './deps.ts';
import { type Done, doneNote } from './done.ts';
import { hasProblem, problemsOf, stateBadge } from './findings.ts';
import { LIST, type Query, type Routes, serverNamed } from './gate.ts';
import { type Html, html } from './html.ts';
import { askPage, type Frame, frameMay, mayChange, page } from './layout.ts';
import { csrfField, emptyCard, pageOf, pager, selectField, sinceIf } from './parts.ts';
import { type Column, table } from './table.ts';

/** Keeps a page with its assets under 100 KB. */
const PER_PAGE = 25;

function matches(view: EmailServerView, { search = '', show }: Query): boolean {
  const { definition } = view;
  const { host, user, emailFlow, additionalEmailFromAddresses } = definition;
  const text = [view.name, host, user, emailFlow, additionalEmailFromAddresses].flat().join('\n').toLowerCase();
  if (
    !search
      .trim()
      .toLowerCase()
      .split(/\s+/)
      .every((word) => text.includes(word))
  )
    return false;
  if (show === 'problems') return hasProblem(view);
  if (show === 'disabled') return !view.enabled;
  return show === 'IMAP' || show === 'SMTP' ? view.serverType === show : true;
}

export const linkTo = (action: string, name: string): string => `${LIST}/${action}?name=${encodeURIComponent(name)}`;

/** URL of a row's button. All rows share one form; one per row would make the page larger. */
const actionOf = (action: string, { name, revision }: EmailServerView): string =>
  `${linkTo(action, name)}${revision === undefined ? '' : `&revision=${revision}`}`;

function menu(frame: Frame, view: EmailServerView): Html | false {
  const { say } = frame;
  const { name } = view;
  const smtp = view.serverType === 'SMTP' && view.valid && view.enabled;
  const items = [
    view.valid && frameMay(frame, 'email-servers:test') && html`<a href="${linkTo('test', name)}">${say('test')}</a>`,
    smtp &&
      frameMay(frame, 'email-servers:pause') &&
      (view.live.pausedBy === undefined
        ? html`<a href="${linkTo('pause', name)}">${say('pause')}</a>`
        : html`<button form="act" formaction="${linkTo('resume', name)}">${say('resume')}</button>`),
    view.valid && html`<a href="${linkTo('status', name)}">${say('serverStatus')}</a>`,
    html`<a href="${linkTo('edit', name)}">${say(mayChange(frame) && view.editable ? 'edit' : 'view')}</a>`,
    mayChange(frame) && view.valid && html`<a href="${LIST}/new?from=${encodeURIComponent(name)}">${say('copy')}</a>`,
    mayChange(frame) && view.editable && html`<a class="bad" href="${linkTo('delete', name)}">${say('delete')}</a>`,
  ];
  return html`<details class="menu"><summary aria-label="${say('actions')}: ${name}">⋯</summary><div>${items}</div></details>`;
}

function columnsOf(frame: Frame): Column<EmailServerView>[] {
  const { say } = frame;
  const toggle = (view: EmailServerView) =>
    html`<button class="switch" role="switch" aria-checked="${view.enabled ? 'true' : 'false'}" aria-label="${say('enabled')}: ${view.name}" form="act" formaction="${actionOf(view.enabled ? 'disable' : 'enable', view)}"></button>`;
  return [
    {
      word: 'name',
      width: 16,
      css: 'has-menu',
      isName: true,
      cell: ({ name, source }) =>
        html`<a href="${linkTo('edit', name)}">${name}</a>${source === 'file' && html` <span class="badge tag" title="${say('readOnly')}">${say('fromFile')}</span>`}`,
    },
    { word: 'type', width: 6, cell: ({ serverType }) => serverType },
    {
      word: 'hostAndUser',
      width: 18,
      cell: ({ definition: { host, port, user } }) =>
        html`${String(host ?? '–')}<span class="dim">${port !== undefined && `:${String(port)}`}</span><div class="dim">${String(user ?? '')}</div>`,
    },
    {
      word: 'flowOrFrom',
      width: 18,
      cell: ({ serverType, definition: { emailFlow, additionalEmailFromAddresses } }) =>
        serverType === 'IMAP'
          ? String(emailFlow ?? '')
          : shortList([additionalEmailFromAddresses ?? []].flat().map(String)),
    },
    {
      word: 'enabled',
      width: 8,
      cell: (view) =>
        mayChange(frame) && view.editable && view.valid ? toggle(view) : say(view.enabled ? 'yes' : 'no'),
    },
    { word: 'state', width: 14, cell: ({ live }) => stateBadge(frame, live.state) },
    { word: 'lastMessage', width: 8, css: 'dim', cell: ({ live }) => sinceIf(frame, live.lastMessageAt) },
    { word: 'lastProven', width: 8, css: 'dim', cell: ({ live }) => sinceIf(frame, live.lastProvenAt) },
    { css: 'actions', cell: (view) => menu(frame, view) },
  ];
}

/** The first three, and the number of the rest. */
const shortList = (all: readonly string[]): Html | false =>
  all.length > 0 &&
  html`${all.slice(0, 3).map((one) => html`<div>${one}</div>`)}${all.length > 3 && html`<div class="dim" title="${all.slice(3).join(', ')}">+ ${all.length - 3}</div>`}`;

function empty(frame: Frame, any: boolean): Html {
  const { say } = frame;
  if (!any)
    return emptyCard(say('noServers'), html`<p>${say('noServersHelp')}</p>${mayChange(frame) && addButtons(frame)}`);
  const showAll = html`<div class="buttons"><a class="button" href="${LIST}">${say('showAll')}</a></div>`;
  return emptyCard(say('noneMatches'), html`<p>${say('noneMatchesHelp')}</p>${showAll}`);
}

const addButtons = ({ say }: Frame): Html =>
  html`<div class="buttons"><a class="button main" href="/portal/connect">${say('connect')}</a><a class="button" href="${LIST}/new?type=IMAP">${say('addImap')}</a><a class="button" href="${LIST}/new?type=SMTP">${say('addSmtp')}</a></div>`;

/** The next step after a server was saved or signed in. */
function nextStep({ say }: Frame, all: readonly EmailServerView[], done: Done | undefined): Html | undefined {
  const view = all.find(({ name }) => name === done?.name);
  if (view === undefined || !view.valid || (done?.what !== 'saved' && done?.what !== 'signedInDone')) return undefined;
  const unsigned =
    view.definition.signIn === 'delegated' && done.what === 'saved' && view.live.lastProvenAt === undefined;
  const [href, text] = unsigned
    ? [linkTo('edit', view.name), say('consent')]
    : view.findings.some(({ code }) => code === 'SHARED_ADDRESS_NOT_PERMITTED')
      ? [`${LIST}/new?type=SMTP`, say('nextSmtp')]
      : [linkTo('test', view.name), say('test')];
  return html`${say('nextStep')} <a href="${href}">${text}</a>`;
}

function listPage(frame: Frame, all: readonly EmailServerView[], query: Query): string {
  const { say } = frame;
  const { search = '', show = '' } = query;
  const found = all.filter((view) => matches(view, query));
  const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
  const at = Math.min(pageOf(query.page), pages);
  const entries = found.slice((at - 1) * PER_PAGE, at * PER_PAGE);
  const shows = [
    ['', say('all')],
    ['IMAP', 'IMAP'],
    ['SMTP', 'SMTP'],
    ['problems', say('onlyProblems')],
    ['disabled', say('disabled')],
  ] as const;
  const url = (number: number) => `${LIST}?${new URLSearchParams({ search, show, page: String(number) })}`;
  return page(
    frame,
    say('emailServers'),
    'emailServers',
    html`
<div class="bar"><div><h1>${say('emailServers')}</h1><p class="lead">${say('emailServersLead')}</p></div>${mayChange(frame) && all.length > 0 && addButtons(frame)}</div>
${doneNote(frame, nextStep(frame, all, frame.done))}
${
  all.length > 0 &&
  html`<form method="get" role="search" class="filter bar" data-filter="1"><div class="filter">
<div><label for="search">${say('search')}</label><input id="search" type="search" name="search" value="${search}" placeholder="${say('searchHelp')}"></div>
<div>${selectField('show', say('filter'), shows, show)}</div>
<noscript><button class="plain">${say('apply')}</button></noscript></div></form>`
}
<form id="act" method="post">${csrfField(frame)}</form>
<div data-live="list">${
      entries.length === 0
        ? empty(frame, all.length > 0)
        : html`${table(frame, { label: say('emailServers'), columns: columnsOf(frame), entries, more: (view) => problemsOf(frame, view) })}
${pager(frame, { at, pages, total: found.length, word: 'servers', url })}`
    }</div>`,
  );
}

/** What stops; a disabled or invalid server stops nothing. */
function consequenceList({ say }: Frame, view: EmailServerView, { flows, addresses, waiting }: Consequences): Html {
  const user = String(view.definition.user ?? '');
  const stops = view.valid && view.enabled;
  return html`<p>${say('deleteStops')}</p><ul>
${!view.valid && html`<li>${say('stopsNothing')}</li>`}${view.valid && !view.enabled && html`<li>${say('stopsNothingDisabled')}</li>`}
${stops && view.serverType === 'IMAP' && html`<li class="wrap">${say('stopsMailbox')} <strong>${user}</strong></li>`}
${flows.map(({ emailFlow, servers }) => html`<li class="wrap">${servers.length > 0 ? say('stopsFlowOthers', { flow: emailFlow, servers: servers.join(', ') }) : html`${say('stopsFlow')} <strong>${emailFlow}</strong>`}</li>`)}
${stops && view.serverType === 'SMTP' && html`<li>${say('stopsReplies')}</li>`}
${addresses.length > 0 && html`<li class="wrap">${say('stopsAddresses')} <strong>${addresses.join(', ')}</strong></li>`}
${waiting > 0 && html`<li>${say('stopsWaiting')} <strong>${waiting}</strong></li>`}
</ul>`;
}

function endPage(
  frame: Frame,
  view: EmailServerView,
  consequences: Consequences,
  action: 'delete' | 'disable',
): string {
  const { say } = frame;
  const user = String(view.definition.user ?? '');
  const body = html`<p class="wrap"><strong>${view.name}</strong> <span class="dim">${view.serverType ?? say('invalid')} · ${user}</span></p>
${consequenceList(frame, view, consequences)}<p>${say(`${action}Keeps`)}</p>`;
  const { name, revision } = view;
  return askPage(frame, {
    title: say(`${action}Ask`),
    current: 'emailServers',
    body,
    action: action === 'delete' ? `${LIST}/delete` : actionOf('disable', view),
    fields: action === 'delete' ? { name, revision } : { _asked: '1' },
    yes: say(action),
    danger: action === 'delete',
    back: LIST,
  });
}

function pausePage(frame: Frame, view: EmailServerView): string {
  const { say } = frame;
  return askPage(frame, {
    title: say('pauseAsk'),
    current: 'emailServers',
    body: html`<p class="wrap"><strong>${view.name}</strong> <span class="dim">${String(view.definition.user ?? '')}</span></p><p>${say('pauseWhat', { count: frame.number(view.live.waiting ?? 0) })}</p>`,
    action: linkTo('pause', view.name),
    fields: {},
    yes: say('pause'),
    danger: false,
    back: LIST,
  });
}

export function addList(
  { get, post }: Routes,
  { servers, operations, consequences }: Pick<PortalDeps, 'servers' | 'operations' | 'consequences'>,
): void {
  get(LIST, 'email-servers:read', async ({ frame, query }) => listPage(frame, await servers.list(), query));
  post(`${LIST}/enable`, 'email-servers:write', async ({ query: { name = '', revision = '' }, by, done }) => {
    await servers.setEnabled(name, revision, true, by);
    return done(LIST, 'enabledDone', name);
  });
  post(`${LIST}/disable`, 'email-servers:write', async ({ frame, form, query, by, done }) => {
    const { name = '', revision = '' } = query;
    if (form.get('_asked') !== '1') {
      const view = await serverNamed(servers, name);
      return endPage(frame, view, await consequences(view.name), 'disable');
    }
    await servers.setEnabled(name, revision, false, by);
    return done(LIST, 'disabledDone', name);
  });
  get(`${LIST}/pause`, 'email-servers:pause', async ({ frame, query }) =>
    pausePage(frame, await serverNamed(servers, query.name)),
  );
  for (const action of ['pause', 'resume'] as const)
    post(`${LIST}/${action}`, 'email-servers:pause', async ({ query, by, done }) => {
      const { name } = await operations[action](query.name ?? '', by);
      return done(LIST, action === 'pause' ? 'pausedDone' : 'resumedDone', name);
    });
  get(`${LIST}/delete`, 'email-servers:write', async ({ frame, query }) => {
    const view = await serverNamed(servers, query.name);
    if (!view.editable) throw new MailroomError('EMAIL_SERVER_READ_ONLY');
    return endPage(frame, view, await consequences(view.name), 'delete');
  });
  post(`${LIST}/delete`, 'email-servers:write', async ({ form, by, done }) => {
    const name = form.get('name') ?? '';
    await servers.remove(name, form.get('revision') ?? '', by);
    return done(LIST, 'deleted', name);
  });
}
