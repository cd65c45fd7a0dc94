// What is wrong with an email server, or doubtful, each with what to do; and its state as a badge. Pure.
import type { EmailServerView } from '../api/email-servers.ts';
import { fixList } from './check-steps.ts';
import type { Finding } from './deps.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import { since } from './parts.ts';
import { stateIn } from './words.ts';
import { errorIn } from './words-errors.ts';
import { findingIn, labelIn, problemIn } from './words-said.ts';

/** Characters of a hint above which it is folded. */
const LONG = 240;

const BAD = ['backing-off', 'invalid'];
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

/** That an SMTP server can send is known once it has. */
export const shownState = ({ state, lastMessageAt }: EmailServerView['live']): string =>
  state === 'sending' && lastMessageAt === undefined ? 'unproven' : state;

/** A warning with what to do; commands, when they are many, one a line and folded. */
export function findingItem({ language }: Pick<Frame, 'language'>, finding: Finding): Html {
  const text = findingIn(language, finding).replace(/\.?$/, '.');
  const hint = finding.hint[language];
  if (hint.length < LONG) return html`<p>${text} ${hint}</p>`;
  return html`<details><summary>${text}</summary>${fixList(hint)}</details>`;
}

export const hasProblem = ({ valid, findings, live }: EmailServerView): boolean =>
  !valid || findings.length > 0 || ['backing-off', 'paused'].includes(live.state);

export function problemsOf(frame: Frame, view: EmailServerView): Html[] {
  const { problems, findings } = view;
  const { language } = frame;
  return [
    ...problems.map(
      (problem) =>
        html`<div class="note bad wrap"><strong>${labelIn(language, problem.field)}:</strong> <span>${problemIn(language, problem)}</span></div>`,
    ),
    ...failure(frame, view),
    ...findings.map((finding) => html`<div class="note warn wrap">${findingItem(frame, finding)}</div>`),
  ];
}

/** What the placeholders of a hint mean at this server. */
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
    html`<div class="note bad wrap"><strong>${title}</strong> <span>${hint} <code>${code}</code>${live.expectedAt !== undefined && html` ${say('triesAgain')}: ${since(frame, live.expectedAt)}`}</span></div>`,
  ];
}
