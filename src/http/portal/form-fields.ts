// The fields of the form of an email server and of the wizard, each joined with its label, error and help for screen readers. Pure.
import { fieldOf, fromAddresses, NEW_FLOW, shownField } from './form.ts';
import type { FormState } from './form-view.ts';
import { type Html, html } from './html.ts';
import type { Frame } from './layout.ts';
import { type Choices, checkField, optionList, same } from './parts.ts';
import { problemIn } from './words-said.ts';

interface FieldOptions {
  css?: string;
  help?: string;
  fixed?: boolean;
  type?: string;
  /** Keyboard of a phone. */
  mode?: string;
  /** Id of the list of choices that the browser offers. */
  list?: string | undefined;
}

type FieldState = Pick<FormState, 'definition' | 'readOnly' | 'problems' | 'blankLines' | 'flows'>;

/** Lines of addresses that are shown; one more is refused on saving. */
const MOST_LINES = 500;

/** Names of the handbook are English on German pages, too. */
const HANDBOOK = new Set(['Server Type', 'Authentication Type', 'User', 'Email Flow', 'Enabled']);
const foreign = (language: string, label: string): Html | false =>
  language === 'de' && HANDBOOK.has(label) && html` lang="en"`;

export function fieldsOf(frame: Frame, state: FieldState) {
  const { language } = frame;
  const { definition, readOnly, problems } = state;
  const problemOf = (field: string) => {
    const found = problems.find((one) => fieldOf(one.field, definition) === field);
    return found === undefined ? '' : problemIn(language, found);
  };
  const described = (field: string, help?: string) =>
    html` aria-describedby="${field}-error${help !== undefined && ` ${field}-help`}" aria-invalid="${problemOf(field) === '' ? 'false' : 'true'}"`;
  const below = (field: string, help?: string) =>
    html`<p class="error" id="${field}-error" data-error="${field}">${problemOf(field)}</p>${help !== undefined && html`<p class="help" id="${field}-help">${help}</p>`}`;
  const labelOf = (field: string, label: string) =>
    html`<label for="${field}"${foreign(language, label)}>${label}</label>`;

  function input(field: string, label: string, options: FieldOptions): Html {
    const { css, help, fixed = false, type = 'text', mode, list } = options;
    const secret = type === 'password';
    return html`<div class="${css}">${labelOf(field, label)}<input id="${field}" name="${field}" type="${type}" value="${!secret && shownField(definition, field)}" autocomplete="${secret ? 'new-password' : 'off'}"${mode !== undefined && html` inputmode="${mode}"`}${list !== undefined && html` list="${list}"`} spellcheck="false"${(readOnly || fixed) && html` readonly`}${described(field, help)}>${below(field, help)}</div>`;
  }

  function area(field: string, label: string, { css, help }: FieldOptions): Html {
    return html`<div class="${css}">${labelOf(field, label)}<textarea id="${field}" name="${field}" rows="3" autocomplete="off" spellcheck="false"${readOnly && html` readonly`}${described(field, help)}>
${shownField(definition, field)}</textarea>${below(field, help)}</div>`;
  }

  function select(field: string, label: string, choices: Choices, { css, help, fixed = false }: FieldOptions): Html {
    const value = shownField(definition, field).toLowerCase();
    const chosen = choices.find(([key]) => key.toLowerCase() === value)?.[0] ?? choices[0]?.[0];
    const isFixed = readOnly || fixed;
    // A select cannot be read-only: a fixed one has a single choice.
    const shown = isFixed ? choices.filter(([key]) => key === chosen) : choices;
    return html`<div class="${css}">${labelOf(field, label)}<select id="${field}" name="${field}"${isFixed && html` class="fixed"`}${described(field, help)}>${optionList(shown, chosen)}</select>${below(field, help)}</div>`;
  }

  const check = (field: string, label: string, help: string): Html =>
    checkField(field, label, { css: 'wide', help, checked: definition[field] === true, disabled: readOnly });

  return {
    input,
    area,
    select,
    check,
    emailFlow: () => emailFlow(frame, state, { described, below, labelOf }),
    addresses: () => addresses(frame, state, below),
  };
}

interface FieldParts {
  described(field: string, help?: string): Html;
  below(field: string, help?: string): Html;
  labelOf(field: string, label: string): Html;
}

/** A choice of existing flows, or a new one on purpose: a mistyped name would create a queue without a consumer. */
function emailFlow({ say }: Frame, { definition, readOnly, flows }: FieldState, parts: FieldParts): Html {
  const { described, below, labelOf } = parts;
  const field = 'emailFlow';
  const help = say('flowHelp');
  const value = shownField(definition, field);
  const isNew = !flows.includes(value) && (value !== '' || flows.length === 0);
  const choices: Choices = [
    ...(flows.length === 0 ? [] : [['', say('chooseFlow')] as const]),
    ...same(flows),
    [NEW_FLOW, say('newFlow')],
  ];
  const fresh =
    !readOnly &&
    html`<div class="new-flow"><label for="emailFlowNew">${say('newFlowName')}</label><input id="emailFlowNew" name="emailFlowNew" type="text" value="${isNew && value}" autocomplete="off" spellcheck="false"${described(field)}></div>`;
  const options = readOnly ? optionList([[value, value]], value) : optionList(choices, isNew ? NEW_FLOW : value);
  return html`<div class="wide imap"><div class="flow-choice"><div>${labelOf(field, 'Email Flow')}<select id="${field}" name="${field}"${readOnly && html` class="fixed"`}${described(field, help)}>${options}</select></div>${fresh}</div>${below(field, help)}</div>`;
}

function addresses(frame: Frame, state: FieldState, below: FieldParts['below']): Html {
  const { say, language } = frame;
  const { definition, readOnly, problems, blankLines } = state;
  const field = 'additionalEmailFromAddresses';
  const given = fromAddresses(definition);
  const kept = given.slice(0, MOST_LINES);
  const lines = readOnly ? kept : [...kept, ...Array.from({ length: blankLines }, () => '')];
  const wrong = new Set(problems.map((one) => one.field));
  const line = (address: string, index: number) => {
    const invalid = wrong.has(field) || wrong.has(`${field}[${index}]`);
    return html`<div><input name="${field}" id="address-${index}" type="text" inputmode="email" value="${address}" aria-label="${say('address')} ${index + 1}" data-label="${say('address')}" aria-invalid="${invalid ? 'true' : 'false'}"${invalid && html` aria-describedby="${field}-error"`} autocomplete="off" spellcheck="false"${readOnly && html` readonly`}>${!readOnly && html`<button class="plain small remove" name="_action" value="remove:${index}" aria-label="${say('remove')} ${index + 1}" data-label="${say('remove')}" title="${say('remove')}">✕</button>`}</div>`;
  };
  return html`<fieldset class="list wide smtp" id="${field}" aria-describedby="${field}-error ${field}-help"><legend${language === 'de' && html` lang="en"`}>Additional Email From Addresses</legend>
${lines.map(line)}${readOnly && lines.length === 0 && html`<p class="dim">–</p>`}${given.length > kept.length && html`<p class="error">${say('linesLeftOut', { shown: kept.length, count: given.length })}</p>`}
${!readOnly && html`<button class="plain small" name="_action" value="address">${say('addAddress')}</button>`}
${below(field, say('additionalHelp'))}</fieldset>`;
}
