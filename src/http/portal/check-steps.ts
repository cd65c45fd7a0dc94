// The connection test as a person sees it: each step of the doctor with mark, time, and on failure what was said and what to do. The same
// markup for a page that waits for the end and for a page into which the steps are streamed. Pure.
import { type CheckStep, passed, planOf, saidBy, steps } from '../../domain/doctor.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import { countIn } from './words-counted.ts';
import { errorIn } from './words-errors.ts';

const kindOf = ({ state, informational }: CheckStep) => (state === 'failed' && informational ? 'noted' : state);
/** Characters of a detail above which it is folded. */
const LONG = 240;
const MARKS = { ok: '✓', failed: '✕', noted: '!', skipped: '–' } as const;

export function stepItem({ say, language }: Frame, step: CheckStep): Html {
  const kind = kindOf(step);
  const { failure } = step;
  const asks = step.step === 'sendAs' && step.state === 'skipped' && step.detail?.en.includes('--send-probe');
  const detail = asks ? say('probeSkipped') : (step.detail?.[language] ?? '');
  const said = saidBy(failure?.remote);
  return html`<li class="${kind}"><span class="mark" aria-hidden="true">${MARKS[kind]}</span><span class="what wrap">${steps[step.step].title[language]}${step.from !== undefined && `: ${step.from}`}<span class="hidden"> – ${say(`step-${kind}`)}</span></span><span class="dim nowrap">${step.state !== 'skipped' && `${new Intl.NumberFormat(language).format(step.ms)} ms`}</span>${detail !== '' && (detail.length < LONG ? html`<span class="more dim wrap">${detail}</span>` : html`<details class="more dim wrap"><summary>${detail.slice(0, detail.search(/[.:] /) + 1 || 80)}</summary>${fixList(detail)}</details>`)}${
    failure !== undefined &&
    html`<div class="more"><div class="note ${kind === 'noted' ? 'warn' : 'bad'} wrap"><p><strong>${failure.code}</strong> ${language === 'en' ? failure.message : errorIn(language, failure.code).title}</p>${said !== undefined && html`<p>${say('serverSaid')} <q>${said}</q></p>`}<p><strong>${say('whatToDo')}</strong></p>${fixList(failure.fix[language])}</div></div>`
  }</li>`;
}

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

/** @param text links are every second part of what it is split into */
const linked = (text: string): Html =>
  html`${text.split(LINK).map((part, index) => (index % 2 === 1 ? html`<a href="${part}" rel="noreferrer" target="_blank">${part}</a>` : part))}`;

function summaryNote({ say, language }: Frame, all: readonly CheckStep[]): Html {
  const failed = all.filter(({ state, informational }) => state === 'failed' && !informational).length;
  return passed(all)
    ? html`<p class="note ok"><strong>${say('testPassed')}</strong></p>`
    : html`<p class="note bad"><strong>${countIn(language, 'stepsFailed', failed)}</strong></p>`;
}

/** Where the steps go, with what is there already. @param all undefined: not begun */
export function testLog(frame: Frame, all?: readonly CheckStep[]): Html {
  const { say } = frame;
  return html`<div class="test-log" id="test-log" aria-live="polite" data-running="${say('testRunning')}" data-failed="${say('testCutOff')}"${all === undefined && html` hidden`}><ol class="steps">${(all ?? []).map((step) => stepItem(frame, step))}</ol><p class="running"></p><div class="end">${all !== undefined && summaryNote(frame, all)}</div></div>`;
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
    // Send As has a step for each address: it may go on until another step comes.
    yield line({ step: stepItem(frame, step).text, next: title(plan.indexOf(step.step) + 1) });
  }
  yield line({ next: '', summary: summaryNote(frame, all).text });
}
