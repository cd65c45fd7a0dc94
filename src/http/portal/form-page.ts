// The form of one email server: the administrators' fields in the order of their handbook, then sign-in, then what has sound defaults. Pure.
import type { Definition } from '../email-servers.ts';
import type { Finding } from './deps.ts';
import { shownField } from './form.ts';
import { type Html, html } from './html.ts';
import { csrfField, type Frame, page } from './layout.ts';
import { linkTo } from './list-page.ts';
import { findingIn, messageIn } from './words.ts';

export interface FormState {
  definition: Definition;
  /** Name and revision of the server that is edited; absent for a new one. */
  existing?: { name: string; revision: string };
  readOnly: boolean;
  hasPassword: boolean;
  problems: readonly { field: string; message: string }[];
  findings: readonly Finding[];
  /** Blank lines below the addresses. */
  blankLines: number;
  applications: readonly string[];
  /** Delegated servers that are stored: who has signed in. */
  consent?: { person?: string } | undefined;
  stale: boolean;
}

/** Field names as the handbook has them. */
const LABELS: Readonly<Record<string, string>> = {
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

export function formPage(frame: Frame, state: FormState): string {
  const { say, language } = frame;
  const { definition, existing, readOnly, problems } = state;
  const value = (field: string) => shownField(definition, field);
  const problemOf = (field: string) => {
    const found = problems.find((one) => one.field === field || one.field.startsWith(`${field}[`));
    return found === undefined ? '' : messageIn(language, found.message);
  };
  const described = (field: string, help: string | undefined) =>
    html` aria-describedby="${field}-error${help === undefined ? '' : ` ${field}-help`}" aria-invalid="${problemOf(field) === '' ? 'false' : 'true'}"`;
  const below = (field: string, help: string | undefined) =>
    html`<p class="error" id="${field}-error" data-error="${field}">${problemOf(field)}</p>${help !== undefined && html`<p class="help" id="${field}-help">${help}</p>`}`;
  const input = (
    field: string,
    label: string,
    options: { help?: string; type?: string; fixed?: boolean; css?: string } = {},
  ) =>
    html`<div class="${options.css}"><label for="${field}">${label}</label><input id="${field}" name="${field}" type="${options.type ?? 'text'}" value="${options.type === 'password' ? '' : value(field)}" autocomplete="${options.type === 'password' ? 'new-password' : 'off'}" spellcheck="false"${(readOnly || options.fixed) && html` readonly`}${described(field, options.help)}>${below(field, options.help)}</div>`;
  const select = (
    field: string,
    label: string,
    choices: readonly (readonly [string, string])[],
    options: { css?: string; fixed?: boolean } = {},
  ) => {
    const chosen = choices.find(([key]) => key.toLowerCase() === value(field).toLowerCase())?.[0] ?? choices[0]?.[0];
    const shown = readOnly || options.fixed ? choices.filter(([key]) => key === chosen) : choices;
    return html`<div class="${options.css}"><label for="${field}">${label}</label><select id="${field}" name="${field}"${described(field, undefined)}>${shown.map(([key, text]) => html`<option value="${key}"${key === chosen && html` selected`}>${text}</option>`)}</select>${below(field, undefined)}</div>`;
  };
  const label = (field: string) => LABELS[field] ?? field;
  const title = existing?.name ?? (readOnly ? value('name') : say('newServer'));
  const applications = [
    ...new Set([...state.applications, ...(value('application') === '' ? [] : [value('application')])]),
  ];

  return page(
    frame,
    title,
    'emailServers',
    html`
<p><a href="/portal/email-servers">← ${say('back')}</a></p>
<h1 class="wrap">${title}</h1>
<div class="form">
${readOnly && html`<div class="note">${say('readOnly')}</div>`}
${state.stale && html`<div class="note bad" role="alert"><p>${say('changed')}</p><p><a href="${linkTo('edit', existing?.name ?? '')}">${say('reload')}</a></p></div>`}
${problems.length > 0 && html`<div class="note bad" role="alert"><p>${say('errors')}</p><ul>${problems.map(({ field, message }) => html`<li><a href="#${field.replace(/[[.].*$/, '')}">${LABELS[field] ?? field}</a>: ${messageIn(language, message)}</li>`)}</ul></div>`}
<form method="post" action="/portal/email-servers/${existing === undefined ? 'new' : 'edit'}" data-check="1"${existing === undefined && html` data-new="1"`} novalidate>
${csrfField(frame)}
${existing !== undefined && html`<input type="hidden" name="_existing" value="${existing.name}"><input type="hidden" name="_revision" value="${existing.revision}">`}
<div class="card"><div class="grid">
${select(
  'serverType',
  label('serverType'),
  [
    ['IMAP', 'IMAP'],
    ['SMTP', 'SMTP'],
  ],
  { fixed: existing !== undefined },
)}
${input('name', label('name'), { fixed: existing !== undefined })}
${input('host', label('host'))}
${input('port', label('port'))}
${select('tls', label('tls'), [
  ['enabled', say('enabled')],
  ['disabled', say('disabled')],
])}
${select('authenticationType', label('authenticationType'), [
  ['OAuth2', 'OAuth2'],
  ['Password', 'Password'],
])}
${input('user', label('user'), { help: say('userHelp') })}
${input('emailFlow', label('emailFlow'), { help: say('flowHelp'), css: 'imap' })}
${addresses(frame, state, below)}
<div class="wide"><div class="check"><input type="checkbox" id="enabled" name="enabled" value="true"${definition.enabled === true && html` checked`}${readOnly && html` disabled`} aria-describedby="enabled-help"><label for="enabled">${label('enabled')}</label></div><p class="help" id="enabled-help">${say('enabledHelp')}</p></div>
</div></div>
<div id="warnings" role="status" aria-live="polite"${state.findings.length > 0 && html` class="note warn"`}>${warningTexts(frame, state.findings).map((text) => html`<p>${text}</p>`)}</div>
<div class="card"><h2>${say('signInSection')}</h2><div class="grid">
${select('application', say('application'), applications.length === 0 ? [['', '–']] : applications.map((name) => [name, name] as const), { css: 'oauth' })}
${select(
  'signIn',
  say('signInMode'),
  [
    ['appOnly', say('appOnly')],
    ['delegated', say('delegated')],
  ],
  { css: 'oauth' },
)}
${input('signInUser', say('signInUser'), { help: say('signInUserHelp'), css: 'oauth person' })}
${input('password', say('password'), { type: 'password', css: 'secret', ...(state.hasPassword ? { help: say('passwordKept') } : {}) })}
</div></div>
<div class="card"><details><summary>${say('more')}</summary><div class="grid">
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
${pace(definition, readOnly, say('perMinute'))}
</div></details></div>
${!readOnly && html`<div class="buttons"><button class="main" name="_action" value="save">${say('save')}</button><button class="plain" name="_action" value="preset">${say('presets')}</button><a class="button" href="/portal/email-servers">${say('cancel')}</a></div>`}
</form>
${state.consent !== undefined && existing !== undefined && consent(frame, existing.name, state.consent)}
</div>`,
  );
}

function addresses(
  frame: Frame,
  { definition, blankLines, readOnly, problems }: FormState,
  below: (field: string, help: string) => Html,
): Html {
  const { say } = frame;
  const field = 'additionalEmailFromAddresses';
  const given = [definition[field] ?? []].flat().map(String);
  const lines = [...given, ...Array.from({ length: readOnly ? 0 : blankLines }, () => '')];
  const wrong = problems.some((one) => one.field.startsWith(field));
  return html`<fieldset class="list wide smtp" id="${field}" aria-describedby="${field}-help"><legend>${LABELS[field]}</legend>
${lines.map((line, index) => html`<div><input name="${field}" id="address-${index}" type="text" value="${line}" aria-label="${say('address')} ${index + 1}" data-label="${say('address')}" aria-invalid="${wrong ? 'true' : 'false'}" autocomplete="off" spellcheck="false"${readOnly && html` readonly`}></div>`)}
${!readOnly && html`<button class="plain small" name="_action" value="address">${say('addAddress')}</button>`}
${below(field, say('additionalHelp'))}</fieldset>`;
}

function pace(definition: Definition, readOnly: boolean, label: string): Html {
  const given = definition.pace;
  const value = typeof given === 'object' && given !== null && 'perMinute' in given ? String(given.perMinute) : '';
  return html`<div class="smtp"><label for="perMinute">${label}</label><input id="perMinute" name="perMinute" inputmode="numeric" value="${value}"${readOnly && html` readonly`}></div>`;
}

function consent(frame: Frame, name: string, { person }: { person?: string }): Html {
  const { say } = frame;
  return html`<div class="card"><h2>${say('signIn')}</h2><p>${person === undefined ? say('notSignedIn') : `${say('signedInAs')} ${person}.`}</p><p class="help">${say('consentHelp')}</p>
<form method="post" action="/portal/email-servers/sign-in">${csrfField(frame)}<input type="hidden" name="name" value="${name}"><button class="main">${say('consent')}</button></form></div>`;
}

/** The warnings as sentences, each with what to do. */
export const warningTexts = ({ language }: Pick<Frame, 'language'>, findings: readonly Finding[]): string[] =>
  findings.map((finding) => `${findingIn(language, finding).replace(/\.?$/, '.')} ${finding.hint[language]}`);
