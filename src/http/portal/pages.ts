// The smaller pages: sign-in, questions before something is done, errors. Pure.
import type { EmailServerView } from '../api/email-servers.ts';
import type { Consequences } from './deps.ts';
import { type Html, html } from './html.ts';
import { csrfField, type Frame, page } from './layout.ts';
import { linkTo } from './list-page.ts';
import type { Word } from './words.ts';

/** @param withOidc people of the organisation sign in at their provider */
export function signInPage(frame: Frame, error?: { message: string; hint: string }, withOidc = false): string {
  const { say } = frame;
  return page(
    frame,
    say('signIn'),
    undefined,
    html`<div class="narrow card"><h1>${say('signInTitle')}</h1>
${error !== undefined && html`<div class="note bad" role="alert"><p><strong>${error.message}</strong></p><p>${error.hint}</p></div>`}
${withOidc && html`<p><a class="button main" href="/portal/oidc">${say('signInOidc')}</a></p><div class="or">${say('or')}</div>`}
<form method="post" action="/portal/sign-in"><label for="secret">${say('secret')}</label><input id="secret" name="secret" type="password" autocomplete="off" required aria-describedby="secret-help"><p class="help" id="secret-help">${say('secretHelp')}</p><p><button class="${withOidc ? 'plain' : 'main'}">${say('signIn')}</button></p></form></div>`,
  );
}

export interface Question {
  title: string;
  current: Word;
  body: Html;
  /** Where the answer goes; the fields go with it. */
  action: string;
  fields: Readonly<Record<string, string | undefined>>;
  yes: string;
  danger: boolean;
  /** Where No leads. */
  back: string;
}

/** Asks before something is done, with its consequences. */
export function askPage(frame: Frame, { title, current, body, action, fields, yes, danger, back }: Question): string {
  const { say } = frame;
  const hidden = Object.entries(fields).map(
    ([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return page(
    frame,
    title,
    current,
    html`<div class="ask card"><h1>${title}</h1>${body}
<form method="post" action="${action}">${csrfField(frame)}${hidden}<p class="buttons"><button class="main ${danger && 'bad'}">${yes}</button><a class="button" href="${back}">${say('cancel')}</a></p></form></div>`,
  );
}

export function deletePage(frame: Frame, view: EmailServerView, consequences: Consequences): string {
  const { say } = frame;
  const { emailFlow, otherServers, addresses, waiting } = consequences;
  const user = String(view.definition.user ?? '');
  const body = html`<p class="wrap"><strong>${view.name}</strong> <span class="dim">${view.serverType ?? say('invalid')} · ${user}</span></p>
<p>${say('deleteStops')}</p><ul>
${!view.valid && html`<li>${say('stopsNothing')}</li>`}
${view.valid && view.serverType === 'IMAP' && html`<li class="wrap">${say('stopsMailbox')} <strong>${user}</strong></li>`}
${emailFlow !== undefined && html`<li class="wrap">${say(otherServers.length > 0 ? 'stopsFlowOthers' : 'stopsFlow')} <strong>${otherServers.length > 0 ? `${emailFlow}: ${otherServers.join(', ')}` : emailFlow}</strong></li>`}
${addresses.length > 0 && html`<li class="wrap">${say('stopsAddresses')} <strong>${addresses.join(', ')}</strong></li>`}
${waiting > 0 && html`<li>${say('stopsWaiting')} <strong>${waiting}</strong></li>`}
</ul><p>${say('deleteKeeps')}</p>`;
  return askPage(frame, {
    title: say('deleteAsk'),
    current: 'emailServers',
    body,
    action: '/portal/email-servers/delete',
    fields: { name: view.name, revision: view.revision },
    yes: say('delete'),
    danger: true,
    back: '/portal/email-servers',
  });
}

export function pausePage(frame: Frame, view: EmailServerView): string {
  const { say } = frame;
  return askPage(frame, {
    title: say('pauseAsk'),
    current: 'emailServers',
    body: html`<p class="wrap"><strong>${view.name}</strong> <span class="dim">${String(view.definition.user ?? '')}</span></p><p>${say('pauseWhat')} <strong>${view.live.waiting ?? 0}</strong> ${say('waitingNow')}.</p>`,
    action: linkTo('pause', view.name),
    fields: {},
    yes: say('pause'),
    danger: false,
    back: '/portal/email-servers',
  });
}

/** A page that leads on to the provider: a form may not be sent to another site by our policy, a person may follow a link. */
export function leavePage(frame: Frame, url: string, why: 'consent' | 'signOut' = 'consent'): string {
  const { say } = frame;
  return page(
    frame,
    say(why === 'consent' ? 'signIn' : 'signOut'),
    undefined,
    html`<div class="narrow card"><h1>${say(why)}</h1><p>${say(why === 'consent' ? 'consentHelp' : 'signOutHelp')}</p><p class="buttons"><a class="button main" id="continue" rel="noreferrer" href="${url}">${say('continue')}</a></p></div>`,
  );
}

export function errorPage(frame: Frame, error: { code: string; message: string; hint: string }): string {
  const { say, session } = frame;
  return page(
    frame,
    say('problem'),
    undefined,
    html`<div class="ask card"><h1>${say('problem')}</h1><div class="note bad wrap" role="alert"><p><strong>${error.message}</strong></p><p>${error.hint}</p></div><p class="dim">${say('code')}: <code>${error.code}</code></p><p class="buttons">${session === undefined ? html`<a class="button" href="/portal/sign-in">${say('signIn')}</a>` : html`<a class="button" href="/portal">${say('toOverview')}</a>`}</p></div>`,
  );
}
