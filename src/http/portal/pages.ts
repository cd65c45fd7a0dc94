// The smaller pages: overview, sign-in, delete, changes, errors. Pure.
import type { AuditEntry, EmailServerView } from '../email-servers.ts';
import type { Consequences, Overview } from './deps.ts';
import { html } from './html.ts';
import { csrfField, type Frame, page } from './layout.ts';
import { linkTo, problemsOf, stateBadge } from './list-page.ts';
import { agoIn } from './words.ts';

export function overviewPage(frame: Frame, { flows, mailboxes, senders }: Overview): string {
  const { say, language, now } = frame;
  const ago = (at: number | undefined) => (at === undefined ? '–' : agoIn(language, at, now));
  const sum = (numbers: readonly (number | undefined)[]) => numbers.reduce<number>((all, one) => all + (one ?? 0), 0);
  const seconds = (count: number | undefined) =>
    new Intl.NumberFormat(language, {
      style: 'unit',
      unit: 'second',
      unitDisplay: 'short',
      maximumFractionDigits: 0,
    }).format(count ?? 0);
  const none = (columns: number) => html`<tr><td colspan="${columns}">${say('nothing')}</td></tr>`;
  const nameOf = (view: EmailServerView) =>
    html`<th scope="row" class="wrap"><a href="${linkTo('edit', view.name)}">${view.name}</a></th>`;
  return page(
    frame,
    say('overview'),
    'overview',
    html`<h1>${say('overview')}</h1><div data-live>
<div class="tiles">
<div class="tile"><b>${mailboxes.filter(({ live }) => ['idle', 'connected', 'catching-up'].includes(live.state)).length} / ${mailboxes.filter(({ enabled }) => enabled).length}</b>${say('mailboxes')}</div>
<div class="tile"><b>${sum(flows.map(({ waiting }) => waiting))}</b>${say('waiting')}</div>
<div class="tile"><b>${sum(senders.map(({ live }) => live.held))}</b>${say('held')}</div>
<div class="tile"><b>${seconds(sum(mailboxes.map(({ live }) => live.blindSeconds)))}</b>${say('blind')}</div>
</div>
<h2 id="flows">${say('flows')}</h2><div class="table stack"><table aria-labelledby="flows"><thead><tr><th scope="col">${say('flow')}</th><th scope="col">${say('waiting')}</th><th scope="col">${say('oldest')}</th><th scope="col">${say('fedBy')}</th></tr></thead><tbody>
${flows.map((flow) => html`<tr><th scope="row" class="wrap">${flow.emailFlow}</th><td data-label="${say('waiting')}">${flow.waiting}</td><td data-label="${say('oldest')}">${ago(flow.oldestAt)}</td><td class="wrap" data-label="${say('fedBy')}">${flow.servers.join(', ')}</td></tr>`)}${flows.length === 0 && none(4)}</tbody></table></div>
<h2 id="mailboxes">${say('mailboxes')}</h2><div class="table stack"><table aria-labelledby="mailboxes"><thead><tr><th scope="col">${say('name')}</th><th scope="col">User</th><th scope="col">${say('state')}</th><th scope="col">${say('lastProven')}</th><th scope="col">${say('blind')}</th></tr></thead><tbody>
${mailboxes.map((view) => html`<tr>${nameOf(view)}<td class="wrap" data-label="User">${String(view.definition.user ?? '')}</td><td data-label="${say('state')}">${stateBadge(frame, view.live.state)}${problemsOf(frame, view)}</td><td class="dim" data-label="${say('lastProven')}">${ago(view.live.lastProvenAt)}</td><td data-label="${say('blind')}">${seconds(view.live.blindSeconds)}</td></tr>`)}${mailboxes.length === 0 && none(5)}</tbody></table></div>
<h2 id="senders">${say('senders')}</h2><div class="table stack"><table aria-labelledby="senders"><thead><tr><th scope="col">${say('name')}</th><th scope="col">User</th><th scope="col">${say('state')}</th><th scope="col">${say('waiting')}</th><th scope="col">${say('held')}</th></tr></thead><tbody>
${senders.map((view) => html`<tr>${nameOf(view)}<td class="wrap" data-label="User">${String(view.definition.user ?? '')}</td><td data-label="${say('state')}">${stateBadge(frame, view.live.state)}${problemsOf(frame, view)}</td><td data-label="${say('waiting')}">${view.live.waiting ?? 0}</td><td data-label="${say('held')}">${view.live.held ?? 0}</td></tr>`)}${senders.length === 0 && none(5)}</tbody></table></div>
</div>`,
  );
}

/** @param withOidc people of the organisation sign in at their provider */
export function signInPage(frame: Frame, error?: { message: string; hint: string }, withOidc = false): string {
  const { say } = frame;
  return page(
    frame,
    say('signIn'),
    undefined,
    html`<div class="narrow card"><h1>${say('signIn')}</h1>
${error !== undefined && html`<div class="note bad" role="alert"><p>${error.message}</p><p>${error.hint}</p></div>`}
${withOidc && html`<p><a class="button main" href="/portal/oidc">${say('signInOidc')}</a></p><p class="dim">${say('or')}</p>`}
<form method="post" action="/portal/sign-in"><label for="secret">${say('secret')}</label><input id="secret" name="secret" type="password" autocomplete="off" required aria-describedby="secret-help"><p class="help" id="secret-help">${say('secretHelp')}</p><p><button class="main">${say('signIn')}</button></p></form></div>`,
  );
}

export function deletePage(frame: Frame, view: EmailServerView, consequences: Consequences): string {
  const { say } = frame;
  const { emailFlow, otherServers, addresses, waiting } = consequences;
  return page(
    frame,
    say('delete'),
    'emailServers',
    html`<div class="form card"><h1 class="wrap">${say('deleteAsk')}</h1><p class="wrap"><strong>${view.name}</strong> (${view.serverType ?? say('invalid')}, ${String(view.definition.user ?? '')})</p>
<p>${say('deleteStops')}</p><ul>
${view.serverType === 'IMAP' && html`<li class="wrap">${say('stopsMailbox')} <strong>${String(view.definition.user ?? '')}</strong></li>`}
${emailFlow !== undefined && html`<li class="wrap">${say(otherServers.length > 0 ? 'stopsFlowOthers' : 'stopsFlow')} <strong>${otherServers.length > 0 ? `${emailFlow}: ${otherServers.join(', ')}` : emailFlow}</strong></li>`}
${addresses.length > 0 && html`<li class="wrap">${say('stopsAddresses')} <strong>${addresses.join(', ')}</strong></li>`}
${waiting > 0 && html`<li>${say('stopsWaiting')} <strong>${waiting}</strong></li>`}
</ul><p>${say('deleteKeeps')}</p>
<form method="post" action="/portal/email-servers/delete">${csrfField(frame)}<input type="hidden" name="name" value="${view.name}"><input type="hidden" name="revision" value="${view.revision}"><div class="buttons"><button class="main bad">${say('delete')}</button><a class="button" href="/portal/email-servers">${say('cancel')}</a></div></form></div>`,
  );
}

export function auditPage(frame: Frame, entries: readonly AuditEntry[]): string {
  const { say, language } = frame;
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  return page(
    frame,
    say('audit'),
    'audit',
    html`<h1>${say('audit')}</h1><div class="table stack"><table><thead><tr><th scope="col">${say('when')}</th><th scope="col">${say('who')}</th><th scope="col">${say('name')}</th><th scope="col">${say('what')}</th></tr></thead><tbody>
${entries.map((entry) => html`<tr><td data-label="${say('when')}"><time datetime="${entry.at}">${time.format(new Date(entry.at))}</time></td><td class="wrap" data-label="${say('who')}">${entry.by}</td><th scope="row" class="wrap">${entry.server}</th><td class="wrap"><span class="badge">${entry.action}</span>${entry.changes.map(({ field, from, to }) => html`<div class="dim">${field}: ${from === '' ? '–' : from} → ${to === '' ? '–' : to}</div>`)}</td></tr>`)}
${entries.length === 0 && html`<tr><td colspan="4">${say('nothing')}</td></tr>`}</tbody></table></div>`,
  );
}

/** A page that leads on to the provider: a form may not be sent to another site by our policy, a person may follow a link. */
export function leavePage(frame: Frame, url: string, why: 'consent' | 'signOut' = 'consent'): string {
  const { say } = frame;
  return page(
    frame,
    say(why === 'consent' ? 'signIn' : 'signOut'),
    undefined,
    html`<div class="narrow card"><h1>${say(why)}</h1><p>${say(why === 'consent' ? 'consentHelp' : 'signOutHelp')}</p><p><a class="button main" id="continue" rel="noreferrer" href="${url}">${say('continue')}</a></p></div>`,
  );
}

export function errorPage(frame: Frame, error: { code: string; message: string; hint: string }): string {
  const { say } = frame;
  return page(
    frame,
    say('problem'),
    undefined,
    html`<div class="narrow card"><h1>${say('problem')}</h1><div class="note bad" role="alert"><p><strong>${error.message}</strong></p><p>${error.hint}</p><p class="dim">${error.code}</p></div><p><a class="button" href="/portal">${say('overview')}</a></p></div>`,
  );
}
