// The form of one email server: the administrators' fields in the order of their handbook, then sign-in, then what has sound defaults; beside
// them what they mean together, and the connection test. Pure.
import type { CheckStep } from '../../domain/doctor.ts';
import type { Definition } from '../api/email-servers.ts';
import { testLog } from './check-steps.ts';
import type { Finding } from './deps.ts';
import { findingItem, stateBadge } from './findings.ts';
import { shownField } from './form.ts';
import { fieldsOf } from './form-fields.ts';
import { type Html, html } from './html.ts';
import { csrfField, type Frame, page } from './layout.ts';
import { linkTo } from './list-page.ts';
import { probeBox } from './test-page.ts';
import { messageIn } from './words-said.ts';

export interface FormState {
  definition: Definition;
  /** Name and revision of the server that is edited; absent for a new one. */
  existing?: { name: string; revision: string };
  readOnly: boolean;
  /** Defined in a file. */
  fromFile: boolean;
  hasPassword: boolean;
  problems: readonly { field: string; message: string }[];
  findings: readonly Finding[];
  /** Blank lines below the addresses. */
  blankLines: number;
  applications: readonly string[];
  /** Delegated servers that are stored: who has signed in. */
  consent?: { person?: string } | undefined;
  stale: boolean;
  /** Live state of a stored server. */
  live?: string | undefined;
  /** What a test of this definition found; absent: none was asked for. */
  tested?: { all: readonly CheckStep[]; sendProbe: boolean };
  /** What was asked for when the problems were found; `look`: they were there before. */
  asked: 'save' | 'test' | 'look';
}

/** Field names as the handbook has them. */
export const LABELS: Readonly<Record<string, string>> = {
  serverType: 'Server Type',
  name: 'Name',
  host: 'Host',
  port: 'Port',
  tls: 'TLS',
  authenticationType: 'Authentication Type',
  user: 'User',
  emailFlow: 'Email Flow',
  additionalEmailFromAddresses: 'Additional Email From Addresses',
  enabled: 'Enabled',
};

const pairs = (...values: string[]) => values.map((value) => [value, value] as const);

export function formPage(frame: Frame, state: FormState): string {
  const { say } = frame;
  const { definition, existing, readOnly, problems } = state;
  const { input, select, addresses, perMinute } = fieldsOf(frame, state);
  const value = (field: string) => shownField(definition, field);
  const isNew = existing === undefined && !state.fromFile;
  const title = isNew ? say(value('serverType') === 'SMTP' ? 'newSmtp' : 'newImap') : (existing?.name ?? value('name'));
  const applications = [
    ...new Set([...state.applications, ...(value('application') === '' ? [] : [value('application')])]),
  ];
  const tlsChoices = [
    ['enabled', say('enabled')],
    ['implicit', say('tlsImplicit')],
    ['starttls', say('tlsStarttls')],
    ['none', say('tlsNone')],
    // Of definitions made before there was a choice.
    ...(value('tls') === 'disabled' ? [['disabled', say('disabled')] as const] : []),
  ] as const;
  const allowPlainText = html`<div class="wide check"><input type="checkbox" id="allowPlainText" name="allowPlainText" value="true"${definition.allowPlainText === true && html` checked`}${readOnly && html` disabled`} aria-describedby="allowPlainText-help"><div><label for="allowPlainText">${say('allowPlainText')}</label><p class="help" id="allowPlainText-help">${say('allowPlainTextHelp')}</p></div></div>`;
  const enabled = html`<div class="wide check"><input type="checkbox" id="enabled" name="enabled" value="true"${definition.enabled === true && html` checked`}${readOnly && html` disabled`} aria-describedby="enabled-help"><div><label for="enabled">${LABELS.enabled}</label><p class="help" id="enabled-help">${say('enabledHelp')}</p></div></div>`;

  return page(
    frame,
    title,
    'emailServers',
    html`
<p class="crumb"><a href="/portal/email-servers">← ${say('back')}</a></p>
<div class="bar"><h1 class="wrap">${title} ${state.live !== undefined && stateBadge(frame, state.live)}</h1></div>
${state.fromFile && html`<div class="note">${say('readOnly')}</div>`}
${state.stale && html`<div class="note bad" role="alert"><p><strong>${say('stale')}</strong></p><p><a href="${linkTo('edit', existing?.name ?? '')}">${say('reload')}</a></p></div>`}
${problems.length > 0 && problemNote(frame, problems, state.asked)}
<div class="columns"><div>
<form id="definition" method="post" action="/portal/email-servers/${isNew ? 'new' : 'edit'}"${!readOnly && html` data-check="1"`}${isNew && html` data-new="1"`} novalidate>
${csrfField(frame)}
${existing !== undefined && html`<input type="hidden" name="_existing" value="${existing.name}"><input type="hidden" name="_revision" value="${existing.revision}">`}
<div class="card"><div class="bar"><h2>${say('connection')}</h2>${!readOnly && html`<button class="plain small" name="_action" value="preset">${say('presets')}</button>`}</div><div class="grid">
${select('serverType', 'Server Type', pairs('IMAP', 'SMTP'), { css: 'third', fixed: !isNew })}
${input('name', 'Name', { css: 'two-thirds', fixed: existing !== undefined })}
${input('host', 'Host', { css: 'two-thirds' })}
${input('port', 'Port', { css: 'third', mode: 'numeric' })}
${select('tls', 'TLS', tlsChoices, { css: 'third', help: say('tlsHelp') })}
${select('authenticationType', 'Authentication Type', [...pairs('OAuth2', 'Password'), ['None', say('noSignIn')]], { css: 'two-thirds' })}
${input('user', 'User', { css: 'wide', help: say('userHelp') })}
${input('emailFlow', 'Email Flow', { css: 'wide imap', help: say('flowHelp') })}
${addresses()}
${enabled}
</div></div>
<div class="card"><h2>${say('signInSection')}</h2><div class="grid">
${select('application', say('application'), applications.length === 0 ? [['', '–']] : pairs(...applications), { css: 'oauth', ...(applications.length === 0 ? { help: say('noApplication') } : {}) })}
${select(
  'signIn',
  say('signInMode'),
  [
    ['appOnly', say('appOnly')],
    ['delegated', say('delegated')],
  ],
  { css: 'oauth' },
)}
${input('signInUser', say('signInUser'), { help: say('signInUserHelp'), css: 'oauth person wide' })}
${input('password', say('password'), { type: 'password', css: 'secret wide', ...(state.hasPassword ? { help: say('passwordKept') } : {}) })}
</div></div>
<details class="card"${problems.some(({ field }) => /^(folder|startFrom|afterQueued|maximumSize|sendMode|pace)/.test(field)) && html` open`}><summary>${say('more')}</summary><div class="grid">
${input('folder', say('folder'), { css: 'imap' })}
${input('startFrom', say('startFrom'), { help: say('startFromHelp'), css: 'imap' })}
${input('afterQueued', say('afterQueued'), { help: say('afterQueuedHelp'), css: 'imap' })}
${input('maximumSize', say('maximumSize'), { css: 'imap' })}
${select(
  'sendMode',
  say('sendMode'),
  [
    ['sendAs', say('sendAs')],
    ['onBehalf', say('onBehalf')],
  ],
  { css: 'smtp' },
)}
${perMinute()}
${allowPlainText}
</div></details>
${!readOnly && buttons(frame, state)}
</form>
</div><div class="aside">
<div id="warnings" role="status" aria-live="polite"${state.findings.length > 0 && html` class="note warn wrap"`}>${state.findings.map((one) => findingItem(frame, one))}</div>
${consent(frame, state)}
</div></div>`,
  );
}

const ASKED = { save: 'errors', test: 'errorsTest', look: 'errorsThere' } as const;

/** What is wrong, each with a way to its field. */
export function problemNote(
  { say, language }: Frame,
  problems: FormState['problems'],
  asked: FormState['asked'],
): Html {
  const items = problems.map(({ field, message }) => {
    const root = field.split(/[[.]/, 1)[0] ?? '';
    return html`<li><a href="#${root}">${LABELS[root] ?? field}</a>: ${messageIn(language, message)}</li>`;
  });
  return html`<div class="note bad wrap" role="alert"><p><strong>${say(ASKED[asked])}</strong></p><ul>${items}</ul></div>`;
}

function buttons(frame: Frame, { tested }: FormState): Html {
  const { say } = frame;
  return html`<div class="card"><h2>${say('testResult')}</h2><p class="help">${say('testOfEntered')}</p>${probeBox(frame, tested?.sendProbe ?? false)}
<p class="buttons"><button class="plain" name="_action" value="test">${say(tested === undefined ? 'startTest' : 'testAgain')}</button></p>${testLog(frame, tested?.all)}</div>
<div class="foot buttons"><button class="main" name="_action" value="save">${say('save')}</button><a class="button" href="/portal/email-servers">${say('cancel')}</a></div>`;
}

function consent(frame: Frame, { existing, consent: known, readOnly }: FormState): Html | false {
  const { say } = frame;
  if (readOnly) return false;
  if (existing === undefined || known === undefined) return false;
  const { person } = known;
  return html`<div class="card"><h2>${say('consentTitle')}</h2><p class="wrap">${person === undefined ? html`<span class="badge warn">${say('notSignedIn')}</span>` : html`${say('signedInAs')} <strong>${person}</strong>.`}</p><p class="help">${say('consentHelp')}</p>
<form method="post" action="/portal/email-servers/sign-in">${csrfField(frame)}<input type="hidden" name="name" value="${existing.name}"><p class="buttons"><button class="${person === undefined ? 'main' : 'plain'}">${say('consent')}</button></p></form></div>`;
}
