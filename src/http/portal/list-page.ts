// Email → Email servers: the list with live state, problems with what to do, search, filter, pages; and what is done from it: enable, disable,
// pause, resume, delete.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MailroomError } from '../../domain/errors.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import type { Consequences, PortalDeps } from './deps.ts';
import { hasProblem, problemsOf, stateBadge } from './findings.ts';
import { formOf, LIST, needs, queryOf, type RequestContext, seeOther, send } from './gate.ts';
import { type Html, html } from './html.ts';
import {
  askPage,
  csrfField,
  type Done,
  doneNote,
  doneOf,
  doneUrl,
  type Frame,
  frameMay,
  mayChange,
  page,
  pageOf,
  pager,
  since,
} from './layout.ts';

interface ListQuery {
  search: string;
  show: string;
  /** From 1. */
  page: number;
  done: Done | undefined;
}

/** Keeps a page with its assets under 100 KB. */
const PER_PAGE = 25;

function matches(view: EmailServerView, { search, show }: ListQuery): boolean {
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

export const linkTo = (action: string, name: string): string =>
  `/portal/email-servers/${action}?name=${encodeURIComponent(name)}`;

/** A button of the page's one form: the address names the server, so that a row stays small. */
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
    mayChange(frame) &&
      view.valid &&
      html`<a href="/portal/email-servers/new?from=${encodeURIComponent(name)}">${say('copy')}</a>`,
    mayChange(frame) && view.editable && html`<a class="bad" href="${linkTo('delete', name)}">${say('delete')}</a>`,
  ];
  return html`<details class="menu"><summary aria-label="${say('actions')}: ${name}">⋯</summary><div>${items}</div></details>`;
}

function row(frame: Frame, view: EmailServerView): Html {
  const { say } = frame;
  const { definition, live, name } = view;
  const addresses = [definition.additionalEmailFromAddresses ?? []].flat().map(String);
  const canSwitch = mayChange(frame) && view.editable && view.valid;
  const problems = problemsOf(frame, view);
  const toggle = html`<button class="switch" role="switch" aria-checked="${view.enabled ? 'true' : 'false'}" aria-label="${say('enabled')}: ${name}" form="act" formaction="${actionOf(view.enabled ? 'disable' : 'enable', view)}"></button>`;
  return html`<tbody><tr${problems.length > 0 && html` class="with-more"`}>
<th scope="row" class="wrap has-menu"><a href="${linkTo('edit', name)}">${name}</a>${view.source === 'file' && html` <span class="badge tag" title="${say('readOnly')}">${say('fromFile')}</span>`}</th>
<td data-label="${say('type')}">${view.serverType ?? '–'}</td>
<td class="wrap" data-label="Host / User"><div>${String(definition.host ?? '–')}<span class="dim">${definition.port !== undefined && `:${String(definition.port)}`}</span></div><div class="dim">${String(definition.user ?? '')}</div></td>
<td class="wrap" data-label="${say('flowOrFrom')}"><div>${view.serverType === 'IMAP' ? String(definition.emailFlow ?? '') : shortList(addresses)}</div></td>
<td data-label="${say('enabled')}"><div>${canSwitch ? toggle : say(view.enabled ? 'yes' : 'no')}</div></td>
<td data-label="${say('state')}"><div>${stateBadge(frame, live.state)}</div></td>
<td class="dim" data-label="${say('lastMessage')}"><div>${live.lastMessageAt === undefined ? '–' : since(frame, live.lastMessageAt)}</div></td>
<td class="${live.lastProvenAt === undefined ? 'dim none' : 'dim'}" data-label="${say('lastProven')}"><div>${live.lastProvenAt === undefined ? '–' : since(frame, live.lastProvenAt)}</div></td>
<td class="actions">${menu(frame, view)}</td></tr>${problems.length > 0 && html`<tr class="more"><td colspan="9">${problems}</td></tr>`}</tbody>`;
}

/** The first three, and how many there are besides. */
const shortList = (all: readonly string[]): Html[] => [
  ...all.slice(0, 3).map((one) => html`<div>${one}</div>`),
  ...(all.length > 3 ? [html`<div class="dim" title="${all.slice(3).join(', ')}">+ ${all.length - 3}</div>`] : []),
];

function empty(frame: Frame, any: boolean): Html {
  const { say } = frame;
  if (any)
    return html`<div class="card empty"><h2>${say('noneMatches')}</h2><p>${say('noneMatchesHelp')}</p><div class="buttons"><a class="button" href="/portal/email-servers">${say('showAll')}</a></div></div>`;
  return html`<div class="card empty"><h2>${say('noServers')}</h2><p>${say('noServersHelp')}</p>${mayChange(frame) && addButtons(frame)}</div>`;
}

const addButtons = ({ say }: Frame): Html =>
  html`<div class="buttons"><a class="button main" href="/portal/connect">${say('connect')}</a><a class="button" href="/portal/email-servers/new?type=IMAP">${say('addImap')}</a><a class="button" href="/portal/email-servers/new?type=SMTP">${say('addSmtp')}</a></div>`;

/** What comes after a server was saved or signed in for. */
function nextStep({ say }: Frame, all: readonly EmailServerView[], done: Done | undefined): Html | undefined {
  const view = all.find(({ name }) => name === done?.name);
  if (view === undefined || !view.valid || (done?.what !== 'saved' && done?.what !== 'signedInDone')) return undefined;
  const unsigned =
    view.definition.signIn === 'delegated' && done.what === 'saved' && view.live.lastProvenAt === undefined;
  const [href, text] = unsigned
    ? [linkTo('edit', view.name), say('consent')]
    : view.findings.some(({ code }) => code === 'SHARED_ADDRESS_NOT_PERMITTED')
      ? ['/portal/email-servers/new?type=SMTP', say('nextSmtp')]
      : [linkTo('test', view.name), say('test')];
  return html`${say('nextStep')} <a href="${href}">${text}</a>`;
}

function listPage(frame: Frame, all: readonly EmailServerView[], query: ListQuery): string {
  const { say } = frame;
  const found = all.filter((view) => matches(view, query));
  const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
  const at = Math.min(query.page, pages);
  const views = found.slice((at - 1) * PER_PAGE, at * PER_PAGE);
  const option = (value: string, text: string) =>
    html`<option value="${value}"${query.show === value && html` selected`}>${text}</option>`;
  const heads = ['name', 'type', 'Host / User', 'flowOrFrom', 'enabled', 'state', 'lastMessage', 'lastProven'] as const;
  return page(
    frame,
    say('emailServers'),
    'emailServers',
    html`
<div class="bar"><div><h1>${say('emailServers')}</h1><p class="lead">${say('emailServersLead')}</p></div>${mayChange(frame) && all.length > 0 && addButtons(frame)}</div>
${doneNote(frame, query.done, nextStep(frame, all, query.done))}
${
  all.length > 0 &&
  html`<form method="get" role="search" class="filter bar" data-filter="1"><div class="filter">
<div><label for="search">${say('search')}</label><input id="search" type="search" name="search" value="${query.search}" placeholder="${say('searchHelp')}"></div>
<div><label for="show">${say('filter')}</label><select id="show" name="show">${option('', say('all'))}${option('IMAP', 'IMAP')}${option('SMTP', 'SMTP')}${option('problems', say('onlyProblems'))}${option('disabled', say('onlyDisabled'))}</select></div>
<noscript><button class="plain">${say('apply')}</button></noscript></div></form>`
}
<form id="act" method="post">${csrfField(frame)}</form>
<div data-live="list">${
      views.length === 0
        ? empty(frame, all.length > 0)
        : html`<div class="table stack"><table class="w-servers"><thead><tr>${heads.map((head) => html`<th scope="col">${head === 'Host / User' ? head : say(head)}</th>`)}<th scope="col"><span class="hidden">${say('actions')}</span></th></tr></thead>
${views.map((view) => row(frame, view))}</table></div>
${pager(frame, { at, pages, total: found.length, word: 'servers', url: (number) => `/portal/email-servers?${new URLSearchParams({ search: query.search, show: query.show, page: String(number) })}` })}`
    }</div>`,
  );
}

/** What really ends: of a disabled or invalid server nothing does. */
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
${consequenceList(frame, view, consequences)}<p>${say(action === 'delete' ? 'deleteKeeps' : 'disableKeeps')}</p>`;
  const { name, revision } = view;
  return askPage(frame, {
    title: say(action === 'delete' ? 'deleteAsk' : 'disableAsk'),
    current: 'emailServers',
    body,
    action: action === 'delete' ? '/portal/email-servers/delete' : actionOf('disable', view),
    fields: action === 'delete' ? { name, revision } : { _asked: '1' },
    yes: say(action),
    danger: action === 'delete',
    back: '/portal/email-servers',
  });
}

function pausePage(frame: Frame, view: EmailServerView): string {
  const { say } = frame;
  return askPage(frame, {
    title: say('pauseAsk'),
    current: 'emailServers',
    body: html`<p class="wrap"><strong>${view.name}</strong> <span class="dim">${String(view.definition.user ?? '')}</span></p><p>${say('pauseWhat', { count: new Intl.NumberFormat(frame.language).format(view.live.waiting ?? 0) })}</p>`,
    action: linkTo('pause', view.name),
    fields: {},
    yes: say('pause'),
    danger: false,
    back: '/portal/email-servers',
  });
}

export function addList(
  portal: FastifyInstance,
  { servers, operations, consequences }: Pick<PortalDeps, 'servers' | 'operations' | 'consequences'>,
  requestContext: RequestContext,
): void {
  const nameOf = (request: FastifyRequest): string => queryOf(request).name ?? '';
  async function asked(request: FastifyRequest) {
    const view = await servers.get(nameOf(request));
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    return view;
  }

  portal.get(LIST, needs('email-servers:read'), async (request, reply) => {
    const query = queryOf(request);
    const { search = '', show = '' } = query;
    const asked = { search, show, page: pageOf(query.page), done: doneOf(requestContext.session(request), query) };
    return send(reply, listPage(requestContext.frame(request), await servers.list(), asked));
  });
  for (const enabled of [true, false]) {
    portal.post(`${LIST}/${enabled ? 'enable' : 'disable'}`, needs('email-servers:write'), async (request, reply) => {
      const name = nameOf(request);
      if (!enabled && formOf(request).get('_asked') !== '1') {
        const view = await asked(request);
        return send(reply, endPage(requestContext.frame(request), view, await consequences(view.name), 'disable'));
      }
      await servers.setEnabled(name, queryOf(request).revision ?? '', enabled, requestContext.who(request));
      return seeOther(
        reply,
        doneUrl(requestContext.session(request), LIST, enabled ? 'enabledDone' : 'disabledDone', name),
      );
    });
  }
  portal.get(`${LIST}/pause`, needs('email-servers:pause'), async (request, reply) =>
    send(reply, pausePage(requestContext.frame(request), await asked(request))),
  );
  for (const action of ['pause', 'resume'] as const) {
    portal.post(`${LIST}/${action}`, needs('email-servers:pause'), async (request, reply) => {
      const { name } = await operations[action](nameOf(request), requestContext.who(request));
      return seeOther(
        reply,
        doneUrl(requestContext.session(request), LIST, action === 'pause' ? 'pausedDone' : 'resumedDone', name),
      );
    });
  }
  portal.get(`${LIST}/delete`, needs('email-servers:write'), async (request, reply) => {
    const view = await asked(request);
    if (!view.editable) throw new MailroomError('EMAIL_SERVER_READ_ONLY');
    return send(reply, endPage(requestContext.frame(request), view, await consequences(view.name), 'delete'));
  });
  portal.post(`${LIST}/delete`, needs('email-servers:write'), async (request, reply) => {
    const form = formOf(request);
    const name = form.get('name') ?? '';
    await servers.remove(name, form.get('revision') ?? '', requestContext.who(request));
    return seeOther(reply, doneUrl(requestContext.session(request), LIST, 'deleted', name));
  });
}
