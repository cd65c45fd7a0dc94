// Email → Email servers: the list with live state, problems with what to do, search and filter. Pure.
import { catalogue } from '../../domain/catalogue/index.ts';
import type { EmailServerView } from '../email-servers.ts';
import { type Html, html } from './html.ts';
import { csrfField, type Frame, mayChange, page } from './layout.ts';
import { agoIn, findingIn, messageIn, stateIn } from './words.ts';

export interface ListQuery {
  search: string;
  show: string;
  /** What was done before: saved, deleted, signedInDone. */
  done: string;
}

const BAD = ['backing-off', 'invalid'];
const WARN = ['paused', 'stopped', 'unknown', 'connecting'];
const OFF = ['disabled'];

export function stateBadge({ language }: Frame, state: string): Html {
  const kind = BAD.includes(state) ? 'bad' : WARN.includes(state) ? 'warn' : OFF.includes(state) ? '' : 'ok';
  return html`<span class="badge ${kind}">${stateIn(language, state)}</span>`;
}

/** What is wrong with a server, each with what to do. */
export function problemsOf(frame: Frame, view: EmailServerView): Html[] {
  const { language } = frame;
  const { live } = view;
  const code = live.code ?? (live.state === 'backing-off' || live.state === 'paused' ? live.reason : undefined);
  const entry =
    code !== undefined && Object.hasOwn(catalogue, code) ? catalogue[code as keyof typeof catalogue] : undefined;
  return [
    ...view.problems.map(
      ({ field, message }) =>
        html`<div class="note bad wrap"><strong>${field}</strong>: ${messageIn(language, message)}</div>`,
    ),
    ...(code === undefined || code === ''
      ? []
      : [
          html`<div class="note bad wrap"><strong>${code}</strong> ${entry === undefined ? '' : entry.hint[language]}</div>`,
        ]),
    ...view.findings.map(
      (finding) =>
        html`<div class="note warn wrap"><p>${findingIn(language, finding)}</p><p>${finding.hint[language]}</p></div>`,
    ),
  ];
}

function matches(view: EmailServerView, { search, show }: ListQuery): boolean {
  const { definition } = view;
  const text = [
    view.name,
    definition.host,
    definition.user,
    definition.emailFlow,
    definition.additionalEmailFromAddresses,
  ]
    .flat()
    .join('\n')
    .toLowerCase();
  if (!text.includes(search.trim().toLowerCase())) return false;
  if (show === 'problems')
    return !view.valid || view.findings.length > 0 || ['backing-off', 'paused'].includes(view.live.state);
  if (show === 'disabled') return !view.enabled;
  return show === 'IMAP' || show === 'SMTP' ? view.serverType === show : true;
}

export const linkTo = (action: string, name: string): string =>
  `/portal/email-servers/${action}?name=${encodeURIComponent(name)}`;

function row(frame: Frame, view: EmailServerView): Html {
  const { say, language, now } = frame;
  const { definition, live } = view;
  const addresses = [definition.additionalEmailFromAddresses ?? []].flat().map(String);
  const button = (action: string, text: string) =>
    html`<form method="post" action="/portal/email-servers/${action}">${csrfField(frame)}<input type="hidden" name="name" value="${view.name}"><input type="hidden" name="revision" value="${view.revision}"><button class="plain small" aria-label="${text}: ${view.name}">${text}</button></form>`;
  const editable = mayChange(frame) && view.editable;
  return html`<tr>
<th scope="row" class="wrap"><a href="${linkTo('edit', view.name)}">${view.name}</a>${view.source === 'file' && html` <span class="badge">${say('fromFile')}</span>`}</th>
<td data-label="${say('type')}">${view.serverType}</td>
<td class="wrap" data-label="Host">${String(definition.host ?? '')}${definition.port !== undefined && html`<span class="dim">:${String(definition.port)}</span>`}<br><span class="dim">${String(definition.user ?? '')}</span></td>
<td class="wrap narrower" data-label="${say('flowOrFrom')}">${view.serverType === 'IMAP' ? String(definition.emailFlow ?? '') : addresses.map((one) => html`<div>${one}</div>`)}</td>
<td data-label="${say('state')}">${stateBadge(frame, live.state)}${problemsOf(frame, view)}</td>
<td class="dim" data-label="${say('lastProven')}">${live.lastProvenAt !== undefined ? agoIn(language, live.lastProvenAt, now) : '–'}</td>
<td><div class="buttons">${editable && view.valid && (view.enabled ? button('disable', say('disable')) : button('enable', say('enable')))}${mayChange(frame) && view.valid && html`<a class="button small" href="/portal/email-servers/new?from=${encodeURIComponent(view.name)}" aria-label="${say('copy')}: ${view.name}">${say('copy')}</a>`}${editable && html`<a class="button small" href="${linkTo('delete', view.name)}" aria-label="${say('delete')}: ${view.name}">${say('delete')}</a>`}</div></td>
</tr>`;
}

export function listPage(frame: Frame, all: readonly EmailServerView[], query: ListQuery): string {
  const { say } = frame;
  const views = all.filter((view) => matches(view, query));
  const option = (value: string, text: string) =>
    html`<option value="${value}"${query.show === value && html` selected`}>${text}</option>`;
  const done = (['saved', 'deleted', 'signedInDone'] as const).find((word) => word === query.done);
  return page(
    frame,
    say('emailServers'),
    'emailServers',
    html`
<div class="bar"><h1>${say('emailServers')}</h1>
${mayChange(frame) && html`<div class="buttons"><a class="button main" href="/portal/email-servers/new?type=IMAP">${say('addImap')}</a><a class="button main" href="/portal/email-servers/new?type=SMTP">${say('addSmtp')}</a></div>`}</div>
${done !== undefined && html`<div class="note ok" role="status">${say(done)}</div>`}
<div class="bar"><form method="get" role="search">
<div><label for="search">${say('search')}</label><input id="search" type="search" name="search" value="${query.search}" placeholder="${say('searchHelp')}"></div>
<div><label for="show">${say('filter')}</label><select id="show" name="show">${option('', say('all'))}${option('IMAP', 'IMAP')}${option('SMTP', 'SMTP')}${option('problems', say('onlyProblems'))}${option('disabled', say('onlyDisabled'))}</select></div>
<button class="plain">${say('apply')}</button></form></div>
<div class="table stack" data-live>
<table><thead><tr><th scope="col">${say('name')}</th><th scope="col">${say('type')}</th><th scope="col">Host / User</th><th scope="col">${say('flowOrFrom')}</th><th scope="col">${say('state')}</th><th scope="col">${say('lastProven')}</th><th scope="col">${say('actions')}</th></tr></thead>
<tbody>${views.map((view) => row(frame, view))}${views.length === 0 && html`<tr><td colspan="7">${say('noServers')}</td></tr>`}</tbody></table></div>`,
  );
}
