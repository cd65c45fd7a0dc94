// What is wrong with an email server or doubtful about it, each with what to do; its state as a badge, meters of its limits; and the connection test, each
// step with mark, time, and on failure what was said and what to do. Pure.
import { type CheckStep, passed, planOf, remoteWords, steps } from '../../domain/doctor.ts';
import type { EmailServerView } from '../api/email-servers.ts';
import type { Finding } from './deps.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import { exactTime, quote, serverSaid, since } from './parts.ts';
import { countIn, stateIn, type Word } from './words.ts';
import { errorIn, signInAgain } from './words-errors.ts';
import { findingIn, labelIn, problemIn } from './words-said.ts';

/** Failures that are expected before the next step is done. */
const NOT_YET = {
  OAUTH_SIGN_IN_NEEDED: 'notYetSignedIn',
  CHECK_SHARED_ADDRESS_NOT_PERMITTED: 'notYetPermitted',
} as const;
const notYet = ({ failure }: CheckStep) =>
  failure !== undefined && Object.hasOwn(NOT_YET, failure.code)
    ? NOT_YET[failure.code as keyof typeof NOT_YET]
    : undefined;
const kindOf = (step: CheckStep) =>
  step.state === 'failed' && (step.informational || notYet(step) !== undefined) ? 'noted' : step.state;
/** Characters of a detail or a hint above which it is folded. */
const LONG = 240;
const MARKS = { ok: '✓', failed: '✕', noted: '!', skipped: '–' } as const;

export function stepItem(frame: Frame, step: CheckStep): Html {
  const { say, language, number } = frame;
  const kind = kindOf(step);
  const { failure } = step;
  const next = notYet(step);
  const asks = step.step === 'sendAs' && step.state === 'skipped' && step.detail?.en.includes('--send-probe');
  const detail = asks ? say('probeSkipped') : (step.detail?.[language] ?? '');
  const said = remoteWords(failure?.remote);
  return html`<li class="${kind}"><span class="mark" aria-hidden="true">${MARKS[kind]}</span><span class="what wrap">${steps[step.step].title[language]}${step.step === 'config' && `: ${step.server}`}${step.from !== undefined && `: ${step.from}`}<span class="hidden"> – ${say(`step-${kind}`)}</span></span><span class="dim nowrap">${step.state !== 'skipped' && `${number(step.ms)} ms`}</span>${detail !== '' && (detail.length < LONG ? html`<span class="more dim wrap">${timed(frame, detail)}</span>` : html`<details class="more dim wrap"><summary>${detail.slice(0, detail.search(/[.:] /) + 1 || 80)}</summary>${fixList(detail)}</details>`)}${
    failure !== undefined &&
    html`<div class="more"><div class="note ${kind === 'noted' ? 'warn' : 'bad'} wrap"><p><strong>${failure.code}</strong> ${language === 'en' ? failure.message : errorIn(language, failure.code).title}</p>${serverSaid(frame, said)}<p><strong>${say('whatToDo')}</strong>${next !== undefined && html` ${say(next)}`}</p>${fixList(inPortal(failure.fix[language], language))}</div></div>`
  }</li>`;
}

const ISO = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)/;
/** Replaces ISO times by readable ones; split() puts them at every second index. */
const timed = (frame: Pick<Frame, 'language'>, text: string): Html =>
  html`${text.split(ISO).map((part, index) => (index % 2 === 1 ? exactTime(frame, part) : part))}`;

/** The doctor's fixes name the sign-in command; the portal has a button for it. */
const inPortal = (fix: string, language: Frame['language']): string =>
  fix.replaceAll(/mailroom login "[^"]{0,200}"/g, signInAgain[language]);

const COMMAND = /^(?:[A-Z][a-z]+-[A-Z]\w+|mailroom) /;
const LINK = /(https:\/\/[^\s"<>]*[^\s"<>.,;)])/;

/** A fix is written as "do this; Verb-Noun -Parameter …; and that": one line each, commands as such, links to follow. */
export function fixList(fix: string): Html {
  const lines = fix.split('; ').map((line) => {
    if (COMMAND.test(line)) {
      // What follows the command's full stop is a sentence about it.
      const [, command = line, rest = ''] = /^(.*?[^\s.])(\.? [A-ZÄÖÜ][^"]*)?$/.exec(line) ?? [];
      return /^ ?-/.test(rest) ? html`<code>${line}</code>` : html`<code>${command}</code>${linked(rest)}`;
    }
    return linked(line);
  });
  return lines.length === 1
    ? html`<p>${lines}</p>`
    : html`<ul class="fix">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

/** Makes links of URLs; split() puts them at every second index. */
const linked = (text: string): Html =>
  html`${text.split(LINK).map((part, index) => (index % 2 === 1 ? html`<a href="${part}" rel="noreferrer" target="_blank">${part}</a>` : part))}`;

function summaryNote({ say, language }: Frame, all: readonly CheckStep[]): Html {
  const failed = all.filter((step) => kindOf(step) === 'failed').length;
  if (failed === 0 && !passed(all)) return html`<p class="note warn"><strong>${say('testNotYet')}</strong></p>`;
  return passed(all)
    ? html`<p class="note ok"><strong>${say('testPassed')}</strong></p>`
    : html`<p class="note bad"><strong>${countIn(language, 'stepsFailed', failed)}</strong></p>`;
}

/** The list of steps, to which the script appends. @param all undefined: no test was started */
export function testLog(frame: Frame, all?: readonly CheckStep[]): Html {
  const { say } = frame;
  return html`<div class="test-log" id="test-log" aria-live="polite" data-running="${say('testRunning')}" data-failed="${say('testCutOff')}" data-expired="${say('testExpired')}"${all === undefined && html` hidden`}><ol class="steps">${(all ?? []).map((step) => stepItem(frame, step))}</ol><p class="running"></p><div class="end">${all !== undefined && summaryNote(frame, all)}</div></div>`;
}

/**
 * The steps as lines of JSON, each as it ends: `step` is markup to append, `next` says what runs now, `summary` is the end.
 * @param type of the server, for what comes next
 */
export async function* stepLines(
  frame: Frame,
  type: 'IMAP' | 'SMTP',
  run: AsyncIterable<CheckStep>,
): AsyncGenerator<string> {
  const plan = planOf({ type });
  const title = (at: number) => {
    const name = plan[at];
    return name === undefined ? '' : `${steps[name].title[frame.language]} …`;
  };
  const all: CheckStep[] = [];
  const line = (value: object) => `${JSON.stringify(value)}\n`;
  yield line({ next: title(0) });
  for await (const step of run) {
    all.push(step);
    // Send As has a step for each address; the title stays until another step ends.
    yield line({ step: stepItem(frame, step).text, next: title(plan.indexOf(step.step) + 1) });
  }
  yield line({ next: '', summary: summaryNote(frame, all).text });
}

const BAD = ['backing-off', 'invalid', 'retrying', 'sign-in-needed'];
const WARN = ['paused', 'stopped', 'unknown', 'connecting'];

export function stateBadge({ language }: Pick<Frame, 'language'>, state: string): Html {
  const kind = BAD.includes(state)
    ? 'bad'
    : WARN.includes(state)
      ? 'warn'
      : ['disabled', 'unproven'].includes(state)
        ? ''
        : 'ok';
  return html`<span class="badge ${kind}">${stateIn(language, state)}</span>`;
}

/** Beside a form: more would hide it on a phone. */
const MOST_NOTES = 3;

export function fewNotes(frame: Frame, findings: readonly Finding[]): Html {
  const notes = findingNotes(frame, findings);
  const rest = notes.slice(MOST_NOTES);
  return html`${notes.slice(0, MOST_NOTES)}${rest.length > 0 && html`<details><summary>${countIn(frame.language, 'more', rest.length)}</summary>${rest}</details>`}`;
}

const isWarning = ({ severity }: Finding): boolean => severity === 'warning';

/** What is doubtful, with what to do, warnings first; a long hint is folded, with one command per line. */
export function findingNotes({ language }: Pick<Frame, 'language'>, findings: readonly Finding[]): Html[] {
  const note = (finding: Finding): Html => {
    const sentence = findingIn(language, finding).replace(/\.?$/, '.');
    const text = isWarning(finding) ? html`<strong>${sentence}</strong>` : sentence;
    const hint = finding.hint[language];
    const body =
      hint.length < LONG
        ? html`<p>${text} ${hint}</p>`
        : html`<details><summary>${text}</summary>${fixList(hint)}</details>`;
    return html`<div class="note ${isWarning(finding) && 'warn'} wrap">${body}</div>`;
  };
  return [...findings.filter(isWarning), ...findings.filter((one) => !isWarning(one))].map(note);
}

export const hasProblem = ({ valid, findings, live }: EmailServerView): boolean =>
  !valid || findings.some(isWarning) || ['backing-off', 'paused', 'retrying', 'sign-in-needed'].includes(live.state);

export function problemsOf(frame: Frame, view: EmailServerView): Html[] {
  const { problems, findings } = view;
  const { language } = frame;
  return [
    ...problems.map(
      (problem) =>
        html`<div class="note bad wrap"><strong>${labelIn(language, problem.field)}:</strong> <span>${problemIn(language, problem)}</span></div>`,
    ),
    ...failure(frame, view),
    ...findingNotes(frame, findings),
  ];
}

/** Values for the placeholders of a hint about this server. */
export const namesOf = ({ name, definition: { user, host, port } }: EmailServerView) => ({
  ...{ server: name, user, host, port, from: user },
});

function failure(frame: Frame, view: EmailServerView): Html[] {
  const { live } = view;
  const { say, language } = frame;
  if (live.pausedBy !== undefined && live.since !== undefined)
    return [
      html`<div class="note wrap"><span>${say('pausedBy')} <strong>${live.pausedBy}</strong>, ${since(frame, live.since)}</span></div>`,
    ];
  const code = live.code ?? (live.state === 'backing-off' || live.state === 'paused' ? live.reason : undefined);
  if (code === undefined || code === '') return [];
  const { title, hint } = errorIn(language, code, namesOf(view));
  return [
    html`<div class="note bad wrap"><strong>${title}</strong> <span>${live.said !== undefined && html`${say('serverSaid')} ${quote(live.said)} `}${hint} <code>${code}</code>${live.expectedAt !== undefined && html` ${say('triesAgain')}: ${since(frame, live.expectedAt)}`}</span></div>`,
  ];
}

type Pace = EmailServerView['live']['pace'];

/** Use of a limit. */
function meter({ say, number }: Frame, word: Word, used: number, limit: number): Html {
  return html`<span class="nowrap"><meter aria-label="${say(word)}" min="0" max="${limit}" high="${limit * 0.8}" value="${Math.min(used, limit)}"></meter> <span class="dim">${number(used)} ${say('of')} ${number(limit)}</span></span>`;
}

export const minuteMeter = (frame: Frame, pace: Pace): Html | undefined =>
  pace && meter(frame, 'paceMinute', pace.minute, pace.perMinute);

export function dayMeter(frame: Frame, pace: Pace): Html | undefined {
  if (pace === undefined) return undefined;
  const { recipients, recipientsPerDay, recipientsLimitAt: at } = pace;
  return html`${meter(frame, 'paceDay', recipients, recipientsPerDay)}${
    at !== undefined && html`<div class="dim">${frame.say('limitAt')}: ${exactTime(frame, at)}</div>`
  }`;
}
