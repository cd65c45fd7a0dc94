// The page with the form of one email server: the fields in the order of the handbook, sign-in, then fields with sound defaults; beside them warnings,
// below them the connection test. Pure.
import type { CheckStep } from '../../domain/doctor.ts';
import type { Definition } from '../api/email-servers.ts';
import { type Conflict, conflictNote } from './conflict.ts';
import type { Finding, Problem } from './deps.ts';
import { fewNotes, stateBadge, testLog } from './findings.ts';
import { fieldOf, shownField } from './form.ts';
import { fieldsOf } from './form-fields.ts';
import { LIST } from './gate.ts';
import { type Html, html } from './html.ts';
import { errorNote, type Frame, page, type ShownError } from './layout.ts';
import { linkTo } from './list-page.ts';
import { type Choices, crumb, csrfField, hiddenField, hiddenFields, same } from './parts.ts';
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
  /** Number of blank lines below the addresses. */
  blankLines: number;
  applications: readonly string[];
  /** Of stored servers with delegated sign-in: who has signed in. */
  consent?: { person?: string } | undefined;
  /** Somebody else saved it meanwhile. */
  conflict?: Conflict;
  /** Names of email flows that there are. */
  flows: readonly string[];
  /** Folders of the mailbox, if they were requested, or why they could not be fetched. */
  folders?: readonly string[] | ShownError;
  /** It is shown again after a new sign-in. */
  kept?: boolean;
  /** Live state of a stored server. */
  live?: string | undefined;
  /** What a test of this definition found; absent: none was asked for. */
  tested?: { all: readonly CheckStep[]; sendProbe: boolean };
  /** The action that found the problems; `look`: none, the stored definition has them. */
  asked: 'save' | 'test' | 'look';
}

export function formPage(frame: Frame, state: FormState): string {
  const { say } = frame;
  const { definition, existing, readOnly, problems } = state;
  const { input, select, check, emailFlow, addresses } = fieldsOf(frame, state);
  const value = (field: string) => shownField(definition, field);
  const isNew = existing === undefined && !state.fromFile;
  const title = isNew ? say(value('serverType') === 'SMTP' ? 'newSmtp' : 'newImap') : (existing?.name ?? value('name'));
  const tlsChoices: Choices = [
    ['enabled', say('enabled')],
    ['implicit', say('tlsImplicit')],
    ['starttls', say('tlsStarttls')],
    ['none', say('tlsNone')],
    // Definitions of older versions.
    ...(value('tls') === 'disabled' ? [['disabled', say('disabled')] as const] : []),
  ];
  return page(
    {
      ...frame,
      ...(readOnly ? {} : { form: { id: 'definition', enter: 'save' } }),
      failed: (problems.length > 0 && state.asked !== 'look') || state.conflict !== undefined,
    },
    title,
    'emailServers',
    html`
${crumb(LIST, say('emailServers'))}
<div class="bar"><h1 class="wrap">${title} ${state.live !== undefined && stateBadge(frame, state.live)}</h1>${state.live !== undefined && state.live !== 'invalid' && html`<a class="button small" href="${linkTo('status', String(definition.name))}">${say('serverStatus')}</a>`}</div>
${state.fromFile && html`<div class="note">${say('readOnly')}</div>`}
${state.kept === true && html`<div class="note" role="status">${say('kept')}</div>`}
${state.conflict !== undefined && conflictNote(frame, state.conflict)}
${problems.length > 0 && problemNote(frame, state)}
<div class="columns"><div>
<form id="definition" method="post" action="${LIST}/${isNew ? 'new' : 'edit'}"${!readOnly && html` data-check="1"`}${isNew && html` data-new="1"`} novalidate>
${csrfField(frame)}${hiddenFields({ _existing: existing?.name, _revision: existing?.revision })}
<div class="card"><div class="bar"><h2>${say('connection')}</h2>${!readOnly && html`<div class="preset"><button class="plain small" name="_action" value="preset" aria-describedby="preset-help">${say('presets')}</button><p class="help" id="preset-help">${say('presetsHelp')}</p></div>`}</div><div class="grid">
${select('serverType', 'Server Type', same(['IMAP', 'SMTP']), { css: 'third', fixed: !isNew })}
${input('name', 'Name', { css: 'two-thirds', fixed: existing !== undefined })}
${input('host', 'Host', { css: 'two-thirds' })}
${input('port', 'Port', { css: 'third', mode: 'numeric' })}
${select('tls', 'TLS', tlsChoices, { css: 'third', help: say('tlsHelp') })}
${select('authenticationType', 'Authentication Type', [...same(['OAuth2', 'Password']), ['None', say('noSignIn')]], { css: 'two-thirds' })}
${input('user', 'User', { css: 'wide', help: say('userHelp') })}
${emailFlow()}
${addresses()}
${check('enabled', 'Enabled', say('enabledHelp'))}
</div></div>
${signInCard(frame, state)}
${advanced(frame, state)}
${!readOnly && buttons(frame, state)}
</form>
</div><div class="aside">
<div id="warnings" role="status" aria-live="polite">${fewNotes(frame, state.findings)}</div>
${consent(frame, state)}
</div></div>`,
  );
}

function signInCard(frame: Frame, state: FormState): Html {
  const { say } = frame;
  const { definition } = state;
  const { input, select } = fieldsOf(frame, state);
  const value = (field: string) => shownField(definition, field);
  const applications = new Set([...state.applications, value('application')]);
  applications.delete('');
  const hasNone = applications.size === 0;
  const modes = chosenOf(frame, '', 'appOnly', 'delegated');
  return html`<div class="card"><h2>${say('signInSection')}</h2><div class="grid">
${select('application', say('application'), hasNone ? [['', '–']] : same([...applications]), { css: 'oauth', ...(hasNone ? { help: say('noApplication') } : {}) })}
${select('signIn', say('signInMode'), modes, { css: 'oauth' })}
${input('signInUser', say('signInUser'), { help: say('signInUserHelp'), css: 'oauth person wide' })}
${input('password', say('password'), { type: 'password', css: 'secret wide', ...(state.hasPassword ? { help: say('passwordKept') } : {}) })}
</div></div>`;
}

/** Choices of a field, whose words begin with a prefix. */
const chosenOf = <const C extends string>({ say }: Frame, prefix: string, ...choices: readonly C[]): Choices =>
  choices.map((one) => [one, say(`${prefix}${one}` as Word)] as const);

/** Fields with sound defaults: they are folded, unless one is wrong. */
const ADVANCED =
  /^(aliases|flowByRecipient|trustedAuthservIds|folder|startFrom|afterQueued|maximumSize|mailboxEvents|sendMode|pace|answeredElsewhere|markAnswered)/;

function advanced(frame: Frame, state: FormState): Html {
  const { say } = frame;
  const { readOnly, problems } = state;
  const { input, area, select, check } = fieldsOf(frame, state);
  const choices = (field: string, ...values: string[]) => chosenOf(frame, `${field}-`, ...values);
  const isOpen = state.folders !== undefined || problems.some(({ field }) => ADVANCED.test(field));
  const list = Array.isArray(state.folders) && state.folders.length > 0 ? 'folder-list' : undefined;
  return html`<details class="card"${isOpen && html` open`}><summary>${say('more')}</summary><div class="grid">
${input('aliases', say('aliases'), { css: 'wide imap', help: say('aliasesHelp') })}
${area('flowByRecipient', say('flowByRecipient'), { css: 'wide imap', help: say('flowByRecipientHelp') })}
${input('trustedAuthservIds', say('trustedAuthservIds'), { css: 'wide imap', help: say('trustedAuthservIdsHelp') })}
${input('folder', say('folder'), { css: 'imap', list })}
${select('startFrom', say('startFrom'), choices('startFrom', 'now', 'unseen', 'all', 'since'), { css: 'imap' })}
${input('startFromDate', say('sinceDate'), { css: 'imap', type: 'date' })}
${select('afterQueued', say('afterQueued'), choices('afterQueued', 'leave', 'seen', 'move'), { css: 'imap' })}
${input('afterQueuedFolder', say('moveFolder'), { css: 'imap', list })}
${!readOnly && folderPicker(frame, state.folders)}
${input('maximumSize', say('maximumSize'), { css: 'imap' })}
${select('mailboxEvents', say('mailboxEvents'), choices('mailboxEvents', 'off', 'flags', 'flags-and-sent'), { css: 'wide imap', help: say('mailboxEventsHelp') })}
${select('sendMode', say('sendMode'), chosenOf(frame, '', 'sendAs', 'onBehalf'), { css: 'smtp' })}
${input('perMinute', say('perMinute'), { css: 'smtp', mode: 'numeric' })}
${select('answeredElsewhere', say('answeredElsewhere'), choices('answeredElsewhere', 'hold', 'warn', 'send'), { css: 'smtp', help: say('answeredElsewhereHelp') })}
${select(
  'markAnswered',
  say('markAnswered'),
  [
    ['false', say('no')],
    ['true', say('yes')],
  ],
  { css: 'smtp', help: say('markAnsweredHelp') },
)}
${check('allowPlainText', say('allowPlainText'), say('allowPlainTextHelp'))}
</div></details>`;
}

/** Offers the server's own list of folders to the fields that name one. */
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

/** The list of problems, each with a link to its field. */
export function problemNote(
  { say, language }: Frame,
  { definition, problems, asked }: Pick<FormState, 'definition' | 'problems' | 'asked'>,
): Html {
  const items = problems.map((problem) => {
    const [, line] = /^additionalEmailFromAddresses\[(\d{1,3})\]/.exec(problem.field) ?? [];
    const id = line === undefined ? fieldOf(problem.field, definition) : `address-${line}`;
    return html`<li><a href="#${id}">${labelIn(language, problem.field)}</a>: ${problemIn(language, problem)}</li>`;
  });
  return html`<div class="note bad wrap" id="problems" role="alert" tabindex="-1"${asked !== 'look' && html` autofocus`}><p><strong>${say(ASKED[asked])}</strong></p><ul>${items}</ul></div>`;
}

function buttons(frame: Frame, { tested }: FormState): Html {
  const { say } = frame;
  return html`<div class="card"><h2>${say('testResult')}</h2><p class="help">${say('testOfEntered')}</p>${probeBox(frame, tested?.sendProbe ?? false)}
<p class="buttons"><button class="plain" name="_action" value="test">${say(tested === undefined ? 'startTest' : 'testAgain')}</button></p>${testLog(frame, tested?.all)}</div>
<div class="foot buttons"><button class="main" name="_action" value="save">${say('save')}</button><a class="button" href="${LIST}">${say('cancel')}</a></div>`;
}

function consent(frame: Frame, { existing, consent: known, readOnly }: FormState): Html | false {
  const { say } = frame;
  if (readOnly || existing === undefined || known === undefined) return false;
  const { person } = known;
  return html`<div class="card"><h2>${say('consentTitle')}</h2><p class="wrap">${person === undefined ? html`<span class="badge wrap warn">${say('notSignedIn')}</span>` : html`${say('signedInAs')} <strong>${person}</strong>.`}</p><p class="help">${say('consentHelp')}</p>
<form method="post" action="${LIST}/sign-in">${csrfField(frame)}${hiddenField('name', existing.name)}<p class="buttons"><button class="${person === undefined ? 'main' : 'plain'}">${say('consent')}</button></p></form></div>`;
}
