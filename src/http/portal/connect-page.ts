// The wizard "Connect a shared mailbox": a few questions, then both email servers in one step. Its answers travel in hidden fields: it works without
// script, in both directions, and stores nothing until the end. connected-page.ts has what follows: sign-in, test, round trip.
import { MailroomError } from '../../domain/errors.ts';
import type { Definition } from '../api/email-servers.ts';
import { RequestInvalid } from '../problem.ts';
import {
  type Answers,
  answersOf,
  definitionsOf,
  FIELDS,
  namesOf,
  powerShell,
  problemsIn,
  questionOf,
  STEPS,
  type Step,
} from './connect.ts';
import type { PortalDeps, Problem } from './deps.ts';
import { fixList } from './findings.ts';
import { fieldsOf } from './form-fields.ts';
import { LIST, type RequestContext, type Routes, seeOther, send, shownError } from './gate.ts';
import { type Html, html } from './html.ts';
import { errorNote, type Frame, mayChange, page, type ShownError } from './layout.ts';
import { crumb, csrfField, hiddenFields, same } from './parts.ts';
import type { Word } from './words.ts';
import { labelIn, problemIn } from './words-said.ts';

export const CONNECT = '/portal/connect';

interface WizardState {
  step: Step;
  answers: Answers;
  problems: readonly Problem[];
  flows: readonly string[];
  applications: readonly string[];
  clientId: string | undefined;
  redirectUri: string;
  /** Why a server could not be created, and whether the first one was. */
  failed?: { error: ShownError; half: boolean };
}

const LABELS: Readonly<Record<string, Word>> = {
  mailbox: 'mailboxAddress',
  imapHost: 'imapHost',
  smtpHost: 'smtpHost',
  imapPort: 'imapPort',
  smtpPort: 'smtpPort',
  person: 'signInUser',
  from: 'fromAddresses',
};

function wizardPage(frame: Frame, state: WizardState): string {
  const { say, language } = frame;
  const { step, answers, problems, failed } = state;
  const at = STEPS.indexOf(step);
  const others = STEPS.filter((one) => one !== step).flatMap((one) => FIELDS[one]);
  const hidden = hiddenFields({
    _step: step,
    ...Object.fromEntries(others.map((field) => [field, answers[field] ?? ''])),
    _half: failed?.half === true ? namesOf(answers).imap : undefined,
  });
  const items = problems.map(({ field, ...problem }) => {
    const [root = ''] = field.split(/[[.]/, 1);
    const word = LABELS[root];
    return html`<li><a href="#${root}">${word === undefined ? labelIn(language, field) : say(word)}</a>: ${problemIn(language, { field, ...problem })}</li>`;
  });
  const steps = STEPS.map(
    (one, index) =>
      html`<li${one === step && html` aria-current="step"`}>${index < at && '✓ '}${say(`connect-${one}`)}</li>`,
  );
  return page(
    { ...frame, form: { id: 'wizard', enter: 'next' }, failed: problems.length > 0 || failed !== undefined },
    say('connect'),
    'emailServers',
    html`${crumb(LIST, say('emailServers'))}<h1>${say('connect')}</h1><p class="lead">${say('connectLead')}</p>
<ol class="progress" aria-label="${say('connectStep', { at: at + 1, of: STEPS.length })}">${steps}</ol>
${items.length > 0 && html`<div class="note bad wrap" id="problems" role="alert" tabindex="-1" autofocus><p><strong>${say('connectErrors')}</strong></p><ul>${items}</ul></div>`}
${failed !== undefined && html`${failed.half && html`<div class="note warn" role="alert">${say('connectHalf', { name: namesOf(answers).imap })}</div>`}${errorNote(frame, failed.error, failed.error.title)}`}
<form class="card wizard" id="wizard" method="post" action="${CONNECT}" data-ask="1" novalidate>${csrfField(frame)}${hidden}
<h2>${say(`connect-${step}`)}</h2>${BODIES[step](frame, state)}
<p class="buttons">${at > 0 && html`<button class="plain" name="_action" value="back">${say('connectBack')}</button>`}<button class="main" name="_action" value="next">${say(step !== 'review' ? 'connectNext' : failed?.half === true ? 'connectRest' : 'connectCreate')}</button></p></form>`,
  );
}

const fields = (frame: Frame, { answers, problems, flows }: WizardState) =>
  fieldsOf(frame, { definition: answers, readOnly: false, problems, blankLines: 0, flows });

const BODIES: Readonly<Record<Step, (frame: Frame, state: WizardState) => Html>> = {
  mailbox(frame, state) {
    const { say } = frame;
    const { input, select } = fields(frame, state);
    const open = state.answers.kind === 'other' || state.problems.some(({ field }) => /Host|Port/.test(field));
    const kinds = (['microsoft', 'other'] as const).map((one) => [one, say(`kind-${one}`)] as const);
    return html`<div class="grid">${select('kind', say('kind'), kinds, { css: 'wide' })}${input('mailbox', say('mailboxAddress'), { css: 'wide', mode: 'email' })}${input('name', say('name'), { css: 'wide', help: say('serversNameHelp') })}</div>
<details class="hosts"${open && html` open`}><summary>${say('hosts')}</summary><div class="grid">${input('imapHost', say('imapHost'), { css: 'two-thirds' })}${input('imapPort', say('imapPort'), { css: 'third', mode: 'numeric' })}${input('smtpHost', say('smtpHost'), { css: 'two-thirds' })}${input('smtpPort', say('smtpPort'), { css: 'third', mode: 'numeric' })}</div></details>`;
  },
  signIn(frame, state) {
    const { say } = frame;
    const { input, select } = fields(frame, state);
    if (state.answers.kind === 'other')
      return html`<div class="grid">${input('login', say('login'), { css: 'wide' })}</div>`;
    const { applications } = state;
    const modes = [
      ['appOnly', say('appOnly')],
      ['delegated', say('delegated')],
    ] as const;
    return html`<div class="grid">${
      applications.length === 0
        ? html`<div class="wide note warn"><p><strong>${say('registerTitle')}</strong></p>${fixList(say('registerSteps', { redirect: state.redirectUri }))}</div>`
        : select('application', say('application'), same(applications), { css: 'wide' })
    }${select('signIn', say('signInMode'), modes, { css: 'wide' })}${input('person', say('signInUser'), { css: 'wide person', mode: 'email', help: say('personHelp') })}</div>${commands(frame, state)}`;
  },
  flow(frame, state) {
    const { say } = frame;
    const { area, select, emailFlow } = fields(frame, state);
    const starts = (['now', 'unseen', 'all'] as const).map((one) => [one, say(`startFrom-${one}`)] as const);
    return html`<div class="grid">${emailFlow()}${area('from', say('fromAddresses'), { css: 'wide', help: say('fromAddressesHelp') })}${select('startFrom', say('startFrom'), starts, { css: 'wide' })}</div>`;
  },
  review(frame, state) {
    const { say, language } = frame;
    const { imap, smtp } = definitionsOf(state.answers);
    const { input } = fields(frame, state);
    const rows = (definition: Definition) =>
      ['name', 'host', 'port', 'user', 'application', 'signInUser', 'emailFlow', 'additionalEmailFromAddresses']
        .filter((field) => definition[field] !== undefined && String(definition[field]) !== '')
        .map((field) => html`<dt>${labelIn(language, field)}</dt><dd>${[definition[field]].flat().join(', ')}</dd>`);
    const other = state.answers.kind === 'other';
    return html`<p>${say('connectReview')}</p><div class="pair"><section><h3>IMAP</h3><dl class="facts">${rows(imap)}</dl></section><section><h3>SMTP</h3><dl class="facts">${rows(smtp)}</dl></section></div>${
      other
        ? html`<div class="grid">${input('password', say('password'), { type: 'password', css: 'wide', help: say('passwordNowHelp') })}</div>`
        : commands(frame, state)
    }`;
  },
};

/** PowerShell for the names entered so far. */
function commands(frame: Frame, { answers, clientId, step }: WizardState): Html {
  const { say } = frame;
  const text = powerShell(answers, clientId, { objectId: say('objectId'), clientId: say('clientId') });
  return html`<section class="commands"><h3>${say('powerShell')}</h3><p class="help">${say(text === '' ? 'powerShellLater' : 'powerShellHelp')}</p>${
    text !== '' &&
    html`<pre id="commands" tabindex="0" lang="en">${text}</pre><button class="plain small" type="button" data-copy="commands" data-copied="${say('copied')}" hidden>${say('copyText')}</button>`
  }${step === 'signIn' && html` <button class="plain small" name="_action" value="update">${say('updateCommands')}</button>`}</section>`;
}

/** What an installation without servers shows instead of empty tables. */
export function checklist(frame: Frame, applications: readonly string[]): Html {
  const { say } = frame;
  const mark = (done: boolean) => html`<span class="mark" aria-hidden="true">${done ? '✓' : '○'}</span>`;
  const there = applications.length > 0;
  const what = there
    ? say('setUpApplicationThere', { names: applications.join(', ') })
    : say('setUpApplicationMissing');
  return html`<section class="card"><h2>${say('setUp')}</h2><p>${say('setUpLead')}</p><ol class="checklist"><li>${mark(there)}<div><strong>${say('setUpApplication')}</strong><p class="help">${what}</p></div></li><li>${mark(false)}<div><strong>${say('connect')}</strong>${
    mayChange(frame)
      ? html`<p class="buttons"><a class="button main" href="${CONNECT}">${say('connect')}</a><a class="button" href="${LIST}">${say('emailServers')}</a></p>`
      : html`<p class="help">${say('setUpAsk')}</p>`
  }</div></li><li>${mark(false)}<div><strong>${say('setUpTest')}</strong></div></li></ol></section>`;
}

type ConnectDeps = Pick<PortalDeps, 'servers' | 'operations' | 'preview' | 'applications' | 'clientIdOf' | 'publicUrl'>;

export function addConnect({ get, post }: Routes, deps: ConnectDeps): void {
  const { servers, operations } = deps;

  function stateOf(step: Step, answers: Answers, more: Partial<WizardState> = {}): WizardState {
    return {
      step,
      answers,
      problems: [],
      flows: operations.flowNames(),
      applications: deps.applications(),
      clientId: deps.clientIdOf(answers.application ?? ''),
      redirectUri: `${deps.publicUrl}/signin/callback`,
      ...more,
    };
  }

  /** What the rules of saving refuse in both servers, at the question it comes from. */
  async function refusedIn(answers: Answers, form: URLSearchParams): Promise<Problem[]> {
    const both = definitionsOf(answers, form.get('password') ?? '');
    const found = await Promise.all(
      (['imap', 'smtp'] as const).map(async (type) => {
        const { problems } = await deps.preview(both[type]);
        return problems.map((one) => ({ ...one, field: questionOf(type, one.field, answers) }));
      }),
    );
    // One for each question: both servers may have it.
    return [...new Map(found.flat().map((one) => [one.field, one])).values()];
  }

  /** The first step whose answers are wrong, with what is wrong in it. @param last step that was answered */
  async function firstWrong(
    answers: Answers,
    form: URLSearchParams,
    last: Step,
  ): Promise<{ step: Step; problems: Problem[] } | undefined> {
    const names = (await servers.list()).map(({ name }) => name);
    const refused = await refusedIn(answers, form);
    for (const step of STEPS.slice(0, STEPS.indexOf(last) + 1)) {
      const own: Problem[] = problemsIn(step, answers, names);
      const known = new Set(own.map(({ field }) => field));
      // The last step has what belongs to no other, such as the password.
      const isHere = (field: string) => (STEPS.find((one) => FIELDS[one].includes(field)) ?? 'review') === step;
      const problems = [...own, ...refused.filter(({ field }) => !known.has(field) && isHere(field))];
      if (problems.length > 0) return { step, problems };
    }
    return undefined;
  }

  /** Creates both, or only the SMTP server when an earlier attempt failed after the first. */
  async function create({ form, frame, reply, by }: RequestContext, answers: Answers) {
    const names = namesOf(answers);
    const half = form.get('_half') === names.imap && (await servers.get(names.imap)) !== undefined;
    const wrong = half ? undefined : await firstWrong(answers, form, 'review');
    if (wrong !== undefined) return send(reply, wizardPage(frame, stateOf(wrong.step, answers, wrong)), 422);
    const { imap, smtp } = definitionsOf(answers, form.get('password') ?? '');
    let made = half;
    try {
      if (!half) await servers.create(imap, by);
      made = true;
      await servers.create(smtp, by);
    } catch (error) {
      if (!(error instanceof MailroomError)) throw error;
      const problems = error instanceof RequestInvalid ? error.problems : [];
      const failed = { error: shownError(error, frame.language), half: made };
      return send(reply, wizardPage(frame, stateOf('review', answers, { problems, failed })), 422);
    }
    return seeOther(reply, connectedUrl({ imap: { name: names.imap }, smtp: { name: names.smtp } }));
  }

  get(CONNECT, 'email-servers:write', ({ frame, query: { kind = '' } }) =>
    wizardPage(frame, stateOf('mailbox', answersOf(new URLSearchParams({ kind }), deps.applications()))),
  );
  post(CONNECT, { access: 'email-servers:write', keep: true }, async (context) => {
    const { form, frame, reply } = context;
    const answers = answersOf(form, deps.applications());
    const step = STEPS.find((one) => one === form.get('_step')) ?? 'mailbox';
    const action = form.get('_action') ?? 'next';
    const at = STEPS.indexOf(step);
    const switched = context.switched(action);
    if (switched !== undefined) return wizardPage(switched, stateOf(step, answers));
    if (action === 'back') return wizardPage(frame, stateOf(STEPS[Math.max(0, at - 1)] ?? 'mailbox', answers));
    if (action !== 'next') return wizardPage(frame, stateOf(step, answers));
    if (step === 'review') return create(context, answers);
    const wrong = await firstWrong(answers, form, step);
    if (wrong !== undefined) return send(reply, wizardPage(frame, stateOf(wrong.step, answers, wrong)), 422);
    return wizardPage(frame, stateOf(STEPS[at + 1] ?? 'review', answers));
  });
}

/** @param trip id of the test mail */
export const connectedUrl = ({ imap, smtp }: Record<'imap' | 'smtp', { name: string }>, trip?: string): string =>
  `${CONNECT}/servers?${new URLSearchParams({ imap: imap.name, smtp: smtp.name, ...(trip === undefined ? {} : { trip }) })}`;
