// How the form of one email server is drawn: the administrators' fields in the order of their handbook, then sign-in, then what has sound defaults;
// beside them what they mean together, and the connection test. Pure.
import type { CheckStep } from '../../domain/doctor.ts';
import type { Definition } from '../api/email-servers.ts';
import { type Conflict, conflictNote } from './conflict.ts';
import type { Finding, Problem } from './deps.ts';
import { findingItem, stateBadge, testLog } from './findings.ts';
import { fieldsOf, shownField } from './form.ts';
import { type Html, html } from './html.ts';
import { csrfField, errorNote, type Frame, page, type ShownError } from './layout.ts';
import { linkTo } from './list-page.ts';
import { probeBox } from './test-page.ts';
import type { Word } from './words.ts';
import { labelIn, problemIn } from './words-said.ts';

export interface FormState {
  definition: Definition;
  /** Name and revision of the server that is edited; absent for a new one. */
  existing?: { name: string; revision: string };
  readOnly: boolean;
  /** Defined in a file. */
  fromFile: boolean;
  hasPassword: boolean;
  problems: readonly Problem[];
  findings: readonly Finding[];
  /** Blank lines below the addresses. */
  blankLines: number;
  applications: readonly string[];
  /** Delegated servers that are stored: who has signed in. */
  consent?: { person?: string } | undefined;
  /** Somebody else saved it meanwhile. */
  conflict?: Conflict;
  /** Names of email flows that there are. */
  flows: readonly string[];
  /** Folders of the mailbox, when they were asked for; or why they could not be had. */
  folders?: readonly string[] | ShownError;
  /** It is shown again after signing in again. */
  kept?: boolean;
  /** Live state of a stored server. */
  live?: string | undefined;
  /** What a test of this definition found; absent: none was asked for. */
  tested?: { all: readonly CheckStep[]; sendProbe: boolean };
  /** What was asked for when the problems were found; `look`: they were there before. */
  asked: 'save' | 'test' | 'look';
}

const pairs = (...values: string[]) => values.map((value) => [value, value] as const);

export function formPage(frame: Frame, state: FormState): string {
  const { say } = frame;
  const { definition, existing, readOnly, problems } = state;
  const { input, select, emailFlow, addresses } = fieldsOf(frame, state);
  const value = (field: string) => shownField(definition, field);
  const isNew = existing === undefined && !state.fromFile;
  const title = isNew ? say(value('serverType') === 'SMTP' ? 'newSmtp' : 'newImap') : (existing?.name ?? value('name'));
  const tlsChoices = [
    ['enabled', say('enabled')],
    ['implicit', say('tlsImplicit')],
    ['starttls', say('tlsStarttls')],
    ['none', say('tlsNone')],
    // Of definitions made before there was a choice.
    ...(value('tls') === 'disabled' ? [['disabled', say('disabled')] as const] : []),
  ] as const;
  const enabled = html`<div class="wide check"><input type="checkbox" id="enabled" name="enabled" value="true"${definition.enabled === true && html` checked`}${readOnly && html` disabled`} aria-describedby="enabled-help"><div><label for="enabled">Enabled</label><p class="help" id="enabled-help">${say('enabledHelp')}</p></div></div>`;

  return page(
    {
      ...frame,
      ...(readOnly ? {} : { form: { id: 'definition', enter: 'save' } }),
      failed: (problems.length > 0 && state.asked !== 'look') || state.conflict !== undefined,
    },
    title,
    'emailServers',
    html`
<p class="crumb"><a href="/portal/email-servers">← ${say('back')}</a></p>
<div class="bar"><h1 class="wrap">${title} ${state.live !== undefined && stateBadge(frame, state.live)}</h1>${state.live !== undefined && state.live !== 'invalid' && html`<a class="button small" href="${linkTo('status', String(definition.name))}">${say('serverStatus')}</a>`}</div>
${state.fromFile && html`<div class="note">${say('readOnly')}</div>`}
${state.kept === true && html`<div class="note" role="status">${say('kept')}</div>`}
${state.conflict !== undefined && conflictNote(frame, state.conflict)}
${problems.length > 0 && problemNote(frame, problems, state.asked)}
<div class="columns"><div>
<form id="definition" method="post" action="/portal/email-servers/${isNew ? 'new' : 'edit'}"${!readOnly && html` data-check="1"`}${isNew && html` data-new="1"`} novalidate>
${csrfField(frame)}
${existing !== undefined && html`<input type="hidden" name="_existing" value="${existing.name}"><input type="hidden" name="_revision" value="${existing.revision}">`}
<div class="card"><div class="bar"><h2>${say('connection')}</h2>${!readOnly && html`<div class="preset"><button class="plain small" name="_action" value="preset" aria-describedby="preset-help">${say('presets')}</button><p class="help" id="preset-help">${say('presetsHelp')}</p></div>`}</div><div class="grid">
${select('serverType', 'Server Type', pairs('IMAP', 'SMTP'), { css: 'third', fixed: !isNew })}
${input('name', 'Name', { css: 'two-thirds', fixed: existing !== undefined })}
${input('host', 'Host', { css: 'two-thirds' })}
${input('port', 'Port', { css: 'third', mode: 'numeric' })}
${select('tls', 'TLS', tlsChoices, { css: 'third', help: say('tlsHelp') })}
${select('authenticationType', 'Authentication Type', [...pairs('OAuth2', 'Password'), ['None', say('noSignIn')]], { css: 'two-thirds' })}
${input('user', 'User', { css: 'wide', help: say('userHelp') })}
${emailFlow()}
${addresses()}
${enabled}
</div></div>
${signInCard(frame, state)}
${advanced(frame, state)}
${!readOnly && buttons(frame, state)}
</form>
</div><div class="aside">
<div id="warnings" role="status" aria-live="polite"${state.findings.length > 0 && html` class="note warn wrap"`}>${state.findings.map((one) => findingItem(frame, one))}</div>
${consent(frame, state)}
</div></div>`,
  );
}

function signInCard(frame: Frame, state: FormState): Html {
  const { say } = frame;
  const { definition } = state;
  const { input, select } = fieldsOf(frame, state);
  const value = (field: string) => shownField(definition, field);
  const applications = [
    ...new Set([...state.applications, ...(value('application') === '' ? [] : [value('application')])]),
  ];
  return html`<div class="card"><h2>${say('signInSection')}</h2><div class="grid">
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
</div></div>`;
}

/** What has sound defaults. */
function advanced(frame: Frame, state: FormState): Html {
  const { say } = frame;
  const { definition, readOnly, problems } = state;
  const { input, area, select, perMinute } = fieldsOf(frame, state);
  const starts = (['now', 'unseen', 'all', 'since'] as const).map((one) => [one, say(`startFrom-${one}`)] as const);
  const afters = (['leave', 'seen', 'move'] as const).map((one) => [one, say(`afterQueued-${one}`)] as const);
  const chosenOf = <const F extends string, const C extends string>(field: F, ...choices: readonly C[]) =>
    choices.map((one) => [one, say(`${field}-${one}` as Word)] as const);
  const folders = Array.isArray(state.folders) ? (state.folders as readonly string[]) : [];
  const list = folders.length > 0 ? 'folder-list' : undefined;
  const allowPlainText = html`<div class="wide check"><input type="checkbox" id="allowPlainText" name="allowPlainText" value="true"${definition.allowPlainText === true && html` checked`}${readOnly && html` disabled`} aria-describedby="allowPlainText-help"><div><label for="allowPlainText">${say('allowPlainText')}</label><p class="help" id="allowPlainText-help">${say('allowPlainTextHelp')}</p></div></div>`;
  return html`<details class="card"${problems.some(({ field }) => /^(aliases|flowByRecipient|trustedAuthservIds|folder|startFrom|afterQueued|maximumSize|mailboxEvents|sendMode|pace|answeredElsewhere|markAnswered)/.test(field)) && html` open`}${state.folders !== undefined && html` open`}><summary>${say('more')}</summary><div class="grid">
${input('aliases', say('aliases'), { css: 'wide imap', help: say('aliasesHelp') })}
${area('flowByRecipient', say('flowByRecipient'), { css: 'wide imap', help: say('flowByRecipientHelp') })}
${input('trustedAuthservIds', say('trustedAuthservIds'), { css: 'wide imap', help: say('trustedAuthservIdsHelp') })}
${input('folder', say('folder'), { css: 'imap', list })}
${select('startFrom', say('startFrom'), starts, { css: 'imap' })}
${input('startFromDate', say('sinceDate'), { css: 'imap', type: 'date' })}
${select('afterQueued', say('afterQueued'), afters, { css: 'imap' })}
${input('afterQueuedFolder', say('moveFolder'), { css: 'imap', list })}
${!readOnly && folderPicker(frame, state.folders)}
${input('maximumSize', say('maximumSize'), { css: 'imap' })}
${select('mailboxEvents', say('mailboxEvents'), chosenOf('mailboxEvents', 'off', 'flags', 'flags-and-sent'), { css: 'wide imap', help: say('mailboxEventsHelp') })}
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
${select('answeredElsewhere', say('answeredElsewhere'), chosenOf('answeredElsewhere', 'hold', 'warn', 'send'), { css: 'smtp', help: say('answeredElsewhereHelp') })}
${select('markAnswered', say('markAnswered'), chosenOf('markAnswered', 'false', 'true'), { css: 'smtp', help: say('markAnsweredHelp') })}
${allowPlainText}
</div></details>`;
}

/** Folders as the server lists them, for the fields of the form that name one. */
function folderPicker(frame: Frame, found: FormState['folders']): Html {
  const { say } = frame;
  const note =
    found === undefined
      ? html``
      : 'code' in found
        ? errorNote(frame, found, found.title)
        : html`<p class="note ok" role="status">${say('foldersFound', { count: found.length })}</p><datalist id="folder-list">${found.map((name) => html`<option value="${name}"></option>`)}</datalist>`;
  return html`<div class="wide imap"><button class="plain small" name="_action" value="folders" aria-describedby="folders-help">${say('folders')}</button><p class="help" id="folders-help">${say('foldersHelp')}</p>${note}</div>`;
}

const ASKED = { save: 'errors', test: 'errorsTest', look: 'errorsThere' } as const;

/** What is wrong, each with a way to its field. */
export function problemNote(
  { say, language }: Frame,
  problems: FormState['problems'],
  asked: FormState['asked'],
): Html {
  const items = problems.map((problem) => {
    const [root = ''] = problem.field.split(/[[.]/, 1);
    const [, line] = /^additionalEmailFromAddresses\[(\d{1,3})\]/.exec(problem.field) ?? [];
    const id = line === undefined ? (root === 'pace' ? 'perMinute' : root) : `address-${line}`;
    return html`<li><a href="#${id}">${labelIn(language, problem.field)}</a>: ${problemIn(language, problem)}</li>`;
  });
  return html`<div class="note bad wrap" id="problems" role="alert" tabindex="-1"${asked !== 'look' && html` autofocus`}><p><strong>${say(ASKED[asked])}</strong></p><ul>${items}</ul></div>`;
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
