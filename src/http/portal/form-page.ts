// The form of one email server: the administrators' fields in the order of their handbook, then sign-in, then what has sound defaults; beside
// them what they mean together, and the connection test. New, copied, edited, checked while it is typed, tested, saved.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CheckStep } from '../../domain/doctor.ts';
import { MailroomError } from '../../domain/errors.ts';
import type { Definition, EmailServerView } from '../api/email-servers.ts';
import { RequestInvalid } from '../problem.ts';
import type { Finding, PortalDeps, Problem } from './deps.ts';
import { findingItem, stateBadge, testLog } from './findings.ts';
import { blank, definitionFrom, fieldsOf, shownField } from './form.ts';
import { formOf, LIST, needs, queryOf, seeOther, send, type Visits } from './gate.ts';
import { type Html, html } from './html.ts';
import { csrfField, doneUrl, type Frame, page } from './layout.ts';
import { linkTo } from './list-page.ts';
import { allSteps, probeBox, sendLines, wantsLines } from './test-page.ts';
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
  stale: boolean;
  /** Live state of a stored server. */
  live?: string | undefined;
  /** What a test of this definition found; absent: none was asked for. */
  tested?: { all: readonly CheckStep[]; sendProbe: boolean };
  /** What was asked for when the problems were found; `look`: they were there before. */
  asked: 'save' | 'test' | 'look';
}

const pairs = (...values: string[]) => values.map((value) => [value, value] as const);

function formPage(frame: Frame, state: FormState): string {
  const { say } = frame;
  const { definition, existing, readOnly, problems } = state;
  const { input, select, addresses, perMinute } = fieldsOf(frame, state);
  const value = (field: string) => shownField(definition, field);
  const isNew = existing === undefined && !state.fromFile;
  const title = isNew ? say(value('serverType') === 'SMTP' ? 'newSmtp' : 'newImap') : (existing?.name ?? value('name'));
  const applications = [
    ...new Set([...state.applications, ...(value('application') === '' ? [] : [value('application')])]),
  ];
  const starts = (['now', 'unseen', 'all', 'since'] as const).map((one) => [one, say(`startFrom-${one}`)] as const);
  const afters = (['leave', 'seen', 'move'] as const).map((one) => [one, say(`afterQueued-${one}`)] as const);
  const chosenOf = <const F extends string, const C extends string>(field: F, ...choices: readonly C[]) =>
    choices.map((one) => [one, say(`${field}-${one}` as Word)] as const);
  const tlsChoices = [
    ['enabled', say('enabled')],
    ['implicit', say('tlsImplicit')],
    ['starttls', say('tlsStarttls')],
    ['none', say('tlsNone')],
    // Of definitions made before there was a choice.
    ...(value('tls') === 'disabled' ? [['disabled', say('disabled')] as const] : []),
  ] as const;
  const allowPlainText = html`<div class="wide check"><input type="checkbox" id="allowPlainText" name="allowPlainText" value="true"${definition.allowPlainText === true && html` checked`}${readOnly && html` disabled`} aria-describedby="allowPlainText-help"><div><label for="allowPlainText">${say('allowPlainText')}</label><p class="help" id="allowPlainText-help">${say('allowPlainTextHelp')}</p></div></div>`;
  const enabled = html`<div class="wide check"><input type="checkbox" id="enabled" name="enabled" value="true"${definition.enabled === true && html` checked`}${readOnly && html` disabled`} aria-describedby="enabled-help"><div><label for="enabled">Enabled</label><p class="help" id="enabled-help">${say('enabledHelp')}</p></div></div>`;

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
<details class="card"${problems.some(({ field }) => /^(aliases|folder|startFrom|afterQueued|maximumSize|mailboxEvents|sendMode|pace|answeredElsewhere|markAnswered)/.test(field)) && html` open`}><summary>${say('more')}</summary><div class="grid">
${input('aliases', say('aliases'), { css: 'wide imap', help: say('aliasesHelp') })}
${input('folder', say('folder'), { css: 'imap' })}
${select('startFrom', say('startFrom'), starts, { css: 'imap' })}
${input('startFromDate', say('sinceDate'), { css: 'imap', type: 'date' })}
${select('afterQueued', say('afterQueued'), afters, { css: 'imap' })}
${input('afterQueuedFolder', say('moveFolder'), { css: 'imap' })}
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
function problemNote({ say, language }: Frame, problems: FormState['problems'], asked: FormState['asked']): Html {
  const items = problems.map((problem) => {
    const [root = ''] = problem.field.split(/[[.]/, 1);
    return html`<li><a href="#${root === 'pace' ? 'perMinute' : root}">${labelIn(language, problem.field)}</a>: ${problemIn(language, problem)}</li>`;
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

type FormDeps = Pick<PortalDeps, 'servers' | 'operations' | 'preview' | 'applications' | 'signedIn'>;

/** A form that was sent. */
interface Sent {
  form: URLSearchParams;
  definition: Definition;
  /** The stored server that is edited, and its revision when the form was opened. */
  name: string | undefined;
  revision: string;
  view: EmailServerView | undefined;
}

export function addForm(portal: FastifyInstance, deps: FormDeps, visits: Visits): void {
  const { servers, operations } = deps;

  async function stateOf(request: FastifyRequest, more: Partial<FormState>): Promise<FormState> {
    const definition = more.definition ?? blank('IMAP');
    const { existing } = more;
    const mayWrite = visits.may(request, 'email-servers:write');
    const delegated = definition.authenticationType === 'OAuth2' && definition.signIn === 'delegated';
    const signed = existing !== undefined && delegated ? await deps.signedIn(existing.name) : undefined;
    return {
      definition,
      readOnly: !mayWrite,
      fromFile: false,
      hasPassword: false,
      problems: [],
      findings: [],
      blankLines: 1,
      applications: deps.applications(),
      stale: false,
      asked: 'save',
      ...more,
      ...(existing !== undefined && delegated && mayWrite
        ? { consent: signed === undefined ? {} : { person: signed.person } }
        : {}),
    };
  }

  async function sentWith(request: FastifyRequest): Promise<Sent> {
    const form = formOf(request);
    const name = form.get('_existing') ?? undefined;
    const view = name === undefined ? undefined : await servers.get(name);
    if (name !== undefined && view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    const definition = definitionFrom(form, view?.definition);
    return { form, definition, name, revision: form.get('_revision') ?? '', view };
  }

  /** The form once more, with what was entered. */
  async function again(request: FastifyRequest, sent: Sent, more: Partial<FormState>): Promise<string> {
    const { definition, name, revision, view } = sent;
    const { findings } = await deps.preview(more.definition ?? definition, name);
    const existing = name === undefined ? {} : { existing: { name, revision }, live: view?.live.state };
    const known = { definition, hasPassword: view?.hasPassword ?? false, findings, ...existing };
    return formPage(visits.frame(request), await stateOf(request, { ...known, ...more }));
  }

  /** Buttons of the form that neither save nor test: for browsers without script. */
  async function rearrange(request: FastifyRequest, sent: Sent, action: string): Promise<string> {
    const { definition } = sent;
    const [, line] = /^remove:(\d{1,4})$/.exec(action) ?? [];
    if (line !== undefined) {
      const lines = sent.form.getAll('additionalEmailFromAddresses').filter((_, index) => index !== Number(line));
      const additionalEmailFromAddresses = lines.filter((one) => one.trim() !== '');
      return again(request, sent, { definition: { ...definition, additionalEmailFromAddresses } });
    }
    if (action === 'address') return again(request, sent, { blankLines: 2 });
    const { host, port, tls, authenticationType } = blank(definition.serverType === 'SMTP' ? 'SMTP' : 'IMAP');
    return again(request, sent, { definition: { ...definition, host, port, tls, authenticationType } });
  }

  async function test(request: FastifyRequest, reply: FastifyReply, sent: Sent) {
    const { definition, name, form } = sent;
    const sendProbe = form.get('_sendProbe') === 'true' && definition.serverType === 'SMTP';
    try {
      const steps = await operations.testDefinition(definition, name, { sendProbe });
      const type = definition.serverType === 'SMTP' ? 'SMTP' : 'IMAP';
      if (wantsLines(request)) return sendLines(reply, visits.frame(request), type, steps);
      return send(reply, await again(request, sent, { tested: { all: await allSteps(steps), sendProbe } }));
    } catch (error) {
      if (!(error instanceof RequestInvalid)) throw error;
      if (!wantsLines(request))
        return send(reply, await again(request, sent, { problems: error.problems, asked: 'test' }), 422);
      const frame = visits.frame(request);
      reply.code(422).header('content-type', 'application/x-ndjson; charset=utf-8');
      return reply.send(`${JSON.stringify({ next: '', summary: problemNote(frame, error.problems, 'test').text })}\n`);
    }
  }

  async function submitted(request: FastifyRequest, reply: FastifyReply) {
    const sent = await sentWith(request);
    const { name, revision, definition } = sent;
    const action = sent.form.get('_action') ?? 'save';
    if (action === 'test') return test(request, reply, sent);
    if (action !== 'save') return send(reply, await rearrange(request, sent, action));
    try {
      const by = visits.who(request);
      const saved =
        name === undefined
          ? await servers.create(definition, by)
          : await servers.replace(name, revision, definition, by);
      return seeOther(reply, doneUrl(visits.session(request), LIST, 'saved', saved.name));
    } catch (error) {
      if (error instanceof RequestInvalid)
        return send(reply, await again(request, sent, { problems: error.problems }), 422);
      if (error instanceof MailroomError && error.code === 'EMAIL_SERVER_CHANGED')
        return send(reply, await again(request, sent, { stale: true }), 412);
      throw error;
    }
  }

  portal.get(`${LIST}/new`, needs('email-servers:write'), async (request, reply) => {
    const { type, from } = queryOf(request);
    let definition = blank(type === 'SMTP' ? 'SMTP' : 'IMAP');
    if (from !== undefined) {
      const view = await servers.get(from);
      if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
      definition = { ...view.definition, name: `${view.name} (2)`, enabled: false };
    }
    const application = deps.applications()[0];
    if (definition.application === undefined && application !== undefined) definition = { ...definition, application };
    const { findings } = await deps.preview(definition);
    return send(reply, formPage(visits.frame(request), await stateOf(request, { definition, findings })));
  });
  portal.post(`${LIST}/new`, needs('email-servers:write'), submitted);
  portal.get(`${LIST}/edit`, needs('email-servers:read'), async (request, reply) => {
    const view = await servers.get(queryOf(request).name ?? '');
    if (view === undefined) throw new MailroomError('EMAIL_SERVER_NOT_FOUND');
    const { revision } = view;
    const { findings } = view.valid ? await deps.preview(view.definition, view.name) : view;
    const state = await stateOf(request, {
      definition: view.definition,
      hasPassword: view.hasPassword,
      problems: view.problems,
      findings,
      live: view.live.state,
      asked: 'look',
      ...(revision === undefined
        ? { readOnly: true, fromFile: view.source === 'file' }
        : { existing: { name: view.name, revision } }),
    });
    return send(reply, formPage(visits.frame(request), state));
  });
  portal.post(`${LIST}/edit`, needs('email-servers:write'), submitted);
  portal.post(`${LIST}/check`, needs('email-servers:write'), async (request, reply) => {
    const { definition, name } = await sentWith(request);
    const { problems, findings } = await deps.preview(definition, name);
    const language = visits.language(request);
    return reply.send({
      problems: problems.map((problem) => ({ field: problem.field, message: problemIn(language, problem) })),
      warnings: findings.map((finding) => findingItem({ language }, finding).text).join(''),
    });
  });
}
